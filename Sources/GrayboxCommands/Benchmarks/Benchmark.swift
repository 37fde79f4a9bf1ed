/// One row of `graybox bench`: a name, a size, and the closure that is timed.
struct Benchmark: Sendable {
  /// The row's name: `<method>-train`, `<method>-infer`, or a kernel's.
  let name: String
  /// How many items one call works on.
  let batch: Int
  /// How many threads it may use.
  let threads: Int
  /// The repeats whose median is reported.
  let repeats: Int
  /// Makes the inputs, which are not timed, and gives what is.
  let make: @Sendable () throws -> Work

  /// What is timed, and what it found.
  struct Work {
    /// Runs once on `batch` items and consumes its result.
    let call: () throws -> Void
    /// Numbers that belong beside the time, such as an error rate; read after the last call.
    let findings: () -> [(key: String, value: Double)]

    /// Work that is timed.
    init(
      _ call: @escaping () throws -> Void,
      findings: @escaping () -> [(key: String, value: Double)] = { [] }
    ) {
      self.call = call
      self.findings = findings
    }
  }

  /// A row.
  init(
    _ name: String,
    batch: Int,
    threads: Int = 1,
    repeats: Int = 7,
    _ make: @escaping @Sendable () throws -> Work
  ) {
    self.name = name
    self.batch = batch
    self.threads = threads
    self.repeats = repeats
    self.make = make
  }

  /// Every row, in the order in which it is printed.
  static var all: [Benchmark] {
    let groups: [[Benchmark]] = [
      tensors, training, images, detection, vectors, recovery, parts, restoration, unfolding,
      interference, filters, trajectories,
    ]
    return groups.flatMap { $0 }
  }
}

/// What a row measured.
struct BenchmarkResult {
  /// The row.
  let benchmark: Benchmark
  /// The median time of one call.
  let nanoseconds: Double
  /// The least time of one call.
  let minimum: Double
  /// Numbers that belong beside the time.
  let findings: [(key: String, value: Double)]

  /// Aimed at for one repeat; a call that takes longer is a repeat by itself.
  private static let repeatNanoseconds = 60e6

  /// Times a row: warm-up, then repeats of as many calls as fill the time of one.
  init(_ benchmark: Benchmark) throws {
    let work = try benchmark.make()
    func time(_ calls: Int) throws -> Double {
      let elapsed = try ContinuousClock().measure { for _ in 0..<calls { try work.call() } }
      let (seconds, attoseconds) = elapsed.components
      return (Double(seconds) * 1e9 + Double(attoseconds) * 1e-9) / Double(calls)
    }
    let first = try time(1)
    let once = first < Self.repeatNanoseconds ? try time(2) : first
    let calls = max(1, Int((Self.repeatNanoseconds / max(once, 1)).rounded(.down)))
    if calls > 1 { _ = try time(calls) }
    let times = try (0..<benchmark.repeats).map { _ in try time(calls) }.sorted()
    let middle = times.count / 2
    self.benchmark = benchmark
    nanoseconds = times.count % 2 == 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2
    minimum = times[0]
    findings = work.findings()
  }
}
