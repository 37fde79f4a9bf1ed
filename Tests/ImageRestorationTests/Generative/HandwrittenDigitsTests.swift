import ImageRestoration
import Tensors
import Testing

@Suite struct HandwrittenDigitsTests {
  @Test("images lie between paper and ink, and do not depend on how many are drawn")
  func images() {
    let (images, labels) = HandwrittenDigits.drawn(count: 200, from: RandomStream(seed: 1))
    #expect(images.shape == [200, 784] && labels.count == 200)
    #expect(images.scalars.allSatisfy { 0...1 ~= $0 })
    #expect(Set(labels).count == 10)
    let few = HandwrittenDigits.drawn(count: 3, from: RandomStream(seed: 1))
    #expect(few.images.scalars == Array(images.scalars.prefix(3 * 784)))
    for image in 0..<200 {
      let own = images.scalars[image * 784..<(image + 1) * 784]
      let ink = own.reduce(0, +) / 784
      // MNIST's mean is 0.13.
      #expect(ink > 0.02 && ink < 0.35)
      let border = (0..<28).map { own[own.startIndex + $0] + own[own.startIndex + 27 * 28 + $0] }
      #expect(border.reduce(0, +) < 6)
    }
  }

  @Test("figures differ, as the nearest mean of each tells them apart")
  func figures() {
    let (images, labels) = HandwrittenDigits.drawn(count: 3000, from: RandomStream(seed: 2))
    let numbers = images.scalars
    var means = [[Float]](repeating: [Float](repeating: 0, count: 784), count: 10)
    var counts = [Float](repeating: 0, count: 10)
    for image in 0..<2000 {
      counts[labels[image]] += 1
      for pixel in 0..<784 { means[labels[image]][pixel] += numbers[image * 784 + pixel] }
    }
    for figure in 0..<10 { means[figure] = means[figure].map { $0 / counts[figure] } }
    var right = 0
    for image in 2000..<3000 {
      let distances = means.map { mean in
        (0..<784).reduce(Float(0)) {
          let difference = mean[$1] - numbers[image * 784 + $1]
          return $0 + difference * difference
        }
      }
      let nearest = distances.indices.min { distances[$0] < distances[$1] }
      if nearest == labels[image] { right += 1 }
    }
    // Guessing gives 100; on MNIST the nearest mean gives about 820.
    #expect(right > 600)
  }
}
