public import Autodiff
public import Hybridization
public import NeuralNetworks
public import Tensors

/// How a proximal-gradient step of robust PCA moves both parts before they are shrunk: the slot that
/// three numbers fill, or convolutions.
///
/// Law: with ``StepMixing`` the step is that of the classical algorithm.
public protocol SequenceMixing<Scalar>: DuplicableModule {
  /// Moves the parts.
  ///
  /// - Parameters:
  ///   - lowRank: `L`, `[batch, frames, height, width]`.
  ///   - sparse: `S`, of the same shape.
  ///   - observations: `D`, of the same shape.
  /// - Returns: the moved parts, before thresholds.
  func mixed(
    lowRank: Tensor<Scalar>,
    sparse: Tensor<Scalar>,
    observations: Tensor<Scalar>
  ) -> (lowRank: Tensor<Scalar>, sparse: Tensor<Scalar>)
}

/// A gradient step on `|D - L - S|^2 / 2`: both parts move by `mu (D - L - S)`.
public struct StepMixing<Scalar: RealTensorScalar>: SequenceMixing {
  /// `mu`, `[]`.
  public let stepSize: Parameter<Scalar>

  /// A step of some size; 1/2, one over the gradient's Lipschitz constant, in the classical algorithm.
  public init(stepSize: Double = 0.5) { self.init(Parameter(Tensor(Scalar(stepSize)))) }

  private init(_ stepSize: Parameter<Scalar>) { self.stepSize = stepSize }

  /// Moves both parts.
  public func mixed(
    lowRank: Tensor<Scalar>,
    sparse: Tensor<Scalar>,
    observations: Tensor<Scalar>
  ) -> (lowRank: Tensor<Scalar>, sparse: Tensor<Scalar>) {
    let change = stepSize.value * (observations - lowRank - sparse)
    return (lowRank + change, sparse + change)
  }

  /// Names `step_size`.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.parameter("step_size", stepSize)
  }

  /// The same with a parameter of its own.
  public func duplicated(in duplication: Duplication<Scalar>) -> StepMixing {
    StepMixing(duplication.copy(stepSize))
  }
}

/// What one step of robust PCA is told.
public struct RobustPCAParameters<Mixing: SequenceMixing>: StepParameters {
  /// The precision.
  public typealias Scalar = Mixing.Scalar

  /// The groups that are learned or left together.
  public enum Group: String, Hashable, Sendable, CaseIterable {
    /// How the parts are moved.
    case mixing
    /// Of singular values and entries.
    case thresholds
  }

  /// How the parts are moved.
  public let mixing: Mixing
  /// Logarithm of the threshold of the singular values, `[]`: a step of training changes a threshold by a share.
  public let logLowRankThreshold: Parameter<Scalar>
  /// Logarithm of the threshold of the entries, `[]`.
  public let logSparseThreshold: Parameter<Scalar>

  /// Parameters at the given values; a threshold of 0 becomes the smallest number above.
  public init(mixing: Mixing, lowRankThreshold: Double, sparseThreshold: Double) {
    func logarithm(_ threshold: Double) -> Parameter<Scalar> {
      let smallest = Double(Scalar.leastNormalMagnitude)
      return Parameter(Tensor(Scalar(naturalLogarithm(max(threshold, smallest)))))
    }
    self.init(mixing, logarithm(lowRankThreshold), logarithm(sparseThreshold))
  }

  private init(_ mixing: Mixing, _ lowRank: Parameter<Scalar>, _ sparse: Parameter<Scalar>) {
    self.mixing = mixing
    logLowRankThreshold = lowRank
    logSparseThreshold = sparse
  }

  /// The parameters of a group.
  public func members(of group: Group) -> [Parameter<Scalar>] {
    group == .mixing ? mixing.parameters : [logLowRankThreshold, logSparseThreshold]
  }

  /// Names `mixing`, `log_low_rank_threshold` and `log_sparse_threshold`.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.child("mixing", mixing)
    visitor.parameter("log_low_rank_threshold", logLowRankThreshold)
    visitor.parameter("log_sparse_threshold", logSparseThreshold)
  }

  /// The same with parameters of its own.
  public func duplicated(in duplication: Duplication<Scalar>) -> RobustPCAParameters {
    RobustPCAParameters(
      mixing.duplicated(in: duplication),
      duplication.copy(logLowRankThreshold),
      duplication.copy(logSparseThreshold)
    )
  }
}
