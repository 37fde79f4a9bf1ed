internal import Autodiff
internal import Tensors

/// The loss of a batch: named inputs and the mode to one number.
typealias LossFunction<Scalar: RealTensorScalar> = (
  _ inputs: [String: Tensor<Scalar>], _ mode: Mode
) throws -> Tensor<Scalar>

/// Runs the loss on batches of a dataset: one recording for each shape of batch, replayed.
final class BatchRunner<Scalar: RealTensorScalar> {
  /// Recordings kept; the one unused for longest goes first.
  private static var capacity: Int { 64 }

  private struct Shape: Hashable {
    let samples: Int
    let time: Int
  }

  /// A recording, the places to put a batch, and which batch is there.
  private final class Entry {
    let recording: Recording<Scalar>
    let targets: [UnsafeMutablePointer<Scalar>?]
    let mask: UnsafeMutablePointer<Scalar>?
    var content: BatchIdentity?
    var lastUse = 0

    init(_ recording: Recording<Scalar>, _ dataset: Dataset<Scalar>) throws {
      self.recording = recording
      targets = try dataset.fields.map { try recording.inputBuffer($0.name).baseAddress }
      mask =
        dataset.hasSequences
        ? try recording.inputBuffer(Dataset<Scalar>.maskName).baseAddress : nil
    }
  }

  private let dataset: Dataset<Scalar>
  private let mode: Mode
  private let parameters: [Parameter<Scalar>]
  private let pool: WorkerPool
  private let loss: LossFunction<Scalar>
  private var entries: [Shape: Entry] = [:]
  private var clock = 0
  private var current: Entry?

  init(
    _ dataset: Dataset<Scalar>,
    mode: Mode,
    parameters: [Parameter<Scalar>],
    pool: WorkerPool,
    loss: @escaping LossFunction<Scalar>
  ) {
    self.dataset = dataset
    self.mode = mode
    self.parameters = parameters
    self.pool = pool
    self.loss = loss
  }

  /// Computes the loss of a batch.
  ///
  /// - Parameters:
  ///   - rows: the samples.
  ///   - identity: equal identities have equal rows; the inputs are then filled once.
  ///   - draw: the number of the draw for the loss's random operations.
  /// - Returns: the loss.
  /// - Throws: what the loss throws, or a `RecordingError`.
  func forward(
    _ rows: UnsafeBufferPointer<Int>,
    _ identity: BatchIdentity,
    draw: Int
  ) throws -> Double {
    let entry = try entry(for: rows)
    current = entry
    clock += 1
    entry.lastUse = clock
    if entry.content != identity {
      fill(entry, rows)
      entry.content = identity
    }
    entry.recording.positionRandomStreams(at: draw)
    try entry.recording.forward()
    return Double(try entry.recording.scalar("loss"))
  }

  /// Computes the gradients of the batch that was run last.
  func backward() throws { try current?.recording.backward(from: "loss") }

  /// Where the batch that was run last first went wrong.
  func firstNonFinite() -> NonFiniteReport<Scalar>? { current?.recording.firstNonFinite() }

  /// How many numbers of the batch count: samples, or time steps of sequences.
  func weight(of rows: UnsafeBufferPointer<Int>) -> Double {
    guard dataset.hasSequences else { return Double(rows.count) }
    var total = 0
    for row in rows { total += dataset.length(row) }
    return Double(total)
  }

  private func paddedLength(_ rows: UnsafeBufferPointer<Int>) -> Int {
    guard dataset.hasSequences else { return 1 }
    var longest = 0
    for row in rows { longest = max(longest, dataset.length(row)) }
    let multiple = dataset.lengthMultiple
    return (longest + multiple - 1) / multiple * multiple
  }

  private func entry(for rows: UnsafeBufferPointer<Int>) throws -> Entry {
    let shape = Shape(samples: rows.count, time: paddedLength(rows))
    if let entry = entries[shape] { return entry }
    if entries.count >= Self.capacity,
      let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
    {
      entries[oldest.key] = nil
    }
    let entry = try record(shape, rows)
    entries[shape] = entry
    return entry
  }

