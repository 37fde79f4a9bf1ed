// Exponential and logarithm over the ranges that sums of probabilities need, eight lanes at a time.
//
// Single precision: argument reduction, then the Taylor series of exp and the series of atanh, cut
// where the rest is below one unit in the last place. Double precision calls libm: it serves
// oracles.

typedef float trellis_float8 __attribute__((ext_vector_type(8), aligned(4)));
typedef double trellis_double8 __attribute__((ext_vector_type(8), aligned(8)));
typedef int32_t trellis_int8 __attribute__((ext_vector_type(8)));

// exp(x), x <= 0: 2^n exp(r) with |r| <= log(2) / 2; below -87 the result is exp(-87), about 1e-38,
// which no sum with 1 in it can see.
static inline __attribute__((always_inline)) trellis_float8 trellis_exp_float(trellis_float8 x) {
  x = x > -87.0f ? x : (trellis_float8)-87.0f;
  const trellis_float8 magic = 12582912.0f;  // 1.5 2^23: adding it rounds to a whole number
  const trellis_float8 n = x * 1.44269504f + magic - magic;
  trellis_float8 r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  trellis_float8 p = (trellis_float8)(1.0f / 5040);
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const trellis_int8 exponent = __builtin_convertvector(n, trellis_int8) << 23;
  return (trellis_float8)((trellis_int8)p + exponent);
}

// log(x), 1 <= x <= 4: log(2^k m) with m in [1/sqrt 2, sqrt 2], log(m) = 2 atanh((m - 1)/(m + 1)).
static inline __attribute__((always_inline)) trellis_float8 trellis_log_float(trellis_float8 x) {
  const trellis_int8 above1 = x > 1.41421356f, above2 = x > 2.82842712f;
  const trellis_float8 one = 1.0f, half = 0.5f, quarter = 0.25f;
  const trellis_float8 m = x * (above2 ? quarter : (above1 ? half : one));
  const trellis_float8 k = -__builtin_convertvector(above1 + above2, trellis_float8);
  const trellis_float8 z = (m - 1.0f) / (m + 1.0f), w = z * z;
  trellis_float8 p = (trellis_float8)(2.0f / 9);
  p = p * w + 2.0f / 7;
  p = p * w + 2.0f / 5;
  p = p * w + 2.0f / 3;
  p = p * w + 2.0f;
  return k * 0.693147181f + p * z;
}

static inline __attribute__((always_inline)) trellis_double8 trellis_exp_double(trellis_double8 x) {
  for (int i = 0; i < 8; ++i) x[i] = exp(x[i]);
  return x;
}

static inline __attribute__((always_inline)) trellis_double8 trellis_log_double(trellis_double8 x) {
  for (int i = 0; i < 8; ++i) x[i] = log(x[i]);
  return x;
}
