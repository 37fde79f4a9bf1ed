import Autodiff
import NeuralNetworks
import Tensors
import Testing

/// A module that holds a state, a shared parameter and children.
private struct Composite: DuplicableModule {
  let first: Dense<Double>
  let second: Dense<Double>
  let shared: Parameter<Double>
  let mean: PersistentState<Double>

  func visit(_ visitor: any ModuleVisitor<Double>) {
    visitor.child("first", first)
    visitor.child("second", second)
    visitor.parameter("shared", shared)
    visitor.parameter("alias", shared)
    visitor.state("mean", mean)
  }

  func duplicated(in duplication: Duplication<Double>) -> Composite {
    Composite(
      first: first.duplicated(in: duplication),
      second: second.duplicated(in: duplication),
      shared: duplication.copy(shared),
      mean: duplication.copy(mean)
    )
  }

  static func made() -> Composite {
    var stream = RandomStream(seed: 3)
    return Composite(
      first: Dense(2, 3, from: &stream),
      second: Dense(3, 1, from: &stream),
      shared: Parameter(Tensor([1, 2])),
      mean: PersistentState(Tensor([4]))
    )
  }
}

/// A module that forgets a parameter deep inside.
private struct Forgetful: Module {
  struct Inner {
    let scales: [Parameter<Double>]
    let state: PersistentState<Double>?
  }
  let layer: Dense<Double>
  let inner: Inner

  func visit(_ visitor: any ModuleVisitor<Double>) {
    visitor.child("layer", layer)
    visitor.parameter("scale", inner.scales[0])
  }
}

