// Text tables of numbers. Two passes: the first checks every field and decides on the precision,
// the second fills the tensors; between them only a few counts per column are kept.

/// A checked table of decimal numbers, as in a `.csv` file.
struct NumberTable {
  private let text: [UInt8]
  private let file: String
  private let name: String
  private var names: [String]?
  private var firstRow = 0
  private var rows = 0
  private var columns = 0
  /// Whether every number of a column fits single precision.
  private var fitsSingle: [Bool] = []

  /// Checks a table.
  ///
  /// - Throws: ``ArrayFileError`` that names the file, the column and the line.
  init(_ text: [UInt8], file: String, name: String) throws(ArrayFileError) {
    self.text = text
    self.file = file
    self.name = name
    let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    var lines = Lines(text, from: text.starts(with: mark) ? 3 : 0)
    guard let first = lines.next() else { throw damaged("it is empty", nil) }
    if try readNames(first) {
      firstRow = lines.place
    } else {
      firstRow = first.startIndex
      lines = Lines(text, from: firstRow)
    }
    try checkRows(&lines)
  }

  /// The arrays of the table: one for each name, else one for all.
  func bundle() throws(ArrayFileError) -> ArrayBundle {
    var bundle = ArrayBundle(source: file)
    guard let names else {
      let shape = columns == 1 ? [rows] : [rows, columns]
      bundle[name] = array(0..<columns, shape, single: fitsSingle.allSatisfy { $0 })
      return bundle
    }
    for (column, name) in names.enumerated() {
      bundle[name] = array(column..<(column + 1), [rows], single: fitsSingle[column])
    }
    return bundle
  }

  // MARK: - First pass

  /// Takes the first line as names when one of its fields is no number; returns whether it did.
  private mutating func readNames(_ line: ArraySlice<UInt8>) throws(ArrayFileError) -> Bool {
    let fields = try quotedFields(line)
    columns = fields.count
    fitsSingle = Array(repeating: true, count: columns)
    guard fields.contains(where: { $0.isQuoted || DecimalNumber($0.bytes[...]) == nil }) else {
      return false
    }
    var seen: [String] = []
    var known = Set<String>()
    for (column, field) in fields.enumerated() {
      guard let name = String(validating: field.bytes, as: UTF8.self), !name.isEmpty else {
        throw damaged("column \(column + 1) has no name in the first line", nil)
      }
      guard known.insert(name).inserted else {
        throw damaged("two columns have this name", name)
      }
      seen.append(name)
    }
    names = seen
    return true
  }

  private mutating func checkRows(_ lines: inout Lines) throws(ArrayFileError) {
    while let line = lines.next() {
      if line.isEmpty {
        guard lines.onlyBlankLinesFollow else {
          throw damaged("line \(lines.number) is empty", nil)
        }
        return
      }
      var (column, start) = (0, line.startIndex)
      while start <= line.endIndex {
        let end = line[start...].firstIndex(of: UInt8(ascii: ",")) ?? line.endIndex
        guard column < columns else { break }
        try check(trimmed(line[start..<end]), column, lines.number)
        column += 1
        start = end + 1
      }
      guard column == columns, start > line.endIndex else {
        throw damaged("line \(lines.number) does not have \(columns) fields as the first has", nil)
      }
      rows += 1
    }
  }

  private mutating func check(
    _ field: ArraySlice<UInt8>,
    _ column: Int,
    _ line: Int
  ) throws(ArrayFileError) {
    guard let number = DecimalNumber(field) else {
      let text = String(decoding: field.prefix(40), as: UTF8.self)
      let problem =
        field.isEmpty ? "is empty; write nan for a missing number" : "has '\(text)', not a number"
      throw damaged("line \(line), field \(column + 1), \(problem)", names?[column])
    }
    guard number.isInRange else {
      throw damaged("line \(line), field \(column + 1), is too large a number", names?[column])
    }
    if fitsSingle[column] && !number.fitsSinglePrecision { fitsSingle[column] = false }
  }

