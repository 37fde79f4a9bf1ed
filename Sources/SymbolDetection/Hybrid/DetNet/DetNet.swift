// Goals in order: the network of the journal paper; its law against projected gradient descent; speed.
// Source: `samuel2019detnet` and the survey, Example 1. The symbols are a weighted sum of the beliefs,
// `s = sum_j level_j o_j`, which for two levels is the authors' `o[+] - o[-]`.

internal import Autodiff
public import Hybridization
internal import NeuralNetworks
public import Tensors

/// DetNet: unfolded projected gradient descent whose projection is a small network.
///
/// Layer q, with `G = H' H`, `m = H' x`, residual weight `r = 0.9`:
/// `z = s - d1 m + d2 G s`, `u = relu([z, v] W1 + b1)`, `o = (1 - r)(u W2 + b2) + r o_before`,
/// `v = (1 - r)(u W3 + b3) + r v_before`, `s = sum_j level_j o_j`; all start at zero.
///
/// - SeeAlso: `samuel2019detnet`.
public struct DetNet<Scalar: RealTensorScalar>: IterativeMethod {
  /// What a layer hands on.
  public struct State {
    /// `o`, `[batch, users levels]`: a number for each symbol and level, 1 for sure.
    public var beliefs: Tensor<Scalar>
    /// `s`, `[batch, users]`.
    public var symbols: Tensor<Scalar>
    /// `v`, `[batch, memory]`.
    public var memory: Tensor<Scalar>
  }

  /// The values that each symbol may have, ascending.
  public let levels: [Scalar]
  /// The widths of the layers.
  public let widths: DetNetWidths
  /// `r`.
  public let residual: Scalar
  /// The matrix from beliefs to symbols, `[users levels, users]`.
  private let readout: Tensor<Scalar>
  /// The gradient step that layers start with; nil for random layers.
  public let firstStep: Scalar?
  /// What wrong decisions cost in training beside the squared error of the beliefs; nil for nothing.
  public let decisionLoss: DecisionLoss<Scalar>?
  private let stream: RandomStream

  /// The network's step.
  ///
  /// - Parameters:
  ///   - levels: the symbols of one real dimension, ascending.
  ///   - users: real dimensions.
  ///   - hidden: hidden units; 4 a user in the paper.
  ///   - memory: numbers handed on; 2 a user in the paper.
  ///   - residual: `r`, in `0..<1`.
  ///   - firstStep: layers start as projected gradient steps of this size with small random numbers added;
  ///     nil for the random numbers alone.
  ///   - decisionLoss: what wrong decisions cost in training beside the squared error; nil for nothing, as in the
  ///     paper.
  ///   - stream: where initial weights come from, each layer its own.
  public init(
    levels: [Scalar],
    users: Int,
    hidden: Int,
    memory: Int,
    residual: Scalar = 0.9,
    startingAt firstStep: Scalar? = nil,
    decisionLoss: DecisionLoss<Scalar>? = nil,
    from stream: RandomStream
  ) {
    precondition(levels.count >= 2 && residual >= 0 && residual < 1, "DetNet: levels or residual")
    self.levels = levels
    widths = .init(users: users, levels: levels.count, hidden: hidden, memory: memory)
    self.residual = residual
    self.firstStep = firstStep
    self.decisionLoss = decisionLoss
    self.stream = stream
    readout = Tensor(shape: [users * levels.count, users]) { matrix in
      matrix.update(repeating: 0)
      for user in 0..<users {
        for (place, level) in levels.enumerated() {
          matrix[(user * levels.count + place) * users + user] = level
        }
      }
    }
  }

  /// Random weights of the layer's own, around a projected gradient step where that is the start.
  public func initialParameters(ofLayer layer: Int) -> DetNetLayer<Scalar> {
    var stream = stream.derived("layer", index: layer)
    if let firstStep {
      return DetNetLayer(
        projecting: firstStep,
        widths,
        limit: levels[levels.count - 1],
        from: &stream
      )
    }
    return DetNetLayer(widths, from: &stream)
  }

  /// All zero.
  public func start(_ problem: NormalEquations<Scalar>) -> State {
    State(
      beliefs: .zeros([problem.batch, widths.users * levels.count]),
      symbols: .zeros([problem.batch, widths.users]),
      memory: .zeros([problem.batch, widths.memory])
    )
  }

  /// One layer.
  public func step(
    _ state: State,
    _ problem: NormalEquations<Scalar>,
    _ parameters: DetNetLayer<Scalar>
  ) -> State {
    let s = state.symbols
    let z =
      s - parameters.matchedScale.value * problem.matched
      + parameters.gramScale.value * problem.gramProduct(s)
    let u = parameters.hidden(concatenated([z, state.memory], axis: 1), mode: .training)
    let (o, v) = (parameters.beliefs(u, mode: .training), parameters.memory(u, mode: .training))
    let beliefs = weightedSum(o, 1 - residual, state.beliefs, residual)
    let memory = weightedSum(v, 1 - residual, state.memory, residual)
    return State(beliefs: beliefs, symbols: symbols(beliefs), memory: memory)
  }

  /// `o`, `[batch, users levels]`.
  public func estimate(_ state: State) -> Tensor<Scalar> { state.beliefs }

  /// `s = sum_j level_j o_j`, `[batch, users]`.
  public func symbols(_ beliefs: Tensor<Scalar>) -> Tensor<Scalar> {
    matmul(beliefs, readout)
  }

  /// The beliefs of one that knows: 1 at each symbol's level, 0 elsewhere.
  ///
  /// - Parameter places: of the symbols among the levels, `[batch, users]` in a flat list.
  /// - Returns: `[batch, users levels]`.
  public func certainBeliefs(_ places: [Int]) -> Tensor<Scalar> {
    let width = levels.count
    var values = [Scalar](repeating: 0, count: places.count * width)
    for (index, place) in places.enumerated() { values[index * width + place] = 1 }
    return Tensor(values, shape: [places.count / widths.users, widths.users * width])
  }
}
