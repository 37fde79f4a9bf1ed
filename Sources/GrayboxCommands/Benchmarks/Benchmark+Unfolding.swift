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
  private static func detNetStep<Method: VectorUnfolding>(
    _ name: String,
    threads: Int,
    _ make: @escaping @Sendable () -> (Unfolded<Method>, users: Int, receive: Int)
  ) -> Benchmark {
    let batch = 1000
    return Benchmark(name, batch: batch, threads: threads, repeats: 9) {
      let (network, users, receive) = make()
      let (equations, symbols) = vectors(batch: batch, users: users, receive: receive)
      let step = RepeatedStep(
        of: network.learnedParameters,
        on: try Dataset(
          ["gram": equations.gram, "matched": equations.matched]
            .merging(network.method.targets(equations, symbols)) { first, _ in first }
        ),
        parts: 2,
        pool: WorkerPool(threads: threads)
      ) { inputs in
        let trace = network.trace(
          NormalEquations(
            gram: try inputs.named("gram"),
            matched: try inputs.named("matched")
          )
        )
        return try LayerWeighting.logarithmic.loss(trace) { try network.method.loss($0, inputs) }
      }
      return Work { try step(rate: 1e-4) }
    }
  }

  /// Channels of their own and signs sent over them.
  private static func vectors(batch: Int, users: Int, receive: Int) -> (
    equations: NormalEquations<Float>, symbols: Tensor<Float>
  ) {
    var stream = RandomStream(seed: 2)
    let channel: Tensor<Float> = stream.normal([batch, receive, users])
    let symbols: Tensor<Float> = sign(stream.normal([batch, users]))
    let noise: Tensor<Float> = stream.normal([batch, receive])
    let sent = matmul(channel, symbols.reshaped([batch, users, 1])).reshaped([batch, receive])
    let equations = NormalEquations(channel: channel, observations: sent + 2 * noise)
    return (equations.scaled, symbols)
  }
}
