internal import Autodiff
public import Tensors

/// A pendulum of angle and angular velocity, one Euler step that keeps its energy bounded.
///
/// `omega' = omega - dt g/l sin(theta)`, `theta' = theta + dt omega'`; in radians, metres and seconds.
public struct PendulumTransition<Scalar: RealTensorScalar>: VectorFunction {
  /// `dt`, in seconds.
  public let timeStep: Scalar
  /// `g / l`, in radians per square second.
  public let stiffness: Scalar

  /// A pendulum.
  public init(timeStep: Scalar = 0.02, stiffness: Scalar = 9.81) {
    self.timeStep = timeStep
    self.stiffness = stiffness
  }

  /// Angle and angular velocity.
  public var inputs: Int { 2 }
  /// Angle and angular velocity.
  public var outputs: Int { 2 }

  /// One step.
  public func evaluate(_ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>) {
    let velocity = x[1] - timeStep * stiffness * Scalar(sine(Double(x[0])))
    y[0] = x[0] + timeStep * velocity
    y[1] = velocity
  }

  /// The derivative of one step.
  public func jacobian(_ x: UnsafePointer<Scalar>, into matrix: UnsafeMutablePointer<Scalar>) {
    fill(matrix, pull: timeStep * stiffness * Scalar(cosine(Double(x[0]))))
  }

  /// The step with `sin(theta) / theta` in place of the cosine.
  public func stateDependentMatrix(
    _ x: UnsafePointer<Scalar>,
    into matrix: UnsafeMutablePointer<Scalar>
  ) {
    let ratio = x[0] == 0 ? 1 : Scalar(sine(Double(x[0]))) / x[0]
    fill(matrix, pull: timeStep * stiffness * ratio)
  }

  private func fill(_ matrix: UnsafeMutablePointer<Scalar>, pull: Scalar) {
    matrix[0] = 1 - timeStep * pull
    matrix[1] = timeStep
    matrix[2] = -pull
    matrix[3] = 1
  }

  /// One step.
  public func applied(to x: Tensor<Scalar>) -> Tensor<Scalar> {
    let angle = x.sliced(axis: 1, 0..<1)
    let velocity = x.sliced(axis: 1, 1..<2) - sin(angle) * (timeStep * stiffness)
    return concatenated([angle + velocity * timeStep, velocity], axis: 1)
  }

  /// The derivative of one step.
  public func jacobians(at x: Tensor<Scalar>) -> Tensor<Scalar> {
    let pull = cos(x.sliced(axis: 1, 0..<1)) * (timeStep * stiffness)
    let constant = repeated(Tensor([1, timeStep, 0, 1], shape: [2, 2]), at: x)
    let share = Tensor<Scalar>([timeStep, 0, 1, 0], shape: [1, 2, 2])
    return constant - pull.reshaped([x.shape[0], 1, 1]) * share
  }
}
