// The sweeps for one scalar and one instruction set. Included several times, with
//   TRELLIS_SCALAR   float or double
//   TRELLIS_MASK     the signed integer of the same size
//   TRELLIS_NAME(x)  x with a suffix of its own
//   TRELLIS_VARIANT  the name of the instruction set
//   TRELLIS_EXP(x), TRELLIS_LOG(x): vectors of eight lanes; x <= 0 and x in [1, 4]
// defined. Vectors have eight lanes whatever the machine; the compiler cuts them as it must.
//
// Goals in order: the same decisions in every variant, one latency-bound step of Viterbi in about
// ten cycles for sixteen states, plain code.

#define INLINE static inline __attribute__((always_inline))
#define T TRELLIS_SCALAR
#define N(x) TRELLIS_NAME(x)
#define V N(vector)
#define M N(mask)

typedef T V __attribute__((ext_vector_type(8), aligned(sizeof(T))));
typedef TRELLIS_MASK M __attribute__((ext_vector_type(8)));
#ifndef TRELLIS_BITS_DEFINED
#define TRELLIS_BITS_DEFINED
typedef _Bool trellis_bits __attribute__((ext_vector_type(8)));
INLINE uint8_t trellis_packed(trellis_bits bits) {
  uint8_t byte;
  memcpy(&byte, &bits, 1);
  return byte;
}
#endif

INLINE V N(load)(const T *x) { return *(const V *)x; }
INLINE void N(store)(T *x, V v) { *(V *)x = v; }
INLINE uint8_t N(byte)(M mask) {
  return trellis_packed(__builtin_convertvector(mask, trellis_bits));
}

// --- costs ---------------------------------------------------------------------------------------

INLINE void N(squared_steps)(size_t steps, size_t states, const T *y, const T *means, T scale,
                             T *costs) {
  for (size_t t = 0; t < steps; ++t, costs += states)
    for (size_t s = 0; s < states; ++s) {
      const T d = y[t] - means[s];
      costs[s] = d * d * scale;
    }
}

static void N(squared_costs)(size_t steps, size_t states, const void *observations,
                             const void *means, double scale, void *costs) {
  if (states == 16) {
    T m[16];  // a copy of our own, which the compiler keeps in registers
    memcpy(m, means, sizeof m);
    N(squared_steps)(steps, 16, observations, m, (T)scale, costs);
  } else {
    N(squared_steps)(steps, states, observations, means, (T)scale, costs);
  }
}

INLINE void N(linear_steps)(size_t steps, size_t states, const T *y, const T *offsets,
                            const T *slopes, T *costs) {
  for (size_t t = 0; t < steps; ++t, costs += states)
    for (size_t s = 0; s < states; ++s) costs[s] = offsets[s] - slopes[s] * y[t];
}

static void N(linear_costs)(size_t steps, size_t states, const void *observations,
                            const void *offsets, const void *slopes, void *costs) {
  if (states == 16) {
    T a[16], b[16];
    memcpy(a, offsets, sizeof a);
    memcpy(b, slopes, sizeof b);
    N(linear_steps)(steps, 16, observations, a, b, costs);
  } else {
    N(linear_steps)(steps, states, observations, offsets, slopes, costs);
  }
}

static size_t N(first_not_finite)(size_t n, const void *numbers) {
  const T *x = numbers;
  const size_t block = 1024;
  for (size_t i = 0; i < n; i += block) {
    const size_t end = i + block < n ? i + block : n;
    TRELLIS_MASK bad = 0;
    for (size_t j = i; j < end; ++j) bad |= (TRELLIS_MASK)(x[j] - x[j] != 0);
    if (!bad) continue;
    for (size_t j = i; j < end; ++j)
      if (x[j] - x[j] != 0) return j;
  }
  return n;
}

// --- Viterbi -------------------------------------------------------------------------------------

INLINE T N(least)(size_t n, const T *x) {
  T least = x[0];
  if (n % 8 == 0) {
    V lanes = N(load)(x);
    for (size_t i = 8; i < n; i += 8) {
      const V other = N(load)(x + i);
      lanes = other < lanes ? other : lanes;
    }
    for (int i = 0; i < 8; ++i) least = lanes[i] < least ? lanes[i] : least;
  } else {
    for (size_t i = 1; i < n; ++i) least = x[i] < least ? x[i] : least;
  }
  return least;
}

// Subtracts the least metric; 0 when it is not finite.
INLINE int N(shift_metrics)(size_t states, T *metrics) {
  const T least = N(least)(states, metrics);
  if (!(least - least == 0)) return 0;
  for (size_t s = 0; s < states; ++s) metrics[s] -= least;
  return 1;
}

