// Goals: 1. the minimum of the stated objective; 2. few passes over memory: one fast solve and one fused dual
// step an iteration.
//
// Source: chambolle2011 (the primal-dual iteration, with the data term's proximal operator in closed form and
// over-relaxation as in condat2013).

internal import Autodiff
internal import CKernels
public import Hybridization
public import Tensors

/// Restoration with isotropic total variation: `min_x |A x - y|^2 / 2 + lambda phi(x)`.
///
/// Equations, with `tau sigma 8 = 1`: `s = (A'A + I/tau)^-1 (A'y + (x - tau D'p) / tau)`,
/// `q = project(p + sigma D(2 s - x), |q| <= lambda)`, then `x` and `p` go `relaxation` times the way to `s` and `q`.
///
/// ```swift
/// let outcome = TotalVariationRestoration(measurement: blur, penalty: 0.002)
///   .solve(blurred, until: .tolerance(1e-4, maximumIterations: 300))
/// ```
public struct TotalVariationRestoration<Operator: MeasurementOperator>: Sendable {
  /// The precision.
  public typealias Scalar = Operator.Scalar

  /// `A`.
  public let measurement: Operator
  /// `lambda`.
  public let penalty: Double
  /// `tau`.
  public let primalStep: Double
  /// How far of the way a step goes.
  public let relaxation: Double
  private let solver: NormalSolver<Scalar>

  /// The algorithm.
  ///
  /// - Parameters:
  ///   - measurement: `A`.
  ///   - penalty: `lambda`, above 0.
  ///   - primalStep: `tau`, above 0; in proportion to `1 / lambda` when nil.
  ///   - relaxation: from 1 to below 2.
  public init(
    measurement: Operator,
    penalty: Double,
    primalStep: Double? = nil,
    relaxation: Double = 1.9
  ) {
    precondition(penalty > 0, "TotalVariationRestoration: penalty \(penalty)")
    precondition((1..<2).contains(relaxation), "TotalVariationRestoration: \(relaxation)")
    self.measurement = measurement
    self.penalty = penalty
    self.relaxation = relaxation
    // Edges of images from 0 to 1 are tenths high; the dual is at most lambda.
    self.primalStep = primalStep ?? 0.02 / penalty
    solver = measurement.solver(weight: 1 / self.primalStep)
  }

  /// Runs the algorithm on a batch.
  ///
  /// The residual of an iteration is the largest relative change of an image in the batch.
  ///
  /// - Parameters:
  ///   - observations: `y`, `[batch] + measurementShape`.
  ///   - rule: when to stop.
  /// - Returns: `[batch, height, width]`, how it ended and the residuals.
  public func solve(
    _ observations: Tensor<Scalar>,
    until rule: StoppingRule
  ) -> Outcome<Tensor<Scalar>> {
    let back = measurement.adjoint(of: observations)
    var state = DualFields<Scalar>(start: solver.solution(back))
    var residuals: [Double] = []
    for iteration in 0..<max(rule.maximumIterations, 0) {
      let change = step(&state, back)
      residuals.append(change)
      let status: Outcome<Tensor<Scalar>>.Status
      if !change.isFinite {
        status = .diverged(iteration: iteration + 1)
      } else if let tolerance = rule.tolerance, change <= tolerance {
        status = .converged
      } else {
        continue
      }
      return Outcome(
        value: state.images,
        status: status,
        iterations: iteration + 1,
        residuals: residuals
      )
    }
    return Outcome(
      value: state.images,
      status: rule.tolerance == nil ? .completed : .iterationLimit,
      iterations: residuals.count,
      residuals: residuals
    )
  }

  private func step(_ state: inout DualFields<Scalar>, _ back: Tensor<Scalar>) -> Double {
    let tau = Scalar(primalStep)
    let point = state.descended(by: primalStep)
    let s = solver.solution(weightedSum(back, 1, point, 1 / tau))
    let extrapolated = weightedSum(s, 2, state.images, -1)
    state.ascend(
      along: extrapolated,
      step: 1 / (8 * primalStep),
      bound: penalty,
      relaxation: relaxation
    )
    return state.move(to: s, relaxation: Scalar(relaxation))
  }
}

/// The images of a batch and their dual fields, which are changed in place.
private struct DualFields<Scalar: RealTensorScalar> {
  private(set) var images: Tensor<Scalar>
  private let fields: Workspace<Scalar>
  private let extent: (height: Int, width: Int)

  init(start: Tensor<Scalar>) {
    images = start
    extent = (start.shape[1], start.shape[2])
    // Both components of the field and of the point that a dual step starts from.
    fields = Workspace(4 * start.count)
    fields.start.clear(count: 4 * start.count)
  }

  private var size: Int { extent.height * extent.width }

  private func field(_ which: Int) -> UnsafeMutablePointer<Scalar> {
    fields.start + which * images.count
  }

  /// `x - tau D'p`.
  func descended(by tau: Double) -> Tensor<Scalar> {
    Tensor(shape: images.shape) { result in
      images.withScalars { images in
        guard let x = images.baseAddress, let y = result.baseAddress else { return }
        for at in stride(from: 0, to: images.count, by: size) {
          Scalar.imaging.pointee.variation_adjoint(
            extent.height,
            extent.width,
            -tau,
            field(0) + at,
            field(1) + at,
            x + at,
            y + at
          )
        }
      }
    }
  }

  /// `p <- p + relaxation (project(p + sigma D x) - p)`.
  func ascend(along x: Tensor<Scalar>, step: Double, bound: Double, relaxation: Double) {
    x.withScalars { x in
      guard let x = x.baseAddress else { return }
      for at in stride(from: 0, to: images.count, by: size) {
        // The kernel's momentum about p, where the dual point q = p starts, is relaxation less one.
        Scalar.imaging.pointee.variation_dual(
          extent.height,
          extent.width,
          step,
          bound,
          relaxation - 1,
          x + at,
          field(0) + at,
          field(1) + at,
          field(2) + at,
          field(3) + at
        )
      }
    }
    field(2).update(from: field(0), count: 2 * images.count)
  }

  /// `x <- x + relaxation (s - x)`; the largest relative change of an image.
  mutating func move(to s: Tensor<Scalar>, relaxation: Scalar) -> Double {
    let next = weightedSum(s, relaxation, images, 1 - relaxation)
    let difference = weightedSum(next, 1, images, -1)
    images = next
    let kernels = Scalar.kernels.pointee
    return difference.withScalars { difference in
      next.withScalars { next in
        guard let change = difference.baseAddress, let value = next.baseAddress else { return 0 }
        return stride(from: 0, to: next.count, by: size).reduce(0.0) { worst, at in
          let energy = max(kernels.sum_squares(size, value + at), .leastNormalMagnitude)
          let ratio = (kernels.sum_squares(size, change + at) / energy).squareRoot()
          return ratio.isFinite ? max(worst, ratio) : .infinity
        }
      }
    }
  }
}
