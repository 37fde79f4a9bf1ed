public import Tensors

/// Sequences to smooth, side by side, all of one length.
public struct SmoothingProblem<Scalar: RealTensorScalar> {
  /// `y_t`, `[batch, time, n]`; where a number is missing, a guess that the first state is made from.
  public var observations: Tensor<Scalar>
  /// 1 where an observation is there, else 0, `[batch, time, n]`; nil for all there.
  public var mask: Tensor<Scalar>?
  /// The mean of the state at the first observation, `[batch, m]`.
  public var firstMean: Tensor<Scalar>
  /// The inverse of its covariance, `[batch, m, m]`; zeros where nothing is known of it.
  public var firstPrecision: Tensor<Scalar>

  /// Sequences and what is known of their first states.
  public init(
    observations: Tensor<Scalar>,
    mask: Tensor<Scalar>? = nil,
    firstMean: Tensor<Scalar>,
    firstPrecision: Tensor<Scalar>
  ) {
    self.observations = observations
    self.mask = mask
    self.firstMean = firstMean
    self.firstPrecision = firstPrecision
  }

  var batch: Int { observations.shape[0] }
  var time: Int { observations.shape[1] }
}

/// Makes smoothing problems of sequences.
struct SmoothingInput<Transition: VectorFunction> {
  typealias Scalar = Transition.Scalar

  let transition: Transition
  let noise: NoiseCovariances<Scalar>

  /// Smooths all sequences, those of one length side by side.
  ///
  /// - Parameters:
  ///   - input: observations, NaN where missing, and initial states.
  ///   - pool: pieces of about two thousand steps are shared out among its threads.
  ///   - smooth: from a problem to `[batch, time, m]`.
  /// - Returns: `[batch, time, m]`, NaN after the end of a sequence.
  /// - Throws: ``StateEstimationError`` for initial covariances that have no inverse.
  func estimates(
    _ input: FilterInput<Scalar>,
    pool: WorkerPool,
    _ smooth: (SmoothingProblem<Scalar>) -> Tensor<Scalar>
  ) throws(StateEstimationError) -> Tensor<Scalar> {
    let pieces = pieces(input)
    let problems = try pieces.map { piece throws(StateEstimationError) in
      try problem(input, piece)
    }
    let (time, m) = (input.time, transition.outputs)
    let target = TensorStorage<Scalar>(uninitialised: input.batch * time * m)
    target.values.update(repeating: .nan, count: target.count)
    nonisolated(unsafe) let to = target.values
    nonisolated(unsafe) let (given, run) = (problems, smooth)
    pool.forEach(count: pieces.count) { number in
      let range = pieces[number]
      guard given[number].time > 0 else { return }
      run(given[number]).withScalars { x in
        let width = given[number].time * m
        for (row, sequence) in range.enumerated() {
          for place in 0..<width { to[sequence * time * m + place] = x[row * width + place] }
        }
      }
    }
    return Tensor(shape: [input.batch, time, m], storage: target)
  }

  /// Mean and precision of the state at the first observation of each sequence.
  ///
  /// - Throws: ``StateEstimationError`` for covariances that have no inverse.
  func firstStates(
    _ input: FilterInput<Scalar>
  ) throws(StateEstimationError) -> [(mean: [Scalar], precision: [Scalar])] {
    var states: [(mean: [Scalar], precision: [Scalar])] = []
    for sequence in 0..<input.batch {
      let first = try FirstState(
        transition,
        noise.process.matrix,
        part(input, sequence),
        input.prior
      )
      states.append((first.mean, first.precision.scalars))
    }
    return states
  }

  private func part(_ input: FilterInput<Scalar>, _ sequence: Int) -> Part {
    let (m, n) = (transition.outputs, input.observations.shape[2])
    var part = Part(observations: [], mean: [], covariance: Matrix(rows: m, columns: m))
    input.withSequence(sequence) { given in
      part = Part(given, time: input.duration(sequence), states: m, observed: n)
    }
    return part
  }

