import SymbolDetection
import Tensors
import Testing

@Suite struct PieceLayoutTests {
  @Test("a window holds its symbol's observation between earlier and later ones, zero outside")
  func windows() {
    let series = Tensor<Float>([1, 2, 3, 4, 5, 6, 7, 8], shape: [2, 4])
    let layout = PieceLayout.window(before: 1, after: 2)
    let expected: [Float] = [
      0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 0, 3, 4, 0, 0,
      0, 5, 6, 7, 5, 6, 7, 8, 6, 7, 8, 0, 7, 8, 0, 0,
    ]
    #expect(layout.pieces(of: series) == Tensor(expected, shape: [8, 4]))
    #expect(layout.labels(of: series) == Tensor([1, 2, 3, 4, 5, 6, 7, 8], shape: [8, 1]))
  }

  @Test("a window wider than the series is mostly zeros")
  func wideWindow() {
    let series = Tensor<Float>([7, 9], shape: [1, 2])
    let layout = PieceLayout.window(before: 3, after: 0)
    #expect(layout.pieces(of: series) == Tensor([0, 0, 0, 7, 0, 0, 7, 9], shape: [2, 4]))
    let far = PieceLayout.window(before: 0, after: 4)
    #expect(
      far.pieces(of: series) == Tensor([7, 9, 0, 0, 0, 9, 0, 0, 0, 0], shape: [2, 5])
    )
  }

  @Test("blocks slide by one and lie inside the series")
  func blocks() {
    let series = Tensor<Float>([1, 2, 3, 4], shape: [1, 4])
    let layout = PieceLayout.block(length: 3)
    #expect(layout.pieces(of: series) == Tensor([1, 2, 3, 2, 3, 4], shape: [2, 3]))
    #expect(layout.labels(of: series) == Tensor([1, 2, 3, 2, 3, 4], shape: [2, 3]))
  }

  @Test("a series shorter than a block is one block")
  func shortSeries() {
    let series = Tensor<Float>([1, 2, 3, 4], shape: [2, 2])
    #expect(PieceLayout.block(length: 5).pieces(of: series) == series)
  }

  @Test(
    "the pieces for a range of symbols are those that hold one of them",
    arguments: [PieceLayout.window(before: 2, after: 1), .block(length: 3), .block(length: 9)]
  )
  func piecesForTimes(layout: PieceLayout) {
    let time = 7
    for first in 0..<time {
      for last in first..<time {
        let holding = (0..<layout.count(time: time)).filter { piece in
          switch layout {
          case .window: (first...last).contains(piece)
          case .block:
            (piece..<piece + layout.width(time: time)).contains { (first...last).contains($0) }
          }
        }
        #expect(Array(layout.pieces(for: first..<last + 1, of: time)) == holding)
      }
    }
  }
}
