public import Autodiff
public import Tensors

/// Parameters that an optimiser treats alike.
///
/// ```swift
/// let groups = [
///   ParameterGroup(network.parameters),
///   ParameterGroup(stepSizes, rateFactor: 0.1, weightDecay: 0),
///   ParameterGroup(pretrained, isFrozen: true),
/// ]
/// ```
public struct ParameterGroup<Scalar: RealTensorScalar>: Sendable {
  /// The parameters; one that is listed twice counts once.
  public var parameters: [Parameter<Scalar>]
  /// Times the schedule's rate.
  public var rateFactor: Double
  /// The decay of this group; that of the settings when nil.
  public var weightDecay: Double?
  /// Whether the parameters stay as they are.
  public var isFrozen: Bool

  /// A group; trained at the schedule's rate unless told otherwise.
  public init(
    _ parameters: [Parameter<Scalar>],
    rateFactor: Double = 1,
    weightDecay: Double? = nil,
    isFrozen: Bool = false
  ) {
    precondition(
      rateFactor >= 0 && (weightDecay ?? 0) >= 0,
      "ParameterGroup: rate factor \(rateFactor), decay \(weightDecay ?? 0) must not be negative"
    )
    self.parameters = parameters
    self.rateFactor = rateFactor
    self.weightDecay = weightDecay
    self.isFrozen = isFrozen
  }
}
