import Autodiff
import ImageRestoration
import NeuralNetworks
import Tensors
import Testing

@Suite struct UNetTests {
  @Test("it starts as the identity, at any extent")
  func identity() {
    var stream = RandomStream(seed: 1)
    let network = UNet<Float>(channels: 2, features: 4, levels: 2, from: &stream)
    for extents in [[8, 8], [9, 11], [5, 4]] {
      let x: Tensor<Float> = stream.normal([2] + extents + [2])
      #expect(network.output(of: x) == x)
    }
    #expect(ModuleAudit.unvisited(in: network).isEmpty)
  }

  @Test("gradients of all parameters and the images")
  func gradients() throws {
    var stream = RandomStream(seed: 2)
    let network = UNet<Double>(channels: 1, features: 3, levels: 1, from: &stream)
    for parameter in network.parameters { parameter.set(stream.normal(parameter.shape)) }
    let x: Tensor<Double> = stream.normal([1, 5, 6, 1])
    let check = try checkGradients(at: [x], parameters: network.parameters, from: stream) {
      network.output(of: $0[0])
    }
    #expect(check.worstRelativeError < 1e-6)
  }
}
