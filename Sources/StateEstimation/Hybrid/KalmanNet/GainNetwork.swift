internal import Autodiff
public import NeuralNetworks
public import Tensors

/// A recurrent network that fills the gain's slot.
///
/// Law: the gain depends on the features and on what is carried alone.
public protocol GainNetwork<Scalar>: DuplicableModule, RecordedGain, Sendable
where Carry == [Tensor<Scalar>] {
  /// How many numbers the state has, `m`.
  var states: Int { get }
  /// How many numbers an observation has, `n`.
  var observed: Int { get }

  /// `K_t` from the features, already of unit length.
  ///
  /// - Parameters:
  ///   - features: of the step.
  ///   - carry: hidden states `[batch, ...]`; become the next step's.
  /// - Returns: `[batch, m, n]`.
  func gain(_ features: GainFeatures<Scalar>, _ carry: inout [Tensor<Scalar>]) -> Tensor<Scalar>
}

extension GainNetwork {
  /// `K_t` of a step.
  public func gain(_ step: RecordedStep<Scalar>, _ carry: inout [Tensor<Scalar>])
    -> Tensor<Scalar>
  { gain(GainFeatures(step).directions, &carry) }
}

extension Dense {
  /// The same layer with its numbers scaled.
  func scaled(by factor: Scalar) -> Dense {
    weight.set(weight.value * factor)
    if let bias { bias.set(bias.value * factor) }
    return self
  }
}
