import Autodiff
import ImageRestoration
import Tensors
import Testing

@Suite struct OperatorTests {
  @Test("the adjoint is one", arguments: OperatorCase.allCases, 0..<20 as Range<UInt64>)
  func adjoint(operators: OperatorCase, seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    // Conditions of sums of fewer than 100 products.
    #expect(AdjointTest.defect(of: try operators.made(seed: seed), from: &stream) < 1e-13)
    let single = try operators.made(seed: seed, as: Float.self)
    #expect(AdjointTest.defect(of: single, from: &stream) < 1e-5)
  }

  @Test("the adjoint test finds what is not one")
  func wrongAdjoint() throws {
    var stream = RandomStream(seed: 1)
    let blur = try CircularBlur<Double>(
      kernel: Tensor([0, 0, 0, 0.2, 0.3, 0.5, 0, 0, 0], shape: [3, 3]),
      height: 6,
      width: 6
    )
    #expect(AdjointTest.defect(of: Unadjoint(inner: blur), from: &stream) > 1e-3)
  }

  @Test("the fast solver agrees with a dense one", arguments: OperatorCase.allCases, [0.03, 1, 40])
  func solver(operators: OperatorCase, weight: Double) throws {
    let measurement = try operators.made(seed: 3)
    let a = denseMatrix(measurement)
    let size = a.shape[1]
    var normal = Matrix(rows: size, columns: size, matmul(a, a, transposeA: true).scalars)
    for i in 0..<size { normal[i, i] += weight }
    let factor = try CholeskyFactor(normal)
    let right = randomImages([2] + measurement.imageShape, seed: 4)
    let solution = measurement.solver(weight: weight).solution(right)
    #expect(solution.shape == right.shape)
    for image in 0..<2 {
      let expected = factor.solve(Array(right.scalars[image * size..<(image + 1) * size]))
      let found = Tensor(Array(solution.scalars[image * size..<(image + 1) * size]))
      // The condition is at most |A|^2 / weight, below 1e3.
      #expect(worst(found, Tensor(expected)) < 1e-9)
    }
  }

  @Test("no singular value exceeds the bound", arguments: OperatorCase.allCases)
  func bound(operators: OperatorCase) throws {
    let measurement = try operators.made(seed: 5)
    let a = denseMatrix(measurement)
    let size = a.shape[1]
    let gram = Matrix(rows: size, columns: size, matmul(a, a, transposeA: true).scalars)
    let largest = (SymmetricEigen(gram, vectors: false).values.last ?? 0).squareRoot()
    #expect(largest <= measurement.normBound * (1 + 1e-9))
    #expect(measurement.normBound <= 2 * largest)
  }

  @Test("a derivative goes through operators and solvers", arguments: OperatorCase.allCases)
  func gradients(operators: OperatorCase) throws {
    let measurement = try operators.made(seed: 6)
    let solver = measurement.solver(weight: 0.7)
    let x = randomImages([2] + measurement.imageShape, seed: 7)
    let w = randomImages([2] + measurement.imageShape, seed: 8)
    let recording = try Recording(inputs: ["x": x], differentiated: ["x"]) { inputs in
      guard let x = inputs["x"] else { return [:] }
      let seen = measurement.adjoint(of: measurement.measurements(of: x))
      return ["loss": (solver.solution(seen) * w).sum()]
    }
    try recording.backward()
    // The map is symmetric, S A'A, so its gradient is A'A S w.
    let expected = measurement.adjoint(of: measurement.measurements(of: solver.solution(w)))
    #expect(worst(try recording.gradient(of: "x"), expected) < 1e-9)
  }

