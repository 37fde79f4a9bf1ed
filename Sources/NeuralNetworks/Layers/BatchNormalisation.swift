// Source: `ioffe2015`; momentum, epsilon and Bessel's correction of the running variance as in PyTorch.

public import Autodiff
public import Tensors

/// Batch normalisation over all axes but the last, with running statistics.
///
/// Equation: `y = a(g (x - m) / sqrt(v + e) + b)`. In training mode `m` and `v` are mean and variance of each feature over
/// the batch, and each pass moves the running ones towards them, `r <- (1 - momentum) r + momentum m`; in inference
/// mode they are the running ones, as they are at each pass. Neither mode's result depends on the other's.
///
/// A recording in training mode moves the statistics once when it is made and once at every replay.
public struct BatchNormalisation<Scalar: RealTensorScalar>: Layer {
  /// `g`, starts at one.
  public let scale: Parameter<Scalar>
  /// `b`, starts at zero.
  public let shift: Parameter<Scalar>
  /// The running mean, starts at zero.
  public let mean: PersistentState<Scalar>
  /// The running variance, starts at one.
  public let variance: PersistentState<Scalar>
  /// `e`, keeps constant features finite.
  public let epsilon: Double
  /// How far the running statistics move at each pass.
  public let momentum: Double
  /// `a`: identity, ReLU or leaky ReLU.
  public let activation: Activation

  /// A layer that starts as the plain normalisation.
  ///
  /// - Parameters:
  ///   - features: the extent of the last axis.
  ///   - activation: `a`.
  ///   - momentum: in `0...1`.
  ///   - epsilon: `e > 0`.
  public init(
    _ features: Int,
    activation: Activation = .identity,
    momentum: Double = 0.1,
    epsilon: Double = 1e-5
  ) {
    precondition(
      features >= 1 && epsilon > 0 && 0...1 ~= momentum,
      "BatchNormalisation: \(features) features, momentum \(momentum), epsilon \(epsilon)"
    )
    scale = Parameter(.ones([features]))
    shift = Parameter(.zeros([features]))
    mean = PersistentState(.zeros([features]))
    variance = PersistentState(.ones([features]))
    self.epsilon = epsilon
    self.momentum = momentum
    self.activation = activation
  }

  private init(copying other: BatchNormalisation, in duplication: Duplication<Scalar>) {
    scale = duplication.copy(other.scale)
    shift = duplication.copy(other.shift)
    mean = duplication.copy(other.mean)
    variance = duplication.copy(other.variance)
    epsilon = other.epsilon
    momentum = other.momentum
    activation = other.activation
  }

  /// The normalised input, of the input's shape.
  public func output(of input: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
    batchNormalised(
      input,
      scale: scale.value,
      shift: shift.value,
      statistics: RunningStatistics(mean: mean, variance: variance),
      momentum: mode == .training ? momentum : nil,
      epsilon: epsilon,
      activation: activation
    )
  }

  /// Names `scale`, `shift`, `mean` and `variance`.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.parameter("scale", scale)
    visitor.parameter("shift", shift)
    visitor.state("mean", mean)
    visitor.state("variance", variance)
  }

  /// The same layer with copied parameters and statistics.
  public func duplicated(in duplication: Duplication<Scalar>) -> BatchNormalisation {
    BatchNormalisation(copying: self, in: duplication)
  }
}

/// Two states as a node reads and moves them.
private final class RunningStatistics<Scalar: RealTensorScalar>: FeatureStatistics {
  private let mean: PersistentState<Scalar>
  private let variance: PersistentState<Scalar>

  init(mean: PersistentState<Scalar>, variance: PersistentState<Scalar>) {
    self.mean = mean
    self.variance = variance
  }

  func withStatistics(
    isMoving: Bool,
    _ body: (UnsafeMutablePointer<Scalar>, UnsafeMutablePointer<Scalar>) -> Void
  ) {
    mean.withNumbers(isChanging: isMoving) { means in
      variance.withNumbers(isChanging: isMoving) { variances in body(means, variances) }
    }
  }
}