// One step for fewer than eight rows: plain loops.
INLINE void N(step_short)(int symbols, size_t rows, const T *costs, T *metrics,
                          uint8_t *survivors) {
  T reduced[8];
  uint8_t low = 0, high = 0;
  for (size_t c = 0; c < rows; ++c) {
    T least = metrics[c];
    int digit = 0;
    for (int k = 1; k < symbols; ++k) {
      const T candidate = metrics[(size_t)k * rows + c];
      digit = candidate < least ? k : digit;
      least = candidate < least ? candidate : least;
    }
    reduced[c] = least;
    low |= (uint8_t)((digit & 1) << c);
    high |= (uint8_t)((digit >> 1) << c);
  }
  survivors[0] = low;
  if (symbols == 4) survivors[1] = high;
  for (size_t c = 0; c < rows; ++c)
    for (int d = 0; d < symbols; ++d) {
      const size_t s = c * (size_t)symbols + (size_t)d;
      metrics[s] = reduced[c] + costs[s];
    }
}

// One step for two symbols and eight rows (sixteen states), the metrics in registers.
INLINE void N(step_sixteen)(const T *costs, V *low, V *high, uint8_t *survivors) {
  const M later = *high < *low;
  const V reduced = later ? *high : *low;
  *survivors = N(byte)(later);
  *low = __builtin_shufflevector(reduced, reduced, 0, 0, 1, 1, 2, 2, 3, 3) + N(load)(costs);
  *high = __builtin_shufflevector(reduced, reduced, 4, 4, 5, 5, 6, 6, 7, 7) + N(load)(costs + 8);
}

// One step for two symbols and a multiple of eight rows.
INLINE void N(step_two)(size_t rows, const T *costs, const T *metrics, T *next,
                        uint8_t *survivors) {
  for (size_t c = 0; c < rows; c += 8) {
    V low = N(load)(metrics + c), high = N(load)(metrics + rows + c);
    N(step_sixteen)(costs + 2 * c, &low, &high, survivors + c / 8);
    N(store)(next + 2 * c, low);
    N(store)(next + 2 * c + 8, high);
  }
}

// One step for four symbols and a multiple of eight rows.
INLINE void N(step_four)(size_t rows, const T *costs, const T *metrics, T *next,
                         uint8_t *survivors) {
  for (size_t c = 0; c < rows; c += 8) {
    const V m0 = N(load)(metrics + c), m1 = N(load)(metrics + rows + c);
    const V m2 = N(load)(metrics + 2 * rows + c), m3 = N(load)(metrics + 3 * rows + c);
    const M later01 = m1 < m0, later23 = m3 < m2;
    const V best01 = later01 ? m1 : m0, best23 = later23 ? m3 : m2;
    const M later = best23 < best01;
    const V reduced = later ? best23 : best01;
    survivors[c / 8] = N(byte)((later & later23) | (~later & later01));
    survivors[rows / 8 + c / 8] = N(byte)(later);
    T *n = next + 4 * c;
    const T *x = costs + 4 * c;
    N(store)(n, __builtin_shufflevector(reduced, reduced, 0, 0, 0, 0, 1, 1, 1, 1) + N(load)(x));
    N(store)(n + 8,
             __builtin_shufflevector(reduced, reduced, 2, 2, 2, 2, 3, 3, 3, 3) + N(load)(x + 8));
    N(store)(n + 16,
             __builtin_shufflevector(reduced, reduced, 4, 4, 4, 4, 5, 5, 5, 5) + N(load)(x + 16));
    N(store)(n + 24,
             __builtin_shufflevector(reduced, reduced, 6, 6, 6, 6, 7, 7, 7, 7) + N(load)(x + 24));
  }
}

// A run of steps between two shifts.
static void N(run_sixteen)(size_t steps, const T *costs, T *metrics, uint8_t *survivors) {
  V low = N(load)(metrics), high = N(load)(metrics + 8);
  for (size_t t = 0; t < steps; ++t)
    N(step_sixteen)(costs + 16 * t, &low, &high, survivors + t);
  N(store)(metrics, low);
  N(store)(metrics + 8, high);
}

