import Foundation
import ImageRestoration
import Tensors
import Testing

@Suite struct TransformTests {
  /// Places by frequency, from the definition.
  private func discreteFourier(_ x: [Double], _ height: Int, _ width: Int) -> [(Double, Double)] {
    (0..<height * width).map { place in
      let (u, v) = (place / width, place % width)
      var (re, im) = (0.0, 0.0)
      for i in 0..<height {
        for j in 0..<width {
          let angle =
            -2 * Double.pi * (Double(u * i) / Double(height) + Double(v * j) / Double(width))
          re += x[i * width + j] * cos(angle)
          im += x[i * width + j] * sin(angle)
        }
      }
      return (re, im)
    }
  }

  @Test(
    "the measured frequencies are those of the definition",
    arguments: [
      [1, 1], [1, 6], [2, 2], [3, 5], [4, 4], [6, 8], [7, 9], [12, 10], [16, 11], [13, 37],
      [30, 22],
    ]
  )
  func fourier(shape: [Int]) throws {
    let (height, width) = (shape[0], shape[1])
    let all = try UndersampledFourier<Double>(mask: .ones(shape))
    let x = randomImages([1] + shape, seed: 1)
    let y = all.measurements(of: x)
    #expect(y.shape == [1, height * width, 2])
    let scale = 1 / Double(height * width).squareRoot()
    for (place, expected) in discreteFourier(x.scalars, height, width).enumerated() {
      #expect(abs(y[0, place, 0] - scale * expected.0) < 1e-11)
      #expect(abs(y[0, place, 1] - scale * expected.1) < 1e-11)
    }
    // All frequencies of a unitary transform bring the image back.
    #expect(worst(all.adjoint(of: y), x) < 1e-12)
  }

  @Test(
    "the cosine transform is that of the definition",
    arguments: [[1, 1], [2, 3], [4, 4], [5, 8], [9, 6], [16, 7]]
  )
  func cosine(shape: [Int]) {
    let (height, width) = (shape[0], shape[1])
    let basis = CosineBasis<Double>(height: height, width: width)
    let x = randomImages([1] + shape, seed: 2)
    let c = basis.coefficients(of: x)
    func atom(_ k: Int, _ i: Int, _ n: Int) -> Double {
      let scale = k == 0 ? (1 / Double(n)).squareRoot() : (2 / Double(n)).squareRoot()
      return scale * cos(Double.pi * Double((2 * i + 1) * k) / Double(2 * n))
    }
    for k in 0..<height {
      for l in 0..<width {
        var sum = 0.0
        for i in 0..<height {
          for j in 0..<width { sum += atom(k, i, height) * atom(l, j, width) * x[0, i, j] }
        }
        #expect(abs(c[0, k, l] - sum) < 1e-12)
      }
    }
  }

  private func bases() throws -> [any OrthonormalBasis<Double>] {
    [
      PixelBasis(height: 16, width: 24), CosineBasis(height: 15, width: 22),
      try WaveletBasis(.haar, height: 16, width: 24, levels: 3),
      try WaveletBasis(.daubechies4, height: 16, width: 8, levels: 9),
      try WaveletBasis(.daubechies8, height: 16, width: 24, levels: 2),
    ]
  }

  @Test("the way back undoes the way there, and lengths are kept", arguments: 0..<5)
  func orthonormal(index: Int) throws {
    func check<Basis: OrthonormalBasis<Double>>(_ basis: Basis) {
      for seed in 0..<20 as Range<UInt64> {
        let x = randomImages([2] + basis.imageShape, seed: seed)
        let c = basis.coefficients(of: x)
        #expect(worst(basis.images(of: c), x) < 1e-12)
        #expect(worst(basis.coefficients(of: basis.images(of: x)), x) < 1e-12)
        let (a, b) = (x.scalars.reduce(0) { $0 + $1 * $1 }, c.scalars.reduce(0) { $0 + $1 * $1 })
        #expect(abs(a - b) < 1e-12 * a)
      }
    }
    check(try bases()[index])
  }

  @Test(
    "details of polynomials vanish inside, up to the filter's moments",
    arguments: [(Wavelet.haar, 0), (.daubechies4, 1), (.daubechies8, 3)]
  )
  func moments(wavelet: Wavelet, degree: Int) throws {
    let basis = try WaveletBasis<Double>(wavelet, height: 32, width: 32, levels: 1)
    let x = Tensor<Double>(
      (0..<1024).map { pow(Double($0 / 32) / 32, Double(degree)) },
      shape: [1, 32, 32]
    )
    let c = basis.coefficients(of: x)
    // Filters of up to eight taps meet the rim in the last four rows of details.
    for row in 16..<28 { for column in 0..<16 { #expect(abs(c[0, row, column]) < 1e-12) } }
    #expect(basis.levels == 1 && abs(c[0, 3, 3]) > 1e-3)
  }

  @Test("Haar's transform of a square of four is worked by hand")
  func haar() throws {
    let basis = try WaveletBasis<Double>(.haar, height: 2, width: 2, levels: 5)
    let c = basis.coefficients(of: Tensor([1, 2, 3, 6], shape: [1, 2, 2]))
    #expect(basis.levels == 1)
    #expect(worst(c, Tensor([6, -2, -3, 1], shape: [1, 2, 2])) < 1e-14)
  }

  @Test("an image that cannot be halved is refused")
  func oddWavelet() {
    #expect(
      throws: ImageRestorationError.badShape(
        name: "the image",
        actual: [15, 16],
        expected: "even extents of 4 or more for the wavelet daubechies-4"
      )
    ) { try WaveletBasis<Double>(.daubechies4, height: 15, width: 16, levels: 3) }
  }
}
