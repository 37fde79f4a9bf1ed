// Source: boyd2011admm, the form with a copy of both unknowns. Deviation from the common form with `D = L + S`
// exactly: the noise is in the model, so that both algorithms here solve the same problem.

public import Autodiff
public import Hybridization
public import NeuralNetworks
public import Tensors

/// The alternating direction method of multipliers for robust PCA.
///
/// Problem: `min |D - L - S|^2 / 2 + lambda |Z_L|_* + rho |Z_S|_1` with `L = Z_L`, `S = Z_S`. Equations, with
/// `A = Z_L - U_L`, `B = Z_S - U_S` and `r = (D - A - B) / (c + 2)`: `L = A + r`, `S = B + r`,
/// `Z_L = SVT(L + U_L, lambda / c)`, `Z_S = shrink(S + U_S, rho / c)`, `U = U + (L, S) - Z`; the estimate is `Z`.
///
/// - SeeAlso: `boyd2011admm`, `candes2011rpca`.
public struct RobustPCAADMM<Scalar: RealTensorScalar>: IterativeMethod {
  /// What a step is told.
  public struct Parameters: StepParameters {
    /// The groups that are learned or left together.
    public enum Group: String, Hashable, Sendable, CaseIterable {
      /// `lambda / c` and `rho / c`.
      case thresholds
      /// `c`.
      case couplings
    }

    /// `lambda / c`, `[]`; its magnitude is used.
    public let lowRankThreshold: Parameter<Scalar>
    /// `rho / c`, `[]`; its magnitude is used.
    public let sparseThreshold: Parameter<Scalar>
    /// `c`, `[]`; its magnitude is used.
    public let coupling: Parameter<Scalar>

    /// The parameters of a group.
    public func members(of group: Group) -> [Parameter<Scalar>] {
      group == .couplings ? [coupling] : [lowRankThreshold, sparseThreshold]
    }

    /// Names `low_rank_threshold`, `sparse_threshold` and `coupling`.
    public func visit(_ visitor: any ModuleVisitor<Scalar>) {
      visitor.parameter("low_rank_threshold", lowRankThreshold)
      visitor.parameter("sparse_threshold", sparseThreshold)
      visitor.parameter("coupling", coupling)
    }

    /// The same with parameters of its own.
    public func duplicated(in duplication: Duplication<Scalar>) -> Parameters {
      Parameters(
        lowRankThreshold: duplication.copy(lowRankThreshold),
        sparseThreshold: duplication.copy(sparseThreshold),
        coupling: duplication.copy(coupling)
      )
    }
  }

  /// What an iteration hands to the next.
  public struct State {
    /// `Z_L` and `Z_S`.
    public var parts: SequenceParts<Scalar>
    /// `U_L` and `U_S`.
    public var dual: SequenceParts<Scalar>
  }

  /// `lambda`.
  public let lowRankPenalty: Double
  /// `rho`.
  public let sparsePenalty: Double
  /// `c`.
  public let coupling: Double
  /// What is shrunk in the sparse part.
  public let pattern: SparsePattern

  /// The algorithm.
  ///
  /// - Parameters:
  ///   - lowRankPenalty: `lambda`, 0 or more.
  ///   - sparsePenalty: `rho`, 0 or more.
  ///   - coupling: `c`, above 0.
  ///   - pattern: what is shrunk in the sparse part.
  public init(
    lowRankPenalty: Double,
    sparsePenalty: Double,
    coupling: Double = 1,
    pattern: SparsePattern = .entries
  ) {
    precondition(coupling > 0, "RobustPCAADMM: coupling \(coupling)")
    self.lowRankPenalty = lowRankPenalty
    self.sparsePenalty = sparsePenalty
    self.coupling = coupling
    self.pattern = pattern
  }

  /// Parameters at the model's values.
  public func initialParameters(ofLayer layer: Int) -> Parameters {
    Parameters(
      lowRankThreshold: Parameter(Tensor(Scalar(lowRankPenalty / coupling))),
      sparseThreshold: Parameter(Tensor(Scalar(sparsePenalty / coupling))),
      coupling: Parameter(Tensor(Scalar(coupling)))
    )
  }

  /// Zeros.
  public func start(_ observations: Tensor<Scalar>) -> State {
    precondition(
      observations.rank == 4,
      "RobustPCAADMM: observations \(observations.shape) are not [batch, frames, height, width]"
    )
    let zeros = SequenceParts<Scalar>.zeros(observations.shape)
    return State(parts: zeros, dual: zeros)
  }

  /// One iteration.
  public func step(_ state: State, _ observations: Tensor<Scalar>, _ parameters: Parameters)
    -> State
  {
    let a = state.parts.lowRank - state.dual.lowRank
    let b = state.parts.sparse - state.dual.sparse
    let share = (observations - a - b) / (abs(parameters.coupling.value) + 2)
    // L + U and S + U, since L = A + r.
    let lowRank = a + share + state.dual.lowRank
    let sparse = b + share + state.dual.sparse
    let next = SequenceParts(
      lowRank: SequenceParts.singularValuesShrunk(
        lowRank,
        by: abs(parameters.lowRankThreshold.value)
      ),
      sparse: pattern.shrunk(sparse, by: abs(parameters.sparseThreshold.value))
    )
    return State(
      parts: next,
      dual: SequenceParts(lowRank: lowRank - next.lowRank, sparse: sparse - next.sparse)
    )
  }

  /// `Z_L` and `Z_S`, `[batch, 2, frames, height, width]`.
  public func estimate(_ state: State) -> Tensor<Scalar> { state.parts.stacked }
}
