public import Autodiff
public import Hybridization
public import NeuralNetworks
public import Tensors

/// The parameters of one layer of the conference paper's DetNet.
public struct ConferenceDetNetLayer<Scalar: RealTensorScalar>: StepParameters {
  /// The groups.
  public enum Group: Hashable, Sendable, CaseIterable {
    /// The width of the soft sign.
    case softSign
    /// The dense layers.
    case network
  }

  /// `t`: the soft sign is linear between `-|t|` and `|t|`.
  public let softness: Parameter<Scalar>
  /// `W1, b1` with ReLU, `[3 users + memory, hidden]`.
  public let hidden: Dense<Scalar>
  /// `W2, b2`, `[hidden, users]`.
  public let symbols: Dense<Scalar>
  /// `W3, b3`, `[hidden, memory]`.
  public let memory: Dense<Scalar>

  /// The soft sign's width at 0.1, weights and biases normal with deviation 0.01, as the authors start.
  public init(_ widths: DetNetWidths, from stream: inout RandomStream) {
    softness = Parameter(Tensor(0.1))
    hidden = .near(zero: 0.01, 3 * widths.users + widths.memory, widths.hidden, .relu, &stream)
    symbols = .near(zero: 0.01, widths.hidden, widths.users, .identity, &stream)
    memory = .near(zero: 0.01, widths.hidden, widths.memory, .identity, &stream)
  }

  private init(
    _ softness: Parameter<Scalar>,
    _ hidden: Dense<Scalar>,
    _ symbols: Dense<Scalar>,
    _ memory: Dense<Scalar>
  ) {
    self.softness = softness
    self.hidden = hidden
    self.symbols = symbols
    self.memory = memory
  }

  /// The parameters of a group.
  public func members(of group: Group) -> [Parameter<Scalar>] {
    switch group {
    case .softSign: [softness]
    case .network: hidden.parameters + symbols.parameters + memory.parameters
    }
  }

  /// Shows the soft sign's width and the dense layers.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.parameter("softness", softness)
    visitor.child("hidden", hidden)
    visitor.child("symbols", symbols)
    visitor.child("memory", memory)
  }

  /// A copy with parameters of its own.
  public func duplicated(in duplication: Duplication<Scalar>) -> ConferenceDetNetLayer {
    ConferenceDetNetLayer(
      duplication.copy(softness),
      hidden.duplicated(in: duplication),
      symbols.duplicated(in: duplication),
      memory.duplicated(in: duplication)
    )
  }
}
