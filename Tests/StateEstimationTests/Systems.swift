import StateEstimation
import Tensors

/// A linear system drawn from a seed, in double precision.
struct LinearSystem {
  typealias Model = StateSpaceModel<LinearFunction<Double>, LinearFunction<Double>>

  let model: Model
  let noise: NoiseCovariances<Double>
  let transition: Matrix<Double>
  let emission: Matrix<Double>
  let process: Matrix<Double>
  let observation: Matrix<Double>
  let mean: [Double]
  let covariance: Matrix<Double>

  init(seed: UInt64, states m: Int = 3, observed n: Int = 2) throws {
    var stream = RandomStream(seed: seed).derived("system")
    func normal(_ rows: Int, _ columns: Int, _ scale: Double) -> Matrix<Double> {
      let numbers: Tensor<Double> = stream.normal([rows, columns])
      return Matrix(rows: rows, columns: columns, numbers.scalars.map { $0 * scale })
    }
    func positive(_ size: Int) -> Matrix<Double> {
      let root = normal(size, size, 1)
      return root.times(root.transposed()).plus(.identity(size), times: 0.1)
    }
    transition = normal(m, m, 0.5)
    emission = normal(n, m, 1)
    process = positive(m)
    observation = positive(n)
    mean = normal(1, m, 1).scalars
    covariance = positive(m)
    model = Model(transition: LinearFunction(transition), emission: LinearFunction(emission))
    noise = try NoiseCovariances(process: process, observation: observation)
  }

  /// Observations of several sequences, and the states behind them.
  func drawn(_ count: Int, time: Int, seed: UInt64) -> Trajectories.Drawn {
    var stream = RandomStream(seed: seed)
    let normals: Tensor<Double> = stream.normal([count, mean.count])
    let lower = Covariance.factor(covariance)
    let starts = (0..<count).flatMap { k in
      mean.indices.map { i in
        (0...i).reduce(mean[i]) { $0 + lower[i, $1] * normals[k, $1] }
      }
    }
    return Trajectories.drawn(
      model,
      noise: noise,
      starts: Tensor(starts, shape: [count, mean.count]),
      time: time,
      from: stream
    )
  }

  func input(_ observations: Tensor<Double>, lengths: [Int]? = nil) -> FilterInput<Double> {
    FilterInput(
      observations: observations,
      lengths: lengths,
      initialMean: Tensor(mean),
      initialCovariance: Tensor(covariance.scalars, shape: [mean.count, mean.count])
    )
  }

  var kalman: GaussianFilter<RiccatiGain<LinearFunction<Double>, LinearFunction<Double>>> {
    GaussianFilter(gain: RiccatiGain(model: model, noise: noise))
  }
}

extension Matrix where Scalar == Double {
  func plus(_ other: Matrix, times factor: Double = 1) -> Matrix {
    Matrix(
      rows: rows,
      columns: columns,
      zip(scalars, other.scalars).map { $0 + factor * $1 }
    )
  }

  /// The inverse, by elimination with row exchanges.
  var inverse: Matrix {
    var a = self
    var b = Matrix.identity(rows)
    for k in 0..<rows {
      let pivot = (k..<rows).max { a[$0, k].magnitude < a[$1, k].magnitude } ?? k
      for j in 0..<rows {
        (a[k, j], a[pivot, j]) = (a[pivot, j], a[k, j])
        (b[k, j], b[pivot, j]) = (b[pivot, j], b[k, j])
      }
      let scale = 1 / a[k, k]
      for j in 0..<rows {
        a[k, j] *= scale
        b[k, j] *= scale
      }
      for i in 0..<rows where i != k {
        let factor = a[i, k]
        for j in 0..<rows {
          a[i, j] -= factor * a[k, j]
          b[i, j] -= factor * b[k, j]
        }
      }
    }
    return b
  }
}

/// The largest difference of two runs of numbers, relative to the larger of 1 and the numbers.
func worst(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { result, pair in
    if pair.0.isNaN && pair.1.isNaN { return result }
    if pair.0.isNaN || pair.1.isNaN { return .infinity }
    return max(result, (pair.0 - pair.1).magnitude / max(1, pair.1.magnitude))
  }
}