  /// Records the loss on the batch itself, so that the closure sees real numbers.
  private func record(_ shape: Shape, _ rows: UnsafeBufferPointer<Int>) throws -> Entry {
    var inputs: [String: Tensor<Scalar>] = [:]
    for field in dataset.fields {
      let leading = field.isSequence ? [shape.samples, shape.time] : [shape.samples]
      inputs[field.name] = Tensor(shape: leading + field.itemShape) { target in
        fill(field, rows, time: shape.time, target.baseAddress)
      }
    }
    if dataset.hasSequences {
      inputs[Dataset<Scalar>.maskName] = Tensor(shape: [shape.samples, shape.time]) { target in
        fillMask(rows, time: shape.time, target.baseAddress)
      }
    }
    let recording = try Recording(inputs: inputs, parameters: parameters, pool: pool) { inputs in
      let value = try loss(inputs, mode)
      guard value.count == 1 else { throw NetworkError.lossNotScalar(shape: value.shape) }
      return ["loss": value]
    }
    return try Entry(recording, dataset)
  }

  private func fill(_ entry: Entry, _ rows: UnsafeBufferPointer<Int>) {
    let time = paddedLength(rows)
    for (field, target) in zip(dataset.fields, entry.targets) {
      fill(field, rows, time: time, target)
    }
    if dataset.hasSequences { fillMask(rows, time: time, entry.mask) }
  }

  private func fill(
    _ field: Dataset<Scalar>.Field,
    _ rows: UnsafeBufferPointer<Int>,
    time: Int,
    _ target: UnsafeMutablePointer<Scalar>?
  ) {
    guard field.isSequence else { return field.gather(rows, into: target) }
    guard let target else { return }
    let width = field.width
    field.rows.withScalars { source in
      guard let base = source.baseAddress else { return }
      for (place, row) in rows.enumerated() {
        let used = dataset.length(row) * width
        let start = target + place * time * width
        start.update(from: base + dataset.starts[row] * width, count: used)
        (start + used).update(repeating: 0, count: time * width - used)
      }
    }
  }

  private func fillMask(
    _ rows: UnsafeBufferPointer<Int>,
    time: Int,
    _ target: UnsafeMutablePointer<Scalar>?
  ) {
    guard let target else { return }
    for (place, row) in rows.enumerated() {
      let length = dataset.length(row)
      (target + place * time).update(repeating: 1, count: length)
      (target + place * time + length).update(repeating: 0, count: time - length)
    }
  }
}

/// Which samples a batch holds: the order they are taken from and where it starts there.
struct BatchIdentity: Equatable {
  let order: Int
  let start: Int
}

/// Cuts a dataset into batches, each pass in an order of its own.
struct BatchPlan {
  let count: Int
  let batchSize: Int
  private let stream: RandomStream?
  private(set) var order: [Int]
  private var orderOfEpoch = -1

  /// Batches of a dataset, shuffled from a stream, or in its order when there is none.
  init(count: Int, batchSize: Int, shufflingFrom stream: RandomStream?) {
    self.count = count
    self.batchSize = min(batchSize, count)
    self.stream = self.batchSize < count ? stream : nil
    order = Array(0..<count)
  }

  /// How many batches a pass has, the short last one included.
  var batchesPerEpoch: Int { (count + batchSize - 1) / batchSize }

  /// Puts the samples in the order of a pass; a function of the stream and the pass alone.
  mutating func begin(epoch: Int) {
    guard let stream, orderOfEpoch != epoch else { return }
    var shuffle = stream.derived("shuffle", index: epoch)
    order = shuffle.permutation(count)
    orderOfEpoch = epoch
  }

  /// Lends the samples of one batch.
  func withBatch<Result>(
    _ index: Int,
    _ body: (UnsafeBufferPointer<Int>, BatchIdentity) throws -> Result
  ) rethrows -> Result {
    let start = index * batchSize
    let end = min(start + batchSize, count)
    return try order.withUnsafeBufferPointer { all in
      try body(
        UnsafeBufferPointer(rebasing: all[start..<end]),
        BatchIdentity(order: stream == nil ? 0 : orderOfEpoch, start: start)
      )
    }
  }
}
