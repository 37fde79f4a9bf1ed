import Autodiff
import StateEstimation
import Synchronization
import Tensors
import Testing

@Suite struct ModelTests {
  /// Checks the laws of a function at a few points.
  private func check<F: VectorFunction>(
    _ f: F,
    seed: UInt64,
    isStateDependent: Bool = false,
    scale: Double = 1
  ) throws where F.Scalar == Double {
    var stream = RandomStream(seed: seed)
    let points: Tensor<Double> = stream.normal([4, f.inputs])
    let x = points.scalars.map { $0 * scale }
    let (m, n) = (f.inputs, f.outputs)
    let recorded = f.jacobians(at: Tensor(x, shape: [4, m])).scalars
    let inTensors = f.applied(to: Tensor(x, shape: [4, m])).scalars
    for k in 0..<4 {
      let point = Array(x[(k * m)..<((k + 1) * m)])
      func value(_ at: [Double]) -> [Double] {
        var y = [Double](repeating: .nan, count: n)
        f.evaluate(at, into: &y)
        return y
      }
      let y = value(point)
      #expect(worst(Array(inTensors[(k * n)..<((k + 1) * n)]), y) < 1e-12)
      var jacobian = [Double](repeating: .nan, count: n * m)
      f.jacobian(point, into: &jacobian)
      #expect(worst(Array(recorded[(k * n * m)..<((k + 1) * n * m)]), jacobian) < 1e-12)
      let step = 1e-5
      for j in 0..<m {
        var (up, down) = (point, point)
        up[j] += step
        down[j] -= step
        let slope = zip(value(up), value(down)).map { ($0 - $1) / (2 * step) }
        // Central differences: h^2 and rounding over h, times derivatives of some tens.
        #expect(worst((0..<n).map { jacobian[$0 * m + j] }, slope) < 1e-7)
      }
      guard isStateDependent else { continue }
      var matrix = [Double](repeating: .nan, count: n * m)
      f.stateDependentMatrix(point, into: &matrix)
      let product = (0..<n).map { i in
        (0..<m).reduce(0) { $0 + matrix[i * m + $1] * point[$1] }
      }
      #expect(worst(product, y) < 1e-12)
    }
  }

  @Test(
    "values agree in both forms and with their Jacobians and matrices",
    arguments: 0..<20 as Range<UInt64>
  )
  func laws(seed: UInt64) throws {
    let matrix = Matrix<Double>([[1, 2, 3], [-1, 0.5, 0]])
    try check(LinearFunction(matrix), seed: seed, isStateDependent: true)
    try check(SinusoidalTransition(states: 3), seed: seed, isStateDependent: true)
    try check(QuadraticEmission(states: 3, scale: 2, slope: 0.7, offset: 0.3), seed: seed)
    try check(PendulumTransition(), seed: seed, isStateDependent: true)
    try check(LorenzTransition(order: 5), seed: seed, isStateDependent: true, scale: 10)
    try check(LorenzTransition(order: 2), seed: seed, isStateDependent: true, scale: 10)
    try check(SphericalEmission(), seed: seed, scale: 5)
    try check(SystemTransition.lorenz(LorenzTransition(order: 3)), seed: seed, scale: 10)
    try check(SystemEmission<Double>.spherical(SphericalEmission()), seed: seed, scale: 5)
    try check(recordedLorenz, seed: seed, scale: 10)
    try check(
      RecordedFunction(inputs: 3, outputs: 3) { SphericalEmission<Double>().applied(to: $0) },
      seed: seed,
      scale: 5
    )
    // An operation without a form for single numbers: it is replayed.
    let places = Tensor<Double>([2, 0])
    try check(
      RecordedFunction(inputs: 3, outputs: 2) { square($0).gathered(places, axis: 1) },
      seed: seed
    )
  }

  private var recordedLorenz: RecordedFunction<Double> {
    RecordedFunction(inputs: 3, outputs: 3) { LorenzTransition<Double>().applied(to: $0) }
  }

