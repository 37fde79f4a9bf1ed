// The trellis sweeps for any processor.
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "graybox_trellis.h"

#pragma STDC FP_CONTRACT OFF

#if defined(__aarch64__)
#define TRELLIS_VARIANT "neon"
#else
#define TRELLIS_VARIANT "baseline"
#endif
#define TRELLIS_SUFFIX baseline
#include "trellis_variant.h"
