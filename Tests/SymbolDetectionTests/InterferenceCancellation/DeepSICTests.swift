import Autodiff
import Hybridization
import NeuralNetworks
import SymbolDetection
import Tensors
import Testing

@Suite struct DeepSICTests {
  private func fresh(_ seed: UInt64, users: Int = 4, receive: Int = 3) -> DeepSIC<Double> {
    DeepSIC(
      receive: receive,
      users: users,
      levels: 2,
      iterations: 3,
      hidden: [(8, .sigmoid), (5, .relu)],
      from: RandomStream(seed: seed)
    )
  }

  private func observations(_ seed: UInt64, receive: Int = 3) -> Tensor<Double> {
    var stream = RandomStream(seed: seed).derived("observations")
    return stream.normal([7, receive])
  }

  @Test("beliefs are not negative and sum to 1 in every iteration", arguments: [2, 4])
  func beliefs(levels: Int) {
    let diagram = DeepSIC<Double>(
      receive: 3,
      users: 3,
      levels: levels,
      iterations: 2,
      hidden: [(6, .relu)],
      from: RandomStream(seed: 1)
    )
    for stage in diagram.trace(observations(2)) {
      #expect(stage.count == 3)
      for belief in stage {
        #expect(belief.shape == [7, levels])
        for row in 0..<7 {
          let p = (0..<levels).map { belief[row, $0] }
          #expect(abs(p.reduce(0, +) - 1) < 1e-14 && p.allSatisfy { $0 >= 0 })
        }
      }
    }
  }

  @Test("a block sees the observation and the others' beliefs alone")
  func wiring() {
    let diagram = fresh(1)
    let x = observations(2)
    var wires = diagram.start(x)
    let before = diagram.outputs(ofStage: 0, x, wires)
    wires[2] = Tensor<Double>([0.1, 0.9], shape: [1, 2]).broadcast(to: [7, 2])
    let after = diagram.outputs(ofStage: 0, x, wires)
    for user in 0..<4 {
      #expect((before[user].scalars == after[user].scalars) == (user == 2))
    }
    let seen = diagram.input(ofBlock: 0, given: x, wires)
    #expect(seen.shape == [7, 3 + 3])
    #expect((0..<6).map { seen[1, $0] } == [x[1, 0], x[1, 1], x[1, 2], 0.5, 0.9, 0.5])
  }

  @Test(
    "users in another order, blocks and all, give their beliefs in that order",
    arguments: 0..<20
  )
  func permutation(seed: UInt64) {
    let diagram = fresh(seed)
    var stream = RandomStream(seed: seed).derived("order")
    let order = stream.permutation(4)
    let stages = diagram.stages.map { stage in
      order.indices.map { place in
        let copy = stage[order[place]].duplicate()
        // Rows of the first weight: three antennas, then the others in ascending order.
        let old = (0..<4).filter { $0 != order[place] }
        let new = order.indices.filter { $0 != place }.map { order[$0] }
        let rows = [0, 1, 2] + new.map { 3 + (old.firstIndex(of: $0) ?? 0) }
        let weight = copy.parameters[0]
        let values = weight.value
        weight.set(Tensor(rows.flatMap { row in (0..<8).map { values[row, $0] } }, shape: [6, 8]))
        return copy
      }
    }
    let x = observations(seed)
    let before = diagram.outputs(x)
    let after = DeepSIC(stages: stages, levels: 2).outputs(x)
    for place in order.indices {
      for (a, b) in zip(after[place].scalars, before[order[place]].scalars) {
        #expect(abs(a - b) < 1e-12)
      }
    }
  }

  @Test("certain beliefs are 1 at what was sent")
  func certain() {
    let beliefs = fresh(1).certain([Tensor([0, 1, 1]), Tensor([1, 0, 1])])
    #expect(beliefs[0].scalars == [1, 0, 0, 1, 0, 1])
    #expect(beliefs[1].scalars == [0, 1, 1, 0, 0, 1])
  }

  @Test("a single user without interferers is a classifier of the observation")
  func oneUser() {
    let diagram = fresh(1, users: 1)
    let x = observations(2)
    #expect(diagram.outputs(x)[0].scalars == diagram.stages[2][0].output(of: x).scalars)
  }

  @Test("the gradient of the end-to-end loss reaches every block but the last stage's idle ones")
  func gradients() throws {
    let diagram = fresh(5)
    let x = observations(6)
    let labels = Tensor<Double>([0, 1, 0, 1, 1, 0, 1])
    let recording = try Recording(inputs: ["x": x], parameters: diagram.parameters) { inputs in
      let x = try inputs.named("x")
      let wires = diagram.outputs(ofStage: 1, x, diagram.outputs(ofStage: 0, x, diagram.start(x)))
      let input = diagram.input(ofBlock: 0, given: x, wires)
      return ["loss": diagram.stages[2][0].loss(of: input, against: labels)]
    }
    try recording.backward()
    for (name, parameter) in diagram.namedParameters {
      // Of the last stage only block 0 is asked; of the stage before it sees all but its own.
      let isIdle =
        name.hasPrefix("stage.1.block.0.")
        || (name.hasPrefix("stage.2.") && !name.hasPrefix("stage.2.block.0."))
      #expect(parameter.gradient.scalars.contains { $0 != 0 } == !isIdle, "\(name)")
    }
  }

  @Test("every parameter is visited")
  func audit() { #expect(ModuleAudit.unvisited(in: fresh(1)).isEmpty) }
}
