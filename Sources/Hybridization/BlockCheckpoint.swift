// A stage is the unit: its blocks start from the same values again when a training is taken up, so
// that the bits are those of a training that was never interrupted.

internal import NeuralNetworks
internal import Tensors

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The finished stages of a block diagram in training, as a file.
struct BlockCheckpoint {
  private static let kind = "graybox-block-checkpoint"

  let policy: CheckpointPolicy
  /// What decides the bits of the training.
  let identity: [String: String]

  /// A keeper of finished stages; nil where nothing is to be kept.
  init?<Scalar: RealTensorScalar>(
    _ context: BlockTrainingContext,
    _ settings: TrainingSettings,
    samples: [Tensor<Scalar>]
  ) {
    guard let policy = context.checkpoint else { return nil }
    self.policy = policy
    identity = [
      "scalar": Scalar.scalarName,
      "settings": "\(settings)",
      "stream": "\(context.stream)",
      "samples": samples.map { "\($0.shape) \($0.checksum(atMost: .max))" }.joined(separator: ", "),
    ]
  }

  /// Puts the finished stages of the file into the diagram.
  ///
  /// - Returns: how many there are; 0 where there is no file.
  func takeUp<Diagram: LearnedBlockDiagram>(_ diagram: Diagram) throws(NetworkError) -> Int {
    guard policy.resumes, access(policy.path, F_OK) == 0 else { return 0 }
    let file: Safetensors
    do throws(ArrayFileError) { file = try Safetensors.read(policy.path) } catch {
      throw .checkpointFile(path: policy.path, reason: error.description)
    }
    guard file.metadata["kind"] == Self.kind,
      let stages = file.metadata["stages"].flatMap({ Int($0) }),
      (0...diagram.stages.count).contains(stages)
    else {
      throw .checkpointFile(
        path: policy.path,
        reason: "it is not a checkpoint of a block diagram of this program version"
      )
    }
    for (key, expected) in identity where file.metadata[key] != expected {
      throw .checkpointMismatch(
        path: policy.path,
        what: key,
        expected: expected,
        actual: file.metadata[key] ?? "missing"
      )
    }
    try FirstStages(diagram, stages).load(file.tensors, source: policy.path)
    return stages
  }

  /// Replaces the file by one with the first stages.
  func save<Diagram: LearnedBlockDiagram>(
    _ diagram: Diagram,
    stages: Int
  ) throws(NetworkError) {
    var metadata = identity
    metadata["kind"] = Self.kind
    metadata["stages"] = "\(stages)"
    let tensors = FirstStages(diagram, stages).tensors()
    do throws(ArrayFileError) {
      try Safetensors(tensors: tensors, metadata: metadata).write(to: policy.path)
    } catch {
      throw .checkpointFile(path: policy.path, reason: error.description)
    }
  }
}

/// The first stages of a diagram as a module.
private struct FirstStages<Diagram: LearnedBlockDiagram>: Module {
  typealias Scalar = Diagram.Scalar

  let stages: [[Diagram.Block]]

  init(_ diagram: Diagram, _ count: Int) { stages = Array(diagram.stages.prefix(count)) }

  func visit(_ visitor: any ModuleVisitor<Scalar>) {
    for (number, blocks) in stages.enumerated() {
      visitor.children("stage.\(number).block", blocks)
    }
  }
}
