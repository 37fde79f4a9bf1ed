internal import Autodiff
public import Tensors

/// What a smoother's gain sees on its way back, each `[batch, m]`.
public struct RecordedSmootherStep<Scalar: RealTensorScalar> {
  /// The step `t` that is smoothed.
  public let time: Int
  /// `x_{t+1|T} - x_{t+1|t}`: what later observations changed.
  public let innovation: Tensor<Scalar>
  /// `x_{t+1|T} - x_{t+1|t+1}`: what the smoother changed there.
  public let update: Tensor<Scalar>
  /// `x_{t+1|T} - x_{t+2|T}`; zeros at the end.
  public let evolution: Tensor<Scalar>
}

/// The slot of a smoother in recorded operations.
public protocol RecordedSmootherGain<Scalar> {
  /// The precision.
  associatedtype Scalar: RealTensorScalar
  /// What is carried from step to step, backwards.
  associatedtype Carry

  /// What is carried into the last step.
  func start(batch: Int) -> Carry

  /// `G_t` of each sequence, `[batch, m, m]`.
  func gain(_ step: RecordedSmootherStep<Scalar>, _ carry: inout Carry) -> Tensor<Scalar>

  /// The same numbers, through which no gradient flows.
  func detached(_ carry: Carry) -> Carry

  /// What is carried where `inside`, `[batch, 1]`, is 1, and what is carried into the last step where it is 0.
  func restarted(_ carry: Carry, where inside: Tensor<Scalar>) -> Carry
}

extension RecordedSmootherGain where Carry == [Tensor<Scalar>] {
  /// The same numbers, through which no gradient flows.
  public func detached(_ carry: Carry) -> Carry { carry.map { stopGradient($0) } }

  /// What is carried inside, and what is carried into the last step outside.
  public func restarted(_ carry: Carry, where inside: Tensor<Scalar>) -> Carry {
    zip(carry, start(batch: inside.shape[0])).map { $0 * inside + $1 * (1 - inside) }
  }
}

/// The Rauch-Tung-Striebel smoother with a slot for its gain, in recorded operations.
///
/// `x_{t|T} = x_{t|t} + G_t (x_{t+1|T} - x_{t+1|t})`, from the last step to the first.
///
/// Law: with `G_t = P_{t|t} F' P_{t+1|t}^-1` it is the classical smoother.
///
/// - SeeAlso: `rauch1965`, `revach2023rtsnet`.
public enum RecordedSmoother {
  /// Smooths what a filter left.
  ///
  /// - Parameters:
  ///   - filtered: `x_{t|t}` of each step, `[batch, m]`.
  ///   - predicted: `x_{t|t-1}` of each step, `[batch, m]`.
  ///   - gain: fills the slot.
  ///   - sequences: what the filter read: where sequences end and where no gradient flows; nil for all equally long and none.
  /// - Returns: `x_{t|T}` of each step, `T` the last step of each sequence.
  public static func smoothed<Gain: RecordedSmootherGain>(
    _ filtered: [Tensor<Gain.Scalar>],
    predicted: [Tensor<Gain.Scalar>],
    gain: Gain,
    in sequences: RecordedSequences<Gain.Scalar>? = nil
  ) -> [Tensor<Gain.Scalar>] {
    precondition(
      filtered.count == predicted.count,
      "RecordedSmoother: \(filtered.count) estimates and \(predicted.count) predictions"
    )
    guard let last = filtered.last else { return [] }
    let (batch, m) = (last.shape[0], last.shape[1])
    var carry = gain.start(batch: batch)
    var results = filtered
    for t in stride(from: filtered.count - 2, through: 0, by: -1) {
      let isBoundary = sequences?.isBoundary(t + 1) ?? false
      if isBoundary { carry = gain.detached(carry) }
      /// What is known of the steps behind this one, nothing behind the end of a sequence.
      func later(_ difference: Tensor<Gain.Scalar>, _ step: Int) -> Tensor<Gain.Scalar> {
        let known = sequences?.inside(step).map { difference * $0 } ?? difference
        return isBoundary ? stopGradient(known) : known
      }
      let next = results[t + 1]
      let innovation = later(next - predicted[t + 1], t + 1)
      let step = RecordedSmootherStep(
        time: t,
        innovation: innovation,
        update: later(next - filtered[t + 1], t + 1),
        evolution: t + 2 < results.count ? later(next - results[t + 2], t + 2) : .zeros([batch, m])
      )
      let matrix = gain.gain(step, &carry)
      if let inside = sequences?.inside(t + 1) { carry = gain.restarted(carry, where: inside) }
      results[t] =
        filtered[t] + matmul(matrix, innovation.reshaped([batch, m, 1])).reshaped([batch, m])
    }
    return results
  }
}
