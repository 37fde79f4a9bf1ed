internal import CKernels
internal import Tensors

/// The gain that the Kalman filter of a linear system settles to.
///
/// The predicted covariance solves `P = F (P - P H' (H P H' + R)^-1 H P) F' + Q`, found by the filter's own
/// recursion. Where the initial covariance is another the first steps are not optimal. A missing entry adds no
/// innovation; the covariance is that of complete observations.
///
/// - SeeAlso: `anderson1979`.
public struct SteadyStateGain<Transition: VectorFunction, Emission: VectorFunction>: GainModel
where Emission.Scalar == Transition.Scalar {
  /// The precision.
  public typealias Scalar = Transition.Scalar

  /// The first moments of the system.
  public let model: StateSpaceModel<Transition, Emission>
  /// `K`, `[m, n]`.
  public let matrix: FixedMatrix<Transition.Scalar>
  /// `P_{t|t}`, `[m, m]`.
  public let covariance: FixedMatrix<Transition.Scalar>
  private let predictedCovariance: FixedMatrix<Transition.Scalar>
  private let crossCovariance: FixedMatrix<Transition.Scalar>
  private let innovationFactor: FixedMatrix<Transition.Scalar>

  /// A sequence carries nothing but room for a triangular solve.
  public final class Memory {}

  /// The steady gain of a model and its noise.
  ///
  /// - Parameters:
  ///   - model: linear.
  ///   - noise: `Q` and `R`.
  ///   - iterations: steps of the recursion at most.
  /// - Throws: ``StateEstimationError/noSteadyState(iterations:)``.
  public init(
    model: StateSpaceModel<Transition, Emission>,
    noise: NoiseCovariances<Transition.Scalar>,
    iterations: Int = 100_000
  ) throws(StateEstimationError) {
    self.model = model
    let (m, n) = (model.states, model.observed)
    let filter = GaussianFilter(gain: RiccatiGain(model: model, noise: noise))
    // From a covariance of the noises' size: it reaches the only stabilising solution.
    let scale = max(
      (0..<m).reduce(0) { max($0, noise.process.base[$1 * m + $1]) },
      (0..<n).reduce(0) { max($0, noise.observation.base[$1 * n + $1]) }
    )
    var start = Matrix<Scalar>(rows: m, columns: m)
    for i in 0..<m { start[i, i] = scale > 0 ? scale : 1 }
    let stream = filter.stream(mean: [Scalar](repeating: 0, count: m), covariance: start)
    let zeros = [Scalar](repeating: 0, count: n)
    var last = start.scalars
    var isSettled = false
    var made = 0
    while made < iterations && !isSettled {
      guard stream.advance(zeros) else { break }
      made += 1
      let now = (0..<(m * m)).map { stream.step.predictedCovariance[$0] }
      guard now.allSatisfy(\.isFinite) else { break }
      let size = now.reduce(0) { max($0, $1.magnitude) }
      let change = zip(now, last).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
      isSettled = made > 1 && Double(change) <= Double(8 * m) * Scalar.unitRoundoff * Double(size)
      last = now
    }
    guard isSettled else { throw .noSteadyState(iterations: made) }
    func kept(_ rows: Int, _ columns: Int, _ base: UnsafeMutablePointer<Scalar>) -> FixedMatrix<
      Scalar
    > {
      FixedMatrix(
        Matrix(rows: rows, columns: columns, (0..<(rows * columns)).map { base[$0] })
      )
    }
    matrix = kept(m, n, stream.step.gain)
    covariance = kept(m, m, stream.step.covariance)
    predictedCovariance = kept(m, m, stream.step.predictedCovariance)
    crossCovariance = kept(m, m, stream.step.crossCovariance)
    innovationFactor = kept(n, n, stream.innovationFactor)
  }

  /// Nothing.
  public func makeMemory() -> Memory { Memory() }

  /// Nothing to begin.
  public func start(_ step: Step, covariance: Numbers, _ memory: Memory) {
    step.covariance.update(from: covariance, count: model.states * model.states)
  }

  /// The same gain at every step.
  public func fill(_ step: Step, _ memory: Memory) -> Bool {
    let (m, n) = (model.states, model.observed)
    step.gain.update(from: matrix.base, count: m * n)
    for j in 0..<n where step.observation[j].isNaN {
      for i in 0..<m { step.gain[i * n + j] = 0 }
    }
    if step.isComplete { judge(step) }
    return true
  }

  /// `dy' S^-1 dy` and `log det S` by the factor of `S`.
  private func judge(_ step: Step) {
    let n = model.observed
    let l = innovationFactor.base
    var (squares, determinant) = (0.0, 0.0)
    // The predicted observation has been used; its place takes the solution of L z = dy.
    let z = step.predictedObservation
    for i in 0..<n {
      var sum = step.innovation[i]
      for k in 0..<i { sum -= l[i * n + k] * z[k] }
      z[i] = sum / l[i * n + i]
      squares += Double(z[i]) * Double(z[i])
      determinant += 2 * naturalLogarithm(Double(l[i * n + i]))
    }
    for i in 0..<n { z[i] = step.observation[i] - step.innovation[i] }
    step.consistency[0] = squares
    step.consistency[1] = determinant
  }

  /// The same covariance at every step.
  public func correct(_ step: Step, _ memory: Memory) {
    let size = model.states * model.states
    step.covariance.update(from: covariance.base, count: size)
    step.predictedCovariance.update(from: predictedCovariance.base, count: size)
    step.crossCovariance.update(from: crossCovariance.base, count: size)
  }
}

extension FilterStream {
  /// The factor of the last innovation covariance, of gains that keep one.
  fileprivate var innovationFactor: UnsafeMutablePointer<Scalar> {
    guard let memory = memory as? MomentMemory<Scalar> else {
      preconditionFailure("FilterStream: this gain keeps no innovation covariance")
    }
    return memory.factor
  }
}
