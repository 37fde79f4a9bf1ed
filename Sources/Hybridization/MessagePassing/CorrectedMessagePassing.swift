public import NeuralNetworks
public import Tensors

/// Message passing with a filling of its slot: neural augmentation.
///
/// Equation: `state_{k+1} = next(state_k, messages(state_k), correction_k)`, `k = 0 ..< iterations`, the
/// correction with its memory from the same messages.
///
/// ```swift
/// let augmented = CorrectedMessagePassing(method: chain, slot: network)
/// let loss = augmented.loss(problem, iterations: 100, weighting: .linear, mode: .training) {
///   meanSquaredError($0, targets)
/// }
/// ```
///
/// - SeeAlso: `satorras2019`.
public struct CorrectedMessagePassing<Method: MessagePassing, Slot: MessageCorrection>: Sendable
where Slot.Scalar == Method.Scalar, Slot.Correction == Method.Correction {
  /// The precision.
  public typealias Scalar = Method.Scalar

  /// The algorithm.
  public let method: Method
  /// What fills its slot.
  public let slot: Slot

  /// An algorithm with a filling.
  public init(method: Method, slot: Slot) {
    self.method = method
    self.slot = slot
  }

  /// What is carried from iteration to iteration.
  private struct Carry {
    var state: Method.State
    var memory: Slot.Memory
  }

  private func start(_ problem: Method.Problem, _ mode: Mode) -> Carry {
    Carry(
      state: method.start(problem),
      memory: slot.start(
        method.graph(problem),
        evidence: method.evidence(problem),
        mode: mode
      )
    )
  }

  private func step(_ carry: Carry, _ problem: Method.Problem, _ mode: Mode) -> Carry {
    var next = carry
    let messages = method.messages(carry.state, problem)
    let correction = slot.correction(messages, &next.memory, mode: mode)
    next.state = method.next(carry.state, messages, correction, problem)
    return next
  }

  /// The estimates after each of the first iterations, the start left out.
  public func trace(
    _ problem: Method.Problem,
    iterations: Int,
    mode: Mode = .inference
  ) -> [Tensor<Scalar>] {
    var carry = start(problem, mode)
    return (0..<iterations).map { _ in
      carry = step(carry, problem, mode)
      return method.estimate(carry.state, problem)
    }
  }

  /// Runs until a rule says stop.
  ///
  /// - Parameters:
  ///   - problem: what is given.
  ///   - rule: when to stop; the residual is the largest relative change of an estimate in the batch.
  /// - Returns: the last estimates, how it ended and the residuals.
  public func solve(_ problem: Method.Problem, until rule: StoppingRule) -> Outcome<Tensor<Scalar>>
  {
    iterated(from: start(problem, .inference), until: rule) {
      method.estimate($0.state, problem)
    } step: {
      step($0, problem, .inference)
    }
  }

  /// The weighted loss of all iterations' estimates.
  ///
  /// - Parameters:
  ///   - problem: what is given.
  ///   - iterations: how many, at least 1.
  ///   - weighting: which iterations count.
  ///   - mode: whether the correction is being trained.
  ///   - loss: from an estimate to one number.
  /// - Returns: one number.
  public func loss(
    _ problem: Method.Problem,
    iterations: Int,
    weighting: LayerWeighting,
    mode: Mode,
    _ loss: (Tensor<Scalar>) throws -> Tensor<Scalar>
  ) rethrows -> Tensor<Scalar> {
    try weighting.loss(trace(problem, iterations: iterations, mode: mode), loss)
  }
}

extension CorrectedMessagePassing {
  /// The classical algorithm.
  public init(_ method: Method) where Slot == NoCorrection<Method.Scalar, Method.Correction> {
    self.init(method: method, slot: NoCorrection())
  }
}
