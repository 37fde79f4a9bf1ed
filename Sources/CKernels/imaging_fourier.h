// Fourier passes and what turns spectra of pairs into those of real columns. Included once a scalar.
#define T IMAGING_SCALAR

// A block of this many numbers of each operand stays in the first cache.
#ifndef IMAGING_PIECE
#define IMAGING_PIECE 256
#endif

static void IMAGING_NAME(pass2)(size_t groups, size_t block, const T *twiddles, const T *xr,
                                const T *xi, T *yr, T *yi) {
  for (size_t p = 0; p < groups; p++) {
    const T c = twiddles[4 * p + 2], s = twiddles[4 * p + 3];
    const T *restrict ar = xr + p * block, *restrict ai = xi + p * block;
    const T *restrict br = ar + groups * block, *restrict bi = ai + groups * block;
    T *restrict ur = yr + 2 * p * block, *restrict ui = yi + 2 * p * block;
    T *restrict vr = ur + block, *restrict vi = ui + block;
    for (size_t i = 0; i < block; i++) {
      const T dr = ar[i] - br[i], di = ai[i] - bi[i];
      ur[i] = ar[i] + br[i];
      ui[i] = ai[i] + bi[i];
      vr[i] = c * dr - s * di;
      vi[i] = c * di + s * dr;
    }
  }
}

static void IMAGING_NAME(pass4)(size_t groups, size_t block, const T *twiddles, const T *xr,
                                const T *xi, T *yr, T *yi) {
  const size_t far = groups * block;
  for (size_t p = 0; p < groups; p++) {
    const T *const w = twiddles + 8 * p;
    const T c1 = w[2], s1 = w[3], c2 = w[4], s2 = w[5], c3 = w[6], s3 = w[7];
    const T *restrict ar = xr + p * block, *restrict ai = xi + p * block;
    T *restrict o0r = yr + 4 * p * block, *restrict o0i = yi + 4 * p * block;
    T *restrict o1r = o0r + block, *restrict o1i = o0i + block;
    T *restrict o2r = o1r + block, *restrict o2i = o1i + block;
    T *restrict o3r = o2r + block, *restrict o3i = o2i + block;
    for (size_t i = 0; i < block; i++) {
      const T br = ar[i + far], bi = ai[i + far], cr = ar[i + 2 * far], ci = ai[i + 2 * far];
      const T dr = ar[i + 3 * far], di = ai[i + 3 * far];
      const T pr = ar[i] + cr, pi = ai[i] + ci, mr = ar[i] - cr, mi = ai[i] - ci;
      const T qr = br + dr, qi = bi + di, nr = br - dr, ni = bi - di;
      o0r[i] = pr + qr;
      o0i[i] = pi + qi;
      const T er = mr + ni, ei = mi - nr, fr = pr - qr, fi = pi - qi, gr = mr - ni, gi = mi + nr;
      o1r[i] = c1 * er - s1 * ei;
      o1i[i] = c1 * ei + s1 * er;
      o2r[i] = c2 * fr - s2 * fi;
      o2i[i] = c2 * fi + s2 * fr;
      o3r[i] = c3 * gr - s3 * gi;
      o3i[i] = c3 * gi + s3 * gr;
    }
  }
}

// One output of a pass of any radix on a piece of a block.
static void IMAGING_NAME(combine)(size_t radix, size_t j, size_t stride, size_t count, T c, T s,
                                  const T *roots, const T *restrict xr, const T *restrict xi,
                                  T *restrict yr, T *restrict yi) {
  T sum_r[IMAGING_PIECE], sum_i[IMAGING_PIECE];
  for (size_t i = 0; i < count; i++) {
    sum_r[i] = xr[i];
    sum_i[i] = xi[i];
  }
  for (size_t k = 1; k < radix; k++) {
    const size_t place = j * k % radix;
    const T a = roots[2 * place], b = roots[2 * place + 1];
    const T *restrict ur = xr + k * stride, *restrict ui = xi + k * stride;
    for (size_t i = 0; i < count; i++) {
      sum_r[i] += a * ur[i] - b * ui[i];
      sum_i[i] += a * ui[i] + b * ur[i];
    }
  }
  for (size_t i = 0; i < count; i++) {
    yr[i] = c * sum_r[i] - s * sum_i[i];
    yi[i] = c * sum_i[i] + s * sum_r[i];
  }
}

