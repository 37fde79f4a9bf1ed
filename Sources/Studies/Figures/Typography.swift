#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How numbers and short formulas are written for readers.
package enum Typography {
  /// A formula in plain letters with its Greek letters and small powers: `1/sigma^2` to `1/σ²`.
  package static func mathematical(_ text: String) -> String {
    let words = [
      ("sigma", "σ"), ("lambda", "λ"), ("gamma", "γ"), ("kappa", "κ"), ("theta", "θ"),
      ("^2", "²"), ("^3", "³"),
    ]
    return words.reduce(text) { replaced($0, $1.0, by: $1.1) }
  }

  /// Every occurrence of a part, replaced.
  package static func replaced(_ text: String, _ part: String, by other: String) -> String {
    var result = ""
    var rest = text[...]
    while !rest.isEmpty {
      if rest.hasPrefix(part) {
        result += other
        rest = rest.dropFirst(part.count)
      } else {
        result.append(rest.removeFirst())
      }
    }
    return result
  }

  /// The text with a capital first letter.
  package static func capitalised(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }

  /// An id in words with a capital: `symbol_error_rate` to `Symbol error rate`.
  package static func words(_ id: String) -> String {
    capitalised(String(id.map { $0 == "_" ? " " : $0 }))
  }

  /// The plural of a noun: `symbols`, `trajectories`, `series`.
  package static func plural(_ noun: String) -> String {
    guard !noun.hasSuffix("s") else { return noun }
    let endsInConsonantAndY =
      noun.last == "y" && !(noun.dropLast().last.map { "aeiou".contains($0) } ?? true)
    return endsInConsonantAndY ? noun.dropLast() + "ies" : noun + "s"
  }

  /// A whole number with thin spaces between thousands from 10 000 on.
  package static func grouped(_ number: Int) -> String {
    let digits = String(number.magnitude)
    guard digits.count > 4 else { return "\(number)" }
    var result = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result += "\u{2009}" }
      result.append(digit)
    }
    return result
  }

  /// A number as a reader wants it: whole ones grouped, others by their shortest description.
  package static func plain(_ number: Double) -> String {
    if number == number.rounded(), abs(number) < 1e15 { return grouped(Int(number)) }
    return "\(number)"
  }

  /// A number to so many significant digits: `0.0312`, `3.12e-4`, `12.3`, `nan`.
  package static func rounded(_ number: Double, digits: Int = 3) -> String {
    guard number.isFinite, number != 0 else { return number == 0 ? "0" : "\(number)" }
    var exponent = Int(floor(log10(abs(number))))
    if decimals(abs(number) / power(exponent), digits - 1).hasPrefix("10") { exponent += 1 }
    if (-2..<max(digits, 5)).contains(exponent) {
      return decimals(number, max(0, digits - 1 - exponent))
    }
    return decimals(number / power(exponent), digits - 1) + "e\(exponent)"
  }

  /// A number with so many decimals.
  package static func decimals(_ number: Double, _ count: Int) -> String {
    guard number.isFinite else { return "\(number)" }
    let scale = power(count)
    let scaled = (abs(number) * scale).rounded()
    guard scaled < 1e15 else { return "\(number)" }
    let digits = String(Int(scaled))
    let padded = String(repeating: "0", count: max(0, count + 1 - digits.count)) + digits
    let sign = number < 0 && scaled != 0 ? "-" : ""
    guard count > 0 else { return sign + padded }
    return sign + padded.dropLast(count) + "." + padded.suffix(count)
  }

  /// A duration: `850 ms`, `12.3 s`, `4 min 10 s`, `2 h 5 min`.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "\(seconds)" }
    if seconds < 1 { return "\(rounded(seconds * 1000, digits: 2)) ms" }
    if seconds < 100 { return "\(rounded(seconds)) s" }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  /// A name for a file: lower-case letters, digits and single hyphens.
  package static func fileName(_ text: String) -> String {
    var result = ""
    for character in text.lowercased() {
      if character.isASCII, character.isLetter || character.isNumber {
        result.append(character)
      } else if !result.hasSuffix("-"), !result.isEmpty {
        result.append("-")
      }
    }
    return result.hasSuffix("-") ? String(result.dropLast()) : result
  }

  private static func power(_ exponent: Int) -> Double { pow(10, Double(exponent)) }
}