  @Test("blurs are convolutions", arguments: [true, false], 0..<4 as Range<UInt64>)
  func convolution(isCircular: Bool, seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let (height, width) = (6, 7)
    let kernel: Tensor<Double> = stream.uniform([3, 5])
    let x = randomImages([1, height, width], seed: seed)
    let y =
      isCircular
      ? try CircularBlur(kernel: kernel, height: height, width: width).measurements(of: x)
      : try ReflectiveBlur(kernel: kernel, height: height, width: width).measurements(of: x)
    func place(_ i: Int, _ n: Int) -> Int {
      if isCircular { return (i + n) % n }
      return i < 0 ? -1 - i : i >= n ? 2 * n - 1 - i : i
    }
    for i in 0..<height {
      for j in 0..<width {
        var sum = 0.0
        for a in 0..<3 {
          for b in 0..<5 {
            sum += kernel[a, b] * x[0, place(i - (a - 1), height), place(j - (b - 2), width)]
          }
        }
        #expect(abs(y[0, i, j] - sum) < 1e-12)
      }
    }
  }

  @Test("super-resolution keeps every second pixel of the blurred image")
  func decimation() throws {
    let kernel = BlurKernel.uniform(extent: 3)
    let x = randomImages([1, 6, 8], seed: 9)
    let blurred = try CircularBlur(kernel: kernel, height: 6, width: 8).measurements(of: x)
    let small = try SuperResolution(kernel: kernel, factor: 2, height: 6, width: 8)
      .measurements(of: x)
    #expect(small.shape == [1, 3, 4])
    for i in 0..<3 {
      for j in 0..<4 { #expect(abs(small[0, i, j] - blurred[0, 2 * i, 2 * j]) < 1e-14) }
    }
  }

  @Test("kernels sum to one and keep their middle")
  func kernels() {
    for kernel in [
      BlurKernel.gaussian(deviation: 1.6), BlurKernel.uniform(extent: 5),
      BlurKernel.motion(length: 7, angleRadians: 0.4),
    ] {
      #expect(abs(kernel.scalars.reduce(0, +) - 1) < 1e-12)
      let (rows, columns) = (kernel.shape[0], kernel.shape[1])
      var middle = (0.0, 0.0)
      for i in 0..<rows {
        for j in 0..<columns {
          middle.0 += Double(i - rows / 2) * kernel[i, j]
          middle.1 += Double(j - columns / 2) * kernel[i, j]
        }
      }
      #expect(abs(middle.0) < 1e-9 && abs(middle.1) < 1e-9)
    }
  }

  @Test("what cannot be an operator is refused by name")
  func errors() {
    let even = Tensor<Double>.full([2, 3], 0.1)
    #expect(
      throws: ImageRestorationError.badShape(
        name: "the kernel",
        actual: [2, 3],
        expected: "odd extents of at most 8 x 8"
      )
    ) { try CircularBlur(kernel: even, height: 8, width: 8) }
    #expect(
      throws: ImageRestorationError.badNumber(
        name: "the mask",
        value: "neither 0 nor 1",
        expected: "zeros and ones"
      )
    ) { try MaskOperator(mask: even) }
    #expect(
      throws: ImageRestorationError.badShape(
        name: "the operator",
        actual: [2, 3],
        expected: "[measurements, 4]"
      )
    ) { try DenseOperator(matrix: even, height: 2, width: 2) }
    #expect(
      throws: ImageRestorationError.badShape(
        name: "the image",
        actual: [7, 8],
        expected: "multiples of the factor 2"
      )
    ) { try SuperResolution(kernel: BlurKernel.uniform(extent: 3), factor: 2, height: 7, width: 8) }
  }
}

/// An operator whose adjoint is wrong.
private struct Unadjoint: MeasurementOperator {
  let inner: CircularBlur<Double>
  var imageShape: [Int] { inner.imageShape }
  var measurementShape: [Int] { inner.measurementShape }
  var normBound: Double { inner.normBound }
  func measurements(of images: Tensor<Double>) -> Tensor<Double> { inner.measurements(of: images) }
  func adjoint(of y: Tensor<Double>) -> Tensor<Double> { inner.measurements(of: y) }
  func solver(weight: Double) -> NormalSolver<Double> { inner.solver(weight: weight) }
}
