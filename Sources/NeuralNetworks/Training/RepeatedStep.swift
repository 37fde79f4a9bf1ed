package import Autodiff
package import Tensors

/// The step of a training, made again and again on one batch: what benchmarks time.
package final class RepeatedStep<Scalar: RealTensorScalar> {
  private let parts: BatchParts<Scalar>
  private let optimiser: Optimiser<Scalar>
  private let rows: [Int]

  /// The step of Adam on a whole dataset.
  ///
  /// - Parameters:
  ///   - parameters: what is trained.
  ///   - dataset: the batch.
  ///   - parts: into how many parts it is cut.
  ///   - pool: the threads.
  ///   - loss: of named inputs.
  package init(
    of parameters: [Parameter<Scalar>],
    on dataset: Dataset<Scalar>,
    parts: Int = 1,
    pool: WorkerPool = .serial,
    loss: @escaping ([String: Tensor<Scalar>]) throws -> Tensor<Scalar>
  ) {
    let flat = FlatParameters(parameters)
    optimiser = Optimiser(.adam(), flat)
    rows = Array(0..<dataset.count)
    self.parts = BatchParts(parts, of: dataset, flat, states: [], pool: pool) { inputs, _ in
      try loss(inputs)
    }
  }

  /// One step.
  package func callAsFunction(rate: Double) throws {
    try rows.withUnsafeBufferPointer { rows in
      _ = try parts.forward(rows, BatchIdentity(order: 0, start: 0), draw: 0)
    }
    try parts.backward()
    optimiser.step(rate: rate)
  }
}
