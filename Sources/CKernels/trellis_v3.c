// The trellis sweeps for x86-64-v3.
#if defined(__x86_64__) && defined(__clang__)
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "graybox_trellis.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)

#define TRELLIS_VARIANT "v3"
#define TRELLIS_SUFFIX v3
#include "trellis_variant.h"

#pragma clang attribute pop
#else
typedef int graybox_trellis_v3_is_empty;
#endif
