/// The element types of `.npy` files that are read.
enum NumPyElement: Equatable {
  case bool
  case integer(bytes: Int, signed: Bool)
  case float(bytes: Int)
  case complex(bytes: Int)

  /// The size of one element.
  var bytes: Int {
    switch self {
    case .bool: 1
    case .integer(let bytes, _), .float(let bytes), .complex(let bytes): bytes
    }
  }
}

/// The header of a `.npy` file: element type, byte order, order of the axes, extents.
struct NumPyHeader: Equatable {
  var element: NumPyElement
  var isBigEndian = false
  var isFortranOrder = false
  var shape: [Int]

  /// How many elements there are; checked not to overflow when the header was read.
  var count: Int { shape.reduce(1, *) }

  /// The header's bytes as NumPy writes them: version 1, filled with blanks to a multiple of 64.
  static func encoded(descriptor: String, shape: [Int]) -> [UInt8] {
    let extents = shape.map(String.init).joined(separator: ", ")
    let tuple = shape.count == 1 ? "(\(extents),)" : "(\(extents))"
    let text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': \(tuple), }"
    let unpadded = 10 + text.utf8.count + 1
    let padding = (64 - unpadded % 64) % 64
    let length = text.utf8.count + padding + 1
    var bytes: [UInt8] = magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)]
    bytes += Array(text.utf8)
    bytes += Array(repeating: UInt8(ascii: " "), count: padding)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// No header of a supported element type is longer.
  static let longestText = 1 << 16
  /// The most axes that an array may have.
  static let mostAxes = 8
}

extension NumPyHeader {
  /// Reads the header from the front of a `.npy` file.
  ///
  /// - Throws: ``ArrayFileError`` that names the file and the array.
  static func read(
    from stream: any ByteStream,
    file: String,
    array: String
  ) throws(ArrayFileError) -> NumPyHeader {
    guard stream.remaining >= 10 else {
      throw .truncated(file: file, array: array, expected: 10, found: stream.remaining)
    }
    let start = try stream.bytes(8)
    guard Array(start[0..<6]) == magic else {
      throw .damaged(file: file, array: array, reason: "it does not begin as a NumPy array does")
    }
    guard (1...3).contains(start[6]) && start[7] == 0 else {
      throw .unsupported(
        file: file,
        array: array,
        reason: "has format version \(start[6]).\(start[7]); save it with a current NumPy"
      )
    }
    let lengthBytes = start[6] == 1 ? 2 : 4
    guard stream.remaining >= lengthBytes else {
      throw .truncated(file: file, array: array, expected: lengthBytes, found: stream.remaining)
    }
    let length = try stream.bytes(lengthBytes).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= stream.remaining else {
      throw .truncated(file: file, array: array, expected: length, found: stream.remaining)
    }
    guard length <= longestText else {
      throw .damaged(file: file, array: array, reason: "its header has \(length) bytes")
    }
    var parser = NumPyHeaderParser(text: try stream.bytes(length), file: file, array: array)
    let header = try parser.parse()
    try header.checkSize(file: file, array: array)
    return header
  }

  /// Refuses shapes whose size cannot be counted or that have too many axes.
  private func checkSize(file: String, array: String) throws(ArrayFileError) {
    guard shape.count <= Self.mostAxes else {
      throw .unsupported(
        file: file,
        array: array,
        reason: "has \(shape.count) axes, at most \(Self.mostAxes) are read; reshape it"
      )
    }
    // Zero extents are left out, so that no order of multiplication can overflow later. 16 bytes a
    // number leave room for every element type and for the parts of complex numbers.
    var bytes = 16
    for extent in shape where extent > 0 {
      let (product, overflows) = bytes.multipliedReportingOverflow(by: extent)
      guard !overflows else {
        throw .damaged(file: file, array: array, reason: "its shape \(shape) is too large")
      }
      bytes = product
    }
  }
}

/// Parses the dictionary of a `.npy` header, a Python literal of three known keys.
private struct NumPyHeaderParser {
  let text: [UInt8]
  let file: String
  let array: String
  var place = 0

  init(text: [UInt8], file: String, array: String) {
    self.text = text
    self.file = file
    self.array = array
  }

