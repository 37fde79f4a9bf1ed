internal import Autodiff
internal import CKernels
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

  /// A recording, how to put a batch in, and which batch is there.
  private final class Entry {
    let recording: Recording<Scalar>
    let time: Int
    private(set) var jobs: [FillJob] = []
    let mask: UnsafeMutablePointer<Scalar>?
    var content: BatchIdentity?
    var lastUse = 0

    init(_ recording: Recording<Scalar>, _ dataset: Dataset<Scalar>, time: Int) throws {
      self.recording = recording
      self.time = time
      mask =
        dataset.hasSequences
        ? try recording.inputBuffer(Dataset<Scalar>.maskName).baseAddress : nil
      try read(dataset)
    }

    /// Fills batches from another dataset from now on.
    func read(_ dataset: Dataset<Scalar>) throws {
      jobs = try dataset.fields.compactMap { field in
        guard let target = try recording.inputBuffer(field.name).baseAddress else { return nil }
        return FillJob(
          source: UnsafeRawPointer(field.rows.storage.values),
          target: UnsafeMutableRawPointer(target),
          rowBytes: field.width * MemoryLayout<Scalar>.stride,
          isSequence: field.isSequence
        )
      }
      content = nil
    }
  }

  private var dataset: Dataset<Scalar>
  private let mode: Mode
  private let parameters: [Parameter<Scalar>]
  private let leaves: (Parameter<Scalar>) -> TensorStorage<Scalar>
  private let states: [PersistentState<Scalar>]
  /// How many runners share the states, which may then not move.
  private let sharers: Int
  private let pool: WorkerPool
  private let lossFunction: LossFunction<Scalar>
  private var entries: [Shape: Entry] = [:]
  private var clock = 0
  private var current: Entry?
  private var failure: (any Error)?
  /// Of the batch that was computed last.
  private(set) var loss = 0.0

  init(
    _ dataset: Dataset<Scalar>,
    mode: Mode,
    parameters: [Parameter<Scalar>],
    leaves: @escaping (Parameter<Scalar>) -> TensorStorage<Scalar> = { $0.storage },
    states: [PersistentState<Scalar>],
    sharers: Int = 1,
    pool: WorkerPool,
    loss: @escaping LossFunction<Scalar>
  ) {
    self.dataset = dataset
    self.mode = mode
    self.parameters = parameters
    self.leaves = leaves
    self.states = states
    self.sharers = sharers
    self.pool = pool
    lossFunction = loss
  }

  /// Takes the samples from another dataset from now on.
  ///
  /// - Throws: ``NetworkError`` for one with other names, shapes or numbers of samples.
  func read(_ other: Dataset<Scalar>) throws {
    guard other.count == dataset.count, other.hasSequences == dataset.hasSequences else {
      throw NetworkError.unequalCounts(
        name: "redrawn training set",
        expected: dataset.count,
        actual: other.count
      )
    }
    for field in dataset.fields {
      guard let twin = other.fields.first(where: { $0.name == field.name }) else {
        throw NetworkError.missingInput(name: field.name, known: other.names)
      }
      guard twin.itemShape == field.itemShape, twin.isSequence == field.isSequence else {
        throw NetworkError.wrongAxes(
          name: field.name,
          shape: twin.rows.shape,
          requirement: "a redrawn training set needs the shapes of the first"
        )
      }
    }
    dataset = other
    for entry in entries.values { try entry.read(other) }
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
    try prepare(rows, identity, draw: draw)
    compute()
    try throwFailure()
    return loss
  }

  /// Puts a batch in, recording the loss on the first of its shape.
  func prepare(
    _ rows: UnsafeBufferPointer<Int>,
    _ identity: BatchIdentity,
    draw: Int
  ) throws {
    let entry = try entry(for: rows)
    current = entry
    clock += 1
    entry.lastUse = clock
    if entry.content != identity {
      fill(entry, rows)
      entry.content = identity
    }
    entry.recording.positionRandomStreams(at: draw)
  }

  /// Computes the loss of the batch that was put in; a failure is kept.
  func compute() {
    guard let recording = current?.recording else { return }
    do {
      try recording.forward()
      loss = Double(try recording.scalar("loss"))
    } catch { failure = error }
  }

  /// Computes a multiple of the gradients of that batch; a failure is kept.
  func differentiate(scaledBy factor: Scalar) {
    do { try current?.recording.backward(from: "loss", scaledBy: factor) } catch { failure = error }
  }

  /// Throws what was kept.
  func throwFailure() throws {
    guard let failure else { return }
    self.failure = nil
    throw failure
  }

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
        guard let base = target.baseAddress else { return }
        fill(
          FillJob(
            source: UnsafeRawPointer(field.rows.storage.values),
            target: UnsafeMutableRawPointer(base),
            rowBytes: field.width * MemoryLayout<Scalar>.stride,
            isSequence: field.isSequence
          ),
          rows,
          time: shape.time
        )
      }
    }
    if dataset.hasSequences {
      inputs[Dataset<Scalar>.maskName] = Tensor(shape: [shape.samples, shape.time]) { target in
        fillMask(rows, time: shape.time, target.baseAddress)
      }
    }
    // Making a recording is a pass that moves running statistics; the batch's own pass comes after it.
    let before = states.map(\.value)
    defer { for (state, value) in zip(states, before) { state.set(value) } }
    let recording = try Recording(
      inputs: inputs,
      parameters: parameters,
      leaves: leaves,
      pool: pool
    ) { inputs in
      let value = try lossFunction(inputs, mode)
      guard value.count == 1 else { throw NetworkError.lossNotScalar(shape: value.shape) }
      return ["loss": value]
    }
    if sharers > 1, zip(states, before).contains(where: { $0.value != $1 }) {
      throw NetworkError.invalidSetting(
        name: "batchParts",
        value: "\(sharers)",
        requirement: "1 for a model that keeps statistics of its batches"
      )
    }
    return try Entry(recording, dataset, time: shape.time)
  }

  private func fill(_ entry: Entry, _ rows: UnsafeBufferPointer<Int>) {
    for index in 0..<entry.jobs.count { fill(entry.jobs[index], rows, time: entry.time) }
    if dataset.hasSequences { fillMask(rows, time: entry.time, entry.mask) }
  }

  private func fill(_ job: FillJob, _ rows: UnsafeBufferPointer<Int>, time: Int) {
    dataset.starts.withUnsafeBufferPointer { job.run(rows, starts: $0, time: time) }
  }

  private func fillMask(
    _ rows: UnsafeBufferPointer<Int>,
    time: Int,
    _ target: UnsafeMutablePointer<Scalar>?
  ) {
    guard let target else { return }
    let kernels = Scalar.kernels
    for place in 0..<rows.count {
      let length = dataset.length(rows[place])
      kernels.pointee.fill(length, 1, target + place * time)
      kernels.pointee.fill(time - length, 0, target + place * time + length)
    }
  }
}
