/// How parameters follow their gradients.
///
/// With gradient `g` (after clipping), value `w`, rate `a`, decay `d`, step number `t` from 1:
public enum OptimiserRule: Sendable, Hashable {
  /// Gradient descent.
  ///
  /// `g = g + d w`, `v = momentum v + g`, `w = w - a v`; with Nesterov's look-ahead
  /// `w = w - a (g + momentum v)`. Source: `polyak1964`, `nesterov1983`, in the form of
  /// `sutskever2013` with the rate outside the velocity.
  case sgd(momentum: Double = 0, nesterov: Bool = false)
  /// Adam; the decay is added to the gradient.
  ///
  /// `g = g + d w`, `m = beta1 m + (1 - beta1) g`, `v = beta2 v + (1 - beta2) g^2`,
  /// `w = w - a (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)`. Source: `kingma2015adam`.
  case adam(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)
  /// Adam with the decay apart from the moments: `w = w - a d w` before the step.
  ///
  /// Source: `loshchilov2019`.
  case adamW(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)

  /// How many numbers are kept for each parameter.
  public var momentCount: Int {
    switch self {
    case .sgd(let momentum, _): momentum == 0 ? 0 : 1
    case .adam, .adamW: 2
    }
  }

  /// What is wrong with the constants: name, value and requirement; nil when they are in range.
  var flaw: (name: String, value: Double, requirement: String)? {
    switch self {
    case .sgd(let momentum, _):
      return 0..<1 ~= momentum ? nil : ("momentum", momentum, "in 0..<1")
    case .adam(let beta1, let beta2, let epsilon), .adamW(let beta1, let beta2, let epsilon):
      if !(0..<1 ~= beta1) { return ("beta1", beta1, "in 0..<1") }
      if !(0..<1 ~= beta2) { return ("beta2", beta2, "in 0..<1") }
      return epsilon >= 0 ? nil : ("epsilon", epsilon, "0 or more")
    }
  }
}
