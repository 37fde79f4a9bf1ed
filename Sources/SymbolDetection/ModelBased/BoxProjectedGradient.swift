// Goal: the classical parent of unfolded detectors, one step written once.
// Deviation from the survey's equation: the projection is onto the box around the symbols, not their
// sign: the hard decision stalls far from the optimum.

public import Autodiff
public import Hybridization
public import NeuralNetworks
public import Tensors

/// Projected gradient descent on `|x - H s|^2 / 2` over the box that holds the symbols.
///
/// `s_{k+1} = clamp(s_k - eta (G s_k - m), -a, a)`, `G = H' H`, `m = H' x`, `a` the largest symbol,
/// `s_0 = 0`. With `eta` at most `1 / lambda_max(G)` it converges to the constrained least squares; unfolded,
/// each layer learns its `eta`.
///
/// - SeeAlso: `shlezinger2023mbdl`, III-A.
public struct BoxProjectedGradient<Scalar: RealTensorScalar>: IterativeMethod {
  /// The step size.
  public struct Parameters: StepParameters {
    /// The only group.
    public enum Group: Hashable, Sendable, CaseIterable {
      /// `eta`.
      case stepSizes
    }

    /// `eta`, `[]`.
    public let stepSize: Parameter<Scalar>

    /// A step size.
    public init(stepSize: Scalar) { self.stepSize = Parameter(Tensor(stepSize)) }

    private init(_ stepSize: Parameter<Scalar>) { self.stepSize = stepSize }

    /// The parameters of a group.
    public func members(of group: Group) -> [Parameter<Scalar>] { [stepSize] }

    /// Shows the step size.
    public func visit(_ visitor: any ModuleVisitor<Scalar>) {
      visitor.parameter("step_size", stepSize)
    }

    /// A copy with parameters of its own.
    public func duplicated(in duplication: Duplication<Scalar>) -> Parameters {
      Parameters(duplication.copy(stepSize))
    }
  }

  /// `eta` of every step before learning.
  public let stepSize: Scalar
  /// `a`.
  public let limit: Scalar

  /// The method.
  ///
  /// - Parameters:
  ///   - stepSize: `eta`, above 0.
  ///   - limit: `a`, the largest symbol.
  public init(stepSize: Scalar, limit: Scalar = 1) {
    self.stepSize = stepSize
    self.limit = limit
  }

  /// The step size, the same in every layer.
  public func initialParameters(ofLayer layer: Int) -> Parameters {
    Parameters(stepSize: stepSize)
  }

  /// Zero.
  public func start(_ problem: NormalEquations<Scalar>) -> Tensor<Scalar> {
    .zeros([problem.batch, problem.users])
  }

  /// A gradient step and the projection.
  public func step(
    _ state: Tensor<Scalar>,
    _ problem: NormalEquations<Scalar>,
    _ parameters: Parameters
  ) -> Tensor<Scalar> {
    let gradient = problem.gramProduct(state) - problem.matched
    return clamp(state - parameters.stepSize.value * gradient, -limit...limit)
  }

  /// `s`, `[batch, users]`.
  public func estimate(_ state: Tensor<Scalar>) -> Tensor<Scalar> { state }
}
