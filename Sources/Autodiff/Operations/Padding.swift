internal import CKernels
public import Tensors

/// What an image continues with beyond its edges.
public enum PaddingMode: String, Sendable, Hashable, CaseIterable, Codable {
  /// Zeros.
  case zeros
  /// The image again, as if it were rolled up.
  case circular
  /// Its mirror image about the outermost pixels, which are not repeated.
  case reflective
  /// Its mirror image about the edges, so that the outermost pixels come twice.
  case symmetric

  /// The place along an axis that a place outside stands for; nil where it is zero.
  func source(of place: Int, extent: Int) -> Int? {
    if (0..<extent).contains(place) { return place }
    switch self {
    case .zeros: return nil
    case .circular: return (place % extent + extent) % extent
    case .reflective: return place < 0 ? -place : 2 * extent - 2 - place
    case .symmetric: return place < 0 ? -place - 1 : 2 * extent - 1 - place
    }
  }
}

/// Images with more pixels around them, along every axis between the first and the last.
///
/// - Parameters:
///   - x: `[batch, extents.., channels]`.
///   - widths: pixels in front and behind, one pair an axis; but for zeros at most the extent, for reflections about
///     the outermost pixels one less.
///   - mode: what they are.
/// - Returns: `[batch, extents.., channels]`, the extents wider by the pairs' sums.
@specialized(where Scalar == Float)
public func padded<Scalar: RealTensorScalar>(
  _ x: Tensor<Scalar>,
  by widths: [(before: Int, after: Int)],
  mode: PaddingMode
) -> Tensor<Scalar> {
  let axes = x.rank - 2
  precondition(
    axes >= 1 && widths.count == axes,
    "padded: \(widths.count) pairs of widths for an input \(x.shape)"
  )
  let extents = Array(x.shape[1...axes])
  for (extent, width) in zip(extents, widths) {
    let most = mode == .zeros ? Int.max : mode == .reflective ? extent - 1 : extent
    precondition(
      width.before >= 0 && width.after >= 0 && max(width.before, width.after) <= most,
      "padded: widths \(width) of an extent of \(extent), \(mode.rawValue)"
    )
  }
  let wide = zip(extents, widths).map { $0 + $1.before + $1.after }
  let channels = x.shape[axes + 1]
  let runs = paddingRuns(extents, widths, wide, mode)
  let sizes = (from: extents.reduce(channels, *), to: wide.reduce(channels, *))
  let batch = x.shape[0]
  return Primitive.unary(
    "padded",
    x,
    shape: [batch] + wide + [channels],
    forward: { x, y in
      if mode == .zeros { y.values.clear(count: y.count) }
      for image in 0..<batch {
        let (from, to) = (x.values + image * sizes.from, y.values + image * sizes.to)
        for run in runs {
          (to + run.to * channels).update(
            from: from + run.from * channels,
            count: run.count * channels
          )
        }
      }
    },
    backward: { x, y in
      guard let gy = y.gradients, let gx = x.accumulatedGradient else { return }
      for image in 0..<batch {
        let (from, to) = (gx + image * sizes.from, gy + image * sizes.to)
        for run in runs {
          Scalar.kernels.pointee.accumulate_scaled(
            run.count * channels,
            1,
            to + run.to * channels,
            from + run.from * channels
          )
        }
      }
    },
    forwardRule: { at in
      at.change(0).map { moved in
        padded(moved.reshaped([-1] + x.shape.dropFirst()), by: widths, mode: mode)
          .reshaped([at.directions] + at.result.shape)
      }
    }
  )
}

/// Pixels that are neighbours on both sides of a padding.
private struct PaddingRun {
  let from: Int
  let to: Int
  var count: Int
}

/// The pixels of one padded image that come from the image, in runs.
private func paddingRuns(
  _ extents: [Int],
  _ widths: [(before: Int, after: Int)],
  _ wide: [Int],
  _ mode: PaddingMode
) -> [PaddingRun] {
  var runs: [PaddingRun] = []
  for place in 0..<wide.reduce(1, *) {
    var rest = place
    var from: Int? = 0
    var step = 1
    for axis in extents.indices.reversed() {
      let source = mode.source(
        of: rest % wide[axis] - widths[axis].before,
        extent: extents[axis]
      )
      from = from.flatMap { sum in source.map { sum + $0 * step } }
      rest /= wide[axis]
      step *= extents[axis]
    }
    guard let from else { continue }
    if let last = runs.last, last.from + last.count == from, last.to + last.count == place {
      runs[runs.count - 1].count += 1
    } else {
      runs.append(PaddingRun(from: from, to: place, count: 1))
    }
  }
  return runs
}
