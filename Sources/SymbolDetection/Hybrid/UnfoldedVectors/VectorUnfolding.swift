// Goal: everything that unfolded detectors of vectors share — samples, training, inference — written once over
// what differs: what the loss compares, and what an estimate says of each symbol.

internal import Autodiff
package import Hybridization
internal import NeuralNetworks
package import Tensors

/// An iterative detector of vectors that is trained as a network.
package protocol VectorUnfolding: IterativeMethod<Float> where Problem == NormalEquations<Float> {
  /// What the loss reads of each vector, by name.
  ///
  /// - Parameters:
  ///   - equations: scaled, one a vector.
  ///   - symbols: that were sent, `[batch, users]`.
  /// - Returns: tensors whose first axis is the batch.
  func targets(_ equations: NormalEquations<Float>, _ symbols: Tensor<Float>)
    -> [String: Tensor<Float>]

  /// The loss of a layer's estimate.
  func loss(_ estimate: Tensor<Float>, _ inputs: [String: Tensor<Float>]) throws -> Tensor<Float>

  /// A number for each symbol and level, `[batch, users levels]`: the largest decides.
  func beliefs(_ estimate: Tensor<Float>, _ levels: [Float]) -> Tensor<Float>
}

extension VectorUnfolding {
  /// Compares symbols.
  package func targets(_ equations: NormalEquations<Float>, _ symbols: Tensor<Float>)
    -> [String: Tensor<Float>]
  { ["symbols": symbols] }

  /// The mean squared error of the symbols.
  package func loss(_ estimate: Tensor<Float>, _ inputs: [String: Tensor<Float>]) throws -> Tensor<
    Float
  > {
    meanSquaredError(estimate, try inputs.named("symbols"))
  }

  /// Estimates of symbols, divided between the two levels around each in inverse proportion to their
  /// distance.
  package func beliefs(_ estimate: Tensor<Float>, _ levels: [Float]) -> Tensor<Float> {
    let size = levels.count
    let spacing = levels[1] - levels[0]
    return estimate.withScalars { from in
      Tensor(shape: [estimate.shape[0], estimate.shape[1] * size]) { to in
        for (place, value) in from.enumerated() {
          let held = min(max(value, levels[0]), levels[size - 1])
          for (index, level) in levels.enumerated() {
            to[place * size + index] = max(0, 1 - abs(held - level) / spacing)
          }
        }
      }
    }
  }
}

extension BoxProjectedGradient: VectorUnfolding where Scalar == Float {}

extension DetNet: VectorUnfolding where Scalar == Float {
  /// Compares beliefs.
  package func targets(_ equations: NormalEquations<Float>, _ symbols: Tensor<Float>)
    -> [String: Tensor<Float>]
  {
    let spacing = levels[1] - levels[0]
    let places = symbols.withScalars { symbols in
      symbols.map { min(max(Int((($0 - levels[0]) / spacing).rounded()), 0), levels.count - 1) }
    }
    var targets = ["beliefs": certainBeliefs(places)]
    if decisionLoss != nil {
      targets["places"] = Tensor(places.map(Float.init), shape: symbols.shape)
    }
    return targets
  }

  /// The mean squared error of the beliefs, and what wrong decisions cost.
  package func loss(_ estimate: Tensor<Float>, _ inputs: [String: Tensor<Float>]) throws -> Tensor<
    Float
  > {
    let error = meanSquaredError(estimate, try inputs.named("beliefs"))
    guard let decisionLoss else { return error }
    return error + decisionLoss(estimate, try inputs.named("places"))
  }

  /// The estimate itself.
  package func beliefs(_ estimate: Tensor<Float>, _ levels: [Float]) -> Tensor<Float> { estimate }
}

extension ConferenceDetNet: VectorUnfolding where Scalar == Float {
  /// Compares symbols, each vector weighted by one over the squared error of least squares, or of zero
  /// where least squares have no single solution.
  package func targets(_ equations: NormalEquations<Float>, _ symbols: Tensor<Float>)
    -> [String: Tensor<Float>]
  {
    let users = equations.users
    let weights = symbols.withScalars { s in
      (0..<equations.batch).map { row -> Float in
        let solution =
          (try? CholeskyFactor(equations.matrix(row)).solve(equations.vector(row)))
          ?? Array(repeating: 0, count: users)
        var error: Float = 0
        for user in 0..<users {
          let difference = s[row * users + user] - solution[user]
          error += difference * difference
        }
        return 1 / max(error, 1e-6)
      }
    }
    return ["symbols": symbols, "weights": Tensor(weights)]
  }

  /// The mean of `|s - s_q|^2 / |s - s_LS|^2`.
  package func loss(_ estimate: Tensor<Float>, _ inputs: [String: Tensor<Float>]) throws -> Tensor<
    Float
  > {
    let errors = square(estimate - (try inputs.named("symbols"))).sum(axis: 1)
    return (errors * (try inputs.named("weights"))).mean()
  }
}
