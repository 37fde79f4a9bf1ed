/// How far learned filters are from true ones, whatever their order, sign and shift.
public enum FilterComparison {
  /// The error of each true filter, `sqrt(1 - <h, h^>^2)` for unit vectors.
  ///
  /// Each true filter is given another learned one, such that the largest error is smallest, then the sum.
  /// The inner product is the largest magnitude over shifts, the part that a shift pushes out lost.
  ///
  /// - Parameters:
  ///   - learned: filters of equal length, none of them needs a length of 1.
  ///   - truth: at most as many, of the same length.
  ///   - shifts: the largest shift to try, to both sides.
  /// - Returns: an error from 0 to 1 for each true filter, 1 for a learned filter of zeros.
  /// - Complexity: all assignments are tried for up to 7 filters; above, the best pair is taken first.
  public static func errors(
    learned: [[Double]],
    truth: [[Double]],
    shifts: Int = 0
  ) -> [Double] {
    precondition(
      truth.count <= learned.count,
      "FilterComparison: \(learned.count) for \(truth.count)"
    )
    let table = truth.map { one in learned.map { error(one, $0, shifts: shifts) } }
    return truth.count <= 7 ? bestAssignment(table) : greedyAssignment(table)
  }

  private static func error(_ a: [Double], _ b: [Double], shifts: Int) -> Double {
    precondition(a.count == b.count, "FilterComparison: \(a.count) and \(b.count) taps")
    func energy(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 } }
    let scale = (energy(a) * energy(b)).squareRoot()
    guard scale > 0, scale.isFinite else { return scale.isNaN ? .nan : 1 }
    var best = 0.0
    for shift in -shifts...shifts {
      var sum = 0.0
      for k in max(0, -shift)..<max(min(a.count, a.count - shift), max(0, -shift)) {
        sum += a[k] * b[k + shift]
      }
      best = max(best, sum.magnitude / scale)
    }
    return max(1 - best * best, 0).squareRoot()
  }

  private static func bestAssignment(_ table: [[Double]]) -> [Double] {
    var best: [Double] = []
    func worse(_ a: [Double], _ b: [Double]) -> Bool {
      let (x, y) = (a.max() ?? 0, b.max() ?? 0)
      return x != y ? x > y : a.reduce(0, +) > b.reduce(0, +)
    }
    func extend(_ chosen: [Double], _ used: Set<Int>) {
      guard chosen.count < table.count else {
        if best.isEmpty || worse(best, chosen) { best = chosen }
        return
      }
      for (index, error) in table[chosen.count].enumerated() where !used.contains(index) {
        extend(chosen + [error], used.union([index]))
      }
    }
    extend([], [])
    return best
  }

  private static func greedyAssignment(_ table: [[Double]]) -> [Double] {
    var errors = [Double](repeating: 1, count: table.count)
    var pairs = table.indices.flatMap { i in table[i].indices.map { (i, $0, table[i][$0]) } }
    pairs.sort { $0.2 < $1.2 }
    var (rows, columns) = (Set<Int>(), Set<Int>())
    for (i, j, error) in pairs where !rows.contains(i) && !columns.contains(j) {
      errors[i] = error
      rows.insert(i)
      columns.insert(j)
    }
    return errors
  }
}