  // MARK: - Second pass

  private func array(_ wanted: Range<Int>, _ shape: [Int], single: Bool) -> NumericArray {
    if single { return .float(tensor(wanted, shape) { $0.float }) }
    return .double(tensor(wanted, shape) { $0.double })
  }

  private func tensor<Scalar: RealTensorScalar>(
    _ wanted: Range<Int>,
    _ shape: [Int],
    _ convert: (DecimalNumber) -> Scalar
  ) -> Tensor<Scalar> {
    Tensor(shape: shape) { buffer in
      var lines = Lines(text, from: firstRow)
      for row in 0..<rows {
        guard let line = lines.next() else { return }
        var start = line.startIndex
        for column in 0..<wanted.upperBound {
          let end = line[start...].firstIndex(of: UInt8(ascii: ",")) ?? line.endIndex
          if column >= wanted.lowerBound, let number = DecimalNumber(trimmed(line[start..<end])) {
            buffer[row * wanted.count + column - wanted.lowerBound] = convert(number)
          }
          start = min(end + 1, line.endIndex)
        }
      }
    }
  }

  // MARK: - Pieces

  /// The fields of the first line; quotes inside quotes are doubled.
  private func quotedFields(
    _ line: ArraySlice<UInt8>
  ) throws(ArrayFileError) -> [(bytes: [UInt8], isQuoted: Bool)] {
    let (quote, comma) = (UInt8(ascii: "\""), UInt8(ascii: ","))
    var fields: [(bytes: [UInt8], isQuoted: Bool)] = []
    var place = line.startIndex
    while true {
      while place < line.endIndex && line[place] == 32 { place += 1 }
      guard place < line.endIndex, line[place] == quote else {
        let end = line[place...].firstIndex(of: comma) ?? line.endIndex
        fields.append((Array(trimmed(line[place..<end])), false))
        if end == line.endIndex { return fields }
        place = end + 1
        continue
      }
      var bytes: [UInt8] = []
      place += 1
      while place < line.endIndex {
        if line[place] == quote {
          guard place + 1 < line.endIndex, line[place + 1] == quote else { break }
          place += 1
        }
        bytes.append(line[place])
        place += 1
      }
      guard place < line.endIndex else { throw damaged("a quote in line 1 is not closed", nil) }
      place += 1
      while place < line.endIndex && line[place] == 32 { place += 1 }
      fields.append((bytes, true))
      if place == line.endIndex { return fields }
      guard line[place] == comma else { throw damaged("line 1 goes on after a quote", nil) }
      place += 1
    }
  }

  private func trimmed(_ field: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
    guard let first = field.firstIndex(where: { !isBlank($0) }),
      let last = field.lastIndex(where: { !isBlank($0) })
    else { return field.prefix(0) }
    return field[first...last]
  }

  private func damaged(_ reason: String, _ array: String?) -> ArrayFileError {
    .damaged(file: file, array: array, reason: reason)
  }
}

/// The lines of a text, without their ends (LF or CRLF); a last LF ends the last line.
private struct Lines {
  private let text: [UInt8]
  private(set) var place: Int
  private(set) var number = 0

  init(_ text: [UInt8], from place: Int) {
    self.text = text
    self.place = place
    number = text[..<place].reduce(0) { $0 + ($1 == 10 ? 1 : 0) }
  }

  var onlyBlankLinesFollow: Bool { text[place...].allSatisfy { $0 == 10 || $0 == 13 } }

  mutating func next() -> ArraySlice<UInt8>? {
    guard place < text.count else { return nil }
    let start = place
    while place < text.count && text[place] != 10 { place += 1 }
    var end = place
    if end > start && text[end - 1] == 13 { end -= 1 }
    place += 1
    if place > text.count { place = text.count }
    number += 1
    return text[start..<end]
  }
}

