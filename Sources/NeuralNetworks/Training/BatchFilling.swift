// Proof of safety: sources are the buffers of a dataset's tensors, which nothing writes and which the
// owner of a job keeps alive; targets are input buffers of a recording, likewise kept alive, of
// `samples * time * rowBytes` bytes. Indices come from a `BatchPlan`, so they are in `0..<count`.

/// Where the numbers of one array come from and go to when a batch is put into a recording.
///
/// Free of the scalar, so that it is compiled once and well; filling allocates nothing.
struct FillJob {
  /// The first row of the dataset's array.
  let source: UnsafeRawPointer
  /// The recording's input.
  let target: UnsafeMutableRawPointer
  /// The bytes of a sample, or of a time step of a sequence.
  let rowBytes: Int
  let isSequence: Bool

  /// Puts a batch in.
  ///
  /// - Parameters:
  ///   - rows: the samples.
  ///   - starts: where each sequence starts.
  ///   - time: the padded length.
  func run(_ rows: UnsafeBufferPointer<Int>, starts: UnsafeBufferPointer<Int>, time: Int) {
    if isSequence {
      for place in 0..<rows.count {
        let first = starts[rows[place]]
        let used = (starts[rows[place] + 1] - first) * rowBytes
        let start = target + place * time * rowBytes
        start.copyMemory(from: source + first * rowBytes, byteCount: used)
        (start + used).initializeMemory(
          as: UInt8.self,
          repeating: 0,
          count: time * rowBytes - used
        )
      }
    } else {
      RowCopy.gather(from: source, rows, rowBytes: rowBytes, to: target)
    }
  }
}

/// Copying of rows.
enum RowCopy {
  /// Copies the rows of the given indices to `target`, end to end.
  static func gather(
    from source: UnsafeRawPointer,
    _ indices: UnsafeBufferPointer<Int>,
    rowBytes: Int,
    to target: UnsafeMutableRawPointer
  ) {
    switch rowBytes {
    case 4: gather(UInt32.self, from: source, indices, to: target)
    case 8: gather(UInt64.self, from: source, indices, to: target)
    default:
      for place in 0..<indices.count {
        (target + place * rowBytes).copyMemory(
          from: source + indices[place] * rowBytes,
          byteCount: rowBytes
        )
      }
    }
  }

  @inline(__always)
  private static func gather<Word: FixedWidthInteger>(
    _ type: Word.Type,
    from source: UnsafeRawPointer,
    _ indices: UnsafeBufferPointer<Int>,
    to target: UnsafeMutableRawPointer
  ) {
    let from = source.assumingMemoryBound(to: Word.self)
    let into = target.assumingMemoryBound(to: Word.self)
    for place in 0..<indices.count { into[place] = from[indices[place]] }
  }
}
