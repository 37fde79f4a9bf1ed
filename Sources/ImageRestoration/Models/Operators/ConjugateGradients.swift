internal import Autodiff
internal import CKernels
internal import Tensors

/// Conjugate gradients for `(A' A + c I) s = v`, for operators without a fast solver.
enum ConjugateGradients {
  /// The solver of an operator.
  ///
  /// - Parameters:
  ///   - measurement: the operator.
  ///   - weight: `c`.
  ///   - tolerance: the residual's length over the right side's at which an image is solved.
  /// - Returns: a solver; its adjoint is itself, to the tolerance.
  /// - Complexity: about `sqrt(1 + normBound^2 / c)` products with `A` and `A'` a digit.
  static func solver<Operator: MeasurementOperator>(
    _ measurement: Operator,
    weight: Double,
    tolerance: Double? = nil
  ) -> NormalSolver<Operator.Scalar> {
    let tolerance = tolerance ?? max(10 * Operator.Scalar.unitRoundoff, 1e-12)
    let shape = measurement.imageShape
    let size = shape.reduce(1, *)
    return NormalSolver(weight: weight) { right in
      let body: BatchMap.Body<Operator.Scalar> = BatchMap.each(size, size) { from, to in
        solve(measurement, weight, tolerance, from, into: to)
      }
      return BatchMap.applied(
        "normal equations",
        to: right,
        from: shape,
        to: shape,
        forward: body,
        adjoint: body
      )
    }
  }

  private static func solve<Operator: MeasurementOperator>(
    _ measurement: Operator,
    _ weight: Double,
    _ tolerance: Double,
    _ right: UnsafePointer<Operator.Scalar>,
    into solution: UnsafeMutablePointer<Operator.Scalar>
  ) {
    typealias Scalar = Operator.Scalar
    let shape = [1] + measurement.imageShape
    let b = Tensor<Scalar>(shape: shape) { buffer in
      _ = buffer.update(from: UnsafeBufferPointer(start: right, count: buffer.count))
    }
    let c = Scalar(weight)
    var s = Tensor<Scalar>.zeros(shape)
    var (r, p) = (b, b)
    var energy = AdjointTest.inner(r, r)
    let goal = tolerance * tolerance * energy
    var left = 10 * b.count
    while energy > goal, left > 0 {
      let q = measurement.adjoint(of: measurement.measurements(of: p)) + p * c
      let step = energy / AdjointTest.inner(p, q)
      s = s + p * Scalar(step)
      r = r - q * Scalar(step)
      let next = AdjointTest.inner(r, r)
      p = r + p * Scalar(next / energy)
      energy = next
      left -= 1
    }
    s.withScalars { solution.update(from: $0.baseAddress ?? right, count: b.count) }
  }
}
