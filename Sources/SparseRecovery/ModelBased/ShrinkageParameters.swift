public import Autodiff
public import Hybridization
public import NeuralNetworks
public import Tensors

/// What one shrinkage step is told: how far, through which matrix, and how much to shrink.
public struct ShrinkageParameters<Scalar: RealTensorScalar>: StepParameters {
  /// The groups that are learned or left together.
  public enum Group: String, Hashable, Sendable, CaseIterable {
    /// `mu`.
    case stepSizes
    /// `theta`.
    case thresholds
    /// `W'`.
    case matrices
  }

  /// `mu`, `[]`.
  public let stepSize: Parameter<Scalar>
  /// `theta`, `[]` or `[n]`; its magnitude is used.
  public let threshold: Parameter<Scalar>
  /// `W'`, `[n, m]`: a row is what the residual is correlated with for one unknown.
  public let matrix: Parameter<Scalar>

  /// Parameters at the given values.
  public init(stepSize: Tensor<Scalar>, threshold: Tensor<Scalar>, matrix: Tensor<Scalar>) {
    self.init(
      stepSize: Parameter(stepSize),
      threshold: Parameter(threshold),
      matrix: Parameter(matrix)
    )
  }

  private init(
    stepSize: Parameter<Scalar>,
    threshold: Parameter<Scalar>,
    matrix: Parameter<Scalar>
  ) {
    self.stepSize = stepSize
    self.threshold = threshold
    self.matrix = matrix
  }

  /// The parameters of a group.
  public func members(of group: Group) -> [Parameter<Scalar>] {
    switch group {
    case .stepSizes: [stepSize]
    case .thresholds: [threshold]
    case .matrices: [matrix]
    }
  }

  /// Names `step_size`, `threshold` and `matrix`.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.parameter("step_size", stepSize)
    visitor.parameter("threshold", threshold)
    visitor.parameter("matrix", matrix)
  }

  /// The same with parameters of its own.
  public func duplicated(in duplication: Duplication<Scalar>) -> ShrinkageParameters {
    ShrinkageParameters(
      stepSize: duplication.copy(stepSize),
      threshold: duplication.copy(threshold),
      matrix: duplication.copy(matrix)
    )
  }
}
