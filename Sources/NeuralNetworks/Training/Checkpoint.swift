internal import Autodiff
internal import Tensors

/// What decides the bits of a training, as text: a checkpoint of another one is refused.
struct TrainingIdentity {
  let entries: [String: String]

  init<Scalar: RealTensorScalar>(
    _ loop: TrainingLoop<Scalar>,
    _ parts: TrainingParts<Scalar>,
    _ context: TrainingContext<Scalar>
  ) {
    let layout = loop.flat.places.map { place in
      let name = loop.names.first { $0.parameter === place.parameter }?.name ?? "parameter"
      return "\(name)\(place.parameter.shape)@\(place.offset)"
    }
    let groups = loop.flat.sections.map {
      "\($0.range) x\($0.rateFactor) \($0.weightDecay ?? -1) \($0.isFrozen)"
    }
    entries = [
      "scalar": Scalar.scalarName,
      "settings": "\(loop.settings)",
      "stream": "\(context.stream)",
      "layout": layout.joined(separator: " "),
      "groups": groups.joined(separator: "; "),
      "training set": Self.summary(parts.training),
      "validation set": parts.validation.map { Self.summary($0) } ?? "none",
    ]
  }

  private static func summary<Scalar: RealTensorScalar>(_ dataset: Dataset<Scalar>) -> String {
    let arrays = dataset.fields.map { field in
      "\(field.name)\(field.rows.shape) \(field.rows.checksum())"
    }
    return "\(dataset.count) samples: " + arrays.joined(separator: ", ")
  }
}

/// Saves a training and takes it up again.
final class CheckpointKeeper {
  private let policy: CheckpointPolicy
  private let identity: TrainingIdentity
  private var lastSave = ContinuousClock.now

  init(_ policy: CheckpointPolicy, identity: TrainingIdentity) {
    self.policy = policy
    self.identity = identity
  }

  /// Saves when the interval has passed.
  func saveIfDue<Scalar: RealTensorScalar>(_ loop: TrainingLoop<Scalar>) throws(NetworkError) {
    guard lastSave.duration(to: .now).seconds >= policy.intervalSeconds else { return }
    try save(loop)
  }

  /// Saves now.
  func save<Scalar: RealTensorScalar>(_ loop: TrainingLoop<Scalar>) throws(NetworkError) {
    let contents = Checkpoint(loop, identity)
    try CheckpointFile.write(contents, to: policy.path)
    lastSave = .now
  }

  /// Takes up the file when there is one.
  func takeUp<Scalar: RealTensorScalar>(_ loop: TrainingLoop<Scalar>) throws(NetworkError) {
    guard policy.resumes, let checkpoint = try CheckpointFile.read(policy.path) else { return }
    try checkpoint.restore(loop, identity, path: policy.path)
  }
}

/// The contents of a checkpoint file: everything that the rest of a training depends on.
struct Checkpoint {
  static var formatVersion: String { "1" }

  var tensors: [String: NumericArray] = [:]
  var metadata: [String: String] = [:]

