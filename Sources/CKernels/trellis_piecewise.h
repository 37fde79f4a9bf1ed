// Part of trellis_body.h: curves given as polynomials, cell by cell.

// --- functions of one number -----------------------------------------------------------------------

INLINE size_t N(piecewise_rows)(size_t n, size_t states, const T *x, T low, T width, size_t cells,
                                const uint8_t *smooth, const T *coefficients, T *values,
                                uint32_t *rest) {
  const T rate = 1 / width, half = width / 2, scale = 2 / width;
  size_t left = 0;
  for (size_t i = 0; i < n; ++i) {
    const T place = (x[i] - low) * rate;
    const size_t c = place >= 0 && place < (T)cells ? (size_t)place : cells;
    if (c >= cells || !smooth[c]) {
      rest[left++] = (uint32_t)i;
      continue;
    }
    const T t = (x[i] - (low + (T)c * width + half)) * scale;
    const T *a = coefficients + c * 6 * states;
    T *v = values + i * states;
    for (size_t s = 0; s < states; ++s) {
      T sum = a[5 * states + s];
      for (size_t j = 5; j-- > 0;) sum = sum * t + a[j * states + s];
      v[s] = sum;
    }
  }
  return left;
}

static size_t N(piecewise)(size_t n, size_t states, const void *x, double low, double width,
                           size_t cells, const uint8_t *smooth, const void *coefficients,
                           void *values, uint32_t *rest) {
  if (states == 16)
    return N(piecewise_rows)(n, 16, x, (T)low, (T)width, cells, smooth, coefficients, values, rest);
  return N(piecewise_rows)(n, states, x, (T)low, (T)width, cells, smooth, coefficients, values,
                           rest);
}
