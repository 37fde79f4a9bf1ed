// The float kernels for AVX2 and FMA.
#if defined(__x86_64__)
#define GB_FLOAT 1
#define GB_VECTOR_BYTES 32
#define GB_TABLE graybox_table_float_v3
#define GB_VARIANT "v3"
#include "prelude.inc"
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop
#endif
