internal import Tensors

// A model is a safetensors file: parameters, statistics and constants are its tensors, everything
// else is text in its metadata: format_version, method, method_version, settings (a JSON object),
// inputs (a JSON list of name, axes, unit) and provenance (a JSON object of strings).

extension ModelFile {
  private enum Key {
    static let formatVersion = "format_version"
    static let method = "method"
    static let methodVersion = "method_version"
    static let settings = "settings"
    static let inputs = "inputs"
    static let provenance = "provenance"
  }

  /// Reads a model file.
  ///
  /// - Parameter path: the file.
  /// - Returns: the model.
  /// - Throws: ``ModelFileError`` that names the file and the key.
  public static func read(_ path: String) throws(ModelFileError) -> ModelFile {
    let file: Safetensors
    do throws(ArrayFileError) { file = try Safetensors.read(path) } catch { throw .file(error) }
    return try ModelFile(file, source: path)
  }

  /// Reads a model file's bytes.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - source: what to call the file in messages.
  /// - Throws: ``ModelFileError`` that names the file and the key.
  public init(bytes: [UInt8], source: String) throws(ModelFileError) {
    let file: Safetensors
    do throws(ArrayFileError) {
      file = try Safetensors(bytes: bytes, source: source)
    } catch {
      throw .file(error)
    }
    try self.init(file, source: source)
  }

  /// Writes the model, whole or not at all.
  ///
  /// - Parameter path: the file to write or replace, in a folder that exists.
  /// - Throws: ``ModelFileError/file(_:)`` when the system would not write it;
  ///   ``ModelFileError/wrongValue(file:key:requirement:)`` when the settings are no JSON object.
  public func write(to path: String) throws(ModelFileError) {
    let file = try safetensors(name: path)
    do throws(ArrayFileError) { try file.write(to: path) } catch { throw .file(error) }
  }

  /// The bytes of the file.
  ///
  /// - Parameter name: what to call the file in messages.
  /// - Returns: the whole file.
  /// - Throws: ``ModelFileError``, as `write(to:)` does.
  public func encoded(name: String = "") throws(ModelFileError) -> [UInt8] {
    let file = try safetensors(name: name)
    do throws(ArrayFileError) { return try file.encoded(name: name) } catch { throw .file(error) }
  }

  // MARK: - Reading

  private init(_ file: Safetensors, source: String) throws(ModelFileError) {
    let metadata = ModelMetadata(file: source, values: file.metadata)
    let version = try metadata.text(Key.formatVersion)
    guard version == String(Self.currentFormatVersion) else {
      throw .unknownFormatVersion(
        file: source,
        found: version,
        known: Self.currentFormatVersion
      )
    }
    let method = try metadata.text(Key.method)
    guard !method.isEmpty else {
      throw metadata.wrong(Key.method, "a method's id")
    }
    guard let methodVersion = Int(try metadata.text(Key.methodVersion)), methodVersion >= 0 else {
      throw metadata.wrong(Key.methodVersion, "a whole number")
    }
    _ = try metadata.object(Key.settings)
    self.init(
      method: method,
      methodVersion: methodVersion,
      settings: try metadata.text(Key.settings),
      tensors: file.tensors,
      inputs: try metadata.inputs(Key.inputs),
      provenance: try metadata.strings(Key.provenance)
    )
  }

  // MARK: - Writing

  private func safetensors(name: String) throws(ModelFileError) -> Safetensors {
    let contracts = inputs.map { input in
      JSONText.object([
        .init("name", .string(input.name)),
        .init("axes", .array(input.axes.map { .string($0) })),
        .init("unit", .string(input.unit)),
      ])
    }
    let origin = provenance.sorted { $0.key < $1.key }
      .map { JSONText.Member($0.key, .string($0.value)) }
    let metadata = [
      Key.formatVersion: String(Self.currentFormatVersion),
      Key.method: method,
      Key.methodVersion: String(methodVersion),
      Key.settings: settings,
      Key.inputs: JSONText.array(contracts).text,
      Key.provenance: JSONText.object(origin).text,
    ]
    // What could not be read again is not written.
    _ = try ModelMetadata(file: name, values: metadata).object(Key.settings)
    return Safetensors(tensors: tensors, metadata: metadata)
  }
}

/// The text of a model file, with what each key must hold.
private struct ModelMetadata {
  let file: String
  let values: [String: String]

  func text(_ key: String) throws(ModelFileError) -> String {
    guard let value = values[key] else { throw .missingKey(file: file, key: key) }
    return value
  }

  func wrong(_ key: String, _ requirement: String) -> ModelFileError {
    .wrongValue(file: file, key: key, requirement: requirement)
  }

  func object(_ key: String) throws(ModelFileError) -> [JSONText.Member] {
    guard case .object(let members) = try json(key, "a JSON object") else {
      throw wrong(key, "a JSON object")
    }
    return members
  }

  func strings(_ key: String) throws(ModelFileError) -> [String: String] {
    var strings: [String: String] = [:]
    for member in try object(key) {
      guard case .string(let text) = member.value else {
        throw wrong(key, "a JSON object of strings")
      }
      strings[member.key] = text
    }
    return strings
  }

  func inputs(_ key: String) throws(ModelFileError) -> [ModelFile.InputContract] {
    let requirement = "a JSON list of inputs with name, axes and unit"
    guard case .array(let values) = try json(key, requirement) else {
      throw wrong(key, requirement)
    }
    var inputs: [ModelFile.InputContract] = []
    for value in values {
      guard case .string(let name)? = value["name"], case .string(let unit)? = value["unit"],
        case .array(let axes)? = value["axes"]
      else { throw wrong(key, requirement) }
      var words: [String] = []
      for axis in axes {
        guard case .string(let word) = axis else { throw wrong(key, requirement) }
        words.append(word)
      }
      inputs.append(.init(name: name, axes: words, unit: unit))
    }
    return inputs
  }

  private func json(_ key: String, _ requirement: String) throws(ModelFileError) -> JSONText {
    let bytes = Array(try text(key).utf8)
    do throws(JSONText.Failure) {
      return try JSONText(parsing: bytes)
    } catch {
      throw wrong(key, requirement)
    }
  }
}
