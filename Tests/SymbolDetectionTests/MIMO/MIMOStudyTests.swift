internal import Studies
internal import SymbolDetection
internal import Tensors
internal import Testing

@Suite struct MIMOStudyTests {
  private func drawn(
    _ given: [String: SettingValue],
    _ purpose: ScenarioDescription.Purpose = .test,
    _ count: Int = 20,
    seed: UInt64 = 1
  ) throws -> ArrayBundle {
    let world = MIMOScenario.description
    let settings = try Settings(given, for: world.settings, owner: world.id)
    return try world.draw(settings, purpose, count, RandomStream(seed: seed))
  }

  private func infer(
    _ method: MethodDescription,
    _ given: [String: SettingValue],
    _ arrays: ArrayBundle
  ) throws -> InferenceResult {
    let settings = try Settings(given, for: method.settings, owner: method.id)
    return try method.prepare(settings, nil).infer(arrays, pool: .serial)
  }

  private static let small: [String: SettingValue] = ["users": .integer(3), "receive": .integer(5)]

  @Test("a draw has the shapes it says, and the noise power of its convention")
  func iid() throws {
    let arrays = try drawn(Self.small.merging(["noise_error": .number(3)]) { $1 })
    #expect(arrays["channel"]?.shape == [20, 5, 3])
    #expect(arrays["observations"]?.shape == [20, 5])
    #expect(arrays["targets"]?.shape == [20, 3])
    #expect(arrays["noise_variance"]?.shape == [20])
    let h = try #require(arrays["channel"]?.double).scalars
    let noise = try #require(arrays["noise_variance"]?.double).scalars
    let wrong = try #require(arrays["noise_variance_wrong"]?.double).scalars
    for i in 0..<20 {
      let energy: Double = h[(i * 15)..<(i * 15 + 15)].reduce(0) { $0 + $1 * $1 }
      // Single precision sums of 15 squares.
      #expect(abs(noise[i] - energy / (3 * 10)) < 1e-5 * noise[i])
      #expect(abs(wrong[i] - 3 * noise[i]) < 1e-6 * wrong[i])
    }
  }

  @Test("a search draws at the SNR of its point")
  func search() throws {
    let fixed = Self.small.merging(["channel": .text("toeplitz"), "snr": .number(11)]) { $1 }
    let (searched, tested) = (try drawn(fixed, .search, 20), try drawn(fixed, .test, 20))
    #expect(searched["noise_variance"]?.double == tested["noise_variance"]?.double)
  }

  @Test("training draws have SNRs uniform in linear scale")
  func training() throws {
    let arrays = try drawn(Self.small, .training, 4000)
    let h = try #require(arrays["channel"]?.double).scalars
    let noise = try #require(arrays["noise_variance"]?.double).scalars
    let snr = (0..<4000).map { (i: Int) -> Double in
      let energy: Double = h[(i * 15)..<(i * 15 + 15)].reduce(0) { $0 + $1 * $1 }
      return energy / (3 * noise[i])
    }
    let (low, high) = (Double.powerOfTen(0.7), Double.powerOfTen(1.4))
    #expect(snr.allSatisfy { $0 > low * 0.9999 && $0 < high * 1.0001 })
    // 5 standard errors of the mean of 4000 uniform numbers.
    let error = (high - low) / 12.0.squareRoot() / 4000.0.squareRoot()
    let mean: Double = snr.reduce(0, +) / 4000
    let middle: Double = (low + high) / 2
    #expect(abs(mean - middle) < 5 * error)
  }

  @Test("the Toeplitz channel is one for all and has the Gram matrix it is named by")
  func toeplitz() throws {
    let arrays = try drawn(["channel": .text("toeplitz")])
    #expect(arrays["channel"]?.shape == [60, 30] && arrays["noise_variance"]?.shape == [])
    let h = MIMOChannel.toeplitz(receive: 60, users: 30, coefficient: 0.55)
    let gram = Matrix(rows: 60, columns: 30, h.scalars).gram()
    var power = 1.0
    for distance in 0..<30 {
      for i in 0..<(30 - distance) { #expect(abs(gram[i, i + distance] - power) < 1e-13) }
      power *= 0.55
    }
  }

  @Test(
    "every detector takes every constellation of its own and gives arrays of the user's kind",
    arguments: VectorConstellation.allCases
  )
  func constellations(constellation: VectorConstellation) throws {
    var scenario = Self.small
    scenario["constellation"] = .text(constellation.rawValue)
    scenario["snr"] = .number(60)
    let arrays = try drawn(scenario)
    let bits = MIMODetectionTask.description.metrics[0]
    for method in MIMOMethods.all where method.id != "mimo-amp" {
      var given: [String: SettingValue] = ["constellation": .text(constellation.rawValue)]
      if method.id == "sdr", constellation.levels.count > 2 {
        #expect(
          throws: StudyError.invalid(
            "scenario mimo-channel: constellation has 4 levels in a real dimension; sdr relaxes "
              + "two: bpsk or qpsk"
          )
        ) { try infer(method, given, arrays) }
        continue
      }
      if method.id == "box-pgd" { given["stop_after"] = .integer(20_000) }
      if method.settings.contains(where: { $0.key == "probabilities" }) {
        given["probabilities"] = .flag(true)
      }
      let result = try infer(method, given, arrays)
      #expect(result.failure == nil)
      #expect(result.arrays["estimates"]?.shape == [20, 3])
      let count = try bits.measure(result.arrays, arrays)
      #expect(count.errors == 0, "\(method.id)")
      let size = constellation.levels.count
      #expect(count.trials == 60 * (size / 2) * (constellation.isComplex ? 2 : 1))
      if given["probabilities"] != nil {
        let expected = constellation.isComplex ? [20, 3, 2, size] : [20, 3, size]
        #expect(result.arrays["probabilities"]?.shape == expected)
      }
    }
  }

