internal import Autodiff
internal import Hybridization
internal import Tensors

/// When an iterative restorer stops.
struct ImageStopping: Sendable {
  let iterations: Int
  let tolerance: Double
  let stopAfter: Int

  var rule: StoppingRule {
    if stopAfter > 0 { return .iterations(min(stopAfter, iterations)) }
    return tolerance > 0
      ? .tolerance(tolerance, maximumIterations: iterations) : .iterations(iterations)
  }
}

extension Restored {
  /// What a solver gave.
  init(_ outcome: Outcome<Tensor<Scalar>>) {
    self.init(
      images: outcome.value,
      residuals: outcome.residuals,
      failure: outcome.status.isSuccess ? nil : outcome.sentence
    )
  }
}

/// The penalty that stands in for a setting of 0: a multiple of the noise's deviation.
func standardPenalty(_ penalty: Double, _ noiseVariance: Double?, times factor: Double) -> Double {
  if penalty > 0 { return penalty }
  return max(factor * (noiseVariance ?? 0).squareRoot(), 1e-4)
}

/// The Lasso in an orthonormal basis.
struct LassoRestorer: ImageRestorer {
  enum Basis: Sendable {
    case pixel, cosine
    case wavelet(Wavelet, levels: Int)
  }
  enum Algorithm: String, Sendable { case admm, fista }

  let basis: Basis
  let algorithm: Algorithm
  let penalty: Double
  let coupling: Double
  let shifts: Int
  let shrinksMeans: Bool
  let stopping: ImageStopping

  func prepared<Operator: MeasurementOperator>(
    for measurement: Operator,
    noiseVariance: Double?
  ) throws -> @Sendable (Tensor<Operator.Scalar>) -> Restored<Operator.Scalar> {
    let (height, width) = (measurement.imageShape[0], measurement.imageShape[1])
    let penalty = standardPenalty(penalty, noiseVariance, times: 0.5)
    switch basis {
    case .pixel:
      return solver(
        measurement,
        SparsePrior(PixelBasis(height: height, width: width)),
        penalty
      )
    case .cosine:
      return solver(
        measurement,
        SparsePrior(CosineBasis(height: height, width: width), shrinksMeans: shrinksMeans),
        penalty
      )
    case .wavelet(let wavelet, let levels):
      let prior = SparsePrior(
        try WaveletBasis<Operator.Scalar>(wavelet, height: height, width: width, levels: levels),
        shrinksMeans: shrinksMeans
      )
      return shifts > 1
        ? solver(measurement, ShiftedPrior(prior, shifts: shifts), penalty)
        : solver(measurement, prior, penalty)
    }
  }

  private func solver<Operator: MeasurementOperator, P: Prior>(
    _ measurement: Operator,
    _ prior: P,
    _ penalty: Double
  ) -> @Sendable (Tensor<Operator.Scalar>) -> Restored<Operator.Scalar>
  where P.Scalar == Operator.Scalar {
    let rule = stopping.rule
    switch algorithm {
    case .admm:
      let method = SplitADMM(
        measurement: measurement,
        prior: prior,
        penalty: penalty,
        coupling: coupling > 0 ? coupling : max(10 * penalty, 1e-3)
      )
      return { Restored(method.solve($0, until: rule)) }
    case .fista:
      let method = ProximalGradient(
        measurement: measurement,
        prior: prior,
        penalty: penalty,
        isAccelerated: true
      )
      return { Restored(method.solve($0, until: rule)) }
    }
  }
}

/// Total variation.
struct TotalVariationRestorer: ImageRestorer {
  let penalty: Double
  let stopping: ImageStopping

  func prepared<Operator: MeasurementOperator>(
    for measurement: Operator,
    noiseVariance: Double?
  ) throws -> @Sendable (Tensor<Operator.Scalar>) -> Restored<Operator.Scalar> {
    let method = TotalVariationRestoration(
      measurement: measurement,
      penalty: standardPenalty(penalty, noiseVariance, times: 0.3)
    )
    let rule = stopping.rule
    return { Restored(method.solve($0, until: rule)) }
  }
}

/// Wiener's filter.
struct WienerRestorer: ImageRestorer {
  let noiseVariance: Double
  let variance: Double
  let corner: Double

  func prepared<Operator: MeasurementOperator>(
    for measurement: Operator,
    noiseVariance: Double?
  ) throws -> @Sendable (Tensor<Operator.Scalar>) -> Restored<Operator.Scalar> {
    let power = self.noiseVariance > 0 ? self.noiseVariance : noiseVariance ?? 0
    let method = WienerRestoration(
      measurement: measurement,
      noiseVariance: max(power, 1e-8),
      variance: variance,
      corner: corner
    )
    return { Restored(images: method.restored($0)) }
  }
}

/// Tikhonov's regularisation.
struct TikhonovRestorer: ImageRestorer {
  let penalty: Double

  func prepared<Operator: MeasurementOperator>(
    for measurement: Operator,
    noiseVariance: Double?
  ) throws -> @Sendable (Tensor<Operator.Scalar>) -> Restored<Operator.Scalar> {
    let method = TikhonovRestoration(
      measurement: measurement,
      penalty: standardPenalty(penalty, noiseVariance, times: 0.5)
    )
    return { Restored(images: method.restored($0)) }
  }
}

/// Richardson's and Lucy's iteration.
struct RichardsonLucyRestorer: ImageRestorer {
  let iterations: Int

  func prepared<Operator: MeasurementOperator>(
    for measurement: Operator,
    noiseVariance: Double?
  ) throws -> @Sendable (Tensor<Operator.Scalar>) -> Restored<Operator.Scalar> {
    let method = try RichardsonLucy(measurement: measurement)
    let iterations = iterations
    return { Restored(images: method.restored($0, iterations: iterations)) }
  }
}
