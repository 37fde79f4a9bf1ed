// The choice of variant of the kernels for images.
#include "graybox_imaging.h"

#include <string.h>

#include "graybox_kernels.h"

extern const graybox_imaging_kernels imaging_table_float_baseline, imaging_table_double_baseline;
#if defined(__x86_64__) && defined(__clang__)
extern const graybox_imaging_kernels imaging_table_float_v3, imaging_table_double_v3;
extern const graybox_imaging_kernels imaging_table_float_v4, imaging_table_double_v4;
#endif

static const graybox_imaging_kernels *table(int is_double, int index) {
  switch (index) {
#if defined(__x86_64__) && defined(__clang__)
    case 2: return is_double ? &imaging_table_double_v4 : &imaging_table_float_v4;
    case 1: return is_double ? &imaging_table_double_v3 : &imaging_table_float_v3;
#endif
    case 0: return is_double ? &imaging_table_double_baseline : &imaging_table_float_baseline;
    default: return NULL;
  }
}

static const graybox_imaging_kernels *named(int is_double, const char *variant) {
  const int index = strcmp(variant, "v4") == 0 ? 2 : strcmp(variant, "v3") == 0 ? 1 : 0;
  const graybox_imaging_kernels *const found = table(is_double, index);
  return found ? found : table(is_double, 0);
}

const graybox_imaging_kernels *graybox_imaging_float(void) {
  return named(0, graybox_kernels_float()->variant);
}

const graybox_imaging_kernels *graybox_imaging_double(void) {
  return named(1, graybox_kernels_double()->variant);
}

const graybox_imaging_kernels *graybox_imaging_variant_float(int index) {
  return graybox_kernels_variant_float(index) ? table(0, index) : NULL;
}

const graybox_imaging_kernels *graybox_imaging_variant_double(int index) {
  return graybox_kernels_variant_double(index) ? table(1, index) : NULL;
}
