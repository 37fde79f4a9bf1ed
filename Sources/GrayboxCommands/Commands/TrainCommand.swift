internal import ArgumentParser
internal import NeuralNetworks
internal import Studies
internal import Tensors

/// `graybox train`.
struct TrainCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a method on your own arrays.",
    discussion: """
      graybox train METHOD --help lists the arrays and settings of one method. Ctrl-C leaves a \
      checkpoint beside the model's file; --resume goes on from it to the same model.
      """
  )

  @Argument(help: ArgumentHelp("A method's id.", valueName: "method"))
  var method: String

  @Option(name: .long, help: ArgumentHelp("Arrays to learn from.", valueName: "file"))
  var data: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Arrays to choose the best epoch by (default: split off).",
      valueName: "file"
    )
  )
  var validation: String?

  @Option(name: .long, help: ArgumentHelp("Settings in a YAML file.", valueName: "file"))
  var config: String?

  @Option(name: .long, help: ArgumentHelp("One setting; may be repeated.", valueName: "key=value"))
  var set: [String] = []

  @Option(name: .long, help: ArgumentHelp("Seed of all random numbers.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    name: .long,
    help: ArgumentHelp("Threads to use (default: all processors).", valueName: "n")
  )
  var threads: Int?

  @Flag(name: .long, help: "Go on from the checkpoint of an interrupted training.")
  var resume = false

  @Option(name: .long, help: ArgumentHelp("The model to write: .safetensors.", valueName: "file"))
  var out: String

  func run(in context: CommandContext) throws -> CommandFailure.Code {
    let (method, train) = try chosen(in: context.catalogue)
    let settings = try GivenSettings(config: config, assignments: set)
      .resolved(for: method.settings, owner: "method \(method.id)")
    let progress = ProgressLine(context.console)
    let request = try request(settings, progress)
    let result = try Interruption.watching {
      try CommandFailure.describing { try train(request) }
    }
    progress.finish()
    return try write(result, method, in: context)
  }

  /// The method and its training.
  private func chosen(
    in catalogue: Catalogue
  ) throws(CommandFailure) -> (
    MethodDescription, @Sendable (TrainingRequest) throws -> TrainingResult
  ) {
    guard let method = catalogue.methods.first(where: { $0.id == method }) else {
      throw CommandFailure(
        .usage,
        "unknown method '\(method)'; known methods: "
          + catalogue.methods.map(\.id).joined(separator: ", ")
      )
    }
    guard let train = method.train else {
      throw CommandFailure(
        .usage,
        "\(method.id) learns nothing: run it with graybox infer \(method.id)"
      )
    }
    guard out.hasSuffix(".safetensors") else {
      throw CommandFailure(.usage, "--out \(out): a model's file must end in .safetensors")
    }
    return (method, train)
  }

  private var checkpoint: String { out + ".checkpoint" }

  private func request(
    _ settings: Settings,
    _ progress: ProgressLine
  ) throws(CommandFailure) -> TrainingRequest {
    let (arrays, held) = try CommandFailure.describing {
      (try ArrayFiles.read(data), try validation.map { try ArrayFiles.read($0) })
    }
    if resume, !FileAccess.exists(checkpoint) {
      throw CommandFailure(.badData, "\(checkpoint): there is no checkpoint to resume from")
    }
    var provenance = [
      "data": data, "data_hash": arrays.digest, "seed": "\(seed)",
      "program": "graybox \(GrayboxProgram.version)",
    ]
    if let held {
      provenance["validation"] = validation
      provenance["validation_hash"] = held.digest
    }
    return TrainingRequest(
      data: arrays,
      validation: held,
      settings: settings,
      stream: RandomStream(seed: seed).derived("train"),
      checkpointPath: checkpoint,
      resumes: resume,
      pool: WorkerPool(threads: try ThreadCount.resolved(threads)),
      provenance: provenance,
      progress: { progress.show($0) },
      isCancelled: { Interruption.isAsked }
    )
  }

  private func write(
    _ result: TrainingResult,
    _ method: MethodDescription,
    in context: CommandContext
  ) throws(CommandFailure) -> CommandFailure.Code {
    if result.wasCancelled {
      context.console.error(
        "graybox: interrupted; \(checkpoint) holds what was done: go on with --resume"
      )
      return .interrupted
    }
    try CommandFailure.describing { try result.model.write(to: out) }
    if let failure = result.failure {
      context.console.error(
        "graybox: training \(method.id): \(failure); \(out) holds the best state"
      )
      return .notSucceeded
    }
    FileAccess.removeCheckpoints(checkpoint)
    context.console.result(summary(of: result))
    return .success
  }

  private func summary(of result: TrainingResult) -> String {
    var line = "\(out): \(result.trainingLosses.count) epochs"
    if let loss = result.trainingLosses.last {
      line += ", training loss \(NumberWords.short(loss))"
    }
    if let best = result.validationLosses.min() {
      line += ", best validation loss \(NumberWords.short(best))"
    }
    return line
  }
}