/// Writes tables that `NumberTable` and other programs read.
struct NumberTableWriter {
  private let sink: any ByteSink

  init(_ sink: any ByteSink) { self.sink = sink }

  /// Writes the arrays as columns, under their names unless there is only the standard one.
  func write(_ bundle: ArrayBundle) throws(ArrayFileError) {
    var columns: [Column] = []
    let isUnnamed = bundle.names == [ArrayFiles.standardName]
    for name in bundle.names {
      guard let array = bundle[name] else { continue }
      columns += try self.columns(of: array, name, severalAllowed: isUnnamed)
    }
    guard let rows = columns.first?.rows else {
      throw cannotWrite("there is no column to write")
    }
    guard columns.allSatisfy({ $0.rows == rows }) else {
      throw cannotWrite("the columns of a .csv file have one length; use .npz")
    }
    if !isUnnamed { try writeNames(bundle.names) }
    try writeRows(columns, rows)
  }

  private struct Column {
    var rows: Int
    var field: (Int) -> String
  }

  private func columns(
    of array: NumericArray,
    _ name: String,
    severalAllowed: Bool
  ) throws(ArrayFileError) -> [Column] {
    let shape = array.shape
    guard shape.count == 1 || (shape.count == 2 && shape[1] > 0 && severalAllowed) else {
      throw cannotWrite("array '\(name)' of shape \(shape) is not a column; use .npz")
    }
    let width = shape.count == 1 ? 1 : shape[1]
    switch array {
    case .complex: throw cannotWrite("array '\(name)' is complex; use .npz")
    case .float(let tensor):
      return (0..<width).map { column in
        Column(rows: shape[0]) { row in
          tensor.withScalars {
            Self.text(Double($0[row * width + column]), "\($0[row * width + column])")
          }
        }
      }
    case .double(let tensor):
      return (0..<width).map { column in
        Column(rows: shape[0]) { row in
          tensor.withScalars { Self.text($0[row * width + column], "\($0[row * width + column])") }
        }
      }
    }
  }

  /// Whole numbers in full, others with the fewest digits that identify them.
  private static func text(_ value: Double, _ shortest: @autoclosure () -> String) -> String {
    guard value == value.rounded(), value.magnitude < 0x1p62, value != 0 || value.sign == .plus
    else { return shortest() }
    return String(Int(value))
  }

  private func writeNames(_ names: [String]) throws(ArrayFileError) {
    var fields: [String] = []
    for name in names {
      guard !name.isEmpty, !name.utf8.contains(where: { $0 == 10 || $0 == 13 }) else {
        throw cannotWrite("'\(name)' is no name for a column")
      }
      let doubled = name.split(separator: "\"", omittingEmptySubsequences: false)
        .joined(separator: "\"\"")
      let isPlain = name.utf8.allSatisfy { $0 > 32 && $0 != UInt8(ascii: ",") && $0 != 34 }
      fields.append(
        isPlain && DecimalNumber(Array(name.utf8)[...]) == nil ? name : "\"\(doubled)\""
      )
    }
    try sink.write(Array((fields.joined(separator: ",") + "\n").utf8))
  }

  private func writeRows(_ columns: [Column], _ rows: Int) throws(ArrayFileError) {
    var buffer: [UInt8] = []
    for row in 0..<rows {
      for (index, column) in columns.enumerated() {
        if index > 0 { buffer.append(UInt8(ascii: ",")) }
        buffer += Array(column.field(row).utf8)
      }
      buffer.append(UInt8(ascii: "\n"))
      if buffer.count >= 1 << 16 {
        try sink.write(buffer)
        buffer.removeAll(keepingCapacity: true)
      }
    }
    try sink.write(buffer)
  }

  private func cannotWrite(_ reason: String) -> ArrayFileError {
    .cannotWrite(path: sink.name, reason: reason)
  }
}
