import Autodiff
import ImageRestoration
import Tensors

/// Small operators of every kind for the tests.
enum OperatorCase: String, CaseIterable, Sendable {
  case identity, dense, tallDense, mask, circularBlur, skewedCircularBlur, reflectiveBlur
  case skewedReflectiveBlur, superResolution, fourier, oddFourier

  /// The operator, with numbers from the seed.
  func made<Scalar: RealTensorScalar>(
    seed: UInt64,
    as scalar: Scalar.Type = Double.self
  ) throws -> any MeasurementOperator<Scalar> {
    var stream = RandomStream(seed: seed).derived(rawValue)
    let gaussian = BlurKernel.gaussian(deviation: 0.6).converted(to: scalar)
    let skewed: Tensor<Scalar> = stream.uniform([3, 5], low: 0, high: 0.2)
    switch self {
    case .identity: return IdentityOperator<Scalar>(height: 5, width: 7)
    case .dense:
      return try DenseOperator<Scalar>
        .gaussian(measurements: 12, height: 5, width: 6, from: &stream)
    case .tallDense:
      return try DenseOperator<Scalar>
        .gaussian(measurements: 40, height: 4, width: 5, from: &stream)
    case .mask:
      return try MaskOperator<Scalar>.random(keeping: 0.5, height: 6, width: 5, from: &stream)
    case .circularBlur: return try CircularBlur(kernel: gaussian, height: 8, width: 9)
    case .skewedCircularBlur: return try CircularBlur(kernel: skewed, height: 7, width: 6)
    case .reflectiveBlur: return try ReflectiveBlur(kernel: gaussian, height: 8, width: 9)
    case .skewedReflectiveBlur: return try ReflectiveBlur(kernel: skewed, height: 5, width: 6)
    case .superResolution:
      return try SuperResolution(kernel: skewed, factor: 2, height: 6, width: 8)
    case .fourier: return try Self.fourier(height: 6, width: 8, &stream)
    case .oddFourier: return try Self.fourier(height: 5, width: 7, &stream)
    }
  }

  private static func fourier<Scalar: RealTensorScalar>(
    height: Int,
    width: Int,
    _ stream: inout RandomStream
  ) throws -> UndersampledFourier<Scalar> {
    let numbers: Tensor<Double> = stream.uniform([height, width])
    let mask = numbers.scalars.map { $0 < 0.5 ? Scalar(1) : 0 }
    return try UndersampledFourier(mask: Tensor(mask, shape: [height, width]))
  }
}

/// `A` as a matrix, `[measurements, pixels]`, from its columns.
func denseMatrix<Operator: MeasurementOperator<Double>>(_ measurement: Operator) -> Tensor<Double> {
  let size = measurement.imageShape.reduce(1, *)
  let units = Tensor(Matrix<Double>.identity(size).scalars, shape: [size] + measurement.imageShape)
  return measurement.measurements(of: units).reshaped([size, -1]).transposed()
}

/// The largest difference of two tensors.
func worst<Scalar: RealTensorScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Double {
  precondition(a.count == b.count)
  return zip(a.scalars, b.scalars).reduce(0) { max($0, Double(($1.0 - $1.1).magnitude)) }
}

/// Random images.
func randomImages(_ shape: [Int], seed: UInt64) -> Tensor<Double> {
  var stream = RandomStream(seed: seed).derived("images")
  return stream.normal(shape)
}