static void IMAGING_NAME(fourier_pass)(size_t radix, size_t groups, size_t block,
                                       const void *twiddles, const void *roots, const void *xr,
                                       const void *xi, void *yr, void *yi) {
  const T *const w = twiddles;
  if (radix == 2) {
    IMAGING_NAME(pass2)(groups, block, w, xr, xi, yr, yi);
    return;
  }
  if (radix == 4) {
    IMAGING_NAME(pass4)(groups, block, w, xr, xi, yr, yi);
    return;
  }
  for (size_t p = 0; p < groups; p++)
    for (size_t from = 0; from < block; from += IMAGING_PIECE) {
      const size_t count = block - from < IMAGING_PIECE ? block - from : IMAGING_PIECE;
      for (size_t j = 0; j < radix; j++) {
        const size_t in = p * block + from, out = (radix * p + j) * block + from;
        const T *const pair = w + 2 * (radix * p + j);
        IMAGING_NAME(combine)(radix, j, groups * block, count, pair[0], pair[1], roots,
                              (const T *)xr + in, (const T *)xi + in, (T *)yr + out, (T *)yi + out);
      }
    }
}

static void IMAGING_NAME(transpose)(size_t rows, size_t columns, const void *x, void *y) {
  const T *restrict a = x;
  T *restrict b = y;
  enum { TILE = 16 };
  for (size_t i0 = 0; i0 < rows; i0 += TILE)
    for (size_t j0 = 0; j0 < columns; j0 += TILE) {
      const size_t i1 = i0 + TILE < rows ? i0 + TILE : rows;
      const size_t j1 = j0 + TILE < columns ? j0 + TILE : columns;
      for (size_t j = j0; j < j1; j++)
        for (size_t i = i0; i < i1; i++) b[j * rows + i] = a[i * columns + j];
    }
}

static void IMAGING_NAME(untangle)(size_t n, size_t pairs, size_t width, const void *zr,
                                   const void *zi, void *vr, void *vi) {
  for (size_t k = 0; k <= n / 2; k++) {
    const size_t other = k == 0 ? 0 : n - k;
    const T *restrict ar = (const T *)zr + k * pairs, *restrict ai = (const T *)zi + k * pairs;
    const T *restrict br = (const T *)zr + other * pairs, *restrict bi = (const T *)zi + other * pairs;
    T *restrict ur = (T *)vr + k * width, *restrict ui = (T *)vi + k * width;
    for (size_t i = 0; i < pairs; i++) {
      ur[i] = (T)0.5 * (ar[i] + br[i]);
      ui[i] = (T)0.5 * (ai[i] - bi[i]);
    }
    for (size_t i = 0; i < width - pairs; i++) {
      ur[pairs + i] = (T)0.5 * (ai[i] + bi[i]);
      ui[pairs + i] = (T)0.5 * (br[i] - ar[i]);
    }
  }
}

static void IMAGING_NAME(entangle)(size_t n, size_t pairs, size_t width, const void *vr,
                                   const void *vi, void *zr, void *zi) {
  for (size_t k = 0; k <= n / 2; k++) {
    const size_t other = k == 0 ? 0 : n - k;
    const T own = other == k ? 0 : 1;
    const T *restrict ur = (const T *)vr + k * width, *restrict ui = (const T *)vi + k * width;
    const T *restrict wr = ur + pairs, *restrict wi = ui + pairs;
    T *const ar = (T *)zr + k * pairs, *const ai = (T *)zi + k * pairs;
    T *const br = (T *)zr + other * pairs, *const bi = (T *)zi + other * pairs;
    for (size_t i = 0; i < pairs; i++) {
      const int paired = i < width - pairs;
      const T r = paired ? wr[i] : 0, m = paired ? own * wi[i] : 0;
      br[i] = ur[i] + m;
      bi[i] = r - own * ui[i];
      ar[i] = ur[i] - m;
      ai[i] = r + own * ui[i];
    }
  }
}

static void IMAGING_NAME(complex_multiply)(size_t n, int conjugate, const void *xr, const void *xi,
                                           const void *dr, const void *di, void *yr, void *yi) {
  const T *const ar = xr, *const ai = xi, *const br = dr, *const bi = di;
  T *const r = yr, *const m = yi;
  const T sign = conjugate ? -1 : 1;
#pragma clang loop vectorize(enable)
  for (size_t i = 0; i < n; i++) {
    const T a = ar[i], b = ai[i], c = br[i], d = sign * bi[i];
    r[i] = a * c - b * d;
    m[i] = a * d + b * c;
  }
}

static void IMAGING_NAME(reflect)(size_t n, double c, double s, const void *a, const void *b,
                                  void *y, void *z) {
  const T *const u = a, *const v = b;
  T *const p = y, *const q = z;
  const T cosine = (T)c, sine = (T)s;
#pragma clang loop vectorize(enable)
  for (size_t i = 0; i < n; i++) {
    const T first = u[i], second = v[i];
    p[i] = cosine * first + sine * second;
    q[i] = sine * first - cosine * second;
  }
}

#undef T
