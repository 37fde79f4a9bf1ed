internal import CKernels
internal import Tensors

extension Levels {
  /// The nearest values to numbers.
  @inline(__always)
  func decide(
    _ count: Int,
    _ numbers: UnsafePointer<Scalar>,
    _ decided: UnsafeMutablePointer<Scalar>
  ) {
    if values.count == 2, values[0] == -values[1] {
      let a = values[1]
      for k in 0..<count { decided[k] = numbers[k] >= 0 && numbers[k].isFinite ? a : -a }
    } else {
      for k in 0..<count { decided[k] = nearest(numbers[k]) }
    }
  }

  /// `p(s | z)` of each level for `z = s + e`, e normal, of many z.
  ///
  /// - Parameters:
  ///   - count: how many.
  ///   - z: what was observed.
  ///   - scratch: room for as many numbers as the result has.
  ///   - probabilities: `[count, levels]`, of sum 1.
  ///   - variance: of e, above zero.
  @inline(__always)
  func posteriors(
    _ count: Int,
    _ z: UnsafePointer<Scalar>,
    _ scratch: UnsafeMutablePointer<Scalar>,
    _ probabilities: UnsafeMutablePointer<Scalar>,
    variance: (Int) -> Scalar
  ) {
    let size = values.count
    weights(count, z, scratch, probabilities, variance: variance)
    for k in 0..<count {
      var sum: Scalar = 0
      for place in 0..<size { sum += probabilities[k * size + place] }
      for place in 0..<size { probabilities[k * size + place] /= sum }
    }
  }

  /// Mean of `p(s | z)` of many z for one variance of e; the sum of their variances.
  @inline(__always)
  func means(
    _ count: Int,
    _ z: UnsafePointer<Scalar>,
    variance: Scalar,
    _ scratch: UnsafeMutablePointer<Scalar>,
    _ weights: UnsafeMutablePointer<Scalar>,
    _ means: UnsafeMutablePointer<Scalar>
  ) -> Scalar {
    var spread: Scalar = 0
    if values.count == 2 {
      // a tanh(a z / v) of the levels -a and a.
      let a = values[1]
      let scale = a / variance
      for k in 0..<count { scratch[k] = scale * z[k] }
      Scalar.kernels.pointee.unary(GRAYBOX_TANH, count, scratch, means)
      for k in 0..<count {
        let mean = a * means[k]
        means[k] = mean
        spread += a * a - mean * mean
      }
      return spread
    }
    let size = values.count
    self.weights(count, z, scratch, weights) { _ in variance }
    for k in 0..<count {
      var (total, first, second): (Scalar, Scalar, Scalar) = (0, 0, 0)
      for place in 0..<size {
        let weight = weights[k * size + place]
        let value = values[place]
        total += weight
        first += weight * value
        second += weight * value * value
      }
      let mean = first / total
      means[k] = mean
      spread += max(second / total - mean * mean, 0)
    }
    return spread
  }

  /// `exp(-((z - s)^2 - (z - s^)^2) / (2 v))` of each level s, `s^` the nearest.
  @inline(__always)
  private func weights(
    _ count: Int,
    _ z: UnsafePointer<Scalar>,
    _ scratch: UnsafeMutablePointer<Scalar>,
    _ weights: UnsafeMutablePointer<Scalar>,
    variance: (Int) -> Scalar
  ) {
    let size = values.count
    for k in 0..<count {
      let best = nearest(z[k])
      let floor = (z[k] - best) * (z[k] - best)
      let scale = -1 / (2 * variance(k))
      for place in 0..<size {
        let gap = z[k] - values[place]
        scratch[k * size + place] = (gap * gap - floor) * scale
      }
    }
    Scalar.kernels.pointee.unary(GRAYBOX_EXP, count * size, scratch, weights)
  }
}
