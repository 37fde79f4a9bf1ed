package import Tensors

/// Draws of a state-space model.
package enum Trajectories {
  /// States and observations of several sequences.
  package struct Drawn {
    /// `x_1 ... x_T`, `[count, time, m]`.
    package let states: Tensor<Double>
    /// `y_1 ... y_T`, `[count, time, n]`.
    package let observations: Tensor<Double>
  }

  /// Draws sequences: `x_t = f(x_{t-1}) + e_t`, `y_t = h(x_t) + v_t`, Gaussian noises.
  ///
  /// - Parameters:
  ///   - model: the first moments.
  ///   - noise: the second moments.
  ///   - starts: `x_0` of each sequence, `[count, m]`.
  ///   - time: how many steps.
  ///   - stream: its derived streams `process` and `observation` are drawn from.
  /// - Returns: states and observations.
  package static func drawn<Transition: VectorFunction, Emission: VectorFunction>(
    _ model: StateSpaceModel<Transition, Emission>,
    noise: NoiseCovariances<Double>,
    starts: Tensor<Double>,
    time: Int,
    from stream: RandomStream
  ) -> Drawn where Transition.Scalar == Double, Emission.Scalar == Double {
    let (count, m) = (starts.shape[0], model.states)
    var states = noises(noise.process.matrix, [count, time], stream.derived("process"))
    starts.withScalars { starts in
      states.withUnsafeMutableBufferPointer { x in
        guard let x = x.baseAddress, let start = starts.baseAddress else { return }
        let moved = UnsafeMutablePointer<Double>.allocate(capacity: m)
        defer { moved.deallocate() }
        for k in 0..<count {
          for t in 0..<time {
            let now = x + (k * time + t) * m
            model.transition.evaluate(t == 0 ? start + k * m : UnsafePointer(now - m), into: moved)
            for i in 0..<m { now[i] += moved[i] }
          }
        }
      }
    }
    let path = Tensor(states, shape: [count, time, m])
    return Drawn(
      states: path,
      observations: observed(path, model.emission, noise, from: stream)
    )
  }

  /// Observes given states with noise.
  package static func observed<Emission: VectorFunction>(
    _ states: Tensor<Double>,
    _ emission: Emission,
    _ noise: NoiseCovariances<Double>,
    from stream: RandomStream
  ) -> Tensor<Double> where Emission.Scalar == Double {
    let (count, time, m) = (states.shape[0], states.shape[1], states.shape[2])
    let n = emission.outputs
    var observations = noises(
      noise.observation.matrix,
      [count, time],
      stream.derived("observation")
    )
    states.withScalars { x in
      observations.withUnsafeMutableBufferPointer { y in
        guard let x = x.baseAddress, let y = y.baseAddress else { return }
        let value = UnsafeMutablePointer<Double>.allocate(capacity: n)
        defer { value.deallocate() }
        for row in 0..<(count * time) {
          emission.evaluate(x + row * m, into: value)
          for i in 0..<n { y[row * n + i] += value[i] }
        }
      }
    }
    return Tensor(observations, shape: [count, time, n])
  }

  /// Gaussian vectors of a covariance, row after row.
  private static func noises(
    _ covariance: Matrix<Double>,
    _ shape: [Int],
    _ stream: RandomStream
  ) -> [Double] {
    let width = covariance.rows
    let factor = Covariance.factor(covariance)
    var stream = stream
    let normals: Tensor<Double> = stream.normal(shape + [width])
    var numbers = [Double](repeating: 0, count: normals.count)
    normals.withScalars { z in
      for row in 0..<(normals.count / max(width, 1)) {
        for i in 0..<width {
          var sum = 0.0
          for j in 0...i { sum += factor[i, j] * z[row * width + j] }
          numbers[row * width + i] = sum
        }
      }
    }
    return numbers
  }
}
