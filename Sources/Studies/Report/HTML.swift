/// Pieces of HTML; every text from outside goes through ``text(_:)``.
package enum HTML {
  /// Text with the characters that HTML reads replaced, for content and quoted attributes.
  package static func text(_ raw: String) -> String {
    var result = ""
    for scalar in raw.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      // Control characters are not allowed in HTML; line feeds and tabs are.
      case "\u{0}"..."\u{8}", "\u{b}"..."\u{1f}", "\u{7f}": result += "\u{fffd}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Paragraphs from text whose empty lines part them.
  package static func paragraphs(_ raw: String) -> String {
    let lines = raw.split(separator: "\n", omittingEmptySubsequences: false)
    let groups = lines.split { $0.allSatisfy(\.isWhitespace) }
    return groups.map { "<p>\(text($0.joined(separator: "\n")))</p>" }.joined(separator: "\n")
  }

  /// Bytes in base 64, as data addresses hold them.
  package static func base64(_ bytes: [UInt8]) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count / 3 * 4 + 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let word = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for place in 0..<4 {
        let isPadding = place > group.count
        result.append(isPadding ? UInt8(ascii: "=") : letters[word >> (18 - 6 * place) & 63])
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// A short piece of line with its marker, as in the figures' legends.
  package static func sample(_ style: CurveStyle) -> String {
    let dashes = style.dashes.map { "\($0)" }.joined(separator: " ")
    let dashArray = dashes.isEmpty ? "" : " stroke-dasharray=\"\(dashes)\""
    let colour = text(style.colour)
    return
      "<svg class=\"ink\" width=\"44\" height=\"14\" viewBox=\"0 0 44 14\" aria-hidden=\"true\">"
      + "<path d=\"M1 7H43\" stroke=\"\(colour)\" stroke-width=\"2\"\(dashArray)/>"
      + "<path d=\"\(marker(style.marker))\" stroke=\"\(colour)\" stroke-width=\"1.6\" "
      + "fill=\"\(style.isFilled ? colour : style.hasOpenMarker ? "#fff" : "none")\"/></svg>"
  }

  private static func marker(_ number: Int) -> String {
    switch number {
    case 1: "M22 2.5V11.5M17.5 7H26.5"
    case 2: "M18.5 3.5L25.5 10.5M18.5 10.5L25.5 3.5"
    case 3: "M22 2.5V11.5M17.5 7H26.5M18.5 3.5L25.5 10.5M18.5 10.5L25.5 3.5"
    case 4, 5: "M18.5 3.5H25.5V10.5H18.5Z"
    case 8, 9: "M22 2.5L26.5 10.5H17.5Z"
    case 12, 13: "M22 2L27 7L22 12L17 7Z"
    case 14, 15: "M22 2.5L26.3 5.6L24.6 10.6H19.4L17.7 5.6Z"
    default: "M18 7A4 4 0 0 0 26 7A4 4 0 0 0 18 7Z"
    }
  }
}
