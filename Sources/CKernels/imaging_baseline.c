// The kernels for images for any processor.
#include <math.h>
#include <string.h>

#include "graybox_imaging.h"

#define IMAGING_VARIANT "baseline"
#define IMAGING_SUFFIX baseline
#include "imaging_variant.h"
