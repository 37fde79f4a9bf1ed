import SparseRecovery
import Studies
import Tensors
import Testing

@Suite struct SeparationMethodTests {
  static let classical: [MethodDescription] = [
    ClassicalSeparationMethods.proximalGradient, ClassicalSeparationMethods.admm,
  ]

  private func draw(_ count: Int, seed: UInt64) throws -> ArrayBundle {
    let scenario = UltrasoundScenario.description
    let given: [String: SettingValue] = [
      "frames": .integer(20), "height": .integer(16), "width": .integer(16),
      "noise_deviation": .number(0.02), "tissue": .number(0), "rank": .integer(1),
      "bubbles": .number(3),
    ]
    let settings = try Settings(given, for: scenario.settings, owner: scenario.id)
    return try scenario.draw(settings, .test, count, RandomStream(seed: seed))
  }

  private func metric(_ id: String, _ outputs: ArrayBundle, _ truth: ArrayBundle) throws -> Double {
    let task = SequenceSeparationTask.description
    let metric = try #require(task.metrics.first { $0.id == id })
    let count = try metric.measure(outputs, truth)
    return count.sum / count.reference
  }

  @Test("tissue and bubbles are told apart", arguments: [0, 1])
  func separates(index: Int) throws {
    let method = Self.classical[index]
    let data = try draw(10, seed: 3)
    let prepared = try method.prepare(
      try resolved(
        method,
        [
          "penalty": .number(0.8), "sparse_penalty": .number(0.06), "stop_after": .integer(200),
        ]
      ),
      nil
    )
    let result = try prepared.infer(data, pool: .serial)
    #expect(result.failure == nil)
    let estimates = try #require(result.arrays["estimates"])
    #expect(estimates.shape == [10, 2, 20, 16, 16])
    // Whoever finds no bubble scores 1 on the second.
    let (tissue, bubbles) = (
      try metric("low_rank_nmse", result.arrays, data),
      try metric("sparse_nmse", result.arrays, data)
    )
    #expect(tissue < 0.01)
    #expect(bubbles < 0.5)
  }

  @Test("a sequence alone gives what it gives in a batch", arguments: [0, 1])
  func single(index: Int) throws {
    let method = Self.classical[index]
    let prepared = try method.prepare(try resolved(method, ["stop_after": .integer(8)]), nil)
    let data = try draw(3, seed: 5)
    let all = try prepared.infer(data, pool: WorkerPool(threads: 2)).arrays
    let task = SequenceSeparationTask.description
    var one = try task.slice(data, 1..<2)
    let sequence = try #require(one["observations"]?.float)
    one["observations"] = .float(sequence.viewed(as: [20, 16, 16]))
    let alone = try #require(try prepared.infer(one, pool: .serial).arrays["estimates"]?.float)
    #expect(alone.shape == [2, 20, 16, 16])
    let together = try #require(try task.slice(all.with(data), 1..<2)["estimates"]?.float)
    #expect(alone.scalars == together.scalars)
  }

  @Test("double precision in, double precision out; not enough iterations is said")
  func precision() throws {
    let method = ClassicalSeparationMethods.proximalGradient
    var data = try draw(1, seed: 6)
    data["observations"] = try #require(data["observations"]?.double).asArray
    let prepared = try method.prepare(try resolved(method, ["iterations": .integer(2)]), nil)
    let result = try prepared.infer(data, pool: .serial)
    guard case .double = result.arrays["estimates"] else {
      Issue.record("single precision")
      return
    }
    #expect(result.failure?.contains("did not converge in 2 iterations") == true)
  }

  @Test("arrays that do not fit are named")
  func badArrays() throws {
    let method = ClassicalSeparationMethods.admm
    let prepared = try method.prepare(try resolved(method), nil)
    let words = "[frames, height, width], or with a batch in front"
    #expect(
      throws: StudyError.missingArray("observations", source: "mine", expected: words)
    ) { try prepared.infer(ArrayBundle(source: "mine"), pool: .serial) }
    let flat = ArrayBundle(["observations": .float(.zeros([4, 5]))], source: "mine")
    #expect(
      throws: StudyError.badShape(
        array: "observations",
        source: "mine",
        expected: words,
        actual: [4, 5]
      )
    ) { try prepared.infer(flat, pool: .serial) }
    let bad = ArrayBundle(["observations": .float(.full([2, 2, 2], .nan))], source: "mine")
    #expect(throws: StudyError.self) { try prepared.infer(bad, pool: .serial) }
  }
}

extension ArrayBundle {
  /// These arrays with those of another bundle that are missing here.
  fileprivate func with(_ other: ArrayBundle) -> ArrayBundle {
    var all = self
    for name in other.names where all[name] == nil { all[name] = other[name] }
    return all
  }
}

extension Tensor where Scalar == Double {
  fileprivate var asArray: NumericArray { .double(self) }
}
