// Wavelets, total variation and the table. Included once a scalar, after imaging_fourier.h.
#define T IMAGING_SCALAR

static void IMAGING_NAME(wavelet_analysis)(size_t n, size_t width, size_t taps, const double *low,
                                           const void *x, void *y) {
  const size_t half = n / 2;
  for (size_t i = 0; i < half; i++) {
    T *restrict mean = (T *)y + i * width, *restrict detail = (T *)y + (half + i) * width;
    for (size_t k = 0; k < taps; k++) {
      const T *restrict row = (const T *)x + (2 * i + k) % n * width;
      const T a = (T)low[k], b = (T)(k % 2 ? -low[taps - 1 - k] : low[taps - 1 - k]);
      if (k == 0)
        for (size_t j = 0; j < width; j++) {
          mean[j] = a * row[j];
          detail[j] = b * row[j];
        }
      else
        for (size_t j = 0; j < width; j++) {
          mean[j] += a * row[j];
          detail[j] += b * row[j];
        }
    }
  }
}

static void IMAGING_NAME(wavelet_synthesis)(size_t n, size_t width, size_t taps, const double *low,
                                            const void *y, void *x) {
  const size_t half = n / 2;
  memset(x, 0, n * width * sizeof(T));
  for (size_t i = 0; i < half; i++) {
    const T *restrict mean = (const T *)y + i * width;
    const T *restrict detail = (const T *)y + (half + i) * width;
    for (size_t k = 0; k < taps; k++) {
      T *restrict row = (T *)x + (2 * i + k) % n * width;
      const T a = (T)low[k], b = (T)(k % 2 ? -low[taps - 1 - k] : low[taps - 1 - k]);
      for (size_t j = 0; j < width; j++) row[j] += a * mean[j] + b * detail[j];
    }
  }
}

// One row of the dual step; `down` is 0 in the last row, whose vertical differences are 0.
static void IMAGING_NAME(dual_row)(size_t width, T step, T bound, T momentum, T down,
                                   const T *restrict x, const T *restrict below, T *restrict qx,
                                   T *restrict qy, T *restrict px, T *restrict py) {
  for (size_t j = 0; j + 1 < width; j++) {
    const T u = qx[j] + step * (x[j + 1] - x[j]), v = qy[j] + step * down * (below[j] - x[j]);
    const T square = u * u + v * v;
    const T length = __builtin_elementwise_sqrt(square);
    const T scale = length > bound ? bound / length : (T)1;
    const T newx = scale * u, newy = scale * v;
    qx[j] = newx + momentum * (newx - px[j]);
    qy[j] = newy + momentum * (newy - py[j]);
    px[j] = newx;
    py[j] = newy;
  }
  const size_t j = width - 1;
  const T v = qy[j] + step * down * (below[j] - x[j]);
  const T newy = v > bound ? bound : v < -bound ? -bound : v;
  qx[j] = px[j] = 0;
  qy[j] = newy + momentum * (newy - py[j]);
  py[j] = newy;
}

static void IMAGING_NAME(variation_dual)(size_t height, size_t width, double step, double bound,
                                         double momentum, const void *x, void *qx, void *qy,
                                         void *px, void *py) {
  for (size_t i = 0; i < height; i++) {
    const size_t at = i * width;
    const T *const row = (const T *)x + at;
    const int last = i + 1 == height;
    IMAGING_NAME(dual_row)(width, (T)step, (T)bound, (T)momentum, last ? 0 : 1, row,
                           last ? row : row + width, (T *)qx + at, (T *)qy + at, (T *)px + at,
                           (T *)py + at);
  }
}

static void IMAGING_NAME(variation_adjoint)(size_t height, size_t width, double scale,
                                            const void *px, const void *py, const void *base,
                                            void *y) {
  const T a = (T)scale;
  for (size_t i = 0; i < height; i++) {
    const size_t at = i * width;
    const T *const u = (const T *)px + at, *const v = (const T *)py + at;
    const T *const above = i > 0 ? v - width : v;
    const T keep = i > 0 ? 1 : 0;
    const T *const b = (const T *)base + at;
    T *const out = (T *)y + at;
    out[0] = b[0] + a * (keep * above[0] - v[0] - u[0]);
#pragma clang loop vectorize(enable)
    for (size_t j = 1; j < width; j++)
      out[j] = b[j] + a * (keep * above[j] - v[j] + u[j - 1] - u[j]);
  }
}

static double IMAGING_NAME(variation)(size_t height, size_t width, const void *x) {
#pragma clang fp reassociate(on)
  double total = 0;
  for (size_t i = 0; i < height; i++) {
    const T *const row = (const T *)x + i * width;
    const T *const below = i + 1 < height ? row + width : row;
    for (size_t j = 0; j < width; j++) {
      const double u = j + 1 < width ? (double)row[j + 1] - row[j] : 0;
      const double v = (double)below[j] - row[j];
      total += sqrt(u * u + v * v);
    }
  }
  return total;
}

const graybox_imaging_kernels IMAGING_NAME(table) = {
    .variant = IMAGING_VARIANT,
    .fourier_pass = IMAGING_NAME(fourier_pass),
    .transpose = IMAGING_NAME(transpose),
    .untangle = IMAGING_NAME(untangle),
    .entangle = IMAGING_NAME(entangle),
    .complex_multiply = IMAGING_NAME(complex_multiply),
    .reflect = IMAGING_NAME(reflect),
    .wavelet_analysis = IMAGING_NAME(wavelet_analysis),
    .wavelet_synthesis = IMAGING_NAME(wavelet_synthesis),
    .variation_dual = IMAGING_NAME(variation_dual),
    .variation_adjoint = IMAGING_NAME(variation_adjoint),
    .variation = IMAGING_NAME(variation),
};

#undef T
