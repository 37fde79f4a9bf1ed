import Autodiff
import SparseRecovery
import Studies
import Tensors

/// Small problems for the tests.
struct Problem {
  let operators: Tensor<Double>
  let signals: Tensor<Double>
  let observations: Tensor<Double>

  /// Signals with exactly so many non-zeros through a Gaussian dictionary.
  init(
    seed: UInt64,
    measurements: Int = 20,
    unknowns: Int = 40,
    nonzeros: Int = 4,
    batch: Int = 6,
    noiseDeviation: Double = 0
  ) {
    var stream = RandomStream(seed: seed).derived("dictionary")
    operators = GaussianDictionary.drawn(
      measurements: measurements,
      unknowns: unknowns,
      from: &stream
    )
    signals = SparseSignalLaw.exactlySparse(nonzeros: nonzeros, variance: 1)
      .drawn(count: batch, unknowns: unknowns, from: RandomStream(seed: seed))
      .converted(to: Double.self)
    let clean = matmul(signals, operators, transposeB: true)
    var noise = RandomStream(seed: seed).derived("noise")
    let normals: Tensor<Double> = noise.normal(clean.shape)
    observations = clean + normals * noiseDeviation
  }
}

/// The largest difference of two tensors.
func worst(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
  zip(a.scalars, b.scalars).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
}

/// How far `s` is from solving the Lasso: the largest violation of `A'(x - A s) in lambda d|s|_1`.
func optimalityGap(
  _ estimates: Tensor<Double>,
  _ observations: Tensor<Double>,
  _ operators: Tensor<Double>,
  penalty: Double
) -> Double {
  let residual = observations - matmul(estimates, operators, transposeB: true)
  let correlations = matmul(residual, operators).scalars
  return zip(estimates.scalars, correlations).reduce(0) { gap, pair in
    let (value, correlation) = pair
    let violation =
      value == 0
      ? max(correlation.magnitude - penalty, 0)
      : (correlation - (value > 0 ? penalty : -penalty)).magnitude
    return max(gap, violation)
  }
}

/// Resolved settings of a method or scenario.
func resolved(_ method: MethodDescription, _ given: [String: SettingValue] = [:]) throws -> Settings
{
  try Settings(given, for: method.settings, owner: method.id)
}

/// A draw of the scenario.
func drawn(
  _ given: [String: SettingValue],
  _ purpose: ScenarioDescription.Purpose = .test,
  count: Int,
  seed: UInt64
) throws -> ArrayBundle {
  let scenario = SparseLinearScenario.description
  let settings = try Settings(given, for: scenario.settings, owner: scenario.id)
  let stream = RandomStream(seed: seed).derived(purpose.rawValue)
  return try scenario.draw(settings, purpose, count, stream)
}

/// A metric of outputs against the truth.
func metric(_ id: String, _ outputs: ArrayBundle, _ truth: ArrayBundle) throws -> Double {
  for metric in SparseRecoveryTask.description.metrics where metric.id == id {
    let count = try metric.measure(outputs, truth)
    return count.sum / count.reference
  }
  return .nan
}
