// The double kernels for AVX-512.
#if defined(__x86_64__)
#define GB_DOUBLE 1
#define GB_VECTOR_BYTES 64
#define GB_TABLE graybox_table_double_v4
#define GB_VARIANT "v4"
#include "prelude.inc"
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop
#endif
