public import Autodiff
public import Tensors

// Every loss is a mean over all numbers (or rows) that count. With `weights` it is the weighted mean
// sum(w l) / sum(w): a mask of zeros and ones leaves padded samples out, class or sample weights take
// the same place. Weights whose sum is zero give a NaN, which the training loop reports.

/// Mean squared error: the mean of `(p - t)^2`.
///
/// - Parameters:
///   - prediction: `p`, `[batch, ...]`.
///   - target: `t`, of the same shape.
///   - weights: the leading axes of `p`, such as `[batch]` or a mask `[batch, time]`.
/// - Returns: a single number.
public func meanSquaredError<Scalar: RealTensorScalar>(
  _ prediction: Tensor<Scalar>,
  _ target: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil
) -> Tensor<Scalar> {
  requireSameShape("meanSquaredError", prediction, target)
  guard weights != nil else {
    return squaredDistance(prediction, target) * (1 / Scalar(prediction.count))
  }
  return weightedMean(square(prediction - target), weights)
}

/// Mean absolute error: the mean of `|p - t|`.
///
/// Shapes as for ``meanSquaredError(_:_:weights:)``.
public func absoluteError<Scalar: RealTensorScalar>(
  _ prediction: Tensor<Scalar>,
  _ target: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil
) -> Tensor<Scalar> {
  requireSameShape("absoluteError", prediction, target)
  return weightedMean(abs(prediction - target), weights)
}

/// Huber's loss: the mean of `d^2 / 2` where `|d| <= threshold`, else `threshold (|d| - threshold / 2)`.
///
/// `d = p - t`; shapes as for ``meanSquaredError(_:_:weights:)``. Computed without a branch as
/// `c (|d| - c / 2)` with `c = min(|d|, threshold)`. Source: `huber1964`.
public func huber<Scalar: RealTensorScalar>(
  _ prediction: Tensor<Scalar>,
  _ target: Tensor<Scalar>,
  threshold: Scalar = 1,
  weights: Tensor<Scalar>? = nil
) -> Tensor<Scalar> {
  requireSameShape("huber", prediction, target)
  precondition(threshold > 0, "huber: threshold \(threshold) must be positive")
  let distance = abs(prediction - target)
  let capped = minimum(distance, Tensor<Scalar>(threshold))
  return weightedMean(capped * (distance - capped * 0.5), weights)
}

/// Mean cross-entropy of classes: the mean of `-log softmax(z)[label]`, in nats.
///
/// - Parameters:
///   - logits: `z`, `[..., classes]`.
///   - labels: `[...]`, whole numbers `0..<classes`.
///   - weights: `[...]`, a mask or sample weights.
/// - Returns: a single number.
public func crossEntropy<Scalar: RealTensorScalar>(
  _ logits: Tensor<Scalar>,
  _ labels: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil
) -> Tensor<Scalar> {
  precondition(
    Array(logits.shape.dropLast()) == labels.shape && logits.rank >= 1,
    "crossEntropy: logits \(logits.shape) and labels \(labels.shape) do not fit"
  )
  let classes = logits.shape[logits.rank - 1]
  let rows = labels.count
  let losses = softmaxCrossEntropy(logits.reshaped([rows, classes]), labels.reshaped([rows]))
  if let weights {
    precondition(
      weights.shape == labels.shape,
      "crossEntropy: weights \(weights.shape) for labels \(labels.shape)"
    )
  }
  return weightedMean(losses, weights?.reshaped([rows]))
}

/// Mean binary cross-entropy from logits: the mean of `softplus(z) - t z`, in nats.
///
/// Equals `-t log s - (1 - t) log(1 - s)` with `s = sigmoid(z)`, without overflow.
///
/// - Parameters:
///   - logits: `z`, any shape.
///   - targets: `t` in 0...1, of the same shape.
///   - weights: the leading axes of `z`.
/// - Returns: a single number.
public func binaryCrossEntropy<Scalar: RealTensorScalar>(
  _ logits: Tensor<Scalar>,
  _ targets: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil
) -> Tensor<Scalar> {
  requireSameShape("binaryCrossEntropy", logits, targets)
  return weightedMean(softplus(logits) - targets * logits, weights)
}

/// A penalty on large parameters: `strength` times the sum of their squares.
///
/// The same as a coupled decay of `2 strength` in plain gradient descent, but part of the loss.
public func squaredNormPenalty<Scalar: RealTensorScalar>(
  _ parameters: [Parameter<Scalar>],
  strength: Scalar
) -> Tensor<Scalar> {
  var total = Tensor<Scalar>(0)
  for parameter in parameters { total = total + square(parameter.value).sum() }
  return total * strength
}

/// The mean of the losses, each counted with its weight.
///
/// - Parameters:
///   - losses: `[batch, ...]`.
///   - weights: their leading axes; nil for the plain mean.
/// - Returns: `sum(w l) / sum(w)` over all numbers, a weight being repeated over the axes it lacks.
public func weightedMean<Scalar: RealTensorScalar>(
  _ losses: Tensor<Scalar>,
  _ weights: Tensor<Scalar>?
) -> Tensor<Scalar> {
  guard let weights else { return losses.mean() }
  precondition(
    weights.rank <= losses.rank && weights.shape == Array(losses.shape.prefix(weights.rank)),
    "weightedMean: weights \(weights.shape) are not the leading axes of losses \(losses.shape)"
  )
  let trailing = losses.rank - weights.rank
  let aligned = weights.reshaped(weights.shape + Array(repeating: 1, count: trailing))
  let repeats = weights.count == 0 ? 1 : losses.count / weights.count
  return (losses * aligned).sum() / (weights.sum() * Scalar(repeats))
}

private func requireSameShape<Scalar: RealTensorScalar>(
  _ name: String,
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>
) {
  precondition(a.shape == b.shape, "\(name): shapes \(a.shape) and \(b.shape) differ")
}
