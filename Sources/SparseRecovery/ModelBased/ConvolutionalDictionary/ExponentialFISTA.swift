// Goals: 1. one step for sparse coding and for the encoder unfolded from it; 2. the cost of what is not zero.
//
// Source: tolooshams2020dcea. Deviations: steps are one over a bound of the gradient's Lipschitz constant at the
// first filters, in place of a number set by hand; filters are brought to unit length inside of the step.

public import Autodiff
public import Hybridization
public import NeuralNetworks
public import Tensors

/// What one step of convolutional sparse coding is told.
public struct CodingParameters<Scalar: RealTensorScalar>: StepParameters {
  /// The groups that are learned or left together.
  public enum Group: String, Hashable, Sendable, CaseIterable {
    /// The filters of both directions.
    case filters
    /// What codes are shrunk by.
    case thresholds
    /// How far a step goes.
    case stepSizes
  }

  /// `h` in `H s`, `[channels, taps]`.
  public let synthesis: Parameter<Scalar>
  /// `h` in `H' r`: the same object where the encoder is tied.
  public let analysis: Parameter<Scalar>
  /// `theta`, `[channels, 1]`; its magnitude is used.
  public let threshold: Parameter<Scalar>
  /// `mu`, `[]`.
  public let stepSize: Parameter<Scalar>

  /// The parameters of a group.
  public func members(of group: Group) -> [Parameter<Scalar>] {
    switch group {
    case .filters: synthesis === analysis ? [synthesis] : [synthesis, analysis]
    case .thresholds: [threshold]
    case .stepSizes: [stepSize]
    }
  }

  /// Names `synthesis`, `analysis`, `threshold` and `step_size`.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.parameter("synthesis", synthesis)
    visitor.parameter("analysis", analysis)
    visitor.parameter("threshold", threshold)
    visitor.parameter("step_size", stepSize)
  }

  /// The same with parameters of its own.
  public func duplicated(in duplication: Duplication<Scalar>) -> CodingParameters {
    CodingParameters(
      synthesis: duplication.copy(synthesis),
      analysis: duplication.copy(analysis),
      threshold: duplication.copy(threshold),
      stepSize: duplication.copy(stepSize)
    )
  }
}

/// Sparse coding in a convolutional dictionary by proximal gradient steps with momentum, for observations of the
/// exponential family.
///
/// Problem: `min_s -log p(x | mu_0 + H s) + lambda |s|_1`. Equations: `r = x - E[x | mu_0 + H z_k]`,
/// `s_{k+1} = shrink(z_k + mu H' r, theta)`, `z_{k+1} = s_{k+1} + (t_k - 1)/t_{k+1} (s_{k+1} - s_k)`. With
/// `isNonnegative` shrinking is `max(. - theta, 0)`. At `mu = 1/L`, `theta = lambda / L` it solves the problem; unfolded
/// it is the encoder of DCEA.
///
/// Shrinking leaves a part of every event in the residual, and may split an event between neighbouring places; filters
/// fitted to such codes take up both. Steps after the ``Refit``'s `start` therefore approach the most likely codes of a
/// support: `theta = 0`, momentum anew, and only codes may move that were the largest of their channel within `distance`.
///
/// - SeeAlso: `beck2009fista`, `tolooshams2020dcea`.
public struct ExponentialFISTA<Scalar: RealTensorScalar>: IterativeMethod {
  /// What a step is told.
  public typealias Parameters = CodingParameters<Scalar>

  /// How codes are refitted, without a penalty, on a support.
  public struct Refit: Sendable, Hashable {
    /// The steps before, at least 1.
    public var start: Int
    /// In series: of the codes of a channel within so many places only the largest is refitted; 0 for every code that is
    /// not zero.
    public var distance: Int

    /// A refit after so many steps.
    public init(after start: Int, distance: Int) {
      precondition(start >= 1 && distance >= 0, "Refit: after \(start) steps, distance \(distance)")
      self.start = start
      self.distance = distance
    }
  }

  /// What an iteration hands to the next.
  public struct State {
    /// `s_k`, `[batch, channels, places]`.
    public var codes: Tensor<Scalar>
    /// `z_k`, of the same shape.
    public var point: Tensor<Scalar>
    /// `t_k`.
    public var momentum: Double
    /// Steps made so far.
    public var iteration = 0
    /// 1 for codes that may move while the codes are refitted, 0 for others; nil before.
    public var support: Tensor<Scalar>?
  }

