import Autodiff
import NeuralNetworks
import Tensors
import Testing

@Suite struct ConvolutionLayerTests {
  @Test("layers have the shapes of their axes, strides and padding")
  func shapes() {
    var stream = RandomStream(seed: 1)
    let row = Convolution<Float>(3, 5, kernel: [7], strides: [2], from: &stream)
    #expect(row(Tensor.zeros([2, 9, 3])).shape == [2, 5, 5])
    #expect(row.weight.shape == [7, 3, 5] && row.inputs == 3 && row.outputs == 5)
    let image = Convolution<Float>(1, 4, kernel: [3, 3], padding: .none, from: &stream)
    #expect(image(Tensor.zeros([2, 9, 8, 1])).shape == [2, 7, 6, 4])
    let finer = TransposedConvolution<Float>(4, 2, kernel: [2, 2], strides: [2, 2], from: &stream)
    #expect(finer(Tensor.zeros([1, 3, 5, 4])).shape == [1, 6, 10, 2])
    #expect(finer.weight.shape == [2, 2, 2, 4])
    let coarse = Resampling<Float>(.maximum, by: [2, 2])
    #expect(coarse(Tensor.zeros([1, 7, 6, 3])).shape == [1, 3, 3, 3])
    let again = Resampling<Float>(.nearest, by: [2, 2])
    #expect(again(Tensor.zeros([1, 3, 3, 3])).shape == [1, 6, 6, 3])
  }

  @Test("parameters are named, copies have their own, and none is forgotten")
  func parameters() {
    var stream = RandomStream(seed: 2)
    let chain = Sequential<Double>([
      Convolution(1, 4, kernel: [3, 3], activation: .relu, hasBias: false, from: &stream),
      Resampling(.average, by: [2, 2]),
      TransposedConvolution(4, 2, kernel: [3, 3], strides: [2, 2], from: &stream),
    ])
    #expect(chain.namedParameters.map(\.name) == ["0.weight", "2.weight", "2.bias"])
    #expect(ModuleAudit.unvisited(in: chain).isEmpty)
    let copy = chain.duplicate()
    let x: Tensor<Double> = stream.normal([2, 6, 6, 1])
    let before = chain(x)
    copy.parameters[0].set(.zeros([3, 3, 1, 4]))
    #expect(chain(x) == before && copy(x) != before)
  }

  @Test("without biases, a multiple of the input gives that multiple of the output")
  func homogeneous() {
    var stream = RandomStream(seed: 3)
    let chain = Sequential<Double>([
      Convolution(1, 16, kernel: [3, 3], activation: .relu, hasBias: false, from: &stream),
      Convolution(16, 1, kernel: [3, 3], hasBias: false, from: &stream),
    ])
    let x: Tensor<Double> = stream.normal([1, 8, 8, 1])
    #expect(chain(x * 4) == chain(x) * 4)
  }

  @Test("drawn weights keep the power of white noise behind a ReLU", arguments: [1, 2, 3])
  func initialPower(axes: Int) {
    var stream = RandomStream(seed: 4)
    let kernel = [Int](repeating: 3, count: axes)
    let layer = Convolution<Float>(16, 64, kernel: kernel, activation: .relu, from: &stream)
    let extents = axes == 1 ? [4096] : axes == 2 ? [64, 64] : [16, 16, 16]
    let x: Tensor<Float> = stream.normal([1] + extents + [16])
    let power = square(layer(x)).mean().scalar
    // The mean square of a ReLU of a normal number of variance 2 is 1. The power varies with the 48 to 432 weights of
    // each of 64 channels: five times sqrt(2 / (64 * 48)), and the image's edges.
    #expect(Swift.abs(power - 1) < 0.2)
  }
}
