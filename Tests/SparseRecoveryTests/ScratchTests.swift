import Autodiff
import Hybridization
import NeuralNetworks
import SparseRecovery
import Tensors
import Testing

@Suite struct ScratchTests {
  @Test func timing() throws {
    var stream = RandomStream(seed: 1)
    let a = GaussianDictionary.drawn(measurements: 250, unknowns: 500, from: &stream).converted(to: Float.self)
    let s = SparseSignalLaw.bernoulliGaussian(sparsity: 0.1, variance: 1).drawn(count: 64, unknowns: 500, from: stream)
    let network = ISTA(operators: a, penalty: 0.1).unfolded(layers: 16, learning: [.matrices, .thresholds])
    let flat = FlatParameters(network.learnedParameters)
    let optimiser = Optimiser(.adam(), flat)
    let recording = try Recording(inputs: ["x": matmul(s, a, transposeB: true), "s": s], parameters: network.learnedParameters) { i in
      ["loss": meanSquaredError(network.estimate(i["x"]!), i["s"]!)]
    }
    func time(_ name: String, _ body: () throws -> Void) rethrows {
      for _ in 0..<3 { try body() }
      var best = 1e9
      for _ in 0..<15 {
        let t = try ContinuousClock().measure { try body() }
        best = min(best, Double(t.components.attoseconds) * 1e-15)
      }
      print("TIME", name, best, "ms")
    }
    try time("forward") { try recording.forward() }
    try time("backward") { try recording.backward() }
    time("adam") { optimiser.step(rate: 1e-9) }
    let x: Tensor<Float> = stream.normal([64, 500]), y: Tensor<Float> = stream.normal([64, 250])
    time("s A'") { _ = matmul(x, a, transposeB: true) }
    time("r W") { _ = matmul(y, a) }
    time("r' d") { _ = matmul(y, x, transposeA: true) }
    time("shrink") { _ = softThreshold(x, by: Tensor(0.1)) }
    time("add") { _ = x + x }
    time("scale") { _ = Tensor(0.1) * x }
  }
}
