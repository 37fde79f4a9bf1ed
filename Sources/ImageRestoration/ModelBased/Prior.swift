internal import Autodiff
public import Tensors

/// What is known of images, as the proximal operator that restoration algorithms call: their slot.
///
/// A formula fills it (``SparsePrior``, ``TotalVariationPrior``, ``EnergyPrior``): the classical algorithm.
/// A denoiser fills it (``DenoiserPrior``): plug-and-play.
///
/// Laws of priors whose value is known, tested: the result `z` satisfies `0 in strength d phi(z) + z - v`, and the map does
/// not expand distances.
public protocol Prior<Scalar>: Sendable {
  /// The precision.
  associatedtype Scalar: RealTensorScalar

  /// `argmin_z strength phi(z) + |z - v|^2 / 2` of each image.
  ///
  /// - Parameters:
  ///   - v: `[batch, height, width]`.
  ///   - strength: `[]`, 0 or more: the weight of the prior, or of a denoiser the variance of the noise that
  ///     it takes away.
  /// - Returns: `[batch, height, width]`.
  func proximal(_ v: Tensor<Scalar>, strength: Tensor<Scalar>) -> Tensor<Scalar>
}

/// A prior whose value can be computed.
public protocol EvaluablePrior<Scalar>: Prior {
  /// `phi(x)` of each image.
  ///
  /// - Parameter images: `[batch, height, width]`.
  /// - Returns: one number an image.
  func values(of images: Tensor<Scalar>) -> [Double]
}

/// Few coefficients in a basis: `phi(x) = |m W x|_1`, `m` the basis' mask; its proximal operator shrinks them.
public struct SparsePrior<Basis: OrthonormalBasis>: EvaluablePrior {
  /// The precision.
  public typealias Scalar = Basis.Scalar
  /// `W`.
  public let basis: Basis
  private let mask: Tensor<Scalar>

  /// The prior of a basis.
  ///
  /// - Parameters:
  ///   - basis: where images are sparse.
  ///   - shrinksMeans: whether what the basis leaves alone is shrunk, too: where there are few measurements.
  public init(_ basis: Basis, shrinksMeans: Bool = false) {
    self.basis = basis
    mask = shrinksMeans ? .ones(basis.shrinks.shape) : basis.shrinks
  }

  /// `W' shrink(W v, strength m)`.
  public func proximal(_ v: Tensor<Scalar>, strength: Tensor<Scalar>) -> Tensor<Scalar> {
    basis.images(of: softThreshold(basis.coefficients(of: v), by: mask * strength))
  }

  /// The sum of the magnitudes of the coefficients that are shrunk.
  public func values(of images: Tensor<Scalar>) -> [Double] {
    ImageRows.values(basis.coefficients(of: images) * mask) { row in
      row.reduce(0) { $0 + Double($1.magnitude) }
    }
  }
}

/// The mean of a sparse prior's proximal operator over shifts of the image: cycle spinning.
///
/// The image is moved circularly by `(s, s)` pixels, shrunk and moved back, for each shift: an averaged
/// operator that leaves no trace of the basis' own grid.
///
/// - SeeAlso: `coifman1995` (key in `Documentation/References.bib`).
public struct ShiftedPrior<Inner: Prior>: Prior {
  /// The precision.
  public typealias Scalar = Inner.Scalar
  /// What is averaged.
  public let inner: Inner
  /// How many shifts, of 0 pixels and up.
  public let shifts: Int

  /// The mean over so many shifts.
  public init(_ inner: Inner, shifts: Int) {
    precondition(shifts >= 1, "ShiftedPrior: \(shifts) shifts")
    self.inner = inner
    self.shifts = shifts
  }

  /// The mean of the moved results.
  public func proximal(_ v: Tensor<Scalar>, strength: Tensor<Scalar>) -> Tensor<Scalar> {
    var sum = inner.proximal(v, strength: strength)
    for shift in 1..<max(shifts, 1) {
      let moved = inner.proximal(Self.rolled(v, shift), strength: strength)
      sum = sum + Self.rolled(moved, -shift)
    }
    return sum * (1 / Scalar(shifts))
  }

  /// The images moved circularly by so many rows and columns.
  static func rolled(_ images: Tensor<Scalar>, _ shift: Int) -> Tensor<Scalar> {
    var result = images
    for axis in 1...2 {
      let extent = result.shape[axis]
      let cut = ((shift % extent) + extent) % extent
      guard cut != 0 else { continue }
      result = concatenated(
        [
          result.sliced(axis: axis, (extent - cut)..<extent),
          result.sliced(axis: axis, 0..<(extent - cut)),
        ],
        axis: axis
      )
    }
    return result
  }
}

/// Small images: `phi(x) = |x|^2 / 2`, the prior of Tikhonov's regularisation.
public struct EnergyPrior<Scalar: RealTensorScalar>: EvaluablePrior {
  /// The prior.
  public init() {}

  /// `v / (1 + strength)`.
  public func proximal(_ v: Tensor<Scalar>, strength: Tensor<Scalar>) -> Tensor<Scalar> {
    v / (strength + 1)
  }

  /// Half the sum of squares.
  public func values(of images: Tensor<Scalar>) -> [Double] {
    ImageRows.values(images) { row in row.reduce(0) { $0 + Double($1) * Double($1) } / 2 }
  }
}

/// A computation on the numbers of each image.
enum ImageRows {
  static func values<Scalar: RealTensorScalar>(
    _ images: Tensor<Scalar>,
    _ body: (UnsafeBufferPointer<Scalar>.SubSequence) -> Double
  ) -> [Double] {
    let count = images.shape.first ?? 0
    let size = count > 0 ? images.count / count : 0
    return images.withScalars { numbers in
      (0..<count).map { body(numbers[$0 * size..<($0 + 1) * size]) }
    }
  }
}
