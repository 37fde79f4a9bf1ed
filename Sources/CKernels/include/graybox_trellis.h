// Sweeps over the trellis of a channel with finite memory.
//
// A state is the last `memory` symbols, written as a number in base `symbols` whose least
// significant digit is the newest symbol: state = sum_k digit_k symbols^k, digit_k being the symbol
// k steps ago. With R = states / symbols, the predecessors of state c * symbols + d are
// k * R + c for k = 0 ..< symbols, whatever the newest symbol d: one minimum (or sum) over `symbols`
// contiguous rows of length R serves `symbols` states, and the rows are the lanes of a vector.
//
// symbols is 2 or 4, states at most 256. Buffers never overlap. Pointers are untyped: the table
// says which scalar they point at. No multiplication is contracted with an addition, so that every
// variant gives the same bits. Ties go to the lowest state.
#ifndef GRAYBOX_TRELLIS_H
#define GRAYBOX_TRELLIS_H

#include <stddef.h>
#include <stdint.h>

#define GRAYBOX_TRELLIS_MAX_STATES 256
// Path metrics and messages are shifted at every step whose number is a multiple of this, so that
// results do not depend on how time is cut.
#define GRAYBOX_TRELLIS_SHIFT_EVERY 32

typedef struct graybox_trellis {
  int32_t symbols;
  int32_t states;
} graybox_trellis;

typedef struct graybox_trellis_kernels {
  const char *variant;
  size_t scalar_size;

  // costs[t, s] = (observations[t] - means[s])^2 * scale
  void (*squared_costs)(size_t steps, size_t states, const void *observations, const void *means,
                        double scale, void *costs);
  // costs[t, s] = offsets[s] - slopes[s] * observations[t]
  void (*linear_costs)(size_t steps, size_t states, const void *observations, const void *offsets,
                       const void *slopes, void *costs);
  // The first place of a number that is not finite, or n.
  size_t (*first_not_finite)(size_t n, const void *x);

  // metrics [states] goes from before step `first` to after step first + steps - 1;
  // survivors: see graybox_trellis_survivor_bytes. Returns 0 when no finite path is left.
  int (*viterbi)(graybox_trellis trellis, uint64_t first, size_t steps, const void *costs,
                 void *metrics, uint8_t *survivors);
  // The same without survivors; best[t] is the state of least metric after each step.
  int (*viterbi_best)(graybox_trellis trellis, uint64_t first, size_t steps, const void *costs,
                      void *metrics, uint8_t *best);
  // Follows the survivors back from `state` after the last step; estimates[t] = values[newest
  // digit]. Returns the state before the first step.
  int (*trace)(graybox_trellis trellis, size_t steps, const uint8_t *survivors, int state,
               const void *values, void *estimates);
  // estimates[t] = values[oldest digit of best[t]]
  void (*oldest)(graybox_trellis trellis, size_t steps, const uint8_t *best, const void *values,
                 void *estimates);

  // Sum-product messages in the log domain, over the newest memory - 1 symbols (R numbers).
  // forward goes from before step `first` to after the last; messages [steps, R] keeps it after
  // each step, or is NULL.
  void (*forward)(graybox_trellis trellis, uint64_t first, size_t steps, const void *costs,
                  void *forward, void *messages);
  // before: the forward message before step `first`; messages: what `forward` kept; backward goes
  // from after the last step to before step `first`; probabilities [steps, symbols].
  void (*backward)(graybox_trellis trellis, uint64_t first, size_t steps, const void *costs,
                   const void *messages, void *backward, void *probabilities);
  // estimates[t] = values[first of the largest probabilities]
  void (*decide)(size_t steps, size_t symbols, const void *probabilities, const void *values,
                 void *estimates);

  // values[i, s] = sum_j coefficients[c, j, s] t^j, j = 0 ... 5, for the cell c that x[i] lies in and
  // t in [-1, 1] its place there; cell c is the interval of `width` from low + c width. Numbers
  // outside the cells, or in one that is not `smooth`, are left out: their places go to `rest`, how
  // many is returned. low and width are sums of few powers of two, so that t is exact.
  size_t (*piecewise)(size_t n, size_t states, const void *x, double low, double width,
                      size_t cells, const uint8_t *smooth, const void *coefficients, void *values,
                      uint32_t *rest);
} graybox_trellis_kernels;

// One bit plane a binary digit of the surviving oldest symbol, each of ceil(R / 8) bytes.
size_t graybox_trellis_survivor_bytes(graybox_trellis trellis);

// Follows the survivors of all states back from the last step until they meet. Returns how many
// leading steps every survivor shares (0: none) and puts the common state after them in *state.
size_t graybox_trellis_merge(graybox_trellis trellis, size_t steps, const uint8_t *survivors,
                             int *state);

// The variant that the general kernels use; see graybox_kernels.h.
const graybox_trellis_kernels *graybox_trellis_float(void);
const graybox_trellis_kernels *graybox_trellis_double(void);
// index: 0 baseline, 1 v3, 2 v4; NULL where the processor lacks it.
const graybox_trellis_kernels *graybox_trellis_variant_float(int index);
const graybox_trellis_kernels *graybox_trellis_variant_double(int index);

#endif
