internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
internal import SparseRecovery
internal import Tensors

extension Benchmark {
  /// Training steps of unfolded networks for sparse recovery: replayed passes and Adam.
  static var recovery: [Benchmark] {
    [listaCPStep(batch: 64, threads: 1), listaCPStep(batch: 64, threads: 2)]
  }

  /// One step of LISTA-CP with 16 layers, 250 measurements and 500 unknowns; an item is a problem.
  private static func listaCPStep(batch: Int, threads: Int) -> Benchmark {
    Benchmark("lista-cp-train", batch: batch, threads: threads, repeats: 9) {
      var stream = RandomStream(seed: 1)
      let dictionary = GaussianDictionary.drawn(measurements: 250, unknowns: 500, from: &stream)
      let signals = SparseSignalLaw.bernoulliGaussian(sparsity: 0.1, variance: 1)
        .drawn(count: batch, unknowns: 500, from: stream.derived("signals"))
      let operators = dictionary.converted(to: Float.self)
      let network = ISTA(operators: operators, penalty: 0.1)
        .unfolded(layers: 16, learning: [.matrices, .thresholds])
      let flat = FlatParameters(network.learnedParameters)
      let optimiser = Optimiser(.adam(), flat)
      let recording = try Recording(
        inputs: [
          "observations": matmul(signals, operators, transposeB: true), "targets": signals,
        ],
        parameters: network.learnedParameters,
        pool: threads > 1 ? WorkerPool(threads: threads) : .serial
      ) { inputs in
        let estimate = network.estimate(try inputs.named("observations"))
        return ["loss": meanSquaredError(estimate, try inputs.named("targets"))]
      }
      return Work {
        try recording.forward()
        try recording.backward()
        optimiser.step(rate: 1e-4)
      }
    }
  }
}
