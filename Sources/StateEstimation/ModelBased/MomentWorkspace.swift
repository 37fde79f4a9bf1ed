// Proof of safety: the memory is allocated once, of a type without references, lives as long as the workspace,
// and is used by the one sequence it was made for.

internal import CKernels
public import Tensors

/// What a gain by covariances carries from step to step, and the memory that it works in.
public final class MomentMemory<Scalar: RealTensorScalar> {
  let states: Int
  let observed: Int
  /// `P_{t-1|t-1}`, `[m, m]`.
  let covariance: UnsafeMutablePointer<Scalar>
  /// `F`, `[m, m]`.
  let transition: UnsafeMutablePointer<Scalar>
  /// `H`, `[n, m]`, and its rows of entries that are there.
  let emission: UnsafeMutablePointer<Scalar>
  let presentEmission: UnsafeMutablePointer<Scalar>
  /// `R` of the entries that are there.
  let presentNoise: UnsafeMutablePointer<Scalar>
  let presentInnovation: UnsafeMutablePointer<Scalar>
  let presentGain: UnsafeMutablePointer<Scalar>
  /// `P- H'`, `[m, n]`.
  let cross: UnsafeMutablePointer<Scalar>
  /// `S`, `[n, n]`.
  let innovationCovariance: UnsafeMutablePointer<Scalar>
  let factor: UnsafeMutablePointer<Scalar>
  let work: UnsafeMutablePointer<Scalar>
  /// Sigma points `[count, m]`, their observations `[count, n]`, and both means' differences.
  let points: UnsafeMutablePointer<Scalar>
  let movedPoints: UnsafeMutablePointer<Scalar>
  let observedPoints: UnsafeMutablePointer<Scalar>
  private let numbers: UnsafeMutablePointer<Scalar>

  init(states m: Int, observed n: Int, points count: Int = 0) {
    states = m
    observed = n
    let sizes = [
      m * m, m * m, n * m, n * m, n * n, n, m * n, m * n, n * n, n * (n + 1), m * m + m * max(m, n),
      count * m, count * m, count * n,
    ]
    let total = sizes.reduce(0, +)
    numbers = .allocate(capacity: total)
    numbers.clear(count: total)
    var next = numbers
    func take(_ place: Int) -> UnsafeMutablePointer<Scalar> {
      defer { next += sizes[place] }
      return next
    }
    covariance = take(0)
    transition = take(1)
    emission = take(2)
    presentEmission = take(3)
    presentNoise = take(4)
    presentInnovation = take(5)
    presentGain = take(6)
    cross = take(7)
    innovationCovariance = take(8)
    factor = take(9)
    work = take(10)
    points = take(11)
    movedPoints = take(12)
    observedPoints = take(13)
  }

  deinit { numbers.deallocate() }

  /// The noise of the entries that are there, `[p, p]`, and their innovations.
  func selectPresent(_ step: FilterStep<Scalar>, noise: UnsafePointer<Scalar>) {
    let (n, p) = (observed, step.presentCount)
    for i in 0..<p {
      let row = Int(step.present[i])
      presentInnovation[i] = step.innovation[row]
      for j in 0..<p { presentNoise[i * p + j] = noise[row * n + Int(step.present[j])] }
    }
  }

  /// The gain of the entries that are there as columns of the step's, zeros elsewhere.
  func spreadGain(_ step: FilterStep<Scalar>) {
    let (m, n, p) = (states, observed, step.presentCount)
    step.gain.clear(count: m * n)
    for j in 0..<p {
      let column = Int(step.present[j])
      for i in 0..<m { step.gain[i * n + column] = presentGain[i * p + j] }
    }
  }
}
