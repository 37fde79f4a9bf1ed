// Goals in order: the logits of the classifier, to the rounding of its own arithmetic; speed.
//
// A classifier of one number is a curve, and smooth where its units do not bend it. Its domain is cut
// into cells; in each the logits are interpolated by polynomials of degree 5 in Chebyshev nodes, and
// compared with the classifier at eleven more places, the borders among them. Cells where they differ by
// more than rounding (a ReLU bends inside, say) are left to the classifier. Making the table costs as
// much as classifying five thousand observations.

internal import CKernels
internal import Tensors

/// The logits of a classifier of one number as polynomials, where that is exact to rounding.
struct PiecewiseLogits: Sendable {
  /// The table covers -8 ..< 8, in deviations of the training observations.
  private static let low = -8.0
  private static let width = 1.0 / 32
  /// How many cells there are.
  static let cells = 512
  private static let degree = 5
  /// How far polynomials and classifier may differ, in units of 1 + the largest logit: 16 units of
  /// rounding, by which sums of a hundred terms in single precision scatter.
  private static let tolerance = 16 * Double(Float.ulpOfOne)
  /// Chebyshev nodes and places of comparison across a cell, from -1 to 1, in 256ths: the numbers they
  /// stand for are then exact in single precision.
  private static let nodes: [Double] = [-247, -181, -66, 66, 181, 247].map { $0 / 256 }
  private static let checks: [Double] = [
    -256, -220, -150, -120, -30, 0, 30, 120, 150, 220, 256,
  ].map { $0 / 256 }

  private let states: Int
  private let kernels: TrellisKernels
  /// One byte a cell: whether its polynomials serve.
  private let smooth: [UInt8]
  /// `[cells, degree + 1, states]`.
  private let coefficients: [Float]

  /// The share of the cells that the polynomials serve.
  var smoothShare: Double { Double(smooth.count { $0 != 0 }) / Double(Self.cells) }

  /// The table of a classifier, or nil when it has another number of outputs than there are states.
  init?(states: Int, kernels: TrellisKernels, _ logits: (Tensor<Float>) -> Tensor<Float>) {
    let places = Self.nodes + Self.checks
    let positions = (0..<Self.cells).flatMap { cell in
      places.map { Float(Self.low + (Double(cell) + 0.5 + 0.5 * $0) * Self.width) }
    }
    let values = logits(Tensor(positions, shape: [positions.count, 1]))
    guard values.shape == [positions.count, states] else { return nil }
    let rowCount = places.count * states
    var smooth: [UInt8] = []
    var coefficients: [Float] = []
    coefficients.reserveCapacity(Self.cells * (Self.degree + 1) * states)
    values.withScalars { values in
      for cell in 0..<Self.cells {
        let rows = values[(cell * rowCount)..<((cell + 1) * rowCount)].map { Double($0) }
        let fitted = Self.fitted(rows, states)
        smooth.append(Self.serves(fitted, rows, states) ? 1 : 0)
        coefficients.append(contentsOf: fitted.map { Float($0) })
      }
    }
    self.states = states
    self.kernels = kernels
    self.smooth = smooth
    self.coefficients = coefficients
  }

  /// Coefficients `[degree + 1, states]` through the nodes' values, the first rows.
  private static func fitted(_ rows: [Double], _ states: Int) -> [Double] {
    let count = degree + 1
    var coefficients = [Double](repeating: 0, count: count * states)
    for power in 0..<count {
      for node in 0..<count {
        let weight = interpolation[power * count + node]
        for state in 0..<states {
          coefficients[power * states + state] += weight * rows[node * states + state]
        }
      }
    }
    return coefficients
  }

  /// Whether the polynomials agree with the classifier at the places of comparison.
  private static func serves(_ coefficients: [Double], _ rows: [Double], _ states: Int) -> Bool {
    let largest = rows.reduce(0) { max($0, $1.magnitude) }
    guard largest.isFinite else { return false }
    for (index, place) in checks.enumerated() {
      for state in 0..<states {
        var sum = 0.0
        for power in (0...degree).reversed() {
          sum = sum * place + coefficients[power * states + state]
        }
        let value = rows[(degree + 1 + index) * states + state]
        guard (sum - value).magnitude <= tolerance * (1 + largest) else { return false }
      }
    }
    return true
  }

  /// The matrix from values at the nodes to coefficients, `[power, node]`: the coefficients of the
  /// Lagrange polynomials.
  private static let interpolation: [Double] = {
    let count = degree + 1
    var matrix = [Double](repeating: 0, count: count * count)
    for node in 0..<count {
      var polynomial = [1.0]
      for other in 0..<count where other != node {
        let scale = 1 / (nodes[node] - nodes[other])
        var product = [Double](repeating: 0, count: polynomial.count + 1)
        for (power, coefficient) in polynomial.enumerated() {
          product[power + 1] += coefficient * scale
          product[power] -= coefficient * scale * nodes[other]
        }
        polynomial = product
      }
      for power in 0..<count { matrix[power * count + node] = polynomial[power] }
    }
    return matrix
  }()

  /// Writes logits where polynomials serve.
  ///
  /// - Parameters:
  ///   - numbers: on the classifier's scale.
  ///   - logits: `[count, states]`.
  /// - Returns: the places that are left to the classifier.
  func write(
    of numbers: UnsafeBufferPointer<Float>,
    to logits: UnsafeMutablePointer<Float>
  ) -> [Int] {
    guard let base = numbers.baseAddress else { return [] }
    let rest = Scratch<UInt32>(count: numbers.count, repeating: 0)
    let count = kernels.functions.piecewise(
      numbers.count,
      states,
      base,
      Self.low,
      Self.width,
      Self.cells,
      smooth,
      coefficients,
      logits,
      rest.base
    )
    return (0..<count).map { Int(rest.base[$0]) }
  }
}
