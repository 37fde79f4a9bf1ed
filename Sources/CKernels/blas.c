// BLAS found at run time, so that building needs no library and no header.
//
// OpenBLAS always runs on one thread: parallelism comes from our own pool. The choice between the
// kernel table's product and BLAS depends on the shape alone, so that results do not depend on
// what ran before or on how many threads there are.
#include "graybox_blas.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graybox_kernels.h"

enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111, TRANSPOSE = 112 };

typedef void (*sgemm_function)(int order, int transpose_a, int transpose_b, int m, int n, int k,
                               float alpha, const float *a, int lda, const float *b, int ldb,
                               float beta, float *c, int ldc);
typedef void (*dgemm_function)(int order, int transpose_a, int transpose_b, int m, int n, int k,
                               double alpha, const double *a, int lda, const double *b, int ldb,
                               double beta, double *c, int ldc);

// Written once under `once`, constant afterwards.
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sgemm_function sgemm = NULL;
static dgemm_function dgemm = NULL;
static char blas_name[64] = "none";
static char blas_core[32] = "";

static void *open_first(const char *const *names) {
  for (; *names != NULL; names++) {
    void *library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
    if (library != NULL) return library;
  }
  return NULL;
}

// The first two words of OpenBLAS's configuration: "OpenBLAS 0.3.21 NO_LAPACKE ...".
static void describe_openblas(void *library) {
  const char *(*config)(void) = (const char *(*)(void))dlsym(library, "openblas_get_config");
  const char *(*core)(void) = (const char *(*)(void))dlsym(library, "openblas_get_corename");
  snprintf(blas_name, sizeof blas_name, "OpenBLAS");
  char word[2][24] = {"", ""};
  if (config != NULL && sscanf(config(), "%23s %23s", word[0], word[1]) == 2)
    snprintf(blas_name, sizeof blas_name, "%s %s", word[0], word[1]);
  if (core != NULL) snprintf(blas_core, sizeof blas_core, "%s", core());
}

static void load(void) {
  const char *choice = getenv("GRAYBOX_BLAS");
  if (choice != NULL && strcmp(choice, "none") == 0) return;
#if defined(__APPLE__)
  static const char *const names[] = {
      "/System/Library/Frameworks/Accelerate.framework/Accelerate", NULL};
#else
  static const char *const names[] = {"libopenblas.so.0", "libopenblas.so", NULL};
#endif
  void *library = open_first(names);
  if (library == NULL) return;
  sgemm_function found_sgemm = (sgemm_function)dlsym(library, "cblas_sgemm");
  dgemm_function found_dgemm = (dgemm_function)dlsym(library, "cblas_dgemm");
  if (found_sgemm == NULL || found_dgemm == NULL) {
    dlclose(library);
    return;
  }
#if defined(__APPLE__)
  snprintf(blas_name, sizeof blas_name, "Accelerate");
#else
  describe_openblas(library);
  void (*set_threads)(int) = (void (*)(int))dlsym(library, "openblas_set_num_threads");
  if (set_threads != NULL) set_threads(1);
#endif
  sgemm = found_sgemm;
  dgemm = found_dgemm;
}

// True when BLAS is worth its packing. Measured against the table's own product (v3, EPYC Milan,
// OpenBLAS 0.3.21, one thread; own time / BLAS time, float): 16x16x16 0.5, 256x16x50 (m, n, k) 0.6,
// 4096x16x50 0.6, 256x50x100 0.8, 4096x50x100 0.9, 128x128x128 1.1, 512x512x512 1.1, 1024x1024x1024
// 1.4; with A transposed 100x50x256 1.3, 100x50x4096 1.5, 300x100x4096 1.5, 1024x1024x1024 1.7.
// Accelerate uses matrix units that the table's code cannot reach, so it begins earlier; where that
// pays best has not been measured.
static int prefers_blas(int transpose_a, size_t m, size_t n, size_t k) {
  double work = (double)m * (double)n * (double)k;
  if (m > INT_MAX || n > INT_MAX || k > INT_MAX) return 0;
#if defined(__APPLE__)
  (void)transpose_a;
  return work >= 0x1p15;
#else
  if (n < 24) return 0;
  return transpose_a ? work >= 0x1p20 : work >= 0x1p26 && k >= 96;
#endif
}

