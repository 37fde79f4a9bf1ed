internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
internal import SymbolDetection
internal import Tensors

extension Benchmark {
  /// Training steps of unfolded detectors: replayed passes and Adam; an item is a vector.
  static var unfolding: [Benchmark] {
    [1, 2].flatMap { threads in
      [
        detNetStep("detnet-conference-train", threads: threads) {
          let method = ConferenceDetNet<Float>(
            users: 20,
            hidden: 160,
            memory: 40,
            from: RandomStream(seed: 1)
          )
          return (method.unfolded(layers: 30), 20, 30)
        },
        detNetStep("detnet-train", threads: threads) {
          let method = DetNet<Float>(
            levels: [-1, 1],
            users: 30,
            hidden: 120,
            memory: 60,
            from: RandomStream(seed: 1)
          )
          return (method.unfolded(layers: 30), 30, 60)
        },
      ]
    }
  }

  /// One step on a thousand channels of their own, the loss on every layer.
  private static func detNetStep<Method: IterativeMethod<Float>>(
    _ name: String,
    threads: Int,
    _ make: @escaping @Sendable () -> (Unfolded<Method>, users: Int, receive: Int)
  ) -> Benchmark where Method.Problem == NormalEquations<Float> {
    let batch = 1000
    return Benchmark(name, batch: batch, threads: threads, repeats: 9) {
      let (network, users, receive) = make()
      var stream = RandomStream(seed: 2)
      let channel: Tensor<Float> = stream.normal([batch, receive, users])
      let symbols: Tensor<Float> = sign(stream.normal([batch, users]))
      let noise: Tensor<Float> = stream.normal([batch, receive])
      let received = matmul(channel, symbols.reshaped([batch, users, 1])).reshaped([batch, receive])
      let equations = NormalEquations(channel: channel, observations: received + noise).scaled
      let width = network.estimate(equations).shape[1] / users
      let target =
        width == 1
        ? symbols
        : stacked([0.5 - 0.5 * symbols, 0.5 + 0.5 * symbols], axis: 2)
          .reshaped([batch, users * width])
      let flat = FlatParameters(network.learnedParameters)
      let optimiser = Optimiser(.adam(), flat)
      let recording = try Recording(
        inputs: ["gram": equations.gram, "matched": equations.matched, "targets": target],
        parameters: network.learnedParameters,
        pool: threads > 1 ? WorkerPool(threads: threads) : .serial
      ) { inputs in
        let target = try inputs.named("targets")
        let trace = network.trace(
          NormalEquations(
            gram: try inputs.named("gram"),
            matched: try inputs.named("matched")
          )
        )
        return ["loss": LayerWeighting.logarithmic.loss(trace) { meanSquaredError($0, target) }]
      }
      return Work {
        try recording.forward()
        try recording.backward()
        optimiser.step(rate: 1e-4)
      }
    }
  }
}