static void N(run_short)(int symbols, size_t rows, size_t steps, const T *costs, T *metrics,
                         uint8_t *survivors) {
  const size_t states = rows * (size_t)symbols, bytes = symbols == 4 ? 2 : 1;
#define TRELLIS_CASE(s, r)                                                          \
  if (symbols == s && rows == r) {                                                  \
    for (size_t t = 0; t < steps; ++t)                                              \
      N(step_short)(s, r, costs + states * t, metrics, survivors + bytes * t);      \
    return;                                                                         \
  }
  TRELLIS_CASE(2, 1) TRELLIS_CASE(2, 2) TRELLIS_CASE(2, 4) TRELLIS_CASE(4, 1) TRELLIS_CASE(4, 4)
#undef TRELLIS_CASE
}

static void N(run)(graybox_trellis trellis, size_t steps, const T *costs, T *metrics,
                   uint8_t *survivors) {
  const size_t states = (size_t)trellis.states, rows = states / (size_t)trellis.symbols;
  if (rows < 8) {
    N(run_short)(trellis.symbols, rows, steps, costs, metrics, survivors);
    return;
  }
  if (states == 16) {
    N(run_sixteen)(steps, costs, metrics, survivors);
    return;
  }
  T other[GRAYBOX_TRELLIS_MAX_STATES];
  T *from = metrics, *to = other;
  const size_t bytes = rows / 8 * (trellis.symbols == 4 ? 2 : 1);
  for (size_t t = 0; t < steps; ++t) {
    if (trellis.symbols == 2)
      N(step_two)(rows, costs + states * t, from, to, survivors + bytes * t);
    else
      N(step_four)(rows, costs + states * t, from, to, survivors + bytes * t);
    T *const swapped = from;
    from = to;
    to = swapped;
  }
  if (from != metrics) memcpy(metrics, from, states * sizeof(T));
}

static int N(viterbi)(graybox_trellis trellis, uint64_t first, size_t steps, const void *costs,
                      void *metrics, uint8_t *survivors) {
  const size_t every = GRAYBOX_TRELLIS_SHIFT_EVERY, states = (size_t)trellis.states;
  const size_t bytes = graybox_trellis_survivor_bytes(trellis);
  const T *c = costs;
  size_t run = every - (size_t)(first % every);
  while (steps > 0) {
    if (run > steps) run = steps;
    N(run)(trellis, run, c, metrics, survivors);
    c += run * states;
    survivors += run * bytes;
    steps -= run;
    first += run;
    run = every;
    if (first % every == 0 && !N(shift_metrics)(states, metrics)) return 0;
  }
  return 1;
}

INLINE int N(least_state)(size_t states, const T *metrics) {
  const T least = N(least)(states, metrics);
  size_t s = 0;
  while (metrics[s] != least && s + 1 < states) ++s;
  return (int)s;
}

static int N(viterbi_best)(graybox_trellis trellis, uint64_t first, size_t steps,
                           const void *costs, void *metrics, uint8_t *best) {
  const size_t states = (size_t)trellis.states;
  const T *c = costs;
  uint8_t survivors[GRAYBOX_TRELLIS_MAX_STATES];
  for (size_t t = 0; t < steps; ++t) {
    if (!N(viterbi)(trellis, first + t, 1, c + t * states, metrics, survivors)) return 0;
    best[t] = (uint8_t)N(least_state)(states, metrics);
  }
  return 1;
}

// --- decisions -----------------------------------------------------------------------------------

INLINE int N(trace_shape)(int symbols, int rows, size_t bytes, size_t steps,
                          const uint8_t *survivors, int state, const T *values, T *estimates) {
  const int bits = symbols == 4 ? 2 : 1;
  const size_t plane = bytes / (size_t)bits;
  for (size_t t = steps; t-- > 0;) {
    const uint8_t *row = survivors + t * bytes;
    estimates[t] = values[state & (symbols - 1)];
    const int c = state >> bits;
    const size_t at = plane == 1 ? 0 : (size_t)(c >> 3);
    const int shift = plane == 1 ? c : c & 7;
    int digit = (row[at] >> shift) & 1;
    if (bits == 2) digit |= ((row[plane + at] >> shift) & 1) << 1;
    state = digit * rows + c;
  }
  return state;
}

static int N(trace)(graybox_trellis trellis, size_t steps, const uint8_t *survivors, int state,
                    const void *values, void *estimates) {
  const size_t bytes = graybox_trellis_survivor_bytes(trellis);
  const int symbols = trellis.symbols, rows = trellis.states / symbols;
  if (symbols == 2 && rows == 8)
    return N(trace_shape)(2, 8, 1, steps, survivors, state, values, estimates);
  return N(trace_shape)(symbols, rows, bytes, steps, survivors, state, values, estimates);
}

