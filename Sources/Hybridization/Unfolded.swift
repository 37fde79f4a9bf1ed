public import Autodiff
public import NeuralNetworks
public import Tensors

/// How layers share what they learn.
public enum ParameterSharing<Group: Hashable & Sendable>: Sendable, Hashable {
  /// Every layer has its own.
  case perLayer
  /// One for all layers.
  case tied
  /// These groups are one for all layers, the others each layer's own.
  case tying(Set<Group>)
}

/// An iterative method with a fixed number of iterations, each a layer with parameters of its own.
///
/// At first it is the classical algorithm after so many iterations. Groups that are not learned stay at
/// the model's values, are one object for all layers, and are saved with the model all the same.
///
/// Equation: `state_{k+1} = step(state_k, problem, theta_k)`, k = 0 ..< layers.
///
/// ```swift
/// let network = ista.unfolded(layers: 16, learning: [.thresholds, .matrices], sharing: .perLayer)
/// let estimates = network.trace(problem)         // one estimate a layer
/// ```
///
/// - SeeAlso: `gregor2010lista`, `monga2021unrolling`.
public struct Unfolded<Method: IterativeMethod>: DuplicableModule {
  /// The precision.
  public typealias Scalar = Method.Scalar

  /// The algorithm.
  public let method: Method
  /// The parameters of each layer; groups that are tied or not learned are the same objects.
  public let layers: [Method.Parameters]
  /// What is learned.
  public let learning: Set<Method.Parameters.Group>

  /// Layers made one by one: for steps that are learned freely.
  public init(
    _ method: Method,
    layers: [Method.Parameters],
    learning: Set<Method.Parameters.Group> = Set(Method.Parameters.Group.allCases)
  ) {
    self.method = method
    self.layers = layers
    self.learning = learning
  }

  /// The parameters that are learned, each once, in the order of the layers.
  public var learnedParameters: [Parameter<Scalar>] {
    var seen: Set<ObjectIdentifier> = []
    return layers.flatMap { $0.members(of: learning) }
      .filter { seen.insert(ObjectIdentifier($0)).inserted }
  }

  /// How many numbers are learned.
  public var learnedCount: Int { learnedParameters.reduce(0) { $0 + $1.count } }

  /// The last layer's estimate.
  public func estimate(_ problem: Method.Problem) -> Tensor<Scalar> {
    method.estimate(states(problem).last ?? method.start(problem))
  }

  /// Every layer's estimate.
  public func trace(_ problem: Method.Problem) -> [Tensor<Scalar>] {
    states(problem).map { method.estimate($0) }
  }

  /// Every layer's state.
  public func states(_ problem: Method.Problem) -> [Method.State] {
    var state = method.start(problem)
    return layers.map { parameters in
      state = method.step(state, problem, parameters)
      return state
    }
  }

  /// The first layers as a network of their own; it shares the parameters.
  public func prefix(_ count: Int) -> Unfolded {
    Unfolded(method, layers: Array(layers.prefix(count)), learning: learning)
  }

  /// Shows the layers' parameters.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.children("layer", layers)
  }

  /// A copy with parameters of its own.
  public func duplicated(in duplication: Duplication<Scalar>) -> Unfolded {
    Unfolded(
      method,
      layers: layers.map { $0.duplicated(in: duplication) },
      learning: learning
    )
  }
}

extension IterativeMethod {
  /// Unfolds the method into a network that starts as the classical algorithm.
  ///
  /// - Parameters:
  ///   - layers: how many iterations, at least 1.
  ///   - learning: the groups that are trained; all when nil.
  ///   - sharing: which of them the layers share.
  /// - Returns: the network.
  public func unfolded(
    layers: Int,
    learning: Set<Parameters.Group>? = nil,
    sharing: ParameterSharing<Parameters.Group> = .perLayer
  ) -> Unfolded<Self> {
    precondition(layers >= 1, "unfolded: \(layers) layers")
    let learning = learning ?? Set(Parameters.Group.allCases)
    let own: Set<Parameters.Group>
    switch sharing {
    case .perLayer: own = learning
    case .tied: own = []
    case .tying(let tied): own = learning.subtracting(tied)
    }
    let first = initialParameters(ofLayer: 0)
    let shared = first.members(of: Set(Parameters.Group.allCases).subtracting(own))
    let later = (1..<max(layers, 1)).map { layer in
      let fresh = initialParameters(ofLayer: layer)
      let duplication = Duplication<Scalar>()
      let replaced = fresh.members(of: Set(Parameters.Group.allCases).subtracting(own))
      precondition(
        replaced.map(\.shape) == shared.map(\.shape),
        "unfolded: layer \(layer) has other parameters than layer 0"
      )
      for (old, new) in zip(replaced, shared) { duplication.replace(old, by: new) }
      return fresh.duplicated(in: duplication)
    }
    return Unfolded(self, layers: [first] + later, learning: learning)
  }
}
