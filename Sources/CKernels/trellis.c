// The choice of variant, and what needs no vectors.
#include "graybox_trellis.h"

#include <string.h>

#include "graybox_kernels.h"

extern const graybox_trellis_kernels trellis_table_float_baseline, trellis_table_double_baseline;
#if defined(__x86_64__) && defined(__clang__)
extern const graybox_trellis_kernels trellis_table_float_v3, trellis_table_double_v3;
extern const graybox_trellis_kernels trellis_table_float_v4, trellis_table_double_v4;
#endif

static const graybox_trellis_kernels *table(int is_double, int index) {
  switch (index) {
#if defined(__x86_64__) && defined(__clang__)
    case 2: return is_double ? &trellis_table_double_v4 : &trellis_table_float_v4;
    case 1: return is_double ? &trellis_table_double_v3 : &trellis_table_float_v3;
#endif
    case 0: return is_double ? &trellis_table_double_baseline : &trellis_table_float_baseline;
    default: return NULL;
  }
}

static const graybox_trellis_kernels *named(int is_double, const char *variant) {
  const int index = strcmp(variant, "v4") == 0 ? 2 : strcmp(variant, "v3") == 0 ? 1 : 0;
  const graybox_trellis_kernels *const found = table(is_double, index);
  return found ? found : table(is_double, 0);
}

const graybox_trellis_kernels *graybox_trellis_float(void) {
  return named(0, graybox_kernels_float()->variant);
}

const graybox_trellis_kernels *graybox_trellis_double(void) {
  return named(1, graybox_kernels_double()->variant);
}

const graybox_trellis_kernels *graybox_trellis_variant_float(int index) {
  return graybox_kernels_variant_float(index) ? table(0, index) : NULL;
}

const graybox_trellis_kernels *graybox_trellis_variant_double(int index) {
  return graybox_kernels_variant_double(index) ? table(1, index) : NULL;
}

size_t graybox_trellis_survivor_bytes(graybox_trellis trellis) {
  const size_t rows = (size_t)(trellis.states / trellis.symbols);
  return (rows + 7) / 8 * (trellis.symbols == 4 ? 2 : 1);
}

static int predecessor(graybox_trellis trellis, const uint8_t *row, size_t bytes, int state) {
  const int c = state / trellis.symbols, rows = trellis.states / trellis.symbols;
  int digit = (row[c >> 3] >> (c & 7)) & 1;
  if (trellis.symbols == 4) digit |= ((row[bytes / 2 + (size_t)(c >> 3)] >> (c & 7)) & 1) << 1;
  return digit * rows + c;
}

size_t graybox_trellis_merge(graybox_trellis trellis, size_t steps, const uint8_t *survivors,
                             int *state) {
  const size_t bytes = graybox_trellis_survivor_bytes(trellis);
  uint8_t alive[GRAYBOX_TRELLIS_MAX_STATES];
  int count = trellis.states;
  for (int s = 0; s < count; ++s) alive[s] = (uint8_t)s;
  while (steps > 0 && count > 1) {
    uint8_t seen[GRAYBOX_TRELLIS_MAX_STATES] = {0};
    int kept = 0;
    steps -= 1;
    for (int i = 0; i < count; ++i) {
      const int before = predecessor(trellis, survivors + steps * bytes, bytes, alive[i]);
      if (!seen[before]) alive[kept++] = (uint8_t)before;
      seen[before] = 1;
    }
    count = kept;
  }
  *state = alive[0];
  return count == 1 ? steps : 0;
}
