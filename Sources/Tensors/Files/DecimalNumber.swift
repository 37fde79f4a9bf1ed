/// A decimal number in text, taken apart without rounding.
struct DecimalNumber {
  /// The significant digits as an integer, at most 19 of them.
  private var digits: UInt64 = 0
  /// The power of ten that goes with them.
  private var exponent = 0
  private var isNegative = false
  private var digitsAreComplete = true
  private var isInteger = false
  private var special: Double?
  private let text: ArraySlice<UInt8>
  /// How many significant digits were written, leading and trailing zeros left out.
  private(set) var significantDigits = 0

  /// Nil when the text is not `[+-] digits [. digits] [e [+-] digits]`, `nan` or `inf`.
  init?(_ text: ArraySlice<UInt8>) {
    self.text = text
    var rest = text
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      isNegative = sign == UInt8(ascii: "-")
      rest = rest.dropFirst()
    }
    if let special = Self.special(rest) {
      self.special = special
      return
    }
    guard let tail = takeDigits(rest) else { return nil }
    guard tail.isEmpty || takeExponent(tail) else { return nil }
  }

  private static func special(_ text: ArraySlice<UInt8>) -> Double? {
    guard text.count == 3 || text.count == 8 else { return nil }
    switch String(decoding: text, as: UTF8.self).lowercased() {
    case "nan": return .nan
    case "inf", "infinity": return .infinity
    default: return nil
    }
  }

  /// The digits before and after the point; returns what follows, nil when there are none.
  private mutating func takeDigits(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var (hasDigits, afterPoint, pendingZeros) = (false, false, 0)
    var place = text.startIndex
    while place < text.endIndex {
      let byte = text[place]
      if byte == UInt8(ascii: ".") && !afterPoint {
        afterPoint = true
      } else if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
        hasDigits = true
        if afterPoint { exponent -= 1 }
        if byte == UInt8(ascii: "0") {
          if significantDigits > 0 { pendingZeros += 1 }
        } else {
          significantDigits += pendingZeros + 1
          pendingZeros = 0
        }
        if significantDigits + pendingZeros <= 19 {
          digits = digits &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
        } else {
          digitsAreComplete = false
        }
      } else {
        break
      }
      place += 1
    }
    isInteger = !afterPoint && place == text.endIndex
    return hasDigits ? text[place...] : nil
  }

  private mutating func takeExponent(_ text: ArraySlice<UInt8>) -> Bool {
    guard let first = text.first, first == UInt8(ascii: "e") || first == UInt8(ascii: "E") else {
      return false
    }
    var rest = text.dropFirst()
    var sign = 1
    if let mark = rest.first, mark == UInt8(ascii: "-") || mark == UInt8(ascii: "+") {
      sign = mark == UInt8(ascii: "-") ? -1 : 1
      rest = rest.dropFirst()
    }
    guard !rest.isEmpty else { return false }
    var value = 0
    for byte in rest {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return false }
      value = min(value * 10 + Int(byte - UInt8(ascii: "0")), 1_000_000)
    }
    exponent += sign * value
    return true
  }

  /// The nearest double-precision number.
  var double: Double {
    if let special { return isNegative ? -special : special }
    // Digits and power are exact up to here, so that one operation rounds once (Clinger 1990).
    if significantDigits <= 15, digits <= 1 << 53, abs(exponent) <= 22 {
      let magnitude =
        exponent < 0
        ? Double(digits) / Self.powers[-exponent] : Double(digits) * Self.powers[exponent]
      return isNegative ? -magnitude : magnitude
    }
    return Double(String(decoding: text, as: UTF8.self)) ?? .nan
  }

  /// The nearest single-precision number.
  var float: Float {
    if let special { return Float(isNegative ? -special : special) }
    if significantDigits <= 8, digits <= 1 << 24, abs(exponent) <= 10 {
      let power = Float(Self.powers[abs(exponent)])
      let magnitude = exponent < 0 ? Float(digits) / power : Float(digits) * power
      return isNegative ? -magnitude : magnitude
    }
    return Float(String(decoding: text, as: UTF8.self)) ?? .nan
  }

  /// Whether single precision keeps what was written: an integer exactly, another number of at
  /// most nine significant digits to the nearest.
  var fitsSinglePrecision: Bool {
    if special != nil || digits == 0 { return true }
    if isInteger {
      let bits = 64 - digits.leadingZeroBitCount - digits.trailingZeroBitCount
      return digitsAreComplete && bits <= 24
    }
    guard significantDigits <= 9 else { return false }
    let value = float
    return value.isFinite && value.magnitude >= .leastNormalMagnitude
  }

  /// Whether double precision holds it; false for `1e999`.
  var isInRange: Bool { special != nil || double.isFinite }

  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]
}
