// Points are drawn anew from the predicted covariance, so that they carry the process noise, and the corrected
// covariance is the points' own about what the gain leaves, plus K R K'. This equals P- - K S K' and cannot
// lose positive definiteness while no weight is negative.

internal import CKernels
public import Tensors

/// Where sigma points lie and what they weigh.
public struct SigmaPointRule<Scalar: RealTensorScalar>: Sendable, Hashable {
  /// The distance of points from the mean in standard deviations.
  public let spread: Scalar
  /// The weight of the centre in means and in covariances, and of each other point in both.
  public let centreMean: Scalar
  /// The centre's weight in covariances.
  public let centreCovariance: Scalar
  /// The weight of each of the other `2 m` points.
  public let weight: Scalar

  /// The unscented rule with its three parameters.
  ///
  /// `lambda = alpha^2 (m + kappa) - m`; spread `sqrt(m + lambda)`, weights `1 / (2 (m + lambda))`, the centre
  /// `lambda / (m + lambda)`, in covariances plus `1 - alpha^2 + beta`.
  ///
  /// - SeeAlso: `wan2000ukf`.
  public static func unscented(
    states: Int,
    alpha: Scalar = 1,
    beta: Scalar = 0,
    kappa: Scalar = 1
  ) -> SigmaPointRule {
    let sum = alpha * alpha * (Scalar(states) + kappa)
    precondition(sum > 0, "SigmaPointRule: alpha^2 (states + kappa) is \(sum)")
    let centre = (sum - Scalar(states)) / sum
    return SigmaPointRule(
      spread: sum.squareRoot(),
      centreMean: centre,
      centreCovariance: centre + 1 - alpha * alpha + beta,
      weight: 1 / (2 * sum)
    )
  }

  /// The cubature rule: `2 m` points of equal weight.
  ///
  /// - SeeAlso: `arasaratnam2009cubature`.
  public static func cubature(states: Int) -> SigmaPointRule {
    SigmaPointRule(
      spread: Scalar(states).squareRoot(),
      centreMean: 0,
      centreCovariance: 0,
      weight: 1 / (2 * Scalar(states))
    )
  }
}