static void N(oldest)(graybox_trellis trellis, size_t steps, const uint8_t *best,
                      const void *values, void *estimates) {
  const T *v = values;
  T *e = estimates;
  const int rows = trellis.states / trellis.symbols;
  for (size_t t = 0; t < steps; ++t) e[t] = v[best[t] / rows];
}

// --- sum-product ---------------------------------------------------------------------------------

INLINE T N(largest)(size_t n, const T *x) {
  T largest = x[0];
  if (n % 8 == 0) {
    V lanes = N(load)(x);
    for (size_t i = 8; i < n; i += 8) {
      const V other = N(load)(x + i);
      lanes = other > lanes ? other : lanes;
    }
    for (int i = 0; i < 8; ++i) largest = lanes[i] > largest ? lanes[i] : largest;
  } else {
    for (size_t i = 1; i < n; ++i) largest = x[i] > largest ? x[i] : largest;
  }
  return largest;
}

INLINE void N(shift_message)(size_t rows, T *message) {
  const T largest = N(largest)(rows, message);
  for (size_t c = 0; c < rows; ++c) message[c] -= largest;
}

// log sum_k exp(x_k) of two or four vectors.
INLINE V N(log_sum)(int symbols, const V *x) {
  V largest = x[0], sum = (V)0;
  for (int k = 1; k < symbols; ++k) largest = x[k] > largest ? x[k] : largest;
  for (int k = 0; k < symbols; ++k) sum += TRELLIS_EXP(x[k] - largest);
  return largest + TRELLIS_LOG(sum);
}

// The vectors x_d of eight numbers each whose lane c is numbers[c * symbols + d].
INLINE void N(split)(int symbols, const T *numbers, V *x) {
  if (symbols == 2) {
    const V a = N(load)(numbers), b = N(load)(numbers + 8);
    x[0] = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
    x[1] = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
    return;
  }
  for (int d = 0; d < 4; ++d)
    for (int c = 0; c < 8; ++c) x[d][c] = numbers[4 * c + d];
}

// forward goes over one step; work has room for the states, with room to spare for eight lanes.
INLINE void N(forward_step)(int symbols, size_t rows, const T *costs, T *forward, T *work) {
  V x[4];
  for (size_t c = 0; c < rows; ++c)
    for (size_t d = 0; d < (size_t)symbols; ++d)
      work[c * (size_t)symbols + d] = forward[c] - costs[c * (size_t)symbols + d];
  if (rows < 8) {
    for (int k = 0; k < symbols; ++k)
      for (size_t c = 0; c < 8; ++c) x[k][c] = work[(size_t)k * rows + c % rows];
    const V sum = N(log_sum)(symbols, x);
    for (size_t c = 0; c < rows; ++c) forward[c] = sum[c];
    return;
  }
  for (size_t c = 0; c < rows; c += 8) {
    for (int k = 0; k < symbols; ++k) x[k] = N(load)(work + (size_t)k * rows + c);
    N(store)(forward + c, N(log_sum)(symbols, x));
  }
}

INLINE void N(backward_step)(int symbols, size_t rows, const T *costs, T *backward, T *work) {
  V x[4];
  for (size_t k = 0; k < (size_t)symbols; ++k)
    for (size_t c = 0; c < rows; ++c) work[k * rows + c] = backward[c] - costs[k * rows + c];
  if (rows < 8) {
    for (int d = 0; d < symbols; ++d)
      for (size_t c = 0; c < 8; ++c) x[d][c] = work[(c % rows) * (size_t)symbols + (size_t)d];
    const V sum = N(log_sum)(symbols, x);
    for (size_t c = 0; c < rows; ++c) backward[c] = sum[c];
    return;
  }
  for (size_t c = 0; c < rows; c += 8) {
    N(split)(symbols, work + c * (size_t)symbols, x);
    N(store)(backward + c, N(log_sum)(symbols, x));
  }
}

// p(newest symbol = d) from logarithmic weights of n states whose lowest digit is the newest
// symbol. weights has room for eight lanes.
INLINE void N(posterior)(int symbols, size_t n, T *weights, T *probabilities) {
  T sums[8] = {0}, total = 0;
  const T largest = N(largest)(n, weights);
  if (n < 8)
    for (size_t s = n; s < 8; ++s) weights[s] = largest - 200;
  V lanes = (V)0;
  for (size_t s = 0; s < n; s += 8) lanes += TRELLIS_EXP(N(load)(weights + s) - largest);
  const int width = n < 8 ? (int)n : 8;
  for (int i = 0; i < width; ++i) sums[i % symbols] += lanes[i];
  for (int d = 0; d < symbols; ++d) total += sums[d];
  for (int d = 0; d < symbols; ++d) probabilities[d] = sums[d] / total;
}

