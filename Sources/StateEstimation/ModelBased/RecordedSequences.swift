internal import Autodiff
public import Tensors

/// Sequences side by side as filters in recorded operations read them.
public struct RecordedSequences<Scalar: RealTensorScalar> {
  /// `[batch, time, n]`; where one is missing any finite number.
  public var observations: Tensor<Scalar>
  /// The means of the states before the first observations, `[batch, m]`.
  public var mean: Tensor<Scalar>
  /// 1 where an observation is there, else 0, `[batch, time, n]`; nil for all there.
  public var mask: Tensor<Scalar>?
  /// What controls add to the predicted states, `[batch, time, m]`; nil for nothing.
  public var inputs: Tensor<Scalar>?
  /// 1 where a step is inside its sequence and 0 behind its end, `[batch, time, 1]`; nil where all are equally long.
  public var inside: Tensor<Scalar>?
  /// No gradient flows from a segment of so many steps into the one before; nil for none cut.
  public var segment: Int?

  /// Sequences of equal length without controls.
  public init(_ observations: Tensor<Scalar>, mean: Tensor<Scalar>, mask: Tensor<Scalar>? = nil) {
    self.observations = observations
    self.mean = mean
    self.mask = mask
  }

  /// How many sequences there are.
  public var batch: Int { observations.shape[0] }
  /// How many steps the longest has.
  public var time: Int { observations.shape[1] }

  /// `y_t`, `[batch, n]`.
  public func observation(_ t: Int) -> Tensor<Scalar> { at(t, observations) }
  /// Which of its entries are there, `[batch, n]`.
  public func mask(_ t: Int) -> Tensor<Scalar>? { mask.map { at(t, $0) } }
  /// What controls add to `x_{t|t-1}`, `[batch, m]`.
  public func input(_ t: Int) -> Tensor<Scalar>? { inputs.map { at(t, $0) } }
  /// Which sequences have a step `t`, `[batch, 1]`.
  public func inside(_ t: Int) -> Tensor<Scalar>? { inside.map { at(t, $0) } }

  /// Whether a segment begins at step `t` behind another.
  public func isBoundary(_ t: Int) -> Bool { t > 0 && (segment.map { t % $0 == 0 } ?? false) }

  private func at(_ t: Int, _ tensor: Tensor<Scalar>) -> Tensor<Scalar> {
    tensor.sliced(axis: 1, t..<(t + 1)).reshaped([batch, tensor.shape[2]])
  }
}
