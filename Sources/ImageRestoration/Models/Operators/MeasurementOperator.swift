internal import Autodiff
public import Tensors

/// A linear operator `A` from images to measurements: what is known of how images are observed.
///
/// ``measurements(of:)`` and ``adjoint(of:)`` are operations that can be recorded, so that a network
/// around them can be trained.
///
/// Laws, tested for every conformer: `<A x, y> = <x, A' y>`; `|A x| <= normBound |x|`; a solver of weight c
/// inverts `A' A + c I`.
public protocol MeasurementOperator<Scalar>: Sendable {
  /// The precision.
  associatedtype Scalar: RealTensorScalar

  /// `[height, width]`.
  var imageShape: [Int] { get }
  /// The shape of one image's measurements; complex ones have a last axis of real and imaginary part.
  var measurementShape: [Int] { get }
  /// A number that no singular value of `A` exceeds.
  var normBound: Double { get }

  /// `A x` of each image.
  ///
  /// - Parameter images: `[batch, height, width]`.
  /// - Returns: `[batch] + measurementShape`.
  func measurements(of images: Tensor<Scalar>) -> Tensor<Scalar>

  /// `A' y` of each set of measurements.
  ///
  /// - Parameter measurements: `[batch] + measurementShape`.
  /// - Returns: `[batch, height, width]`.
  func adjoint(of measurements: Tensor<Scalar>) -> Tensor<Scalar>

  /// A solver of `(A' A + c I) s = v`, made once and used often.
  ///
  /// - Parameter weight: `c`, above 0.
  /// - Returns: the solver.
  func solver(weight: Double) -> NormalSolver<Scalar>
}

/// Solves `(A' A + c I) s = v`; an operation that can be recorded.
public struct NormalSolver<Scalar: RealTensorScalar>: Sendable {
  /// `c`.
  public let weight: Double
  private let body: @Sendable (Tensor<Scalar>) -> Tensor<Scalar>

  /// A solver that calls the closure.
  public init(
    weight: Double,
    _ body: @escaping @Sendable (Tensor<Scalar>) -> Tensor<Scalar>
  ) {
    precondition(weight > 0 && weight.isFinite, "NormalSolver: weight \(weight) is not above 0")
    self.weight = weight
    self.body = body
  }

  /// `s` of each `v`, both `[batch, height, width]`.
  public func solution(_ right: Tensor<Scalar>) -> Tensor<Scalar> { body(right) }
}

/// How far an operator and its adjoint are from being adjoint.
public enum AdjointTest {
  /// `|<A x, y> - <x, A' y>| / (|A x| |y|)` for random `x` and `y`: a few units of roundoff when `A'` is
  /// the adjoint of `A`.
  ///
  /// - Parameters:
  ///   - measurement: the operator.
  ///   - stream: where `x` and `y` come from.
  /// - Returns: the relative defect; 0 where `A x` is zero.
  public static func defect<Operator: MeasurementOperator>(
    of measurement: Operator,
    from stream: inout RandomStream
  ) -> Double {
    let x: Tensor<Operator.Scalar> = stream.normal([1] + measurement.imageShape)
    let y: Tensor<Operator.Scalar> = stream.normal([1] + measurement.measurementShape)
    let (ax, aty) = (measurement.measurements(of: x), measurement.adjoint(of: y))
    let size = (inner(ax, ax) * inner(y, y)).squareRoot()
    guard size > 0 else { return 0 }
    return (inner(ax, y) - inner(x, aty)).magnitude / size
  }

  /// The inner product, summed in double precision.
  static func inner<Scalar: RealTensorScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Double {
    precondition(a.count == b.count, "AdjointTest: \(a.shape) and \(b.shape)")
    return zip(a.scalars, b.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}
