import Autodiff
import Tensors
import Testing

@Suite struct RecordingTests {
  private func loss(_ inputs: [String: Tensor<Float>], _ w: Parameter<Float>) -> Tensor<Float> {
    let x = inputs["x"] ?? Tensor(0)
    return square(tanh(matmul(x, w.value)) - 0.5).mean()
  }

  private func batch(_ seed: UInt64, rows: Int) -> Tensor<Float> {
    var stream = RandomStream(seed: seed)
    return stream.normal([rows, 3])
  }

  @Test("a replay equals a fresh recording bit for bit", arguments: [UInt64(1), 2, 3])
  func replayEqualsFresh(seed: UInt64) throws {
    let w = Parameter(batch(9, rows: 3))
    let replayed = try Recording(inputs: ["x": batch(0, rows: 8)], parameters: [w]) {
      ["loss": loss($0, w)]
    }
    let x = batch(seed, rows: 8)
    try replayed.replay(["x": x])
    try replayed.backward()
    let gradient = w.gradient
    let value = try replayed.value("loss")
    let fresh = try Recording(inputs: ["x": x], parameters: [w]) { ["loss": loss($0, w)] }
    try fresh.backward()
    #expect(try fresh.value("loss") == value)
    #expect(w.gradient == gradient)
  }

  @Test("results are copies: a later replay does not move them")
  func resultsAreCopies() throws {
    let recording = try Recording(inputs: ["x": Tensor<Float>([1, 2])]) {
      ["y": ($0["x"] ?? Tensor(0)) * 2]
    }
    let first = try recording.value("y")
    try recording.replay(["x": Tensor([5, 6])])
    #expect(first == Tensor([2, 4]))
    #expect(try recording.value("y") == Tensor([10, 12]))
  }

  @Test("recording and replaying mutate no tensor")
  func nothingIsMutated() throws {
    let x = Tensor<Float>([1, 2, 3])
    let w = Parameter(Tensor<Float>([2, 2, 2]))
    let before = w.value
    let recording = try Recording(inputs: ["x": x], differentiated: ["x"], parameters: [w]) {
      ["loss": (($0["x"] ?? Tensor(0)) * w.value).sum()]
    }
    try recording.backward()
    try recording.replay(["x": Tensor([7, 8, 9])])
    w.set(Tensor([1, 1, 1]))
    #expect(x == Tensor([1, 2, 3]))
    #expect(before == Tensor([2, 2, 2]))
    #expect(w.value == Tensor([1, 1, 1]))
  }

