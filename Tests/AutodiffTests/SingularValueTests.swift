import Autodiff
import Tensors
import Testing

/// A singular value decomposition by rotations of columns, without any product `X'X`.
private struct RotatedColumns {
  var left: [[Double]]
  var values: [Double]
  var right: [[Double]]

  /// `X` as columns of equal length, no fewer numbers than columns.
  init(columns: [[Double]]) {
    var u = columns
    let n = columns.count
    var v = (0..<n).map { i in (0..<n).map { $0 == i ? 1.0 : 0.0 } }
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    func rotate(_ x: inout [[Double]], _ p: Int, _ q: Int, _ c: Double, _ s: Double) {
      for k in x[p].indices {
        (x[p][k], x[q][k]) = (c * x[p][k] - s * x[q][k], s * x[p][k] + c * x[q][k])
      }
    }
    for _ in 0..<60 {
      for p in 0..<n {
        for q in (p + 1)..<max(n, p + 1) {
          let (a, b, g) = (dot(u[p], u[p]), dot(u[q], u[q]), dot(u[p], u[q]))
          guard g.magnitude > 1e-18 * (a * b).squareRoot() else { continue }
          let zeta = (b - a) / (2 * g)
          let t = (zeta < 0 ? -1 : 1) / (zeta.magnitude + (1 + zeta * zeta).squareRoot())
          let c = 1 / (1 + t * t).squareRoot()
          rotate(&u, p, q, c, c * t)
          rotate(&v, p, q, c, c * t)
        }
      }
    }
    left = u
    values = u.map { dot($0, $0).squareRoot() }
    right = v
  }

  /// `sum_i max(s_i - t, 0) u_i v_i'`, by rows of the matrix whose columns were given.
  func shrunk(_ t: Double, rows: Int) -> [[Double]] {
    let n = values.count
    var result = [[Double]](repeating: [Double](repeating: 0, count: n), count: rows)
    for i in 0..<n where values[i] > t {
      let share = (values[i] - t) / values[i]
      for r in 0..<rows { for c in 0..<n { result[r][c] += share * left[i][r] * right[i][c] } }
    }
    return result
  }
}

@Suite struct SingularValueTests {
  /// Orthogonal columns from a random matrix.
  private func orthogonal(_ n: Int, _ stream: inout RandomStream) -> Tensor<Double> {
    let x: Tensor<Double> = stream.normal([n, n])
    let numbers = x.scalars
    var columns = (0..<n).map { j in (0..<n).map { numbers[$0 * n + j] } }
    for j in 0..<n {
      for _ in 0..<2 {
        for k in 0..<j {
          let along = zip(columns[j], columns[k]).reduce(0) { $0 + $1.0 * $1.1 }
          for i in 0..<n { columns[j][i] -= along * columns[k][i] }
        }
      }
      let length = columns[j].reduce(0) { $0 + $1 * $1 }.squareRoot()
      for i in 0..<n { columns[j][i] /= length }
    }
    return Tensor((0..<n).flatMap { i in (0..<n).map { columns[$0][i] } }, shape: [n, n])
  }

  /// A matrix `[rows, columns]` of given singular values.
  private func matrix(_ values: [Double], _ rows: Int, _ columns: Int, seed: UInt64)
    -> Tensor<Double>
  {
    var stream = RandomStream(seed: seed)
    let (u, v) = (orthogonal(rows, &stream), orthogonal(columns, &stream))
    var middle = [Double](repeating: 0, count: rows * columns)
    for (i, value) in values.enumerated() { middle[i * columns + i] = value }
    return matmul(matmul(u, Tensor(middle, shape: [rows, columns])), v, transposeB: true)
  }

  private func worst(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
    zip(a.scalars, b.scalars).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
  }

  @Test("shrinks the diagonal of a diagonal matrix")
  func handWorked() {
    let x = Tensor<Double>([3, 0, 0, 0, -1, 0], shape: [2, 3])
    let y = singularValueThreshold(x, by: Tensor(2))
    #expect(worst(y, Tensor([1, 0, 0, 0, 0, 0], shape: [2, 3])) < 1e-15)
    let empty = singularValueThreshold(Tensor<Double>.zeros([3, 2]), by: Tensor(0.5))
    #expect(empty == Tensor<Double>.zeros([3, 2]))
  }

