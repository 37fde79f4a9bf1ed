import StateEstimation
import Tensors

/// All states and observations of a linear system over all times as one Gaussian vector.
struct DenseGaussian {
  let system: LinearSystem
  private let time: Int
  /// Means and covariance of `x_1 ... x_T`.
  private let mean: [Double]
  private let covariance: Matrix<Double>

  init(_ system: LinearSystem, time: Int) {
    self.system = system
    self.time = time
    let (f, m) = (system.transition, system.mean.count)
    var means: [[Double]] = []
    var covariances: [Matrix<Double>] = []
    var (x, p) = (system.mean, system.covariance)
    for _ in 0..<time {
      x = f.times(x)
      p = f.times(p).times(f.transposed()).plus(system.process)
      means.append(x)
      covariances.append(p)
    }
    var all = Matrix<Double>(rows: time * m, columns: time * m)
    for s in 0..<time {
      // Cov(x_t, x_s) = F^(t - s) P_s for t >= s.
      var block = covariances[s]
      for t in s..<time {
        for i in 0..<m {
          for j in 0..<m {
            all[t * m + i, s * m + j] = block[i, j]
            all[s * m + j, t * m + i] = block[i, j]
          }
        }
        block = f.times(block)
      }
    }
    mean = means.flatMap { $0 }
    covariance = all
  }

  /// The mean and covariance of `x_t` given the observations of the steps before `until`, and the density of
  /// those in nats; observations that are NaN are not conditioned on.
  func posterior(of t: Int, observations: [Double], until: Int)
    -> (mean: [Double], covariance: Matrix<Double>, logLikelihood: Double)
  {
    let (m, n) = (system.mean.count, system.emission.rows)
    let there = (0..<(until * n)).filter { !observations[$0].isNaN }
    var h = Matrix<Double>(rows: there.count, columns: time * m)
    var r = Matrix<Double>(rows: there.count, columns: there.count)
    for (row, place) in there.enumerated() {
      for j in 0..<m { h[row, place / n * m + j] = system.emission[place % n, j] }
      for (column, other) in there.enumerated() where place / n == other / n {
        r[row, column] = system.observation[place % n, other % n]
      }
    }
    let cross = covariance.times(h.transposed())
    let s = h.times(cross).plus(r)
    let inverse = s.inverse
    let expected = h.times(mean)
    let innovation = there.indices.map { observations[there[$0]] - expected[$0] }
    let weighted = inverse.times(innovation)
    let rows = (t * m)..<((t + 1) * m)
    var now = Matrix<Double>(rows: m, columns: there.count)
    var prior = Matrix<Double>(rows: m, columns: m)
    for (i, row) in rows.enumerated() {
      for j in there.indices { now[i, j] = cross[row, j] }
      for (j, column) in rows.enumerated() { prior[i, j] = covariance[row, column] }
    }
    let correction = now.times(weighted)
    let reduced = now.times(inverse).times(now.transposed())
    let factor = Covariance.factor(s)
    let logDeterminant = there.indices.reduce(0) { $0 + 2 * naturalLogarithm(factor[$1, $1]) }
    let squares = zip(innovation, weighted).reduce(0) { $0 + $1.0 * $1.1 }
    return (
      rows.enumerated().map { mean[$1] + correction[$0] }, prior.plus(reduced, times: -1),
      -0.5 * (squares + logDeterminant + Double(there.count) * naturalLogarithm(2 * Double.pi))
    )
  }
}
