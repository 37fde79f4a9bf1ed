import Autodiff
import NeuralNetworks
import Tensors
import Testing

@Suite struct BoundedConvolutionTests {
  private func layer(_ bound: Double, seed: UInt64) -> BoundedConvolution<Double> {
    var stream = RandomStream(seed: seed)
    return BoundedConvolution(
      Convolution(3, 5, kernel: [3, 3], activation: .relu, from: &stream),
      bound: bound,
      extents: [8, 9],
      from: &stream
    )
  }

  @Test("differences of images grow by no more than the bound", arguments: 0..<20 as Range<UInt64>)
  func bound(seed: UInt64) {
    let layer = layer(0.7, seed: 1)
    for _ in 0..<30 { _ = layer(Tensor.zeros([1, 8, 9, 3]), mode: .training) }
    #expect(layer.norm() <= 0.7 * 1.0001 && layer.norm() > 0.69)
    var stream = RandomStream(seed: seed)
    let (a, b): (Tensor<Double>, Tensor<Double>) = (
      stream.normal([1, 8, 9, 3]), stream.normal([1, 8, 9, 3])
    )
    let (before, after) = (square(a - b).sum().scalar, square(layer(a) - layer(b)).sum().scalar)
    #expect(after <= 0.49 * 1.001 * before)
  }

  @Test("a bound above the norm changes nothing")
  func loose() {
    let layer = layer(100, seed: 2)
    var stream = RandomStream(seed: 3)
    let x: Tensor<Double> = stream.normal([2, 8, 9, 3])
    #expect(layer(x) == layer.convolution(x))
  }

  @Test("training moves the vector, inference reads it, and copies have their own")
  func state() {
    let layer = layer(0.5, seed: 4)
    let x = Tensor<Double>.ones([1, 8, 9, 3])
    let before = layer.iterate.value
    _ = layer(x)
    #expect(layer.iterate.value == before)
    let copy = layer.duplicate()
    _ = copy(x, mode: .training)
    #expect(copy.iterate.value != before && layer.iterate.value == before)
    #expect(layer.namedParameters.map(\.name) == ["weight", "bias"])
    #expect(layer.namedStates.map(\.name) == ["iterate"])
    #expect(ModuleAudit.unvisited(in: layer).isEmpty)
  }
}
