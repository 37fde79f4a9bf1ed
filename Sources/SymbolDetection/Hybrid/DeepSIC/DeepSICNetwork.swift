internal import Autodiff
internal import Hybridization
package import NeuralNetworks
package import Tensors

/// DeepSIC with the scale of its observations: what a model file holds.
package struct DeepSICNetwork: DuplicableModule {
  package typealias Scalar = Float
  /// Vectors that are computed together.
  private static let chunk = 1024

  /// The scale of the observations.
  package let scale: InputScale
  /// The classifiers.
  package let diagram: DeepSIC<Float>

  /// A network of the given parts.
  package init(scale: InputScale = InputScale(), _ diagram: DeepSIC<Float>) {
    self.scale = scale
    self.diagram = diagram
  }

  /// The beliefs of the last iteration.
  ///
  /// - Parameters:
  ///   - observations: `[batch, receive]`, as received.
  ///   - pool: the threads; chunks of the batch run in parallel.
  /// - Returns: `[batch, users, levels]`.
  package func beliefs(_ observations: Tensor<Float>, pool: WorkerPool) -> Tensor<Float> {
    let scaled = scale.normalised(observations)
    return Beliefs.collected(
      batch: observations.shape[0],
      users: diagram.users,
      levels: diagram.levels,
      chunk: Self.chunk,
      pool: pool
    ) { range in
      diagram.outputs(scaled.sliced(axis: 0, range))
    }
  }

  /// Names `scale` and `diagram`.
  package func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.child("scale", scale)
    visitor.child("diagram", diagram)
  }

  /// The same with parameters and constants of its own.
  package func duplicated(in duplication: Duplication<Float>) -> DeepSICNetwork {
    DeepSICNetwork(
      scale: scale.duplicated(in: duplication),
      diagram.duplicated(in: duplication)
    )
  }
}

extension DeepSICNetwork: BeliefNetwork {}
