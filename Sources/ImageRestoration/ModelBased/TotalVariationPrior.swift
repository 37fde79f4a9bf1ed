// Goals: 1. the exact proximal operator, with a gap that says how exact; 2. two passes over memory an
// iteration.
//
// Source: beck2009tv (the accelerated dual method), chambolle2004 (the dual). Deviation: the momentum starts
// anew when the dual value falls (odonoghue2015), which keeps it linear near the solution.

internal import CKernels
public import Tensors

/// Isotropic total variation: `phi(x) = sum sqrt((d_x x)^2 + (d_y x)^2)`, forward differences, 0 beyond the rim.
///
/// The proximal operator solves `min_p |v - D' p|^2 / 2` over fields with `|p| <= strength` by accelerated
/// projected gradient steps; then `z = v - D' p`. The duality gap `strength phi(z) - <p, D z>` bounds
/// `|z - z*|^2 / 2`.
public struct TotalVariationPrior<Scalar: RealTensorScalar>: EvaluablePrior {
  /// The gap an image, over `|v|^2 / 2`, at which it is solved.
  public let tolerance: Double
  /// Iterations at most.
  public let iterations: Int

  /// The prior.
  ///
  /// - Parameters:
  ///   - tolerance: the relative duality gap at which an image is solved.
  ///   - iterations: iterations at most.
  public init(tolerance: Double = 1e-6, iterations: Int = 200) {
    precondition(iterations >= 1 && tolerance >= 0, "TotalVariationPrior: no such accuracy")
    self.tolerance = tolerance
    self.iterations = iterations
  }

  /// How a proximal step of one image ended.
  public struct Report: Sendable, Hashable {
    /// The duality gap.
    public var gap: Double
    /// The iterations made.
    public var iterations: Int
  }

  /// `phi` of each image.
  public func values(of images: Tensor<Scalar>) -> [Double] {
    let (height, width) = (images.shape[1], images.shape[2])
    return ImageRows.values(images) { row in
      UnsafeBufferPointer(rebasing: row).baseAddress.map {
        Scalar.imaging.pointee.variation(height, width, $0)
      } ?? 0
    }
  }

  /// The proximal operator; it reads the strength on the host, so that a recording of it cannot be replayed.
  public func proximal(_ v: Tensor<Scalar>, strength: Tensor<Scalar>) -> Tensor<Scalar> {
    solved(v, strength: Double(strength.scalar)).images
  }

  /// The proximal operator and how each image's solution ended.
  public func solved(
    _ v: Tensor<Scalar>,
    strength: Double
  ) -> (images: Tensor<Scalar>, reports: [Report]) {
    precondition(
      v.rank == 3,
      "TotalVariationPrior: shape \(v.shape), expected [batch, height, width]"
    )
    let (height, width) = (v.shape[1], v.shape[2])
    let size = height * width
    var reports: [Report] = []
    let images = Tensor<Scalar>(shape: v.shape) { result in
      v.withScalars { v in
        guard let from = v.baseAddress, let to = result.baseAddress else { return }
        for image in 0..<(size > 0 ? v.count / size : 0) {
          var solver = DualDescent(from + image * size, height, width, strength)
          reports.append(solver.run(into: to + image * size, self))
        }
      }
    }
    return (images, reports)
  }

  /// The dual iteration of one image.
  private struct DualDescent {
    let v: UnsafePointer<Scalar>
    let height: Int
    let width: Int
    let strength: Double

    init(_ v: UnsafePointer<Scalar>, _ height: Int, _ width: Int, _ strength: Double) {
      (self.v, self.height, self.width, self.strength) = (v, height, width, strength)
    }

    /// How often the gap is looked at.
    private static var checkEvery: Int { 5 }

    mutating func run(
      into z: UnsafeMutablePointer<Scalar>,
      _ prior: TotalVariationPrior
    ) -> Report {
      let size = height * width
      z.update(from: v, count: size)
      guard strength > 0 else { return Report(gap: 0, iterations: 0) }
      let workspace = Workspace<Scalar>(4 * size)
      defer { withExtendedLifetime(workspace) {} }
      workspace.start.clear(count: 4 * size)
      let (qx, qy) = (workspace.take(size), workspace.take(size))
      let (px, py) = (workspace.take(size), workspace.take(size))
      let kernels = Scalar.imaging.pointee
      let energy = Scalar.kernels.pointee.sum_squares(size, v) / 2
      var (momentum, residual) = (1.0, Double.infinity)
      var report = Report(gap: .infinity, iterations: 0)
      for iteration in 1...prior.iterations {
        let next = (1 + (1 + 4 * momentum * momentum).squareRoot()) / 2
        // z = v - D' q; the dual step is at most 1 over |D D'| <= 8.
        kernels.variation_adjoint(height, width, -1, qx, qy, v, z)
        kernels.variation_dual(
          height,
          width,
          0.125,
          strength,
          (momentum - 1) / next,
          z,
          qx,
          qy,
          px,
          py
        )
        momentum = next
        report.iterations = iteration
        guard iteration % Self.checkEvery == 0 || iteration == prior.iterations else { continue }
        kernels.variation_adjoint(height, width, -1, px, py, v, z)
        report.gap = gap(z)
        if report.gap <= prior.tolerance * energy { break }
        let now = Scalar.kernels.pointee.sum_squares(size, z)
        if now > residual {
          momentum = 1
          qx.update(from: px, count: size)
          qy.update(from: py, count: size)
        }
        residual = now
      }
      return report
    }

    /// `strength phi(z) - <p, D z>` with `<p, D z> = <D' p, z> = <v - z, z>`.
    private func gap(_ z: UnsafeMutablePointer<Scalar>) -> Double {
      let size = height * width
      let variation = Scalar.imaging.pointee.variation(height, width, z)
      let inner = Scalar.kernels.pointee.dot(size, v, z)
      return max(
        strength * variation - (inner - Scalar.kernels.pointee.sum_squares(size, z)),
        0
      )
    }
  }
}
