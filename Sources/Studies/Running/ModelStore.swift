package import NeuralNetworks
internal import Synchronization
internal import Tensors

/// The trained models of a study: made when they are missing, read when they are there.
package struct ModelStore: Sendable {
  /// The folder, which exists.
  package let folder: String
  private let storage: StudyStorage

  /// The models in a folder.
  package init(folder: String, storage: StudyStorage) {
    self.folder = folder
    self.storage = storage
  }

  /// Where a job's model lies.
  package func path(of job: TrainingJob) -> String { "\(folder)/\(job.name).safetensors" }

  /// Whether a job is done.
  package func holds(_ job: TrainingJob) -> Bool { FileAccess.exists(path(of: job)) }

  /// The model of a job that is done.
  package func model(of job: TrainingJob) throws -> ModelFile {
    try storage.readModel(path(of: job))
  }

  /// Trains a job and keeps its model; goes on from a checkpoint where there is one.
  ///
  /// - Parameters:
  ///   - job: what to train.
  ///   - world: where its arrays come from.
  ///   - runner: the pool to use, and whether to stop.
  ///   - origin: what the model file says of the study.
  /// - Returns: what training gave.
  /// - Throws: ``StudyInterruption`` when stopped, with the checkpoint kept.
  @discardableResult
  package func train(
    _ job: TrainingJob,
    world: StudyWorld,
    runner: UnitRunner,
    origin: [String: String]
  ) throws -> TrainingResult {
    guard let train = job.description.train else {
      throw StudyError.invalid("method \(job.method.id): learns nothing")
    }
    let arrays = try world.arrays(for: job)
    let checkpoint = "\(folder)/\(job.name).checkpoint"
    var request = TrainingRequest(
      data: try arrays.train.renamed(job.method.arrays),
      validation: try arrays.validation?.renamed(job.method.arrays),
      settings: job.method.settings,
      stream: world.learningStream(for: job),
      checkpointPath: checkpoint,
      resumes: FileAccess.exists(checkpoint),
      pool: runner.pool,
      provenance: origin.merging(["trained_on": job.key, "replicate": "\(job.replicate)"]) { $1 },
      isCancelled: runner.isCancelled
    )
    let again = world.redraw(for: job)
    let drawn = DrawnFlag()
    if let again {
      request.redraw = { epoch in
        drawn.raise()
        return try again(epoch)
      }
    }
    let result = try train(request)
    if result.wasCancelled { throw StudyInterruption() }
    if again != nil, !request.resumes, result.trainingLosses.count > 1, !drawn.isRaised {
      throw StudyError.invalid(
        "part \(world.part.id): training: redraw: \(job.method.id) learns from the same items in every pass"
      )
    }
    try storage.writeModel(Self.labelled(result), path(of: job))
    FileAccess.removeCheckpoints(checkpoint)
    return result
  }

  /// Keeps a model that was trained elsewhere, such as at the end of a chain of blocks.
  package func keep(_ model: ModelFile, name: String) throws {
    try storage.writeModel(model, "\(folder)/\(name).safetensors")
  }

  /// The model with what its rows and the search need to know of its training.
  private static func labelled(_ result: TrainingResult) -> ModelFile {
    var model = result.model
    model.provenance["training_failure"] = result.failure
    let losses = result.validationLosses.filter(\.isFinite)
    model.provenance["validation_loss"] = losses.min().map { "\($0)" }
    return model
  }
}

/// Whether a training asked for items drawn anew.
private final class DrawnFlag: Sendable {
  private let flag = Mutex(false)
  var isRaised: Bool { flag.withLock { $0 } }
  func raise() { flag.withLock { $0 = true } }
}

extension ModelFile {
  /// Why the training did not succeed, or nil.
  var trainingFailure: String? { provenance["training_failure"] }

  /// The best validation loss, or nil.
  var validationLoss: Double? { provenance["validation_loss"].flatMap { Double($0) } }
}
