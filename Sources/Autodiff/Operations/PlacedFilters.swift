// Goal: the cost of what is not zero. On one thread: batches of series are cut between trainings and chunks.

internal import CKernels
public import Tensors

/// Series made of filters at places: `x[b, n + k] = sum_c sum_k h[c, k] s[b, c, n]`.
///
/// - Parameters:
///   - codes: `s`, `[batch, channels, places]`; entries that are zero cost nothing.
///   - filters: `h`, `[channels, taps]`.
/// - Returns: `x`, `[batch, places + taps - 1]`.
/// - Complexity: O(taps) an entry that is not zero.
@specialized(where Scalar == Float)
public func placedFilters<Scalar: RealTensorScalar>(
  _ codes: Tensor<Scalar>,
  _ filters: Tensor<Scalar>
) -> Tensor<Scalar> {
  let extents = PlacedExtents("placedFilters", codes: codes.shape, filters: filters.shape)
  return Primitive.binary(
    "placedFilters",
    codes,
    filters,
    shape: [extents.batch, extents.length],
    forward: { s, h, x in
      x.values.clear(count: x.count)
      for item in 0..<extents.batch { extents.place(h.values, s.values, x.values, item) }
    },
    backward: { s, h, x in
      guard let g = x.gradients else { return }
      if let to = s.accumulatedGradient {
        for item in 0..<extents.batch { extents.correlate(h.values, g, to, item, adds: true) }
      }
      if let to = h.accumulatedGradient {
        for item in 0..<extents.batch { extents.gather(s.values, g, to, item) }
      }
    }
  )
}

/// The correlation of series with filters, the adjoint of ``placedFilters(_:_:)``:
/// `s[b, c, n] = sum_k h[c, k] x[b, n + k]`.
///
/// - Parameters:
///   - series: `x`, `[batch, length]`.
///   - filters: `h`, `[channels, taps]`, no longer than the series.
/// - Returns: `s`, `[batch, channels, length - taps + 1]`.
/// - Complexity: O(channels taps) a number. The gradient costs what is not zero in that of the result.
@specialized(where Scalar == Float)
public func correlatedFilters<Scalar: RealTensorScalar>(
  _ series: Tensor<Scalar>,
  _ filters: Tensor<Scalar>
) -> Tensor<Scalar> {
  let extents = PlacedExtents(
    "correlatedFilters",
    series: series.shape,
    filters: filters.shape
  )
  return Primitive.binary(
    "correlatedFilters",
    series,
    filters,
    shape: [extents.batch, extents.channels, extents.places],
    forward: { x, h, s in
      for item in 0..<extents.batch {
        extents.correlate(h.values, x.values, s.values, item, adds: false)
      }
    },
    backward: { x, h, s in
      guard let g = s.gradients else { return }
      if let to = x.accumulatedGradient {
        for item in 0..<extents.batch { extents.place(h.values, g, to, item) }
      }
      if let to = h.accumulatedGradient {
        for item in 0..<extents.batch { extents.gather(g, x.values, to, item) }
      }
    }
  )
}

/// The extents of series made of filters.
private struct PlacedExtents: Sendable {
  let batch: Int
  let channels: Int
  let taps: Int
  let places: Int
  var length: Int { places + taps - 1 }

  init(_ operation: String, codes: [Int], filters: [Int]) {
    precondition(
      codes.count == 3 && filters.count == 2 && codes[1] == filters[0] && filters[1] >= 1
        && codes[2] >= 1,
      "\(operation): codes \(codes) with filters \(filters)"
    )
    (batch, channels, taps, places) = (codes[0], filters[0], filters[1], codes[2])
  }

  init(_ operation: String, series: [Int], filters: [Int]) {
    precondition(
      series.count == 2 && filters.count == 2 && filters[1] >= 1 && series[1] >= filters[1],
      "\(operation): series \(series) with filters \(filters)"
    )
    (batch, channels, taps) = (series[0], filters[0], filters[1])
    places = series[1] - taps + 1
  }

  func place<Scalar: RealTensorScalar>(
    _ filters: UnsafePointer<Scalar>,
    _ codes: UnsafePointer<Scalar>,
    _ series: UnsafeMutablePointer<Scalar>,
    _ item: Int
  ) {
    Scalar.kernels.pointee.place_filters(
      channels,
      taps,
      places,
      filters,
      codes + item * channels * places,
      series + item * length
    )
  }

  func correlate<Scalar: RealTensorScalar>(
    _ filters: UnsafePointer<Scalar>,
    _ series: UnsafePointer<Scalar>,
    _ codes: UnsafeMutablePointer<Scalar>,
    _ item: Int,
    adds: Bool
  ) {
    Scalar.kernels.pointee.correlate(
      channels,
      taps,
      places,
      filters,
      series + item * length,
      adds ? 1 : 0,
      codes + item * channels * places
    )
  }

  func gather<Scalar: RealTensorScalar>(
    _ codes: UnsafePointer<Scalar>,
    _ series: UnsafePointer<Scalar>,
    _ filters: UnsafeMutablePointer<Scalar>,
    _ item: Int
  ) {
    Scalar.kernels.pointee.place_filters_backward(
      channels,
      taps,
      places,
      codes + item * channels * places,
      series + item * length,
      filters
    )
  }
}
