internal import ArgumentParser
internal import Tensors

/// `graybox bench`.
struct BenchCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure this machine: kernels, training steps, detectors.",
    discussion: """
      A time is the median of one call on `batch` items. Training rows are named METHOD-train, \
      inference rows METHOD-infer.
      """
  )

  @Option(
    name: .long,
    help: ArgumentHelp("Only rows whose NAME-BATCH contains the text.", valueName: "text")
  )
  var filter: String?

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  func run(in context: CommandContext) throws -> CommandFailure.Code {
    let chosen = Benchmark.all.filter { benchmark in
      filter.map { "\(benchmark.name)-\(benchmark.batch)".contains($0) } ?? true
    }
    guard !chosen.isEmpty else {
      let names = Benchmark.all.map(\.name)
      let distinct = names.indices.filter { names.firstIndex(of: names[$0]) == $0 }
      throw CommandFailure(
        .usage,
        "--filter \(filter ?? ""): no such row; rows: "
          + distinct.map { names[$0] }.joined(separator: ", ")
      )
    }
    let machine = MachineReport()
    let header = [
      machine.processor, "\(machine.threads) threads", "kernels \(machine.kernels)",
      "BLAS \(machine.blasWords)",
    ].joined(separator: ", ")
    context.console.error(header)
    if let warning = machine.pinWarning { context.console.error("warning: \(warning)") }
    var results: [BenchmarkResult] = []
    for benchmark in chosen {
      if context.console.rewritesLines {
        context.console.progress("\r\u{1B}[K\(benchmark.name) \(benchmark.batch)")
      }
      results.append(try CommandFailure.describing { try BenchmarkResult(benchmark) })
    }
    if context.console.rewritesLines { context.console.progress("\r\u{1B}[K") }
    context.console.result(
      json
        ? JSONText.array(results.map { Self.json($0, machine) }).lines : Self.table(results)
    )
    return .success
  }

  private static func json(_ result: BenchmarkResult, _ machine: MachineReport) -> JSONText {
    var members: [JSONText.Member] = [
      .init("name", .string(result.benchmark.name)),
      .init("batch", .integer(result.benchmark.batch)),
      .init("nanoseconds", .number(rounded(result.nanoseconds))),
      .init("minimum", .number(rounded(result.minimum))),
      .init("repeats", .integer(result.benchmark.repeats)),
      .init("threads", .integer(result.benchmark.threads)),
      .init("kernel", .string(machine.kernels)),
      .init("blas", .string(machine.blasWords)),
    ]
    for (key, value) in result.findings { members.append(.init(key, .number(value))) }
    return .object(members)
  }

  private static func rounded(_ nanoseconds: Double) -> Double {
    (nanoseconds * 10).rounded() / 10
  }

  private static func table(_ results: [BenchmarkResult]) -> String {
    var table = TextTable(
      ["name", "batch", "threads", "median", "minimum", "items/s", ""],
      rightAligned: [1, 2, 3, 4, 5]
    )
    for result in results {
      let rate = Double(result.benchmark.batch) / result.nanoseconds * 1e9
      table.append([
        result.benchmark.name, "\(result.benchmark.batch)", "\(result.benchmark.threads)",
        time(result.nanoseconds), time(result.minimum), NumberWords.short(rate.rounded()),
        result.findings.map { "\($0.key) \(NumberWords.short($0.value))" }
          .joined(separator: ", "),
      ])
    }
    return table.text
  }

  /// A time in the unit that suits it.
  static func time(_ nanoseconds: Double) -> String {
    let units = [(1e9, "s"), (1e6, "ms"), (1e3, "us"), (1, "ns")]
    let (scale, unit) = units.first { nanoseconds >= $0.0 } ?? (1, "ns")
    return "\(NumberWords.short((nanoseconds / scale * 1000).rounded() / 1000)) \(unit)"
  }
}
