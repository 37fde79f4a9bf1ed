import Autodiff
import Hybridization
import SparseRecovery
import Tensors
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The C library's exponential, apart from that of tensors.
private func exponential(_ x: Double) -> Double { exp(x) }

@Suite struct MessagePassingTests {
  /// The mean of `f(z)` for a standard normal `z`, by the trapezoidal rule on [-9, 9].
  private func normalMean(_ f: (Double) -> Double) -> Double {
    let step = 0.01
    return stride(from: -9.0, through: 9.0, by: step).reduce(0) {
      $0 + step * exponential(-$1 * $1 / 2) / (2 * Double.pi).squareRoot() * f($1)
    }
  }

  /// `E (shrink(s + tau z, alpha tau) - s)^2` for Bernoulli-Gaussian `s` of unit variance.
  private func shrinkageError(_ tau: Double, alpha: Double, sparsity: Double) -> Double {
    let zeros = normalMean { z in
      let value = max(z.magnitude - alpha, 0) * tau
      return value * value
    }
    // s + tau z = c y with y standard normal; s given y is normal of mean y / c, variance tau^2 / c^2.
    let c = (1 + tau * tau).squareRoot()
    let nonzeros = normalMean { y in
      let moved = c * y
      let size = max(moved.magnitude - alpha * tau, 0)
      let value = moved < 0 ? -size : size
      let difference = value - y / c
      return difference * difference + tau * tau / (c * c)
    }
    return (1 - sparsity) * zeros + sparsity * nonzeros
  }

  @Test("AMP follows state evolution", arguments: [0.0, 0.02])
  func stateEvolution(noiseVariance: Double) throws {
    let (m, n, batch, sparsity, alpha) = (500, 1000, 24, 0.1, 1.4)
    var stream = RandomStream(seed: 11)
    let a = GaussianDictionary.drawn(measurements: m, unknowns: n, from: &stream)
    let s = SparseSignalLaw.bernoulliGaussian(sparsity: sparsity, variance: 1)
      .drawn(count: batch, unknowns: n, from: RandomStream(seed: 12)).converted(to: Double.self)
    let noise: Tensor<Double> = stream.normal([batch, m])
    let x = matmul(s, a, transposeB: true) + noise * noiseVariance.squareRoot()
    let trace = AMP(operators: a, threshold: alpha).trace(x, iterations: 8)
    let ratio = Double(n) / Double(m)
    var error = sparsity
    for (iteration, estimate) in trace.enumerated() {
      let tau = (noiseVariance + ratio * error).squareRoot()
      error = shrinkageError(tau, alpha: alpha, sparsity: sparsity)
      let each = square(estimate - s).mean(axis: 1).scalars
      let mean = each.reduce(0, +) / Double(batch)
      let spread = each.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(batch - 1)
      let standardError = (spread / Double(batch)).squareRoot()
      // Five standard errors of the mean over the problems, and corrections of order 1/sqrt(n).
      #expect(
        (mean - error).magnitude < 5 * standardError + error / Double(n).squareRoot(),
        "iteration \(iteration + 1): \(mean), state evolution \(error)"
      )
    }
  }

  @Test("TISTA's shrinkage is the posterior mean", arguments: [0.05, 0.4], [0.01, 0.5])
  func posteriorMean(sparsity: Double, noise: Double) throws {
    let law = TISTA<Double>.Prior(sparsity: sparsity, variance: 2, noiseVariance: 0)
    let tista = try TISTA(operators: Tensor<Double>([1, 0, 0, 1], shape: [2, 2]), prior: law)
    func density(_ x: Double, _ variance: Double) -> Double {
      exponential(-x * x / (2 * variance)) / (2 * Double.pi * variance).squareRoot()
    }
    for r in [-4.0, -1, -0.1, 0, 0.3, 2, 6] {
      // Bayes' rule by quadrature over s, and the atom at zero.
      let step = 0.0005
      var (mass, moment) = ((1 - sparsity) * density(r, noise), 0.0)
      for s in stride(from: -14.0, through: 14.0, by: step) {
        let weight = sparsity * density(s, 2) * density(r - s, noise) * step
        mass += weight
        moment += weight * s
      }
      let value = tista.posteriorMean(
        Tensor([r], shape: [1, 1]),
        variance: Tensor([noise], shape: [1, 1])
      )
      #expect((value.scalar - moment / mass).magnitude < 1e-6)
    }
  }

  @Test("TISTA refuses laws that are none")
  func laws() {
    let a = Tensor<Double>([1, 0, 0, 1], shape: [2, 2])
    for (law, name) in [
      (TISTA<Double>.Prior(sparsity: 0, variance: 1, noiseVariance: 0), "sparsity"),
      (TISTA<Double>.Prior(sparsity: 0.1, variance: 0, noiseVariance: 0), "variance"),
      (TISTA<Double>.Prior(sparsity: 0.1, variance: 1, noiseVariance: -1), "noise_variance"),
    ] {
      #expect {
        try TISTA(operators: a, prior: law)
      } throws: { error in
        guard case SparseRecoveryError.badNumber(let found, _, _) = error else { return false }
        return found == name
      }
    }
  }
}
