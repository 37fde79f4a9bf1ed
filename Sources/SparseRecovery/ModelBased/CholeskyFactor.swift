/// The lower triangle `L` of `M = L L'` for a symmetric positive definite `M`, in double precision.
struct CholeskyFactor {
  let size: Int
  private let lower: [Double]

  /// Factors a matrix; nil when it is not positive definite to rounding.
  ///
  /// - Parameters:
  ///   - matrix: row-major, `size * size` numbers; only the lower triangle is read.
  ///   - size: rows and columns.
  /// - Complexity: `size^3 / 3` multiply-accumulates.
  init?(_ matrix: [Double], size: Int) {
    precondition(matrix.count == size * size, "CholeskyFactor: \(matrix.count) numbers for \(size)")
    var lower = matrix
    let largest = (0..<size).reduce(0.0) { max($0, matrix[$1 * size + $1]) }
    let least = largest * Double(size) * Double.ulpOfOne
    let isDefinite = lower.withUnsafeMutableBufferPointer { l in
      for row in 0..<size {
        for column in 0...row {
          var sum = l[row * size + column]
          for k in 0..<column { sum -= l[row * size + k] * l[column * size + k] }
          if column < row {
            l[row * size + column] = sum / l[column * size + column]
          } else {
            guard sum > least else { return false }
            l[row * size + row] = sum.squareRoot()
          }
        }
      }
      return true
    }
    guard isDefinite else { return nil }
    self.size = size
    self.lower = lower
  }

  /// Solves `M y = b` for each row `b` of a row-major matrix.
  ///
  /// - Parameter rows: as many numbers as a multiple of `size`; replaced by the solutions.
  func solve(_ rows: inout [Double]) {
    let size = size
    lower.withUnsafeBufferPointer { l in
      rows.withUnsafeMutableBufferPointer { b in
        for start in stride(from: 0, to: b.count, by: size) {
          for i in 0..<size {
            var sum = b[start + i]
            for k in 0..<i { sum -= l[i * size + k] * b[start + k] }
            b[start + i] = sum / l[i * size + i]
          }
          for i in stride(from: size - 1, through: 0, by: -1) {
            let value = b[start + i] / l[i * size + i]
            b[start + i] = value
            for k in 0..<i { b[start + k] -= l[i * size + k] * value }
          }
        }
      }
    }
  }
}