@Suite struct ModuleTests {
  @Test("parameters have dotted paths in the order of the visit, shared ones once")
  func names() {
    let module = Composite.made()
    #expect(
      module.namedParameters.map(\.name) == [
        "first.weight", "first.bias", "second.weight", "second.bias", "shared",
      ]
    )
    #expect(module.namedStates.map(\.name) == ["mean"])
    #expect(module.parameterCount == 6 + 3 + 3 + 1 + 2)
  }

  @Test("a chain and lists of modules name their parts by number")
  func numberedNames() {
    let chain: Sequential<Double> = network(1, 2, 1, seed: 1)
    #expect(chain.namedParameters.map(\.name) == ["0.weight", "0.bias", "1.weight", "1.bias"])
    struct Layers: Module {
      let steps: [any Module<Double>]
      func visit(_ visitor: any ModuleVisitor<Double>) { visitor.children("step", steps) }
    }
    #expect(
      Layers(steps: [chain, chain.layers[0]]).namedParameters.map(\.name) == [
        "step.0.0.weight", "step.0.0.bias", "step.0.1.weight", "step.0.1.bias",
      ]
    )
  }

  @Test("tensors come back to the bit, in both precisions")
  func roundTrip() throws {
    let module = Composite.made()
    let tensors = module.tensors()
    #expect(
      tensors.keys.sorted() == [
        "first.bias", "first.weight", "mean", "second.bias", "second.weight", "shared",
      ]
    )
    let other = module.duplicate()
    other.first.weight.set(.zeros([2, 3]))
    other.mean.set(Tensor([0]))
    try other.load(tensors, source: "test")
    #expect(other.tensors() == tensors)

    let single: Sequential<Float> = network(2, 3, 1, seed: 5)
    let copy = single.duplicate()
    copy.parameters[0].set(.zeros([2, 3]))
    try copy.load(single.tensors(), source: "test")
    #expect(copy.tensors() == single.tensors())
  }

  @Test("tensors are copies: a later change does not reach them")
  func tensorsAreCopies() {
    let module = Composite.made()
    let before = module.tensors()["shared"]
    module.shared.set(Tensor([7, 8]))
    #expect(before == .double(Tensor([1, 2])))
  }

  @Test("loading names what is missing, extra, misshapen or complex, and changes nothing")
  func strictLoading() {
    let module = Composite.made()
    let good = module.tensors()
    func failure(_ change: (inout [String: NumericArray]) -> Void) -> NetworkError? {
      var tensors = good
      change(&tensors)
      tensors["shared"] = tensors["shared"].map { _ in .double(Tensor([5, 6])) }
      do throws(NetworkError) {
        try module.load(tensors, source: "m.safetensors")
        return nil
      } catch {
        return error
      }
    }
    #expect(
      failure { $0["second.bias"] = nil }
        == .missingTensor(name: "second.bias", source: "m.safetensors")
    )
    #expect(
      failure { $0["third.bias"] = .float(Tensor([1])) }
        == .unexpectedTensor(name: "third.bias", source: "m.safetensors")
    )
    #expect(
      failure { $0["first.weight"] = .double(.zeros([3, 2])) }
        == .wrongShape(
          name: "first.weight",
          expected: [2, 3],
          actual: [3, 2],
          source: "m.safetensors"
        )
    )
    #expect(
      failure { $0["mean"] = .complex(.zeros([1, 2])) }
        == .notReal(name: "mean", source: "m.safetensors")
    )
    #expect(module.tensors() == good)
  }

  @Test("a copy of the value shares parameters, a duplicate does not")
  func duplicates() {
    let module = Composite.made()
    let copy = module
    let duplicate = module.duplicate()
    #expect(duplicate.tensors() == module.tensors())
    module.shared.set(Tensor([9, 9]))
    module.mean.set(Tensor([9]))
    #expect(copy.shared.value.scalars == [9, 9])
    #expect(duplicate.shared.value.scalars == [1, 2])
    #expect(duplicate.mean.value.scalars == [4])
  }

  @Test("a parameter shared by two layers is shared in the duplicate")
  func tiedDuplicate() {
    let one = ActivationLayer<Double>(.relu)
    let tied: Sequential<Double> = network(2, 2, 2, seed: 2)
    let chain = Sequential<Double>([tied.layers[0], one, tied.layers[0]])
    let copy = chain.duplicate()
    #expect(chain.parameters.count == 2 && copy.parameters.count == 2)
    #expect(copy.parameters[0] !== chain.parameters[0])
  }

  @Test("every parameter and state of every layer is visited")
  func everythingIsVisited() {
    var stream = RandomStream(seed: 1)
    let modules: [any Module<Double>] = [
      Dense<Double>(2, 3, from: &stream), GRU<Double>(inputs: 2, hidden: 3, from: &stream),
      LSTM<Double>(inputs: 2, hidden: 3, from: &stream), LayerNormalisation<Double>(4),
      Bidirectional(
        forward: GRU<Double>(inputs: 2, hidden: 3, from: &stream),
        backward: GRU<Double>(inputs: 2, hidden: 3, from: &stream)
      ),
      network(2, 3, 1, seed: 1, of: Double.self), Dropout<Double>(rate: 0.5, from: &stream),
      ActivationLayer<Double>(.relu), Composite.made(),
    ]
    for module in modules { #expect(ModuleAudit.unvisited(in: module) == []) }
  }

  @Test("a parameter that is not visited is found wherever it is held")
  func forgottenParameterIsFound() {
    var stream = RandomStream(seed: 1)
    let module = Forgetful(
      layer: Dense(1, 1, from: &stream),
      inner: .init(
        scales: [Parameter(Tensor(1)), Parameter(Tensor(2))],
        state: PersistentState(Tensor(3))
      )
    )
    #expect(ModuleAudit.unvisited(in: module) == ["inner.scales.1", "inner.state"])
  }

  @Test("two parts under one name are a programmer's mistake")
  func duplicateNamesTrap() async {
    await #expect(processExitsWith: .failure) {
      struct Clash: Module {
        let a = Parameter(Tensor<Double>(1))
        let b = Parameter(Tensor<Double>(2))
        func visit(_ visitor: any ModuleVisitor<Double>) {
          visitor.parameter("a", a)
          visitor.parameter("a", b)
        }
      }
      _ = Clash().parameters
    }
  }
}