  @Test("written as tensor code, value and Jacobian are those by hand, one point at a time or many")
  func recorded() throws {
    let hand = LorenzTransition<Double>()
    var stream = RandomStream(seed: 2)
    let points: Tensor<Double> = stream.normal([50, 3])
    let x = points * 10
    #expect(
      worst(recordedLorenz.jacobians(at: x).scalars, hand.jacobians(at: x).scalars) < 1e-12
    )
    let function = recordedLorenz
    let numbers = x.scalars
    // Threads take programs of their own.
    let errors = Mutex(0.0)
    WorkerPool(threads: 2).forEach(count: 50) { row in
      let point = Array(numbers[(3 * row)..<(3 * row + 3)])
      var (y, slope) = ([Double](repeating: 0, count: 3), [Double](repeating: 0, count: 9))
      var (z, other) = (y, slope)
      function.linearise(point, into: &y, jacobian: &slope)
      hand.linearise(point, into: &z, jacobian: &other)
      let error = max(worst(y, z), worst(slope, other))
      errors.withLock { $0 = max($0, error) }
    }
    #expect(errors.withLock { $0 } < 1e-12)
  }

  @Test("a loss passes through models", arguments: 0..<3 as Range<UInt64>)
  func gradients(seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let x: Tensor<Double> = stream.normal([2, 3])
    let away = x + 3
    for f: ([Tensor<Double>]) -> Tensor<Double> in [
      { square(LorenzTransition<Double>().applied(to: $0[0])).sum() },
      { square(SphericalEmission<Double>().applied(to: $0[0])).sum() },
      { square(SinusoidalTransition<Double>(states: 3).applied(to: $0[0])).sum() },
      { QuadraticEmission<Double>(states: 3).applied(to: $0[0]).sum() },
    ] {
      let check = try checkGradients(at: [away], from: stream, f)
      #expect(check.worstRelativeError < 1e-6)
    }
  }

  @Test("the Lorenz step of high order follows the attractor over a short time")
  func integration() {
    // One step of 0.002 s: the matrix held at its start errs by dt^2 / 2 |dA/dt x|, some 0.001.
    let path = LorenzAttractor.path(from: (1, 1, 1), steps: 1, timeStep: 1e-5, decimation: 200)
    var y = [Double](repeating: 0, count: 3)
    LorenzTransition<Double>(order: 5, timeStep: 0.002).evaluate([1, 1, 1], into: &y)
    #expect(worst(y, path) < 2e-3)
    // A coarser integration agrees to the fourth power of its step.
    let coarse = LorenzAttractor.path(from: (1, 1, 1), steps: 1, timeStep: 1e-4, decimation: 20)
    #expect(worst(coarse, path) < 1e-10)
  }

  @Test("rotations are orthogonal, and kinematic models are their own matrices")
  func matrices() {
    for size in 2...4 {
      let r = LinearSystems.rotation(size, degrees: 10)
      #expect(worst(r.times(r.transposed()).scalars, Matrix.identity(size).scalars) < 1e-14)
    }
    #expect(
      LinearSystems.kinematicTransition(order: 2, timeStep: 0.5)
        == Matrix([[1, 0.5, 0.125], [0, 1, 0.5], [0, 0, 1]])
    )
    let density = LinearSystems.kinematicNoise(order: 1, timeStep: 2)
    #expect(worst(density.scalars, [8.0 / 3, 2, 2, 2]) < 1e-14)
    #expect(
      LinearSystems.reverseCanonicalEmission(observed: 2, states: 2) == Matrix([[1, 1], [1, 0]])
    )
    #expect(LinearSystems.canonicalTransition(2) == Matrix([[1, 1], [0, 1]]))
  }

  @Test("a covariance of entries in very different units keeps its rank in single precision")
  func units() {
    // Variances from 5e-12 to 1e-2: position, velocity and acceleration after 10 ms.
    let wide = LinearSystems.kinematicNoise(order: 2, timeStep: 0.01)
    let q = Matrix<Float>(rows: 3, columns: 3, wide.scalars.map { Float($0) })
    let lower = Covariance.factor(q)
    let product = lower.times(lower.transposed())
    for i in 0..<3 {
      #expect(lower[i, i] > 0)
      for j in 0..<3 {
        let scale = (q[i, i] * q[j, j]).squareRoot()
        #expect((product[i, j] - q[i, j]).magnitude < 1e-5 * scale)
      }
    }
    let singular = Covariance.factor(Matrix<Float>([[1, 2], [2, 4]]))
    #expect(singular == Matrix([[1, 0], [2, 0]]))
  }
}
