internal import Tensors

/// One number a state for each frame of each sequence, from taps: `sum_k taps[k] s_{d_k}`.
struct StateTable<Scalar: RealTensorScalar>: Sendable {
  let trellis: Trellis
  /// 1 when all sequences share their taps.
  let batch: Int
  let frames: Int
  /// `[batch, frames, states]`.
  let values: Tensor<Double>

  /// The table of taps `[memory]`, `[batch, memory]` or `[batch, frames, memory]`.
  init(constellation: Constellation, taps: Tensor<Scalar>) throws(SymbolDetectionError) {
    let shape = taps.shape
    guard (1...3).contains(shape.count), shape.allSatisfy({ $0 > 0 }) else {
      throw .badTaps(shape: shape, expected: Self.expected)
    }
    let trellis = try Trellis(constellation: constellation, memory: shape[shape.count - 1])
    self.trellis = trellis
    batch = shape.count > 1 ? shape[0] : 1
    frames = shape.count > 2 ? shape[1] : 1
    let numbers = taps.converted(to: Double.self).scalars
    for tap in numbers where !tap.isFinite {
      throw .badNumber(name: "a tap", value: "\(tap)", expected: "a finite number")
    }
    values = Self.sums(numbers, constellation.symbols, trellis, rows: batch * frames)
  }

  static var expected: String { "[memory], [batch, memory] or [batch, frames, memory]" }

  private static func sums(
    _ taps: [Double],
    _ symbols: [Double],
    _ trellis: Trellis,
    rows: Int
  ) -> Tensor<Double> {
    let memory = trellis.memory
    let states = trellis.states
    let sent = (0..<states).flatMap { state in
      (0..<memory).map { symbols[trellis.digit($0, of: state)] }
    }
    return Tensor(shape: [rows, states]) { buffer in
      for row in 0..<rows {
        for state in 0..<states {
          var sum = 0.0
          for k in 0..<memory { sum += taps[row * memory + k] * sent[state * memory + k] }
          buffer[row * states + state] = sum
        }
      }
    }
  }

  /// Cuts a chunk at the borders of frames: for each part the row of the table and the steps,
  /// counted from the chunk's start.
  func forEachFrame(
    of steps: Int,
    at place: ObservationPlace,
    _ body: (_ row: Int, _ part: Range<Int>) -> Void
  ) throws(SymbolDetectionError) {
    guard batch == 1 || batch == place.batch else {
      throw .badTaps(
        shape: frames > 1 ? [batch, frames, trellis.memory] : [batch, trellis.memory],
        expected: "\(Self.expected) with \(place.batch) sequences"
      )
    }
    let layout = FrameLayout(duration: place.duration, frames: frames)
    let first = batch == 1 ? 0 : place.sequence * frames
    var step = 0
    while step < steps {
      let frame = layout.frame(of: place.start + step)
      let end =
        frame == frames - 1 ? steps : min(steps, (frame + 1) * layout.length - place.start)
      body(first + frame, step..<end)
      step = end
    }
  }
}
