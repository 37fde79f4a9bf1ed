internal import Autodiff
internal import Hybridization
internal import Studies
internal import Synchronization
internal import Tensors

/// A classical algorithm on a batch of problems; runs in any precision.
protocol RecoveryAlgorithm: Sendable {
  /// Recovers the signals of some rows.
  func recovered<Scalar: RealTensorScalar>(
    _ observations: Tensor<Scalar>,
    operators: Tensor<Double>,
    noiseVariance: Double?
  ) throws -> Recovered<Scalar>
}

/// Estimates of some problems, and what went wrong, if anything.
struct Recovered<Scalar: RealTensorScalar>: Sendable {
  var estimates: Tensor<Scalar>
  var failure: String?
}

/// The iterative solvers of the Lasso and AMP.
struct IterativeRecovery: RecoveryAlgorithm {
  enum Kind: Sendable { case ista, fista, admm, amp }

  let kind: Kind
  /// `lambda`; 0 to derive it from the noise.
  let penalty: Double
  /// `alpha` of AMP.
  let threshold: Double
  /// `2 lambda` of ADMM; 0 for the standard one.
  let coupling: Double
  let rule: StoppingRule

  func recovered<Scalar: RealTensorScalar>(
    _ observations: Tensor<Scalar>,
    operators: Tensor<Double>,
    noiseVariance: Double?
  ) throws -> Recovered<Scalar> {
    let penalty =
      self.penalty > 0
      ? self.penalty : Self.penalty(observations, operators, noiseVariance: noiseVariance)
    let a = operators.converted(to: Scalar.self)
    let outcome: Outcome<Tensor<Scalar>>
    switch kind {
    case .ista: outcome = ISTA(operators: a, penalty: penalty).solve(observations, until: rule)
    case .fista: outcome = FISTA(operators: a, penalty: penalty).solve(observations, until: rule)
    case .amp: outcome = AMP(operators: a, threshold: threshold).solve(observations, until: rule)
    case .admm:
      let admm = ADMM(operators: a, penalty: penalty, coupling: coupling > 0 ? coupling : nil)
      outcome = admm.solve(observations, until: rule)
    }
    let failure = outcome.status.isSuccess ? nil : outcome.sentence
    return Recovered(estimates: outcome.value, failure: failure)
  }

  /// A penalty when nobody gives one: `sigma sqrt(2 log n)` times the mean length of a column (the level
  /// that noise alone exceeds in no column, mostly), or where that is less, a hundredth of the mean
  /// largest correlation `|A'x|_inf`, at which the solution is zero.
  static func penalty<Scalar: RealTensorScalar>(
    _ observations: Tensor<Scalar>,
    _ operators: Tensor<Double>,
    noiseVariance: Double?
  ) -> Double {
    let lengths = GaussianDictionary.columnLengths(operators)
    let length = lengths.reduce(0, +) / Double(lengths.count)
    let universal =
      ((noiseVariance ?? 0) * 2 * naturalLogarithm(Double(lengths.count))).squareRoot() * length
    let correlations = matmul(observations.converted(to: Double.self), operators)
    let largest = abs(correlations).maximum(axis: 1).mean().scalar
    return max(universal, 0.01 * largest)
  }
}

/// Orthogonal matching pursuit.
struct PursuitRecovery: RecoveryAlgorithm {
  /// The most non-zeros; 0 for as many as there are measurements.
  let maximumNonzeros: Int
  /// `|r|` over `|x|`.
  let tolerance: Double
  /// Whether reaching the most non-zeros is what was asked for.
  let isLimitWanted: Bool

  func recovered<Scalar: RealTensorScalar>(
    _ observations: Tensor<Scalar>,
    operators: Tensor<Double>,
    noiseVariance: Double?
  ) throws -> Recovered<Scalar> {
    let (measurements, unknowns) = (operators.shape[0], operators.shape[1])
    let pursuit = OrthogonalMatchingPursuit(
      operators: operators,
      maximumNonzeros: maximumNonzeros > 0 ? maximumNonzeros : measurements
    )
    let noise = (Double(measurements) * (noiseVariance ?? 0)).squareRoot()
    var signals: [Scalar] = []
    signals.reserveCapacity(observations.shape[0] * unknowns)
    var unfinished = 0
    let numbers = observations.converted(to: Double.self).scalars
    for start in stride(from: 0, to: numbers.count, by: measurements) {
      let row = Array(numbers[start..<start + measurements])
      let norm = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let (signal, ending) = pursuit.recovered(row, untilResidual: max(noise, tolerance * norm))
      signals += signal.map { Scalar($0) }
      if ending == .dependent || (ending == .full && !isLimitWanted) { unfinished += 1 }
    }
    let failure =
      unfinished == 0
      ? nil
      : "\(unfinished) of \(observations.shape[0]) residuals did not fall to the tolerance"
    return Recovered(
      estimates: Tensor(signals, shape: [observations.shape[0], unknowns]),
      failure: failure
    )
  }
}

/// A classical algorithm, ready for arrays.
struct ClassicalRecovery: PreparedMethod {
  let algorithm: any RecoveryAlgorithm

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    if case .double = arrays["observations"] {
      return try run(arrays, as: Double.self, pool)
    }
    return try run(arrays, as: Float.self, pool)
  }

  private func run<Scalar: RealTensorScalar>(
    _ arrays: ArrayBundle,
    as scalar: Scalar.Type,
    _ pool: WorkerPool
  ) throws -> InferenceResult {
    let operators = try SparseArrays.operators(in: arrays)
    let noiseVariance = try SparseArrays.noiseVariance(in: arrays)
    let (rows, isSingle) = try SparseArrays.rows(
      "observations",
      in: arrays,
      width: operators.shape[0],
      as: scalar
    )
    do {
      let algorithm = algorithm
      let recovered = try RowChunks.mapped(rows, pool: pool) { chunk in
        try algorithm.recovered(chunk, operators: operators, noiseVariance: noiseVariance)
      }
      return InferenceResult(
        arrays: SparseArrays.output(
          recovered.estimates,
          isSingle: isSingle,
          isDouble: Scalar.self == Double.self,
          source: arrays.source
        ),
        failure: recovered.failure
      )
    } catch {
      throw SparseArrays.asStudyError(error, source: arrays.source)
    }
  }
}

/// Cuts a batch into chunks by its size alone, and runs them on the pool.
enum RowChunks {
  /// Rows a chunk.
  static let rows = 128

  static func mapped<Scalar: RealTensorScalar>(
    _ batch: Tensor<Scalar>,
    pool: WorkerPool,
    _ body: @escaping @Sendable (Tensor<Scalar>) throws -> Recovered<Scalar>
  ) throws -> Recovered<Scalar> {
    let count = batch.shape[0]
    let chunks = (count + rows - 1) / rows
    let results = Mutex([Int: Result<Recovered<Scalar>, any Error>]())
    pool.forEach(count: chunks) { index in
      let range = (index * rows)..<min((index + 1) * rows, count)
      let result = Result { try body(batch.sliced(axis: 0, range)) }
      results.withLock { $0[index] = result }
    }
    var parts: [Tensor<Scalar>] = []
    var failures: [String] = []
    let done = results.withLock { $0 }
    for index in 0..<chunks {
      guard let part = try done[index]?.get() else { continue }
      parts.append(part.estimates)
      if let failure = part.failure { failures.append(failure) }
    }
    let failure =
      failures.count > 1
      ? "\(failures[0]) (and \(failures.count - 1) more of \(chunks) chunks)" : failures.first
    return Recovered(estimates: concatenated(parts, axis: 0), failure: failure)
  }
}
