internal import Studies
internal import Tensors

/// A trained filter, ready for arrays.
struct PreparedLearnedFilter: PreparedMethod {
  let model: SystemModel<Float>
  /// Whether initial states matter; where not, those in a file may be of any shape.
  var readsInitial = true
  let estimates: @Sendable (FilterInput<Float>, WorkerPool) throws -> Tensor<Float>

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    let (input, form) = try StateArrays.input(
      readsInitial ? arrays : StateArrays.withoutInitial(arrays),
      states: model.states,
      observed: model.observed,
      prior: .beforeFirst,
      as: Float.self
    )
    let estimates: Tensor<Float>
    do {
      estimates = try self.estimates(input, pool)
    } catch let error as StateEstimationError {
      throw StudyError.invalid("\(arrays.source): \(error)")
    }
    return InferenceResult(
      arrays: StateArrays.bundle(estimates: estimates, form: form),
      failure: Self.divergence(estimates, input)
    )
  }

  /// Tells of sequences whose estimates are not finite.
  static func divergence(_ estimates: Tensor<Float>, _ input: FilterInput<Float>) -> String? {
    let (batch, time, m) = (input.batch, input.time, estimates.shape[2])
    var failures: [(sequence: Int, step: Int)] = []
    estimates.withScalars { x in
      for sequence in 0..<batch {
        let first = sequence * time * m
        let range = first..<(first + input.duration(sequence) * m)
        if let place = range.first(where: { !x[$0].isFinite }) {
          failures.append((sequence, (place - first) / m))
        }
      }
    }
    guard let first = failures.first else { return nil }
    return "\(failures.count) of \(batch) sequences, first \(first.sequence) at step \(first.step):"
      + " the estimate diverged"
  }
}
