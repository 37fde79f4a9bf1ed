public import Tensors

/// The law that a layer's weights are drawn from.
///
/// Source: `glorot2010`, `he2015` (keys in `Documentation/References.bib`). With `in` inputs and `out`
/// outputs of one unit:
public enum Initialisation: Sendable, Equatable {
  /// Uniform in `±sqrt(6 / (in + out))`: keeps variances with sigmoid and tanh.
  case glorotUniform
  /// Normal with variance `2 / (in + out)`.
  case glorotNormal
  /// Uniform in `±sqrt(6 / in)`: keeps variances with ReLU.
  case heUniform
  /// Normal with variance `2 / in`.
  case heNormal
  /// Uniform in `±1 / sqrt(in)`.
  case fanIn
  /// Uniform in `±bound`.
  case uniform(bound: Double)
  /// Normal with the given standard deviation.
  case normal(deviation: Double)
  /// All zero.
  case zeros

  /// Draws an array.
  ///
  /// - Parameters:
  ///   - shape: its extents.
  ///   - inputs: `in`, how many numbers feed one unit.
  ///   - outputs: `out`, how many units one number feeds.
  ///   - stream: what is drawn from.
  /// - Returns: the array.
  public func drawn<Scalar: RealTensorScalar>(
    _ shape: [Int],
    inputs: Int,
    outputs: Int,
    from stream: inout RandomStream
  ) -> Tensor<Scalar> {
    let fanIn = Double(max(inputs, 1))
    let both = Double(max(inputs + outputs, 1))
    switch self {
    case .glorotUniform: return Self.uniform(shape, (6 / both).squareRoot(), &stream)
    case .glorotNormal: return Self.normal(shape, (2 / both).squareRoot(), &stream)
    case .heUniform: return Self.uniform(shape, (6 / fanIn).squareRoot(), &stream)
    case .heNormal: return Self.normal(shape, (2 / fanIn).squareRoot(), &stream)
    case .fanIn: return Self.uniform(shape, (1 / fanIn).squareRoot(), &stream)
    case .uniform(let bound): return Self.uniform(shape, bound, &stream)
    case .normal(let deviation): return Self.normal(shape, deviation, &stream)
    case .zeros: return .zeros(shape)
    }
  }

  private static func uniform<Scalar: RealTensorScalar>(
    _ shape: [Int],
    _ bound: Double,
    _ stream: inout RandomStream
  ) -> Tensor<Scalar> {
    stream.uniform(shape, low: Scalar(-bound), high: Scalar(bound))
  }

  private static func normal<Scalar: RealTensorScalar>(
    _ shape: [Int],
    _ deviation: Double,
    _ stream: inout RandomStream
  ) -> Tensor<Scalar> {
    let standard: Tensor<Scalar> = stream.normal(shape)
    let factor = Scalar(deviation)
    return Tensor(shape: shape) { target in
      standard.withScalars { source in
        for i in 0..<source.count { target[i] = factor * source[i] }
      }
    }
  }
}
