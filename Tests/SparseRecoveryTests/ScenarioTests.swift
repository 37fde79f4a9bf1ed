import SparseRecovery
import Studies
import Tensors
import Testing

@Suite struct SparseScenarioTests {
  private func squares(_ array: NumericArray?) throws -> [Double] {
    let tensor = try #require(array?.double)
    return tensor.scalars.map { $0 * $0 }
  }

  @Test("shapes are those of the documentation")
  func shapes() throws {
    let bundle = try drawn(
      ["measurements": .integer(7), "unknowns": .integer(11)],
      count: 5,
      seed: 1
    )
    #expect(bundle["observations"]?.shape == [5, 7])
    #expect(bundle["targets"]?.shape == [5, 11])
    #expect(bundle["operator"]?.shape == [7, 11])
    #expect(bundle["operator_noisy"]?.shape == [7, 11])
    #expect(bundle["noise_variance"]?.shape == [])
    #expect(try SparseRecoveryTask.description.itemCount(bundle) == 5)
  }

  @Test("the share and variance of non-zeros are as set", arguments: [0.1, 0.3])
  func bernoulli(sparsity: Double) throws {
    let bundle = try drawn(
      ["sparsity": .number(sparsity), "variance": .number(0.25)],
      count: 1000,
      seed: 3
    )
    let squares = try squares(bundle["targets"])
    let count = Double(squares.count)
    let nonzeros = Double(squares.count { $0 > 0 })
    // Five standard errors of a share, and of a variance of normal numbers.
    let error = (sparsity * (1 - sparsity) / count).squareRoot()
    #expect((nonzeros / count - sparsity).magnitude < 5 * error)
    let variance = squares.reduce(0, +) / nonzeros
    #expect((variance / 0.25 - 1).magnitude < 5 * (2 / nonzeros).squareRoot())
  }

  @Test("k-sparse signals have k non-zeros, each place equally often")
  func exactlySparse() throws {
    let count = 4000
    let bundle = try drawn(
      ["signal": .text("k-sparse"), "nonzeros": .integer(3), "unknowns": .integer(10)],
      count: count,
      seed: 4
    )
    let squares = try squares(bundle["targets"])
    var places = [Int](repeating: 0, count: 10)
    for row in 0..<count {
      let found = (0..<10).filter { squares[row * 10 + $0] > 0 }
      #expect(found.count == 3)
      for place in found { places[place] += 1 }
    }
    let expected = 0.3 * Double(count)
    let error = (Double(count) * 0.3 * 0.7).squareRoot()
    #expect(places.allSatisfy { (Double($0) - expected).magnitude < 5 * error })
  }

  @Test("the noise has the power that the SNR says", arguments: [0.0, 20])
  func noise(snr: Double) throws {
    let settings: [String: SettingValue] = ["snr": .number(snr)]
    let noisy = try drawn(settings, count: 400, seed: 5)
    let clean = try drawn([:], count: 400, seed: 5)
    let a = try #require(noisy["observations"]?.double).scalars
    let b = try #require(clean["observations"]?.double).scalars
    let power = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(a.count)
    let variance = try #require(noisy["noise_variance"]?.double).scalar
    #expect((power / variance - 1).magnitude < 5 * (2 / Double(a.count)).squareRoot())
    // 500 entries of power 0.1 through unit columns, spread over 250 measurements: 0.2.
    let ratio = 0.2 / variance / (snr == 0 ? 1 : 100)
    #expect((ratio - 1).magnitude < 1e-4)
    #expect(clean["noise_variance"]?.double?.scalar == 0)
  }

  @Test("the dictionary has unit columns and does not depend on the draw")
  func dictionary() throws {
    let first = try drawn(["dictionary": .integer(7)], .training, count: 1, seed: 1)
    let second = try drawn(
      ["dictionary": .integer(7), "snr": .number(10)],
      .test,
      count: 2,
      seed: 9
    )
    #expect(first["operator"] == second["operator"])
    #expect(first["operator"] == first["operator_noisy"])
    let other = try drawn(["dictionary": .integer(8)], count: 1, seed: 1)
    #expect(other["operator"] != first["operator"])
    let a = try #require(first["operator"]?.double)
    for length in GaussianDictionary.columnLengths(a) { #expect((length - 1).magnitude < 1e-6) }
  }

  @Test("wrong knowledge is wrong by as much as asked for")
  func wrongKnowledge() throws {
    let bundle = try drawn(["operator_error": .number(0.1)], count: 1, seed: 1)
    let a = try #require(bundle["operator"]?.double).scalars
    let b = try #require(bundle["operator_noisy"]?.double).scalars
    let error = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 500
    // The part along the column goes with its length: 0.01 (1 - 1/250) to first order.
    #expect((error / 0.00996 - 1).magnitude < 0.03)
  }

  @Test("settings that contradict each other are refused")
  func contradictions() {
    #expect(throws: StudyError.self) {
      try drawn(["snr": .number(10), "noise_deviation": .number(1)], count: 1, seed: 1)
    }
    #expect(throws: StudyError.self) {
      try drawn(
        ["signal": .text("k-sparse"), "nonzeros": .integer(600)],
        count: 1,
        seed: 1
      )
    }
  }

  @Test("metrics are ratios of means, sums and shares, worked by hand")
  func metrics() throws {
    var truth = ArrayBundle()
    truth["targets"] = .double(Tensor([3, 0, 0, 0, 1, 1], shape: [2, 3]))
    var outputs = ArrayBundle()
    outputs["estimates"] = .double(Tensor([2, 0, 0, 2, 1, 0], shape: [2, 3]))
    #expect(try metric("nmse", outputs, truth) == 6.0 / 11)
    #expect(try metric("squared_error", outputs, truth) == 3)
    #expect(try metric("support_error_rate", outputs, truth) == 1.0 / 3)
    outputs["estimates"] = .double(Tensor([2, 0], shape: [1, 2]))
    #expect(throws: StudyError.self) { try metric("nmse", outputs, truth) }
  }

  @Test("a slice keeps the operator and cuts the problems")
  func slice() throws {
    let bundle = try drawn([:], count: 6, seed: 1)
    let part = try SparseRecoveryTask.description.slice(bundle, 2..<5)
    #expect(part["observations"]?.shape == [3, 250])
    #expect(part["operator"] == bundle["operator"])
    let whole = try #require(bundle["targets"]?.float).scalars
    let cut = try #require(part["targets"]?.float).scalars
    #expect(cut == Array(whole[1000..<2500]))
    #expect(throws: StudyError.self) { try SparseRecoveryTask.description.slice(bundle, 4..<9) }
  }
}
