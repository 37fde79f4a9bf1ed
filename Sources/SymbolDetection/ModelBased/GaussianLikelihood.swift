internal import CKernels
public import Tensors

/// Observations that scatter around known means with Gaussian noise.
///
/// `-log p(y | state) = (y - m_state)^2 / (2 sigma^2)` up to a number of its own for each time step,
/// with `m_state = sum_k taps[k] s_{i-k}`.
///
/// - SeeAlso: `forney1973viterbi`.
public struct GaussianLikelihood<Scalar: RealTensorScalar>: LikelihoodModel {
  private let table: StateTable<Scalar>
  private let means: Tensor<Scalar>
  private let kernels: TrellisKernels
  /// The noise power, linear.
  public let noiseVariance: Double

  /// The states.
  public var trellis: Trellis { table.trellis }

  /// The likelihood of a channel whose taps are known, rightly or wrongly.
  ///
  /// - Parameters:
  ///   - constellation: the symbols.
  ///   - taps: `[memory]`, `[batch, memory]` or `[batch, frames, memory]`; frames cut the time axis
  ///     into equal parts.
  ///   - noiseVariance: `sigma^2`, linear, `> 0`.
  /// - Throws: ``SymbolDetectionError``.
  public init(
    constellation: Constellation,
    taps: Tensor<Scalar>,
    noiseVariance: Double
  ) throws(SymbolDetectionError) {
    try self.init(
      constellation: constellation,
      taps: taps,
      noiseVariance: noiseVariance,
      kernels: .current(Scalar.self)
    )
  }

  package init(
    constellation: Constellation,
    taps: Tensor<Scalar>,
    noiseVariance: Double,
    kernels: TrellisKernels
  ) throws(SymbolDetectionError) {
    guard noiseVariance > 0, noiseVariance.isFinite else {
      throw .badNumber(
        name: "the noise variance",
        value: "\(noiseVariance)",
        expected: "a finite number > 0"
      )
    }
    table = try StateTable(constellation: constellation, taps: taps)
    means = table.values.converted(to: Scalar.self)
    self.noiseVariance = noiseVariance
    self.kernels = kernels
  }

  /// The costs of whole sequences; see ``LikelihoodModel``.
  public func costs(of observations: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try costsByPlace(of: observations)
  }

  /// The costs of a chunk; see ``LikelihoodModel``.
  public func costs(
    of observations: Tensor<Scalar>,
    at place: ObservationPlace
  ) throws -> Tensor<Scalar> {
    let states = trellis.states
    return try Tensor(shape: [1, observations.count, states]) { costs in
      try observations.withScalars { observed in
        try means.withScalars { means in
          try table.forEachFrame(of: observed.count, at: place) { row, part in
            guard let y = observed.baseAddress, let m = means.baseAddress,
              let c = costs.baseAddress
            else { return }
            kernels.functions.squared_costs(
              part.count,
              states,
              y + part.lowerBound,
              m + row * states,
              0.5 / noiseVariance,
              c + part.lowerBound * states
            )
          }
        }
      }
    }
  }
}
