import Autodiff
import ImageRestoration
import NeuralNetworks
import Tensors
import Testing

@Suite struct ResidualDenoiserTests {
  private func denoiser(
    _ change: (inout ResidualDenoiser<Double>.Architecture) -> Void = { _ in }
  ) -> ResidualDenoiser<Double> {
    var architecture = ResidualDenoiser<Double>.Architecture()
    architecture.layers = 4
    architecture.features = 8
    change(&architecture)
    var stream = RandomStream(seed: 1)
    return ResidualDenoiser(architecture, from: &stream)
  }

  private func images(_ seed: UInt64, channels: Int = 1) -> Tensor<Double> {
    var stream = RandomStream(seed: seed)
    return stream.normal([2, 9, 8, channels])
  }

  @Test("without biases, images and noise of a multiple give that multiple")
  func homogeneous() {
    let denoiser = denoiser()
    let (y, levels) = (images(2), Tensor<Double>([0.1, 0.4]))
    let once = denoiser.denoised(y, noiseDeviation: levels)
    let four = denoiser.denoised(y * 4, noiseDeviation: levels * 4)
    #expect(four == once * 4)
  }

  @Test("the denoised image is the image less the deviation times the noise that is found")
  func residual() {
    for denoiser in [denoiser(), denoiser { $0.hasBias = true }] {
      let (y, levels) = (images(3), Tensor<Double>([0.1, 0.4]))
      let noise = denoiser.noise(in: y, noiseDeviation: levels)
      let expected = y - noise * levels.reshaped([2, 1, 1, 1])
      #expect(denoiser.denoised(y, noiseDeviation: levels) == expected)
    }
  }

  @Test("one noise level for all is the same for each")
  func levels() {
    let denoiser = denoiser { $0.channels = 3 }
    let y = images(4, channels: 3)
    #expect(
      denoiser.denoised(y, noiseDeviation: Tensor(0.2))
        == denoiser.denoised(y, noiseDeviation: Tensor([0.2, 0.2]))
    )
  }

  @Test("the published network has its layers, and none of its parameters is forgotten")
  func published() {
    var stream = RandomStream(seed: 5)
    let network = ResidualDenoiser<Float>(.dnCNN, from: &stream)
    // 9 * 64 + 64, 15 times 9 * 64 * 64 and scale and shift, 9 * 64 + 1.
    #expect(network.parameterCount == 640 + 15 * (36864 + 128) + 577)
    #expect(ModuleAudit.unvisited(in: network).isEmpty)
    let y = Tensor<Float>.zeros([1, 12, 10, 1])
    #expect(network.denoised(y, noiseDeviation: Tensor(0.1)).shape == y.shape)
  }

  @Test("with spectral normalisation what is found changes no more than the bound allows")
  func bounded() throws {
    let denoiser = denoiser {
      $0.lipschitzBound = 0.8
      $0.normExtent = 9
    }
    for _ in 0..<300 {
      _ = denoiser.noise(in: images(6), noiseDeviation: Tensor(0.1), mode: .training)
    }
    let constant = try #require(denoiser.lipschitzConstant())
    #expect(constant <= 0.8 * 1.001)
    for seed in 10..<30 as Range<UInt64> {
      let (a, b, level) = (images(seed), images(seed + 100), Tensor<Double>(0.1))
      let change =
        denoiser.denoised(a, noiseDeviation: level) - a
        - (denoiser.denoised(b, noiseDeviation: level) - b)
      #expect(square(change).sum().scalar <= 0.64 * 1.01 * square(a - b).sum().scalar)
    }
    #expect(self.denoiser().lipschitzConstant() == nil)
  }

  @Test("trained on even patches, it averages over more than five by one pixels")
  func training() throws {
    var architecture = ResidualDenoiser<Float>.Architecture()
    architecture.layers = 3
    architecture.features = 16
    var stream = RandomStream(seed: 7)
    let denoiser = ResidualDenoiser<Float>(architecture, from: &stream)
    var training = DenoiserTraining()
    training.patchExtent = 12
    let images = (0..<4).map { Tensor<Float>.full([16, 16], Float($0) / 4) }
    let patches = training.patches(256, from: images, stream)
    #expect(patches.shape == [256, 12, 12, 1])
    var settings = TrainingSettings(.epochs(60), batchSize: 16)
    settings.schedule = .cosine(from: 5e-3, to: 1e-4)
    let outcome = try training.train(
      denoiser,
      on: patches,
      settings: settings,
      context: TrainingContext(stream: stream)
    )
    let last = try #require(outcome.trainingLosses.last)
    // The mean of n pixels leaves 1/n of the noise's power, where nothing is known of the level of the patch.
    #expect(last < 0.2)
  }

  @Test("patches are squares of the images, turned or mirrored")
  func patches() {
    var training = DenoiserTraining()
    training.patchExtent = 3
    let image = Tensor<Float>((0..<20).map { Float($0) }, shape: [4, 5])
    let patches = training.patches(40, from: [image], RandomStream(seed: 1))
    let ways = Set((0..<40).map { Array(patches.scalars[$0 * 9..<($0 + 1) * 9]) })
    // Six places, eight ways each.
    #expect(ways.count > 20 && ways.count <= 40)
    for way in ways {
      let steps = Set([abs(way[1] - way[0]), abs(way[3] - way[0])])
      #expect(steps == [1, 5])
      #expect(way[8] - way[0] == (way[1] - way[0]) * 2 + (way[3] - way[0]) * 2)
    }
  }
}
