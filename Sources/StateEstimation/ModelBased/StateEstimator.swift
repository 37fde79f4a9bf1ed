internal import Autodiff
public import Tensors

/// A filter or smoother that works on batches of sequences.
public protocol StateEstimator<Scalar>: Sendable {
  /// The precision.
  associatedtype Scalar: RealTensorScalar

  /// Estimates the states of all sequences.
  ///
  /// - Parameters:
  ///   - input: observations and initial states.
  ///   - pool: sequences are shared out among its threads; results do not depend on their number.
  /// - Returns: estimates, and what else the method knows.
  /// - Throws: ``StateEstimationError`` for arrays that do not fit the model.
  func estimated(
    _ input: FilterInput<Scalar>,
    pool: WorkerPool
  ) throws(StateEstimationError) -> FilterOutput<Scalar>
}

/// What a filter is given: sequences of observations and what is known of their initial states.
public struct FilterInput<Scalar: RealTensorScalar>: Sendable {
  /// `[batch, time, n]`, NaN where a number is missing.
  public var observations: Tensor<Scalar>
  /// How long each sequence is; nil where all have the extent of time.
  public var lengths: [Int]?
  /// The mean of the initial state, `[m]` or `[batch, m]`.
  public var initialMean: Tensor<Scalar>
  /// Its covariance, `[m, m]` or `[batch, m, m]`.
  public var initialCovariance: Tensor<Scalar>
  /// When the initial state is.
  public var prior: PriorTime
  /// What controls add to each predicted state, `[time, m]` or `[batch, time, m]`; nil for nothing.
  public var inputs: Tensor<Scalar>?

  /// The input of a filter.
  public init(
    observations: Tensor<Scalar>,
    lengths: [Int]? = nil,
    initialMean: Tensor<Scalar>,
    initialCovariance: Tensor<Scalar>,
    prior: PriorTime = .beforeFirst,
    inputs: Tensor<Scalar>? = nil
  ) {
    self.observations = observations
    self.lengths = lengths
    self.initialMean = initialMean
    self.initialCovariance = initialCovariance
    self.prior = prior
    self.inputs = inputs
  }

  /// How many sequences there are.
  public var batch: Int { observations.shape[0] }
  /// The steps of the longest sequence that fits.
  public var time: Int { observations.shape[1] }

  /// How many sequences are one piece of work: about a thousand steps.
  var sequencesAPiece: Int { max(1, 1000 / max(time, 1)) }

  /// The steps of a sequence.
  func duration(_ sequence: Int) -> Int { lengths.map { $0[sequence] } ?? time }

  /// Checks all shapes against a model.
  func check(states m: Int, observed n: Int) throws(StateEstimationError) {
    func fit(_ name: String, _ tensor: Tensor<Scalar>, _ shapes: [[Int]])
      throws(StateEstimationError)
    {
      guard !shapes.contains(tensor.shape) else { return }
      throw .badShape(
        name: name,
        expected: shapes.map { "\($0)" }.joined(separator: " or "),
        actual: tensor.shape
      )
    }
    guard observations.rank == 3, observations.shape[2] == n else {
      throw .badShape(
        name: "observations",
        expected: "[batch, time, \(n)]",
        actual: observations.shape
      )
    }
    try fit("initial_mean", initialMean, [[m], [batch, m]])
    try fit("initial_covariance", initialCovariance, [[m, m], [batch, m, m]])
    if let inputs { try fit("inputs", inputs, [[time, m], [batch, time, m]]) }
    guard let lengths else { return }
    guard lengths.count == batch, lengths.allSatisfy({ (0...time).contains($0) }) else {
      throw .badNumber(
        name: "lengths",
        reason: "must be \(batch) whole numbers between 0 and \(time)"
      )
    }
  }

  /// One sequence's part.
  struct Sequence {
    let observations: UnsafePointer<Scalar>
    let mean: UnsafePointer<Scalar>
    let covariance: UnsafePointer<Scalar>
    let input: UnsafePointer<Scalar>?
    let duration: Int
  }

  /// Lends one sequence's part.
  func withSequence(_ sequence: Int, _ body: (Sequence) -> Void) {
    func part(_ tensor: Tensor<Scalar>, _ sharedRank: Int, _ numbers: UnsafeBufferPointer<Scalar>)
      -> UnsafePointer<Scalar>?
    {
      let isShared = tensor.rank == sharedRank
      return numbers.baseAddress.map {
        isShared ? $0 : $0 + sequence * (numbers.count / max(tensor.shape[0], 1))
      }
    }
    observations.withScalars { y in
      initialMean.withScalars { mean in
        initialCovariance.withScalars { covariance in
          guard let observations = part(observations, 2, y), let mean = part(initialMean, 1, mean),
            let covariance = part(initialCovariance, 2, covariance)
          else { return }
          func lend(_ input: UnsafePointer<Scalar>?) {
            body(
              Sequence(
                observations: observations,
                mean: mean,
                covariance: covariance,
                input: input,
                duration: duration(sequence)
              )
            )
          }
          guard let inputs else { return lend(nil) }
          inputs.withScalars { lend(part(inputs, 2, $0)) }
        }
      }
    }
  }
}

/// What a filter or smoother gives.
public struct FilterOutput<Scalar: RealTensorScalar>: Sendable {
  /// `x_t`, `[batch, time, m]`; NaN after the end of a sequence and from a failure on.
  public let estimates: Tensor<Scalar>
  /// `P_t`, `[batch, time, m, m]`; NaN where they are not known.
  public let covariances: Tensor<Scalar>
  /// `sum_t log p(y_t | y_1 ... y_{t-1})` of each sequence, `[batch]`, in nats; NaN where it is not known.
  public let logLikelihoods: Tensor<Double>
  /// The normalised innovation squared, `dy' S^-1 dy`, `[batch, time]`; NaN where nothing was observed.
  ///
  /// With a right model it has as many degrees of freedom as numbers were observed.
  public let innovationsSquared: Tensor<Double>
  /// At which step sequences failed, by their number.
  public let failures: [Int: Int]
}

extension FilterOutput {
  /// The same of the first states alone.
  func keeping(_ kept: Int) -> FilterOutput {
    let shape = estimates.shape
    return FilterOutput(
      estimates: estimates.sliced(axis: 2, 0..<min(kept, shape[2])),
      covariances: covariances.sliced(axis: 2, 0..<min(kept, shape[2]))
        .sliced(axis: 3, 0..<min(kept, shape[2])),
      logLikelihoods: logLikelihoods,
      innovationsSquared: innovationsSquared,
      failures: failures
    )
  }
}
