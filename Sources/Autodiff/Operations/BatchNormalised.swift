internal import CKernels
public import Tensors

/// Running means and variances of features, kept outside of any recording.
///
/// A node that normalises by a batch moves them at each of its passes; one that normalises by them reads them
/// as they are then.
public protocol FeatureStatistics<Scalar>: AnyObject {
  /// The precision.
  associatedtype Scalar: RealTensorScalar

  /// Lends means and variances, `[features]` each.
  ///
  /// - Parameters:
  ///   - isMoving: whether they are written, in place.
  ///   - body: reads or writes them.
  func withStatistics(
    isMoving: Bool,
    _ body: (_ means: UnsafeMutablePointer<Scalar>, _ variances: UnsafeMutablePointer<Scalar>) ->
      Void
  )
}

/// Each feature (last axis) with its mean taken off and divided by its deviation, scaled and shifted, as one
/// node with the activation behind it.
///
/// `y = activation(g (x - m) / sqrt(v + e) + b)`. With `momentum`, `m` and `v` are those of the batch (`v` without
/// Bessel's correction), and the running ones become `(1 - momentum)` of themselves plus `momentum` times the
/// batch's (`v` with the correction). Without, `m` and `v` are the running ones.
///
/// - Parameters:
///   - x: `[.., features]`.
///   - scale: `g`, `[features]`.
///   - shift: `b`, `[features]`.
///   - statistics: the running means and variances.
///   - momentum: how far they move; nil to normalise by them.
///   - epsilon: `e`.
///   - activation: identity, ReLU or leaky ReLU.
/// - Returns: of the shape of `x`.
/// - SeeAlso: `ioffe2015`.
@specialized(where Scalar == Float)
public func batchNormalised<Scalar: RealTensorScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>,
  shift: Tensor<Scalar>,
  statistics: any FeatureStatistics<Scalar>,
  momentum: Double?,
  epsilon: Double = 1e-5,
  activation: Activation = .identity
) -> Tensor<Scalar> {
  let columns = x.shape.last ?? 0
  precondition(
    columns > 0 && scale.shape == [columns] && shift.shape == [columns],
    "batchNormalised: input \(x.shape), scale \(scale.shape), shift \(shift.shape)"
  )
  precondition(
    [.identity, .relu, .leakyRelu].contains(activation),
    "batchNormalised: activation \(activation.rawValue)"
  )
  let plan = BatchNormalPlan(
    rows: x.count / columns,
    columns: columns,
    x: x.storage,
    scale: scale.storage,
    shift: shift.storage,
    statistics: statistics,
    momentum: momentum,
    epsilon: epsilon,
    activation: activation.kernel,
    pool: Primitive.pool([x, scale, shift])
  )
  return Primitive.apply(
    "batchNormalised",
    [x, scale, shift],
    shape: x.shape,
    forward: { plan.forward($0) },
    backward: { plan.backward($0) }
  )
}