  @Test("a complex channel is its real equivalent")
  func realEquivalent() {
    // (1 + 2i)(3 - i) = 5 + 5i.
    let h = RealEquivalent.matrices(Tensor<Double>([1, 2], shape: [1, 1, 2]))
    #expect(h == Tensor([1, -2, 2, 1], shape: [2, 2]))
    let s = RealEquivalent.vectors(Tensor<Double>([3, -1], shape: [1, 1, 2]))
    #expect(Matrix(rows: 2, columns: 2, h.scalars).times(s.scalars) == [5, 5])
    #expect(RealEquivalent.complexVectors(s) == Tensor([3, -1], shape: [1, 1, 2]))
    let tall = RealEquivalent.matrices(
      Tensor<Double>([1, 2], shape: [1, 1, 2]),
      symbolsAreReal: true
    )
    #expect(tall == Tensor([1, 2], shape: [2, 1]))
  }

  @Test("bits of Gray-coded amplitudes are counted, and vectors once each")
  func metrics() throws {
    let unit = Float(1 / 5.0.squareRoot())
    var truth = ArrayBundle()
    truth["targets"] = .float(Tensor([-3, -1, 1, 3].map { unit * $0 }, shape: [2, 2]))
    var outputs = ArrayBundle()
    // A neighbour is one bit off, a mirrored amplitude one, the opposite neighbour two.
    outputs["estimates"] = .float(Tensor([-1, -1, 3, -1].map { unit * $0 }, shape: [2, 2]))
    let metrics = MIMODetectionTask.description.metrics
    let bits = try metrics[0].measure(outputs, truth)
    #expect(bits.errors == 1 + 0 + 1 + 2 && bits.trials == 8)
    let vectors = try metrics[1].measure(outputs, truth)
    #expect(vectors.errors == 2 && vectors.trials == 2)
    #expect(metrics.map(\.id) == ["bit_error_rate", "vector_error_rate"])
  }

  @Test("a slice holds its vectors and what all share")
  func slice() throws {
    let task = MIMODetectionTask.description
    let arrays = try drawn(["users": .integer(3), "receive": .integer(20)], .test, 20)
    let part = try task.slice(arrays, 3..<8)
    #expect(part["channel"]?.shape == [5, 20, 3] && part["noise_variance"]?.shape == [5])
    // A shared channel with as many antennas as there are vectors stays whole.
    let shared = try drawn(
      ["users": .integer(3), "receive": .integer(20), "channel": .text("toeplitz")],
      .test,
      20
    )
    #expect(try task.slice(shared, 0..<4)["channel"]?.shape == [20, 3])
    let whole = try infer(MIMOMethods.linearMMSE, [:], arrays).arrays["estimates"]?.float
    let piece = try infer(MIMOMethods.linearMMSE, [:], part).arrays["estimates"]?.float
    #expect(Array(try #require(whole).scalars[9..<24]) == piece?.scalars)
  }

  @Test("arrays and settings that do not fit are errors that name them")
  func errors() throws {
    let arrays = try drawn(Self.small)
    var missing = arrays
    missing["noise_variance"] = nil
    #expect(
      throws: StudyError.missingArray(
        "noise_variance",
        source: "scenario mimo-channel",
        expected: "real numbers"
      )
    ) { try infer(MIMOMethods.linearMMSE, [:], missing) }
    #expect(try infer(MIMOMethods.zeroForcing, [:], missing).failure == nil)
    #expect(throws: StudyError.self) {
      try infer(MIMOMethods.zeroForcing, ["constellation": .text("qpsk")], arrays)
    }
    var narrow = arrays
    narrow["channel"] = .float(.zeros([20, 4, 3]))
    #expect(
      throws: StudyError.invalid(
        "scenario mimo-channel: channel has shape [20, 4, 3], expected [5, users] or "
          + "[20, 5, users] for observations of shape [20, 5]"
      )
    ) { try infer(MIMOMethods.zeroForcing, [:], narrow) }
    let wide = try drawn(["users": .integer(5), "receive": .integer(3)])
    #expect(
      throws: StudyError.invalid(
        "scenario mimo-channel: channel has 5 users in 3 real dimensions; the sphere decoder needs "
          + "at least as many dimensions as users"
      )
    ) { try infer(MIMOMethods.sphereDecoder, [:], wide) }
    #expect(try infer(MIMOMethods.exhaustive, [:], wide).failure == nil)
    #expect(throws: StudyError.self) { try drawn(["channel": .text("given")]) }
  }
}
