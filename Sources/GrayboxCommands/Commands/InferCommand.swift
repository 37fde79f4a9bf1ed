internal import ArgumentParser
internal import Studies
internal import Tensors

/// `graybox infer`.
struct InferCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "infer",
    abstract: "Run a classical method or a trained model on your own arrays.",
    discussion: """
      graybox infer METHOD --help lists the arrays and settings of one method. When the data holds \
      targets too, the task's metrics are printed with their 95 % intervals.
      """
  )

  @Argument(help: ArgumentHelp("A method's id, or a trained model's file.", valueName: "method"))
  var source: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "What to read: .npz, .npy or .csv, an image or a folder of images.",
      valueName: "file"
    )
  )
  var data: String

  @Option(name: .long, help: ArgumentHelp("Settings in a YAML file.", valueName: "file"))
  var config: String?

  @Option(name: .long, help: ArgumentHelp("One setting; may be repeated.", valueName: "key=value"))
  var set: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp("Threads to use (default: all processors).", valueName: "n")
  )
  var threads: Int?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "What to write: .npz, .npy or .csv, an image or a folder of images.",
      valueName: "file"
    )
  )
  var out: String

  func run(in context: CommandContext) throws -> CommandFailure.Code {
    let catalogue = context.catalogue
    let destination = try ResultDestination(out)
    let given = try GivenSettings(config: config, assignments: set)
    let source = try MethodSource(source, given: given, catalogue: catalogue)
    let pool = WorkerPool(threads: try ThreadCount.resolved(threads))
    let arrays = try GivenArrays.read(data, for: source.method)
    let result = try CommandFailure.describing {
      try source.method.prepare(source.settings, source.model).infer(arrays, pool: pool)
    }
    try destination.write(result.arrays, of: source.method, from: data)
    try report(result, truth: arrays, source.method, in: context)
    guard let failure = result.failure else { return .success }
    context.console.error("graybox: \(data): \(failure); \(out) holds the partial result")
    return .notSucceeded
  }

  /// Prints the metrics when the data says what is true.
  private func report(
    _ result: InferenceResult,
    truth: ArrayBundle,
    _ method: MethodDescription,
    in context: CommandContext
  ) throws {
    let targets = method.arrays.filter { $0.role == .target }.map(\.name)
    guard !targets.isEmpty, targets.allSatisfy({ truth[$0] != nil }),
      let task = context.catalogue.tasks.first(where: { $0.id == method.task })
    else { return }
    let metrics = try CommandFailure.describing {
      try MeasuredMetric.all(of: task, outputs: result.arrays, truth: truth)
    }
    for metric in metrics { context.console.result(metric.line) }
  }
}
