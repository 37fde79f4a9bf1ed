import Autodiff
import Tensors
import Testing

@Suite struct ImageOperationTests {
  private let row = Tensor<Double>([1, 2, 3, 4], shape: [1, 4, 1])

  @Test("each mode of padding continues a row as its name says")
  func modes() {
    let expected: [PaddingMode: [Double]] = [
      .zeros: [0, 0, 1, 2, 3, 4, 0, 0, 0],
      .circular: [3, 4, 1, 2, 3, 4, 1, 2, 3],
      .reflective: [3, 2, 1, 2, 3, 4, 3, 2, 1],
      .symmetric: [2, 1, 1, 2, 3, 4, 4, 3, 2],
    ]
    for mode in PaddingMode.allCases {
      #expect(padded(row, by: [(2, 3)], mode: mode).scalars == expected[mode])
    }
  }

  @Test("axes are padded one by one", arguments: PaddingMode.allCases)
  func separate(mode: PaddingMode) {
    var stream = RandomStream(seed: 1)
    let x: Tensor<Double> = stream.normal([2, 4, 5, 3])
    let both = padded(x, by: [(1, 3), (2, 0)], mode: mode)
    let rows = padded(x, by: [(1, 3), (0, 0)], mode: mode)
    #expect(both.shape == [2, 8, 7, 3])
    #expect(both == padded(rows, by: [(0, 0), (2, 0)], mode: mode))
  }

  @Test("a convolution of a circularly padded row commutes with rolling it")
  func rolling() {
    var stream = RandomStream(seed: 2)
    let x: Tensor<Double> = stream.normal([1, 8, 1])
    let w: Tensor<Double> = stream.normal([3, 1, 1])
    func circular(_ x: Tensor<Double>) -> Tensor<Double> {
      convolution(padded(x, by: [(1, 1)], mode: .circular), w)
    }
    func rolled(_ x: Tensor<Double>) -> Tensor<Double> {
      concatenated([x.sliced(axis: 1, 3..<8), x.sliced(axis: 1, 0..<3)], axis: 1)
    }
    #expect(circular(rolled(x)) == rolled(circular(x)))
  }

  @Test("gradients of padding, pooling and upsampling", arguments: PaddingMode.allCases)
  func gradients(mode: PaddingMode) throws {
    var stream = RandomStream(seed: 3)
    let x: Tensor<Double> = stream.normal([2, 5, 6, 3])
    let functions: [([Tensor<Double>]) -> Tensor<Double>] = [
      { padded($0[0], by: [(2, 1), (0, 3)], mode: mode) },
      { averagePooled($0[0], window: [2, 3]) },
      { maximumPooled($0[0], window: [2, 2]) },
      { upsampled($0[0], by: [2, 3]) },
    ]
    for function in functions {
      let check = try checkGradients(at: [x], from: stream, function)
      #expect(check.worstRelativeError < 1e-6)
    }
  }

  @Test("the change of a padded image is the padded change")
  func forwardRule() {
    var stream = RandomStream(seed: 4)
    let x: Tensor<Double> = stream.normal([1, 4])
    let slope = jacobian(at: x) { x in
      padded(square(x).reshaped([1, 4, 1]), by: [(1, 2)], mode: .circular).reshaped([1, 7])
    }
    let sources = [3, 0, 1, 2, 3, 0, 1]
    let expected = sources.flatMap { source in
      (0..<4).map { $0 == source ? 2 * x.scalars[source] : 0 }
    }
    #expect(slope.scalars == expected)
  }

  @Test("windows are averaged or searched, and what fills none is left out")
  func pooling() {
    let x = Tensor<Float>((0..<30).map { Float($0) }, shape: [1, 5, 6, 1])
    let mean = averagePooled(x, window: [2, 4])
    #expect(mean.shape == [1, 2, 1, 1] && mean.scalars == [4.5, 16.5])
    let largest = maximumPooled(x, window: [2, 4])
    #expect(largest.shape == [1, 2, 1, 1] && largest.scalars == [9, 21])
  }

  @Test("upsampling repeats pixels, and pooling takes it back")
  func upsampling() {
    let x = Tensor<Float>([1, 2, 3, 4, 5, 6], shape: [1, 2, 3, 1])
    let fine = upsampled(x, by: [2, 1])
    #expect(fine.scalars == [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6])
    #expect(averagePooled(fine, window: [2, 1]) == x)
    #expect(maximumPooled(upsampled(x, by: [3, 2]), window: [3, 2]) == x)
  }
}
