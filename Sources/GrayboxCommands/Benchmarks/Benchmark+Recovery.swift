internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
internal import SparseRecovery
internal import Studies
internal import Tensors

extension Benchmark {
  /// Sparse recovery with 250 measurements and 500 unknowns, a tenth of them not zero; an item is a
  /// problem.
  ///
  /// ADMM has one row alone, because most of its second and a half is the same eigendecomposition.
  /// Training steps of unfolded networks are replayed passes and Adam. Iterative methods make 50
  /// iterations, networks have 16 layers.
  static var recovery: [Benchmark] {
    let iterations: [String: SettingValue] = ["iterations": .integer(50), "tolerance": .number(0)]
    let network: [String: SettingValue] = ["epochs": .integer(1), "layers": .integer(16)]
    let rows: [(MethodDescription, [String: SettingValue])] = [
      (ClassicalRecoveryMethods.ista, iterations),
      (ClassicalRecoveryMethods.fista, iterations),
      (ClassicalRecoveryMethods.amp, iterations),
      (ClassicalRecoveryMethods.omp, [:]),
      (.listaCP, network),
      // The weight does not change the time; the dictionary takes none to compute.
      (.alista, network.merging(["weight": .text("dictionary")]) { $1 }),
    ]
    return [1, 2].map { listaCPStep(batch: 64, threads: $0) }
      + [listaCPStep("lista-cp-train-dense", penalty: 0.1, batch: 64, threads: 1)]
      + [recovered(ClassicalRecoveryMethods.admm, iterations, batch: 64)]
      + rows.flatMap { [recovered($0.0, $0.1, batch: 1), recovered($0.0, $0.1, batch: 64)] }
  }

  /// Inference as `graybox infer` runs it, arrays in memory, at 40 dB.
  private static func recovered(
    _ method: MethodDescription,
    _ given: [String: SettingValue],
    batch: Int
  ) -> Benchmark {
    Benchmark("\(method.id)-infer", batch: batch, repeats: 5) {
      let scenario = SparseLinearScenario.description
      let world = try Settings(
        ["snr": .number(40)],
        for: scenario.settings,
        owner: scenario.id
      )
      let stream = RandomStream(seed: 1)
      let arrays = try scenario.draw(world, .test, batch, stream)
      let settings = try Settings(given, for: method.settings, owner: method.id)
      var model: ModelFile?
      if let train = method.train {
        let examples = try scenario.draw(world, .training, 64, stream.derived("training"))
        model = try train(TrainingRequest(data: examples, settings: settings, stream: stream)).model
      }
      let prepared = try method.prepare(settings, model)
      var result = InferenceResult(arrays: ArrayBundle())
      return Work {
        result = try prepared.infer(arrays, pool: .serial)
      } findings: {
        guard model == nil, let metric = SparseRecoveryTask.description.metrics.first,
          let count = try? metric.measure(result.arrays, arrays)
        else { return [] }
        return [(metric.id, count.sum / count.reference)]
      }
    }
  }

  /// One step of LISTA-CP with 16 layers, 250 measurements and 500 unknowns; an item is a problem.
  ///
  /// At a penalty of 0.5 a seventh of the codes are not zero, as in a network that `lista` has trained; at
  /// 0.1, where thresholds have not been learned yet, three fifths.
  private static func listaCPStep(
    _ name: String = "lista-cp-train",
    penalty: Double = 0.5,
    batch: Int,
    threads: Int
  ) -> Benchmark {
    Benchmark(name, batch: batch, threads: threads, repeats: 9) {
      var stream = RandomStream(seed: 1)
      let dictionary = GaussianDictionary.drawn(measurements: 250, unknowns: 500, from: &stream)
      let signals = SparseSignalLaw.bernoulliGaussian(sparsity: 0.1, variance: 1)
        .drawn(count: batch, unknowns: 500, from: stream.derived("signals"))
      let operators = dictionary.converted(to: Float.self)
      let network = ISTA(operators: operators, penalty: penalty)
        .unfolded(layers: 16, learning: [.matrices, .thresholds])
      let step = RepeatedStep(
        of: network.learnedParameters,
        on: try Dataset([
          "observations": matmul(signals, operators, transposeB: true), "targets": signals,
        ]),
        pool: WorkerPool(threads: threads)
      ) { inputs in
        let estimate = network.estimate(try inputs.named("observations"))
        return meanSquaredError(estimate, try inputs.named("targets"))
      }
      return Work { try step(rate: 1e-4) }
    }
  }
}
