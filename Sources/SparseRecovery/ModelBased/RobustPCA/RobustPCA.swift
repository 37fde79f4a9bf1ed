// Goals: 1. one step for the classical algorithm and the network unfolded from it; 2. one decomposition of
// the size of the frames a step.
//
// Sources: lin2009apg (accelerated proximal gradient for robust PCA), solomon2019corona (the step with
// operators of both parts, thresholds of entries or of pixels in time).

internal import Autodiff
public import Hybridization
public import Tensors

/// What is shrunk in the sparse part.
public enum SparsePattern: String, Sendable, Hashable, CaseIterable {
  /// Each entry: the sum of magnitudes.
  case entries
  /// Each pixel's sequence in time as a whole: the sum over pixels of the norms in time.
  case pixels

  /// The proximal operator of a threshold times the pattern's norm.
  ///
  /// - Parameters:
  ///   - x: `[batch, frames, height, width]`.
  ///   - threshold: `[]`, not negative.
  /// - Returns: the shrunk sequence.
  func shrunk<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>, by threshold: Tensor<Scalar>)
    -> Tensor<Scalar>
  {
    switch self {
    case .entries: return softThreshold(x, by: threshold)
    case .pixels:
      let norms = euclideanNorm(x, axis: 1, keepingAxis: true)
      let smallest = Tensor<Scalar>(Scalar.leastNormalMagnitude)
      return x * relu(1 - threshold / maximum(norms, smallest))
    }
  }
}

/// The two parts of sequences.
public struct SequenceParts<Scalar: RealTensorScalar> {
  /// `L`, `[batch, frames, height, width]`: what changes little and everywhere.
  public var lowRank: Tensor<Scalar>
  /// `S`, of the same shape: what is seldom and moves.
  public var sparse: Tensor<Scalar>

  /// Both as one, `[batch, 2, frames, height, width]`.
  public var stacked: Tensor<Scalar> { Autodiff.stacked([lowRank, sparse], axis: 1) }

  /// Zeros.
  static func zeros(_ shape: [Int]) -> SequenceParts {
    SequenceParts(lowRank: .zeros(shape), sparse: .zeros(shape))
  }

  /// The frames of each sequence as rows of a matrix.
  static func singularValuesShrunk(_ x: Tensor<Scalar>, by threshold: Tensor<Scalar>)
    -> Tensor<Scalar>
  {
    singularValueThreshold(x.reshaped([x.shape[0], x.shape[1], -1]), by: threshold)
      .reshaped(x.shape)
  }
}

/// Robust principal component analysis by (accelerated) proximal gradient steps.
///
/// Problem: `min |D - L - S|^2 / 2 + lambda |L|_* + rho |S|_1`, the frames of a sequence being the rows of a matrix.
/// Equations: `(L~, S~) = mixed(L_k, S_k, D)`, `L_{k+1} = SVT(L~, mu lambda)`, `S_{k+1} = shrink(S~, mu rho)`; with
/// momentum both from points `L_k + (t_{k-1} - 1)/t_k (L_k - L_{k-1})`, and so for `S`. With ``StepMixing`` at
/// `mu = 1/2` it solves the problem; with convolutions in its place and learned thresholds it is a layer of
/// CORONA.
///
/// ```swift
/// let method = RobustPCA<StepMixing<Float>>(lowRankPenalty: 2, sparsePenalty: 0.1, hasMomentum: true)
/// let outcome = method.solve(sequences, until: .tolerance(1e-6))  // [batch, 2, frames, height, width]
/// ```
///
/// - SeeAlso: `candes2011rpca`, `lin2009apg`, `solomon2019corona`.
public struct RobustPCA<Mixing: SequenceMixing>: IterativeMethod {
  /// The precision.
  public typealias Scalar = Mixing.Scalar
  /// What a step is told.
  public typealias Parameters = RobustPCAParameters<Mixing>

  /// What an iteration hands to the next.
  public struct State {
    /// `L_k` and `S_k`.
    public var parts: SequenceParts<Scalar>
    /// Where the next step starts.
    public var point: SequenceParts<Scalar>
    /// `t_k`.
    public var momentum: Double
  }

