// The table of vector kernels. One table per scalar (float, double) and per instruction set
// (x86-64-v4, x86-64-v3, baseline; on Arm one), all compiled from the same source.
//
// Pointers are untyped: the table says which scalar they point at. Scalars in arguments travel as
// double and are rounded to the table's scalar once. Buffers never overlap unless a kernel says so.
// "accumulates" means `+=`, everything else overwrites. Sizes are element counts.
#ifndef GRAYBOX_KERNELS_H
#define GRAYBOX_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#define GRAYBOX_MAX_RANK 8
#define GRAYBOX_PERCEPTRON_OUTPUTS 4     // outputs that a perceptron has at most
#define GRAYBOX_PERCEPTRON_WEIGHTS 2048  // and hidden units times outputs
#define GRAYBOX_LEAK 0.01          // slope of the leaky ReLU below zero

typedef enum graybox_unary {
  GRAYBOX_NEGATE, GRAYBOX_EXP, GRAYBOX_LOG, GRAYBOX_SQRT, GRAYBOX_ABS, GRAYBOX_SIN, GRAYBOX_COS,
  GRAYBOX_TANH, GRAYBOX_SIGMOID, GRAYBOX_SOFTPLUS, GRAYBOX_RELU, GRAYBOX_RECIPROCAL,
  GRAYBOX_SQUARE, GRAYBOX_SIGN
} graybox_unary;

typedef enum graybox_binary {
  GRAYBOX_ADD, GRAYBOX_SUBTRACT, GRAYBOX_MULTIPLY, GRAYBOX_DIVIDE, GRAYBOX_POWER,
  GRAYBOX_MINIMUM, GRAYBOX_MAXIMUM, GRAYBOX_SOFT_THRESHOLD,
  // masks: 1 where true, else 0; no gradient
  GRAYBOX_GREATER, GRAYBOX_GREATER_EQUAL, GRAYBOX_LESS, GRAYBOX_LESS_EQUAL, GRAYBOX_EQUAL
} graybox_binary;

typedef enum graybox_activation {
  GRAYBOX_IDENTITY, GRAYBOX_ACT_RELU, GRAYBOX_ACT_SIGMOID, GRAYBOX_ACT_TANH, GRAYBOX_ACT_LEAKY
} graybox_activation;

// Extents and element strides of up to three operands of one broadcast operation, outermost first.
// A stride of 0 repeats. Callers collapse what can be collapsed.
typedef struct graybox_broadcast {
  int32_t rank;
  int64_t extents[GRAYBOX_MAX_RANK];
  int64_t strides_a[GRAYBOX_MAX_RANK];
  int64_t strides_b[GRAYBOX_MAX_RANK];
} graybox_broadcast;

typedef struct graybox_adam_settings {
  double rate, beta1, beta2, epsilon;
  double coupled_decay;    // added to the gradient (Adam with L2 penalty)
  double decoupled_decay;  // AdamW: values shrink by rate * decay
  double correction1, correction2;  // 1 - beta^t
} graybox_adam_settings;

// A hidden layer with ReLU and an output layer: x [rows, inputs], weight [inputs, hidden], bias [hidden],
// output_weight [hidden, outputs], output_bias [outputs].
typedef struct graybox_perceptron {
  size_t rows, inputs, hidden, outputs;
  const void *x, *weight, *bias, *output_weight, *output_bias;
} graybox_perceptron;

typedef struct graybox_perceptron_gradients {
  void *weight, *bias, *output_weight, *output_bias;
} graybox_perceptron_gradients;

// A convolution of [batch, in.., inputs] by [kernel.., inputs, outputs] to [batch, out.., outputs]. The
// axes are depth, height and width, 1 where there are fewer; `before` are zeros in front of each.
typedef struct graybox_convolution {
  size_t batch, inputs, outputs;
  size_t in[3], out[3], kernel[3], stride[3], before[3];
} graybox_convolution;

