// Goal: the network as it was first published, beside the journal's; both are steps of the same mechanism.
// The authors write the soft sign as `-1 + relu(x + t) / |t| - relu(x - t) / |t|`: for two symbols at -1 and 1
// that is `x / |t|` held to the interval between them.

internal import Autodiff
public import Hybridization
internal import NeuralNetworks
public import Tensors

/// DetNet of the conference paper: one dense layer of everything, a soft sign, two levels only.
///
/// Layer q, with `G = H' H`, `m = H' x`, residual weight `r = 0.9` and largest symbol `a`:
/// `u = relu([m, s, G s, v] W1 + b1)`, `s = (1 - r) a clamp((u W2 + b2) / |t|, -1, 1) + r s_before`,
/// `v = (1 - r)(u W3 + b3) + r v_before`; all start at zero.
///
/// - SeeAlso: `samuel2017detnet`.
public struct ConferenceDetNet<Scalar: RealTensorScalar>: IterativeMethod {
  /// What a layer hands on.
  public struct State {
    /// `s`, `[batch, users]`.
    public var symbols: Tensor<Scalar>
    /// `v`, `[batch, memory]`.
    public var memory: Tensor<Scalar>
  }

  /// `a`: symbols are `-a` and `a`.
  public let limit: Scalar
  /// The widths of the layers.
  public let widths: DetNetWidths
  /// `r`.
  public let residual: Scalar
  private let stream: RandomStream

  /// The network's step.
  ///
  /// - Parameters:
  ///   - limit: `a`, the larger of the two symbols.
  ///   - users: real dimensions.
  ///   - hidden: hidden units; 8 a user in the paper.
  ///   - memory: numbers handed on; 2 a user in the paper.
  ///   - residual: `r`, in `0..<1`.
  ///   - stream: where initial weights come from, each layer its own.
  public init(
    limit: Scalar = 1,
    users: Int,
    hidden: Int,
    memory: Int,
    residual: Scalar = 0.9,
    from stream: RandomStream
  ) {
    precondition(limit > 0 && residual >= 0 && residual < 1, "ConferenceDetNet: limit or residual")
    self.limit = limit
    widths = DetNetWidths(users: users, levels: 2, hidden: hidden, memory: memory)
    self.residual = residual
    self.stream = stream
  }

  /// Random weights of the layer's own.
  public func initialParameters(ofLayer layer: Int) -> ConferenceDetNetLayer<Scalar> {
    var stream = stream.derived("layer", index: layer)
    return ConferenceDetNetLayer(widths, from: &stream)
  }

  /// All zero.
  public func start(_ problem: NormalEquations<Scalar>) -> State {
    State(
      symbols: .zeros([problem.batch, widths.users]),
      memory: .zeros([problem.batch, widths.memory])
    )
  }

  /// One layer.
  public func step(
    _ state: State,
    _ problem: NormalEquations<Scalar>,
    _ parameters: ConferenceDetNetLayer<Scalar>
  ) -> State {
    let s = state.symbols
    let seen = concatenated([problem.matched, s, problem.gramProduct(s), state.memory], axis: 1)
    let u = parameters.hidden(seen, mode: .training)
    let slope = reciprocal(abs(parameters.softness.value))
    let decided = clamp(parameters.symbols(u, mode: .training) * slope, -1...1)
    let v = parameters.memory(u, mode: .training)
    return State(
      symbols: weightedSum(decided, (1 - residual) * limit, s, residual),
      memory: weightedSum(v, 1 - residual, state.memory, residual)
    )
  }

  /// `s`, `[batch, users]`.
  public func estimate(_ state: State) -> Tensor<Scalar> { state.symbols }
}