INLINE void N(forward_run)(int symbols, size_t rows, uint64_t first, size_t steps, const T *costs,
                           T *forward, T *messages) {
  const size_t states = rows * (size_t)symbols;
  T work[GRAYBOX_TRELLIS_MAX_STATES];
  for (size_t t = 0; t < steps; ++t) {
    N(forward_step)(symbols, rows, costs + t * states, forward, work);
    if ((first + t + 1) % GRAYBOX_TRELLIS_SHIFT_EVERY == 0) N(shift_message)(rows, forward);
    if (messages) memcpy(messages + t * rows, forward, rows * sizeof(T));
  }
}

INLINE void N(backward_run)(int symbols, size_t rows, uint64_t first, size_t steps,
                            const T *costs, const T *messages, T *backward, T *probabilities) {
  const size_t states = rows * (size_t)symbols;
  T work[GRAYBOX_TRELLIS_MAX_STATES];
  for (size_t t = steps; t-- > 0;) {
    T *const p = probabilities + t * (size_t)symbols;
    const T *const c = costs + t * states;
    if (rows == 1) {  // memory 1: the state is the symbol
      for (int d = 0; d < symbols; ++d) work[d] = -c[d];
      N(posterior)(symbols, (size_t)symbols, work, p);
    } else {
      for (size_t i = 0; i < rows; ++i) work[i] = messages[t * rows + i] + backward[i];
      N(posterior)(symbols, rows, work, p);
    }
    N(backward_step)(symbols, rows, c, backward, work);
    if ((first + t) % GRAYBOX_TRELLIS_SHIFT_EVERY == 0) N(shift_message)(rows, backward);
  }
}

// Shapes known when compiling, so that loops over rows unroll; the last two take any more rows.
#define TRELLIS_SHAPES(CASE)                                                               \
  CASE(2, 1) CASE(2, 2) CASE(2, 4) CASE(2, 8) CASE(2, rows) CASE(4, 1) CASE(4, 4) CASE(4, rows)

static void N(forward)(graybox_trellis trellis, uint64_t first, size_t steps, const void *costs,
                       void *forward, void *messages) {
  const size_t rows = (size_t)(trellis.states / trellis.symbols);
#define TRELLIS_CASE(m, r)                                                                 \
  if (trellis.symbols == m && rows == r) {                                                 \
    N(forward_run)(m, r, first, steps, costs, forward, messages);                          \
    return;                                                                                \
  }
  TRELLIS_SHAPES(TRELLIS_CASE)
#undef TRELLIS_CASE
}

static void N(backward)(graybox_trellis trellis, uint64_t first, size_t steps, const void *costs,
                        const void *messages, void *backward, void *probabilities) {
  const size_t rows = (size_t)(trellis.states / trellis.symbols);
#define TRELLIS_CASE(m, r)                                                                 \
  if (trellis.symbols == m && rows == r) {                                                 \
    N(backward_run)(m, r, first, steps, costs, messages, backward, probabilities);         \
    return;                                                                                \
  }
  TRELLIS_SHAPES(TRELLIS_CASE)
#undef TRELLIS_CASE
}
#undef TRELLIS_SHAPES

static void N(decide)(size_t steps, size_t symbols, const void *probabilities, const void *values,
                      void *estimates) {
  const T *p = probabilities, *v = values;
  T *e = estimates;
  for (size_t t = 0; t < steps; ++t, p += symbols) {
    size_t best = 0;
    for (size_t d = 1; d < symbols; ++d) best = p[d] > p[best] ? d : best;
    e[t] = v[best];
  }
}

#include "trellis_piecewise.h"

// -------------------------------------------------------------------------------------------------

const graybox_trellis_kernels N(table) = {
    .variant = TRELLIS_VARIANT,
    .scalar_size = sizeof(T),
    .squared_costs = N(squared_costs),
    .linear_costs = N(linear_costs),
    .first_not_finite = N(first_not_finite),
    .viterbi = N(viterbi),
    .viterbi_best = N(viterbi_best),
    .trace = N(trace),
    .oldest = N(oldest),
    .forward = N(forward),
    .backward = N(backward),
    .decide = N(decide),
    .piecewise = N(piecewise),
};

#undef INLINE
#undef T
#undef N
#undef V
#undef M
#undef TRELLIS_SCALAR
#undef TRELLIS_MASK
#undef TRELLIS_NAME
#undef TRELLIS_EXP
#undef TRELLIS_LOG
