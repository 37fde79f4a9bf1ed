package import Tensors

/// Matrices of common linear systems.
package enum LinearSystems {
  /// The canonical transition: ones in the first row, one on the diagonal below.
  ///
  /// In two dimensions `[[1, 1], [0, 1]]`; in more, row i > 0 holds the identity.
  package static func canonicalTransition(_ states: Int) -> Matrix<Double> {
    var matrix = Matrix<Double>.identity(states)
    for j in 0..<states { matrix[0, j] = 1 }
    return matrix
  }

  /// The reverse canonical emission: a first row of ones, then the other states from the last on.
  ///
  /// Row 0 sums all states; row i > 0 gives state `states - 1 - i`, which in row 0 is among the sum.
  package static func reverseCanonicalEmission(observed: Int, states: Int) -> Matrix<Double> {
    var matrix = Matrix<Double>(rows: observed, columns: states)
    for j in 0..<states { matrix[0, j] = 1 }
    for i in 1..<max(observed, 1) where i < states { matrix[i, states - 1 - i] = 1 }
    return matrix
  }

  /// Observes the first states.
  package static func firstStates(observed: Int, states: Int) -> Matrix<Double> {
    var matrix = Matrix<Double>(rows: observed, columns: states)
    for i in 0..<min(observed, states) { matrix[i, i] = 1 }
    return matrix
  }

  /// Position and its first `order` derivatives: powers of the time step over factorials.
  ///
  /// Order 1 is constant velocity, order 2 constant acceleration.
  package static func kinematicTransition(order: Int, timeStep: Double) -> Matrix<Double> {
    var matrix = Matrix<Double>.identity(order + 1)
    for i in 0...order {
      var factor = 1.0
      for j in (i + 1)..<(order + 2) where j <= order {
        factor *= timeStep / Double(j - i)
        matrix[i, j] = factor
      }
    }
    return matrix
  }

  /// The covariance that white noise on the highest derivative leaves after a time step, over its density.
  ///
  /// Entry (i, j) is `dt^(a + b + 1) / (a! b! (a + b + 1))` with `a = order - i`, `b = order - j`.
  package static func kinematicNoise(order: Int, timeStep: Double) -> Matrix<Double> {
    func factorial(_ n: Int) -> Double { (0..<n).reduce(1) { $0 * Double($1 + 1) } }
    func power(_ n: Int) -> Double { (0..<n).reduce(1) { product, _ in product * timeStep } }
    var matrix = Matrix<Double>(rows: order + 1, columns: order + 1)
    for i in 0...order {
      for j in 0...order {
        let (a, b) = (order - i, order - j)
        matrix[i, j] = power(a + b + 1) / (factorial(a) * factorial(b) * Double(a + b + 1))
      }
    }
    return matrix
  }

  /// Position, velocity and acceleration of several axes, all positions first, damped: `a' = -tau v - c v'`, to second
  /// order in the time step.
  ///
  /// - Parameters:
  ///   - axes: how many.
  ///   - dt: the time step.
  ///   - c: the damping of the velocity.
  ///   - tau: the acceleration's pull against the velocity.
  /// - Returns: `[3 axes, 3 axes]`.
  /// - SeeAlso: `satorras2019`, section 5.
  package static func dampedTransition(
    axes: Int,
    timeStep dt: Double = 1,
    damping c: Double = 0.06,
    stiffness tau: Double = 0.17
  ) -> Matrix<Double> {
    let half = 0.5 * dt * dt
    let one: [[Double]] = [
      [1, dt - c * half, half],
      [0, 1 - c * dt + (c * c - tau) * half, dt - c * half],
      [0, -tau * dt + c * tau * half, 1 - tau * half],
    ]
    return spread(axes, one)
  }

  /// A matrix of one axis for several, state by state: entries (i, j) become diagonal blocks.
  package static func spread(_ axes: Int, _ one: [[Double]]) -> Matrix<Double> {
    var matrix = Matrix<Double>(rows: one.count * axes, columns: one.count * axes)
    for (i, row) in one.enumerated() {
      for (j, entry) in row.enumerated() {
        for axis in 0..<axes { matrix[i * axes + axis, j * axes + axis] = entry }
      }
    }
    return matrix
  }

  /// A rotation: in three dimensions about all three axes in turn, else in the plane of the first two.
  package static func rotation(_ size: Int, degrees: Double) -> Matrix<Double> {
    let (c, s) = (cosine(radians(degrees)), sine(radians(degrees)))
    func plane(_ i: Int, _ j: Int) -> Matrix<Double> {
      var matrix = Matrix<Double>.identity(size)
      (matrix[i, i], matrix[j, j]) = (c, c)
      (matrix[i, j], matrix[j, i]) = (-s, s)
      return matrix
    }
    switch size {
    case ..<2: return .identity(size)
    case 3: return plane(0, 1).times(plane(2, 0)).times(plane(1, 2))
    default: return plane(0, 1)
    }
  }
}