  @Test("a host read makes the recording non-replayable and names the operation")
  func hostReadIsNamed() throws {
    let recording = try Recording(inputs: ["x": Tensor<Float>([1, 2])]) { inputs in
      let y = exp(inputs["x"] ?? Tensor(0))
      return ["y": y[0] > 1 ? y : -y]
    }
    #expect(recording.isReplayable == false)
    #expect(throws: RecordingError.notReplayable(operation: "exp")) {
      try recording.replay(["x": Tensor([0, 0])])
    }
    #expect(throws: RecordingError.notReplayable(operation: "exp")) { try recording.forward() }
  }

  @Test("choices made by masks replay")
  func masksReplay() throws {
    let recording = try Recording(inputs: ["x": Tensor<Float>([1, -2])]) { inputs in
      let x = inputs["x"] ?? Tensor(0)
      return ["y": select(isGreater(x, Tensor(0)), x, x * 10)]
    }
    try recording.replay(["x": Tensor([-1, 2])])
    #expect(try recording.value("y") == Tensor([-10, 2]))
  }

  @Test("a recorded tensor that escapes cannot be read")
  func escapeTraps() async {
    await #expect(processExitsWith: .failure) {
      var escaped: Tensor<Float>?
      _ = try Recording(inputs: ["x": Tensor<Float>([1, 2])]) { inputs in
        escaped = exp(inputs["x"] ?? Tensor(0))
        return ["y": Tensor(0)]
      }
      _ = escaped?.scalars
    }
  }

  @Test("a recorded tensor that escapes cannot be computed with")
  func escapedUseTraps() async {
    await #expect(processExitsWith: .failure) {
      var escaped: Tensor<Float>?
      _ = try Recording(inputs: ["x": Tensor<Float>([1, 2])]) { inputs in
        escaped = exp(inputs["x"] ?? Tensor(0))
        return ["y": Tensor(0)]
      }
      if let escaped { _ = escaped + 1 }
    }
  }

  @Test("a recorded tensor cannot be used by another task")
  func crossingTasksTraps() async {
    await #expect(processExitsWith: .failure) {
      _ = try Recording(inputs: ["x": Tensor<Float>([1, 2])]) { inputs in
        let x = inputs["x"] ?? Tensor(0)
        let pool = WorkerPool(threads: 2)
        // With two pieces of work that each wait for the other, one runs on the second thread.
        pool.forEach(count: 64) { _ in
          for _ in 0..<2_000 { _ = x + 1 }
        }
        return ["y": x]
      }
    }
  }

  @Test("shapes, names and non-scalars are refused with the exact error")
  func misuseIsRefused() throws {
    let recording = try Recording(inputs: ["x": Tensor<Float>([1, 2])], differentiated: ["x"]) {
      ["y": square($0["x"] ?? Tensor(0)), "c": Tensor(3)]
    }
    #expect(throws: RecordingError.shapeMismatch(input: "x", expected: [2], actual: [3])) {
      try recording.replay(["x": Tensor([1, 2, 3])])
    }
    #expect(throws: RecordingError.unknownInput("z", known: ["x"])) {
      try recording.replay(["z": Tensor([1, 2])])
    }
    #expect(throws: RecordingError.unknownOutput("q", known: ["c", "y"])) {
      try recording.value("q")
    }
    #expect(throws: RecordingError.notScalar(output: "y", shape: [2])) {
      try recording.backward(from: "y")
    }
    #expect(throws: RecordingError.notDifferentiable(output: "c")) {
      try recording.backward(from: "c")
    }
  }

  @Test("random operations draw anew on every replay, and the same for the same stream")
  func randomOperationsDrawAnew() throws {
    func values() throws -> [Tensor<Float>] {
      var stream = RandomStream(seed: 5)
      let recording = try Recording(inputs: ["x": Tensor<Float>.zeros([6])]) {
        ["y": normalNoise(like: $0["x"] ?? Tensor(0), from: &stream)]
      }
      var drawn = [try recording.value("y")]
      for _ in 0..<2 {
        try recording.forward()
        drawn.append(try recording.value("y"))
      }
      return drawn
    }
    let first = try values()
    #expect(first[0] != first[1] && first[1] != first[2])
    #expect(try values() == first)
  }

  @Test("dropout keeps the mean and scales its gradient with the mask")
  func dropoutScales() throws {
    var stream = RandomStream(seed: 6)
    let recording = try Recording(
      inputs: ["x": Tensor<Float>.ones([20_000])],
      differentiated: ["x"]
    ) { inputs in
      let y = dropout(inputs["x"] ?? Tensor(0), rate: 0.25, from: &stream)
      return ["y": y, "loss": y.sum()]
    }
    try recording.backward()
    let y = try recording.value("y")
    #expect(try recording.gradient(of: "x") == y)
    let kept = y.scalars.count { $0 != 0 }
    // Five standard errors of a binomial count of 20,000 with probability 3/4.
    #expect(abs(Double(kept) - 15_000) < 5 * (20_000 * 0.75 * 0.25).squareRoot())
  }

  @Test("the first non-finite result is named with the parameter near it")
  func nonFiniteIsNamed() throws {
    let w = Parameter(Tensor<Float>([1, -1]))
    let recording = try Recording(inputs: ["x": Tensor<Float>([1, 2])], parameters: [w]) {
      ["loss": (exp(($0["x"] ?? Tensor(0))) + log(w.value)).sum()]
    }
    let report = try #require(recording.firstNonFinite())
    #expect(report.operation == "log")
    #expect(report.parameters.first === w)
    #expect(report.isLeaf == false)
  }

  @Test("the bits do not depend on the number of threads")
  func threadsDoNotMatter() throws {
    func gradient(threads: Int) throws -> (Tensor<Float>, Tensor<Float>) {
      var stream = RandomStream(seed: 8)
      let w = Parameter(stream.normal([50, 100]) as Tensor<Float>)
      let b = Parameter(stream.normal([100]) as Tensor<Float>)
      let x: Tensor<Float> = stream.normal([3_000, 50])
      let recording = try Recording(
        inputs: ["x": x],
        parameters: [w, b],
        pool: WorkerPool(threads: threads)
      ) { ["loss": square(linear($0["x"] ?? x, w.value, b.value, activation: .tanh)).mean()] }
      try recording.backward()
      return (w.gradient, b.gradient)
    }
    let one = try gradient(threads: 1)
    let two = try gradient(threads: 2)
    let three = try gradient(threads: 3)
    #expect(one == two)
    #expect(one == three)
  }

  @Test("a parameter read on several threads at once is bound only where it is recorded")
  func bindingIsPerThread() throws {
    let w = Parameter(Tensor<Float>([1, 2]))
    let pool = WorkerPool(threads: 2)
    pool.forEach(count: 200) { _ in
      let recording = try? Recording(inputs: ["x": Tensor<Float>([3, 4])], parameters: [w]) {
        ["loss": (($0["x"] ?? Tensor(0)) * w.value).sum()]
      }
      #expect((try? recording?.scalar("loss")) == 11)
      #expect(w.value == Tensor([1, 2]))
    }
  }
}
