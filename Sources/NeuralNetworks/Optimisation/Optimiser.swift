internal import CKernels
public import Tensors

/// Steps the parameters of a flat buffer along their gradients; it allocates nothing per step.
///
/// ```swift
/// let flat = FlatParameters(network.parameters)
/// let optimiser = Optimiser(.adam(), flat)
/// // for each batch: recording.replay(...), recording.backward(), then
/// flat.clip(.globalNorm(1))
/// optimiser.step(rate: 1e-3)
/// ```
public final class Optimiser<Scalar: RealTensorScalar> {
  /// How parameters follow their gradients.
  public let rule: OptimiserRule
  /// The parameters.
  public let parameters: FlatParameters<Scalar>
  /// How many steps have been made.
  public private(set) var stepCount = 0
  private let moments: [UnsafeMutablePointer<Scalar>]

  /// An optimiser that has made no step.
  public init(_ rule: OptimiserRule, _ parameters: FlatParameters<Scalar>) {
    if let flaw = rule.flaw {
      preconditionFailure("Optimiser: \(flaw.name) \(flaw.value) must be \(flaw.requirement)")
    }
    self.rule = rule
    self.parameters = parameters
    // Gradient descent without momentum needs the velocity as a scratch place.
    moments = (0..<max(rule.momentCount, 1)).map { _ in
      FlatBuffer<Scalar>.allocate(parameters.count)
    }
  }

  deinit { for moment in moments { moment.deallocate() } }

  /// Makes one step: one kernel call for each group that is trained.
  ///
  /// - Parameters:
  ///   - rate: the learning rate, times each group's factor.
  ///   - weightDecay: the decay of groups that have none of their own.
  public func step(rate: Double, weightDecay: Double = 0) {
    stepCount += 1
    for section in parameters.sections where !section.isFrozen && !section.range.isEmpty {
      step(
        section.range,
        rate: rate * section.rateFactor,
        decay: section.weightDecay ?? weightDecay
      )
    }
  }

  private func step(_ range: Range<Int>, rate: Double, decay: Double) {
    let start = range.lowerBound
    let values = parameters.values + start
    let gradients = parameters.gradients + start
    switch rule {
    case .sgd(let momentum, let nesterov):
      Scalar.kernels.pointee.momentum(
        range.count,
        rate,
        momentum,
        nesterov ? 1 : 0,
        decay,
        gradients,
        values,
        moments[0] + start
      )
    case .adam(let beta1, let beta2, let epsilon), .adamW(let beta1, let beta2, let epsilon):
      var isDecoupled = false
      if case .adamW = rule { isDecoupled = true }
      var settings = graybox_adam_settings(
        rate: rate,
        beta1: beta1,
        beta2: beta2,
        epsilon: epsilon,
        coupled_decay: isDecoupled ? 0 : decay,
        decoupled_decay: isDecoupled ? decay : 0,
        correction1: 1 - Self.power(beta1, stepCount),
        correction2: 1 - Self.power(beta2, stepCount)
      )
      Scalar.kernels.pointee.adam(
        range.count,
        &settings,
        gradients,
        values,
        moments[0] + start,
        moments[1] + start
      )
    }
  }

  /// `base` to a whole power by repeated squaring: the same bits wherever a run is taken up.
  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    var square = base
    var rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}

/// What an optimiser remembers between steps.
public struct OptimiserState<Scalar: RealTensorScalar>: Sendable, Equatable {
  /// How many steps have been made.
  public var stepCount: Int
  /// The moments of all parameters, each as long as the flat buffer.
  public var moments: [Tensor<Scalar>]

  /// A state of the given parts.
  public init(stepCount: Int, moments: [Tensor<Scalar>]) {
    self.stepCount = stepCount
    self.moments = moments
  }
}

extension Optimiser {
  /// A copy of what the optimiser remembers.
  public var state: OptimiserState<Scalar> {
    OptimiserState(
      stepCount: stepCount,
      moments: moments.prefix(rule.momentCount).map { moment in
        Tensor(shape: [parameters.count]) { target in
          target.baseAddress?.update(from: moment, count: target.count)
        }
      }
    )
  }

  /// Puts back what an optimiser of the same rule and parameters remembered, to the bit.
  ///
  /// - Throws: ``NetworkError/wrongShape(name:expected:actual:source:)`` when it does not fit.
  public func restore(_ state: OptimiserState<Scalar>) throws(NetworkError) {
    guard state.moments.count == rule.momentCount else {
      throw .wrongShape(
        name: "moments",
        expected: [rule.momentCount],
        actual: [state.moments.count],
        source: "the optimiser state"
      )
    }
    for (index, tensor) in state.moments.enumerated() where tensor.shape != [parameters.count] {
      throw .wrongShape(
        name: "moments.\(index)",
        expected: [parameters.count],
        actual: tensor.shape,
        source: "the optimiser state"
      )
    }
    for (moment, tensor) in zip(moments, state.moments) {
      tensor.withScalars { source in
        if let base = source.baseAddress { moment.update(from: base, count: source.count) }
      }
    }
    stepCount = state.stepCount
  }
}
