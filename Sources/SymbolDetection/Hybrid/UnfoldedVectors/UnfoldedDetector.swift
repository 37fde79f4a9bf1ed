internal import Hybridization
internal import NeuralNetworks
internal import Studies
internal import Tensors

/// A trained unfolded detector, ready for arrays.
struct UnfoldedDetector<Method: VectorUnfolding>: PreparedMethod {
  /// Vectors a chunk.
  private static var chunk: Int { 256 }

  let network: Unfolded<Method>
  /// Real dimensions that it was trained for; nil for any.
  let users: Int?
  let constellation: VectorConstellation
  let keepsProbabilities: Bool

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    let problems: LinearProblems<Float> = try MIMOArrays.problems(
      arrays,
      constellation,
      noiseIsRequired: false,
      as: Float.self
    )
    if let users, problems.users != users {
      throw StudyError.badShape(
        array: "channel",
        source: arrays.source,
        expected: "[receive, \(users)] real dimensions, as in training",
        actual: arrays["channel"]?.shape ?? []
      )
    }
    let levels = Levels<Float>(constellation).values
    let (users, size) = (problems.users, levels.count)
    let symbols = TensorStorage<Float>(uninitialised: problems.batch * users)
    let beliefs = TensorStorage<Float>(uninitialised: problems.batch * users * size)
    // Chunks are disjoint ranges of vectors.
    nonisolated(unsafe) let (decided, likely) = (symbols.values, beliefs.values)
    pool.forEach(count: (problems.batch + Self.chunk - 1) / Self.chunk) { number in
      let range = (number * Self.chunk)..<min((number + 1) * Self.chunk, problems.batch)
      let estimate = network.estimate(NormalEquations(problems, range).scaled)
      let first = range.lowerBound * users
      Self.decide(
        network.method.beliefs(estimate, levels),
        levels,
        decided + first,
        likely + first * size
      )
    }
    var outputs = ArrayBundle(source: arrays.source)
    outputs["estimates"] = MIMOArrays.symbols(
      Tensor(shape: [problems.batch, users], storage: symbols),
      constellation
    )
    if keepsProbabilities {
      outputs["probabilities"] = MIMOArrays.posteriors(
        Tensor(shape: [problems.batch, users, size], storage: beliefs),
        constellation
      )
    }
    return InferenceResult(arrays: outputs)
  }

  /// The level of the largest belief, and the beliefs as shares: negative ones count as none.
  private static func decide(
    _ beliefs: Tensor<Float>,
    _ levels: [Float],
    _ decided: UnsafeMutablePointer<Float>,
    _ likely: UnsafeMutablePointer<Float>
  ) {
    let size = levels.count
    beliefs.withScalars { from in
      for place in 0..<(beliefs.count / size) {
        var (best, total) = (0, Float(0))
        for level in 0..<size {
          let belief = from[place * size + level]
          if belief > from[place * size + best] { best = level }
          let share = min(max(belief, 0), 1)
          likely[place * size + level] = share
          total += share
        }
        decided[place] = levels[best]
        for level in 0..<size {
          likely[place * size + level] =
            total > 0 ? likely[place * size + level] / total : 1 / Float(size)
        }
      }
    }
  }
}