  init(tensors: [String: NumericArray], metadata: [String: String]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  init<Scalar: RealTensorScalar>(_ loop: TrainingLoop<Scalar>, _ identity: TrainingIdentity) {
    loop.flat.valuesDidChange()
    for (index, place) in loop.flat.places.enumerated() {
      tensors["values.\(index)"] = NumericArray(place.parameter.value)
      if loop.best.isFilled {
        tensors["best.\(index)"] = NumericArray(
          loop.best.tensor(at: place.offset, shape: place.parameter.shape)
        )
      }
    }
    for (name, state) in loop.states { tensors["state.\(name)"] = NumericArray(state.value) }
    for (entry, value) in zip(loop.states, loop.bestStates) {
      tensors["beststate.\(entry.name)"] = NumericArray(value)
    }
    let optimiser = loop.optimiser.state
    for (index, moment) in optimiser.moments.enumerated() {
      tensors["moment.\(index)"] = NumericArray(moment)
    }
    let progress = loop.progress
    tensors["history.training"] = .double(Tensor(progress.trainingLosses))
    tensors["history.validation"] = .double(Tensor(progress.validationLosses))
    tensors["epoch.sums"] = .double(Tensor([progress.lossSum, progress.lossWeight]))
    metadata = [
      "kind": "graybox-checkpoint", "format": Self.formatVersion,
      "step": "\(progress.step)", "optimiserStep": "\(optimiser.stepCount)",
      "bestEpoch": "\(progress.bestEpoch ?? 0)",
    ]
    for (key, value) in identity.entries { metadata["identity.\(key)"] = value }
  }

  /// Puts everything back; nothing is changed when an error is thrown before the end of the checks.
  func restore<Scalar: RealTensorScalar>(
    _ loop: TrainingLoop<Scalar>,
    _ identity: TrainingIdentity,
    path: String
  ) throws(NetworkError) {
    try checkIdentity(identity, path)
    let hasBest = tensors["best.0"] != nil
    for (index, place) in loop.flat.places.enumerated() {
      let parameter = place.parameter
      parameter.set(
        try tensors.checked("values.\(index)", shape: parameter.shape, source: path)
      )
      if hasBest {
        let value: Tensor<Scalar> = try tensors.checked(
          "best.\(index)",
          shape: parameter.shape,
          source: path
        )
        loop.best.set(value, at: place.offset)
      }
    }
    var bestStates: [Tensor<Scalar>] = []
    for (name, state) in loop.states {
      state.set(try tensors.checked("state.\(name)", shape: state.shape, source: path))
      if hasBest {
        bestStates.append(
          try tensors.checked("beststate.\(name)", shape: state.shape, source: path)
        )
      }
    }
    loop.bestStates = bestStates
    try restoreOptimiser(loop, path)
    try restoreProgress(loop, path)
  }

  private func checkIdentity(_ identity: TrainingIdentity, _ path: String) throws(NetworkError) {
    guard metadata["kind"] == "graybox-checkpoint", metadata["format"] == Self.formatVersion else {
      throw .checkpointFile(path: path, reason: "it is not a checkpoint of this program version")
    }
    for (key, expected) in identity.entries.sorted(by: { $0.key < $1.key }) {
      let actual = metadata["identity.\(key)"] ?? "missing"
      guard actual == expected else {
        throw .checkpointMismatch(path: path, what: key, expected: expected, actual: actual)
      }
    }
  }

  private func restoreOptimiser<Scalar: RealTensorScalar>(
    _ loop: TrainingLoop<Scalar>,
    _ path: String
  ) throws(NetworkError) {
    var moments: [Tensor<Scalar>] = []
    for index in 0..<loop.optimiser.rule.momentCount {
      moments.append(
        try tensors.checked("moment.\(index)", shape: [loop.flat.count], source: path)
      )
    }
    try loop.optimiser.restore(
      OptimiserState(stepCount: try whole("optimiserStep", path), moments: moments)
    )
  }

  private func restoreProgress<Scalar: RealTensorScalar>(
    _ loop: TrainingLoop<Scalar>,
    _ path: String
  ) throws(NetworkError) {
    let sums = try numbers("epoch.sums", path)
    guard sums.count == 2 else {
      throw .wrongShape(name: "epoch.sums", expected: [2], actual: [sums.count], source: path)
    }
    let bestEpoch = try whole("bestEpoch", path)
    loop.progress.step = try whole("step", path)
    loop.progress.lossSum = sums[0]
    loop.progress.lossWeight = sums[1]
    loop.progress.bestEpoch = bestEpoch == 0 ? nil : bestEpoch
    loop.progress.trainingLosses = try numbers("history.training", path)
    loop.progress.validationLosses = try numbers("history.validation", path)
  }

  private func whole(_ key: String, _ path: String) throws(NetworkError) -> Int {
    guard let value = metadata[key].flatMap({ Int($0) }), value >= 0 else {
      throw .checkpointFile(path: path, reason: "its entry '\(key)' is not a whole number")
    }
    return value
  }

  private func numbers(_ name: String, _ path: String) throws(NetworkError) -> [Double] {
    guard let array = tensors[name] else { throw .missingTensor(name: name, source: path) }
    guard let tensor = array.double else { throw .notReal(name: name, source: path) }
    return tensor.scalars
  }
}
