// The kernels for images for x86-64-v3.
#if defined(__x86_64__) && defined(__clang__)
#include <math.h>
#include <string.h>

#include "graybox_imaging.h"

#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)

#define IMAGING_VARIANT "v3"
#define IMAGING_SUFFIX v3
#include "imaging_variant.h"

#pragma clang attribute pop
#else
typedef int graybox_imaging_v3_is_empty;
#endif
