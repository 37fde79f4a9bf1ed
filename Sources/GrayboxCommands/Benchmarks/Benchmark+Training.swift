internal import Autodiff
internal import NeuralNetworks
internal import Tensors

extension Benchmark {
  /// Training steps of the methods' networks: replayed forward and backward pass, and Adam.
  static var training: [Benchmark] {
    [1, 32, 256, 4096].map { classifierStep(batch: $0, threads: 1) }
      + [classifierStep(batch: 4096, threads: 2)]
  }

  /// One step of ViterbiNet's 1-100-50-16 classifier on samples that are in place.
  private static func classifierStep(batch: Int, threads: Int) -> Benchmark {
    Benchmark("viterbinet-train", batch: batch, threads: threads, repeats: 9) {
      var stream = RandomStream(seed: 1)
      let network = Sequential<Float>([
        Dense(1, 100, activation: .sigmoid, from: &stream),
        Dense(100, 50, activation: .relu, from: &stream),
        Dense(50, 16, from: &stream),
      ])
      let flat = FlatParameters(network.parameters)
      let optimiser = Optimiser(.adam(), flat)
      let observations: Tensor<Float> = stream.normal([batch, 1])
      let labels = Tensor<Float>(stream.integers(batch, below: 16).map(Float.init))
      let recording = try Recording(
        inputs: ["observations": observations, "labels": labels],
        parameters: network.parameters,
        pool: threads > 1 ? WorkerPool(threads: threads) : .serial
      ) { inputs in
        let logits = network(try inputs.named("observations"), mode: .training)
        return ["loss": crossEntropy(logits, try inputs.named("labels"))]
      }
      return Work {
        try recording.forward()
        try recording.backward()
        optimiser.step(rate: 0.01)
      }
    }
  }
}
