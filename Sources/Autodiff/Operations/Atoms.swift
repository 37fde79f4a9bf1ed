// Goal: the cost of what is not zero, for codes that a threshold has shrunk; the law that they are products.

internal import CKernels
public import Tensors

/// Signals made of few atoms: `x = s D`, the sum of the rows of `D` weighted by the codes.
///
/// The product, but its gradient flows to codes that are not zero and to no others. So it is for codes that come from a
/// threshold, a ReLU or a choice of the largest: there a zero has no slope, whatever arrives.
/// Atoms with which only zeros meet aren't read, so that a NaN in them doesn't show.
///
/// - Parameters:
///   - codes: `s`, `[batch, atoms]`; numbers that are zero cost next to nothing.
///   - dictionary: `D`, `[atoms, width]`.
/// - Returns: `x`, `[batch, width]`.
/// - Complexity: O(width) a number that is not zero, once forward and twice back; a dense product where more than a
///   third are not.
@specialized(where Scalar == Float)
public func summedAtoms<Scalar: RealTensorScalar>(
  _ codes: Tensor<Scalar>,
  _ dictionary: Tensor<Scalar>
) -> Tensor<Scalar> {
  precondition(
    codes.rank == 2 && dictionary.rank == 2 && codes.shape[1] == dictionary.shape[0],
    "summedAtoms: codes \(codes.shape) for a dictionary \(dictionary.shape)"
  )
  let shape = [codes.shape[0], dictionary.shape[1]]
  let places = CodePlaces<Scalar>(
    rows: shape[0],
    atoms: codes.shape[1],
    width: shape[1],
    pool: Primitive.pool([codes, dictionary])
  )
  return Primitive.binary(
    "summedAtoms",
    codes,
    dictionary,
    shape: shape,
    forward: { s, d, x in
      places.find(s.values)
      places.sum(d.values, to: (x.values, 0))
    },
    backward: { s, d, x in
      guard let g = x.gradients else { return }
      if let to = s.accumulatedGradient { places.project(g, d.values, addingTo: to) }
      if let to = d.productGradient { places.spread(g, to: to) }
    },
    forwardRule: { at in
      sum(
        at.change(0).map { matmul($0, at.operands[1]) },
        at.change(1).map { matmul(at.operands[0], $0) }
      )
    }
  )
}

/// A step along the correlation of signals with atoms, the adjoint of ``summedAtoms(_:_:)``: `s + mu x D'`.
///
/// The sum and the product, for results that a threshold shrinks: of the gradient that comes back most numbers are zero,
/// and cost next to nothing.
///
/// - Parameters:
///   - codes: `s`, `[batch, atoms]`; nil for zeros.
///   - size: `mu`, `[]`.
///   - signals: `x`, `[batch, width]`.
///   - dictionary: `D`, `[atoms, width]`.
/// - Returns: `[batch, atoms]`.
/// - Complexity: a dense product. The gradient is O(width) a number that is not zero in that of the result, twice.
@specialized(where Scalar == Float)
public func steppedAlongAtoms<Scalar: RealTensorScalar>(
  _ codes: Tensor<Scalar>?,
  by size: Tensor<Scalar>,
  _ signals: Tensor<Scalar>,
  _ dictionary: Tensor<Scalar>
) -> Tensor<Scalar> {
  let shape = [signals.shape[0], dictionary.shape[0]]
  precondition(
    signals.rank == 2 && dictionary.rank == 2 && signals.shape[1] == dictionary.shape[1]
      && size.shape.isEmpty && codes.map { $0.shape == shape } ?? true,
    "steppedAlongAtoms: codes \(codes?.shape ?? shape), size \(size.shape), signals "
      + "\(signals.shape) for a dictionary \(dictionary.shape)"
  )
  let operands = [size, signals, dictionary] + (codes.map { [$0] } ?? [])
  let plan = AtomStepPlan(
    codes: codes?.storage,
    size: size.storage,
    signals: signals.storage,
    dictionary: dictionary.storage,
    places: CodePlaces(
      rows: shape[0],
      atoms: shape[1],
      width: signals.shape[1],
      pool: Primitive.pool(operands)
    ),
    back: Primitive.scratch(operands, 0, count: signals.count)
  )
  return Primitive.apply(
    "steppedAlongAtoms",
    operands,
    shape: shape,
    forward: { plan.forward($0) },
    backward: { plan.backward($0) },
    forwardRule: { at in
      let (size, x, d) = (at.operands[0], at.operands[1], at.operands[2])
      return sum(
        sum(
          at.change(0).map { change in
            change.reshaped([change.count, 1, 1]) * matmul(x, d, transposeB: true)
          },
          at.change(1).map { size * matmul($0, d, transposeB: true) }
        ),
        sum(
          at.change(2).map { size * matmul(x, $0, transposeB: true) },
          at.operands.count > 3 ? at.change(3) : nil
        )
      )
    }
  )
}

/// One such step over given storages.
private final class AtomStepPlan<Scalar: RealTensorScalar> {
  private let codes: TensorStorage<Scalar>?
  private let size: TensorStorage<Scalar>
  private let signals: TensorStorage<Scalar>
  private let dictionary: TensorStorage<Scalar>
  /// Where the gradient of the result is not zero.
  private let places: CodePlaces<Scalar>
  /// The gradient of `mu x`, for one pass.
  private let back: TensorStorage<Scalar>

  init(
    codes: TensorStorage<Scalar>?,
    size: TensorStorage<Scalar>,
    signals: TensorStorage<Scalar>,
    dictionary: TensorStorage<Scalar>,
    places: CodePlaces<Scalar>,
    back: TensorStorage<Scalar>
  ) {
    self.codes = codes
    self.size = size
    self.signals = signals
    self.dictionary = dictionary
    self.places = places
    self.back = back
  }

  func forward(_ y: TensorStorage<Scalar>) {
    if let codes { y.values.update(from: codes.values, count: y.count) }
    places.correlate(
      signals.values,
      dictionary.values,
      scaledBy: size.values[0],
      to: (y.values, codes == nil ? 0 : 1)
    )
  }

  func backward(_ y: TensorStorage<Scalar>) {
    guard let g = y.gradients else { return }
    places.find(g)
    if let to = codes?.accumulatedGradient { places.add(g, to: to) }
    if signals.gradients != nil || size.gradients != nil {
      places.sum(dictionary.values, to: (back.values, 0))
    }
    if let to = signals.accumulatedGradient {
      Scalar.kernels.pointee.accumulate_scaled(
        signals.count,
        Double(size.values[0]),
        back.values,
        to
      )
    }
    if let to = size.accumulatedGradient {
      to[0] += Scalar(Scalar.kernels.pointee.dot(signals.count, back.values, signals.values))
    }
    if let to = dictionary.productGradient {
      places.spread(signals.values, scaledBy: size.values[0], to: to)
    }
  }
}
