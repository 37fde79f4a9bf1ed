// Which table is in use: decided once, from the processor and GRAYBOX_KERNELS.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "graybox_kernels.h"

enum { VARIANTS = 3 };

extern const graybox_kernels graybox_table_float_baseline;
extern const graybox_kernels graybox_table_double_baseline;
#if defined(__x86_64__)
extern const graybox_kernels graybox_table_float_v3, graybox_table_float_v4;
extern const graybox_kernels graybox_table_double_v3, graybox_table_double_v4;
#endif

static int can_run(int index) {
  switch (index) {
    case 0: return 1;
#if defined(__x86_64__)
    case 1: return __builtin_cpu_supports("x86-64-v3") != 0;
    case 2: return __builtin_cpu_supports("x86-64-v4") != 0;
#endif
    default: return 0;
  }
}

const graybox_kernels *graybox_kernels_variant_float(int index) {
  if (!can_run(index)) return NULL;
#if defined(__x86_64__)
  if (index == 1) return &graybox_table_float_v3;
  if (index == 2) return &graybox_table_float_v4;
#endif
  return &graybox_table_float_baseline;
}

const graybox_kernels *graybox_kernels_variant_double(int index) {
  if (!can_run(index)) return NULL;
#if defined(__x86_64__)
  if (index == 1) return &graybox_table_double_v3;
  if (index == 2) return &graybox_table_double_v4;
#endif
  return &graybox_table_double_baseline;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const graybox_kernels *chosen_float, *chosen_double;
static int refused;

static void choose(void) {
  const char *wanted = getenv("GRAYBOX_KERNELS");
  int best = 0, named = -1;
  for (int index = 0; index < VARIANTS; ++index) {
    const graybox_kernels *table = graybox_kernels_variant_float(index);
    if (!table) continue;
    best = index;
    if (wanted && strcmp(wanted, table->variant) == 0) named = index;
  }
  refused = wanted && wanted[0] && named < 0;
  int index = named >= 0 ? named : best;
  chosen_float = graybox_kernels_variant_float(index);
  chosen_double = graybox_kernels_variant_double(index);
}

const graybox_kernels *graybox_kernels_float(void) {
  pthread_once(&once, choose);
  return chosen_float;
}

const graybox_kernels *graybox_kernels_double(void) {
  pthread_once(&once, choose);
  return chosen_double;
}

int graybox_kernels_refused(void) {
  pthread_once(&once, choose);
  return refused;
}
