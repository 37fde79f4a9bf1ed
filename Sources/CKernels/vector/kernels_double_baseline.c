// The double kernels for the instructions every processor of the family has.
#define GB_DOUBLE 1
#define GB_VECTOR_BYTES 16
#define GB_TABLE graybox_table_double_baseline
#if defined(__aarch64__)
#define GB_VARIANT "neon"
#else
#define GB_VARIANT "baseline"
#endif
#include "prelude.inc"
#include "kernels.inc"