typedef struct graybox_kernels {
  const char *variant;   // "v4", "v3", "baseline", "neon"
  size_t scalar_size;

  // --- elementwise -----------------------------------------------------------------------------
  void (*fill)(size_t n, double value, void *y);
  void (*scale_shift)(size_t n, const void *x, double scale, double shift, void *y);  // y may be x
  void (*accumulate_scaled)(size_t n, double scale, const void *x, void *y);          // y += scale x
  void (*accumulate_product)(size_t n, const void *a, const void *b, void *y);        // y += a b
  void (*unary)(graybox_unary op, size_t n, const void *x, void *y);                  // y may be x
  // gx += gy * f'(x); x input, y output of the forward pass
  void (*unary_backward)(graybox_unary op, size_t n, const void *x, const void *y,
                         const void *gy, void *gx);
  void (*clamp)(size_t n, const void *x, double low, double high, void *y);
  void (*clamp_backward)(size_t n, const void *x, double low, double high, const void *gy,
                         void *gx);  // gradient 1 inside and on the bounds
  void (*power)(size_t n, const void *x, double exponent, void *y);
  void (*power_backward)(size_t n, const void *x, double exponent, const void *gy, void *gx);

  // y is contiguous in the broadcast extents
  void (*binary)(graybox_binary op, const graybox_broadcast *shape, const void *a, const void *b,
                 void *y);
  // accumulates into ga and gb (either may be NULL), summing over repeated extents.
  // minimum and maximum give the whole gradient to a at ties; soft threshold: b is the threshold.
  void (*binary_backward)(graybox_binary op, const graybox_broadcast *shape, const void *a,
                          const void *b, const void *y, const void *gy, void *ga, void *gb);
  // y = mask != 0 ? a : b, all contiguous
  void (*select)(size_t n, const void *mask, const void *a, const void *b, void *y);
  // ga += mask ? gy : 0; gb += mask ? 0 : gy; either may be NULL
  void (*select_backward)(size_t n, const void *mask, const void *gy, void *ga, void *gb);

  // --- moving ----------------------------------------------------------------------------------
  // y (contiguous in extents) = a read with strides_a (strides_b unused)
  void (*gather_strided)(const graybox_broadcast *shape, const void *a, void *y);
  // a (written with strides_a) += x (contiguous in extents); repeated places sum
  void (*scatter_strided)(const graybox_broadcast *shape, const void *x, void *a);
  // y[i, :] = x[indices[i], :]; indices are whole numbers in the table's scalar
  void (*gather_rows)(size_t count, size_t width, const void *indices, const void *x, void *y);
  void (*scatter_rows)(size_t count, size_t width, const void *indices, const void *gy, void *gx);

  // --- reductions over the middle of [outer, axis, inner] ----------------------------------------
  void (*sum)(size_t outer, size_t axis, size_t inner, const void *x, void *y);
  // gx += scale * gy repeated along axis
  void (*repeat_accumulate)(size_t outer, size_t axis, size_t inner, double scale, const void *gy,
                            void *gx);
  // sign = +1: maximum, -1: minimum; first of equals; position may be NULL
  void (*extremum)(int sign, size_t outer, size_t axis, size_t inner, const void *x, void *y,
                   int32_t *position);
  void (*extremum_backward)(size_t outer, size_t axis, size_t inner, const int32_t *position,
                            const void *gy, void *gx);
  // reverse: from the end; accumulate: add to y instead of overwriting
  void (*cumulative_sum)(size_t outer, size_t axis, size_t inner, int reverse, int accumulate,
                         const void *x, void *y);
  double (*dot)(size_t n, const void *x, const void *y);       // accumulated in double
  double (*sum_squares)(size_t n, const void *x);              // accumulated in double
  int (*all_finite)(size_t n, const void *x);

  // --- rows ------------------------------------------------------------------------------------
  void (*softmax)(size_t rows, size_t columns, const void *x, void *y);  // y may be x
  void (*softmax_backward)(size_t rows, size_t columns, const void *y, const void *gy, void *gx);
  void (*log_softmax)(size_t rows, size_t columns, const void *x, void *y);
  void (*log_softmax_backward)(size_t rows, size_t columns, const void *y, const void *gy,
                               void *gx);
  void (*log_sum_exp)(size_t rows, size_t columns, const void *x, void *y);
  void (*log_sum_exp_backward)(size_t rows, size_t columns, const void *x, const void *y,
                               const void *gy, void *gx);
  // losses[r] = -log softmax(x[r])[labels[r]]; labels are whole numbers in the table's scalar
  void (*cross_entropy)(size_t rows, size_t columns, const void *logits, const void *labels,
                        void *probabilities, void *losses);
  void (*cross_entropy_backward)(size_t rows, size_t columns, const void *probabilities,
                                 const void *labels, const void *gy, void *gx);
  // y = (x - mean) / sqrt(variance + epsilon) along the row; keeps 1/sqrt(...) per row
  void (*normalise)(size_t rows, size_t columns, double epsilon, const void *x, void *y,
                    void *inverse_deviation);
  void (*normalise_backward)(size_t rows, size_t columns, const void *y,
                             const void *inverse_deviation, const void *gy, void *gx);
  // y = x / max(|x|, epsilon) along the row; keeps the factor per row, negative where epsilon was taken
  void (*unit_rows)(size_t rows, size_t columns, double epsilon, const void *x, void *y,
                    void *inverse_length);
  void (*unit_rows_backward)(size_t rows, size_t columns, const void *y,
                             const void *inverse_length, const void *gy, void *gx);
  // mask[r, j] = 1 for the k largest of the row (first of equals), else 0
  void (*top_k_mask)(size_t rows, size_t columns, size_t k, const void *x, void *mask);

  // --- network pieces ----------------------------------------------------------------------------
  void (*bias_activation)(graybox_activation op, size_t rows, size_t columns, const void *bias,
                          void *y);  // in place; bias may be NULL
  // pre = gy * act'(y), overwrites
  void (*activation_backward)(graybox_activation op, size_t n, const void *y, const void *gy,
                              void *pre);
  void (*column_sums)(size_t rows, size_t columns, const void *x, void *y);  // accumulates
  // h = relu(x weight + bias), y = h output_weight + output_bias; h may be NULL
  void (*perceptron)(const graybox_perceptron *layers, void *h, void *y);
  // accumulates into the gradients
  void (*perceptron_backward)(const graybox_perceptron *layers, const void *h, const void *gy,
                              const graybox_perceptron_gradients *gradients);
  // GRU cell (reset gate inside the candidate's recurrent product, gates in the order r, z, n):
  // from_input, from_state: [batch, 3 hidden], biases included; saved: [batch, 4 hidden] = r, z, n,
  // recurrent part of n
  void (*gru_cell)(size_t batch, size_t hidden, const void *from_input, const void *from_state,
                   const void *previous, void *next, void *saved);
  // accumulates into all three gradients (any may be NULL)
  void (*gru_cell_backward)(size_t batch, size_t hidden, const void *previous, const void *saved,
                            const void *g_next, void *g_from_input, void *g_from_state,
                            void *g_previous);
  // the same gradients with those of the parts overwritten; that of the previous state accumulates
  void (*gru_cell_gradients)(size_t batch, size_t hidden, const void *previous, const void *saved,
                             const void *g_next, void *g_from_input, void *g_from_state,
                             void *g_previous);
  // LSTM cell: gates [batch, 4 hidden] in the order i, f, g, o (input and state parts summed,
  // biases included); saved: [batch, 5 hidden] = i, f, g, o, tanh(cell)
  void (*lstm_cell)(size_t batch, size_t hidden, const void *gates, const void *previous_cell,
                    void *cell, void *output, void *saved);
  void (*lstm_cell_backward)(size_t batch, size_t hidden, const void *previous_cell,
                             const void *saved, const void *g_cell, const void *g_output,
                             void *g_gates, void *g_previous_cell);  // accumulates

  // --- networks on graphs ------------------------------------------------------------------------
  // normal = (x - mean) / sqrt(variance + epsilon) by column, y = act(normal scale + shift); act is
  // identity, ReLU or leaky
  void (*batch_normalise)(graybox_activation act, size_t rows, size_t columns, double epsilon,
                          const void *x, const void *scale, const void *shift, const void *mean,
                          const void *variance, void *inverse_deviation, void *normal, void *y);
  // by column: the means of x, or of its squared distances from centres where these are given
  void (*column_means)(size_t rows, size_t columns, const void *x, const void *centres,
                       void *means);
  // by column, with p = gy act'(y): the sums of p and of p normal
  void (*batch_normalise_sums)(graybox_activation act, size_t rows, size_t columns, const void *y,
                               const void *normal, const void *gy, void *sums, void *products);
  // gx = scale inverse_deviation (p - mean - normal product), added where accumulate says so; mean and
  // product are the above over the number of rows, or NULL where the statistics are fixed
  void (*batch_normalise_backward)(graybox_activation act, int accumulate, size_t rows,
                                   size_t columns, const void *y, const void *normal,
                                   const void *inverse_deviation, const void *scale,
                                   const void *gy, const void *mean, const void *product,
                                   void *gx);
  // hidden[k] = leaky(from_source[sources[k]] + from_target[targets[k]] + messages[k] weight), rows of
  // the parts ld apart; messages may be NULL
  void (*edge_hidden)(size_t count, size_t width, const int32_t *sources, const int32_t *targets,
                      const void *from_source, size_t ld_source, const void *from_target,
                      size_t ld_target, const void *messages, size_t message_width,
                      const void *weight, void *hidden);
  // second[k] = leaky(second[k] + bias) in place; sums[targets[k]] += second[k]
  void (*edge_arrive)(size_t count, size_t width, const int32_t *targets, const void *bias,
                      void *second, void *sums);
  // g_second[k] = g_sums[targets[k]] leaky'(second[k])
  void (*edge_arrive_backward)(size_t count, size_t width, const int32_t *targets,
                               const void *second, const void *g_sums, void *g_second);
  // g_hidden[k] *= leaky'(hidden[k]); accumulates into the parts' gradients (either may be NULL)
  void (*edge_hidden_backward)(size_t count, size_t width, const int32_t *sources,
                               const int32_t *targets, const void *hidden, void *g_hidden,
                               void *g_source, size_t ld_source, void *g_target,
                               size_t ld_target);

  // --- matrix product: C = alpha op(A) op(B) + beta C, row-major; plain blocked code ------------
  void (*gemm)(int transpose_a, int transpose_b, size_t m, size_t n, size_t k, double alpha,
               const void *a, size_t lda, const void *b, size_t ldb, double beta, void *c,
               size_t ldc);

  // --- sums of few atoms: codes [rows, atoms] that are mostly zeros, dictionary [atoms, width], signals
  // [rows, width] ---------------------------------------------------------------------------------
  // where codes are not zero, by rows: of row r counts[r] places, ascending, from places[r * atoms] on
  void (*find_places)(size_t rows, size_t atoms, const void *codes, uint32_t *places,
                      uint32_t *counts);
  // the same by atoms, starts [atoms + 1]: of atom j the rows naming[starts[j]] up to naming[starts[j + 1]],
  // ascending, and their numbers in factors
  void (*find_rows)(size_t rows, size_t atoms, const void *codes, const uint32_t *places,
                    const uint32_t *counts, uint32_t *starts, uint32_t *naming, void *factors);
  // signals[r] = beta signals[r] + the sum of codes[r][j] dictionary[j]
  void (*sum_atoms)(size_t rows, size_t atoms, size_t width, const uint32_t *places,
                    const uint32_t *counts, const void *codes, const void *dictionary, double beta,
                    void *signals);
  // atoms [first, first + count): dictionary[j] = beta dictionary[j] + alpha times the sum of codes[r][j] signals[r]
  void (*spread_to_atoms)(size_t width, size_t first, size_t count, const uint32_t *starts,
                          const uint32_t *naming, const void *factors, const void *signals,
                          double alpha, double beta, void *dictionary);
  // g_codes[r][j] += signals[r] . dictionary[j] where the code is not zero, and nowhere else
  void (*project_on_places)(size_t rows, size_t atoms, size_t width, const uint32_t *places,
                            const uint32_t *counts, const void *signals, const void *dictionary,
                            void *g_codes);
  // g_codes[r][j] += values[r][j] where the code is not zero, and nowhere else
  void (*add_on_places)(size_t rows, size_t atoms, const uint32_t *places, const uint32_t *counts,
                        const void *values, void *g_codes);

  // --- convolutions ------------------------------------------------------------------------------
  // rows[i] = what output first + i reads, [kernel.., inputs], zeros outside of the image
  void (*patches)(const graybox_convolution *c, size_t first, size_t count, const void *x,
                  void *rows);
  // adds the rows to where they were read; accumulates
  void (*patches_backward)(const graybox_convolution *c, size_t first, size_t count,
                           const void *rows, void *gx);
  // Winograd's form of kernels of 3 by 3 with stride 1, at least a vector of channels on both sides.
  // Tiles of 4 by 4 outputs are numbered by image, row and column.
  size_t (*winograd_group)(size_t inputs, size_t outputs);    // tiles worked on together
  size_t (*winograd_scratch)(size_t inputs, size_t outputs);  // numbers that a call may write
  // points [36, inputs, outputs] of weight [3, 3, inputs, outputs]; turned: of the adjoint's weight,
  // [36, outputs, inputs]
  void (*winograd_weights)(size_t inputs, size_t outputs, int turned, const void *weight,
                           void *points);
  // accumulates; the adjoint of the above, not turned
  void (*winograd_weights_backward)(size_t inputs, size_t outputs, const void *g_points,
                                    void *g_weight);
  // y = act(x * weight + bias) of some tiles, or y += x * weight; act is identity, ReLU or leaky,
  // bias may be NULL
  void (*winograd)(const graybox_convolution *c, size_t first, size_t count, graybox_activation act,
                   int accumulate, const void *x, const void *points, const void *bias, void *y,
                   void *scratch);
  // accumulates the part of some tiles in the gradient of the weight's points
  void (*winograd_points_backward)(const graybox_convolution *c, size_t first, size_t count,
                                   const void *x, const void *gy, void *g_points, void *scratch);

  // --- series as sums of filters at places ---------------------------------------------------------
  // filters [channels, taps], codes [channels, places], series [places + taps - 1]
  // codes[c, n] = sum_k filters[c, k] series[n + k], or adds it
  void (*correlate)(size_t channels, size_t taps, size_t places, const void *filters,
                    const void *series, int accumulate, void *codes);
  // series[n + k] += filters[c, k] codes[c, n]; codes that are 0 cost nothing
  void (*place_filters)(size_t channels, size_t taps, size_t places, const void *filters,
                        const void *codes, void *series);
  // filters[c, k] += sum_n codes[c, n] series[n + k]; as above
  void (*place_filters_backward)(size_t channels, size_t taps, size_t places, const void *codes,
                                 const void *series, void *filters);

  // --- small dense matrices, in place ------------------------------------------------------------
  // Rows are ld apart, a multiple of 16, aligned, and zero between their end and ld (vectors too).
  // A = U' U of the upper triangle; zeros go below it. Gives n, or the first row whose pivot is not
  // finite and above `least`.
  size_t (*cholesky)(size_t n, size_t ld, double least, void *matrix);
  // x = (U' U)^-1 b; b is overwritten
  void (*cholesky_solve)(size_t n, size_t ld, const void *factor, void *b, void *x);
  void (*cholesky_inverse)(size_t n, size_t ld, const void *factor, void *inverse);  // U^-1
  // Householder's Q R of a matrix whose n columns, m long, are the rows here. After it row j holds
  // column j of R without the signs of its rows, reflections the directions, and order which column
  // it was. ordering: 0 as they are, -1 the least energy left first, 1 the most.
  void (*reflect_columns)(int ordering, size_t n, size_t m, size_t ld, void *matrix,
                          void *reflections, int32_t *order);
  // Q' z in place, with the same signs missing
  void (*reflect_vector)(size_t n, size_t m, size_t ld, const void *reflections, void *z);

  // --- means and covariances of Gaussian filters, a few rows, without padding --------------------
  // L [n, n] with A = L L'; a pivot at or below `relative` times its diagonal entry counts as zero and
  // gives a zero column. Gives the positive pivots, or n + 1 where one is not finite.
  size_t (*moments_factor)(size_t n, double relative, const void *matrix, void *factor);
  // cross = P F', predicted = F P F' + Q; all [m, m]
  void (*moments_predict)(size_t m, const void *f, const void *p, const void *q, void *cross,
                          void *predicted);
  // cross [m, n] = P H', s [n, n] = H P H' + R
  void (*moments_observe)(size_t m, size_t n, const void *h, const void *p, const void *r,
                          void *cross, void *s);
  // gain [m, n] = cross S^-1; consistency: dy' S^-1 dy and log det S; factor has room for n (n + 1).
  // Gives 0 when S is not positive definite.
  int (*moments_gain)(size_t m, size_t n, const void *cross, const void *s, const void *innovation,
                      void *gain, void *factor, double *consistency);
  // Joseph's form: corrected = (I - K H) P (I - K H)' + K R K'; work has room for
  // m m + m max(m, n)
  void (*moments_correct)(size_t m, size_t n, const void *h, const void *r, const void *gain,
                          const void *predicted, void *corrected, void *work);
  // One step back of a smoother: mean and covariance, filtered, become smoothed; work has room for
  // 4 m m. Gives 0 when the predicted covariance is not finite.
  int (*moments_smooth)(size_t m, double relative, const void *cross, const void *predicted,
                        const void *predicted_mean, const void *later_mean, const void *later,
                        void *mean, void *covariance, void *work);
  // to [m, n] += sum of w_i (x_i - x_mean)(y_i - y_mean)' over the rows of x [count, m], y [count, n]
  void (*moments_cross)(size_t count, size_t m, size_t n, const void *weights, const void *x,
                        const void *x_mean, const void *y, const void *y_mean, void *to);

  // --- optimisers --------------------------------------------------------------------------------
  void (*adam)(size_t n, const graybox_adam_settings *settings, const void *gradient, void *values,
               void *first_moment, void *second_moment);
  void (*momentum)(size_t n, double rate, double momentum, int nesterov, double decay,
                   const void *gradient, void *values, void *velocity);
  void (*clip_values)(size_t n, double limit, void *x);  // to [-limit, limit], in place
} graybox_kernels;

// The tables in use: the best the processor has, or what GRAYBOX_KERNELS=v4|v3|baseline names.
// A name the processor cannot run is refused: the tables are then the best and
// graybox_kernels_refused() is non-zero.
const graybox_kernels *graybox_kernels_float(void);
const graybox_kernels *graybox_kernels_double(void);
int graybox_kernels_refused(void);

// Every variant compiled in, for tests and benchmarks; NULL where the processor lacks it.
// index: 0 baseline, 1 v3, 2 v4.
const graybox_kernels *graybox_kernels_variant_float(int index);
const graybox_kernels *graybox_kernels_variant_double(int index);

#endif
