internal import Autodiff
public import Tensors

/// Richardson's and Lucy's iteration: the likelihood of Poisson counts rises with every step.
///
/// Equation: `x <- x A'(y / A x) / A'1`, from a flat image; `A` and `y` are not negative. Stopping early
/// regularises.
///
/// - SeeAlso: `richardson1972`, `lucy1974` (keys in `Documentation/References.bib`).
public struct RichardsonLucy<Operator: MeasurementOperator>: Sendable {
  /// The precision.
  public typealias Scalar = Operator.Scalar
  /// `A`.
  public let measurement: Operator
  private let weights: Tensor<Scalar>
  /// Below this a prediction counts as this.
  private static var least: Scalar { Scalar(1e-6) }

  /// The iteration.
  ///
  /// - Parameter measurement: `A`.
  /// - Throws: ``ImageRestorationError/badNumber(name:value:expected:)`` for an operator that takes a
  ///   non-negative image to negative numbers, as far as unit impulses along the diagonal show.
  public init(measurement: Operator) throws(ImageRestorationError) {
    self.measurement = measurement
    let ones = Tensor<Scalar>.ones([1] + measurement.measurementShape)
    weights = measurement.adjoint(of: ones)
    let (height, width) = (measurement.imageShape[0], measurement.imageShape[1])
    var impulses = [Scalar](repeating: 0, count: height * width)
    for place in 0..<min(height, width) { impulses[place * width + place] = 1 }
    let response = measurement.measurements(
      of: Tensor(impulses, shape: [1] + measurement.imageShape)
    )
    let floor = Scalar(-1e-4)
    guard measurement.measurementShape.last != 2 || measurement.measurementShape.count != 2,
      weights.scalars.allSatisfy({ $0 >= floor }), response.scalars.allSatisfy({ $0 >= floor })
    else {
      throw .badNumber(
        name: "the operator",
        value: "negative in places, or complex",
        expected: "numbers that are not negative, as blurs and masks have"
      )
    }
  }

  /// So many iterations from a flat image.
  ///
  /// - Parameters:
  ///   - observations: `y`, `[batch] + measurementShape`; what is negative counts as 0.
  ///   - iterations: how many.
  /// - Returns: `[batch, height, width]`.
  public func restored(_ observations: Tensor<Scalar>, iterations: Int) -> Tensor<Scalar> {
    let counts = maximum(observations, Tensor(0))
    let floor = Tensor(Self.least)
    let total = maximum(weights, floor)
    var x = Tensor<Scalar>.full([counts.shape[0]] + measurement.imageShape, 0.5)
    for _ in 0..<iterations {
      let predicted = maximum(measurement.measurements(of: x), floor)
      // Fourier transforms leave tiny negative numbers.
      x = maximum(x * measurement.adjoint(of: counts / predicted) / total, Tensor(0))
    }
    return x
  }
}
