// Philox 4x32-10 (salmon2011) and what is made from it. The bits are a function of key, stream and
// counter on every machine: nothing here is contracted into fused operations, and the only function
// called is the square root, which IEEE 754 rounds exactly. exp, log, sine and cosine are the
// polynomials below (fitted for this file), good to about two units in the last place.
//
// The loops run over blocks in structure-of-arrays form, so that they vectorise.
#include "graybox_random.h"

#include <string.h>

#pragma clang fp contract(off)

#define LANES 64  // blocks a chunk
#define INLINE static inline __attribute__((always_inline))

typedef struct words {
  _Alignas(64) uint32_t w[4][LANES];
} words;

// --- Philox ------------------------------------------------------------------------------------

INLINE void philox_rounds(uint32_t c[4], uint32_t k0, uint32_t k1) {
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c[0], p1 = (uint64_t)0xCD9E8D57u * c[2];
    uint32_t next0 = (uint32_t)(p1 >> 32) ^ c[1] ^ k0;
    uint32_t next2 = (uint32_t)(p0 >> 32) ^ c[3] ^ k1;
    c[1] = (uint32_t)p1;
    c[3] = (uint32_t)p0;
    c[0] = next0;
    c[2] = next2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

void graybox_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]};
  philox_rounds(c, key[0], key[1]);
  memcpy(out, c, sizeof c);
}

// The blocks counter ..< counter + lanes of a stream.
INLINE void fill_words(graybox_random_key key, uint64_t stream, uint64_t counter, int lanes,
                       words *out) {
  for (int lane = 0; lane < lanes; lane++) {
    uint64_t block = counter + (uint64_t)lane;
    uint32_t c[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)stream,
                     (uint32_t)(stream >> 32)};
    philox_rounds(c, key.word[0], key.word[1]);
    for (int word = 0; word < 4; word++) out->w[word][lane] = c[word];
  }
}

// --- elementary functions, without branches ----------------------------------------------------

INLINE float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

INLINE uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

