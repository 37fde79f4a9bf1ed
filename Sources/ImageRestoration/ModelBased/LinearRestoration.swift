internal import Autodiff
internal import CKernels
public import Tensors

/// Linear minimum mean-square error restoration of images with a stationary spectrum: Wiener's filter.
///
/// Model: `x = m + w`, `w` with the circular power spectrum `S(f) = variance N g(f)`,
/// `g(f) = (1 + (f / corner)^2)^-1.5` scaled to sum to 1 over the N frequencies. Estimate:
/// `x = m + C A' (A C A' + sigma^2 I)^-1 (y - A m)`, by conjugate gradients; for a circular blur it is the
/// classical filter.
///
/// - SeeAlso: `gonzalez2008`, 5.8 (key in `Documentation/References.bib`).
public struct WienerRestoration<Operator: MeasurementOperator>: Sendable {
  /// The precision.
  public typealias Scalar = Operator.Scalar
  /// `A`.
  public let measurement: Operator
  /// `sigma^2`.
  public let noiseVariance: Double
  private let mean: Scalar
  private let spectrum: ImageSpectrum<Scalar>
  private let gains: [Scalar]

  /// The restoration.
  ///
  /// - Parameters:
  ///   - measurement: `A`.
  ///   - noiseVariance: `sigma^2`, above 0.
  ///   - variance: of a pixel about the mean.
  ///   - corner: the frequency, in cycles a pixel, below which the spectrum is flat.
  ///   - mean: `m`.
  public init(
    measurement: Operator,
    noiseVariance: Double,
    variance: Double = 0.06,
    corner: Double = 0.01,
    mean: Double = 0.5
  ) {
    precondition(
      noiseVariance > 0 && variance > 0 && corner > 0,
      "WienerRestoration: noise \(noiseVariance), variance \(variance), corner \(corner)"
    )
    self.measurement = measurement
    self.noiseVariance = noiseVariance
    self.mean = Scalar(mean)
    let (height, width) = (measurement.imageShape[0], measurement.imageShape[1])
    spectrum = ImageSpectrum(height: height, width: width)
    func shape(_ u: Int, _ v: Int) -> Double {
      let (a, b) = (
        Double(min(u, height - u)) / Double(height), Double(min(v, width - v)) / Double(width)
      )
      let ratio = 1 + (a * a + b * b) / (corner * corner)
      return 1 / (ratio * ratio.squareRoot())
    }
    var total = 0.0
    for u in 0..<height { for v in 0..<width { total += shape(u, v) } }
    let half = spectrum.half
    let scale = variance * Double(height * width) / total
    gains = (0..<spectrum.count).map { Scalar(scale * shape($0 % half, $0 / half)) }
  }

  /// The estimates of a batch.
  ///
  /// - Parameters:
  ///   - observations: `y`, `[batch] + measurementShape`.
  ///   - tolerance: the residual's relative length at which the equations are solved.
  /// - Returns: `[batch, height, width]`.
  public func restored(
    _ observations: Tensor<Scalar>,
    tolerance: Double = 1e-4
  ) -> Tensor<Scalar> {
    let batch = observations.shape[0]
    let rows = (0..<batch).map { index in
      restoredOne(observations.sliced(axis: 0, index..<(index + 1)), tolerance)
    }
    return concatenated(rows, axis: 0)
  }

  private func restoredOne(_ y: Tensor<Scalar>, _ tolerance: Double) -> Tensor<Scalar> {
    let level = Tensor<Scalar>.full([1] + measurement.imageShape, mean)
    let right = y - measurement.measurements(of: level)
    var (r, p) = (right, right)
    var solution = Tensor<Scalar>.zeros(right.shape)
    var energy = AdjointTest.inner(r, r)
    let goal = tolerance * tolerance * energy
    var left = 500
    while energy > goal, left > 0 {
      let back = coloured(measurement.adjoint(of: p))
      let q = measurement.measurements(of: back) + p * Scalar(noiseVariance)
      let step = energy / AdjointTest.inner(p, q)
      solution = solution + p * Scalar(step)
      r = r - q * Scalar(step)
      let next = AdjointTest.inner(r, r)
      p = r + p * Scalar(next / energy)
      energy = next
      left -= 1
    }
    return level + coloured(measurement.adjoint(of: solution))
  }

  /// `C x`.
  private func coloured(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    let size = x.count
    return BatchMap.applied(
      "covariance",
      to: x,
      from: measurement.imageShape,
      to: measurement.imageShape,
      forward: BatchMap.each(size, size) { spectrum.filter($0, by: gains, into: $1) },
      adjoint: BatchMap.each(size, size) { spectrum.filter($0, by: gains, into: $1) }
    )
  }
}

/// Tikhonov's regularisation: `argmin_x |A x - y|^2 / 2 + lambda |x - m|^2 / 2`.
public struct TikhonovRestoration<Operator: MeasurementOperator>: Sendable {
  /// The precision.
  public typealias Scalar = Operator.Scalar
  /// `A`.
  public let measurement: Operator
  private let solver: NormalSolver<Scalar>
  private let mean: Scalar

  /// The restoration.
  ///
  /// - Parameters:
  ///   - measurement: `A`.
  ///   - penalty: `lambda`, above 0.
  ///   - mean: `m`.
  public init(measurement: Operator, penalty: Double, mean: Double = 0.5) {
    self.measurement = measurement
    self.mean = Scalar(mean)
    solver = measurement.solver(weight: penalty)
  }

  /// `(A'A + lambda I)^-1 (A'y + lambda m)` of a batch.
  public func restored(_ observations: Tensor<Scalar>) -> Tensor<Scalar> {
    solver.solution(measurement.adjoint(of: observations) + Scalar(solver.weight) * mean)
  }
}