/// The gain of the unscented and the cubature Kalman filter, from points sent through the model.
///
/// - SeeAlso: `sarkka2013`, chapter 5.
public struct SigmaPointGain<Transition: VectorFunction, Emission: VectorFunction>: GainModel
where Emission.Scalar == Transition.Scalar {
  /// The precision.
  public typealias Scalar = Transition.Scalar
  /// Covariances of one sequence.
  public typealias Memory = MomentMemory<Transition.Scalar>

  /// The first moments of the system.
  public let model: StateSpaceModel<Transition, Emission>
  /// `Q` and `R`.
  public let noise: NoiseCovariances<Transition.Scalar>
  /// Where points lie.
  public let rule: SigmaPointRule<Transition.Scalar>
  private let weights: FixedMatrix<Transition.Scalar>
  private let covarianceWeights: FixedMatrix<Transition.Scalar>

  /// The gain of a model, its noise and a rule for points.
  public init(
    model: StateSpaceModel<Transition, Emission>,
    noise: NoiseCovariances<Transition.Scalar>,
    rule: SigmaPointRule<Transition.Scalar>
  ) {
    noise.checkFits(states: model.states, observed: model.observed)
    self.model = model
    self.noise = noise
    self.rule = rule
    let count = 2 * model.states + 1
    var row = Matrix<Scalar>(rows: 1, columns: count, repeating: rule.weight)
    row[0, 0] = rule.centreMean
    weights = FixedMatrix(row)
    row[0, 0] = rule.centreCovariance
    covarianceWeights = FixedMatrix(row)
  }

  private var count: Int { 2 * model.states + 1 }

  /// Covariances and points of one sequence.
  public func makeMemory() -> MomentMemory<Scalar> {
    MomentMemory(states: model.states, observed: model.observed, points: count)
  }

  /// Begins with `P_0`.
  public func start(_ step: Step, covariance: Numbers, _ memory: MomentMemory<Scalar>) {
    let size = model.states * model.states
    memory.covariance.update(from: covariance, count: size)
    step.covariance.update(from: covariance, count: size)
  }

  /// Points about a mean, row 0 the mean itself.
  private func spread(
    about mean: Numbers,
    _ covariance: Numbers,
    _ memory: MomentMemory<Scalar>
  ) {
    let m = model.states
    let tolerance = Covariance.tolerance(Scalar.self, m)
    _ = Scalar.kernels.pointee.moments_factor(m, tolerance, covariance, memory.work)
    let points = memory.points
    for k in 0..<count { (points + k * m).update(from: mean, count: m) }
    for j in 0..<m {
      for i in 0..<m {
        let move = rule.spread * memory.work[i * m + j]
        points[(1 + j) * m + i] += move
        points[(1 + m + j) * m + i] -= move
      }
    }
  }

  /// The weighted mean of rows.
  private func mean(
    of rows: UnsafeMutablePointer<Scalar>,
    _ width: Int,
    into mean: UnsafeMutablePointer<Scalar>
  ) {
    for i in 0..<width {
      var sum: Scalar = 0
      for k in 0..<count { sum += weights.base[k] * rows[k * width + i] }
      mean[i] = sum
    }
  }

  /// Means and covariances of points after the transition.
  public func predict(_ step: Step, _ memory: MomentMemory<Scalar>) {
    let m = model.states
    spread(about: step.previous, memory.covariance, memory)
    for k in 0..<count {
      model.transition.evaluate(memory.points + k * m, into: memory.movedPoints + k * m)
    }
    mean(of: memory.movedPoints, m, into: step.predicted)
    step.predictedCovariance.update(from: noise.process.base, count: m * m)
    step.crossCovariance.clear(count: m * m)
    let kernels = Scalar.kernels
    kernels.pointee.moments_cross(
      count,
      m,
      m,
      covarianceWeights.base,
      memory.movedPoints,
      step.predicted,
      memory.movedPoints,
      step.predicted,
      step.predictedCovariance
    )
    symmetrise(step.predictedCovariance)
    kernels.pointee.moments_cross(
      count,
      m,
      m,
      covarianceWeights.base,
      memory.points,
      step.previous,
      memory.movedPoints,
      step.predicted,
      step.crossCovariance
    )
  }

  /// `P_{t|t-1} = P_0`.
  public func hold(_ step: Step, _ memory: MomentMemory<Scalar>) {
    let size = model.states * model.states
    step.predictedCovariance.update(from: memory.covariance, count: size)
    step.crossCovariance.update(from: memory.covariance, count: size)
  }

  /// The mean of what new points would give.
  public func observe(_ step: Step, _ memory: MomentMemory<Scalar>) {
    let (m, n) = (model.states, model.observed)
    spread(about: step.predicted, step.predictedCovariance, memory)
    for k in 0..<count {
      model.emission.evaluate(memory.points + k * m, into: memory.observedPoints + k * n)
    }
    mean(of: memory.observedPoints, n, into: step.predictedObservation)
  }

  /// `K = Cov(x, y) S^-1`.
  public func fill(_ step: Step, _ memory: MomentMemory<Scalar>) -> Bool {
    let (m, n, p) = (model.states, model.observed, step.presentCount)
    // Columns of entries that are there, in place: row k moves to the left only.
    if !step.isComplete {
      for k in 0..<count {
        for j in 0..<p {
          let column = Int(step.present[j])
          memory.observedPoints[k * p + j] = memory.observedPoints[k * n + column]
        }
      }
    }
    memory.selectPresent(step, noise: noise.observation.base)
    // The mean of the entries that are there borrows the place of a matrix not used here.
    let observedMean = memory.presentEmission
    mean(of: memory.observedPoints, p, into: observedMean)
    memory.innovationCovariance.update(from: memory.presentNoise, count: p * p)
    memory.cross.clear(count: m * p)
    let kernels = Scalar.kernels
    kernels.pointee.moments_cross(
      count,
      p,
      p,
      covarianceWeights.base,
      memory.observedPoints,
      observedMean,
      memory.observedPoints,
      observedMean,
      memory.innovationCovariance
    )
    kernels.pointee.moments_cross(
      count,
      m,
      p,
      covarianceWeights.base,
      memory.points,
      step.predicted,
      memory.observedPoints,
      observedMean,
      memory.cross
    )
    let isFilled = kernels.pointee.moments_gain(
      m,
      p,
      memory.cross,
      memory.innovationCovariance,
      memory.presentInnovation,
      memory.presentGain,
      memory.factor,
      step.consistency
    )
    memory.spreadGain(step)
    return isFilled != 0
  }

  /// The covariance of what the gain leaves of the points, plus `K R K'`.
  public func correct(_ step: Step, _ memory: MomentMemory<Scalar>) {
    let (m, p) = (model.states, step.presentCount)
    guard p > 0 else {
      memory.covariance.update(from: step.predictedCovariance, count: m * m)
      step.covariance.update(from: memory.covariance, count: m * m)
      return
    }
    let (gain, observedMean) = (memory.presentGain, memory.presentEmission)
    for k in 0..<count {
      for i in 0..<m {
        var left: Scalar = memory.points[k * m + i] - step.predicted[i]
        for j in 0..<p {
          let residual: Scalar = memory.observedPoints[k * p + j] - observedMean[j]
          left -= gain[i * p + j] * residual
        }
        memory.movedPoints[k * m + i] = left
      }
    }
    addNoise(gain, p, memory)
    memory.transition.clear(count: m)
    Scalar.kernels.pointee.moments_cross(
      count,
      m,
      m,
      covarianceWeights.base,
      memory.movedPoints,
      memory.transition,
      memory.movedPoints,
      memory.transition,
      memory.covariance
    )
    symmetrise(memory.covariance)
    step.covariance.update(from: memory.covariance, count: m * m)
  }

  /// Takes the mean of both halves, which sums over points leave a rounding apart.
  private func symmetrise(_ matrix: UnsafeMutablePointer<Scalar>) {
    let m = model.states
    for i in 0..<m {
      for j in 0..<i {
        let mean = (matrix[i * m + j] + matrix[j * m + i]) / 2
        matrix[i * m + j] = mean
        matrix[j * m + i] = mean
      }
    }
  }

  /// `K R K'` into the covariance.
  private func addNoise(
    _ gain: UnsafeMutablePointer<Scalar>,
    _ p: Int,
    _ memory: MomentMemory<Scalar>
  ) {
    let m = model.states
    for i in 0..<m {
      for j in 0...i {
        var sum: Scalar = 0
        for a in 0..<p {
          var row: Scalar = 0
          for b in 0..<p {
            let product: Scalar = memory.presentNoise[a * p + b] * gain[j * p + b]
            row += product
          }
          let share: Scalar = gain[i * p + a] * row
          sum += share
        }
        memory.covariance[i * m + j] = sum
        memory.covariance[j * m + i] = sum
      }
    }
  }
}
