// Source: donoho2009amp with the threshold rule of borgerding2017lamp: alpha times the residual's
// root mean square, for each problem of a batch on its own.

public import Autodiff
public import Hybridization
public import NeuralNetworks
public import Tensors

/// Approximate message passing with soft thresholds; learned matrices make it LAMP.
///
/// Equations, `v_{-1} = s_0 = 0`: `v_k = x - A s_k + |s_k|_0 / m v_{k-1}` (the Onsager term),
/// `s_{k+1} = shrink(s_k + B' v_k, alpha |v_k| / sqrt(m))`. AMP has `B = A`; its law of large systems (state
/// evolution) holds for large operators with independent entries of variance 1/m.
///
/// - SeeAlso: `donoho2009amp`, `borgerding2017lamp`.
public struct AMP<Scalar: RealTensorScalar>: IterativeMethod {
  /// What a step is told: `alpha` as the threshold, `B'` as the matrix; the step size is not used.
  public struct Parameters: StepParameters {
    /// The groups that are learned or left together.
    public enum Group: String, Hashable, Sendable, CaseIterable {
      /// `alpha`.
      case thresholds
      /// `B'`.
      case matrices
    }

    /// `alpha`, `[]`; its magnitude is used.
    public let threshold: Parameter<Scalar>
    /// `B'`, `[n, m]`: a row is what the residual is correlated with for one unknown.
    public let matrix: Parameter<Scalar>

    /// The parameters of a group.
    public func members(of group: Group) -> [Parameter<Scalar>] {
      group == .thresholds ? [threshold] : [matrix]
    }

    /// Names `threshold` and `matrix`.
    public func visit(_ visitor: any ModuleVisitor<Scalar>) {
      visitor.parameter("threshold", threshold)
      visitor.parameter("matrix", matrix)
    }

    /// The same with parameters of its own.
    public func duplicated(in duplication: Duplication<Scalar>) -> Parameters {
      Parameters(threshold: duplication.copy(threshold), matrix: duplication.copy(matrix))
    }
  }

  /// What an iteration hands to the next.
  public struct State {
    /// `s_k`, `[batch, n]`.
    public var estimate: Tensor<Scalar>
    /// `v_{k-1}`, `[batch, m]`; nil at the start.
    public var residual: Tensor<Scalar>?
  }

  /// `A`, `[m, n]`.
  public let operators: Tensor<Scalar>
  /// `A'`, `[n, m]`.
  private let atoms: Tensor<Scalar>
  /// The first `alpha`.
  public let threshold: Double

  /// The algorithm for an operator.
  ///
  /// - Parameters:
  ///   - operators: `A`, `[m, n]`, with columns of unit length.
  ///   - threshold: `alpha`, 0 or more.
  public init(operators: Tensor<Scalar>, threshold: Double) {
    precondition(operators.rank == 2, "AMP: an operator of shape \(operators.shape)")
    self.operators = operators
    atoms = operators.transposed()
    self.threshold = threshold
  }

  /// Parameters at the first values.
  public func initialParameters(ofLayer layer: Int) -> Parameters {
    Parameters(threshold: Parameter(Tensor(Scalar(threshold))), matrix: Parameter(atoms))
  }

  /// Zeros.
  public func start(_ observations: Tensor<Scalar>) -> State {
    State(estimate: .zeros([observations.shape[0], operators.shape[1]]), residual: nil)
  }

  /// One iteration.
  public func step(_ state: State, _ observations: Tensor<Scalar>, _ parameters: Parameters)
    -> State
  {
    let measurements = Double(operators.shape[0])
    var residual = observations
    if let previous = state.residual {
      // The count has no gradient.
      let count = isGreater(abs(state.estimate), Tensor(0)).sum(axis: 1, keepingAxis: true)
      residual =
        observations - summedAtoms(state.estimate, atoms)
        + count * Scalar(1 / measurements) * previous
    }
    let deviation =
      euclideanNorm(residual, axis: 1, keepingAxis: true)
      * Scalar(1 / measurements.squareRoot())
    let moved = steppedAlongAtoms(
      state.residual == nil ? nil : state.estimate,
      by: Tensor(1),
      residual,
      parameters.matrix.value
    )
    let shrunk = softThreshold(moved, by: abs(parameters.threshold.value) * deviation)
    return State(estimate: shrunk, residual: residual)
  }

  /// `s_k`.
  public func estimate(_ state: State) -> Tensor<Scalar> { state.estimate }
}
