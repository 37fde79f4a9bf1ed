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

  /// The widths of a layer.
  public struct Widths: Sendable, Hashable {
    /// Symbols a problem.
    public var users: Int
    /// Symbols that each may be.
    public var levels: Int
    /// Hidden units.
    public var hidden: Int
    /// Numbers that a layer hands on unread.
    public var memory: Int

    /// The widths.
    public init(users: Int, levels: Int, hidden: Int, memory: Int) {
      self.users = users
      self.levels = levels
      self.hidden = hidden
      self.memory = memory
    }
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
  public init(_ widths: Widths, from stream: inout RandomStream) {
    func dense(_ inputs: Int, _ outputs: Int, _ activation: Activation) -> Dense<Scalar> {
      Dense(
        weight: stream.normal([inputs, outputs]) * 0.01,
        bias: stream.normal([outputs]) * 0.01,
        activation: activation
      )
    }
    matchedScale = Parameter(Tensor(0))
    gramScale = Parameter(Tensor(0))
    hidden = dense(widths.users + widths.memory, widths.hidden, .relu)
    beliefs = dense(widths.hidden, widths.users * widths.levels, .identity)
    memory = dense(widths.hidden, widths.memory, .identity)
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
