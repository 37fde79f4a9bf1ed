public import Autodiff
public import Hybridization
public import NeuralNetworks
public import Tensors

/// What one step of a restoration algorithm is told.
public struct RestorationParameters<Scalar: RealTensorScalar>: StepParameters {
  /// The groups that are learned or left together.
  public enum Group: String, Hashable, Sendable, CaseIterable {
    /// How far a step goes.
    case stepSizes
    /// What the prior is told.
    case strengths
  }

  /// `mu`, `[]`.
  public let stepSize: Parameter<Scalar>
  /// The prior's strength, `[]`; its magnitude is used.
  public let strength: Parameter<Scalar>

  /// Parameters at the given values.
  public init(stepSize: Double, strength: Double) {
    self.init(
      stepSize: Parameter(Tensor(Scalar(stepSize))),
      strength: Parameter(Tensor(Scalar(strength)))
    )
  }

  private init(stepSize: Parameter<Scalar>, strength: Parameter<Scalar>) {
    self.stepSize = stepSize
    self.strength = strength
  }

  /// The parameters of a group.
  public func members(of group: Group) -> [Parameter<Scalar>] {
    switch group {
    case .stepSizes: [stepSize]
    case .strengths: [strength]
    }
  }

  /// Names `step_size` and `strength`.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.parameter("step_size", stepSize)
    visitor.parameter("strength", strength)
  }

  /// The same with parameters of its own.
  public func duplicated(in duplication: Duplication<Scalar>) -> RestorationParameters {
    RestorationParameters(
      stepSize: duplication.copy(stepSize),
      strength: duplication.copy(strength)
    )
  }
}

/// The restoration problem `min_x |A x - y|^2 / 2 + lambda phi(x)`: its value.
public enum RestorationObjective {
  /// The value of each image.
  ///
  /// - Parameters:
  ///   - images: `x`, `[batch, height, width]`.
  ///   - observations: `y`, `[batch] + measurementShape`.
  ///   - measurement: `A`.
  ///   - prior: `phi`.
  ///   - penalty: `lambda`.
  /// - Returns: one number an image.
  public static func values<Operator: MeasurementOperator, P: EvaluablePrior>(
    of images: Tensor<Operator.Scalar>,
    observations: Tensor<Operator.Scalar>,
    measurement: Operator,
    prior: P,
    penalty: Double
  ) -> [Double] where P.Scalar == Operator.Scalar {
    let misfit = ImageRows.values(measurement.measurements(of: images) - observations) { row in
      row.reduce(0) { $0 + Double($1) * Double($1) } / 2
    }
    return zip(misfit, prior.values(of: images)).map { $0 + penalty * $1 }
  }
}
