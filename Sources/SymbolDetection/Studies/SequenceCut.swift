internal import Studies
internal import Tensors

/// Which sequences and which steps of them a range of symbols covers.
struct SequenceCut {
  /// The sequences.
  let rows: Range<Int>
  /// The steps of each.
  let steps: Range<Int>
  private let batch: Int
  private let duration: Int

  /// The cut of a range that lies within one sequence or covers whole ones.
  init(_ range: Range<Int>, batch: Int, duration: Int) throws(StudyError) {
    self.batch = batch
    self.duration = duration
    let row = range.lowerBound / duration
    let first = range.lowerBound % duration
    if first + range.count <= duration {
      rows = row..<row + 1
      steps = first..<first + range.count
    } else if first == 0, range.count % duration == 0 {
      rows = row..<row + range.count / duration
      steps = 0..<duration
    } else {
      throw .invalid(
        "symbols \(range) cut a sequence of \(duration) in two; choose sizes that divide the "
          + "length of a sequence or are whole multiples of it"
      )
    }
  }

  /// An array of the observations' shape, `[time]` or `[batch, time]`.
  func steps(of array: NumericArray) -> NumericArray {
    switch array {
    case .float(let tensor): .float(steps(of: tensor))
    case .double(let tensor): .double(steps(of: tensor))
    case .complex: array
    }
  }

  private func steps<Scalar: RealTensorScalar>(of tensor: Tensor<Scalar>) -> Tensor<Scalar> {
    let shape = tensor.rank == 1 ? [steps.count] : [rows.count, steps.count]
    return tensor.withScalars { source in
      Tensor(shape: shape) { target in
        for (place, row) in rows.enumerated() {
          let from = source[
            (row * duration + steps.lowerBound)..<(row * duration + steps.upperBound)
          ]
          _ = target[(place * steps.count)...].update(fromContentsOf: from)
        }
      }
    }
  }

  /// Knowledge of each sequence, and of each frame of it for `[batch, frames, n]`; any other array as
  /// it is.
  ///
  /// Frames that the cut splits are repeated as shorter ones, so that all are of one length again.
  func knowledge(in array: NumericArray) -> NumericArray {
    let shape = array.shape
    guard shape.count == 2 || shape.count == 3, shape[0] == batch else { return array }
    return switch array {
    case .float(let tensor): .float(knowledge(in: tensor))
    case .double(let tensor): .double(knowledge(in: tensor))
    case .complex: array
    }
  }

  private func knowledge<Scalar: RealTensorScalar>(in tensor: Tensor<Scalar>) -> Tensor<Scalar> {
    let frames = tensor.rank == 3 ? tensor.shape[1] : 1
    let width = tensor.shape[tensor.rank - 1]
    let picked = pickedFrames(of: frames)
    let shape = [rows.count] + (tensor.rank == 3 ? [picked.count] : []) + [width]
    return tensor.withScalars { source in
      let numbers = rows.flatMap { row in
        picked.flatMap { source[((row * frames + $0) * width)..<((row * frames + $0 + 1) * width)] }
      }
      return Tensor(numbers, shape: shape)
    }
  }

  private func pickedFrames(of frames: Int) -> [Int] {
    guard frames > 1 else { return [0] }
    let layout = FrameLayout(duration: duration, frames: frames)
    let inside = (layout.frame(of: steps.lowerBound)..<layout.frame(of: steps.upperBound - 1) + 1)
    if inside.count == 1 { return Array(inside) }
    let isWhole = steps.lowerBound == 0 && steps.upperBound == duration
    if isWhole { return Array(0..<frames) }
    let length = Self.greatestCommonDivisor(
      layout.length,
      Self.greatestCommonDivisor(steps.lowerBound, steps.count)
    )
    return stride(from: steps.lowerBound, to: steps.upperBound, by: length)
      .map { layout.frame(of: $0) }
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }
}
