internal import NeuralNetworks
internal import Studies
internal import Tensors

/// Reads vectors to learn from.
struct VectorSamples<Method: VectorUnfolding>: Sendable {
  let method: Method
  let constellation: VectorConstellation

  /// The scaled normal equations of a bundle and what the method's loss compares.
  func dataset(_ bundle: ArrayBundle) throws -> Dataset<Float> {
    let problems: LinearProblems<Float> = try MIMOArrays.problems(
      bundle,
      constellation,
      noiseIsRequired: false,
      as: Float.self
    )
    let symbols: Tensor<Float> = try MIMOArrays.targets(bundle, constellation)
    guard symbols.shape == [problems.batch, problems.users] else {
      throw StudyError.badShape(
        array: "targets",
        source: bundle.source,
        expected: "[\(problems.batch), users], a vector an observation",
        actual: bundle["targets"]?.shape ?? []
      )
    }
    let equations = NormalEquations(problems).scaled
    return try Dataset(
      ["gram": equations.gram, "matched": equations.matched]
        .merging(method.targets(equations, symbols)) { first, _ in first }
    )
  }
}
