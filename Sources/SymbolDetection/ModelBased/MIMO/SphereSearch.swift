internal import Tensors

/// A depth-first search for the vector that is nearest to `z` in `|z - R s|^2`, in memory of its own.
struct SphereSearch<Scalar: RealTensorScalar> {
  /// The best vector.
  let best: UnsafeMutablePointer<Scalar>
  private let users: Int
  private let size: Int
  private let nodeLimit: Int
  private let values: UnsafeMutablePointer<Scalar>
  // `R`, row-major.
  private let upper: UnsafeMutablePointer<Scalar>
  private let symbols: UnsafeMutablePointer<Scalar>
  // Of each level: values by distance, which is next, and the cost of the rows below.
  private let candidates: UnsafeMutablePointer<Scalar>
  private let next: UnsafeMutablePointer<Int32>
  private let below: UnsafeMutablePointer<Scalar>
  private let centres: UnsafeMutablePointer<Scalar>
  private let scratch: VectorScratch<Scalar>

  init(users: Int, _ values: [Scalar], nodeLimit: Int) {
    self.users = users
    self.nodeLimit = nodeLimit
    size = values.count
    scratch = VectorScratch()
    self.values = scratch.take(size)
    for (place, value) in values.enumerated() { self.values[place] = value }
    best = scratch.take(users)
    upper = scratch.take(users * users)
    symbols = scratch.take(users)
    candidates = scratch.take(users * size)
    below = scratch.take(users + 1)
    centres = scratch.take(users)
    next = scratch.takeIntegers(users)
  }

  /// Takes the factor of a channel.
  func load(_ factor: ReflectedColumns<Scalar>) {
    for j in 0..<users {
      let column = factor.column(j)
      for i in 0...j { upper[i * users + j] = column[i] }
    }
  }

  /// Searches; false when the node limit ended it.
  func run(_ z: UnsafePointer<Scalar>) -> Bool {
    let n = users
    var cost = Scalar.infinity
    var nodes = 0
    var k = n - 1
    enter(k, z)
    while k < n {
      guard Int(next[k]) < size else {
        k += 1
        continue
      }
      let value = candidates[k * size + Int(next[k])]
      next[k] += 1
      let gap = centres[k] - upper[k * n + k] * value
      let total = below[k + 1] + gap * gap
      // Candidates come by distance: when one is too far, so are the rest.
      guard total < cost || nodes == 0 else {
        k += 1
        continue
      }
      nodes += 1
      // The limit never cuts the way to the first vector.
      guard nodes <= nodeLimit || !cost.isFinite else { return false }
      symbols[k] = value
      below[k] = total
      if k == 0 {
        cost = total
        best.update(from: symbols, count: n)
        k += 1
      } else {
        k -= 1
        enter(k, z)
      }
    }
    return nodes <= nodeLimit
  }

  /// Sorts the values at a level by their distance from the centre.
  @inline(__always)
  private func enter(_ k: Int, _ z: UnsafePointer<Scalar>) {
    let row = upper + k * users
    var centre = z[k]
    for j in (k + 1)..<max(users, k + 1) { centre -= row[j] * symbols[j] }
    centres[k] = centre
    next[k] = 0
    let sorted = candidates + k * size
    // Insertion sort: two or four values.
    for place in 0..<size {
      let value = values[place]
      let distance = (centre - row[k] * value).magnitude
      var slot = place
      while slot > 0, (centre - row[k] * sorted[slot - 1]).magnitude > distance {
        sorted[slot] = sorted[slot - 1]
        slot -= 1
      }
      sorted[slot] = value
    }
  }
}