INLINE double double_of(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

INLINE uint64_t bits_of_double(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

// log(1 + t) + e log 2 for t in [sqrt(1/2) - 1, sqrt(2) - 1].
INLINE float log_near_one(float t, float e) {
  float p = 0.0698485083740173373f;
  p = p * t - 0.114913079344600118f;
  p = p * t + 0.116862125481591931f;
  p = p * t - 0.124242840510094001f;
  p = p * t + 0.142488384372521182f;
  p = p * t - 0.166678493619104756f;
  p = p * t + 0.200007228090558916f;
  p = p * t - 0.249999965749781436f;
  p = p * t + 0.33333331151545138f;
  float tail = t * t * (t * p - 0.5f);
  return e * 0.693147180559945309f + (t + tail);
}

// The same in double precision, through the inverse hyperbolic tangent of t / (2 + t).
INLINE double log_near_one_double(double t, double e) {
  double s = t / (2.0 + t), z = s * s;
  double p = 0.130872361966596223;
  p = p * z + 0.132687147923480967;
  p = p * z + 0.153862418819385955;
  p = p * z + 0.181817956000607924;
  p = p * z + 0.222222223920890079;
  p = p * z + 0.285714285708019569;
  p = p * z + 0.400000000000008797;
  p = p * z + 0.666666666666666665;
  return e * 0.6931471805599453094 + (2.0 * s + s * (z * p));
}

// -log u, u = p or 1 - p, for p in (0, 1/2]: either side of the interval keeps its full precision.
INLINE float negative_log(float p, int upper) {
  uint32_t shifted = bits_of(p) - 0x3F3504F3u;  // the bits of sqrt(1/2)
  int32_t exponent = (int32_t)shifted >> 23;
  float mantissa = float_of((shifted & 0x007FFFFFu) + 0x3F3504F3u);
  int halved = p > 0.292893218813452476f;
  float upper_t = halved ? 1.0f - 2.0f * p : -p;
  float upper_e = halved ? -1.0f : 0.0f;
  float t = upper ? upper_t : mantissa - 1.0f;
  float e = upper ? upper_e : (float)exponent;
  return -log_near_one(t, e);
}

INLINE double negative_log_double(double p, int upper) {
  uint64_t shifted = bits_of_double(p) - 0x3FE6A09E667F3BCDull;
  // The exponent, made a double by its bits: 64-bit conversions do not vectorise.
  double exponent =
      double_of(0x4330000000000000ull + ((shifted >> 52) ^ 0x800ull)) - (0x1p52 + 2048.0);
  double mantissa = double_of((shifted & 0x000FFFFFFFFFFFFFull) + 0x3FE6A09E667F3BCDull);
  int halved = p > 0.292893218813452476;
  double upper_t = halved ? 1.0 - 2.0 * p : -p;
  double upper_e = halved ? -1.0 : 0.0;
  double t = upper ? upper_t : mantissa - 1.0;
  double e = upper ? upper_e : exponent;
  return -log_near_one_double(t, e);
}

// log x for positive normal x.
INLINE double log_double(double x) {
  uint64_t shifted = bits_of_double(x) - 0x3FE6A09E667F3BCDull;
  double mantissa = double_of((shifted & 0x000FFFFFFFFFFFFFull) + 0x3FE6A09E667F3BCDull);
  return log_near_one_double(mantissa - 1.0, (double)((int64_t)shifted >> 52));
}

// exp(-x) for x in [0, 16].
INLINE double exp_of_negative(double x) {
  int whole = (int)(x * 1.4426950408889634074 + 0.5);
  double r = (x - whole * 0x1.62e42fefa3800p-1) - whole * 0x1.ef35793c76730p-45;
  double sum = 1.1470745597729725e-11;
  sum = sum * -r + 1.6059043836821613e-10;
  sum = sum * -r + 2.08767569878681e-09;
  sum = sum * -r + 2.505210838544172e-08;
  sum = sum * -r + 2.755731922398589e-07;
  sum = sum * -r + 2.7557319223985893e-06;
  sum = sum * -r + 2.48015873015873e-05;
  sum = sum * -r + 0.0001984126984126984;
  sum = sum * -r + 0.001388888888888889;
  sum = sum * -r + 0.008333333333333333;
  sum = sum * -r + 0.041666666666666664;
  sum = sum * -r + 0.16666666666666666;
  sum = sum * -r + 0.5;
  sum = sum * -r + 1.0;
  sum = sum * -r + 1.0;
  return sum * double_of((uint64_t)(1023 - whole) << 52);
}

INLINE float sine_float(float x, float z) {
  float p = -0.000195878657021018751f;
  p = p * z + 0.00833274815408503215f;
  p = p * z - 0.166666646617146985f;
  return x + x * (z * p);
}

INLINE float cosine_float(float z) {
  float p = 0.0000245479168536910169f;
  p = p * z - 0.00138883029191136328f;
  p = p * z + 0.0416666646589014037f;
  return 1.0f + z * (z * p - 0.5f);
}

INLINE double sine_double(double x, double z) {
  double p = 1.59181152632659752e-10;
  p = p * z - 2.50511316502351815e-8;
  p = p * z + 2.75573161016178744e-6;
  p = p * z - 0.000198412698367567725;
  p = p * z + 0.00833333333333094729;
  p = p * z - 0.166666666666666646;
  return x + x * (z * p);
}

INLINE double cosine_double(double z) {
  double p = -1.13826236474746046e-11;
  p = p * z + 2.08761461465586116e-9;
  p = p * z - 2.7557317271145146e-7;
  p = p * z + 0.0000248015872987645608;
  p = p * z - 0.00138888888888873965;
  p = p * z + 0.0416666666666666654;
  return 1.0 + z * (z * p - 0.5);
}

// --- one block to numbers ----------------------------------------------------------------------

// 53 bits of two words, in [0, 1).
INLINE double unit_double(uint32_t high, uint32_t low) {
  return ((double)(int32_t)(high >> 5) * 0x1p26 + (double)(int32_t)(low >> 6)) * 0x1p-53;
}

// Box and Muller: a radius from the first word, an angle from the second.
INLINE void normal_pair_float(uint32_t first, uint32_t second, float *a, float *b) {
  int upper = (int32_t)first < 0;
  uint32_t folded = upper ? ~first : first;
  float p = ((float)(int32_t)folded + 0.5f) * 0x1p-32f;
  float radius = __builtin_elementwise_sqrt(2.0f * negative_log(p, upper));
  uint32_t quadrant = (second + 0x20000000u) >> 30;
  float x = (float)(int32_t)(second - (quadrant << 30)) * 1.4629180792671596811e-9f;
  float z = x * x;
  float s = sine_float(x, z), c = cosine_float(z);
  float sine = quadrant & 1 ? c : s, cosine = quadrant & 1 ? s : c;
  uint32_t sine_sign = (quadrant & 2) << 30, cosine_sign = ((quadrant + 1) & 2) << 30;
  *a = radius * float_of(bits_of(cosine) ^ cosine_sign);
  *b = radius * float_of(bits_of(sine) ^ sine_sign);
}

INLINE void normal_pair_double(uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3, double *a,
                               double *b) {
  int upper = (int32_t)w0 < 0;
  uint32_t folded = upper ? ~w0 : w0;
  double low = (double)(int32_t)(w1 >> 11) + 0.5;
  double p = ((double)(int32_t)folded * 0x1p21 + low) * 0x1p-53;
  double radius = __builtin_elementwise_sqrt(2.0 * negative_log_double(p, upper));
  uint32_t quadrant = (w2 + 0x20000000u) >> 30;
  double turn = (double)(int32_t)(w2 - (quadrant << 30)) + (double)(int32_t)(w3 >> 1) * 0x1p-31;
  double x = turn * 1.4629180792671596811e-9, z = x * x;
  double s = sine_double(x, z), c = cosine_double(z);
  double sine = quadrant & 1 ? c : s, cosine = quadrant & 1 ? s : c;
  uint64_t sine_sign = (uint64_t)(quadrant & 2) << 62;
  uint64_t cosine_sign = (uint64_t)((quadrant + 1) & 2) << 62;
  *a = radius * double_of(bits_of_double(cosine) ^ cosine_sign);
  *b = radius * double_of(bits_of_double(sine) ^ sine_sign);
}

// --- filling buffers ---------------------------------------------------------------------------

// Makes numbers chunk by chunk: `each` turns the words of one lane into `per` values of a buffer.
#define FILL(TYPE, PER, EACH)                                                               \
  TYPE made[LANES * PER];                                                                   \
  words drawn;                                                                              \
  for (size_t done = 0; done < n;) {                                                        \
    size_t left = n - done, blocks = left / PER + (left % PER != 0);                        \
    int lanes = blocks < LANES ? (int)blocks : LANES;                                       \
    fill_words(key, stream, counter, lanes, &drawn);                                        \
    for (int i = 0; i < lanes; i++) {                                                       \
      uint32_t w0 = drawn.w[0][i], w1 = drawn.w[1][i], w2 = drawn.w[2][i], w3 = drawn.w[3][i]; \
      TYPE *to = made + PER * i;                                                            \
      EACH                                                                                  \
    }                                                                                       \
    size_t count = (size_t)lanes * PER < left ? (size_t)lanes * PER : left;                 \
    memcpy(out + done, made, count * sizeof(TYPE));                                         \
    done += count;                                                                          \
    counter += (uint64_t)lanes;                                                             \
  }                                                                                         \
  return counter;

uint64_t graybox_random_bits(graybox_random_key key, uint64_t stream, uint64_t counter, size_t n,
                             uint32_t *out) {
  FILL(uint32_t, 4, {
    to[0] = w0;
    to[1] = w1;
    to[2] = w2;
    to[3] = w3;
  })
}

uint64_t graybox_random_uniform_float(graybox_random_key key, uint64_t stream, uint64_t counter,
                                      size_t n, float *out) {
  FILL(float, 4, {
    to[0] = (float)(int32_t)(w0 >> 8) * 0x1p-24f;
    to[1] = (float)(int32_t)(w1 >> 8) * 0x1p-24f;
    to[2] = (float)(int32_t)(w2 >> 8) * 0x1p-24f;
    to[3] = (float)(int32_t)(w3 >> 8) * 0x1p-24f;
  })
}

uint64_t graybox_random_uniform_double(graybox_random_key key, uint64_t stream, uint64_t counter,
                                       size_t n, double *out) {
  FILL(double, 2, {
    to[0] = unit_double(w0, w1);
    to[1] = unit_double(w2, w3);
  })
}

#define BETWEEN(TYPE, BELOW_HIGH)                   \
  TYPE width = high - low, last = BELOW_HIGH;       \
  for (size_t i = 0; i < n; i++) {                  \
    TYPE value = low + width * x[i];                \
    x[i] = value < high ? value : last;             \
  }

// The neighbour of x towards minus infinity.
INLINE float before_float(float x) {
  uint32_t bits = bits_of(x);
  if (x == 0.0f) return -0x1p-149f;
  return float_of(x > 0.0f ? bits - 1 : bits + 1);
}

INLINE double before_double(double x) {
  uint64_t bits = bits_of_double(x);
  if (x == 0.0) return -0x1p-1074;
  return double_of(x > 0.0 ? bits - 1 : bits + 1);
}

void graybox_random_between_float(size_t n, float low, float high, float *x) {
  BETWEEN(float, before_float(high))
}

void graybox_random_between_double(size_t n, double low, double high, double *x) {
  BETWEEN(double, before_double(high))
}

uint64_t graybox_random_normal_float(graybox_random_key key, uint64_t stream, uint64_t counter,
                                     size_t n, float *out) {
  FILL(float, 4, {
    normal_pair_float(w0, w1, &to[0], &to[1]);
    normal_pair_float(w2, w3, &to[2], &to[3]);
  })
}

uint64_t graybox_random_normal_double(graybox_random_key key, uint64_t stream, uint64_t counter,
                                      size_t n, double *out) {
  FILL(double, 2, { normal_pair_double(w0, w1, w2, w3, &to[0], &to[1]); })
}

// --- Poisson -----------------------------------------------------------------------------------

// log k! - ((k + 1/2) log k - k + log(2 pi) / 2), k >= 1: the remainder of Stirling's formula.
static double stirling_remainder(double k) {
  static const double table[16] = {
      0,
      0.08106146679532725822,  0.041340695955409294094, 0.027677925684998339149,
      0.020790672103765093112, 0.016644691189821192163, 0.013876128823070747999,
      0.011896709945891770095, 0.010411265261972096497, 0.0092554621827127329177,
      0.0083305634333628712565, 0.007573675487951840795, 0.0069428401072095298657,
      0.0064089941880042070684, 0.0059513701127588477356, 0.005554733551962801371};
  if (k < 16.0) return table[(int)k];
  double z = 1.0 / (k * k);
  double sum = 1.0 / 1188.0;
  sum = 1.0 / 1680.0 - sum * z;
  sum = 1.0 / 1260.0 - sum * z;
  sum = 1.0 / 360.0 - sum * z;
  sum = 1.0 / 12.0 - sum * z;
  return sum / k;
}

// k log(k / rate) + rate - k without cancellation (loader2000).
static double deviance(double k, double rate) {
  double difference = k - rate;
  if (difference < 0.1 * (k + rate) && difference > -0.1 * (k + rate)) {
    double v = difference / (k + rate), square = v * v;
    double sum = difference * v, term = 2.0 * k * v;
    for (int j = 1; j < 40; j++) {
      term *= square;
      double next = sum + term / (2 * j + 1);
      if (next == sum) break;
      sum = next;
    }
    return sum;
  }
  return k * (log_double(k) - log_double(rate)) + rate - k;
}

static double log_poisson(double k, double rate) {
  if (k < 1.0) return -rate;
  return -stirling_remainder(k) - deviance(k, rate) - 0.91893853320467274178 -
         0.5 * log_double(k);
}

static double floor_exact(double x) {
  if (!(x < 0x1p52 && x > -0x1p52)) return x;
  double whole = (double)(int64_t)x;
  return whole > x ? whole - 1.0 : whole;
}

static const double reciprocals[64] = {
    0.0, 1.0 / 1, 1.0 / 2, 1.0 / 3, 1.0 / 4, 1.0 / 5, 1.0 / 6, 1.0 / 7,
    1.0 / 8, 1.0 / 9, 1.0 / 10, 1.0 / 11, 1.0 / 12, 1.0 / 13, 1.0 / 14, 1.0 / 15,
    1.0 / 16, 1.0 / 17, 1.0 / 18, 1.0 / 19, 1.0 / 20, 1.0 / 21, 1.0 / 22, 1.0 / 23,
    1.0 / 24, 1.0 / 25, 1.0 / 26, 1.0 / 27, 1.0 / 28, 1.0 / 29, 1.0 / 30, 1.0 / 31,
    1.0 / 32, 1.0 / 33, 1.0 / 34, 1.0 / 35, 1.0 / 36, 1.0 / 37, 1.0 / 38, 1.0 / 39,
    1.0 / 40, 1.0 / 41, 1.0 / 42, 1.0 / 43, 1.0 / 44, 1.0 / 45, 1.0 / 46, 1.0 / 47,
    1.0 / 48, 1.0 / 49, 1.0 / 50, 1.0 / 51, 1.0 / 52, 1.0 / 53, 1.0 / 54, 1.0 / 55,
    1.0 / 56, 1.0 / 57, 1.0 / 58, 1.0 / 59, 1.0 / 60, 1.0 / 61, 1.0 / 62, 1.0 / 63};

// Search of the distribution function upwards from zero; exp(-rate) is not small here.
static double poisson_by_inversion(double rate, double u) {
  double probability = exp_of_negative(rate), sum = probability;
  int k = 0;
  while (u >= sum && k < 63) {
    k++;
    probability = probability * rate * reciprocals[k];
    sum += probability;
  }
  return k;
}

// The words of attempt `attempt` of one sample: streams of their own beyond the first, so that no
// sample ever uses another's.
static void attempt_words(graybox_random_key key, uint64_t stream, uint64_t counter,
                          uint64_t attempt, uint32_t out[4]) {
  uint64_t z = attempt * 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  uint64_t own = stream ^ z ^ (z >> 31);
  uint32_t c[4] = {(uint32_t)counter, (uint32_t)(counter >> 32), (uint32_t)own,
                   (uint32_t)(own >> 32)};
  philox_rounds(c, key.word[0], key.word[1]);
  memcpy(out, c, sizeof c);
}

// PTRS, transformed rejection with squeeze (hoermann1993), for rates of at least 10.
static double poisson_by_rejection(double rate, graybox_random_key key, uint64_t stream,
                                   uint64_t counter, const uint32_t first[4]) {
  double b = 0.931 + 2.53 * __builtin_sqrt(rate);
  double a = -0.059 + 0.02483 * b;
  double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  double accept = 0.9277 - 3.6224 / (b - 2.0);
  uint32_t w[4];
  memcpy(w, first, sizeof w);
  for (uint64_t attempt = 1;; attempt++) {
    double u = unit_double(w[0], w[1]) - 0.5, v = unit_double(w[2], w[3]);
    double distance = 0.5 - (u < 0.0 ? -u : u);
    if (distance > 0.0) {
      double k = floor_exact((2.0 * a / distance + b) * u + rate + 0.43);
      if (distance >= 0.07 && v <= accept) return k;
      int inside = k >= 0.0 && !(distance < 0.013 && v > distance);
      // log v <= log_poisson - ..., and v = 0 always satisfies it
      if (inside && (v == 0.0 || log_double(v * inverse_alpha / (a / (distance * distance) + b)) <=
                                     log_poisson(k, rate)))
        return k;
    }
    attempt_words(key, stream, counter, attempt, w);
  }
}

static double poisson_sample(double rate, graybox_random_key key, uint64_t stream,
                             uint64_t counter, const uint32_t w[4]) {
  return rate < 10.0 ? poisson_by_inversion(rate, unit_double(w[0], w[1]))
                     : poisson_by_rejection(rate, key, stream, counter, w);
}

// One block a sample.
#define FILL_POISSON(TYPE)                                                                  \
  words drawn;                                                                              \
  for (size_t done = 0; done < n;) {                                                        \
    int lanes = n - done < LANES ? (int)(n - done) : LANES;                                 \
    fill_words(key, stream, counter, lanes, &drawn);                                        \
    for (int i = 0; i < lanes; i++) {                                                       \
      uint32_t w[4] = {drawn.w[0][i], drawn.w[1][i], drawn.w[2][i], drawn.w[3][i]};         \
      out[done + (size_t)i] = (TYPE)poisson_sample((double)rates[done + (size_t)i], key,    \
                                                   stream, counter + (uint64_t)i, w);       \
    }                                                                                       \
    done += (size_t)lanes;                                                                  \
    counter += (uint64_t)lanes;                                                             \
  }                                                                                         \
  return counter;

uint64_t graybox_random_poisson_float(graybox_random_key key, uint64_t stream, uint64_t counter,
                                      size_t n, const float *rates, float *out) {
  FILL_POISSON(float)
}

uint64_t graybox_random_poisson_double(graybox_random_key key, uint64_t stream, uint64_t counter,
                                       size_t n, const double *rates, double *out) {
  FILL_POISSON(double)
}
