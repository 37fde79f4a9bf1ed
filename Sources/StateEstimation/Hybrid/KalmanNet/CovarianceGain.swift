// Goals in order: the wiring of the authors' program, so that results can be compared; few nodes a step.
// Source: `revach2022kalmannet`, architecture 2; widths as in the program (features times 5, the head times 40).
// Deviation: the gain starts at a tenth of the program's, because a filter that starts with a large random gain
// may leave the region where its model is stable before it has learned anything.

internal import Autodiff
public import NeuralNetworks
public import Tensors

/// KalmanNet's second architecture: three small recurrent units wired as the covariance recursion is.
///
/// With `[a, b]` for side by side and every dense layer `D` ending in a ReLU but the last:
/// `q = GRU_Q(D5(F4), q)`, `p = GRU_P([q, D6(F3)], p)`, `s = GRU_S([D1(p), D7([F1, F2])], s)`,
/// `K = D2([p, s])` through one hidden layer, `p <- D4([p, D3([s, K])])`. `q` and `p` stand for
/// `Q` and `P_{t|t-1}` (m m numbers each), `s` for `S` (n n numbers); they begin as identity matrices.
///
/// - SeeAlso: `revach2022kalmannet`, figure 4.
public struct CovarianceGain<Scalar: RealTensorScalar>: GainNetwork, PartedModule {
  /// `m`.
  public let states: Int
  /// `n`.
  public let observed: Int
  /// Stands for `Q`.
  public private(set) var processNoise: GRU<Scalar>
  /// Stands for `P_{t|t-1}`.
  public private(set) var predicted: GRU<Scalar>
  /// Stands for `S`.
  public private(set) var innovation: GRU<Scalar>
  /// `D1`, from `p` to `H P H'`.
  public private(set) var projection: Dense<Scalar>
  /// `D2`, the hidden layer of the gain.
  public private(set) var gainHidden: Dense<Scalar>
  /// `D2`, the gain.
  public private(set) var gainOutput: Dense<Scalar>
  /// `D3`, from `S` and the gain to what the update takes off.
  public private(set) var reduction: Dense<Scalar>
  /// `D4`, from `p` and this to the updated covariance.
  public private(set) var update: Dense<Scalar>
  /// `D5`, of F4.
  public private(set) var updateFeature: Dense<Scalar>
  /// `D6`, of F3.
  public private(set) var estimateFeature: Dense<Scalar>
  /// `D7`, of F1 and F2.
  public private(set) var observationFeature: Dense<Scalar>

  /// A network drawn at random.
  ///
  /// - Parameters:
  ///   - m: how many states there are.
  ///   - n: how many numbers are observed.
  ///   - featureFactor: units of a feature's layer over its numbers; 5 in the paper's program.
  ///   - gainFactor: hidden units of the gain's layer over the numbers that go in; 40 in the program.
  ///   - stream: what is drawn from.
  public init(
    states m: Int,
    observed n: Int,
    featureFactor: Int = 5,
    gainFactor: Int = 40,
    from stream: inout RandomStream
  ) {
    precondition(
      m >= 1 && n >= 1 && featureFactor >= 1 && gainFactor >= 1,
      "CovarianceGain: \(m) states, \(n) observed, factors \(featureFactor) and \(gainFactor)"
    )
    states = m
    observed = n
    let (mm, nn) = (m * m, n * n)
    func dense(_ inputs: Int, _ outputs: Int, _ activation: Activation = .relu) -> Dense<Scalar> {
      Dense(inputs, outputs, activation: activation, initialisation: .fanIn, from: &stream)
    }
    processNoise = GRU(inputs: m * featureFactor, hidden: mm, from: &stream)
    predicted = GRU(inputs: mm + m * featureFactor, hidden: mm, from: &stream)
    innovation = GRU(inputs: nn + 2 * n * featureFactor, hidden: nn, from: &stream)
    projection = dense(mm, nn)
    gainHidden = dense(mm + nn, (mm + nn) * gainFactor)
    gainOutput = Dense(
      (mm + nn) * gainFactor,
      m * n,
      initialisation: .fanIn,
      layout: .outputsFirst,
      from: &stream
    ).scaled(by: 0.1)
    reduction = dense(nn + m * n, mm)
    update = dense(2 * mm, mm)
    updateFeature = dense(m, m * featureFactor)
    estimateFeature = dense(m, m * featureFactor)
    observationFeature = dense(2 * n, 2 * n * featureFactor)
  }

  /// Identity matrices for `q`, `p` and `s`.
  public func start(batch: Int) -> [Tensor<Scalar>] {
    func identity(_ size: Int) -> Tensor<Scalar> {
      IdentityRows.made(batch: batch, size: size, as: Scalar.self)
    }
    return [identity(states), identity(states), identity(observed)]
  }

  /// `K_t`, `[batch, m, n]`.
  public func gain(_ features: GainFeatures<Scalar>, _ carry: inout [Tensor<Scalar>])
    -> Tensor<Scalar>
  {
    func run(_ layer: Dense<Scalar>, _ parts: Tensor<Scalar>...) -> Tensor<Scalar> {
      layer.output(joining: parts)
    }
    let q = processNoise.step(joining: [run(updateFeature, features.updateDifference)], carry[0])
    let p = predicted.step(
      joining: [q, run(estimateFeature, features.estimateDifference)],
      carry[1]
    )
    let seen = run(observationFeature, features.observationDifference, features.innovation)
    let s = innovation.step(joining: [run(projection, p), seen], carry[2])
    let k = run(gainOutput, run(gainHidden, p, s))
    carry = [q, run(update, p, run(reduction, s, k)), s]
    return k.reshaped([k.shape[0], states, observed])
  }

  /// All layers.
  public static var parts: [ModulePart<CovarianceGain>] {
    [
      .init("processNoise", \.processNoise),
      .init("predicted", \.predicted),
      .init("innovation", \.innovation),
      .init("projection", \.projection),
      .init("gainHidden", \.gainHidden),
      .init("gainOutput", \.gainOutput),
      .init("reduction", \.reduction),
      .init("update", \.update),
      .init("updateFeature", \.updateFeature),
      .init("estimateFeature", \.estimateFeature),
      .init("observationFeature", \.observationFeature),
    ]
  }
}
