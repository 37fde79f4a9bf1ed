// Proof of safety: threads write disjoint parts, each the sequences of its own pieces, and the output is read
// after all of them are done.

internal import Tensors

/// Where a filter's results go.
final class FilterBuffers<Scalar: RealTensorScalar>: @unchecked Sendable {
  private let batch: Int
  private let time: Int
  private let states: Int
  private let estimates: TensorStorage<Scalar>
  private let covariances: TensorStorage<Scalar>
  private let likelihoods: TensorStorage<Double>
  private let innovations: TensorStorage<Double>
  private let failedSteps: TensorStorage<Double>

  init(_ input: FilterInput<Scalar>, states: Int) {
    batch = input.batch
    time = input.time
    self.states = states
    let steps = batch * time
    estimates = TensorStorage(uninitialised: steps * states)
    covariances = TensorStorage(uninitialised: steps * states * states)
    likelihoods = TensorStorage(uninitialised: batch)
    likelihoods.values.clear(count: batch)
    innovations = TensorStorage(uninitialised: steps)
    failedSteps = TensorStorage(uninitialised: batch)
    failedSteps.values.update(repeating: -1, count: batch)
  }

  /// Where the mean and the covariance of a step are.
  func place(_ sequence: Int, _ t: Int) -> (
    mean: UnsafeMutablePointer<Scalar>, covariance: UnsafeMutablePointer<Scalar>
  ) {
    let row = sequence * time + t
    return (estimates.values + row * states, covariances.values + row * states * states)
  }

  func write(_ step: FilterStep<Scalar>, _ sequence: Int, _ t: Int) {
    let place = place(sequence, t)
    place.mean.update(from: step.estimate, count: states)
    place.covariance.update(from: step.covariance, count: states * states)
    likelihoods.values[sequence] += step.logLikelihood
    innovations.values[sequence * time + t] = step.consistency[0]
  }

  func write(logLikelihood: Double, _ sequence: Int) {
    likelihoods.values[sequence] += logLikelihood
  }

  func write(innovationSquared: Double, _ sequence: Int, _ t: Int) {
    innovations.values[sequence * time + t] = innovationSquared
  }

  /// NaN from the end of a sequence on.
  func finish(_ sequence: Int, duration: Int) {
    for t in duration..<max(time, duration) {
      let place = place(sequence, t)
      for i in 0..<states { place.mean[i] = .nan }
      for i in 0..<(states * states) { place.covariance[i] = .nan }
      innovations.values[sequence * time + t] = .nan
    }
  }

  /// NaN from a failure on.
  func fail(_ sequence: Int, from t: Int) {
    failedSteps.values[sequence] = Double(t)
    likelihoods.values[sequence] = .nan
    finish(sequence, duration: t)
  }

  /// Whether a sequence has failed.
  func hasFailed(_ sequence: Int) -> Bool { failedSteps.values[sequence] >= 0 }

  var result: FilterOutput<Scalar> {
    var failures: [Int: Int] = [:]
    for sequence in 0..<batch where hasFailed(sequence) {
      failures[sequence] = Int(failedSteps.values[sequence])
    }
    return FilterOutput(
      estimates: Tensor(shape: [batch, time, states], storage: estimates),
      covariances: Tensor(shape: [batch, time, states, states], storage: covariances),
      logLikelihoods: Tensor(shape: [batch], storage: likelihoods),
      innovationsSquared: Tensor(shape: [batch, time], storage: innovations),
      failures: failures
    )
  }
}

/// What a smoother needs of a filter's steps: predicted moments and `Cov(x_{t-1}, x_t)`.
final class FilterHistory<Scalar: RealTensorScalar> {
  private let states: Int
  private let numbers: TensorStorage<Scalar>
  private var width: Int { states + 2 * states * states }

  init(states: Int, steps: Int) {
    self.states = states
    numbers = TensorStorage(uninitialised: steps * (states + 2 * states * states))
  }

  func predicted(_ t: Int) -> UnsafeMutablePointer<Scalar> { numbers.values + t * width }

  func predictedCovariance(_ t: Int) -> UnsafeMutablePointer<Scalar> { predicted(t) + states }

  func crossCovariance(_ t: Int) -> UnsafeMutablePointer<Scalar> {
    predictedCovariance(t) + states * states
  }

  func keep(_ step: FilterStep<Scalar>, _ t: Int) {
    let size = states * states
    predicted(t).update(from: step.predicted, count: states)
    predictedCovariance(t).update(from: step.predictedCovariance, count: size)
    crossCovariance(t).update(from: step.crossCovariance, count: size)
  }
}
