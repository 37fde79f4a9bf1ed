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
    let places = CellPolynomials.places
    let positions = (0..<Self.cells).flatMap { cell in
      places.map { Float(Self.low + (Double(cell) + 0.5 + 0.5 * $0) * Self.width) }
    }
    let values = logits(Tensor(positions, shape: [positions.count, 1]))
    guard values.shape == [positions.count, states] else { return nil }
    let cell = CellPolynomials(states: states)
    var smooth: [UInt8] = []
    var coefficients: [Float] = []
    smooth.reserveCapacity(Self.cells)
    coefficients.reserveCapacity(Self.cells * cell.count)
    values.withScalars { values in
      for index in 0..<Self.cells {
        let first = index * places.count * states
        let serves = cell.fit(UnsafeBufferPointer(rebasing: values[first...]))
        smooth.append(serves ? 1 : 0)
        for place in 0..<cell.count { coefficients.append(Float(cell.coefficients[place])) }
      }
    }
    self.states = states
    self.kernels = kernels
    self.smooth = smooth
    self.coefficients = coefficients
  }

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
