internal import Autodiff
internal import NeuralNetworks
internal import Tensors

/// The widths of a layer of DetNet.
public struct DetNetWidths: Sendable, Hashable {
  /// Symbols a problem.
  public var users: Int
  /// Values that each symbol may have.
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

extension Dense {
  /// Weights and biases normal with a small deviation.
  static func near(
    zero deviation: Scalar,
    _ inputs: Int,
    _ outputs: Int,
    _ activation: Activation,
    _ stream: inout RandomStream
  ) -> Dense {
    Dense(
      weight: stream.normal([inputs, outputs]) * deviation,
      bias: stream.normal([outputs]) * deviation,
      activation: activation
    )
  }

  /// Adds to the weight and the bias, in the order of their numbers.
  func add(_ weights: [Scalar], _ biases: [Scalar]) {
    weight.set(weight.value + Tensor(weights, shape: weight.shape))
    if let bias { bias.set(bias.value + Tensor(biases)) }
  }
}
