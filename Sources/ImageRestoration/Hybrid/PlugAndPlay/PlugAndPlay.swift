// Goals: 1. the quality of a falling noise level; 2. an iteration that converges, with its residual.
//
// Sources: zhang2021dpir (the falling noise level and its coupling), venkatakrishnan2013pnp and ryu2019pnp (the
// iteration with a fixed denoiser). Deviations: the first starts the second, and itself starts at the best linear
// estimate, without which no denoiser fills large holes.

internal import Autodiff
public import Hybridization
public import Tensors

/// Plug-and-play restoration: half-quadratic splitting with a noise level that falls, then an iteration with
/// the last noise level until it stands still.
///
/// With noise of variance `sigma^2` and a denoiser at deviation `d` the coupling is `factor sigma^2 / d^2`.
public struct PlugAndPlay<Operator: MeasurementOperator, P: Prior>: Sendable
where P.Scalar == Operator.Scalar {
  /// The precision.
  public typealias Scalar = Operator.Scalar

  /// What goes on after the noise level has fallen.
  public enum Ending: String, Sendable, CaseIterable {
    /// Nothing: half-quadratic splitting alone.
    case none = "hqs"
    /// The alternating direction method of multipliers.
    case admm
    /// Proximal gradient steps.
    case gradient = "pgd"
    /// Regularisation by denoising.
    case red
  }

  private let annealing: HalfQuadraticSplitting<Operator, P>
  private let linear: WienerRestoration<Operator>
  private let ending: Ending
  private let admm: SplitADMM<Operator, P>
  private let gradient: ProximalGradient<Operator, P>
  private let red: DenoisingRegularisation<Operator, P>

  /// What the iterations are told.
  public struct Schedule: Sendable, Hashable {
    /// The noise's variance, above 0.
    public var noiseVariance: Double
    /// The weight of the fit.
    public var factor = 0.25
    /// The first deviation.
    public var first = 0.2
    /// The last deviation, at most the first.
    public var last = 0.02
    /// Steps in which it falls.
    public var steps = 16

    /// A schedule with the standard values.
    public init(noiseVariance: Double) { self.noiseVariance = noiseVariance }
  }

  /// The algorithm.
  public init(measurement: Operator, prior: P, schedule: Schedule, ending: Ending) {
    let penalty = schedule.factor * schedule.noiseVariance
    annealing = HalfQuadraticSplitting(
      measurement: measurement,
      prior: prior,
      penalty: penalty,
      first: max(schedule.first, schedule.last),
      last: schedule.last,
      steps: schedule.steps
    )
    linear = WienerRestoration(
      measurement: measurement,
      noiseVariance: schedule.noiseVariance
    )
    self.ending = ending
    let variance = schedule.last * schedule.last
    admm = SplitADMM(
      measurement: measurement,
      prior: prior,
      penalty: penalty,
      coupling: penalty / variance
    )
    let bound = max(measurement.normBound * measurement.normBound, .leastNormalMagnitude)
    gradient = ProximalGradient(
      measurement: measurement,
      prior: prior,
      penalty: variance * bound,
      stepSize: 1 / bound
    )
    red = DenoisingRegularisation(
      measurement: measurement,
      prior: prior,
      weight: penalty / variance,
      strength: variance
    )
  }

  /// Restores a batch.
  ///
  /// - Parameters:
  ///   - observations: `y`, `[batch] + measurementShape`.
  ///   - rule: when the last iteration stops; the steps in which the noise level falls count, too.
  /// - Returns: the images, how it ended, and the relative change in every iteration of both parts.
  public func solve(
    _ observations: Tensor<Scalar>,
    until rule: StoppingRule
  ) -> Outcome<Tensor<Scalar>> {
    var state = annealing.start(observations)
    state.split = linear.restored(observations, tolerance: 1e-2)
    var residuals: [Double] = []
    for layer in 0..<min(annealing.deviations.count, rule.maximumIterations) {
      let before = state.split
      state = annealing.step(state, observations, annealing.initialParameters(ofLayer: layer))
      residuals.append(relativeChange(from: before, to: state.split))
    }
    let left = rule.maximumIterations - residuals.count
    guard ending != .none, left > 0 else {
      let isFinite = residuals.allSatisfy(\.isFinite)
      return Outcome(
        value: state.split,
        status: isFinite ? .completed : .diverged(iteration: residuals.count),
        iterations: residuals.count,
        residuals: residuals
      )
    }
    let rest =
      rule.tolerance.map { StoppingRule.tolerance($0, maximumIterations: left) }
      ?? .iterations(left)
    return finished(state, observations, rest, residuals)
  }

  private func finished(
    _ state: HalfQuadraticSplitting<Operator, P>.State,
    _ observations: Tensor<Scalar>,
    _ rule: StoppingRule,
    _ residuals: [Double]
  ) -> Outcome<Tensor<Scalar>> {
    let (start, back) = (state.split, state.backprojection)
    let outcome: Outcome<Tensor<Scalar>>
    switch ending {
    case .gradient:
      outcome = gradient.solve(
        observations,
        from: .init(estimate: start, point: start, momentum: 1),
        until: rule
      )
    case .red:
      outcome = red.solve(
        observations,
        from: .init(estimate: start, backprojection: back),
        until: rule
      )
    case .admm, .none:
      outcome = admm.solve(
        observations,
        from: .init(split: start, dual: .zeros(start.shape), backprojection: back),
        until: rule
      )
    }
    return Outcome(
      value: outcome.value,
      status: outcome.status,
      iterations: residuals.count + outcome.iterations,
      residuals: residuals + outcome.residuals
    )
  }
}
