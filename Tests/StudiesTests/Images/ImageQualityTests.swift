internal import Foundation
internal import Studies
internal import Tensors
internal import Testing

@Suite struct ImageQualityTests {
  private func image(_ shape: [Int], seed: UInt64) -> Tensor<Float> {
    var stream = RandomStream(seed: seed)
    return stream.uniform(shape)
  }

  @Test("an error of a tenth everywhere is 20 dB")
  func psnr() {
    let truth = Tensor<Float>.full([3, 5], 0.5)
    let estimate = Tensor<Float>.full([3, 5], 0.6)
    #expect(abs(ImageQuality.psnrDecibels(estimate, truth) - 20) < 1e-5)
    #expect(abs(ImageQuality.normalisedError(estimate, truth) - 0.04) < 1e-7)
    #expect(ImageQuality.psnrDecibels(truth, truth) == .infinity)
  }

  /// Structural similarity from its definition: at each place the window's moments about its means.
  private func similarity(_ a: Tensor<Float>, _ b: Tensor<Float>) -> Double {
    let (height, width) = (a.shape[0], a.shape[1])
    var weights = [[Double]](repeating: [Double](repeating: 0, count: 11), count: 11)
    var sum = 0.0
    for i in 0..<11 {
      for j in 0..<11 {
        weights[i][j] = exp(-Double((i - 5) * (i - 5) + (j - 5) * (j - 5)) / (2 * 1.5 * 1.5))
        sum += weights[i][j]
      }
    }
    var total = 0.0
    for top in 0...(height - 11) {
      for left in 0...(width - 11) {
        func mean(_ value: (Double, Double) -> Double) -> Double {
          var result = 0.0
          for i in 0..<11 {
            for j in 0..<11 {
              let (x, y) = (Double(a[top + i, left + j]), Double(b[top + i, left + j]))
              result += weights[i][j] / sum * value(x, y)
            }
          }
          return result
        }
        let (m, n) = (mean { x, _ in x }, mean { _, y in y })
        let luminance = (2 * m * n + 1e-4) / (m * m + n * n + 1e-4)
        let covariance = mean { ($0 - m) * ($1 - n) }
        let variances = mean { ($0 - m) * ($0 - m) + ($1 - n) * ($1 - n) }
        total += luminance * (2 * covariance + 9e-4) / (variances + 9e-4)
      }
    }
    return total / Double((height - 10) * (width - 10))
  }

  @Test("structural similarity agrees with its definition", arguments: 0..<5 as Range<UInt64>)
  func matchesDefinition(seed: UInt64) {
    let truth = image([17, 23], seed: seed)
    let noise = image([17, 23], seed: seed + 100)
    let estimate = Tensor(
      zip(truth.scalars, noise.scalars).map { 0.7 * $0 + 0.3 * $1 },
      shape: truth.shape
    )
    let difference =
      ImageQuality.structuralSimilarity(estimate, truth) - similarity(estimate, truth)
    #expect(abs(difference) < 1e-9)
  }

  @Test("structural similarity of equal images is one, of a negative it is below nought")
  func extremes() {
    let truth = image([16, 16], seed: 9)
    #expect(abs(ImageQuality.structuralSimilarity(truth, truth) - 1) < 1e-12)
    let negative = Tensor(truth.scalars.map { 1 - $0 }, shape: truth.shape)
    #expect(ImageQuality.structuralSimilarity(negative, truth) < 0)
  }
}
