import NeuralNetworks
import Tensors
import Testing

@Suite struct DatasetTests {
  private func failure(_ body: () throws -> Void) -> NetworkError? {
    do {
      try body()
      return nil
    } catch {
      return error as? NetworkError
    }
  }

  @Test("what does not fit together is refused by name")
  func errors() {
    typealias Arrays = [String: Tensor<Float>]
    #expect(
      failure { _ = try Dataset<Float>(Arrays()) } == .emptyDataset(name: "dataset")
    )
    #expect(
      failure { _ = try Dataset<Float>(["x": .zeros([0, 2])]) } == .emptyDataset(name: "dataset")
    )
    #expect(
      failure { _ = try Dataset<Float>(["x": .zeros([3]), "y": .zeros([4, 1])]) }
        == .unequalCounts(name: "y", expected: 3, actual: 4)
    )
    #expect(
      failure { _ = try Dataset<Float>(["x": Tensor(1)]) }
        == .wrongAxes(name: "x", shape: [], requirement: "its first axis must be the samples")
    )
    #expect(
      failure {
        _ = try Dataset<Float>(sequences: [
          "x": [.zeros([3]), .zeros([2])], "y": [.zeros([3, 2]), .zeros([3, 2])],
        ])
      } == .unequalCounts(name: "y[1]", expected: 2, actual: 3)
    )
    #expect(
      failure {
        _ = try Dataset<Float>(sequences: ["x": [.zeros([3])]], fixed: ["mask": .zeros([1])])
      } == .reservedName("mask")
    )
    guard
      case .wrongAxes("x[1]", [2, 4], _)? = failure({
        _ = try Dataset<Float>(sequences: ["x": [.zeros([3, 5]), .zeros([2, 4])]])
      })
    else {
      Issue.record("sequences of different width were taken")
      return
    }
  }

  @Test("a split has no common samples and all of them", arguments: [2, 3, 10, 101], 0..<3)
  func split(count: Int, seed: Int) throws {
    let dataset = try Dataset(["i": Tensor<Float>((0..<count).map(Float.init))])
    let parts = try dataset.split(holdingOut: 0.2, from: RandomStream(seed: UInt64(seed)))
    let expected = max(1, Int((Double(count) * 0.2).rounded()))
    #expect(parts.heldOut.count == expected && parts.training.count == count - expected)
    let all = [parts.training, parts.heldOut].flatMap { $0.array("i")?.scalars ?? [] }
    #expect(all.sorted() == (0..<count).map(Float.init))
    let again = try dataset.split(holdingOut: 0.2, from: RandomStream(seed: UInt64(seed)))
    #expect(again.heldOut.array("i") == parts.heldOut.array("i"))
  }

  @Test("too few samples, or a share out of range, cannot be split")
  func badSplit() throws {
    let one = try Dataset(["x": Tensor<Float>([1])])
    #expect(
      failure { _ = try one.split(holdingOut: 0.5, from: RandomStream(seed: 1)) }
        == .emptyDataset(name: "validation split")
    )
    guard
      case .invalidSetting("validationFraction", _, _)? = failure({
        _ = try one.split(holdingOut: 1, from: RandomStream(seed: 1))
      })
    else {
      Issue.record("a share of one was taken")
      return
    }
  }

  @Test("chosen sequences keep their lengths and numbers")
  func selectingSequences() throws {
    let items = [3, 1, 2].map { n in
      Tensor<Float>((0..<n * 2).map { Float(10 * n + $0) }, shape: [n, 2])
    }
    let dataset = try Dataset(sequences: ["x": items], fixed: ["n": Tensor([3, 1, 2])])
    let chosen = dataset.selecting([2, 0])
    #expect(chosen.count == 2 && chosen.hasSequences && chosen.names == ["n", "x"])
    #expect(chosen.array("n")?.scalars == [2, 3])
    #expect(chosen.array("x")?.scalars == items[2].scalars + items[0].scalars)
  }
}
