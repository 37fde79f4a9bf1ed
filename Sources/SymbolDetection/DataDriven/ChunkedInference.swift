// Goals: 1. the same bits for any number of threads; 2. no allocation a chunk; 3. large products.
//
// A series is cut into chunks of equal length by its length alone. A thread takes a recording from the
// shelf, or makes one when there is none, and replays it on chunk after chunk.
//
// Proof of safety: chunks write disjoint ranges of the outputs, whose buffers outlive the call; a
// recording is lent to one thread at a time.

internal import Autodiff
internal import Synchronization
internal import Tensors

/// Runs a black box over long series.
struct ChunkedInference {
  /// Symbols a chunk, at most.
  static let chunkLength = 512

  private let network: any SymbolNetwork
  private let batch: Int
  private let time: Int
  private let length: Int
  private let chunks: Int
  private let pieces: Int
  private let shelf = RecordingShelf<Float>()

  init(_ network: any SymbolNetwork, batch: Int, time: Int) {
    self.network = network
    self.batch = batch
    self.time = time
    chunks = (time + Self.chunkLength - 1) / Self.chunkLength
    length = (time + chunks - 1) / chunks
    // Blocks that begin before a chunk's first symbol hold it too.
    let earlier = network.layout.positions(time: time) - 1
    pieces = min(length + earlier, network.layout.count(time: time))
  }

  /// The probabilities of all symbols.
  ///
  /// - Parameters:
  ///   - series: `[batch, time]`, normalised.
  ///   - pool: the threads to use.
  /// - Returns: `[batch, time, symbols]`.
  /// - Throws: `RecordingError` for a network that cannot be replayed.
  func probabilities(_ series: Tensor<Float>, pool: WorkerPool) throws -> Tensor<Float> {
    let symbols = network.symbols
    let failure = Mutex<(any Error)?>(nil)
    let result = Tensor<Float>(shape: [batch, time, symbols]) { target in
      guard let base = target.baseAddress else { return }
      let output = SharedPointer(base)
      series.withScalars { source in
        guard let from = source.baseAddress else { return }
        let input = SharedPointer(UnsafeMutablePointer(mutating: from))
        pool.forEach(count: batch * chunks) { index in
          let (row, chunk) = (index / chunks, index % chunks)
          let times = chunk * length..<min((chunk + 1) * length, time)
          guard !times.isEmpty else { return }
          do {
            try run(
              times,
              of: UnsafeBufferPointer(start: input.pointer + row * time, count: time),
              to: output.pointer + row * time * symbols
            )
          } catch {
            failure.withLock { $0 = $0 ?? error }
          }
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    return result
  }

  private func run(
    _ times: Range<Int>,
    of series: UnsafeBufferPointer<Float>,
    to target: UnsafeMutablePointer<Float>
  ) throws {
    let layout = network.layout
    try shelf.withRecording(make: makeRecording) { recording in
      let input = try recording.inputBuffer("pieces")
      let used = layout.pieces(for: times, of: time)
      guard let base = input.baseAddress else { return }
      layout.copy(used, of: series, to: base)
      // A short chunk computes the rest of an earlier one again, which nobody reads.
      try recording.forward()
      try recording.withValue("probabilities") { probabilities in
        average(probabilities, pieces: used, times: times, to: target)
      }
    }
  }

  private func makeRecording() throws -> Recording<Float> {
    let width = network.layout.width(time: time)
    return try Recording(inputs: ["pieces": Tensor.zeros([pieces, width])]) { inputs in
      guard let pieces = inputs["pieces"] else { return [:] }
      return ["probabilities": softmax(network.logits(pieces))]
    }
  }

  /// Averages what the pieces say of each symbol; `[positions, pieces, symbols]` to `[time, symbols]`.
  private func average(
    _ probabilities: UnsafeBufferPointer<Float>,
    pieces used: Range<Int>,
    times: Range<Int>,
    to target: UnsafeMutablePointer<Float>
  ) {
    let symbols = network.symbols
    let positions = network.layout.positions(time: time)
    for symbolTime in times {
      let first = positions == 1 ? symbolTime : max(symbolTime - positions + 1, used.lowerBound)
      let last = min(symbolTime, used.upperBound - 1)
      let scale = 1 / Float(last - first + 1)
      for symbol in 0..<symbols {
        var sum: Float = 0
        for piece in first...last {
          let position = positions == 1 ? 0 : symbolTime - piece
          let place = (position * pieces + piece - used.lowerBound) * symbols + symbol
          sum += probabilities[place]
        }
        target[symbolTime * symbols + symbol] = sum * scale
      }
    }
  }
}

/// A pointer that chunks share; they use disjoint parts of it or only read.
private struct SharedPointer: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>

  init(_ pointer: UnsafeMutablePointer<Float>) { self.pointer = pointer }
}
