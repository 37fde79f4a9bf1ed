internal import CKernels
public import Tensors

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Observations that are Poisson counts of known rates.
///
/// `-log p(y | state) = r_state - y log r_state` up to a number of its own for each time step, with
/// `r_state = gain sum_k taps[k] s_{i-k} + 1`. A rate below ``minimumRate``, which wrong taps can give,
/// is taken as that.
public struct PoissonLikelihood<Scalar: RealTensorScalar>: LikelihoodModel {
  /// The least rate a state may have; in the model of true taps it is never reached.
  public static var minimumRate: Double { 1e-3 }

  private let table: StateTable<Scalar>
  private let rates: Tensor<Scalar>
  private let logarithms: Tensor<Scalar>
  private let kernels: TrellisKernels
  /// The factor of the taps, `sqrt(rho)`.
  public let gain: Double

  /// The states.
  public var trellis: Trellis { table.trellis }

  /// The likelihood of a channel whose taps are known, rightly or wrongly.
  ///
  /// - Parameters:
  ///   - constellation: the symbols, none of them negative.
  ///   - taps: `[memory]`, `[batch, memory]` or `[batch, frames, memory]`; frames cut the time axis
  ///     into equal parts.
  ///   - gain: the factor of the taps, `> 0`.
  /// - Throws: ``SymbolDetectionError``.
  public init(
    constellation: Constellation,
    taps: Tensor<Scalar>,
    gain: Double
  ) throws(SymbolDetectionError) {
    try self.init(
      constellation: constellation,
      taps: taps,
      gain: gain,
      kernels: .current(Scalar.self)
    )
  }

  package init(
    constellation: Constellation,
    taps: Tensor<Scalar>,
    gain: Double,
    kernels: TrellisKernels
  ) throws(SymbolDetectionError) {
    guard gain > 0, gain.isFinite else {
      throw .badNumber(name: "the gain", value: "\(gain)", expected: "a finite number > 0")
    }
    guard constellation == .ook else {
      throw .incompatible(constellation: constellation.rawValue, noise: "poisson", expected: "ook")
    }
    let table = try StateTable(constellation: constellation, taps: taps)
    self.table = table
    let numbers = table.values.scalars.map { max(Self.minimumRate, gain * $0 + 1) }
    rates = Tensor(numbers, shape: table.values.shape).converted(to: Scalar.self)
    logarithms = Tensor(numbers.map { log($0) }, shape: table.values.shape)
      .converted(to: Scalar.self)
    self.gain = gain
    self.kernels = kernels
  }

  /// The costs of whole sequences; see ``LikelihoodModel``.
  public func costs(of observations: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try costsByPlace(of: observations)
  }

  /// The costs of a chunk; see ``LikelihoodModel``.
  ///
  /// - Throws: ``SymbolDetectionError`` for a count below zero.
  public func costs(
    of observations: Tensor<Scalar>,
    at place: ObservationPlace
  ) throws -> Tensor<Scalar> {
    try checkCounts(observations, at: place)
    let states = trellis.states
    return try Tensor(shape: [1, observations.count, states]) { costs in
      try observations.withScalars { observed in
        try table.forEachFrame(of: observed.count, at: place) { row, part in
          rates.withScalars { rates in
            logarithms.withScalars { logarithms in
              guard let y = observed.baseAddress, let r = rates.baseAddress,
                let l = logarithms.baseAddress, let c = costs.baseAddress
              else { return }
              kernels.functions.linear_costs(
                part.count,
                states,
                y + part.lowerBound,
                r + row * states,
                l + row * states,
                c + part.lowerBound * states
              )
            }
          }
        }
      }
    }
  }

  private func checkCounts(_ observations: Tensor<Scalar>, at place: ObservationPlace) throws {
    try observations.withScalars { observed in
      guard let step = observed.firstIndex(where: { $0 < 0 }) else { return }
      throw SymbolDetectionError.badObservation(
        sequence: place.sequence,
        step: place.start + step,
        value: "\(observed[step])",
        expected: "a count >= 0"
      )
    }
  }
}
