internal import Autodiff
package import Tensors

extension LearnedFilter {
  /// Estimates of all sequences, `[batch, time, m]`, computed side by side; NaN after the end of a sequence.
  ///
  /// - Parameters:
  ///   - input: observations and initial means.
  ///   - pool: sequences are shared out among its threads in pieces cut by their number.
  /// - Returns: the estimates.
  /// - Throws: ``StateEstimationError`` for arrays that do not fit the model.
  package func estimates(_ input: FilterInput<Float>, pool: WorkerPool) throws -> Tensor<Float> {
    try input.check(states: model.states, observed: model.observed)
    let (batch, time, m) = (input.batch, input.time, model.states)
    let target = TensorStorage<Float>(uninitialised: batch * time * m)
    nonisolated(unsafe) let to = target.values
    let width = 64
    pool.forEach(count: (batch + width - 1) / width) { piece in
      let range = (piece * width)..<min((piece + 1) * width, batch)
      let part = estimates(input.recorded(range))
      part.withScalars { x in
        for row in 0..<range.count {
          let sequence = range.lowerBound + row
          let inside = input.duration(sequence) * m
          for place in 0..<(time * m) {
            to[sequence * time * m + place] = place < inside ? x[row * time * m + place] : .nan
          }
        }
      }
    }
    return Tensor(shape: [batch, time, m], storage: target)
  }
}
