/// A 64-bit digest of text, for telling settings apart (not for security).
package struct StudyHash {
  private var low: UInt64 = 0xcbf2_9ce4_8422_2325
  private var high: UInt64 = 0x9e37_79b9_7f4a_7c15

  /// The digest of nothing.
  package init() {}

  /// Takes in bytes.
  package mutating func combine(_ bytes: some Sequence<UInt8>) {
    for byte in bytes {
      low = (low ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
      high = (high ^ low).multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93).low ^ (high >> 29)
    }
  }

  /// Takes in the numbers of a 64-bit word list.
  package mutating func combine(_ word: UInt64) {
    withUnsafeBytes(of: word.littleEndian) { combine($0) }
  }

  /// Sixteen hexadecimal digits.
  package var text: String {
    var word = low ^ high
    word = (word ^ (word >> 32)) &* 0xd6e8_feb8_6659_fd93
    word ^= word >> 32
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The digest of a text.
  package static func of(_ text: String) -> String {
    var hash = StudyHash()
    hash.combine(text.utf8)
    return hash.text
  }
}
