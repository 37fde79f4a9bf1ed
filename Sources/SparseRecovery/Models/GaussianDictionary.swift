public import Tensors

/// Dictionaries drawn at random, and wrong knowledge of them.
///
/// Entries are independent normal numbers; each column then gets unit length, as in the LISTA family.
/// Given dictionaries need no type: any `[m, n]` tensor is one.
public enum GaussianDictionary {
  /// A dictionary with unit columns.
  ///
  /// - Parameters:
  ///   - measurements: `m`, rows.
  ///   - unknowns: `n`, columns.
  ///   - stream: what is drawn from.
  /// - Returns: `A`, `[m, n]`.
  public static func drawn(measurements: Int, unknowns: Int, from stream: inout RandomStream)
    -> Tensor<Double>
  {
    withUnitColumns(stream.normal([measurements, unknowns]))
  }

  /// The dictionary as somebody with wrong knowledge believes it to be.
  ///
  /// Equation: each column becomes `(a_j + e_j) / |a_j + e_j| * |a_j|` with `e_j` normal and
  /// `E|e_j|^2 = error^2 |a_j|^2`.
  ///
  /// - Parameters:
  ///   - dictionary: `A`, `[m, n]`.
  ///   - error: the relative size of the error, 0 or more.
  ///   - stream: what is drawn from.
  /// - Returns: `[m, n]`, with the lengths of the columns of `A`.
  public static func perturbed(
    _ dictionary: Tensor<Double>,
    error: Double,
    from stream: inout RandomStream
  ) -> Tensor<Double> {
    guard error > 0 else { return dictionary }
    let (rows, columns) = (dictionary.shape[0], dictionary.shape[1])
    let lengths = columnLengths(dictionary)
    let noise: Tensor<Double> = stream.normal([rows, columns])
    let scale = error / Double(rows).squareRoot()
    let moved = Tensor<Double>(shape: [rows, columns]) { target in
      dictionary.withScalars { a in
        noise.withScalars { e in
          for i in 0..<target.count { target[i] = a[i] + scale * lengths[i % columns] * e[i] }
        }
      }
    }
    return withColumns(moved, ofLength: lengths)
  }

  /// The Euclidean length of each column.
  public static func columnLengths(_ matrix: Tensor<Double>) -> [Double] {
    let columns = matrix.shape[1]
    var squares = [Double](repeating: 0, count: columns)
    matrix.withScalars { a in
      for (i, value) in a.enumerated() { squares[i % columns] += value * value }
    }
    return squares.map { $0.squareRoot() }
  }

  private static func withUnitColumns(_ matrix: Tensor<Double>) -> Tensor<Double> {
    withColumns(matrix, ofLength: Array(repeating: 1, count: matrix.shape[1]))
  }

  private static func withColumns(_ matrix: Tensor<Double>, ofLength lengths: [Double])
    -> Tensor<Double>
  {
    let columns = matrix.shape[1]
    let factors = zip(lengths, columnLengths(matrix)).map { $1 > 0 ? $0 / $1 : 0 }
    return Tensor(shape: matrix.shape) { target in
      matrix.withScalars { a in
        for i in 0..<target.count { target[i] = a[i] * factors[i % columns] }
      }
    }
  }
}
