internal import Autodiff
internal import Tensors

/// Where filters are placed: at every sample of series, or on a grid of places of images.
public enum FilterPlacement: Sendable, Hashable {
  /// Codes `[batch, channels, length - taps + 1]` of series `[batch, length]`.
  case series
  /// Codes `[batch, rows, columns, channels]` of images `[batch, height, width]`, filters being squares of so many
  /// pixels a side, row after row, so many pixels apart.
  case images(side: Int, stride: Int)

  /// The sum of filters at places, `H s`.
  ///
  /// - Parameters:
  ///   - codes: `s`.
  ///   - filters: `h`, `[channels, taps]`.
  ///   - shape: of the observations.
  /// - Returns: of that shape.
  func placed<Scalar: RealTensorScalar>(
    _ codes: Tensor<Scalar>,
    _ filters: Tensor<Scalar>,
    shape: [Int]
  ) -> Tensor<Scalar> {
    switch self {
    case .series: placedFilters(codes, filters)
    case .images(let side, let stride):
      transposedConvolution(
        codes,
        Self.kernels(filters, side: side),
        strides: [stride, stride],
        extents: Array(shape.dropFirst())
      ).reshaped(shape)
    }
  }

  /// The correlation with all filters at all places, `H' x`.
  func correlated<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>, _ filters: Tensor<Scalar>)
    -> Tensor<Scalar>
  {
    switch self {
    case .series: correlatedFilters(x, filters)
    case .images(let side, let stride):
      convolution(
        x.reshaped(x.shape + [1]),
        Self.kernels(filters, side: side),
        strides: [stride, stride]
      )
    }
  }

  /// The shape of the codes of observations.
  func codeShape(_ observations: [Int], filters: [Int]) -> [Int] {
    switch self {
    case .series: return [observations[0], filters[0], observations[1] - filters[1] + 1]
    case .images(let side, let stride):
      precondition(
        observations.count == 3 && side * side == filters[1],
        "FilterPlacement: images \(observations) with filters \(filters) of side \(side)"
      )
      return [observations[0]] + observations.dropFirst().map { ($0 - side) / stride + 1 }
        + [filters[0]]
    }
  }

  /// The shape of one number a channel, such that it goes with codes.
  func channelShape(_ channels: Int) -> [Int] {
    self == .series ? [channels, 1] : [channels]
  }

  private static func kernels<Scalar: RealTensorScalar>(_ filters: Tensor<Scalar>, side: Int)
    -> Tensor<Scalar>
  {
    filters.transposed().reshaped([side, side, 1, filters.shape[0]])
  }
}
