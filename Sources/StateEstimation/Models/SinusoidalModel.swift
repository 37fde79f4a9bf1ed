internal import Autodiff
public import Tensors

/// The sinusoidal transition, entry by entry: `f(x) = alpha sin(beta x + phi) + delta`.
///
/// - SeeAlso: `revach2022kalmannet`.
public struct SinusoidalTransition<Scalar: RealTensorScalar>: VectorFunction {
  /// `m`.
  public let inputs: Int
  /// `alpha`.
  public let amplitude: Scalar
  /// `beta`.
  public let frequency: Scalar
  /// `phi`, in radians.
  public let phase: Scalar
  /// `delta`.
  public let offset: Scalar

  /// A transition of so many independent entries.
  public init(
    states: Int,
    amplitude: Scalar = 0.9,
    frequency: Scalar = 1.1,
    phase: Scalar = 0.1 * .pi,
    offset: Scalar = 0.01
  ) {
    inputs = states
    self.amplitude = amplitude
    self.frequency = frequency
    self.phase = phase
    self.offset = offset
  }

  /// `m`.
  public var outputs: Int { inputs }

  /// `alpha sin(beta x + phi) + delta`.
  public func evaluate(_ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>) {
    for i in 0..<inputs {
      y[i] = amplitude * Scalar(sine(Double(frequency * x[i] + phase))) + offset
    }
  }

  /// Diagonal: `alpha beta cos(beta x + phi)`.
  public func jacobian(_ x: UnsafePointer<Scalar>, into matrix: UnsafeMutablePointer<Scalar>) {
    matrix.clear(count: inputs * inputs)
    for i in 0..<inputs {
      let slope = Scalar(cosine(Double(frequency * x[i] + phase)))
      matrix[i * inputs + i] = amplitude * frequency * slope
    }
  }

  /// Diagonal: the value over the entry, or the slope at zero.
  public func stateDependentMatrix(
    _ x: UnsafePointer<Scalar>,
    into matrix: UnsafeMutablePointer<Scalar>
  ) {
    jacobian(x, into: matrix)
    for i in 0..<inputs where x[i] != 0 {
      let value = amplitude * Scalar(sine(Double(frequency * x[i] + phase))) + offset
      matrix[i * inputs + i] = value / x[i]
    }
  }

  /// `alpha sin(beta x + phi) + delta`.
  public func applied(to x: Tensor<Scalar>) -> Tensor<Scalar> {
    sin(x * frequency + phase) * amplitude + offset
  }

  /// Diagonal: `alpha beta cos(beta x + phi)`.
  public func jacobians(at x: Tensor<Scalar>) -> Tensor<Scalar> {
    diagonal(cos(x * frequency + phase) * (amplitude * frequency))
  }
}

/// The quadratic emission, entry by entry: `h(x) = a (b x + c)^2`.
///
/// - SeeAlso: `revach2022kalmannet`.
public struct QuadraticEmission<Scalar: RealTensorScalar>: VectorFunction {
  /// `m`.
  public let inputs: Int
  /// `a`.
  public let scale: Scalar
  /// `b`.
  public let slope: Scalar
  /// `c`.
  public let offset: Scalar

  /// An emission of so many independent entries.
  public init(states: Int, scale: Scalar = 1, slope: Scalar = 1, offset: Scalar = 0) {
    inputs = states
    self.scale = scale
    self.slope = slope
    self.offset = offset
  }

  /// `n = m`.
  public var outputs: Int { inputs }

  /// `a (b x + c)^2`.
  public func evaluate(_ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>) {
    for i in 0..<inputs {
      let root = slope * x[i] + offset
      y[i] = scale * root * root
    }
  }

  /// Diagonal: `2 a b (b x + c)`.
  public func jacobian(_ x: UnsafePointer<Scalar>, into matrix: UnsafeMutablePointer<Scalar>) {
    matrix.clear(count: inputs * inputs)
    for i in 0..<inputs {
      matrix[i * inputs + i] = 2 * scale * slope * (slope * x[i] + offset)
    }
  }

  /// `a (b x + c)^2`.
  public func applied(to x: Tensor<Scalar>) -> Tensor<Scalar> {
    square(x * slope + offset) * scale
  }

  /// Diagonal: `2 a b (b x + c)`.
  public func jacobians(at x: Tensor<Scalar>) -> Tensor<Scalar> {
    diagonal((x * slope + offset) * (2 * scale * slope))
  }
}
