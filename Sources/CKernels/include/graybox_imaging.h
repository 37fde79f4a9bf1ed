// Kernels for images: Fourier passes, cosine and wavelet transforms, total variation. One table per
// scalar and per instruction set, compiled from the same source.
//
// Pointers are untyped: the table says which scalar they point at. A "row" is `width` neighbours in
// memory; transforms run along the rows' index, so that every loop is over neighbours. Buffers never
// overlap unless a kernel says so.
#ifndef GRAYBOX_IMAGING_H
#define GRAYBOX_IMAGING_H

#include <stddef.h>

typedef struct graybox_imaging_kernels {
  const char *variant;

  // One pass of a self-sorting Fourier transform. Of `radix * groups` blocks in, number p + groups k goes
  // with its like of every k to the blocks radix p + j out:
  // y_j = twiddle(p, j) sum_k root(j k mod radix) x_k. `roots` and `twiddles` hold cosines and negative
  // sines in turn; twiddles one line of `radix` pairs for each p.
  void (*fourier_pass)(size_t radix, size_t groups, size_t block, const void *twiddles,
                       const void *roots, const void *xr, const void *xi, void *yr, void *yi);
  // y[j, i] = x[i, j]
  void (*transpose)(size_t rows, size_t columns, const void *x, void *y);
  // Spectra of real columns from that of pairs: columns j and j + pairs were transformed together as
  // real and imaginary part of z [n, pairs]. v: rows 0...n/2, [n/2 + 1, width], width 2 pairs or 2 pairs - 1.
  // The way back takes the real part where real columns have no other.
  void (*untangle)(size_t n, size_t pairs, size_t width, const void *zr, const void *zi, void *vr,
                   void *vi);
  void (*entangle)(size_t n, size_t pairs, size_t width, const void *vr, const void *vi, void *zr,
                   void *zi);
  // y = x d, or x conj(d); y may be x
  void (*complex_multiply)(size_t n, int conjugate, const void *xr, const void *xi,
                           const void *dr, const void *di, void *yr, void *yi);
  // y = c a + s b, z = s a - c b: its own inverse where c^2 + s^2 = 1; y may be a, z may be b
  void (*reflect)(size_t n, double c, double s, const void *a, const void *b, void *y, void *z);

  // One level of a periodic orthonormal wavelet transform along n rows (n even): means to the first
  // half of y, details to the second. The highpass is (-1)^k low[taps - 1 - k].
  void (*wavelet_analysis)(size_t n, size_t width, size_t taps, const double *low, const void *x,
                           void *y);
  void (*wavelet_synthesis)(size_t n, size_t width, size_t taps, const double *low, const void *y,
                            void *x);

  // Total variation of [height, width], forward differences that are 0 beyond the rim.
  // new = q + step grad x, each pair cut to length `bound`; q = new + momentum (new - p); p = new.
  void (*variation_dual)(size_t height, size_t width, double step, double bound, double momentum,
                         const void *x, void *qx, void *qy, void *px, void *py);
  // y = base + scale grad' p; y may be base
  void (*variation_adjoint)(size_t height, size_t width, double scale, const void *px,
                            const void *py, const void *base, void *y);
  // sum of |grad x|, accumulated in double
  double (*variation)(size_t height, size_t width, const void *x);
} graybox_imaging_kernels;

const graybox_imaging_kernels *graybox_imaging_float(void);
const graybox_imaging_kernels *graybox_imaging_double(void);
// A variant by number, NULL where this processor cannot run it; for tests.
const graybox_imaging_kernels *graybox_imaging_variant_float(int index);
const graybox_imaging_kernels *graybox_imaging_variant_double(int index);

#endif
