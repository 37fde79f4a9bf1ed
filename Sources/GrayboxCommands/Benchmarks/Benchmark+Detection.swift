extension Benchmark {
  static var detection: [Benchmark] { [] }
}