  /// The law of the observations.
  public let law: ObservationLaw
  /// Where filters are placed.
  public let placement: FilterPlacement
  /// `mu_0`: the natural parameter where there is no code; nil for that of each item's mean observation.
  public let baseline: Double?
  /// Where set, `r` below zero is bounded from below by its negative: `bound (exp r - 1)`, for images of Poisson counts.
  public let residualBound: Double?
  /// The first filters, `[channels, taps]`.
  public let filters: Tensor<Scalar>
  /// The first `mu`.
  public let stepSize: Double
  /// `lambda`.
  public let penalty: Double
  /// Whether codes are never negative.
  public let isNonnegative: Bool
  /// Whether both directions have the same filters.
  public let isTied: Bool
  /// Whether filters are brought to unit length inside of a step; else their lengths are learned with them.
  public let hasUnitFilters: Bool
  /// How codes are refitted; nil for not at all.
  public let refit: Refit?

  /// Coding with given filters.
  ///
  /// - Parameters:
  ///   - law: of the observations.
  ///   - placement: where filters are placed.
  ///   - baseline: `mu_0`; nil for that of each item's mean observation.
  ///   - residualBound: bounds residuals from below where set.
  ///   - filters: `[channels, taps]`; where they are brought to unit length, their own does not matter.
  ///   - penalty: `lambda`, 0 or more.
  ///   - stepSize: `mu`; one over the Lipschitz bound at unit filters when nil.
  ///   - largest: an upper bound of the means, which the bound for Poisson counts needs.
  ///   - margin: by which the bound is multiplied, for filters that will change.
  ///   - isNonnegative: whether codes are never negative.
  ///   - isTied: whether both directions have the same filters.
  ///   - hasUnitFilters: whether filters are brought to unit length.
  ///   - refit: how codes are refitted; nil for not at all.
  public init(
    law: ObservationLaw,
    placement: FilterPlacement = .series,
    baseline: Double?,
    residualBound: Double? = nil,
    filters: Tensor<Scalar>,
    penalty: Double,
    stepSize: Double? = nil,
    largest: Double = 1,
    margin: Double = 1,
    isNonnegative: Bool,
    isTied: Bool = true,
    hasUnitFilters: Bool = true,
    refit: Refit? = nil
  ) {
    precondition(filters.rank == 2, "ExponentialFISTA: filters \(filters.shape)")
    precondition(
      refit == nil || refit?.distance == 0 || placement == .series,
      "ExponentialFISTA: a distance in images"
    )
    self.refit = refit
    self.law = law
    self.placement = placement
    self.baseline = baseline
    self.residualBound = residualBound
    self.filters = filters
    self.penalty = penalty
    self.isNonnegative = isNonnegative
    self.isTied = isTied
    self.hasUnitFilters = hasUnitFilters
    self.stepSize =
      stepSize
      ?? 1
      / max(
        margin * law.curvature(largest: largest) * Self.squaredNorm(filters, placement),
        1e-12
      )
  }

  /// Parameters at the first values.
  public func initialParameters(ofLayer layer: Int) -> Parameters {
    let synthesis = Parameter(filters)
    return Parameters(
      synthesis: synthesis,
      analysis: isTied ? synthesis : Parameter(filters),
      threshold: Parameter(
        .full(placement.channelShape(filters.shape[0]), Scalar(stepSize * penalty))
      ),
      stepSize: Parameter(Tensor(Scalar(stepSize)))
    )
  }

  /// Zeros.
  public func start(_ observations: Tensor<Scalar>) -> State {
    let shape = placement.codeShape(observations.shape, filters: filters.shape)
    let zero = Tensor<Scalar>.zeros(shape)
    return State(codes: zero, point: zero, momentum: 1)
  }

  /// One iteration.
  public func step(_ state: State, _ observations: Tensor<Scalar>, _ parameters: Parameters)
    -> State
  {
    let state = state.iteration == refit?.start ? refitting(state) : state
    let natural = naturalParameters(state.point, parameters.synthesis.value, of: observations)
    let residual = bounded(law.score(observations, natural))
    let moved =
      state.point + parameters.stepSize.value
      * placement.correlated(residual, shaped(parameters.analysis.value))
    let next: Tensor<Scalar>
    if let support = state.support {
      next = (isNonnegative ? relu(moved) : moved) * support
    } else {
      let threshold = abs(parameters.threshold.value)
      next = isNonnegative ? relu(moved - threshold) : softThreshold(moved, by: threshold)
    }
    let momentum = (1 + (1 + 4 * state.momentum * state.momentum).squareRoot()) / 2
    let factor = Scalar((state.momentum - 1) / momentum)
    return State(
      codes: next,
      point: factor == 0 ? next : weightedSum(next, 1 + factor, state.codes, -factor),
      momentum: momentum,
      iteration: state.iteration + 1,
      support: state.support
    )
  }

