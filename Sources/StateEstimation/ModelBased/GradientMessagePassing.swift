// Source: `satorras2019`, section 3. Deviations: the prior of the first state sends a message too, so that the fixed
// point is the Rauch-Tung-Striebel smoother; nonlinear transitions send back through their Jacobian, so that the
// messages are the slope of the posterior's logarithm.

internal import Autodiff
public import Hybridization
public import Tensors

/// Smoothing by messages on the chain of states: gradient ascent on the posterior of all of them.
///
/// `x_t <- x_t + g (m1 + m2 + m3)` with `m1 = -Q^-1 (x_t - f(x_{t-1}))` from the step before,
/// `m2 = H' R^-1 (y_t - H x_t)` from the observation, `m3 = F(x_t)' Q^-1 (x_{t+1} - f(x_t))` from the step after, `F`
/// the Jacobian of `f`; the first state has the message of its prior in place of `m1`. Starts at `H^+ y`.
///
/// Law: of a linear model the fixed point is the Rauch-Tung-Striebel smoother's mean; of another one it is the
/// mean that this smoother gives for the model made linear there.
///
/// - SeeAlso: `satorras2019`.
public struct GradientMessagePassing<Transition: VectorFunction>: MessagePassing {
  /// The precision.
  public typealias Scalar = Transition.Scalar

  /// What a correction is told of the observations.
  public enum Evidence: String, Sendable, CaseIterable {
    /// `y_t - y_{t-1}` and `y_{t+1} - y_t`: the same wherever the sequence is.
    case changes
    /// These and `y_t`.
    case levels
  }

  /// `f`.
  public let transition: Transition
  /// `g`.
  public let stepSize: Scalar
  /// What a correction is told of the observations.
  public let evidence: Evidence
  /// Whether messages are sent; a correction works alone where they are not.
  public let usesModel: Bool
  private let emission: Tensor<Scalar>
  /// `(H^+)'`, `[n, m]`.
  private let emissionInverse: Tensor<Scalar>
  /// `Q^-1`.
  private let processPrecision: Tensor<Scalar>
  /// `R^-1 H`, `[n, m]`.
  private let observationSlope: Tensor<Scalar>

  /// The messages of a model.
  ///
  /// - Parameters:
  ///   - transition: `f`.
  ///   - emission: `H`.
  ///   - noise: `Q` and `R`, both invertible.
  ///   - stepSize: `g`.
  ///   - evidence: what a correction is told of the observations.
  ///   - usesModel: whether messages are sent.
  /// - Throws: ``StateEstimationError`` for covariances or an emission that cannot be inverted.
  public init(
    transition: Transition,
    emission: LinearFunction<Scalar>,
    noise: NoiseCovariances<Scalar>,
    stepSize: Scalar,
    evidence: Evidence = .changes,
    usesModel: Bool = true
  ) throws(StateEstimationError) {
    self.transition = transition
    self.stepSize = stepSize
    self.evidence = evidence
    self.usesModel = usesModel
    let h = emission.matrix
    let inverse = try Precision.rightInverse(h)
    func tensor(_ matrix: Matrix<Scalar>) -> Tensor<Scalar> {
      Tensor(matrix.scalars, shape: [matrix.rows, matrix.columns])
    }
    self.emission = tensor(h)
    emissionInverse = tensor(inverse.transposed())
    processPrecision = tensor(
      try Precision.inverse(noise.process.matrix, name: "process_noise")
    )
    observationSlope = tensor(
      try Precision.inverse(noise.observation.matrix, name: "observation_noise").times(h)
    )
  }

  /// How many numbers the state has.
  public var states: Int { transition.outputs }

  /// From the step before, from the observation, from the step after.
  public func graph(_ problem: SmoothingProblem<Scalar>) -> MessageGraph {
    let (batch, time) = (problem.batch, problem.time)
    let earlier = (0..<batch).flatMap { b in (0..<max(time - 1, 0)).map { b * time + $0 } }
    let later = earlier.map { $0 + 1 }
    let all = Array(0..<(batch * time))
    return MessageGraph(
      nodes: batch * time,
      kinds: [
        .init(EdgeList(sources: earlier, targets: later)),
        .init(EdgeList(sources: all, targets: all), isFromEvidence: true),
        .init(EdgeList(sources: later, targets: earlier)),
      ]
    )
  }

