/// The symbols that a transmitter chooses from, each equally likely.
///
/// | id | symbols, in ascending order |
/// |---|---|
/// | `bpsk` | -1, +1 |
/// | `ook` | 0, 1 |
/// | `4-pam` | -3, -1, 1, 3 over the square root of 5 (unit power) |
public enum Constellation: String, Sendable, Hashable, CaseIterable {
  /// Binary phase-shift keying.
  case bpsk
  /// On-off keying.
  case ook
  /// Four amplitudes of unit mean power.
  case fourPAM = "4-pam"

  /// The symbols in ascending order; a symbol's index is its place here.
  public var symbols: [Double] {
    switch self {
    case .bpsk: [-1, 1]
    case .ook: [0, 1]
    case .fourPAM: [-3, -1, 1, 3].map { $0 / 5.0.squareRoot() }
    }
  }

  /// How many symbols there are: 2 or 4.
  public var size: Int { self == .fourPAM ? 4 : 2 }

  /// The symbol that scenarios repeat before the first observation: +1, 0, or the largest amplitude.
  public var idleSymbol: Double {
    switch self {
    case .bpsk: 1
    case .ook: 0
    case .fourPAM: 3 / 5.0.squareRoot()
    }
  }

  /// The index of a symbol, to within a thousandth of the distance between symbols.
  ///
  /// - Parameter value: the symbol; single precision is enough.
  /// - Returns: its place in ``symbols``.
  /// - Throws: ``SymbolDetectionError/unknownSymbol(value:constellation:)``.
  public func index(of value: Double) throws(SymbolDetectionError) -> Int {
    let symbols = symbols
    let tolerance = 1e-3 * (symbols[1] - symbols[0])
    guard let index = symbols.firstIndex(where: { ($0 - value).magnitude <= tolerance }) else {
      throw .unknownSymbol(value: "\(value)", constellation: rawValue)
    }
    return index
  }
}