  private func refitting(_ state: State) -> State {
    State(
      codes: state.codes,
      point: state.codes,
      momentum: 1,
      iteration: state.iteration,
      support: stopGradient(support(abs(state.codes)))
    )
  }

  /// 1 where a magnitude is neither zero nor less than another of its channel within the distance.
  private func support(_ sizes: Tensor<Scalar>) -> Tensor<Scalar> {
    let present = isLess(Tensor.zeros([]), sizes)
    guard let distance = refit?.distance, distance > 0 else { return present }
    let (rows, places) = (sizes.shape[0] * sizes.shape[1], sizes.shape[2])
    let padded = padded(
      sizes.reshaped([rows, places, 1]),
      by: [(before: distance, after: distance)],
      mode: .zeros
    )
    var largest = sizes
    for shift in 0...(2 * distance) where shift != distance {
      let other = padded.sliced(axis: 1, shift..<(shift + places)).reshaped(sizes.shape)
      largest = maximum(largest, other)
    }
    return present * isLessOrEqual(largest, sizes)
  }

  /// `s_k`, `[batch, channels, places]`.
  public func estimate(_ state: State) -> Tensor<Scalar> { state.codes }

  /// `mu_0 + H s`.
  ///
  /// - Parameters:
  ///   - codes: `s`.
  ///   - filters: `[channels, taps]`.
  ///   - observations: whose codes they are.
  /// - Returns: of the shape of the observations.
  public func naturalParameters(
    _ codes: Tensor<Scalar>,
    _ filters: Tensor<Scalar>,
    of observations: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let sum = placement.placed(codes, shaped(filters), shape: observations.shape)
    if let baseline { return sum + Scalar(baseline) }
    let items = observations.shape[0]
    let means = observations.reshaped([items, -1]).mean(axis: 1)
    let shape = [items] + [Int](repeating: 1, count: observations.rank - 1)
    return sum + law.parameter(ofMean: means).reshaped(shape)
  }

  private func shaped(_ filters: Tensor<Scalar>) -> Tensor<Scalar> {
    hasUnitFilters ? unitRows(filters) : filters
  }

  private func bounded(_ residual: Tensor<Scalar>) -> Tensor<Scalar> {
    guard let residualBound else { return residual }
    let bound = Scalar(residualBound)
    return relu(residual) + (exp(-1 * relu(-1 * residual)) - 1) * bound
  }

  /// An upper bound of the largest eigenvalue of `H'H`, for filters of unit length.
  ///
  /// Of images: what 200 steps of the power method find on one of 8 filters a side, and a twentieth more.
  static func squaredNorm(_ filters: Tensor<Scalar>, _ placement: FilterPlacement) -> Double {
    guard case .images(let side, _) = placement else { return squaredNorm(filters) }
    let unit = unitRows(filters.converted(to: Double.self))
    var stream = RandomStream(seed: 0)
    var x: Tensor<Double> = stream.normal([1, 8 * side, 8 * side])
    var eigenvalue = 0.0
    for _ in 0..<200 {
      x = placement.placed(placement.correlated(x, unit), unit, shape: x.shape)
      eigenvalue = square(x).sum().scalar.squareRoot()
      guard eigenvalue > 0 else { return 1e-12 }
      x = x * (1 / eigenvalue)
    }
    return 1.05 * eigenvalue
  }

  /// The same for series of any length: the largest `sum_c |h_c(f)|^2` on a grid of frequencies, and what can lie between.
  ///
  /// Between neighbours of a grid of `G` frequencies the sum, a trigonometric polynomial of degree `taps - 1`, is at
  /// most `1 / cos(pi (taps - 1) / G)` times the larger (`ehlich1964`).
  static func squaredNorm(_ filters: Tensor<Scalar>) -> Double {
    let (channels, taps) = (filters.shape[0], filters.shape[1])
    let unit = unitRows(filters.converted(to: Double.self)).scalars
    let grid = 16 * taps
    var largest = 0.0
    for step in 0...(grid / 2) {
      var power = 0.0
      for c in 0..<channels {
        var (real, imaginary) = (0.0, 0.0)
        for k in 0..<taps {
          let angle = 2 * Double.pi * Double(step * k % grid) / Double(grid)
          real += unit[c * taps + k] * cosine(angle)
          imaginary += unit[c * taps + k] * cosine(angle - Double.pi / 2)
        }
        power += real * real + imaginary * imaginary
      }
      largest = max(largest, power)
    }
    return largest / cosine(Double.pi * Double(taps - 1) / Double(grid))
  }
}
