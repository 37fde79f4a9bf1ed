// Source: ito2019tista. Deviation: the floor of the error variance is relative to the signal's power.

public import Autodiff
public import Hybridization
public import NeuralNetworks
public import Tensors

/// Shrinkage by the posterior mean of a Bernoulli-Gaussian law; learned step sizes make it TISTA.
///
/// Equations: `r = s + gamma W (x - A s)` with the pseudo-inverse `W`,
/// `v^2 = max((|x - A s|^2 - m sigma^2) / tr(A'A), floor)`,
/// `tau^2 = v^2 / n (n + (gamma^2 - 2 gamma) tr(W A)) + gamma^2 sigma^2 / n tr(W W')`, and
/// `s = E[s | r]` for `r = s + N(0, tau^2)`. One number a layer is learned. At `gamma = 1` it is the
/// iteration with a fixed step (orthogonal AMP with the pseudo-inverse).
///
/// - SeeAlso: `ito2019tista`.
public struct TISTA<Scalar: RealTensorScalar>: IterativeMethod {
  /// What a step is told.
  public struct Parameters: StepParameters {
    /// The one group.
    public enum Group: String, Hashable, Sendable, CaseIterable {
      /// `gamma`.
      case stepSizes
    }

    /// `gamma`, `[]`.
    public let stepSize: Parameter<Scalar>

    /// The parameters of a group.
    public func members(of group: Group) -> [Parameter<Scalar>] { [stepSize] }

    /// Names `step_size`.
    public func visit(_ visitor: any ModuleVisitor<Scalar>) {
      visitor.parameter("step_size", stepSize)
    }

    /// The same with a parameter of its own.
    public func duplicated(in duplication: Duplication<Scalar>) -> Parameters {
      Parameters(stepSize: duplication.copy(stepSize))
    }
  }

  /// `A`, `[m, n]`.
  public let operators: Tensor<Scalar>
  /// `W'`, `[m, n]`.
  public let pseudoInverse: Tensor<Scalar>
  /// The law of the signal and the noise.
  public let prior: Prior
  private let operatorPower: Double
  private let inversePower: Double

  /// What the posterior mean needs to know.
  public struct Prior: Sendable, Hashable {
    /// The share of entries that are not zero, strictly between 0 and 1.
    public var sparsity: Double
    /// `E s_j^2` of those.
    public var variance: Double
    /// `sigma^2`, 0 or more.
    public var noiseVariance: Double

    /// A law.
    public init(sparsity: Double, variance: Double, noiseVariance: Double) {
      self.sparsity = sparsity
      self.variance = variance
      self.noiseVariance = noiseVariance
    }
  }

  /// The iteration for an operator of full rank.
  ///
  /// - Parameters:
  ///   - operators: `A`, `[m, n]`.
  ///   - prior: the law of signal and noise.
  /// - Throws: ``SparseRecoveryError`` for a law that is none or an operator without full rank.
  public init(operators: Tensor<Scalar>, prior: Prior) throws(SparseRecoveryError) {
    guard prior.sparsity > 0, prior.sparsity < 1 else {
      throw .badNumber(name: "sparsity", value: "\(prior.sparsity)", expected: "between 0 and 1")
    }
    guard prior.variance > 0, prior.variance.isFinite else {
      throw .badNumber(name: "variance", value: "\(prior.variance)", expected: "above 0")
    }
    guard prior.noiseVariance >= 0, prior.noiseVariance.isFinite else {
      throw .badNumber(
        name: "noise_variance",
        value: "\(prior.noiseVariance)",
        expected: "0 or more"
      )
    }
    let a = operators.converted(to: Double.self)
    let inverse = try OperatorAnalysis.pseudoInverse(a)
    self.operators = operators
    self.prior = prior
    pseudoInverse = inverse.converted(to: Scalar.self)
    operatorPower = square(a).sum().scalar
    inversePower = square(inverse).sum().scalar
  }

  /// `gamma = 1`.
  public func initialParameters(ofLayer layer: Int) -> Parameters {
    Parameters(stepSize: Parameter(Tensor(1)))
  }

  /// Zeros.
  public func start(_ observations: Tensor<Scalar>) -> ShrinkageState<Scalar> {
    ShrinkageState(
      estimate: .zeros([observations.shape[0], operators.shape[1]]),
      iteration: 0
    )
  }

  /// One iteration.
  public func step(
    _ state: ShrinkageState<Scalar>,
    _ observations: Tensor<Scalar>,
    _ parameters: Parameters
  ) -> ShrinkageState<Scalar> {
    let gamma = parameters.stepSize.value
    let (rows, columns) = (operators.shape[0], operators.shape[1])
    let rank = Double(min(rows, columns))
    let isFirst = state.iteration == 0
    let residual =
      isFirst
      ? observations : observations - matmul(state.estimate, operators, transposeB: true)
    let gathered = gamma * matmul(residual, pseudoInverse)
    let moved = isFirst ? gathered : state.estimate + gathered
    let noise = prior.noiseVariance
    let power = square(residual).sum(axis: 1, keepingAxis: true)
    let floor = 1e-9 * prior.sparsity * prior.variance
    let error = maximum(
      (power - Scalar(Double(rows) * noise)) * Scalar(1 / operatorPower),
      Tensor(Scalar(floor))
    )
    let squared = square(gamma)
    let remaining = (squared - 2 * gamma) * Scalar(rank / Double(columns)) + 1
    let spread = error * remaining + squared * Scalar(noise * inversePower / Double(columns))
    // A learned step may leave nothing for the error to be; the floor keeps it positive.
    let variance = maximum(spread, Tensor(Scalar(floor)))
    return ShrinkageState(
      estimate: posteriorMean(moved, variance: variance),
      iteration: state.iteration + 1
    )
  }

  /// `E[s | r]` for `r = s + N(0, tau^2)`.
  ///
  /// Equation: `a^2/(a^2 + tau^2) r sigmoid(log(p/(1-p)) + log(tau^2/(a^2 + tau^2))/2 +
  /// r^2 a^2/(2 tau^2 (a^2 + tau^2)))` with the share p and the variance a^2 of the non-zeros.
  ///
  /// - Parameters:
  ///   - moved: `r`, `[batch, n]`.
  ///   - variance: `tau^2`, `[batch, 1]`.
  /// - Returns: `[batch, n]`.
  package func posteriorMean(_ moved: Tensor<Scalar>, variance: Tensor<Scalar>) -> Tensor<Scalar> {
    let own = Scalar(prior.variance)
    let odds = naturalLogarithm(prior.sparsity / (1 - prior.sparsity))
    let total = variance + own
    let gain = own / total
    let offset = log(variance / total) * 0.5 + Scalar(odds)
    let logit = square(moved) * (gain / variance * 0.5) + offset
    return moved * gain * sigmoid(logit)
  }

  /// `s_k`.
  public func estimate(_ state: ShrinkageState<Scalar>) -> Tensor<Scalar> { state.estimate }
}