  /// Features of the observations, `[batch * time, 2 n]` or `[batch * time, 3 n]`; changes at the ends are 0.
  public func evidence(_ problem: SmoothingProblem<Scalar>) -> Tensor<Scalar> {
    SmoothingFeatures.made(problem.observations, evidence)
  }

  /// `H^+ y`, `[batch, time, m]`.
  public func start(_ problem: SmoothingProblem<Scalar>) -> Tensor<Scalar> {
    matmul(problem.observations, emissionInverse)
  }

  /// `m1` and `m3`, `[batch * (time - 1), m]`, and `m2`, `[batch * time, m]`, in the order of the graph's kinds.
  public func messages(
    _ x: Tensor<Scalar>,
    _ problem: SmoothingProblem<Scalar>
  ) -> [Tensor<Scalar>] {
    guard usesModel else { return [] }
    let (batch, time, m) = (problem.batch, problem.time, states)
    let edges = batch * (time - 1)
    let before = x.sliced(axis: 1, 0..<max(time - 1, 0)).reshaped([edges, m])
    let after = x.sliced(axis: 1, min(1, time)..<time).reshaped([edges, m])
    let pull = matmul(after - transition.applied(to: before), processPrecision)
    var innovation = problem.observations - matmul(x, emission, transposeB: true)
    if let mask = problem.mask { innovation = innovation * mask }
    return [
      -pull,
      matmul(innovation, observationSlope).reshaped([batch * time, m]),
      transition.pulledBack(pull, at: before),
    ]
  }

  /// One step of the ascent.
  public func next(
    _ x: Tensor<Scalar>,
    _ messages: [Tensor<Scalar>],
    _ correction: Tensor<Scalar>?,
    _ problem: SmoothingProblem<Scalar>
  ) -> Tensor<Scalar> {
    let (batch, time, m) = (problem.batch, problem.time, states)
    var arrived = correction?.reshaped([batch, time, m])
    func add(_ message: Tensor<Scalar>) { arrived = arrived.map { $0 + message } ?? message }
    if messages.count == 3 {
      let first = x.sliced(axis: 1, 0..<1) - problem.firstMean.reshaped([batch, 1, m])
      let prior = -matmul(first, problem.firstPrecision)
      let ends = Tensor<Scalar>.zeros([batch, 1, m])
      let inner = [batch, time - 1, m]
      add(messages[1].reshaped([batch, time, m]))
      add(concatenated([prior, messages[0].reshaped(inner)], axis: 1))
      add(concatenated([messages[2].reshaped(inner), ends], axis: 1))
    }
    return arrived.map { weightedSum(x, 1, $0, stepSize) } ?? x
  }

  /// The states themselves, `[batch, time, m]`.
  public func estimate(
    _ x: Tensor<Scalar>,
    _ problem: SmoothingProblem<Scalar>
  ) -> Tensor<Scalar> { x }
}

/// What networks see of observations.
enum SmoothingFeatures {
  /// Changes before and after each step, and levels where asked for, `[batch * time, features]`.
  static func made<Transition: VectorFunction>(
    _ y: Tensor<Transition.Scalar>,
    _ evidence: GradientMessagePassing<Transition>.Evidence
  ) -> Tensor<Transition.Scalar> {
    let (batch, time, n) = (y.shape[0], y.shape[1], y.shape[2])
    let ends = Tensor<Transition.Scalar>.zeros([batch, 1, n])
    let change = y.sliced(axis: 1, min(1, time)..<time) - y.sliced(axis: 1, 0..<max(time - 1, 0))
    var parts = [concatenated([ends, change], axis: 1), concatenated([change, ends], axis: 1)]
    if evidence == .levels { parts.append(y) }
    return concatenated(parts, axis: 2).reshaped([batch * time, parts.count * n])
  }
}
