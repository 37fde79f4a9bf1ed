// Source: `revach2022kalmannet`, architecture 1, with the widths of the authors' first program. Deviation: the
// gain starts at a tenth of the program's, as in `CovarianceGain`.

internal import Autodiff
public import NeuralNetworks
public import Tensors

/// KalmanNet's first architecture: one large recurrent unit between two dense layers.
///
/// `h = GRU(D1([F2, F4]), h)` with `10 (m m + n n)` units, `K = D3(D2(h))`; `D1` and `D2` end in a ReLU. The
/// hidden state begins at zero.
///
/// - SeeAlso: `revach2022kalmannet`, figure 3.
public struct RecurrentGain<Scalar: RealTensorScalar>: GainNetwork, PartedModule {
  /// `m`.
  public let states: Int
  /// `n`.
  public let observed: Int
  /// `D1`.
  public private(set) var input: Dense<Scalar>
  /// The recurrent unit.
  public private(set) var memory: GRU<Scalar>
  /// `D2`.
  public private(set) var hidden: Dense<Scalar>
  /// `D3`.
  public private(set) var output: Dense<Scalar>

  /// A network drawn at random.
  ///
  /// - Parameters:
  ///   - m: how many states there are.
  ///   - n: how many numbers are observed.
  ///   - inputFactor: units of `D1` over its inputs; 80 in the program.
  ///   - memoryFactor: recurrent units over `m m + n n`; 10 in the paper.
  ///   - stream: what is drawn from.
  public init(
    states m: Int,
    observed n: Int,
    inputFactor: Int = 80,
    memoryFactor: Int = 10,
    from stream: inout RandomStream
  ) {
    precondition(
      m >= 1 && n >= 1 && inputFactor >= 1 && memoryFactor >= 1,
      "RecurrentGain: \(m) states, \(n) observed, factors \(inputFactor) and \(memoryFactor)"
    )
    states = m
    observed = n
    let units = memoryFactor * (m * m + n * n)
    func dense(_ inputs: Int, _ outputs: Int, _ activation: Activation) -> Dense<Scalar> {
      Dense(inputs, outputs, activation: activation, initialisation: .fanIn, from: &stream)
    }
    input = dense(m + n, (m + n) * inputFactor, .relu)
    memory = GRU(inputs: (m + n) * inputFactor, hidden: units, from: &stream)
    hidden = dense(units, 4 * m * n, .relu)
    output = dense(4 * m * n, m * n, .identity).scaled(by: 0.1)
  }

  /// Zeros.
  public func start(batch: Int) -> [Tensor<Scalar>] { [memory.zeroState(batch: batch)] }

  /// `K_t`, `[batch, m, n]`.
  public func gain(_ features: GainFeatures<Scalar>, _ carry: inout [Tensor<Scalar>])
    -> Tensor<Scalar>
  {
    let seen = input.output(joining: [features.innovation, features.updateDifference])
    let h = memory.step(joining: [seen], carry[0])
    carry = [h]
    let k = output(hidden(h, mode: .training), mode: .training)
    return k.reshaped([k.shape[0], states, observed])
  }

  /// All layers.
  public static var parts: [ModulePart<RecurrentGain>] {
    [
      .init("input", \.input),
      .init("memory", \.memory),
      .init("hidden", \.hidden),
      .init("output", \.output),
    ]
  }
}
