// Source: `revach2023rtsnet`, section III: the backward half, wired as the smoother's covariances are. Widths as in
// `CovarianceGain`; the gain starts at a tenth for the same reason as there.

internal import Autodiff
public import NeuralNetworks
public import Tensors

/// The backward gain of RTSNet: two small recurrent units, one for `Q` and one for `P_{t|T}`.
///
/// With `[a, b]` for side by side and every dense layer `D` but the last ending in a ReLU:
/// `q = GRU_Q(D1(update), q)`, `p = GRU_P([q, D2([innovation, evolution])], p)`, `G = D3(p)` through one hidden
/// layer, `p <- D4([p, G])`. Differences have unit length; `q` and `p` begin as identity matrices.
public struct SmootherGain<Scalar: RealTensorScalar>: PartedModule, RecordedSmootherGain {
  /// `m`.
  public let states: Int
  /// Stands for `Q`.
  public private(set) var processNoise: GRU<Scalar>
  /// Stands for `P_{t|T}`.
  public private(set) var smoothed: GRU<Scalar>
  /// `D1`.
  public private(set) var updateFeature: Dense<Scalar>
  /// `D2`.
  public private(set) var differenceFeature: Dense<Scalar>
  /// `D3`, the hidden layer.
  public private(set) var gainHidden: Dense<Scalar>
  /// `D3`, the gain.
  public private(set) var gainOutput: Dense<Scalar>
  /// `D4`.
  public private(set) var correction: Dense<Scalar>

  /// A network drawn at random.
  ///
  /// - Parameters:
  ///   - m: how many states there are.
  ///   - featureFactor: units of a feature's layer over its numbers.
  ///   - gainFactor: hidden units of the gain's layer over the numbers that go in.
  ///   - stream: what is drawn from.
  public init(
    states m: Int,
    featureFactor: Int = 5,
    gainFactor: Int = 40,
    from stream: inout RandomStream
  ) {
    precondition(
      m >= 1 && featureFactor >= 1 && gainFactor >= 1,
      "SmootherGain: \(m) states, factors \(featureFactor) and \(gainFactor)"
    )
    states = m
    func dense(_ inputs: Int, _ outputs: Int, _ activation: Activation = .relu) -> Dense<Scalar> {
      Dense(inputs, outputs, activation: activation, initialisation: .fanIn, from: &stream)
    }
    processNoise = GRU(inputs: m * featureFactor, hidden: m * m, from: &stream)
    smoothed = GRU(inputs: m * m + 2 * m * featureFactor, hidden: m * m, from: &stream)
    updateFeature = dense(m, m * featureFactor)
    differenceFeature = dense(2 * m, 2 * m * featureFactor)
    gainHidden = dense(m * m, m * m * gainFactor)
    gainOutput = Dense(
      m * m * gainFactor,
      m * m,
      initialisation: .fanIn,
      layout: .outputsFirst,
      from: &stream
    ).scaled(by: 0.1)
    correction = dense(2 * m * m, m * m)
  }

  /// Identity matrices for `q` and `p`.
  public func start(batch: Int) -> [Tensor<Scalar>] {
    let identity = IdentityRows.made(batch: batch, size: states, as: Scalar.self)
    return [identity, identity]
  }

  /// `G_t`, `[batch, m, m]`.
  public func gain(_ step: RecordedSmootherStep<Scalar>, _ carry: inout [Tensor<Scalar>])
    -> Tensor<Scalar>
  {
    func run(_ layer: Dense<Scalar>, _ parts: Tensor<Scalar>...) -> Tensor<Scalar> {
      layer.output(joining: parts)
    }
    let q = processNoise.step(joining: [run(updateFeature, unitRows(step.update))], carry[0])
    let differences = run(differenceFeature, unitRows(step.innovation), unitRows(step.evolution))
    let p = smoothed.step(joining: [q, differences], carry[1])
    let g = run(gainOutput, run(gainHidden, p))
    carry = [q, run(correction, p, g)]
    return g.reshaped([g.shape[0], states, states])
  }

  /// All layers.
  public static var parts: [ModulePart<SmootherGain>] {
    [
      .init("processNoise", \.processNoise),
      .init("smoothed", \.smoothed),
      .init("updateFeature", \.updateFeature),
      .init("differenceFeature", \.differenceFeature),
      .init("gainHidden", \.gainHidden),
      .init("gainOutput", \.gainOutput),
      .init("correction", \.correction),
    ]
  }
}
