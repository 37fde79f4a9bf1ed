internal import Autodiff
package import Tensors

/// A gain that keeps what it gave last.
final class WatchedGain<Gain: RecordedGain>: RecordedGain {
  typealias Scalar = Gain.Scalar

  private let gain: Gain
  /// The last step and its gain.
  private(set) var last: (step: RecordedStep<Scalar>, matrix: Tensor<Scalar>)?

  init(_ gain: Gain) { self.gain = gain }

  func start(batch: Int) -> Gain.Carry { gain.start(batch: batch) }

  func gain(_ step: RecordedStep<Scalar>, _ carry: inout Gain.Carry) -> Tensor<Scalar> {
    let matrix = gain.gain(step, &carry)
    last = (step, matrix)
    return matrix
  }

  func detached(_ carry: Gain.Carry) -> Gain.Carry { gain.detached(carry) }
}

extension BatchedFilter {
  /// Estimates with the covariances that the gains tell of, where the emission allows it.
  ///
  /// - Parameters:
  ///   - input: observations and initial means.
  ///   - noise: `R`, `[n, n]`.
  ///   - pool: sequences are shared out among its threads.
  /// - Returns: all of it; covariances are NaN at steps where what was observed does not determine the state, and
  ///   the likelihood of a sequence where a gain belongs to no innovation covariance.
  /// - Throws: ``StateEstimationError`` for arrays that do not fit the model.
  package func estimated(
    _ input: FilterInput<Float>,
    noise: Matrix<Double>,
    pool: WorkerPool
  ) throws(StateEstimationError) -> FilterOutput<Float> {
    let model = filter.model
    try input.check(states: model.states, observed: model.observed)
    let output = FilterBuffers(input, states: model.states)
    var whole: GainCovariance?
    if case .linear(let function)? = model.emission as? SystemEmission<Float> {
      whole = GainCovariance(emission: function.matrix.doubled, noise: noise)
    }
    let known = whole
    replay(input, pool: pool) { sequence, t, step in
      let place = output.place(sequence, t)
      place.mean.update(from: step.estimate, count: model.states)
      recover(step, noise: noise, whole: known, sequence, t, output)
    }
    for sequence in 0..<input.batch {
      output.finish(sequence, duration: input.duration(sequence))
    }
    return output.result
  }

  /// Writes what one gain tells of.
  private func recover(
    _ step: ReplayedStep,
    noise: Matrix<Double>,
    whole: GainCovariance?,
    _ sequence: Int,
    _ t: Int,
    _ output: FilterBuffers<Float>
  ) {
    let (m, n) = (filter.model.states, filter.model.observed)
    let present = (0..<n).filter { step.mask[$0] == 1 }
    let p = present.count
    let covariance = output.place(sequence, t).covariance
    for i in 0..<(m * m) { covariance[i] = .nan }
    output.write(innovationSquared: .nan, sequence, t)
    guard p > 0 else { return }
    let known = (p == n ? whole : nil) ?? observed(present, step, noise)
    var gain = Matrix<Double>(rows: m, columns: p)
    for i in 0..<m {
      for (j, column) in present.enumerated() { gain[i, j] = Double(step.gain[i * n + column]) }
    }
    if let matrix = known.covariance(gain) {
      for i in 0..<(m * m) { covariance[i] = Float(matrix.scalars[i]) }
    }
    let found = known.consistency(
      gain,
      innovation: present.map { Double(step.innovation[$0]) }
    )
    output.write(
      logLikelihood: found.map {
        -0.5 * ($0.squares + $0.logDeterminant + Double(p) * 1.837_877_066_409_345_5)
      } ?? .nan,
      sequence
    )
    if let found { output.write(innovationSquared: found.squares, sequence, t) }
  }

  /// What is known of the entries of an observation that are there.
  private func observed(
    _ present: [Int],
    _ step: ReplayedStep,
    _ noise: Matrix<Double>
  ) -> GainCovariance {
    let (m, n) = (filter.model.states, filter.model.observed)
    var slope = [Float](repeating: 0, count: n * m)
    slope.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress {
        filter.model.emission.jacobian(step.predicted, into: base)
      }
    }
    var emission = Matrix<Double>(rows: present.count, columns: m)
    var block = Matrix<Double>(rows: present.count, columns: present.count)
    for (i, row) in present.enumerated() {
      for j in 0..<m { emission[i, j] = Double(slope[row * m + j]) }
      for (j, column) in present.enumerated() { block[i, j] = noise[row, column] }
    }
    return GainCovariance(emission: emission, noise: block)
  }
}
