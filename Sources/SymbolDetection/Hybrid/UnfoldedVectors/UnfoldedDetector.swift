internal import Autodiff
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
  private let shelf = RecordingShelf<Float>()

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
    let beliefs: Tensor<Float> = Beliefs.collected(
      batch: problems.batch,
      users: 1,
      levels: problems.users * levels.count,
      chunk: Self.chunk,
      pool: pool
    ) { range in
      let estimate = estimate(NormalEquations(problems, range).scaled)
      return [network.method.beliefs(estimate, levels)]
    }.viewed(as: [problems.batch, problems.users, levels.count])
    return InferenceResult(
      arrays: MIMOArrays.outputs(
        symbols: Beliefs.decided(beliefs, among: levels),
        beliefs: keepsProbabilities ? Self.shares(beliefs) : nil,
        constellation,
        source: arrays.source
      )
    )
  }

  /// The last layer's estimate, by a replay; a method that reads numbers on the way is computed afresh.
  private func estimate(_ equations: NormalEquations<Float>) -> Tensor<Float> {
    let replayed = try? shelf.withRecording(equations.batch) {
      try Recording(inputs: ["gram": equations.gram, "matched": equations.matched]) { inputs in
        let recorded = NormalEquations(
          gram: try inputs.named("gram"),
          matched: try inputs.named("matched")
        )
        return ["estimate": network.estimate(recorded)]
      }
    } _: { recording in
      try recording.replay(["gram": equations.gram, "matched": equations.matched])
      return try recording.value("estimate")
    }
    return replayed ?? network.estimate(equations)
  }

  /// Beliefs held between 0 and 1 as shares of their sum; equal ones where all are none.
  private static func shares(_ beliefs: Tensor<Float>) -> Tensor<Float> {
    let size = beliefs.shape[2]
    return beliefs.withScalars { from in
      Tensor(shape: beliefs.shape) { to in
        for place in stride(from: 0, to: from.count, by: size) {
          var total: Float = 0
          for level in place..<(place + size) {
            to[level] = min(max(from[level], 0), 1)
            total += to[level]
          }
          for level in place..<(place + size) {
            to[level] = total > 0 ? to[level] / total : 1 / Float(size)
          }
        }
      }
    }
  }
}
