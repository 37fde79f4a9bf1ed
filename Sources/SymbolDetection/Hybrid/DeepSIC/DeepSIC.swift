// Published: one network `(N + K - 1) - 60 (sigmoid) - 30 (ReLU) - levels` a user and iteration, which
// sees the observation and of each interferer the probability of every level but the first. Deviation:
// observations are brought to mean 0 and deviation 1 first, so that counts train as amplitudes do.

public import Autodiff
public import Hybridization
public import NeuralNetworks
public import Tensors

/// The classifier of one user in one iteration.
public struct BeliefClassifier<Scalar: RealTensorScalar>: LearnedBlock {
  /// From `[batch, features]` to `[batch, levels]` logits.
  public let layers: Sequential<Scalar>

  /// A classifier of given layers.
  public init(_ layers: Sequential<Scalar>) { self.layers = layers }

  /// The beliefs, `softmax` of the logits, `[batch, levels]`.
  public func output(of input: Tensor<Scalar>) -> Tensor<Scalar> {
    softmax(logits(input, mode: .inference))
  }

  /// The mean cross-entropy against the places of the sent levels, `[batch]`.
  public func loss(of input: Tensor<Scalar>, against target: Tensor<Scalar>) -> Tensor<Scalar> {
    softmaxCrossEntropy(logits(input, mode: .training), target).mean()
  }

  /// The layers' output; a hidden layer with ReLU and the last layer are one operation.
  private func logits(_ input: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
    guard layers.layers.count == 2, let hidden = layers.layers[0] as? Dense<Scalar>,
      let last = layers.layers[1] as? Dense<Scalar>, hidden.activation == .relu,
      last.activation == .identity, let bias = hidden.bias, let lastBias = last.bias
    else { return layers(input, mode: mode) }
    return perceptron(
      input,
      hidden.weight.value,
      bias.value,
      last.weight.value,
      lastBias.value
    )
  }

  /// Names the layers by their number.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) { layers.visit(visitor) }

  /// The same with parameters of its own.
  public func duplicated(in duplication: Duplication<Scalar>) -> BeliefClassifier {
    BeliefClassifier(layers.duplicated(in: duplication))
  }
}

/// DeepSIC: soft interference cancellation whose blocks are small classifiers.
///
/// Equation: `p_k^(q) = softmax(NN_{k,q}(x, {p_l^(q-1)}, l != k))`, `p_k^(0)` uniform. Of each interferer the
/// networks see the probabilities of all levels but the first, which follows from them.
///
/// It needs no channel and no noise law: both are learned, block by block from a few thousand known
/// vectors (``LearnedBlockDiagram/trainStageByStage(on:targets:settings:context:firstInputs:)`` with
/// ``certain(_:)``), or as a whole, which needs more.
///
/// Law: permuting the users of the blocks, their inputs and the observations' owners permutes the beliefs.
///
/// - SeeAlso: `shlezinger2021deepsic`.
public struct DeepSIC<Scalar: RealTensorScalar>: LearnedBlockDiagram {
  /// The classifiers, `[iterations][users]`.
  public let stages: [[BeliefClassifier<Scalar>]]
  /// How many levels a user chooses from.
  public let levels: Int

  /// A diagram of given classifiers.
  public init(stages: [[BeliefClassifier<Scalar>]], levels: Int) {
    self.stages = stages
    self.levels = levels
  }

  /// Networks drawn at random.
  ///
  /// - Parameters:
  ///   - receive: N, real dimensions of an observation.
  ///   - users: K, real dimensions of what is sent.
  ///   - levels: of a real dimension.
  ///   - iterations: Q.
  ///   - hidden: widths and functions of the hidden layers, first to last.
  ///   - stream: what is drawn from; each network from a stream of its own.
  public init(
    receive: Int,
    users: Int,
    levels: Int,
    iterations: Int,
    hidden: [(width: Int, activation: Activation)],
    from stream: RandomStream
  ) {
    let inputs = receive + (users - 1) * (levels - 1)
    self.init(
      stages: (0..<iterations).map { stage in
        (0..<users).map { user in
          var own = stream.derived("block \(stage)", index: user)
          var width = inputs
          var layers: [any Layer<Scalar>] = []
          for layer in hidden {
            layers.append(
              Dense<Scalar>(width, layer.width, activation: layer.activation, from: &own)
            )
            width = layer.width
          }
          layers.append(Dense<Scalar>(width, levels, from: &own))
          return BeliefClassifier(Sequential(layers))
        }
      },
      levels: levels
    )
  }

  /// K.
  public var users: Int { stages.first?.count ?? 0 }

  /// Uniform beliefs, `[batch, levels]` a user.
  public func start(_ observation: Tensor<Scalar>) -> [Tensor<Scalar>] {
    let belief = Tensor<Scalar>.full([observation.shape[0], levels], 1 / Scalar(levels))
    return Array(repeating: belief, count: users)
  }

  /// The observation and what is believed of the others.
  public func input(
    ofBlock number: Int,
    given observation: Tensor<Scalar>,
    _ wires: [Tensor<Scalar>]
  ) -> Tensor<Scalar> {
    var parts = [observation]
    for (user, belief) in wires.enumerated() where user != number {
      parts.append(belief.sliced(axis: 1, 1..<levels))
    }
    return parts.count == 1 ? observation : concatenated(parts, axis: 1)
  }

  /// Beliefs that are certain of what was sent.
  ///
  /// - Parameter labels: the places of the sent levels, `[batch]` a user.
  /// - Returns: `[batch, levels]` a user, 1 at the place and 0 elsewhere.
  public func certain(_ labels: [Tensor<Scalar>]) -> [Tensor<Scalar>] {
    labels.map { places in
      places.withScalars { places in
        Tensor(shape: [places.count, levels]) { to in
          to.update(repeating: 0)
          for (row, place) in places.enumerated() { to[row * levels + Int(place)] = 1 }
        }
      }
    }
  }

  /// The same with parameters of its own.
  public func duplicated(in duplication: Duplication<Scalar>) -> DeepSIC {
    DeepSIC(
      stages: stages.map { $0.map { $0.duplicated(in: duplication) } },
      levels: levels
    )
  }
}