static int fits_int(size_t lda, size_t ldb, size_t ldc) {
  return lda <= INT_MAX && ldb <= INT_MAX && ldc <= INT_MAX;
}

void graybox_gemm_float(int transpose_a, int transpose_b, size_t m, size_t n, size_t k,
                        float alpha, const float *a, size_t lda, const float *b, size_t ldb,
                        float beta, float *c, size_t ldc) {
  pthread_once(&once, load);
  if (sgemm == NULL || !prefers_blas(transpose_a, m, n, k) || !fits_int(lda, ldb, ldc)) {
    graybox_kernels_float()->gemm(transpose_a, transpose_b, m, n, k, (double)alpha, a, lda, b,
                                  ldb, (double)beta, c, ldc);
    return;
  }
  sgemm(ROW_MAJOR, transpose_a ? TRANSPOSE : NO_TRANSPOSE, transpose_b ? TRANSPOSE : NO_TRANSPOSE,
        (int)m, (int)n, (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}

void graybox_gemm_double(int transpose_a, int transpose_b, size_t m, size_t n, size_t k,
                         double alpha, const double *a, size_t lda, const double *b, size_t ldb,
                         double beta, double *c, size_t ldc) {
  pthread_once(&once, load);
  if (dgemm == NULL || !prefers_blas(transpose_a, m, n, k) || !fits_int(lda, ldb, ldc)) {
    graybox_kernels_double()->gemm(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta,
                                   c, ldc);
    return;
  }
  dgemm(ROW_MAJOR, transpose_a ? TRANSPOSE : NO_TRANSPOSE, transpose_b ? TRANSPOSE : NO_TRANSPOSE,
        (int)m, (int)n, (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}

void graybox_gemm_batch_float(size_t count, int transpose_a, int transpose_b, size_t m, size_t n,
                              size_t k, float alpha, const float *a, size_t lda, size_t stride_a,
                              const float *b, size_t ldb, size_t stride_b, float beta, float *c,
                              size_t ldc, size_t stride_c) {
  for (size_t i = 0; i < count; ++i) {
    graybox_gemm_float(transpose_a, transpose_b, m, n, k, alpha, a + i * stride_a, lda,
                       b + i * stride_b, ldb, beta, c + i * stride_c, ldc);
  }
}

void graybox_gemm_batch_double(size_t count, int transpose_a, int transpose_b, size_t m, size_t n,
                               size_t k, double alpha, const double *a, size_t lda,
                               size_t stride_a, const double *b, size_t ldb, size_t stride_b,
                               double beta, double *c, size_t ldc, size_t stride_c) {
  for (size_t i = 0; i < count; ++i) {
    graybox_gemm_double(transpose_a, transpose_b, m, n, k, alpha, a + i * stride_a, lda,
                        b + i * stride_b, ldb, beta, c + i * stride_c, ldc);
  }
}

const char *graybox_blas_name(void) {
  pthread_once(&once, load);
  return blas_name;
}

const char *graybox_blas_core(void) {
  pthread_once(&once, load);
  return blas_core;
}

// What OpenBLAS picks by itself for these processor features.
const char *graybox_blas_best_core(void) {
#if defined(__x86_64__) && !defined(__APPLE__)
  __builtin_cpu_init();
  int amd = __builtin_cpu_is("amd");
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
    return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return amd ? "Zen" : "Haswell";
  if (__builtin_cpu_supports("avx")) return amd ? "Bulldozer" : "Sandybridge";
  return amd ? "Barcelona" : "Nehalem";
#else
  return "";
#endif
}
