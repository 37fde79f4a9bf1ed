internal import Foundation
internal import Studies
internal import Tensors
internal import Testing

@Suite struct ProceduralImagesTests {
  @Test("an image depends on its number alone, and values stay in range")
  func stable() {
    let stream = RandomStream(seed: 3)
    let many = ProceduralImages.drawn(24, height: 40, width: 56, from: stream)
    let few = ProceduralImages.drawn(5, height: 40, width: 56, from: stream)
    #expect(many.shape == [24, 40, 56])
    #expect(few.scalars == Array(many.scalars.prefix(few.count)))
    #expect(many.scalars.allSatisfy { (0...1).contains($0) })
    let other = ProceduralImages.drawn(5, height: 40, width: 56, from: RandomStream(seed: 4))
    #expect(other != few)
  }

  @Test("all kinds come, and no image is empty")
  func kinds() {
    let stream = RandomStream(seed: 5)
    var seen: Set<ProceduralImages.Kind> = []
    for index in 0..<64 {
      let (kind, pixels) = ProceduralImages.image(index, height: 48, width: 48, from: stream)
      seen.insert(kind)
      let mean = pixels.reduce(0, +) / Float(pixels.count)
      let variance = pixels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(pixels.count)
      #expect(variance > 1e-5, "image \(index) of kind \(kind)")
    }
    #expect(seen == Set(ProceduralImages.Kind.allCases))
  }

  /// Differences of neighbours in photographs have a kurtosis far above a Gaussian's 3, and a flat share
  /// of equal neighbours.
  @Test("differences of neighbours are heavy-tailed, as in photographs")
  func gradients() {
    let images = ProceduralImages.drawn(32, height: 64, width: 64, from: RandomStream(seed: 6))
    let values = images.scalars
    var (second, fourth, count) = (0.0, 0.0, 0.0)
    for place in values.indices where place % 64 != 63 {
      let difference = Double(values[place + 1] - values[place])
      second += difference * difference
      fourth += difference * difference * difference * difference
      count += 1
    }
    #expect(fourth * count / (second * second) > 6)
  }

  @Test("the smallest extents are drawn", arguments: [[1, 1], [1, 9], [7, 2]])
  func smallest(shape: [Int]) {
    let images = ProceduralImages.drawn(
      16,
      height: shape[0],
      width: shape[1],
      from: RandomStream(seed: 7)
    )
    #expect(images.scalars.allSatisfy { (0...1).contains($0) })
  }
}
