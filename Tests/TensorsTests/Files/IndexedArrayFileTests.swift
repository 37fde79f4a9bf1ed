import Tensors
import Testing

@Suite struct IndexedArrayFileTests {
  private let whole: [UInt8] = [
    0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 1, 127, 128, 200, 255,
  ]

  @Test("numbers come in the shape of the head")
  func reads() throws {
    let array = try IndexedArrayFile.decode(whole, source: "images")
    #expect(array == Tensor([0, 1, 127, 128, 200, 255], shape: [2, 1, 3]))
    let labels = try IndexedArrayFile.decode([0, 0, 8, 1, 0, 0, 0, 2, 7, 9], source: "labels")
    #expect(labels == Tensor([7, 9]))
  }

  @Test("every cut, a byte to spare, another type and another head are errors")
  func refuses() {
    for count in 0..<whole.count {
      #expect(throws: ArrayFileError.self) {
        try IndexedArrayFile.decode(Array(whole.prefix(count)), source: "images")
      }
    }
    #expect(throws: ArrayFileError.trailingBytes(file: "images", array: nil, count: 1)) {
      try IndexedArrayFile.decode(whole + [0], source: "images")
    }
    var floats = whole
    floats[2] = 13
    #expect(throws: ArrayFileError.self) {
      try IndexedArrayFile.decode(floats, source: "images")
    }
    #expect(throws: ArrayFileError.self) {
      try IndexedArrayFile.decode([0x1f, 0x8b, 8, 0, 0], source: "images")
    }
    let absurd: [UInt8] = [0, 0, 8, 3] + [UInt8](repeating: 255, count: 12) + [1, 2]
    #expect(throws: ArrayFileError.self) {
      try IndexedArrayFile.decode(absurd, source: "images")
    }
  }
}
