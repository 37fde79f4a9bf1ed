internal import CKernels
internal import Studies
package import Tensors

extension StateArrays {
  /// A filter's results as output arrays of the input's form.
  ///
  /// - Parameters:
  ///   - output: the results.
  ///   - form: of the input.
  ///   - targets: true states of the shape of the estimates, for `nees`; nil where unknown.
  ///   - keepsCovariances: whether to write them.
  /// - Returns: the bundle.
  package static func bundle<Scalar: RealTensorScalar>(
    _ output: FilterOutput<Scalar>,
    form: Form,
    targets: Tensor<Double>?,
    keepsCovariances: Bool
  ) -> ArrayBundle {
    func unbatched<Number>(_ tensor: Tensor<Number>) -> Tensor<Number> {
      form.isBatched ? tensor : tensor.viewed(as: Array(tensor.shape.dropFirst()))
    }
    func array<Number: RealTensorScalar>(_ tensor: Tensor<Number>) -> NumericArray {
      form.isDouble
        ? .double(unbatched(tensor as? Tensor<Double> ?? tensor.converted(to: Double.self)))
        : .float(unbatched(tensor as? Tensor<Float> ?? tensor.converted(to: Float.self)))
    }
    var bundle = ArrayBundle(source: form.source)
    bundle["estimates"] = array(output.estimates)
    if keepsCovariances { bundle["covariances"] = array(output.covariances) }
    bundle["log_likelihood"] = array(output.logLikelihoods)
    bundle["nis"] = array(output.innovationsSquared)
    if let targets, targets.count == output.estimates.count {
      bundle["nees"] = array(errorsSquared(output, targets))
    }
    return bundle
  }

  /// `(x - x_t)' P_t^-1 (x - x_t)`, `[batch, time]`; NaN where the covariance is singular.
  private static func errorsSquared<Scalar: RealTensorScalar>(
    _ output: FilterOutput<Scalar>,
    _ targets: Tensor<Double>
  ) -> Tensor<Double> {
    let m = output.estimates.shape[2]
    let estimates = output.estimates.converted(to: Double.self)
    let covariances = output.covariances.converted(to: Double.self)
    let rows = estimates.count / max(m, 1)
    let error = TensorStorage<Double>(uninitialised: m)
    let cross = TensorStorage<Double>(uninitialised: m)
    cross.values.clear(count: m)
    let gain = TensorStorage<Double>(uninitialised: m)
    let factor = TensorStorage<Double>(uninitialised: m * (m + 1))
    let consistency = TensorStorage<Double>(uninitialised: 2)
    return estimates.withScalars { x in
      covariances.withScalars { p in
        targets.withScalars { truth in
          Tensor(shape: Array(output.estimates.shape.dropLast())) { to in
            guard let p = p.baseAddress else { return }
            for row in 0..<rows {
              for i in 0..<m { error.values[i] = truth[row * m + i] - x[row * m + i] }
              let isRight = Double.kernels.pointee.moments_gain(
                1,
                m,
                cross.values,
                p + row * m * m,
                error.values,
                gain.values,
                factor.values,
                consistency.values
              )
              to[row] = isRight != 0 ? consistency.values[0] : .nan
            }
          }
        }
      }
    }
  }
}

extension StateArrays {
  /// Estimates of the input's form, of a method that knows no covariances.
  static func bundle<Scalar: RealTensorScalar>(
    estimates: Tensor<Scalar>,
    form: Form
  ) -> ArrayBundle {
    let tensor =
      form.isBatched ? estimates : estimates.viewed(as: Array(estimates.shape.dropFirst()))
    var bundle = ArrayBundle(source: form.source)
    bundle["estimates"] =
      form.isDouble
      ? .double(tensor as? Tensor<Double> ?? tensor.converted(to: Double.self))
      : .float(tensor as? Tensor<Float> ?? tensor.converted(to: Float.self))
    return bundle
  }
}
