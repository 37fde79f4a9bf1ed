internal import Studies
internal import Tensors

/// A trained network, ready for arrays.
struct LearnedRecovery: PreparedMethod {
  /// The width of an observation.
  let measurements: Int
  /// The width of a signal, where the model holds the operator; nil where it was never told one.
  var unknowns: Int?
  let recover: @Sendable (Tensor<Float>) -> Tensor<Float>

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    let (rows, isSingle) = try SparseArrays.rows(
      "observations",
      in: arrays,
      width: measurements,
      as: Float.self
    )
    try checkOperator(arrays)
    var isDouble = false
    if case .double = arrays["observations"] { isDouble = true }
    let recovered = try RowChunks.mapped(rows, pool: pool) { chunk in
      Recovered(estimates: recover(chunk), failure: nil)
    }
    return InferenceResult(
      arrays: SparseArrays.output(
        recovered.estimates,
        isSingle: isSingle,
        isDouble: isDouble,
        source: arrays.source
      )
    )
  }

  /// Throws for a file whose operator cannot be the one in the model.
  private func checkOperator(_ arrays: ArrayBundle) throws(StudyError) {
    guard let unknowns, let given = arrays["operator"],
      given.shape != [measurements, unknowns]
    else { return }
    throw .badShape(
      array: "operator",
      source: arrays.source,
      expected:
        "[\(measurements), \(unknowns)], as the one that the model was trained with and keeps",
      actual: given.shape
    )
  }
}
