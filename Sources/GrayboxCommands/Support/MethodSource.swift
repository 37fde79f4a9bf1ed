internal import NeuralNetworks
internal import Studies

/// What `infer` runs: a method of the catalogue with settings, or a trained model.
struct MethodSource {
  /// The method.
  let method: MethodDescription
  /// Its resolved settings.
  let settings: Settings
  /// The trained model, for a method that learns.
  let model: ModelFile?

  /// Finds the method or reads the model that the word names.
  ///
  /// - Parameters:
  ///   - word: a method's id, or the path of a model file.
  ///   - given: what the command line sets.
  ///   - catalogue: the methods.
  /// - Throws: ``CommandFailure``: 64 for an unknown id, 65 for a model that cannot be run.
  init(_ word: String, given: GivenSettings, catalogue: Catalogue) throws(CommandFailure) {
    if let method = catalogue.methods.first(where: { $0.id == word }) {
      guard method.train == nil else {
        throw CommandFailure(
          .usage,
          "\(word) must be trained first: graybox train \(word) --data FILE.npz --out MODEL.safetensors"
            + ", then graybox infer MODEL.safetensors"
        )
      }
      self.method = method
      model = nil
      settings = try given.resolved(for: method.settings, owner: "method \(word)")
      return
    }
    guard word.hasSuffix(".safetensors") || FileAccess.exists(word) else {
      throw Self.unknown(word, catalogue)
    }
    let model = try CommandFailure.describing { try ModelFile.read(word) }
    let method = try Self.method(of: model, path: word, catalogue)
    let trained = try CommandFailure.describing {
      let node = try StudyNode(yaml: model.settings, source: "\(word): settings")
      let values = try GivenSettings.values(of: node, source: "\(word): settings")
      return try Settings(values, for: method.settings, owner: "\(word): settings").values
    }
    self.method = method
    self.model = model
    settings = try given.resolved(for: method.settings, over: trained, owner: "method \(method.id)")
  }

  private static func method(
    of model: ModelFile,
    path: String,
    _ catalogue: Catalogue
  ) throws(CommandFailure) -> MethodDescription {
    guard let method = catalogue.methods.first(where: { $0.id == model.method }) else {
      throw CommandFailure(
        .badData,
        "\(path): holds a model of method '\(model.method)', which this program does not know;"
          + " known methods: \(catalogue.methods.map(\.id).joined(separator: ", "))"
      )
    }
    guard method.version == model.methodVersion else {
      throw CommandFailure(
        .badData,
        "\(path): was written by version \(model.methodVersion) of method '\(model.method)';"
          + " this program runs version \(method.version)"
      )
    }
    return method
  }

  /// The failure of a word that names no method.
  static func unknown(_ word: String, _ catalogue: Catalogue) -> CommandFailure {
    CommandFailure(
      .usage,
      "unknown method '\(word)', and no file of that name; known methods: "
        + catalogue.methods.map(\.id).joined(separator: ", ")
    )
  }
}
