internal import Foundation
internal import Tensors
internal import Testing

@Suite struct ImageFilesTests {
  /// Values that are levels of eight bits.
  private func levels(_ shape: [Int], seed: UInt64) -> Tensor<Float> {
    var stream = RandomStream(seed: seed)
    let levels = stream.integers(shape.reduce(1, *), below: 256)
    return Tensor(levels.map { Float($0) / 255 }, shape: shape)
  }

  private func file(_ text: String) throws -> [UInt8] {
    Array(try #require(Data(base64Encoded: text)))
  }

  @Test(
    "what is written is read, pixel by pixel",
    arguments: ImageFiles.Format.allCases,
    [[1, 1], [1, 7], [9, 1], [5, 4], [64, 37]]
  )
  func roundTrip(format: ImageFiles.Format, shape: [Int]) throws {
    let image = levels(shape, seed: 1)
    let bytes = try ImageFiles.encode(image, as: format)
    #expect(try ImageFiles.decode(bytes, as: format, source: "f") == image)
  }

  @Test("values are rounded to the nearest level and clipped")
  func rounding() throws {
    let image = Tensor<Float>([-0.3, 0, 0.4 / 255, 0.6 / 255, 1, 7], shape: [2, 3])
    let read = try ImageFiles.decode(
      ImageFiles.encode(image, as: .pgm),
      as: .pgm,
      source: "f"
    )
    #expect(read.scalars == [0, 0, 0, 1.0 / 255, 1, 1])
  }

  @Test("a plain map with comments and its own maximum is read")
  func plainMap() throws {
    let text = "P2 # sketch\n#two rows\n3 2\n10\n0 5 10\n2\t4 # end\n10\n"
    let image = try ImageFiles.decode(Array(text.utf8), as: .pgm, source: "f")
    #expect(image == Tensor<Float>([0, 0.5, 1, 0.2, 0.4, 1], shape: [2, 3]))
  }

  @Test("sixteen bits come high byte first")
  func deepMap() throws {
    let bytes = Array("P5 2 1 1000\n".utf8) + [0x01, 0xf4, 0x03, 0xe8]
    let image = try ImageFiles.decode(bytes, as: .pgm, source: "f")
    #expect(image == Tensor<Float>([0.5, 1], shape: [1, 2]))
  }

  // The three files were put together byte by byte with Python's zlib and struct modules.

  @Test("colours become luminance")
  func colours() throws {
    let bytes = try file(
      "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR42mP4z8DAJSIHAAZlATwrV0msAAAAAElFTkSuQmCC"
    )
    let image = try ImageFiles.decode(bytes, as: .png, source: "f")
    #expect(image.shape == [1, 2])
    let mixed: Float = (0.299 * 10 + 0.587 * 20 + 0.114 * 30) / 255
    #expect(abs(image[0, 0] - 0.299) < 1e-6 && abs(image[0, 1] - mixed) < 1e-6)
  }

  @Test("one bit a pixel is black and white")
  func bits() throws {
    let bytes = try file(
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAQAAAAC1D1u3AAAADElEQVR42mNYwOAAAAIkAOFNFuheAAAAAElFTkSuQmCC"
    )
    let image = try ImageFiles.decode(bytes, as: .png, source: "f")
    #expect(image == Tensor<Float>([1, 0, 1, 0, 1, 0], shape: [2, 3]))
  }

  @Test("transparent places lie over black")
  func transparency() throws {
    let bytes = try file(
      "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAQAAABeK7cBAAAADUlEQVR42mM48T+FAQAG6gIs63uKWAAAAABJRU5ErkJggg=="
    )
    let image = try ImageFiles.decode(bytes, as: .png, source: "f")
    #expect(image == Tensor<Float>([200.0 / 255, 0], shape: [1, 2]))
  }

  @Test("a folder gives its images by name, as one array cut to the smallest")
  func folder() throws {
    try TestFiles.withFolder { folder in
      let (wide, tall) = (levels([4, 8], seed: 2), levels([6, 5], seed: 3))
      try ImageFiles.write(tall, to: "\(folder)/b.pgm")
      try ImageFiles.write(wide, to: "\(folder)/a.png")
      try TestFiles.write([1, 2, 3], to: "\(folder)/notes.txt")
      #expect(try ImageFiles.readFolder(folder) == [wide, tall])
      let bundle = try ArrayFiles.read(folder)
      let images = try #require(bundle["images"]?.float)
      #expect(bundle.names == ["images"] && images.shape == [2, 4, 5])
      // One column is cut off the left of the wide image, one row off the top of the tall one.
      #expect(images[0, 0, 0] == wide[0, 1] && images[1, 3, 4] == tall[4, 4])
      #expect(try ArrayFiles.read("\(folder)/a.png")["images"]?.shape == [1, 4, 8])
    }
  }

  @Test("an array beside the images of a folder keeps the name of its file")
  func arrayBesideImages() throws {
    try TestFiles.withFolder { folder in
      let kernel = levels([3, 3], seed: 4)
      try ImageFiles.write(levels([4, 8], seed: 2), to: "\(folder)/a.pgm")
      try ArrayFiles.write(ArrayBundle(["kernel": .float(kernel)]), to: "\(folder)/kernel.npy")
      let bundle = try ArrayFiles.read(folder)
      #expect(bundle.names == ["images", "kernel"] && bundle["kernel"]?.float == kernel)
      try ArrayFiles.write(ArrayBundle(["other": .float(kernel)]), to: "\(folder)/images.npy")
      #expect(throws: ArrayFileError.self) { try ArrayFiles.read(folder) }
    }
  }

  @Test("a folder without images is refused")
  func emptyFolder() throws {
    try TestFiles.withFolder { folder in
      #expect(
        throws: ArrayFileError.unsupported(
          file: folder,
          array: nil,
          reason: "holds no .png or .pgm file"
        )
      ) { try ImageFiles.readFolder(folder) }
    }
  }

