/// The Lorenz attractor in continuous time.
package enum LorenzAttractor {
  /// Its path by fourth-order Runge-Kutta steps, of which each `decimation`-th is kept.
  ///
  /// - Parameters:
  ///   - start: `x(0)`, which is not part of the result.
  ///   - steps: how many points are kept.
  ///   - timeStep: of one integration step.
  ///   - decimation: integration steps from one kept point to the next.
  /// - Returns: `[steps, 3]`, row after row.
  package static func path(
    from start: (Double, Double, Double),
    steps: Int,
    timeStep: Double = 1e-5,
    decimation: Int = 2000
  ) -> [Double] {
    typealias Point = (x: Double, y: Double, z: Double)
    func slope(_ p: Point) -> Point {
      (10 * (p.y - p.x), p.x * (28 - p.z) - p.y, p.x * p.y - p.z * 8 / 3)
    }
    func moved(_ p: Point, _ k: Point, _ by: Double) -> Point {
      (p.x + by * k.x, p.y + by * k.y, p.z + by * k.z)
    }
    var point: Point = start
    var path: [Double] = []
    path.reserveCapacity(3 * steps)
    for _ in 0..<steps {
      for _ in 0..<decimation {
        let k1 = slope(point)
        let k2 = slope(moved(point, k1, timeStep / 2))
        let k3 = slope(moved(point, k2, timeStep / 2))
        let k4 = slope(moved(point, k3, timeStep))
        point = moved(point, k1, timeStep / 6)
        point = moved(point, k2, timeStep / 3)
        point = moved(point, k3, timeStep / 3)
        point = moved(point, k4, timeStep / 6)
      }
      path += [point.x, point.y, point.z]
    }
    return path
  }

  /// Its path by the Taylor series of the solution, exact to rounding.
  ///
  /// The series' coefficients follow from the equations one by one: with `x = sum x_k t^k`,
  /// `(k + 1) x_{k+1} = 10 (y_k - x_k)`, `(k + 1) y_{k+1} = 28 x_k - y_k - sum_j x_j z_{k-j}`,
  /// `(k + 1) z_{k+1} = sum_j x_j y_{k-j} - 8/3 z_k`. On the attractor the series converges for about 0.1 s.
  ///
  /// - Parameters:
  ///   - start: `x(0)`, which is not part of the result.
  ///   - steps: how many points.
  ///   - timeStep: from point to point, in seconds.
  ///   - order: the last power of the series.
  ///   - longest: the most seconds that one series spans.
  /// - Returns: `[steps, 3]`, row after row.
  package static func series(
    from start: (Double, Double, Double),
    steps: Int,
    timeStep: Double,
    order: Int = 24,
    longest: Double = 0.0125
  ) -> [Double] {
    let pieces = max(1, Int((timeStep / longest).rounded(.up)))
    let span = timeStep / Double(pieces)
    var point = start
    var path: [Double] = []
    path.reserveCapacity(3 * steps)
    var (x, y, z) = (
      [Double](repeating: 0, count: order + 1), [Double](repeating: 0, count: order + 1),
      [Double](repeating: 0, count: order + 1)
    )
    for _ in 0..<steps {
      for _ in 0..<pieces {
        (x[0], y[0], z[0]) = point
        for k in 0..<order {
          var (xz, xy) = (0.0, 0.0)
          for j in 0...k {
            xz += x[j] * z[k - j]
            xy += x[j] * y[k - j]
          }
          let share = 1 / Double(k + 1)
          x[k + 1] = 10 * (y[k] - x[k]) * share
          y[k + 1] = (28 * x[k] - y[k] - xz) * share
          z[k + 1] = (xy - z[k] * 8 / 3) * share
        }
        point = (x[order], y[order], z[order])
        for k in (0..<order).reversed() {
          point = (
            point.0 * span + x[k], point.1 * span + y[k], point.2 * span + z[k]
          )
        }
      }
      path += [point.0, point.1, point.2]
    }
    return path
  }
}
