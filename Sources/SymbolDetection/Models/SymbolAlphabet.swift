internal import Studies
package import Tensors

/// The symbols that a detector chooses from, in ascending order.
package struct SymbolAlphabet: Sendable, Hashable {
  /// The word in settings: `bpsk`, `ook` or `4-pam`.
  package let name: String
  /// The symbols in ascending order; the place of one is its label.
  package let values: [Float]

  /// The words that name an alphabet.
  package static let names = ["bpsk", "ook", "4-pam"]

  /// The alphabet of a word; `bpsk` -1, 1; `ook` 0, 1; `4-pam` -3, -1, 1, 3 over the root of 5.
  package init(named name: String) {
    self.name = name
    switch name {
    case "bpsk": values = [-1, 1]
    case "ook": values = [0, 1]
    case "4-pam":
      let unit = 1 / Float(5).squareRoot()
      values = [-3 * unit, -unit, unit, 3 * unit]
    default: preconditionFailure("SymbolAlphabet: no alphabet is called '\(name)'")
    }
  }

  /// How many symbols there are.
  package var count: Int { values.count }

  /// The label of a number that is a symbol, to a thousandth (rounded files); nil for any other.
  package func label(of number: Float) -> Int? {
    values.firstIndex { abs($0 - number) <= 1e-3 }
  }

  /// The labels of an array of symbols, of its shape, as whole numbers in floating point.
  ///
  /// - Throws: ``StudyError/badNumbers(array:source:reason:)`` naming the first number that is none.
  package func labels(
    of targets: Tensor<Float>,
    source: String
  ) throws -> Tensor<Float> {
    var labels = [Float](repeating: 0, count: targets.count)
    try targets.withScalars { numbers in
      for (index, number) in numbers.enumerated() {
        guard let label = label(of: number) else {
          let symbols = values.map { "\($0)" }.joined(separator: ", ")
          throw StudyError.badNumbers(
            array: "targets",
            source: source,
            reason: "holds \(number) at place \(index), which is no symbol of \(name) (\(symbols))"
          )
        }
        labels[index] = Float(label)
      }
    }
    return Tensor(labels, shape: targets.shape)
  }
}
