internal import Autodiff
internal import NeuralNetworks
package import Tensors

/// What a hybrid is built from: the operator, and what training samples tell of signal and noise.
package struct SparseKnowledge: Sendable {
  /// `A`, `[m, n]`, as it is believed to be.
  package var operators: Tensor<Double>
  /// The noise power an observation, 0 for none.
  package var noiseVariance: Double
  /// The share of entries that are not zero.
  package var sparsity: Double
  /// The mean square of the entries that are not zero.
  package var variance: Double

  /// Knowledge of the given parts.
  package init(
    operators: Tensor<Double>,
    noiseVariance: Double,
    sparsity: Double,
    variance: Double
  ) {
    self.operators = operators
    self.noiseVariance = noiseVariance
    self.sparsity = sparsity
    self.variance = variance
  }

  /// Rows of the operator.
  package var measurements: Int { operators.shape[0] }
  /// Columns of the operator.
  package var unknowns: Int { operators.shape[1] }

  /// Share and mean square of the non-zeros of signals; of signals that are all zero, 0 and 1.
  package static func statistics(of signals: Tensor<Float>) -> (sparsity: Double, variance: Double)
  {
    signals.withScalars { signals in
      var nonzeros = 0
      var squares = 0.0
      for value in signals where value != 0 {
        nonzeros += 1
        squares += Double(value) * Double(value)
      }
      guard nonzeros > 0 else { return (0, 1) }
      return (Double(nonzeros) / Double(signals.count), squares / Double(nonzeros))
    }
  }
}

/// The knowledge as constants of a model file.
struct KnowledgeConstants: DuplicableModule {
  typealias Scalar = Float

  let operators: PersistentState<Float>
  let noiseVariance: PersistentState<Float>
  let sparsity: PersistentState<Float>
  let variance: PersistentState<Float>

  init(_ knowledge: SparseKnowledge) {
    operators = PersistentState(knowledge.operators.converted(to: Float.self))
    noiseVariance = PersistentState(Tensor(Float(knowledge.noiseVariance)))
    sparsity = PersistentState(Tensor(Float(knowledge.sparsity)))
    variance = PersistentState(Tensor(Float(knowledge.variance)))
  }

  private init(_ other: KnowledgeConstants, in duplication: Duplication<Float>) {
    operators = duplication.copy(other.operators)
    noiseVariance = duplication.copy(other.noiseVariance)
    sparsity = duplication.copy(other.sparsity)
    variance = duplication.copy(other.variance)
  }

  func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.state("operator", operators)
    visitor.state("noise_variance", noiseVariance)
    visitor.state("sparsity", sparsity)
    visitor.state("variance", variance)
  }

  func duplicated(in duplication: Duplication<Float>) -> KnowledgeConstants {
    KnowledgeConstants(self, in: duplication)
  }
}
