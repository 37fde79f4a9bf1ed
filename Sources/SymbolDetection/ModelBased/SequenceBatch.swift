// The one file of this target that points into other tensors' memory.
//
// Proof of safety: a chunk keeps the storage it points into alive as its owner, and tensors are
// never written.
package import Tensors

/// Observations as a batch of sequences of one length.
package struct SequenceBatch<Scalar: RealTensorScalar>: Sendable {
  /// How many sequences.
  package let batch: Int
  /// How many steps each has.
  package let duration: Int
  private let observations: Tensor<Scalar>

  /// The batch of `[time]` or `[batch, time]`.
  package init(_ observations: Tensor<Scalar>) throws(SymbolDetectionError) {
    let shape = observations.shape
    guard shape.count == 1 || shape.count == 2 else { throw .badObservations(shape: shape) }
    batch = shape.count == 2 ? shape[0] : 1
    duration = shape[shape.count - 1]
    self.observations = observations
  }

  /// Some steps of one sequence, `[1, steps]`, without a copy.
  package func chunk(of sequence: Int, _ steps: Range<Int>) -> Tensor<Scalar> {
    let storage = observations.storage
    return Tensor(
      shape: [1, steps.count],
      storage: TensorStorage(
        viewing: storage.values + sequence * duration + steps.lowerBound,
        gradients: nil,
        count: steps.count,
        owner: storage
      )
    )
  }
}
