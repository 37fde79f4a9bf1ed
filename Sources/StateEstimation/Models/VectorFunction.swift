internal import Autodiff
public import Tensors

/// A differentiable map of vectors: how a state moves on, or what is observed of it.
///
/// It comes in two forms. The one on buffers serves filters one step at a time and does not allocate.
/// The one on tensors serves learning: inside a recording a loss differentiates through it.
///
/// A system written as tensor code alone is a ``RecordedFunction``.
///
/// Laws: both forms agree to rounding; the Jacobian is the derivative of the value; the state-dependent
/// matrix times the state is the value.
public protocol VectorFunction<Scalar>: Sendable {
  /// The precision.
  associatedtype Scalar: RealTensorScalar

  /// How many numbers go in.
  var inputs: Int { get }
  /// How many numbers come out.
  var outputs: Int { get }

  /// The value at a point.
  ///
  /// - Parameters:
  ///   - x: `[inputs]`.
  ///   - y: `[outputs]`, written completely; it does not overlap `x`.
  func evaluate(_ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>)

  /// The Jacobian at a point.
  ///
  /// - Parameters:
  ///   - x: `[inputs]`.
  ///   - matrix: `[outputs, inputs]`, row-major, written completely.
  func jacobian(_ x: UnsafePointer<Scalar>, into matrix: UnsafeMutablePointer<Scalar>)

  /// The value and the Jacobian at a point, for functions that compute both cheaper than one after the other.
  ///
  /// - Parameters:
  ///   - x: `[inputs]`.
  ///   - y: `[outputs]`, written completely.
  ///   - matrix: `[outputs, inputs]`, row-major, written completely.
  func linearise(
    _ x: UnsafePointer<Scalar>,
    into y: UnsafeMutablePointer<Scalar>,
    jacobian matrix: UnsafeMutablePointer<Scalar>
  )

  /// A matrix `F(x)` with value `F(x) x`, as some filters use in place of the Jacobian.
  ///
  /// The standard implementation is the Jacobian, which is right for linear maps only.
  ///
  /// - Parameters:
  ///   - x: `[inputs]`.
  ///   - matrix: `[outputs, inputs]`, row-major, written completely.
  func stateDependentMatrix(
    _ x: UnsafePointer<Scalar>,
    into matrix: UnsafeMutablePointer<Scalar>
  )

  /// The values of several points, in operations that a recording differentiates.
  ///
  /// - Parameter x: `[batch, inputs]`.
  /// - Returns: `[batch, outputs]`.
  func applied(to x: Tensor<Scalar>) -> Tensor<Scalar>

  /// The Jacobians at several points, in operations that a recording differentiates.
  ///
  /// The standard implementation takes ``applied(to:)`` and the forward rules of its operations.
  ///
  /// - Parameter x: `[batch, inputs]`.
  /// - Returns: `[batch, outputs, inputs]`.
  func jacobians(at x: Tensor<Scalar>) -> Tensor<Scalar>

  /// The transposed Jacobians at several points times a vector each, in recorded operations.
  ///
  /// The standard implementation multiplies by ``jacobians(at:)``.
  ///
  /// - Parameters:
  ///   - slopes: `[batch, outputs]`.
  ///   - x: `[batch, inputs]`.
  /// - Returns: `J(x)' slopes`, `[batch, inputs]`.
  func pulledBack(_ slopes: Tensor<Scalar>, at x: Tensor<Scalar>) -> Tensor<Scalar>
}

extension VectorFunction {
  /// The Jacobian.
  public func stateDependentMatrix(
    _ x: UnsafePointer<Scalar>,
    into matrix: UnsafeMutablePointer<Scalar>
  ) { jacobian(x, into: matrix) }

  /// One after the other.
  public func linearise(
    _ x: UnsafePointer<Scalar>,
    into y: UnsafeMutablePointer<Scalar>,
    jacobian matrix: UnsafeMutablePointer<Scalar>
  ) {
    evaluate(x, into: y)
    jacobian(x, into: matrix)
  }

  /// The Jacobians by forward rules.
  public func jacobians(at x: Tensor<Scalar>) -> Tensor<Scalar> {
    Autodiff.jacobian(at: x) { applied(to: $0) }
  }

  /// `J(x)' slopes`.
  public func pulledBack(_ slopes: Tensor<Scalar>, at x: Tensor<Scalar>) -> Tensor<Scalar> {
    let rows = slopes.reshaped([slopes.shape[0], 1, outputs])
    return matmul(rows, jacobians(at: x)).reshaped([slopes.shape[0], inputs])
  }
}

extension VectorFunction {
  /// A fixed matrix for each of several points, `[batch, outputs, inputs]`.
  func repeated(_ matrix: Tensor<Scalar>, at x: Tensor<Scalar>) -> Tensor<Scalar> {
    matrix.reshaped([1, outputs, inputs]).broadcast(to: [x.shape[0], outputs, inputs])
  }

  /// Numbers `[batch, m]` as the diagonals of matrices `[batch, m, m]`.
  func diagonal(_ numbers: Tensor<Scalar>) -> Tensor<Scalar> {
    let m = numbers.shape[1]
    let identity = Tensor(Matrix<Scalar>.identity(m).scalars, shape: [1, m, m])
    return numbers.reshaped([numbers.shape[0], m, 1]) * identity
  }
}

/// What is known of the first moments of a system: `x_t = f(x_{t-1}) + e_t`, `y_t = h(x_t) + v_t`.
public struct StateSpaceModel<Transition: VectorFunction, Emission: VectorFunction>: Sendable
where Emission.Scalar == Transition.Scalar {
  /// The precision.
  public typealias Scalar = Transition.Scalar

  /// `f`.
  public let transition: Transition
  /// `h`.
  public let emission: Emission

  /// A model of a transition and an emission that fit each other.
  public init(transition: Transition, emission: Emission) {
    precondition(
      transition.inputs == transition.outputs && emission.inputs == transition.outputs,
      "StateSpaceModel: a transition \(transition.inputs) -> \(transition.outputs)"
        + " and an emission of \(emission.inputs) states"
    )
    self.transition = transition
    self.emission = emission
  }

  /// How many numbers the state has, `m`.
  public var states: Int { transition.outputs }
  /// How many numbers an observation has, `n`.
  public var observed: Int { emission.outputs }
}
