// The smoothing gain divides by the predicted covariance, which may be singular (an initial state known exactly,
// process noise in few directions). Its generalised inverse by a Cholesky factor with zero columns is right
// there, because the covariance of two successive states lies in its range.

internal import CKernels
public import Tensors

/// The Rauch-Tung-Striebel smoother over any Gaussian filter whose gain knows covariances.
///
/// `G_t = Cov(x_t, x_{t+1}) P_{t+1|t}^{-1}`, `x^s_t = x_t + G_t (x^s_{t+1} - x_{t+1|t})`,
/// `P^s_t = P_t + G_t (P^s_{t+1} - P_{t+1|t}) G_t'`, from the last step back.
///
/// - SeeAlso: `rauch1965`, `sarkka2013` chapters 8 and 9.
public struct RauchTungStriebelSmoother<Gain: GainModel>: StateEstimator {
  /// The precision.
  public typealias Scalar = Gain.Transition.Scalar

  /// The filter of the way forth.
  public let filter: GaussianFilter<Gain>

  /// A smoother over a filter.
  public init(filter: GaussianFilter<Gain>) { self.filter = filter }

  /// Smooths a batch of sequences.
  ///
  /// - Parameters:
  ///   - input: observations and initial states.
  ///   - pool: sequences are shared out among its threads.
  /// - Returns: smoothed means and covariances, the filter's likelihoods and innovations.
  /// - Throws: ``StateEstimationError`` for arrays that do not fit the model.
  public func estimated(
    _ input: FilterInput<Scalar>,
    pool: WorkerPool
  ) throws(StateEstimationError) -> FilterOutput<Scalar> {
    try input.check(states: filter.states, observed: filter.observed)
    let output = FilterBuffers(input, states: filter.states)
    let piece = input.sequencesAPiece
    pool.forEach(count: (input.batch + piece - 1) / piece) { number in
      let stream = FilterStream(gain: filter.gain)
      let history = FilterHistory<Scalar>(states: filter.states, steps: input.time)
      let work = TensorStorage<Scalar>(uninitialised: 4 * filter.states * filter.states)
      for sequence in (number * piece)..<min((number + 1) * piece, input.batch) {
        filter.run(stream, input, sequence, output, history)
        guard !output.hasFailed(sequence) else { continue }
        smooth(sequence, input.duration(sequence), output, history, work)
      }
    }
    return output.result
  }

  private func smooth(
    _ sequence: Int,
    _ duration: Int,
    _ output: FilterBuffers<Scalar>,
    _ history: FilterHistory<Scalar>,
    _ work: TensorStorage<Scalar>
  ) {
    let m = filter.states
    for t in stride(from: duration - 2, through: 0, by: -1) {
      let (now, later) = (output.place(sequence, t), output.place(sequence, t + 1))
      let isRight = Scalar.kernels.pointee.moments_smooth(
        m,
        Covariance.tolerance(Scalar.self, m),
        history.crossCovariance(t + 1),
        history.predictedCovariance(t + 1),
        history.predicted(t + 1),
        later.mean,
        later.covariance,
        now.mean,
        now.covariance,
        work.values
      )
      guard isRight != 0 else { return output.fail(sequence, from: 0) }
    }
  }
}
