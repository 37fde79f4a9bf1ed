import Autodiff
import ImageRestoration
import NeuralNetworks
import Tensors
import Testing

@Suite struct VariationalAutoencoderTests {
  private func network(_ seed: UInt64, codes: Int = 2) -> VariationalAutoencoder<Double> {
    var stream = RandomStream(seed: seed)
    let network = VariationalAutoencoder<Double>(
      width: 6,
      hidden: [5, 4],
      codes: codes,
      from: &stream
    )
    // Biases that are not zero.
    for parameter in network.parameters where parameter.shape.count == 1 {
      parameter.set(stream.normal(parameter.shape))
    }
    return network
  }

  private func vectors(_ seed: UInt64) -> Tensor<Double> {
    var stream = RandomStream(seed: seed)
    return stream.uniform([3, 6], low: 0, high: 1)
  }

  @Test("gradients of the loss by all parameters and the noise", arguments: 0..<3 as Range<UInt64>)
  func gradients(seed: UInt64) throws {
    let network = network(seed)
    var stream = RandomStream(seed: seed).derived("noise")
    let noise: Tensor<Double> = stream.normal([3, 2])
    let check = try checkGradients(
      at: [vectors(seed), noise],
      parameters: network.parameters,
      from: stream
    ) { network.loss($0[0], noise: $0[1], mode: .training) }
    #expect(check.worstRelativeError < 1e-6)
  }

  @Test("the loss is the cross-entropy of the image plus the divergence, by integration")
  func lossByIntegration() {
    let network = network(5, codes: 1)
    let x = vectors(5).sliced(axis: 0, 0..<1)
    let noise = Tensor<Double>([0.3], shape: [1, 1])
    let (mean, logVariance) = network.encoded(x)
    let (m, deviation) = (mean.scalar, exp(logVariance * 0.5).scalar)
    let image = network.generated(from: Tensor([m + deviation * 0.3], shape: [1, 1]))
    var entropy = 0.0
    for (target, probability) in zip(x.scalars, image.scalars) {
      let (log1, log0) = (log(Tensor(probability)).scalar, log(Tensor(1 - probability)).scalar)
      entropy -= target * log1 + (1 - target) * log0
    }
    // The integral of q log (q / p), by the trapezoidal rule far into the tails.
    var divergence = 0.0
    let step = deviation / 100
    for index in -1000...1000 {
      let z = m + Double(index) * step
      let (a, b) = ((z - m) / deviation, z)
      let density = exp(Tensor(-a * a / 2)).scalar / (deviation * (2 * Double.pi).squareRoot())
      divergence += density * ((b * b - a * a) / 2 - log(Tensor(deviation)).scalar) * step
    }
    let loss = network.loss(x, noise: noise, mode: .inference).scalar
    #expect(abs(loss - entropy - divergence) < 1e-9 * max(1, loss))
  }

  @Test("shapes, names and copies")
  func module() {
    var stream = RandomStream(seed: 1)
    let network = VariationalAutoencoder<Float>(from: &stream)
    #expect(network.generated(from: Tensor.zeros([3, 20])).shape == [3, 784])
    #expect(network.encoded(Tensor.zeros([3, 784])).mean.shape == [3, 20])
    // 784-500-500-40 and 20-500-500-784 with biases.
    let counts = [784 * 500 + 500, 500 * 500 + 500, 500 * 40 + 40]
    let back = [20 * 500 + 500, 500 * 500 + 500, 500 * 784 + 784]
    #expect(network.parameterCount == (counts + back).reduce(0, +))
    #expect(ModuleAudit.unvisited(in: network).isEmpty)
    #expect(network.namedParameters.first?.name == "encoder.0.weight")
    let copy = network.duplicate()
    copy.parameters[0].set(.zeros([784, 500]))
    #expect(network.parameters[0].value != copy.parameters[0].value)
  }
}
