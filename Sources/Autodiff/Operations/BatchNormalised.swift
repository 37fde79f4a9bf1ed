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
    activation: activation.kernel
  )
  return Primitive.apply(
    "batchNormalised",
    [x, scale, shift],
    shape: x.shape,
    forward: { plan.forward($0) },
    backward: { plan.backward($0) }
  )
}

/// The buffers of one normalisation.
private struct BatchNormalPlan<Scalar: RealTensorScalar> {
  let rows: Int
  let columns: Int
  let x: TensorStorage<Scalar>
  let scale: TensorStorage<Scalar>
  let shift: TensorStorage<Scalar>
  let statistics: any FeatureStatistics<Scalar>
  let momentum: Double?
  let epsilon: Double
  let activation: graybox_activation
  /// Of this batch: means, variances, inverse deviations.
  let numbers: TensorStorage<Scalar>
  let normal: TensorStorage<Scalar>

  init(
    rows: Int,
    columns: Int,
    x: TensorStorage<Scalar>,
    scale: TensorStorage<Scalar>,
    shift: TensorStorage<Scalar>,
    statistics: any FeatureStatistics<Scalar>,
    momentum: Double?,
    epsilon: Double,
    activation: graybox_activation
  ) {
    self.rows = rows
    self.columns = columns
    self.x = x
    self.scale = scale
    self.shift = shift
    self.statistics = statistics
    self.momentum = momentum
    self.epsilon = epsilon
    self.activation = activation
    numbers = TensorStorage(uninitialised: 3 * columns)
    normal = TensorStorage(uninitialised: rows * columns)
  }

  private var means: UnsafeMutablePointer<Scalar> { numbers.values }
  private var variances: UnsafeMutablePointer<Scalar> { numbers.values + columns }
  private var inverses: UnsafeMutablePointer<Scalar> { numbers.values + 2 * columns }

  func forward(_ y: TensorStorage<Scalar>) {
    if momentum == nil {
      statistics.withStatistics(isMoving: false) { means, variances in
        self.means.update(from: means, count: columns)
        self.variances.update(from: variances, count: columns)
      }
    }
    Scalar.kernels.pointee.batch_normalise(
      activation,
      momentum == nil ? 1 : 0,
      rows,
      columns,
      epsilon,
      x.values,
      scale.values,
      shift.values,
      means,
      variances,
      inverses,
      normal.values,
      y.values
    )
    guard let momentum, rows > 0 else { return }
    statistics.withStatistics(isMoving: true) { means, variances in
      move(means, momentum, self.means, momentum)
      if rows > 1 {
        let corrected = momentum * Double(rows) / Double(rows - 1)
        move(variances, momentum, self.variances, corrected)
      }
    }
  }

  /// `running = (1 - momentum) running + share batch`.
  private func move(
    _ running: UnsafeMutablePointer<Scalar>,
    _ momentum: Double,
    _ batch: UnsafeMutablePointer<Scalar>,
    _ share: Double
  ) {
    Scalar.kernels.pointee.scale_shift(columns, running, 1 - momentum, 0, running)
    Scalar.kernels.pointee.accumulate_scaled(columns, share, batch, running)
  }

  func backward(_ y: TensorStorage<Scalar>) {
    guard let gy = y.gradients else { return }
    Scalar.kernels.pointee.batch_normalise_backward(
      activation,
      momentum == nil ? 1 : 0,
      rows,
      columns,
      y.values,
      normal.values,
      inverses,
      scale.values,
      gy,
      x.accumulatedGradient,
      scale.accumulatedGradient,
      shift.accumulatedGradient
    )
  }
}
