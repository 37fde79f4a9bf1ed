internal import Autodiff
internal import ImageRestoration
internal import NeuralNetworks
internal import Tensors

extension Benchmark {
  /// Convolutions, and the training step of a denoiser made of them.
  static var images: [Benchmark] {
    [1, 2].flatMap { threads in
      [
        convolutionPass("convolution-3x3", kernel: 3, threads: threads),
        convolutionPass("convolution-5x5", kernel: 5, threads: threads),
        denoiserStep(threads: threads),
      ]
    }
  }

  /// Forward and backward pass of one layer of 64 channels on 32 patches of 40 by 40.
  private static func convolutionPass(_ name: String, kernel: Int, threads: Int) -> Benchmark {
    Benchmark(name, batch: 32, threads: threads, repeats: 5) {
      var stream = RandomStream(seed: 1)
      let layer = Convolution<Float>(64, 64, kernel: [kernel, kernel], from: &stream)
      let recording = try Recording(
        inputs: ["x": stream.normal([32, 40, 40, 64])],
        differentiated: ["x"],
        parameters: layer.parameters,
        pool: threads > 1 ? WorkerPool(threads: threads) : .serial
      ) { inputs in
        ["loss": layer(try inputs.named("x")).sum()]
      }
      return Work {
        try recording.forward()
        try recording.backward()
      }
    }
  }

  /// One step of DnCNN with 17 layers of 64 channels on 32 patches of 40 by 40, batch normalisation included.
  private static func denoiserStep(threads: Int) -> Benchmark {
    Benchmark("denoiser-train", batch: 32, threads: threads, repeats: 5) {
      var stream = RandomStream(seed: 1)
      let network = ResidualDenoiser<Float>(.dnCNN, from: &stream)
      let clean: Tensor<Float> = stream.uniform([32, 40, 40, 1], low: 0, high: 1)
      let noise: Tensor<Float> = stream.normal(clean.shape)
      let step = RepeatedStep(
        of: network.parameters,
        on: try Dataset(["noisy": clean + noise * 0.1, "noise": noise]),
        pool: WorkerPool(threads: threads)
      ) { inputs in
        let found = network.noise(
          in: try inputs.named("noisy"),
          noiseDeviation: Tensor(0.1),
          mode: .training
        )
        return meanSquaredError(found, try inputs.named("noise"))
      }
      return Work { try step(rate: 1e-3) }
    }
  }
}
