internal import Tensors

extension JSONText {
  /// A list of words.
  static func words(_ words: [String]) -> JSONText { .array(words.map(JSONText.string)) }

  /// A word, or null.
  static func optional(_ word: String?) -> JSONText { word.map(JSONText.string) ?? .null }

  /// A list with one element a line, for people who look at it.
  var lines: String {
    guard case .array(let values) = self, !values.isEmpty else { return text }
    return "[\n" + values.map { "  " + $0.text }.joined(separator: ",\n") + "\n]"
  }
}