  @Test(
    "damaged maps are refused with the reason",
    arguments: [
      ("P6 1 1 255 a", "a PGM starts with P2 or P5"),
      ("P2 0 1 255 1", "the width must be a whole number from 1 to 1000000"),
      ("P2 1 1 70000 1", "the largest value must be a whole number from 1 to 65535"),
      ("P2 1 1 5 6", "a pixel must be a whole number from 0 to 5"),
      ("P5 1 1 64\nA", "a pixel is above 64, which the file says is the largest value"),
    ]
  )
  func damagedMap(text: String, reason: String) {
    #expect(throws: ArrayFileError.damaged(file: "f", array: nil, reason: reason)) {
      try ImageFiles.decode(Array(text.utf8), as: .pgm, source: "f")
    }
  }

  @Test("short and long maps are refused")
  func mapLength() {
    #expect(throws: ArrayFileError.truncated(file: "f", array: nil, expected: 13, found: 12)) {
      try ImageFiles.decode(Array("P5 2 1 255\na".utf8), as: .pgm, source: "f")
    }
    #expect(throws: ArrayFileError.trailingBytes(file: "f", array: nil, count: 1)) {
      try ImageFiles.decode(Array("P5 1 1 255\nab".utf8), as: .pgm, source: "f")
    }
  }

  @Test("NaN, empty images and other shapes are not written")
  func unwritable() {
    #expect(throws: ArrayFileError.cannotWrite(path: "f", reason: "the image holds NaN")) {
      try ImageFiles.encode(Tensor<Float>([.nan], shape: [1, 1]), as: .pgm, name: "f")
    }
    #expect(
      throws: ArrayFileError.cannotWrite(
        path: "f",
        reason: "an image is an array [height, width], this one has shape [3]"
      )
    ) { try ImageFiles.encode(Tensor<Float>([1, 2, 3]), as: .png, name: "f") }
  }

  @Test("damaged files are read or refused", arguments: ImageFiles.Format.allCases)
  func mutations(format: ImageFiles.Format) throws {
    let sound = try ImageFiles.encode(levels([9, 11], seed: 4), as: format)
    var stream = RandomStream(seed: 5)
    var refused = 0
    for _ in 0..<2000 {
      var bytes = sound
      let random = stream.integers(4, below: 1 << 30)
      bytes[random[0] % bytes.count] ^= UInt8(1 << (random[1] % 8))
      if random[2] % 2 == 0 { bytes = Array(bytes.prefix(random[3] % bytes.count)) }
      do throws(ArrayFileError) {
        let image = try ImageFiles.decode(bytes, as: format, source: "f")
        #expect(image.scalars.allSatisfy { (0...1).contains($0) })
      } catch {
        refused += 1
      }
    }
    #expect(refused > 900)
  }
}
