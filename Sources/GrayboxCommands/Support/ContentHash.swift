internal import Studies
internal import Tensors

/// A 64-bit digest of a bundle's names, shapes and numbers, for telling data apart.
///
/// The same arrays give the same digest in any file format. It is not meant for security.
enum ContentHash {
  /// Sixteen hexadecimal digits.
  static func of(_ bundle: ArrayBundle) -> String {
    var hash = StudyHash()
    for name in bundle.names {
      guard let array = bundle[name] else { continue }
      hash.combine(name.utf8)
      for extent in array.shape { hash.combine(UInt64(extent)) }
      switch array {
      case .float(let tensor), .complex(let tensor):
        tensor.withScalars { for number in $0 { hash.combine(Double(number).bitPattern) } }
      case .double(let tensor):
        tensor.withScalars { for number in $0 { hash.combine(number.bitPattern) } }
      }
    }
    return hash.text
  }
}
