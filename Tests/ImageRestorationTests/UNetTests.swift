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

  @Test("with circular edges a rolled image gives the rolled result")
  func circularEdges() {
    var stream = RandomStream(seed: 3)
    // Wider than the reach of all layers.
    let network = UNet<Double>(features: 2, levels: 1, margin: 12, edges: .circular, from: &stream)
    for parameter in network.parameters { parameter.set(stream.normal(parameter.shape) * 0.3) }
    let x: Tensor<Double> = stream.normal([1, 16, 12, 1])
    func rolled(_ x: Tensor<Double>) -> Tensor<Double> {
      concatenated([x.sliced(axis: 1, 6..<16), x.sliced(axis: 1, 0..<6)], axis: 1)
    }
    let difference = abs(network.output(of: rolled(x)) - rolled(network.output(of: x)))
    #expect((difference.scalars.max() ?? 1) < 1e-12)
    #expect((abs(network.output(of: x) - x).scalars.max() ?? 0) > 0.01)
  }

  @Test("a margin wider than an image is cut to it", arguments: PaddingMode.allCases)
  func wideMargin(edges: PaddingMode) {
    var stream = RandomStream(seed: 4)
    let network = UNet<Float>(features: 2, levels: 2, margin: 12, edges: edges, from: &stream)
    let x: Tensor<Float> = stream.normal([1, 5, 3, 1])
    #expect(network.output(of: x) == x)
  }
}
