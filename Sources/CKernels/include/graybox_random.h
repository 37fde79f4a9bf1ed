// Counter-based random numbers: Philox 4x32-10. Same key and counter, same bits, on every machine
// and kernel variant: this file is compiled once, without contraction, and calls no libm function
// whose result may differ.
#ifndef GRAYBOX_RANDOM_H
#define GRAYBOX_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct graybox_random_key { uint32_t word[2]; } graybox_random_key;

void graybox_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

// Each fills n values starting at `counter` and returns the counter after the last block used. A
// block gives 4 words, 4 floats, 2 doubles or 1 Poisson count: drawn in pieces of whole blocks, the
// numbers are those of one call.
uint64_t graybox_random_bits(graybox_random_key key, uint64_t stream, uint64_t counter, size_t n,
                             uint32_t *out);
uint64_t graybox_random_uniform_float(graybox_random_key key, uint64_t stream, uint64_t counter,
                                      size_t n, float *out);   // [0, 1)
uint64_t graybox_random_uniform_double(graybox_random_key key, uint64_t stream, uint64_t counter,
                                       size_t n, double *out); // [0, 1)
// low + (high - low) x in place, kept below high where rounding would reach it; low < high
void graybox_random_between_float(size_t n, float low, float high, float *x);
void graybox_random_between_double(size_t n, double low, double high, double *x);
uint64_t graybox_random_normal_float(graybox_random_key key, uint64_t stream, uint64_t counter,
                                     size_t n, float *out);
uint64_t graybox_random_normal_double(graybox_random_key key, uint64_t stream, uint64_t counter,
                                      size_t n, double *out);
// one Poisson count a rate; rates finite and >= 0
uint64_t graybox_random_poisson_float(graybox_random_key key, uint64_t stream, uint64_t counter,
                                      size_t n, const float *rates, float *out);
uint64_t graybox_random_poisson_double(graybox_random_key key, uint64_t stream, uint64_t counter,
                                       size_t n, const double *rates, double *out);
#endif
