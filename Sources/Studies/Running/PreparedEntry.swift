internal import Tensors

/// A method of a part, ready to run in one cell.
package struct PreparedEntry: Sendable {
  /// Its place among the part's methods.
  let index: Int
  /// The entry of the study file.
  let method: StudyMethod
  /// The method, ready.
  let prepared: any PreparedMethod
  /// What its training did not achieve, or nil.
  let trainingFailure: String?

  /// Runs on arrays and judges the outputs.
  ///
  /// - Parameters:
  ///   - arrays: what the source gave, before renaming.
  ///   - task: judges.
  ///   - pool: the threads to use.
  /// - Returns: counts by metric, and the seconds that inference took.
  /// - Throws: ``StudyError`` for arrays that do not fit.
  func judged(on arrays: ArrayBundle, task: TaskDescription, pool: WorkerPool) throws
    -> BlockResult
  {
    let inputs = try arrays.renamed(method.arrays)
    let clock = ContinuousClock()
    let start = clock.now
    let result = try prepared.infer(inputs, pool: pool)
    let seconds = (clock.now - start).inSeconds
    let counts = try task.metrics.map { try $0.measure(result.arrays, arrays) }
    return BlockResult(
      counts: counts,
      seconds: seconds,
      failure: trainingFailure ?? result.failure
    )
  }
}

extension Duration {
  /// The duration in seconds.
  package var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
