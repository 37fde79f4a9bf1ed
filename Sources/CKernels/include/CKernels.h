// The C floor of Graybox: vector kernels with run-time dispatch, the loader of BLAS, the worker
// pool's threads and the random generator. Everything above is Swift.
#ifndef GRAYBOX_CKERNELS_H
#define GRAYBOX_CKERNELS_H

#include "graybox_blas.h"
#include "graybox_images.h"
#include "graybox_imaging.h"
#include "graybox_kernels.h"
#include "graybox_libraries.h"
#include "graybox_random.h"
#include "graybox_trellis.h"
#include "graybox_workers.h"

#endif
