// Goals: 1. exact least squares on the support at every step; 2. cost of the Gram matrix's columns, not of
// the operator, a step. Source: pati1993omp with the bookkeeping of rubinstein2008omp (correlations from
// the Gram matrix, an incremental Cholesky factor); deviation: the residual is computed anew from the
// observations, since the recursion for its norm loses all digits near zero.

internal import Autodiff
public import Tensors

/// Orthogonal matching pursuit: adds the column that fits the residual best, one at a time.
///
/// Each step takes `j = argmax |a_j' r| / |a_j|`, then `s` on the chosen columns by least squares and
/// `r = x - A s`.
///
/// - SeeAlso: `pati1993omp`, `rubinstein2008omp`.
public struct OrthogonalMatchingPursuit: Sendable {
  /// Why a problem's search ended.
  public enum Ending: Sendable, Hashable {
    /// The residual is small enough.
    case fitted
    /// As many columns as allowed are chosen.
    case full
    /// Every column that is left depends on the chosen ones.
    case dependent
  }

  /// The largest number of chosen columns.
  public let maximumNonzeros: Int
  private let operators: Tensor<Double>
  private let gram: Tensor<Double>
  private let lengths: [Double]

  /// A search over an operator's columns.
  ///
  /// - Parameters:
  ///   - operators: `A`, `[m, n]`.
  ///   - maximumNonzeros: the most columns to choose; at most `min(m, n)` are.
  public init(operators: Tensor<Double>, maximumNonzeros: Int) {
    precondition(operators.rank == 2 && maximumNonzeros >= 0, "OMP: \(operators.shape)")
    self.operators = operators
    self.maximumNonzeros = min(maximumNonzeros, operators.shape[0], operators.shape[1])
    gram = matmul(operators, operators, transposeA: true)
    lengths = GaussianDictionary.columnLengths(operators)
  }

  /// Finds the sparse signal of one observation.
  ///
  /// - Parameters:
  ///   - observation: `x`, `m` numbers.
  ///   - residualNorm: ends when `|r|` is at most this.
  /// - Returns: the signal, `n` numbers, and why the search ended.
  /// - Complexity: for k chosen columns O(k^2 n).
  public func recovered(_ observation: [Double], untilResidual residualNorm: Double)
    -> (signal: [Double], ending: Ending)
  {
    let columns = lengths.count
    precondition(observation.count == operators.shape[0], "OMP: \(observation.count) numbers")
    let first = matmul(Tensor(observation, shape: [1, observation.count]), operators).scalars
    var search = Search(first: first)
    var ending = Ending.full
    while true {
      if norm(residual(of: observation, search)) <= residualNorm {
        ending = .fitted
        break
      }
      if search.support.count == maximumNonzeros { break }
      guard let best = bestColumn(search), add(best, to: &search) else {
        ending = .dependent
        break
      }
    }
    var signal = [Double](repeating: 0, count: columns)
    for (column, value) in zip(search.support, search.values) { signal[column] = value }
    return (signal, ending)
  }

  /// A search under way.
  private struct Search {
    /// `A' x`.
    let first: [Double]
    /// `A' r`.
    var correlations: [Double]
    var support: [Int] = []
    /// The solution on the support.
    var values: [Double] = []
    /// Rows of the Cholesky factor of the support's Gram matrix.
    var factor: [[Double]] = []
    var isOut: [Bool]

    init(first: [Double]) {
      self.first = first
      correlations = first
      isOut = Array(repeating: false, count: first.count)
    }
  }

  private func bestColumn(_ search: Search) -> Int? {
    var best: Int?
    var largest = 0.0
    for column in lengths.indices where !search.isOut[column] && lengths[column] > 0 {
      let size = search.correlations[column].magnitude / lengths[column]
      if size > largest { (best, largest) = (column, size) }
    }
    return best
  }

  /// Adds a column, or the best of the others when it depends on the support; false when none is left.
  private func add(_ column: Int, to search: inout Search) -> Bool {
    search.isOut[column] = true
    let count = lengths.count
    return gram.withScalars { gram in
      var row = [Double](repeating: 0, count: search.support.count + 1)
      for (i, chosen) in search.support.enumerated() {
        var sum = gram[column * count + chosen]
        for k in 0..<i { sum -= search.factor[i][k] * row[k] }
        row[i] = sum / search.factor[i][i]
      }
      let own = gram[column * count + column]
      let left = own - row.dropLast().reduce(0) { $0 + $1 * $1 }
      guard left > 1e-12 * own else {
        guard let next = bestColumn(search) else { return false }
        return add(next, to: &search)
      }
      row[search.support.count] = left.squareRoot()
      search.factor.append(row)
      search.support.append(column)
      search.values = solution(search)
      search.correlations = search.first
      for (chosen, value) in zip(search.support, search.values) {
        for j in 0..<count { search.correlations[j] -= value * gram[chosen * count + j] }
      }
      return true
    }
  }

  private func solution(_ search: Search) -> [Double] {
    var y = search.support.map { search.first[$0] }
    for i in y.indices {
      for k in 0..<i { y[i] -= search.factor[i][k] * y[k] }
      y[i] /= search.factor[i][i]
    }
    for i in y.indices.reversed() {
      y[i] /= search.factor[i][i]
      for k in 0..<i { y[k] -= search.factor[i][k] * y[i] }
    }
    return y
  }

  private func residual(of observation: [Double], _ search: Search) -> [Double] {
    let count = lengths.count
    var residual = observation
    operators.withScalars { a in
      for (column, value) in zip(search.support, search.values) {
        for i in residual.indices { residual[i] -= value * a[i * count + column] }
      }
    }
    return residual
  }

  private func norm(_ vector: [Double]) -> Double {
    vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}
