package import Tensors

/// Which observations a network sees at once, and which symbols it decides from them.
///
/// A series of `time` normalised observations is taken as extended by zeros (the training mean) on both
/// sides. Pieces slide by one.
package enum PieceLayout: Sendable, Hashable {
  /// One symbol from the observation at its own time, `before` earlier and `after` later ones.
  ///
  /// Piece `i` holds times `i - before ... i + after` and decides symbol `i`; positions outside the
  /// series hold zero.
  case window(before: Int, after: Int)
  /// All symbols of a block of so many observations.
  ///
  /// Piece `j` holds times `j ..< j + length`, all inside the series, and decides all of them; a series
  /// that is shorter is one block.
  case block(length: Int)

  /// Observations a piece, for a series of so many.
  package func width(time: Int) -> Int {
    switch self {
    case .window(let before, let after): before + 1 + after
    case .block(let length): min(length, time)
    }
  }

  /// Symbols that a piece decides.
  package func positions(time: Int) -> Int {
    switch self {
    case .window: 1
    case .block: width(time: time)
    }
  }

  /// Pieces of a series of so many observations.
  package func count(time: Int) -> Int {
    switch self {
    case .window: time
    case .block: time - width(time: time) + 1
    }
  }

  /// The pieces that say something of the symbols of a range of times.
  package func pieces(for times: Range<Int>, of time: Int) -> Range<Int> {
    switch self {
    case .window: times
    case .block:
      max(times.lowerBound - width(time: time) + 1, 0)..<min(times.upperBound, count(time: time))
    }
  }

  /// Copies pieces of one series, end to end, each of the layout's width.
  ///
  /// - Parameters:
  ///   - pieces: their numbers.
  ///   - series: normalised observations of one series.
  ///   - target: room for as many pieces.
  package func copy(
    _ pieces: Range<Int>,
    of series: UnsafeBufferPointer<Float>,
    to target: UnsafeMutablePointer<Float>
  ) {
    let width = width(time: series.count)
    var start = 0
    if case .window(let before, _) = self { start = -before }
    for (place, piece) in pieces.enumerated() {
      let row = target + place * width
      let first = piece + start
      let inside = max(first, 0)..<min(first + width, series.count)
      if inside.count < width { row.update(repeating: 0, count: width) }
      guard !inside.isEmpty, let base = series.baseAddress else { continue }
      (row + inside.lowerBound - first).update(from: base + inside.lowerBound, count: inside.count)
    }
  }

  /// All pieces of all series, `[batch * count, width]`, series by series.
  package func pieces(of series: Tensor<Float>) -> Tensor<Float> {
    let (batch, time) = (series.shape[0], series.shape[1])
    let (count, width) = (count(time: time), width(time: time))
    return Tensor(shape: [batch * count, width]) { target in
      series.withScalars { source in
        guard let base = target.baseAddress else { return }
        for row in 0..<batch {
          let one = UnsafeBufferPointer(rebasing: source[row * time..<(row + 1) * time])
          copy(0..<count, of: one, to: base + row * count * width)
        }
      }
    }
  }

  /// The labels of all pieces, `[batch * count, positions]`.
  package func labels(of labels: Tensor<Float>) -> Tensor<Float> {
    let time = labels.shape[1]
    // Blocks hold labels as they hold observations; a window has the one of its own time.
    switch self {
    case .window: return labels.viewed(as: [labels.count, 1])
    case .block: return PieceLayout.block(length: width(time: time)).pieces(of: labels)
    }
  }
}
