// Proof of safety: each part has recordings, inputs and gradients of its own. What parts share while they run, the
// values of the parameters, is only read.

internal import Autodiff
internal import Tensors

/// A batch in parts that threads compute side by side.
///
/// The loss is the mean of the parts' losses, a sample (or time step) as good as any other; its gradient is the sum of
/// the parts' shares in their order. How many parts there are decides the bits, how many threads there are does not.
final class BatchParts<Scalar: RealTensorScalar>: @unchecked Sendable {
  private let runners: [BatchRunner<Scalar>]
  /// The gradients of the parts after the first, whose are the parameters' own.
  private let twins: [GradientTwin<Scalar>]
  private let pool: WorkerPool
  /// How many parts the batch under way has, and what each weighs.
  private var count = 1
  private var weights: [Double]
  private var forwardBody: PieceBody?
  private var backwardBody: PieceBody?

  /// The parts of the batches of a dataset.
  init(
    _ parts: Int,
    of dataset: Dataset<Scalar>,
    _ flat: FlatParameters<Scalar>,
    states: [PersistentState<Scalar>],
    pool: WorkerPool,
    loss: @escaping LossFunction<Scalar>
  ) {
    self.pool = pool
    let twins = (1..<max(parts, 1)).map { _ in GradientTwin(of: flat) }
    self.twins = twins
    weights = Array(repeating: 0, count: max(parts, 1))
    runners = (0..<max(parts, 1)).map { part in
      BatchRunner(
        dataset,
        mode: .training,
        parameters: flat.trainedParameters,
        leaves: part == 0 ? { $0.storage } : { twins[part - 1].leaf(of: $0) },
        states: states,
        sharers: max(parts, 1),
        pool: pool,
        loss: loss
      )
    }
    forwardBody = PieceBody { [unowned self] in runners[$0].compute() }
    backwardBody = PieceBody { [unowned self] in
      runners[$0].differentiate(scaledBy: Scalar(weights[$0]))
    }
  }

  /// Takes the samples from another dataset from now on.
  func read(_ other: Dataset<Scalar>) throws {
    for runner in runners { try runner.read(other) }
  }

  /// Computes the loss of a batch; see ``BatchRunner/forward(_:_:draw:)``.
  func forward(
    _ rows: UnsafeBufferPointer<Int>,
    _ identity: BatchIdentity,
    draw: Int
  ) throws -> Double {
    count = min(runners.count, max(rows.count, 1))
    var total = 0.0
    for part in 0..<count {
      let (start, end) = (part * rows.count / count, (part + 1) * rows.count / count)
      let own = UnsafeBufferPointer(rebasing: rows[start..<end])
      try runners[part].prepare(
        own,
        BatchIdentity(order: identity.order, start: identity.start + start),
        draw: draw * runners.count + part
      )
      weights[part] = count == 1 ? 1 : runners[part].weight(of: own)
      total += weights[part]
    }
    try run(forwardBody)
    var loss = 0.0
    for part in 0..<count {
      weights[part] /= total
      loss += weights[part] * runners[part].loss
    }
    return loss
  }

  /// Computes the gradients of the batch that was run last.
  func backward() throws {
    try run(backwardBody)
    for part in 1..<count { twins[part - 1].addToParameters() }
  }

  private func run(_ body: PieceBody?) throws {
    guard let body else { return }
    pool.forEach(count: count, stored: body)
    for part in 0..<count { try runners[part].throwFailure() }
  }

  /// Where the batch that was run last first went wrong.
  func firstNonFinite() -> NonFiniteReport<Scalar>? {
    for part in 0..<count { if let report = runners[part].firstNonFinite() { return report } }
    return nil
  }

  /// How many numbers of the batch count: samples, or time steps of sequences.
  func weight(of rows: UnsafeBufferPointer<Int>) -> Double { runners[0].weight(of: rows) }
}
