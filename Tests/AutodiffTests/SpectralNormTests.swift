import Autodiff
import Tensors
import Testing

/// A vector that a test keeps.
private final class Vector: PowerIterate {
  private var numbers: [Double]

  init(_ tensor: Tensor<Double>) { numbers = tensor.scalars }

  func withVector(isMoving: Bool, _ body: (UnsafeMutablePointer<Double>) -> Void) {
    numbers.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { body(base) }
    }
  }
}

@Suite struct SpectralNormTests {
  private let extents = [4, 5]

  private func drawn(_ seed: UInt64) -> (weight: Tensor<Double>, start: Tensor<Double>) {
    var stream = RandomStream(seed: seed)
    return (stream.normal([3, 3, 2, 3]), stream.normal(extents + [2]))
  }

  /// The largest singular value of the convolution as a dense matrix.
  private func dense(_ weight: Tensor<Double>) -> Double {
    let inputs = extents.reduce(2, *)
    let units = Tensor<Double>(
      (0..<inputs * inputs).map { $0 / inputs == $0 % inputs ? 1 : 0 },
      shape: [inputs] + extents + [2]
    )
    let rows = convolution(units, weight, padding: .same).reshaped([inputs, -1])
    let gram = matmul(rows, rows, transposeB: true)
    var vector = Tensor<Double>.ones([inputs, 1])
    // Squared thirteen times, so that one product is 8192 iterations.
    var power = gram
    for _ in 0..<13 {
      power = matmul(power, power)
      power = power / Tensor(power.scalars.map { $0.magnitude }.max() ?? 1)
    }
    vector = matmul(power, vector)
    let image = matmul(gram, vector)
    return ((image * vector).sum().scalar / square(vector).sum().scalar).squareRoot()
  }

  @Test("many iterations find the largest singular value", arguments: 0..<5 as Range<UInt64>)
  func value(seed: UInt64) {
    let (weight, start) = drawn(seed)
    let found = spectralNorm(
      weight,
      extents: extents,
      iterate: Vector(start),
      iterations: 5000
    ).scalar
    #expect(abs(found / dense(weight) - 1) < 1e-9)
  }

  @Test("the gradient is that of the largest singular value")
  func gradient() throws {
    let (weight, start) = drawn(7)
    let vector = Vector(start)
    let check = try checkGradients(at: [weight], from: RandomStream(seed: 8)) {
      spectralNorm($0[0], extents: extents, iterate: vector, iterations: 400)
    }
    #expect(check.worstRelativeError < 1e-6)
  }

  @Test("without iterations the vector stays, and the value is that along it")
  func resting() {
    let (weight, start) = drawn(9)
    let vector = Vector(start)
    func norm() -> Double {
      spectralNorm(weight, extents: extents, iterate: vector, iterations: 0).scalar
    }
    let image = convolution(start.reshaped([1] + start.shape), weight, padding: .same)
    let expected = (square(image).sum().scalar / square(start).sum().scalar).squareRoot()
    #expect(abs(norm() / expected - 1) < 1e-13)
    #expect(norm() == norm())
  }
}
