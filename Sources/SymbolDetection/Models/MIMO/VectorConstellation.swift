public import Tensors

/// The symbols that each user of a multiple-antenna channel chooses from, each equally likely, of unit
/// mean power but for on-off keying.
///
/// | id | symbols | bits |
/// |---|---|---|
/// | `bpsk` | -1, +1 | 1 |
/// | `ook` | 0, 1 | 1 |
/// | `4-pam` | (-3, -1, 1, 3)/sqrt 5 | 2 |
/// | `qpsk` | (+-1 +- i)/sqrt 2 | 2 |
/// | `16-qam` | real and imaginary part each (-3, -1, 1, 3)/sqrt 10 | 4 |
///
/// Bits are Gray-coded: neighbours differ in one.
public enum VectorConstellation: String, Sendable, Hashable, CaseIterable {
  /// Two real symbols.
  case bpsk
  /// Nothing or one: what Poisson counts need.
  case ook
  /// Four real symbols.
  case fourPAM = "4-pam"
  /// Four complex symbols: two signs.
  case qpsk
  /// Sixteen complex symbols: two amplitudes of four.
  case sixteenQAM = "16-qam"

  /// Whether a symbol has an imaginary part.
  public var isComplex: Bool { self == .qpsk || self == .sixteenQAM }

  /// The values of one real dimension, ascending.
  public var levels: [Double] {
    switch self {
    case .bpsk: Constellation.bpsk.symbols
    case .ook: Constellation.ook.symbols
    case .fourPAM: Constellation.fourPAM.symbols
    case .qpsk: [-1, 1].map { $0 / 2.0.squareRoot() }
    case .sixteenQAM: [-3, -1, 1, 3].map { $0 / 10.0.squareRoot() }
    }
  }

  /// The mean of the levels: 1/2 for on-off keying, else 0.
  public var mean: Double { self == .ook ? 0.5 : 0 }

  /// The levels less their mean.
  public var centredLevels: [Double] { levels.map { $0 - mean } }
}

/// The equally likely values of one real dimension of a symbol, evenly spaced about zero.
public struct Levels<Scalar: RealTensorScalar>: Sendable, Hashable {
  /// The values, ascending.
  public let values: [Scalar]

  /// The levels of a constellation, less their mean.
  public init(_ constellation: VectorConstellation) {
    values = constellation.centredLevels.map { Scalar($0) }
  }

  /// The largest value.
  public var limit: Scalar { values[values.count - 1] }

  /// The mean of the squares.
  public var energy: Scalar {
    values.reduce(0) { $0 + $1 * $1 } / Scalar(values.count)
  }

  /// The place of the value nearest to a number; a number that is not finite goes to the first.
  public func nearestIndex(to number: Scalar) -> Int {
    let place = (number - values[0]) / (values[1] - values[0])
    guard place.isFinite, place > 0 else { return 0 }
    return min(Int(min(place, Scalar(values.count)).rounded()), values.count - 1)
  }

  /// The value nearest to a number.
  public func nearest(_ number: Scalar) -> Scalar { values[nearestIndex(to: number)] }

  /// The values nearest to numbers.
  public func nearest(_ numbers: [Scalar]) -> [Scalar] { numbers.map { nearest($0) } }
}
