internal import Tensors

/// Polynomials through the logits at six places of a cell, compared with the logits at eleven more.
///
/// Both the coefficients and the polynomials' values at the places of comparison are linear in the
/// logits at the nodes: one product with a constant matrix gives them for all states.
final class CellPolynomials {
  static let degree = 5
  /// Chebyshev nodes and places of comparison across a cell, from -1 to 1, in 256ths: the numbers they
  /// stand for are then exact in single precision.
  private static let nodes: [Double] = [-247, -181, -66, 66, 181, 247].map { $0 / 256 }
  private static let checks: [Double] = [
    -256, -220, -150, -120, -30, 0, 30, 120, 150, 220, 256,
  ].map { $0 / 256 }
  /// Where logits are needed: the nodes, then the places of comparison.
  static let places = nodes + checks
  /// How far polynomials and classifier may differ, in units of 1 + the largest logit: 16 units of
  /// rounding, by which sums of a hundred terms in single precision scatter.
  private static let tolerance = 16 * Double(Float.ulpOfOne)

  private let states: Int
  private let values: Scratch<Double>
  private let results: Scratch<Double>

  init(states: Int) {
    self.states = states
    values = Scratch(count: Self.places.count * states, repeating: 0)
    results = Scratch(count: Self.places.count * states, repeating: 0)
  }

  /// How many coefficients a cell has.
  var count: Int { (Self.degree + 1) * states }

  /// The coefficients of the last fit, `[degree + 1, states]`.
  var coefficients: UnsafePointer<Double> { UnsafePointer(results.base) }

  /// Fits a cell.
  ///
  /// - Parameter logits: `[places, states]`.
  /// - Returns: whether the polynomials agree with the logits at the places of comparison.
  func fit(_ logits: UnsafeBufferPointer<Float>) -> Bool {
    let total = Self.places.count * states
    var largest = 0.0
    for index in 0..<total {
      let value = Double(logits[index])
      values.base[index] = value
      // a NaN stays: no comparison with it holds
      largest = value.magnitude <= largest ? largest : value.magnitude
    }
    Self.matrix.withUnsafeBufferPointer { matrix in
      guard let matrix = matrix.baseAddress else { return }
      Double.matrixProduct(
        MatrixProduct(
          rows: Self.places.count,
          columns: states,
          inner: Self.nodes.count,
          alpha: 1,
          beta: 0,
          a: matrix,
          leadingA: Self.nodes.count,
          b: values.base,
          leadingB: states,
          c: results.base,
          leadingC: states
        )
      )
    }
    guard largest.isFinite else { return false }
    var difference = 0.0
    for index in count..<total {
      difference = max(difference, (results.base[index] - values.base[index]).magnitude)
    }
    return difference <= Self.tolerance * (1 + largest)
  }

  /// From the values at the nodes to the coefficients (the first rows) and to the polynomials' values at
  /// the places of comparison, `[places, nodes]`.
  private static let matrix: [Double] = {
    let polynomials = nodes.indices.map(lagrange)
    let coefficients = (0...degree).flatMap { power in polynomials.map { $0[power] } }
    let values = checks.flatMap { place in
      polynomials.map { $0.reversed().reduce(0) { $0 * place + $1 } }
    }
    return coefficients + values
  }()

  /// The coefficients, from the constant up, of the polynomial that is 1 at one node and 0 at the others.
  private static func lagrange(_ node: Int) -> [Double] {
    var polynomial = [1.0]
    for other in nodes.indices where other != node {
      let scale = 1 / (nodes[node] - nodes[other])
      var product = [Double](repeating: 0, count: polynomial.count + 1)
      for (power, coefficient) in polynomial.enumerated() {
        product[power + 1] += coefficient * scale
        product[power] -= coefficient * scale * nodes[other]
      }
      polynomial = product
    }
    return polynomial
  }
}
