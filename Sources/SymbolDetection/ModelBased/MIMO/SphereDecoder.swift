public import Tensors

/// The sphere decoder: the most likely vector, exactly.
///
/// With `H P = Q R` the cost `|y - H s|^2` is `|z - R s|^2` and a constant, a sum over rows from the last
/// up: a tree. It is searched depth first, the values of a symbol by their distance (Schnorr and
/// Euchner), and what costs more than the best vector so far is cut. The first vector is that of decision
/// feedback. Columns are ordered by sorted QR with the noise's loading, which changes the time only.
///
/// - Complexity: exponential in the users in the worst case; a node limit bounds it.
/// - SeeAlso: `agrell2002`, `damen2003`.
public struct SphereDecoder<Scalar: RealTensorScalar>: VectorDetector {
  /// The factors of a channel.
  public struct Prepared {
    let factor: QRFactor<Scalar>
    let order: [Int]
  }

  /// The values of a symbol.
  public let levels: Levels<Scalar>
  /// The most nodes of a search; the vector is then marked as not exact.
  public let nodeLimit: Int

  /// The detector of a constellation.
  public init(levels: Levels<Scalar>, nodeLimit: Int = 1_000_000) {
    precondition(nodeLimit >= 1, "SphereDecoder: node limit \(nodeLimit)")
    self.levels = levels
    self.nodeLimit = nodeLimit
  }

  /// Orders and factors the channel.
  public func prepared(
    _ channel: Matrix<Scalar>,
    noiseVariance: Scalar
  ) throws(LinearAlgebraError) -> Prepared {
    guard channel.rows >= channel.columns else { throw .rankDeficient(column: channel.rows) }
    let order = try DecisionFeedback(levels: levels, ordering: .sorted, criterion: .minimumError)
      .prepared(channel, noiseVariance: noiseVariance).order
    return Prepared(factor: QRFactor(channel.permutingColumns(order)), order: order)
  }

  /// Searches.
  public func detect(_ received: [Scalar], _ prepared: Prepared) -> VectorDecision<Scalar> {
    let z = prepared.factor.transposedTimes(received)
    var search = Search(prepared.factor.upper, z, levels.values, nodeLimit)
    search.run()
    var symbols = z
    for (place, user) in prepared.order.enumerated() {
      symbols[user] = levels.values[search.best[place]]
    }
    return VectorDecision(
      symbols: symbols,
      failure: search.nodes > nodeLimit ? .nodeLimit : nil
    )
  }

  /// A depth-first search.
  struct Search {
    let upper: Matrix<Scalar>
    let z: [Scalar]
    let values: [Scalar]
    let nodeLimit: Int
    /// The places of the best vector's symbols among the values.
    var best: [Int]
    /// Its cost.
    var cost = Scalar.infinity
    /// How many nodes were visited.
    var nodes = 0
    private var symbols: [Scalar]
    private var places: [Int]
    // Of each level: values by distance, which is next, and the cost of the rows below.
    private var candidates: [Int]
    private var next: [Int]
    private var below: [Scalar]
    private var centres: [Scalar]

    init(_ upper: Matrix<Scalar>, _ z: [Scalar], _ values: [Scalar], _ nodeLimit: Int) {
      let n = upper.rows
      self.upper = upper
      self.z = z
      self.values = values
      self.nodeLimit = nodeLimit
      best = [Int](repeating: 0, count: n)
      places = best
      symbols = [Scalar](repeating: 0, count: n)
      candidates = [Int](repeating: 0, count: n * values.count)
      next = best
      below = [Scalar](repeating: 0, count: n + 1)
      centres = symbols
    }

    mutating func run() {
      let n = upper.rows
      var k = n - 1
      enter(k)
      while k < n {
        guard next[k] < values.count else {
          k += 1
          continue
        }
        let place = candidates[k * values.count + next[k]]
        next[k] += 1
        let gap = centres[k] - upper[k, k] * values[place]
        let total = below[k + 1] + gap * gap
        // Candidates come by distance: when one is too far, so are the rest.
        guard total < cost || nodes == 0 else {
          k += 1
          continue
        }
        nodes += 1
        // The limit never cuts the way to the first vector.
        guard nodes <= nodeLimit || !cost.isFinite else { return }
        places[k] = place
        symbols[k] = values[place]
        below[k] = total
        if k == 0 {
          cost = total
          best = places
          k += 1
        } else {
          k -= 1
          enter(k)
        }
      }
    }

    /// Sorts the values at a level by their distance from the centre.
    private mutating func enter(_ k: Int) {
      let n = upper.rows
      var centre = z[k]
      upper.scalars.withUnsafeBufferPointer { r in
        symbols.withUnsafeBufferPointer { s in
          centre -= dotProduct(r, k * n + k + 1, s, k + 1, n - k - 1)
        }
      }
      centres[k] = centre
      next[k] = 0
      let start = k * values.count
      // Insertion sort: two or four values.
      for place in 0..<values.count {
        let distance = (centre - upper[k, k] * values[place]).magnitude
        var slot = place
        while slot > 0 {
          let other = candidates[start + slot - 1]
          guard (centre - upper[k, k] * values[other]).magnitude > distance else { break }
          candidates[start + slot] = other
          slot -= 1
        }
        candidates[start + slot] = place
      }
    }
  }
}

extension Matrix {
  /// The columns in another order: column j of the result is column `order[j]`.
  func permutingColumns(_ order: [Int]) -> Matrix {
    var result = Matrix(rows: rows, columns: order.count)
    for i in 0..<rows {
      for (j, column) in order.enumerated() { result[i, j] = self[i, column] }
    }
    return result
  }
}
