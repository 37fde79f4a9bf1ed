// BLAS found at run time (OpenBLAS on Linux, Accelerate on macOS), else our own blocked product.
#ifndef GRAYBOX_BLAS_H
#define GRAYBOX_BLAS_H

#include <stddef.h>

// C = alpha op(A) op(B) + beta C, row-major. Small products and machines without BLAS use the
// table's own gemm; the choice depends on the shape alone.
void graybox_gemm_float(int transpose_a, int transpose_b, size_t m, size_t n, size_t k,
                        float alpha, const float *a, size_t lda, const float *b, size_t ldb,
                        float beta, float *c, size_t ldc);
void graybox_gemm_double(int transpose_a, int transpose_b, size_t m, size_t n, size_t k,
                         double alpha, const double *a, size_t lda, const double *b, size_t ldb,
                         double beta, double *c, size_t ldc);

// `count` products of one shape; the matrices of each operand are `stride_*` elements apart (0: the same).
void graybox_gemm_batch_float(size_t count, int transpose_a, int transpose_b, size_t m, size_t n,
                              size_t k, float alpha, const float *a, size_t lda, size_t stride_a,
                              const float *b, size_t ldb, size_t stride_b, float beta, float *c,
                              size_t ldc, size_t stride_c);
void graybox_gemm_batch_double(size_t count, int transpose_a, int transpose_b, size_t m, size_t n,
                               size_t k, double alpha, const double *a, size_t lda,
                               size_t stride_a, const double *b, size_t ldb, size_t stride_b,
                               double beta, double *c, size_t ldc, size_t stride_c);

const char *graybox_blas_name(void);  // "OpenBLAS 0.3.21", "Accelerate", "none"
const char *graybox_blas_core(void);  // "Zen", "SkylakeX", ..., "" when unknown
const char *graybox_blas_best_core(void);  // what this processor would get by itself, "" unknown
#endif