  @Test(
    "agrees with a decomposition by column rotations",
    arguments: [[7, 4], [4, 7], [5, 5], [1, 6], [6, 1]],
    0..<4 as Range<UInt64>
  )
  func matchesRotations(extents: [Int], seed: UInt64) {
    let (rows, columns) = (extents[0], extents[1])
    var stream = RandomStream(seed: seed)
    let x: Tensor<Double> = stream.normal([3, rows, columns])
    let thresholds = Tensor<Double>([0.3, 1.1, 2])
    let y = singularValueThreshold(x, by: thresholds)
    for item in 0..<3 {
      let own = x.picked(axis: 0, item)
      let tall = rows >= columns ? own : own.transposed()
      let (m, n) = (tall.shape[0], tall.shape[1])
      let numbers = tall.scalars
      let turned = RotatedColumns(columns: (0..<n).map { j in (0..<m).map { numbers[$0 * n + j] } })
      let flat = turned.shrunk(thresholds[item], rows: m).flatMap { $0 }
      let expected = Tensor(flat, shape: [m, n])
      let right = rows >= columns ? expected : expected.transposed()
      // Roots of rounded eigenvalues of the Gram matrix.
      #expect(worst(y.picked(axis: 0, item), right) < 1e-12)
    }
  }

  /// Singular values of a gradient check, all away from the threshold 1.
  struct Spectrum: Sendable, CustomTestStringConvertible {
    var values: [Double]
    var rows: Int
    var columns: Int
    var testDescription: String { "\(values) in \(rows) x \(columns)" }

    static let all = [
      Spectrum(values: [4, 2.5, 1.7, 0.6], rows: 4, columns: 7),
      Spectrum(values: [4, 2.5, 1.7, 0.6], rows: 7, columns: 4),
      Spectrum(values: [3, 3, 3, 3], rows: 4, columns: 4),
      Spectrum(values: [3, 3, 0.5, 0.5], rows: 4, columns: 6),
      Spectrum(values: [2, 2 * (1 + 1e-12), 2 * (1 + 1e-9), 0.2], rows: 6, columns: 4),
      Spectrum(values: [2, 2 + 1e-6, 2 + 1e-4, 0], rows: 4, columns: 5),
      Spectrum(values: [1.1, 0.9, 0.9, 0.85], rows: 5, columns: 4),
      Spectrum(values: [0.5, 0.4], rows: 2, columns: 3),
    ]
  }

  @Test(
    "the gradient is that of differences, also where singular values repeat",
    arguments: Spectrum.all,
    0..<3 as Range<UInt64>
  )
  func gradients(_ spectrum: Spectrum, seed: UInt64) throws {
    let x = matrix(spectrum.values, spectrum.rows, spectrum.columns, seed: seed)
    let check = try checkGradients(at: [x, Tensor(1)], from: RandomStream(seed: seed + 50)) {
      singularValueThreshold($0[0], by: $0[1])
    }
    #expect(check.worstRelativeError < 1e-6)
  }

  @Test(
    "each matrix of a stack has its own threshold's gradient",
    arguments: 0..<5 as Range<UInt64>
  )
  func stackedGradients(seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let x: Tensor<Double> = stream.normal([3, 4, 6]) * 2
    let check = try checkGradients(
      at: [x, Tensor<Double>([0.3, 0.5, 0.4])],
      from: RandomStream(seed: seed)
    ) { square(singularValueThreshold($0[0] * 1.5, by: $0[1])) }
    #expect(check.worstRelativeError < 1e-6)
  }

  @Test(
    "is a proximal operator: never farther apart than before",
    arguments: 0..<20 as Range<UInt64>
  )
  func nonExpansive(seed: UInt64) {
    var stream = RandomStream(seed: seed)
    let a: Tensor<Double> = stream.normal([5, 8])
    let b: Tensor<Double> = stream.normal([5, 8])
    let t = Tensor<Double>(1.2)
    let change = singularValueThreshold(a, by: t) - singularValueThreshold(b, by: t)
    #expect(square(change).sum().scalar <= square(a - b).sum().scalar * (1 + 1e-12))
  }

  @Test("the bits are the same on two threads, and replayed with other numbers")
  func replays() throws {
    var stream = RandomStream(seed: 3)
    let batches: [Tensor<Float>] = (0..<3).map { _ in stream.normal([6, 5, 9]) }
    func recording(_ x: Tensor<Float>, _ pool: WorkerPool) throws -> Recording<Float> {
      try Recording(inputs: ["x": x], differentiated: ["x"], parameters: [], pool: pool) { inputs in
        let y = singularValueThreshold(try #require(inputs["x"]), by: Tensor(1.5))
        return ["loss": square(y).sum()]
      }
    }
    let replayed = try recording(batches[0], WorkerPool(threads: 2))
    for batch in batches {
      let fresh = try recording(batch, .serial)
      try fresh.backward()
      try replayed.replay(["x": batch])
      try replayed.backward()
      #expect(try replayed.value("loss") == fresh.value("loss"))
      #expect(try replayed.gradient(of: "x") == fresh.gradient(of: "x"))
    }
  }

  @Test("a number that is not finite is not lost")
  func notFinite() {
    let x = Tensor<Float>([1, .nan, 2, 3], shape: [2, 2])
    let shrunk = singularValueThreshold(x, by: Tensor(1)).scalars
    #expect(shrunk.count { $0.isNaN } == 4)
  }
}
