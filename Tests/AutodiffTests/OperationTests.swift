import Autodiff
import Tensors
import Testing

@Suite struct OperationTests {
  private let x = Tensor<Double>([1, -2, 3, 4, 5, -6], shape: [2, 3])

  @Test("arithmetic broadcasts like NumPy")
  func broadcasting() {
    let row = Tensor<Double>([10, 20, 30])
    let column = Tensor<Double>([100, 200], shape: [2, 1])
    #expect((x + row) == Tensor([11, 18, 33, 14, 25, 24], shape: [2, 3]))
    #expect((x - column) == Tensor([-99, -102, -97, -196, -195, -206], shape: [2, 3]))
    #expect((row * column).shape == [2, 3])
    #expect((row * column)[1, 2] == 6_000)
    #expect((x / Tensor(2)) == Tensor([0.5, -1, 1.5, 2, 2.5, -3], shape: [2, 3]))
    #expect((1 - x)[0, 1] == 3)
  }

  @Test("shapes that do not broadcast trap")
  func badShapesTrap() async {
    await #expect(processExitsWith: .failure) {
      _ = Tensor<Double>([1, 2, 3]) + Tensor<Double>([1, 2])
    }
  }

  @Test("reductions of a hand-worked matrix")
  func reductions() {
    #expect(x.sum().scalar == 5)
    #expect(abs(x.mean().scalar - 5.0 / 6) < 2.3e-16)
    #expect(x.sum(axis: 0) == Tensor([5, 3, -3]))
    #expect(x.sum(axis: 1, keepingAxis: true) == Tensor([2, 3], shape: [2, 1]))
    #expect(x.maximum(axis: 1) == Tensor([3, 5]))
    #expect(x.minimum(axis: 0) == Tensor([1, -2, -6]))
    #expect(x.cumulativeSum(axis: 1) == Tensor([1, -1, 2, 4, 9, 3], shape: [2, 3]))
    #expect(
      euclideanNorm(Tensor<Double>([3, 4, 0, 0], shape: [2, 2]), axis: 1) == Tensor([5, 0])
    )
    #expect(absoluteSum(x, axis: 1) == Tensor([6, 15]))
  }

  @Test("masks, selection and top-k")
  func selection() {
    let zero = Tensor<Double>(0)
    #expect(isGreater(x, zero) == Tensor([1, 0, 1, 1, 1, 0], shape: [2, 3]))
    #expect(isLessOrEqual(x, Tensor(1)) == Tensor([1, 1, 0, 0, 0, 1], shape: [2, 3]))
    #expect(isEqual(x, Tensor(3)).sum().scalar == 1)
    #expect(isLess(x, zero) + isGreaterOrEqual(x, zero) == Tensor.ones([2, 3]))
    #expect(select(isGreater(x, zero), x, zero) == relu(x))
    #expect(topKMask(x, 2) == Tensor([1, 0, 1, 1, 1, 0], shape: [2, 3]))
    #expect(topKMask(x, 0) == .zeros([2, 3]))
    #expect(
      softThreshold(x, by: Tensor(2.5)) == Tensor([0, 0, 0.5, 1.5, 2.5, -3.5], shape: [2, 3])
    )
    #expect(clamp(x, -1...2) == Tensor([1, -1, 2, 2, 2, -1], shape: [2, 3]))
    #expect(sign(x) == Tensor([1, -1, 1, 1, 1, -1], shape: [2, 3]))
  }

  @Test("moving operations put every number in its place")
  func moving() {
    let cube = Tensor<Double>((0..<24).map(Double.init), shape: [2, 3, 4])
    let turned = cube.permuted([2, 0, 1])
    #expect(turned.shape == [4, 2, 3])
    for i in 0..<2 {
      for j in 0..<3 { for k in 0..<4 { #expect(turned[k, i, j] == cube[i, j, k]) } }
    }
    #expect(cube.sliced(axis: 2, 1..<3)[1, 2, 1] == cube[1, 2, 2])
    #expect(cube.picked(axis: 1, 2)[1, 3] == cube[1, 2, 3])
    #expect(cube.gathered(Tensor([2, 0]), axis: 1)[1, 0, 3] == cube[1, 2, 3])
    #expect(concatenated([cube, cube], axis: 1)[1, 4, 2] == cube[1, 1, 2])
    #expect(stacked([cube, -cube], axis: 3)[1, 2, 3, 1] == -cube[1, 2, 3])
    #expect(cube.reshaped([-1, 6]).shape == [4, 6])
    #expect(x.broadcast(to: [4, 2, 3])[3, 1, 2] == -6)
  }

  @Test(
    "matrix products agree with a plain triple loop",
    arguments: [(1, 1, 1), (3, 4, 5), (33, 17, 9), (64, 100, 50)],
    [UInt64(0), 1, 2, 3]
  )
  func products(extents: (Int, Int, Int), transposes: UInt64) {
    let (m, k, n) = extents
    let (ta, tb) = (transposes & 1 == 1, transposes & 2 == 2)
    var stream = RandomStream(seed: 11)
    let a: Tensor<Double> = stream.normal(ta ? [k, m] : [m, k])
    let b: Tensor<Double> = stream.normal(tb ? [n, k] : [k, n])
    let product = matmul(a, b, transposeA: ta, transposeB: tb)
    var expected = [Double](repeating: 0, count: m * n)
    for i in 0..<m {
      for j in 0..<n {
        for l in 0..<k {
          expected[i * n + j] += (ta ? a[l, i] : a[i, l]) * (tb ? b[j, l] : b[l, j])
        }
      }
    }
    // k products of order one, each rounded once.
    for (x, y) in zip(product.scalars, expected) {
      #expect(abs(x - y) < 4 * Double(k) * 2.3e-16 * 10)
    }
  }

  @Test("fused nodes equal their plain-operations twins", arguments: [UInt64(1), 2, 3])
  func twins(seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let x: Tensor<Double> = stream.normal([7, 4])
    let w: Tensor<Double> = stream.normal([4, 5])
    let b: Tensor<Double> = stream.normal([5])
    let labels = Tensor<Double>(stream.integers(7, below: 5).map(Double.init))
    func close(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Bool {
      a.shape == b.shape && zip(a.scalars, b.scalars).allSatisfy { abs($0 - $1) < 1e-13 }
    }
    let pre = matmul(x, w) + b
    #expect(close(linear(x, w, b, activation: .sigmoid), 1 / (1 + exp(-pre))))
    #expect(close(linear(x, w, b, activation: .tanh), tanh(pre)))
    #expect(close(linear(x, w, b, activation: .relu), maximum(pre, Tensor(0))))
    let oneHot = isEqual(labels.reshaped([7, 1]), Tensor((0..<5).map(Double.init)))
    #expect(close(softmaxCrossEntropy(pre, labels), -(logSoftmax(pre) * oneHot).sum(axis: 1)))
    #expect(close(softmax(pre), exp(pre - pre.logSumExp(axis: 1, keepingAxis: true))))
    let centred = x - x.mean(axis: 1, keepingAxis: true)
    let variance = square(centred).mean(axis: 1, keepingAxis: true)
    #expect(close(normalised(x, epsilon: 1e-3), centred / sqrt(variance + 1e-3)))
    #expect(close(unitRows(x), x / sqrt(square(x).sum(axis: -1, keepingAxis: true))))
    #expect(unitRows(Tensor<Double>.zeros([2, 3])).scalars == [0, 0, 0, 0, 0, 0])
    #expect(
      close(
        softThreshold(x, by: Tensor(0.4)),
        sign(x) * maximum(abs(x) - 0.4, Tensor(0))
      )
    )
  }

  @Test("softmax and log-sum-exp do not overflow")
  func extremes() {
    let large = Tensor<Float>([1_000, 999, -1_000], shape: [1, 3])
    #expect(abs(softmax(large)[0, 0] - 0.7310586) < 1e-6)
    #expect(abs(large.logSumExp(axis: 1)[0] - 1_000.3133) < 1e-3)
    #expect(logSoftmax(large)[0, 2].isFinite)
    #expect(softplus(Tensor<Float>(200)).scalar == 200)
    #expect(softplus(Tensor<Float>(-200)).scalar >= 0)
    #expect(sigmoid(Tensor<Float>(-200)).scalar >= 0)
  }

  @Test("empty tensors pass through")
  func empty() {
    let none = Tensor<Float>.zeros([0, 3])
    #expect((none + Tensor([1, 2, 3])).shape == [0, 3])
    #expect(exp(none).count == 0)
    #expect(matmul(none, Tensor<Float>.ones([3, 2])).shape == [0, 2])
    #expect(none.sum().scalar == 0)
  }

  @Test("a label outside the classes traps")
  func badLabelTraps() async {
    await #expect(processExitsWith: .failure) {
      _ = softmaxCrossEntropy(Tensor<Float>.zeros([1, 3]), Tensor([3]))
    }
  }
}
