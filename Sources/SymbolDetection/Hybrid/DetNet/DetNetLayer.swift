public import Autodiff
public import Hybridization
public import NeuralNetworks
public import Tensors

/// The parameters of one layer of DetNet.
public struct DetNetLayer<Scalar: RealTensorScalar>: StepParameters {
  /// The groups.
  public enum Group: Hashable, Sendable, CaseIterable {
    /// The scalars of the gradient step.
    case stepSizes
    /// The dense layers.
    case network
  }

  /// `d1`, of the matched filter's output.
  public let matchedScale: Parameter<Scalar>
  /// `d2`, of the interference.
  public let gramScale: Parameter<Scalar>
  /// `W1, b1` with ReLU, `[users + memory, hidden]`.
  public let hidden: Dense<Scalar>
  /// `W2, b2`, `[hidden, users levels]`.
  public let beliefs: Dense<Scalar>
  /// `W3, b3`, `[hidden, memory]`.
  public let memory: Dense<Scalar>

  /// Scalars at zero, weights and biases normal with deviation 0.01, as the authors start.
  public init(_ widths: DetNetWidths, from stream: inout RandomStream) {
    matchedScale = Parameter(Tensor(0))
    gramScale = Parameter(Tensor(0))
    hidden = .near(zero: 0.01, widths.users + widths.memory, widths.hidden, .relu, &stream)
    beliefs = .near(zero: 0.01, widths.hidden, widths.users * widths.levels, .identity, &stream)
    memory = .near(zero: 0.01, widths.hidden, widths.memory, .identity, &stream)
  }

  /// The random start and, added to it, a projected gradient step: what is learned begins where the
  /// classical algorithm is.
  ///
  /// Units 2k and 2k + 1 are `relu(z_k + a)` and `relu(z_k - a)`; they say `clip(z_k) = -a + relu(z_k + a) -
  /// relu(z_k - a)` as beliefs in the outermost levels, `(a +- clip(z_k)) / 2a`.
  ///
  /// - Parameters:
  ///   - step: of the gradient.
  ///   - widths: of the layer; at least two hidden units a user.
  ///   - limit: `a`, the largest symbol.
  ///   - stream: where the random part comes from.
  init(
    projecting step: Scalar,
    _ widths: DetNetWidths,
    limit: Scalar,
    from stream: inout RandomStream
  ) {
    precondition(widths.hidden >= 2 * widths.users, "DetNetLayer: \(widths.hidden) hidden units")
    self.init(widths, from: &stream)
    matchedScale.set(Tensor(-step))
    gramScale.set(Tensor(-step))
    let (hiddenUnits, levels) = (widths.hidden, widths.levels)
    let outputs = widths.users * levels
    var first = [Scalar](repeating: 0, count: (widths.users + widths.memory) * hiddenUnits)
    var firstBias = [Scalar](repeating: 0, count: hiddenUnits)
    var second = [Scalar](repeating: 0, count: hiddenUnits * outputs)
    var secondBias = [Scalar](repeating: 0, count: outputs)
    for user in 0..<widths.users {
      let (lowest, highest) = (user * levels, user * levels + levels - 1)
      for (unit, sign) in [(2 * user, Scalar(1)), (2 * user + 1, Scalar(-1))] {
        first[user * hiddenUnits + unit] = 1
        firstBias[unit] = sign * limit
        second[unit * outputs + lowest] = -sign / (2 * limit)
        second[unit * outputs + highest] = sign / (2 * limit)
      }
      secondBias[lowest] = 1
    }
    hidden.add(first, firstBias)
    beliefs.add(second, secondBias)
  }

  private init(
    _ matchedScale: Parameter<Scalar>,
    _ gramScale: Parameter<Scalar>,
    _ hidden: Dense<Scalar>,
    _ beliefs: Dense<Scalar>,
    _ memory: Dense<Scalar>
  ) {
    self.matchedScale = matchedScale
    self.gramScale = gramScale
    self.hidden = hidden
    self.beliefs = beliefs
    self.memory = memory
  }

  /// The parameters of a group.
  public func members(of group: Group) -> [Parameter<Scalar>] {
    switch group {
    case .stepSizes: [matchedScale, gramScale]
    case .network: hidden.parameters + beliefs.parameters + memory.parameters
    }
  }

  /// Shows the scalars and the dense layers.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.parameter("matched_scale", matchedScale)
    visitor.parameter("gram_scale", gramScale)
    visitor.child("hidden", hidden)
    visitor.child("beliefs", beliefs)
    visitor.child("memory", memory)
  }

  /// A copy with parameters of its own.
  public func duplicated(in duplication: Duplication<Scalar>) -> DetNetLayer {
    DetNetLayer(
      duplication.copy(matchedScale),
      duplication.copy(gramScale),
      hidden.duplicated(in: duplication),
      beliefs.duplicated(in: duplication),
      memory.duplicated(in: duplication)
    )
  }
}
