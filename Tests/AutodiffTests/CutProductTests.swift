import Autodiff
import Tensors
import Testing

/// Products large enough to be cut into pieces.
@Suite struct CutProductTests {
  struct Extent: Sendable, CustomTestStringConvertible {
    let batch: Int
    let rows: Int
    let columns: Int
    let inner: Int
    var testDescription: String { "\(batch) of \(rows) x \(inner) x \(columns)" }
  }

  /// Each way of cutting the product itself or one of its gradients: by rows, columns, sums, matrices;
  /// sides that pieces do not divide; and one that is not cut.
  static let extents = [
    Extent(batch: 1, rows: 333, columns: 60, inner: 130),
    Extent(batch: 1, rows: 40, columns: 517, inner: 203),
    Extent(batch: 1, rows: 9000, columns: 21, inner: 19),
    Extent(batch: 601, rows: 17, columns: 1, inner: 83),
    Extent(batch: 90, rows: 31, columns: 29, inner: 33),
    Extent(batch: 1, rows: 7, columns: 5, inner: 3),
  ]

  /// Result and gradients of a product whose loss weights all of its numbers differently.
  private func computed(_ extent: Extent, threads: Int, isLinear: Bool) throws -> [[Double]] {
    var stream = RandomStream(seed: 3)
    let leading = extent.batch > 1 ? [extent.batch] : []
    let a: Tensor<Double> = stream.normal(leading + [extent.rows, extent.inner])
    let b: Tensor<Double> = stream.normal(leading + [extent.inner, extent.columns])
    let bias: Tensor<Double> = stream.normal([extent.columns])
    let parameters = [Parameter(a), Parameter(b), Parameter(bias)]
    let recording = try Recording(
      inputs: ["weight": stream.normal(leading + [extent.rows, extent.columns])],
      parameters: parameters,
      pool: threads > 1 ? WorkerPool(threads: threads) : .serial
    ) { inputs in
      let (a, b) = (parameters[0].value, parameters[1].value)
      let y = isLinear ? linear(a, b, parameters[2].value, activation: .tanh) : matmul(a, b)
      return ["y": y, "loss": (y * (try #require(inputs["weight"]))).sum()]
    }
    try recording.backward()
    return [try recording.value("y").scalars] + parameters.map { $0.gradient.scalars }
  }

  @Test("the bits do not depend on the number of threads", arguments: extents)
  func threads(extent: Extent) throws {
    for isLinear in extent.batch == 1 ? [false, true] : [false] {
      let one = try computed(extent, threads: 1, isLinear: isLinear)
      #expect(try computed(extent, threads: 2, isLinear: isLinear) == one)
      #expect(try computed(extent, threads: 3, isLinear: isLinear) == one)
    }
  }

  @Test("they give the sums of products, and so do their gradients", arguments: extents)
  func plainSums(extent: Extent) throws {
    let results = try computed(extent, threads: 2, isLinear: false)
    var stream = RandomStream(seed: 3)
    let leading = extent.batch > 1 ? [extent.batch] : []
    let (m, n, k) = (extent.rows, extent.columns, extent.inner)
    let a: Tensor<Double> = stream.normal(leading + [m, k])
    let b: Tensor<Double> = stream.normal(leading + [k, n])
    let _: Tensor<Double> = stream.normal([n])
    let g: Tensor<Double> = stream.normal(leading + [m, n])
    let (x, z, w) = (a.scalars, b.scalars, g.scalars)
    var y = [Double](repeating: 0, count: w.count)
    var ga = [Double](repeating: 0, count: x.count)
    var gb = [Double](repeating: 0, count: z.count)
    for batch in 0..<extent.batch {
      for i in 0..<m {
        for l in 0..<k {
          let left = (batch * m + i) * k + l
          for j in 0..<n {
            let (right, at) = ((batch * k + l) * n + j, (batch * m + i) * n + j)
            y[at] += x[left] * z[right]
            ga[left] += w[at] * z[right]
            gb[right] += w[at] * x[left]
          }
        }
      }
    }
    for (mine, plain) in zip(results, [y, ga, gb]) {
      let size = plain.map { abs($0) }.max() ?? 0
      // Sums of at most 9000 products in another order.
      for (a, b) in zip(mine, plain) { #expect(abs(a - b) <= 1e-12 * size) }
    }
  }
}
