internal import NeuralNetworks
internal import Studies
internal import Tensors

/// The model that a learned filter is given, kept in its model file.
struct FilterKnowledge: Sendable {
  /// The arrays that a model file keeps beside the network; `process_noise` is zeros, as many as there are states.
  private static let constants: Set = ["transition", "emission", "process_noise"]

  let model: SystemModel<Float>
  /// The arrays as a model file keeps them.
  let tensors: [String: NumericArray]

  /// The knowledge that training data hold.
  ///
  /// - Throws: ``StudyError`` for arrays that are missing or do not fit.
  init(_ request: TrainingRequest) throws {
    let choice = SystemChoice(request.settings)
    model = try choice.model(request.data, as: Float.self)
    var tensors: [String: NumericArray] = [
      "process_noise": .float(.zeros([model.states, model.states]))
    ]
    if choice.dynamics == .linear { tensors["transition"] = request.data["transition"] }
    if choice.observation == .linear { tensors["emission"] = request.data["emission"] }
    self.tensors = tensors
  }

  /// The knowledge that a model file keeps.
  ///
  /// - Throws: ``StudyError`` for a file without it.
  init(_ file: ModelFile, _ settings: Settings) throws {
    tensors = file.tensors.filter { Self.constants.contains($0.key) }
    var bundle = ArrayBundle(source: "the model file")
    for (name, array) in tensors { bundle[name] = array }
    model = try SystemChoice(settings).model(bundle, as: Float.self)
  }

  /// What a model file holds beside the knowledge.
  static func learned(_ file: ModelFile) -> [String: NumericArray] {
    file.tensors.filter { !constants.contains($0.key) }
  }

  /// The knowledge of a trained method's file, and what it holds beside it.
  ///
  /// - Parameters:
  ///   - model: the file; nil where the user gave none.
  ///   - settings: the method's.
  ///   - method: its id.
  /// - Returns: both.
  /// - Throws: ``StudyError`` where there is no file, or one without the knowledge.
  static func read(_ model: ModelFile?, _ settings: Settings, method: String) throws -> (
    knowledge: FilterKnowledge, learned: [String: NumericArray]
  ) {
    guard let model else {
      throw StudyError.untrained(method)
    }
    return (try FilterKnowledge(model, settings), learned(model))
  }
}
