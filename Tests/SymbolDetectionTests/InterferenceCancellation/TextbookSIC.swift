import Foundation

/// Soft interference cancellation as the equations stand, with a full inverse by Gauss-Jordan elimination:
/// nothing is shared with the library.
struct TextbookSIC {
  let channel: [[Double]]
  let levels: [Double]
  let iterations: Int
  /// `sigma^2`, or nil for Poisson counts.
  let noiseVariance: Double?
  let gain: Double

  /// The beliefs `[user][level]` about what was sent.
  func beliefs(_ received: [Double]) -> [[Double]] {
    let users = channel[0].count
    let h = channel.map { $0.map { $0 * gain } }
    let x = noiseVariance == nil ? received.map { $0 - 1 } : received
    var p = [[Double]](
      repeating: [Double](repeating: 1 / Double(levels.count), count: levels.count),
      count: users
    )
    for _ in 0..<iterations {
      let e = p.map { zip(levels, $0).reduce(0) { $0 + $1.0 * $1.1 } }
      let v = zip(p, e).map { p, e in
        zip(levels, p).reduce(0) { $0 + ($1.0 - e) * ($1.0 - e) * $1.1 }
      }
      p = (0..<users).map { posterior(of: $0, h, x, e, v) }
    }
    return p
  }

  private func posterior(
    of user: Int,
    _ h: [[Double]],
    _ x: [Double],
    _ e: [Double],
    _ v: [Double]
  ) -> [Double] {
    let (antennas, users) = (x.count, e.count)
    var covariance = [[Double]](
      repeating: [Double](repeating: 0, count: antennas),
      count: antennas
    )
    var z = x
    for i in 0..<antennas {
      let rate = (0..<users).reduce(1) { $0 + h[i][$1] * e[$1] }
      covariance[i][i] = noiseVariance ?? max(rate, 1e-3)
      for l in 0..<users where l != user { z[i] -= h[i][l] * e[l] }
    }
    for i in 0..<antennas {
      for j in 0..<antennas {
        for l in 0..<users where l != user { covariance[i][j] += v[l] * h[i][l] * h[j][l] }
      }
    }
    let inverse = Self.inverse(covariance)
    let exponents = levels.map { a in
      let gap = (0..<antennas).map { z[$0] - h[$0][user] * a }
      var sum = 0.0
      for i in 0..<antennas {
        for j in 0..<antennas { sum += gap[i] * inverse[i][j] * gap[j] }
      }
      return -sum / 2
    }
    let largest = exponents.max() ?? 0
    let weights = exponents.map { exp($0 - largest) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }

  private static func inverse(_ matrix: [[Double]]) -> [[Double]] {
    let n = matrix.count
    var a = matrix.enumerated()
      .map { i, row in
        row + (0..<n).map { $0 == i ? 1.0 : 0.0 }
      }
    for column in 0..<n {
      let best = (column..<n).max { abs(a[$0][column]) < abs(a[$1][column]) } ?? column
      a.swapAt(column, best)
      let pivot = a[column][column]
      a[column] = a[column].map { $0 / pivot }
      for row in 0..<n where row != column {
        let factor = a[row][column]
        a[row] = zip(a[row], a[column]).map { $0 - factor * $1 }
      }
    }
    return a.map { Array($0[n...]) }
  }
}
