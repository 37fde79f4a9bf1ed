// Both scalars of one instruction set. Included with IMAGING_VARIANT (a string) and
// IMAGING_SUFFIX (a word) defined, inside the region that sets the target.
#define IMAGING_JOINED(a, b, c) imaging_##a##_##b##_##c
#define IMAGING_JOIN(a, b, c) IMAGING_JOINED(a, b, c)

#define IMAGING_SCALAR float
#define IMAGING_NAME(x) IMAGING_JOIN(x, float, IMAGING_SUFFIX)
#include "imaging_fourier.h"
#include "imaging_body.h"
#undef IMAGING_SCALAR
#undef IMAGING_NAME

#define IMAGING_SCALAR double
#define IMAGING_NAME(x) IMAGING_JOIN(x, double, IMAGING_SUFFIX)
#include "imaging_fourier.h"
#include "imaging_body.h"
#undef IMAGING_SCALAR
#undef IMAGING_NAME