  mutating func parse() throws(ArrayFileError) -> NumPyHeader {
    var descriptor: String?
    var isFortranOrder: Bool?
    var shape: [Int]?
    try expect("{")
    while !take("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where descriptor == nil: descriptor = try typeDescriptor()
      case "fortran_order" where isFortranOrder == nil: isFortranOrder = try truth()
      case "shape" where shape == nil: shape = try extents()
      default: throw damaged("its header has an unexpected key '\(key)'")
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    skipBlanks()
    guard place == text.count else { throw damaged("its header goes on after the end") }
    guard let descriptor, let isFortranOrder, let shape else {
      throw damaged("its header lacks descr, fortran_order or shape")
    }
    let (element, isBigEndian) = try self.element(descriptor)
    return NumPyHeader(
      element: element,
      isBigEndian: isBigEndian,
      isFortranOrder: isFortranOrder,
      shape: shape
    )
  }

  private func element(_ descriptor: String) throws(ArrayFileError) -> (NumPyElement, Bool) {
    let order = descriptor.first
    let kind = String(descriptor.dropFirst())
    if kind == "O" || descriptor == "O" {
      throw .unsupported(
        file: file,
        array: array,
        reason: "holds pickled Python objects, which are never loaded; save numbers instead"
      )
    }
    if order == "|" {
      switch kind {
      case "b1": return (.bool, false)
      case "i1": return (.integer(bytes: 1, signed: true), false)
      case "u1": return (.integer(bytes: 1, signed: false), false)
      default: break
      }
    }
    let multibyte: [String: NumPyElement] = [
      "i2": .integer(bytes: 2, signed: true), "u2": .integer(bytes: 2, signed: false),
      "i4": .integer(bytes: 4, signed: true), "u4": .integer(bytes: 4, signed: false),
      "i8": .integer(bytes: 8, signed: true), "u8": .integer(bytes: 8, signed: false),
      "f4": .float(bytes: 4), "f8": .float(bytes: 8),
      "c8": .complex(bytes: 8), "c16": .complex(bytes: 16),
    ]
    guard let element = multibyte[kind], order == "<" || order == ">" else {
      throw .unsupported(
        file: file,
        array: array,
        reason: "has type '\(descriptor)'; read are bool, i1 to i8, u1 to u8, f4, f8, c8 and c16: "
          + "convert it, for example with astype('f4')"
      )
    }
    return (element, order == ">")
  }

  private mutating func typeDescriptor() throws(ArrayFileError) -> String {
    skipBlanks()
    if place < text.count && text[place] == UInt8(ascii: "[") {
      throw .unsupported(
        file: file,
        array: array,
        reason: "is a structured array; save each of its fields as an array of its own"
      )
    }
    return try string()
  }

  private mutating func string() throws(ArrayFileError) -> String {
    skipBlanks()
    guard place < text.count, text[place] == UInt8(ascii: "'") || text[place] == UInt8(ascii: "\"")
    else { throw damaged("its header is not a dictionary of descr, fortran_order and shape") }
    let quote = text[place]
    place += 1
    let start = place
    while place < text.count && text[place] != quote { place += 1 }
    guard place < text.count else { throw damaged("its header is cut short") }
    place += 1
    let characters = text[start..<(place - 1)]
    guard characters.allSatisfy({ $0 >= 32 && $0 < 127 && $0 != UInt8(ascii: "\\") }) else {
      throw damaged("its header has unexpected characters")
    }
    return String(decoding: characters, as: UTF8.self)
  }

  private mutating func truth() throws(ArrayFileError) -> Bool {
    skipBlanks()
    for (word, value) in [("True", true), ("False", false)]
    where text[place...].starts(with: word.utf8) {
      place += word.utf8.count
      return value
    }
    throw damaged("its header's fortran_order is neither True nor False")
  }

  private mutating func extents() throws(ArrayFileError) -> [Int] {
    var extents: [Int] = []
    try expect("(")
    while !take(")") {
      extents.append(try extent())
      if take(",") { continue }
      // "(3)" is no tuple in Python
      guard extents.count > 1 else { throw damaged("its header's shape is not a tuple") }
      try expect(")")
      break
    }
    return extents
  }

  private mutating func extent() throws(ArrayFileError) -> Int {
    skipBlanks()
    let isNegative = place < text.count && text[place] == UInt8(ascii: "-")
    if isNegative { place += 1 }
    let start = place
    while place < text.count && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[place]) {
      place += 1
    }
    let digits = String(decoding: text[start..<place], as: UTF8.self)
    guard !digits.isEmpty else { throw damaged("its header's shape is not a tuple of numbers") }
    guard !isNegative else { throw damaged("its shape has the negative extent -\(digits)") }
    guard let value = Int(digits) else {
      throw damaged("its shape has the extent \(digits), which is too large")
    }
    return value
  }

  private mutating func skipBlanks() {
    while place < text.count && (text[place] == 32 || (9...13).contains(text[place])) { place += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard place < text.count, text[place] == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(ArrayFileError) {
    guard take(character) else {
      throw damaged("its header is not a dictionary of descr, fortran_order and shape")
    }
  }

  private func damaged(_ reason: String) -> ArrayFileError {
    .damaged(file: file, array: array, reason: reason)
  }
}
