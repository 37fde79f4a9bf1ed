internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
internal import Tensors

/// A smoother with a network in it, as training and inference see it.
protocol LearnedSmoother: Sendable {
  associatedtype Network: DuplicableModule where Network.Scalar == Float

  /// What is trained.
  var network: Network { get }
  /// The scale of what the network sees of observations.
  var scale: FeatureScale { get }
  /// Which of it it sees.
  var evidence: GradientMessagePassing<SystemTransition<Float>>.Evidence { get }
  /// Estimates `[batch, time, m]` of each iteration; one where there is no iteration.
  func trace(_ problem: SmoothingProblem<Float>, mode: Mode) -> [Tensor<Float>]
}

/// A graph network with the scale of what it sees, in the slot of message passing.
struct ScaledGraphCorrection: MessageCorrection {
  typealias Scalar = Float

  let scale: FeatureScale
  let graph: GraphCorrection<Float>

  func start(_ graph: MessageGraph, evidence: Tensor<Float>, mode: Mode)
    -> GraphCorrection<Float>.Memory
  {
    self.graph.start(graph, evidence: scale(evidence), mode: mode)
  }

  func correction(
    _ messages: [Tensor<Float>],
    _ memory: inout GraphCorrection<Float>.Memory,
    mode: Mode
  ) -> Tensor<Float>? {
    graph.correction(messages, &memory, mode: mode)
  }

  func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.child("scale", scale)
    visitor.child("graph", graph)
  }

  func duplicated(in duplication: Duplication<Float>) -> ScaledGraphCorrection {
    ScaledGraphCorrection(
      scale: scale.duplicated(in: duplication),
      graph: graph.duplicated(in: duplication)
    )
  }
}

/// Message passing on the chain with a graph network in its slot; the network alone where no messages are sent.
struct GraphSmoother: LearnedSmoother {
  let passing:
    CorrectedMessagePassing<GradientMessagePassing<SystemTransition<Float>>, ScaledGraphCorrection>
  let iterations: Int

  /// A smoother with a network drawn at random.
  init(
    _ method: GradientMessagePassing<SystemTransition<Float>>,
    observed: Int,
    hidden: Int,
    iterations: Int,
    from stream: inout RandomStream
  ) {
    let features = method.evidence.features(observed)
    let message = method.usesModel ? method.states : 0
    let widths = GraphCorrection<Float>
      .Widths(
        evidence: features,
        messages: [message, message, message],
        fromEvidence: [false, true, false],
        hidden: hidden,
        outputs: method.states
      )
    passing = CorrectedMessagePassing(
      method: method,
      slot: ScaledGraphCorrection(
        scale: FeatureScale(features),
        graph: GraphCorrection(widths, from: &stream)
      )
    )
    self.iterations = iterations
  }

  var network: ScaledGraphCorrection { passing.slot }
  var scale: FeatureScale { passing.slot.scale }
  var evidence: GradientMessagePassing<SystemTransition<Float>>.Evidence {
    passing.method.evidence
  }

  func trace(_ problem: SmoothingProblem<Float>, mode: Mode) -> [Tensor<Float>] {
    passing.trace(problem, iterations: iterations, mode: mode)
  }
}

extension GradientMessagePassing.Evidence {
  /// How many numbers a step has.
  func features(_ observed: Int) -> Int { (self == .levels ? 3 : 2) * observed }
}
