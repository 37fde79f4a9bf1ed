// Proof of safety: all memory is held by storages that live as long as the cloud, which one thread uses.

internal import CKernels
internal import Tensors

/// The particles of one sequence and their weights.
struct ParticleCloud<Transition: VectorFunction, Emission: VectorFunction>
where Emission.Scalar == Transition.Scalar {
  typealias Scalar = Transition.Scalar

  private let filter: ParticleFilter<Transition, Emission>
  private var stream: RandomStream
  private var particles: TensorStorage<Scalar>
  private var spare: TensorStorage<Scalar>
  private let normals: TensorStorage<Scalar>
  private let predicted: TensorStorage<Scalar>
  private let residual: TensorStorage<Scalar>
  private let logWeights: TensorStorage<Double>
  /// They sum to 1.
  private let weights: TensorStorage<Double>
  /// The weighted mean of what particles leave of an observation, `[n]`, and their second moments, `[n, n]`.
  private let residualMoments: TensorStorage<Double>
  private(set) var effectiveNumber = 0.0

  private var count: Int { filter.particles }
  private var states: Int { filter.model.states }

  init(filter: ParticleFilter<Transition, Emission>, stream: RandomStream) {
    self.filter = filter
    self.stream = stream
    let (count, m, n) = (filter.particles, filter.model.states, filter.model.observed)
    particles = TensorStorage(uninitialised: count * m)
    spare = TensorStorage(uninitialised: count * m)
    normals = TensorStorage(uninitialised: count * m)
    predicted = TensorStorage(uninitialised: n)
    residual = TensorStorage(uninitialised: n)
    logWeights = TensorStorage(uninitialised: count)
    weights = TensorStorage(uninitialised: count)
    residualMoments = TensorStorage(uninitialised: n + n * n)
  }

  /// Draws the particles of the initial state.
  mutating func start(mean: UnsafePointer<Scalar>, covariance: UnsafePointer<Scalar>) {
    let m = states
    let matrix = Matrix(rows: m, columns: m, (0..<(m * m)).map { covariance[$0] })
    let values = particles.values
    for k in 0..<count { (values + k * m).update(from: mean, count: m) }
    addNoise(Covariance.factor(matrix), to: particles)
    weighEqually()
  }

  private func weighEqually() {
    logWeights.values.update(repeating: -naturalLogarithm(Double(count)), count: count)
    weights.values.update(repeating: 1 / Double(count), count: count)
  }

  /// `x_k += L z_k`.
  private mutating func addNoise(_ factor: Matrix<Scalar>, to storage: TensorStorage<Scalar>) {
    let (count, m) = (count, states)
    let (values, drawn) = (storage.values, normals.values)
    stream.fillNormal(UnsafeMutableBufferPointer(start: drawn, count: count * m))
    factor.scalars.withUnsafeBufferPointer { l in
      for k in 0..<count {
        let (x, z) = (values + k * m, drawn + k * m)
        for i in 0..<m {
          var sum: Scalar = 0
          for j in 0...i { sum += l[i * m + j] * z[j] }
          x[i] += sum
        }
      }
    }
  }

  /// Moves every particle by the transition, a control and process noise.
  mutating func move(input: UnsafePointer<Scalar>?) {
    let m = states
    let transition = filter.model.transition
    let (before, after) = (particles.values, spare.values)
    for k in 0..<count {
      let moved = after + k * m
      transition.evaluate(before + k * m, into: moved)
      if let input { for i in 0..<m { moved[i] += input[i] } }
    }
    swap(&particles, &spare)
    addNoise(filter.processFactor, to: particles)
  }

  /// Weighs the particles by an observation.
  ///
  /// - Returns: the logarithm of the likelihood of the observation given those before, in nats, and the normalised
  ///   innovation squared, `dy' S^-1 dy` with `dy` and `S - R` the mean and the covariance of `y - h(x)` over the
  ///   particles as they were weighed before; NaN where nothing was observed.
  mutating func weigh(_ observation: UnsafePointer<Scalar>) -> (
    logLikelihood: Double, innovationSquared: Double
  ) {
    let n = filter.model.observed
    let present = (0..<n).filter { !observation[$0].isNaN }
    guard !present.isEmpty else {
      normalise()
      return (0, .nan)
    }
    let noise = filter.noise.observation.matrix
    var block = Matrix<Scalar>(rows: present.count, columns: present.count)
    for (i, row) in present.enumerated() {
      for (j, column) in present.enumerated() { block[i, j] = noise[row, column] }
    }
    let factor = Covariance.factor(block)
    var constant = 0.5 * Double(present.count) * 1.837_877_066_409_345_5
    for i in 0..<present.count { constant += naturalLogarithm(Double(factor[i, i])) }
    let emission = filter.model.emission
    let (x, m) = (particles.values, states)
    let (rest, whitened) = (predicted.values, residual.values)
    let (weights, logWeights, moments) = (weights.values, logWeights.values, residualMoments.values)
    moments.clear(count: residualMoments.count)
    factor.scalars.withUnsafeBufferPointer { l in
      present.withUnsafeBufferPointer { present in
        let p = present.count
        for k in 0..<count {
          emission.evaluate(x + k * m, into: rest)
          for i in 0..<p {
            rest[present[i]] = observation[present[i]] - rest[present[i]]
            let share = weights[k] * Double(rest[present[i]])
            moments[i] += share
            for j in 0...i { moments[p + i * p + j] += share * Double(rest[present[j]]) }
          }
          var squares = 0.0
          for i in 0..<p {
            var sum = rest[present[i]]
            for j in 0..<i { sum -= l[i * p + j] * whitened[j] }
            let z = sum / l[i * p + i]
            whitened[i] = z
            squares += Double(z) * Double(z)
          }
          logWeights[k] -= 0.5 * squares
        }
      }
    }
    let squared = innovationSquared(noise: block)
    return (normalise() - constant, squared)
  }

  /// `dy' S^-1 dy` from the moments of what the particles leave of an observation.
  private func innovationSquared(noise: Matrix<Scalar>) -> Double {
    let p = noise.rows
    let moments = residualMoments.values
    var covariance = Matrix<Double>(rows: p, columns: p)
    for i in 0..<p {
      for j in 0...i {
        covariance[i, j] = moments[p + i * p + j] - moments[i] * moments[j] + Double(noise[i, j])
        covariance[j, i] = covariance[i, j]
      }
    }
    let l = Covariance.factor(covariance)
    var whitened = [Double](repeating: 0, count: p)
    for i in 0..<p {
      let sum = (0..<i).reduce(moments[i]) { $0 - l[i, $1] * whitened[$1] }
      whitened[i] = sum / l[i, i]
    }
    return whitened.reduce(0) { $0 + $1 * $1 }
  }

  /// Makes the weights sum to 1; gives the logarithm of what they summed to.
  @discardableResult
  private mutating func normalise() -> Double {
    let (weights, logWeights) = (weights.values, logWeights.values)
    var largest = -Double.infinity
    for k in 0..<count { largest = max(largest, logWeights[k]) }
    guard largest.isFinite else { return .nan }
    var sum = 0.0
    for k in 0..<count {
      let weight = exponential(logWeights[k] - largest)
      weights[k] = weight
      sum += weight
    }
    var squares = 0.0
    let total = largest + naturalLogarithm(sum)
    for k in 0..<count {
      weights[k] /= sum
      squares += weights[k] * weights[k]
      logWeights[k] -= total
    }
    effectiveNumber = 1 / squares
    return total
  }

  /// The weighted mean and covariance.
  func moments(mean: UnsafeMutablePointer<Scalar>, covariance: UnsafeMutablePointer<Scalar>) {
    let (count, m) = (count, states)
    let (weights, particles) = (weights.values, particles.values)
    for i in 0..<m {
      var sum = 0.0
      for k in 0..<count { sum += weights[k] * Double(particles[k * m + i]) }
      mean[i] = Scalar(sum)
    }
    for i in 0..<m {
      for j in 0...i {
        var sum = 0.0
        for k in 0..<count {
          let row = particles + k * m
          sum += weights[k] * Double(row[i] - mean[i]) * Double(row[j] - mean[j])
        }
        covariance[i * m + j] = Scalar(sum)
        covariance[j * m + i] = Scalar(sum)
      }
    }
  }

  /// Systematic resampling: particles at equal steps through the cumulated weights from a random start.
  mutating func resample() {
    let (count, m) = (count, states)
    let (before, after, weights) = (particles.values, spare.values, weights.values)
    let start: Double = stream.uniform([1]).scalar
    let share = 1 / Double(count)
    var cumulated = weights[0]
    var from = 0
    for k in 0..<count {
      let place = (Double(k) + start) * share
      while cumulated < place && from < count - 1 {
        from += 1
        cumulated += weights[from]
      }
      (after + k * m).update(from: before + from * m, count: m)
    }
    swap(&particles, &spare)
    weighEqually()
  }
}
