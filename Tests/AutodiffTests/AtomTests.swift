import Autodiff
import Tensors
import Testing

@Suite struct AtomTests {
  /// Shrunk normal codes, of which about such a share is not zero, and what they meet.
  private func problem(_ seed: UInt64, rows: Int, atoms: Int, width: Int) -> [Tensor<Double>] {
    var stream = RandomStream(seed: seed)
    return [
      stream.normal([rows, atoms]), stream.normal([atoms, width]), stream.normal([rows, width]),
    ]
  }

  /// Thresholds beyond which a tenth and two thirds of normal numbers lie: few codes, and too many.
  private static let thresholds = [1.6, 0.43]

  private func worst(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
    zip(a.scalars, b.scalars).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
  }

  @Test(
    "both are products",
    arguments: [[1, 1, 1], [3, 20, 7], [40, 50, 33], [64, 500, 250]],
    Self.thresholds
  )
  func products(extents: [Int], threshold: Double) {
    let (rows, atoms, width) = (extents[0], extents[1], extents[2])
    let drawn = problem(1, rows: rows, atoms: atoms, width: width)
    let codes = softThreshold(drawn[0], by: Tensor(threshold))
    // sums of up to 500 products of normal numbers
    let tolerance = 1e-14 * Double(max(atoms, width))
    #expect(worst(summedAtoms(codes, drawn[1]), matmul(codes, drawn[1])) <= tolerance)
    let seen = steppedAlongAtoms(nil, by: Tensor(1), drawn[2], drawn[1])
    #expect(worst(seen, matmul(drawn[2], drawn[1], transposeB: true)) <= tolerance)
    // Adjoints of each other.
    let left = (summedAtoms(codes, drawn[1]) * drawn[2]).sum().scalar
    #expect((left - (codes * seen).sum().scalar).magnitude <= tolerance * Double(rows * atoms))
  }

  @Test(
    "gradients through a threshold are those of the products, to differences and to each other",
    arguments: [[3, 20, 7], [40, 50, 33], [64, 300, 250]],
    Self.thresholds
  )
  func gradients(extents: [Int], threshold: Double) throws {
    let (rows, atoms, width) = (extents[0], extents[1], extents[2])
    let drawn = problem(2, rows: rows, atoms: atoms, width: width) + [Tensor(0.01)]
    func layer(_ x: [Tensor<Double>], isDense: Bool) -> Tensor<Double> {
      let codes = softThreshold(x[0], by: Tensor(threshold))
      let rest = x[2] - (isDense ? matmul(codes, x[1]) : summedAtoms(codes, x[1]))
      let moved =
        isDense
        ? codes + x[3] * matmul(rest, x[1], transposeB: true)
        : steppedAlongAtoms(codes, by: x[3], rest, x[1])
      let first =
        isDense
        ? x[3] * matmul(x[2], x[1], transposeB: true)
        : steppedAlongAtoms(nil, by: x[3], x[2], x[1])
      return square(softThreshold(moved, by: Tensor(threshold))).sum()
        + softThreshold(first, by: Tensor(threshold)).sum()
    }
    func gradients(isDense: Bool, threads: Int) throws -> [Tensor<Double>] {
      let names = ["codes", "dictionary", "signals", "size"]
      let recording = try Recording(
        inputs: Dictionary(uniqueKeysWithValues: zip(names, drawn)),
        differentiated: Set(names),
        pool: WorkerPool(threads: threads)
      ) { inputs in
        ["loss": layer(try names.map { try #require(inputs[$0]) }, isDense: isDense)]
      }
      // A replay gives what the first pass gives.
      try recording.backward(from: "loss")
      try recording.forward()
      try recording.backward(from: "loss")
      return try names.map { try recording.gradient(of: $0) }
    }
    let mine = try gradients(isDense: false, threads: 1)
    for (own, dense) in zip(mine, try gradients(isDense: true, threads: 1)) {
      let scale = dense.scalars.reduce(1) { max($0, $1.magnitude) }
      #expect(worst(own, dense) < 1e-12 * scale)
    }
    for (one, two) in zip(mine, try gradients(isDense: false, threads: 2)) {
      #expect(one.scalars == two.scalars, "the bits do not depend on threads")
    }
    guard rows == 3 else { return }
    let check = try checkGradients(at: drawn, from: RandomStream(seed: 3)) {
      layer($0, isDense: false)
    }
    #expect(check.worstRelativeError < 1e-5)
  }

  @Test("Jacobians are those of the products")
  func jacobians() {
    let drawn = problem(4, rows: 1, atoms: 5, width: 3)
    let codes = softThreshold(drawn[0], by: Tensor(0.5))
    let row = concatenated(
      [codes, drawn[1].reshaped([1, 15]), drawn[2], Tensor([0.3], shape: [1, 1])],
      axis: 1
    )
    func step(_ x: Tensor<Double>, isDense: Bool) -> Tensor<Double> {
      let codes = x.sliced(axis: 1, 0..<5)
      let dictionary = x.sliced(axis: 1, 5..<20).reshaped([5, 3])
      let size = x.sliced(axis: 1, 23..<24).reshaped([])
      let rest =
        x.sliced(axis: 1, 20..<23)
        - (isDense ? matmul(codes, dictionary) : summedAtoms(codes, dictionary))
      return isDense
        ? codes + size * matmul(rest, dictionary, transposeB: true)
        : steppedAlongAtoms(codes, by: size, rest, dictionary)
    }
    let expected = jacobian(at: row) { step($0, isDense: true) }
    let found = jacobian(at: row) { step($0, isDense: false) }
    #expect(found.shape == [1, 5, 24] && worst(found, expected) < 1e-14)
  }

  @Test("a code that is zero gets no gradient")
  func zeros() throws {
    let codes = Tensor<Double>([0, 2, 0, -1], shape: [1, 4])
    let recording = try Recording(
      inputs: ["codes": codes],
      differentiated: ["codes"],
      parameters: []
    ) { inputs in
      ["loss": summedAtoms(try #require(inputs["codes"]), .ones([4, 3])).sum()]
    }
    try recording.backward(from: "loss")
    #expect(try recording.gradient(of: "codes").scalars == [0, 3, 0, 3])
  }
}