  /// Neighbours of one length, together about two thousand steps.
  private func pieces(_ input: FilterInput<Scalar>) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    for sequence in 0..<input.batch {
      let duration = input.duration(sequence)
      if let last = pieces.last, input.duration(last.lowerBound) == duration,
        (last.count + 1) * duration <= 2000
      {
        pieces[pieces.count - 1] = last.lowerBound..<(sequence + 1)
      } else {
        pieces.append(sequence..<(sequence + 1))
      }
    }
    return pieces
  }

  private func problem(
    _ input: FilterInput<Scalar>,
    _ range: Range<Int>
  ) throws(StateEstimationError) -> SmoothingProblem<Scalar> {
    let (n, m) = (input.observations.shape[2], transition.outputs)
    let time = input.duration(range.lowerBound)
    var observations: [Scalar] = []
    var means: [Scalar] = []
    var precisions: [Scalar] = []
    for sequence in range {
      let part = part(input, sequence)
      observations += part.observations
      let first = try FirstState(transition, noise.process.matrix, part, input.prior)
      means += first.mean
      precisions += first.precision.scalars
    }
    let filled = FilledObservations(observations, time: time, observed: n)
    guard !filled.hasParts || noise.observation.matrix.isDiagonal else {
      throw .badNumber(
        name: "observations",
        reason: "are missing in part at a step, which message passing takes with a diagonal"
          + " observation_noise only"
      )
    }
    let shape = [range.count, time, n]
    return SmoothingProblem(
      observations: Tensor(filled.numbers, shape: shape),
      mask: filled.mask.map { Tensor($0, shape: shape) },
      firstMean: Tensor(means, shape: [range.count, m]),
      firstPrecision: Tensor(precisions, shape: [range.count, m, m])
    )
  }

  /// A sequence's own numbers.
  struct Part {
    let observations: [Scalar]
    let mean: [Scalar]
    let covariance: Matrix<Scalar>

    init(observations: [Scalar], mean: [Scalar], covariance: Matrix<Scalar>) {
      self.observations = observations
      self.mean = mean
      self.covariance = covariance
    }

    init(_ given: FilterInput<Scalar>.Sequence, time: Int, states m: Int, observed n: Int) {
      observations = Array(UnsafeBufferPointer(start: given.observations, count: time * n))
      mean = Array(UnsafeBufferPointer(start: given.mean, count: m))
      covariance = Matrix(
        rows: m,
        columns: m,
        Array(UnsafeBufferPointer(start: given.covariance, count: m * m))
      )
    }
  }

  /// Mean and precision of the state at the first observation: `f(x_0)` and `(F P_0 F' + Q)^-1`.
  struct FirstState {
    let mean: [Scalar]
    let precision: Matrix<Scalar>

    init(
      _ transition: Transition,
      _ processNoise: Matrix<Scalar>,
      _ part: Part,
      _ prior: PriorTime
    ) throws(StateEstimationError) {
      let m = part.mean.count
      guard prior == .beforeFirst else {
        mean = part.mean
        precision = try Precision.inverse(part.covariance, name: "initial_covariance")
        return
      }
      var moved = part.mean
      var jacobian = Matrix<Scalar>(rows: m, columns: m)
      part.mean.withUnsafeBufferPointer { x in
        moved.withUnsafeMutableBufferPointer { y in
          jacobian.scalars.withUnsafeMutableBufferPointer { matrix in
            guard let x = x.baseAddress, let y = y.baseAddress, let matrix = matrix.baseAddress
            else { return }
            transition.evaluate(x, into: y)
            transition.jacobian(x, into: matrix)
          }
        }
      }
      var covariance = jacobian.times(part.covariance).times(jacobian.transposed())
      for i in covariance.scalars.indices { covariance.scalars[i] += processNoise.scalars[i] }
      mean = moved
      precision = try Precision.inverse(covariance, name: "process_noise")
    }
  }
}

/// Observations whose gaps hold the last number before them, or the first after.
struct FilledObservations<Scalar: RealTensorScalar> {
  let numbers: [Scalar]
  /// 1 where a number was there, else 0; nil where all were.
  let mask: [Scalar]?
  /// Whether a step has numbers that are there beside such as are not.
  let hasParts: Bool

  init(_ given: [Scalar], time: Int, observed n: Int) {
    guard given.contains(where: \.isNaN) else {
      numbers = given
      mask = nil
      hasParts = false
      return
    }
    hasParts = stride(from: 0, to: given.count, by: n).contains { first in
      let missing = given[first..<(first + n)].count(where: \.isNaN)
      return missing > 0 && missing < n
    }
    var filled = given
    for first in stride(from: 0, to: given.count, by: max(time * n, 1)) {
      for column in 0..<n {
        let places = (0..<time).map { first + $0 * n + column }
        var last = places.first { !given[$0].isNaN }.map { given[$0] } ?? 0
        for place in places {
          if given[place].isNaN { filled[place] = last } else { last = given[place] }
        }
      }
    }
    numbers = filled
    mask = given.map { $0.isNaN ? 0 : 1 }
  }
}

extension Matrix {
  /// Whether all entries off the diagonal are zero.
  var isDiagonal: Bool {
    (0..<rows).allSatisfy { i in (0..<columns).allSatisfy { i == $0 || self[i, $0] == 0 } }
  }
}
