// Source: `bora2017csgm` and the program published with it. Restarts run side by side as rows of one recording,
// which every step replays.

internal import Autodiff
internal import NeuralNetworks
internal import Synchronization
public import Tensors

/// The search for the code whose image explains some measurements best.
///
/// Minimises `L(z) = c |A G(z) - y|^2 + lambda |z|^2` over codes `z` by Adam, from several random starts, and keeps the lowest.
/// `c` is one over the number of measurements where `A` has entries of variance 1 (the published program), or 1 where they have
/// variance one over it (the paper): the same function.
public struct LatentSearch: Sendable {
  /// `lambda`.
  public var penalty = 0.1
  /// Steps from each start.
  public var steps = 1000
  /// Adam's rate.
  public var rate = 0.01
  /// How many starts.
  public var restarts = 10
  /// Whether the squared error is averaged over the measurements or summed.
  public var isAveraged = true

  /// The published search: penalty 0.1, 1000 steps at rate 0.01 from 10 starts.
  public init() {}

  /// What the search found.
  public struct Found: Sendable {
    /// `G(z)`, `[batch, width]`.
    public let images: Tensor<Float>
    /// `z`, `[batch, codes]`.
    public let codes: Tensor<Float>
    /// `L(z)` of each.
    public let losses: [Float]
  }

  /// Searches for each row of measurements.
  ///
  /// - Parameters:
  ///   - observations: `y`, `[batch, measurements]`.
  ///   - operators: `A`, `[measurements, width]`.
  ///   - prior: whose decoder is `G`.
  ///   - stream: where the starts come from; that of a row depends on its number alone.
  ///   - pool: threads; the result does not depend on their number.
  /// - Returns: images and codes of the lowest losses.
  /// - Throws: ``RecordingError``.
  public func search(
    _ observations: Tensor<Float>,
    operators: Tensor<Float>,
    prior: VariationalAutoencoder<Float>,
    from stream: RandomStream,
    pool: WorkerPool = .serial
  ) throws -> Found {
    let batch = observations.shape[0]
    // As many images at once as make about eighty rows: products large enough to be fast.
    let images = max(1, 80 / restarts)
    let chunks = (batch + images - 1) / images
    let parts = try pool.mapped(count: chunks) { chunk in
      let rows = (chunk * images)..<min((chunk + 1) * images, batch)
      return try searched(rows, observations, operators, prior, stream)
    }
    guard let first = parts.first else {
      let width = operators.shape[1]
      return Found(images: .zeros([0, width]), codes: .zeros([0, prior.codes]), losses: [])
    }
    return parts.count == 1
      ? first
      : Found(
        images: concatenated(parts.map(\.images), axis: 0),
        codes: concatenated(parts.map(\.codes), axis: 0),
        losses: parts.flatMap(\.losses)
      )
  }

  private func searched(
    _ rows: Range<Int>,
    _ observations: Tensor<Float>,
    _ operators: Tensor<Float>,
    _ prior: VariationalAutoencoder<Float>,
    _ stream: RandomStream
  ) throws -> Found {
    let codes = Parameter(starts(rows, prior.codes, stream))
    let flat = FlatParameters([codes])
    let optimiser = Optimiser(.adam(), flat)
    let measured = observations.sliced(axis: 0, rows)
    let width = observations.shape[1]
    let repeated = measured.reshaped([rows.count, 1, width])
      .broadcast(to: [rows.count, restarts, width]).reshaped([rows.count * restarts, width])
    let scale = isAveraged ? 1 / Float(width) : 1
    let recording = try Recording(inputs: ["observations": repeated], parameters: [codes]) {
      inputs in
      let y = try inputs.named("observations")
      let images = prior.generated(from: codes.value)
      let misfit = square(matmul(images, operators, transposeB: true) - y).sum(axis: 1)
      let each = misfit * scale + square(codes.value).sum(axis: 1) * Float(penalty)
      return ["images": images, "each": each, "loss": each.sum()]
    }
    for _ in 0..<steps {
      try recording.backward()
      optimiser.step(rate: rate)
      try recording.forward()
    }
    flat.valuesDidChange()
    return lowest(
      try recording.value("each"),
      images: try recording.value("images"),
      codes: codes.value
    )
  }

  /// Normal starts, `[images * restarts, codes]`.
  private func starts(_ rows: Range<Int>, _ width: Int, _ stream: RandomStream) -> Tensor<Float> {
    let each = rows.map { row -> Tensor<Float> in
      var own = stream.derived("start", index: row)
      return own.normal([restarts, width])
    }
    return concatenated(each, axis: 0)
  }

  private func lowest(_ losses: Tensor<Float>, images: Tensor<Float>, codes: Tensor<Float>) -> Found
  {
    let numbers = losses.scalars
    let best = (0..<numbers.count / restarts).map { image -> Int in
      let own = (image * restarts)..<((image + 1) * restarts)
      return own.min { numbers[$0] < numbers[$1] } ?? own.lowerBound
    }
    let places = Tensor(best.map { Float($0) })
    return Found(
      images: images.gathered(places),
      codes: codes.gathered(places),
      losses: best.map { numbers[$0] }
    )
  }
}

extension WorkerPool {
  /// The results of pieces that run at the same time, in order; the first error is thrown.
  func mapped<Value: Sendable>(
    count: Int,
    _ body: @escaping @Sendable (Int) throws -> Value
  ) throws -> [Value] {
    let results = Mutex([Int: Result<Value, any Error>]())
    forEach(count: count) { index in
      let result = Result { try body(index) }
      results.withLock { $0[index] = result }
    }
    let done = results.withLock { $0 }
    return try (0..<count).compactMap { try done[$0]?.get() }
  }
}
