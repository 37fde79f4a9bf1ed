// Both scalars of one instruction set. Included with TRELLIS_VARIANT (a string) and
// TRELLIS_SUFFIX (a word) defined, inside the region that sets the target.

// Vectors pass between functions that are always inlined: no call has an interface to keep.
#pragma clang diagnostic ignored "-Wpsabi"

#include "trellis_math.h"

#define TRELLIS_JOINED(a, b, c) trellis_##a##_##b##_##c
#define TRELLIS_JOIN(a, b, c) TRELLIS_JOINED(a, b, c)

#define TRELLIS_SCALAR float
#define TRELLIS_MASK int32_t
#define TRELLIS_NAME(x) TRELLIS_JOIN(x, float, TRELLIS_SUFFIX)
#define TRELLIS_EXP trellis_exp_float
#define TRELLIS_LOG trellis_log_float
#include "trellis_body.h"

#define TRELLIS_SCALAR double
#define TRELLIS_MASK int64_t
#define TRELLIS_NAME(x) TRELLIS_JOIN(x, double, TRELLIS_SUFFIX)
#define TRELLIS_EXP trellis_exp_double
#define TRELLIS_LOG trellis_log_double
#include "trellis_body.h"