  /// `lambda`.
  public let lowRankPenalty: Double
  /// `rho`.
  public let sparsePenalty: Double
  /// What is shrunk in the sparse part.
  public let pattern: SparsePattern
  /// Whether steps start from points ahead.
  public let hasMomentum: Bool
  /// `mu` of the thresholds.
  public let stepSize: Double
  private let mixing: @Sendable (_ layer: Int) -> Mixing

  /// The algorithm with a slot.
  ///
  /// - Parameters:
  ///   - lowRankPenalty: `lambda`, 0 or more.
  ///   - sparsePenalty: `rho`, 0 or more.
  ///   - pattern: what is shrunk in the sparse part.
  ///   - hasMomentum: whether steps start from points ahead.
  ///   - stepSize: `mu`, by which the penalties become thresholds.
  ///   - mixing: new parameters of the slot, of a layer.
  public init(
    lowRankPenalty: Double,
    sparsePenalty: Double,
    pattern: SparsePattern = .entries,
    hasMomentum: Bool,
    stepSize: Double = 0.5,
    mixing: @escaping @Sendable (_ layer: Int) -> Mixing
  ) {
    self.lowRankPenalty = lowRankPenalty
    self.sparsePenalty = sparsePenalty
    self.pattern = pattern
    self.hasMomentum = hasMomentum
    self.stepSize = stepSize
    self.mixing = mixing
  }

  /// Parameters at the first values.
  public func initialParameters(ofLayer layer: Int) -> Parameters {
    Parameters(
      mixing: mixing(layer),
      lowRankThreshold: stepSize * lowRankPenalty,
      sparseThreshold: stepSize * sparsePenalty
    )
  }

  /// Zeros.
  public func start(_ observations: Tensor<Scalar>) -> State {
    precondition(
      observations.rank == 4,
      "RobustPCA: observations \(observations.shape) are not [batch, frames, height, width]"
    )
    let zeros = SequenceParts<Scalar>.zeros(observations.shape)
    return State(parts: zeros, point: zeros, momentum: 1)
  }

  /// One iteration.
  public func step(_ state: State, _ observations: Tensor<Scalar>, _ parameters: Parameters)
    -> State
  {
    let moved = parameters.mixing.mixed(
      lowRank: state.point.lowRank,
      sparse: state.point.sparse,
      observations: observations
    )
    let next = SequenceParts(
      lowRank: SequenceParts.singularValuesShrunk(
        moved.lowRank,
        by: exp(parameters.logLowRankThreshold.value)
      ),
      sparse: pattern.shrunk(moved.sparse, by: exp(parameters.logSparseThreshold.value))
    )
    guard hasMomentum else { return State(parts: next, point: next, momentum: 1) }
    let momentum = (1 + (1 + 4 * state.momentum * state.momentum).squareRoot()) / 2
    let factor = Scalar((state.momentum - 1) / momentum)
    let point = SequenceParts(
      lowRank: next.lowRank + factor * (next.lowRank - state.parts.lowRank),
      sparse: next.sparse + factor * (next.sparse - state.parts.sparse)
    )
    return State(parts: next, point: point, momentum: momentum)
  }

  /// `L_k` and `S_k`, `[batch, 2, frames, height, width]`.
  public func estimate(_ state: State) -> Tensor<Scalar> { state.parts.stacked }
}

extension RobustPCA {
  /// The classical algorithm.
  ///
  /// - Parameters:
  ///   - lowRankPenalty: `lambda`, 0 or more.
  ///   - sparsePenalty: `rho`, 0 or more.
  ///   - pattern: what is shrunk in the sparse part.
  ///   - hasMomentum: whether steps start from points ahead.
  public init<Number>(
    lowRankPenalty: Double,
    sparsePenalty: Double,
    pattern: SparsePattern = .entries,
    hasMomentum: Bool
  ) where Mixing == StepMixing<Number> {
    self.init(
      lowRankPenalty: lowRankPenalty,
      sparsePenalty: sparsePenalty,
      pattern: pattern,
      hasMomentum: hasMomentum
    ) { _ in StepMixing() }
  }
}
