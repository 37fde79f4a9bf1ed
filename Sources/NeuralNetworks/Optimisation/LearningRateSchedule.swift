#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The learning rate of each step of a training.
///
/// `t` counts steps from 0, `T` is the planned number of steps.
///
/// ```swift
/// let schedule = LearningRateSchedule.warmUp(steps: 100, then: .cosine(from: 1e-2, to: 1e-4))
/// schedule.rate(atStep: 0, of: 1000)    // 1e-4: one hundredth of 1e-2
/// ```
public indirect enum LearningRateSchedule: Sendable, Hashable {
  /// The same rate throughout.
  case constant(Double)
  /// `rate * factor^(t / period)`, falling a little each step.
  case exponential(rate: Double, factor: Double, period: Int)
  /// `from * (to / from)^(t / (T - 1))`: reaches `to` at the last planned step.
  case decay(from: Double, to: Double)
  /// `rate * factor^floor(t / period)`, falling in steps.
  case step(rate: Double, factor: Double, period: Int)
  /// `to + (from - to) (1 + cos(pi t / (T - 1))) / 2`: reaches `to` at the last planned step.
  case cosine(from: Double, to: Double)
  /// Rises linearly, `(t + 1) / steps` of the other schedule's first rate, then follows that one
  /// over the steps that are left.
  case warmUp(steps: Int, then: LearningRateSchedule)

  /// The rate of a step.
  ///
  /// - Parameters:
  ///   - step: `t`, from 0.
  ///   - total: `T`, how many steps are planned.
  /// - Returns: the learning rate.
  public func rate(atStep step: Int, of total: Int) -> Double {
    switch self {
    case .constant(let rate):
      return rate
    case .exponential(let rate, let factor, let period):
      return rate * pow(factor, Double(step) / Double(period))
    case .decay(let from, let to):
      return from * pow(to / from, Self.share(step, total))
    case .step(let rate, let factor, let period):
      return rate * pow(factor, Double(step / period))
    case .cosine(let from, let to):
      return to + (from - to) * (1 + cos(Double.pi * Self.share(step, total))) / 2
    case .warmUp(let steps, let then):
      if step < steps {
        return then.rate(atStep: 0, of: max(total - steps, 1)) * Double(step + 1) / Double(steps)
      }
      return then.rate(atStep: step - steps, of: max(total - steps, 1))
    }
  }

  private static func share(_ step: Int, _ total: Int) -> Double {
    total > 1 ? min(Double(step) / Double(total - 1), 1) : 0
  }

  /// What is wrong with the numbers: value and requirement; nil when they are in range.
  var flaw: (value: String, requirement: String)? {
    func positive(_ numbers: Double...) -> (String, String)? {
      for number in numbers where !(number > 0 && number.isFinite) {
        return ("\(number)", "made of positive rates and factors")
      }
      return nil
    }
    func whole(_ number: Int) -> (String, String)? {
      number >= 1 ? nil : ("\(number)", "made of periods of at least one step")
    }
    switch self {
    case .constant(let rate):
      return rate >= 0 && rate.isFinite ? nil : ("\(rate)", "a rate of 0 or more")
    case .exponential(let rate, let factor, let period), .step(let rate, let factor, let period):
      return positive(rate, factor) ?? whole(period)
    case .decay(let from, let to):
      return positive(from, to)
    case .cosine(let from, let to):
      return positive(from) ?? (to >= 0 && to.isFinite ? nil : ("\(to)", "a rate of 0 or more"))
    case .warmUp(let steps, let then):
      return whole(steps) ?? then.flaw
    }
  }
}
