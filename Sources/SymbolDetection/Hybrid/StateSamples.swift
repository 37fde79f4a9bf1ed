internal import NeuralNetworks
internal import Studies
internal import Tensors

/// Reads what a classifier of states learns from: observations and the states behind them.
struct StateSamples {
  let trellis: Trellis
  let constellation: Constellation

  /// Observations with known states, one after another.
  struct Labelled {
    /// `[count]`.
    let observations: Tensor<Float>
    /// `[count]`, whole numbers.
    let states: Tensor<Float>

    var count: Int { observations.count }

    /// Two parts in time, the later one a given share of it.
    func split(holdingOut share: Double) -> (earlier: Labelled, later: Labelled) {
      let held = min(max(Int((Double(count) * share).rounded()), 1), count - 1)
      return (part(0..<count - held), part(count - held..<count))
    }

    /// Some of the observations.
    func part(_ range: Range<Int>) -> Labelled {
      func cut(_ tensor: Tensor<Float>) -> Tensor<Float> { Tensor(Array(tensor.scalars[range])) }
      return Labelled(observations: cut(observations), states: cut(states))
    }

    /// The arrays `observations` `[count, 1]`, normalised, and `states` `[count]`.
    func dataset(scale: InputScale) throws -> Dataset<Float> {
      try Dataset([
        "observations": scale.normalised(observations).viewed(as: [count, 1]), "states": states,
      ])
    }
  }

  /// The labelled observations of a bundle.
  ///
  /// Where `initial_state` does not tell what was sent before, the first `memory - 1` observations of
  /// each sequence have no known state and are left out.
  ///
  /// - Throws: `StudyError` for arrays that are missing, do not fit, or leave nothing to learn from.
  func read(_ arrays: ArrayBundle) throws -> Labelled {
    let series = try ObservationSeries(arrays, labelledBy: constellation)
    guard let labels = series.labels else { preconditionFailure("StateSamples: no labels") }
    let initial = try SymbolDetectionArrays.initialState(
      in: arrays,
      trellis: trellis,
      constellation: constellation,
      batch: series.batch
    )
    let symbols = labels.scalars.map { Int($0) }
    let received = series.observations.scalars
    var observations: [Float] = []
    var states: [Float] = []
    for row in 0..<series.batch {
      let range = row * series.time..<(row + 1) * series.time
      let known = try initial.state(of: row, batch: series.batch, trellis: trellis)
      let skipped = known == nil ? min(trellis.memory - 1, series.time) : 0
      let path = trellis.states(along: Array(symbols[range]), from: known ?? 0)
      observations += received[range].dropFirst(skipped)
      states += path.dropFirst(skipped).map { Float($0) }
    }
    guard !states.isEmpty else {
      throw StudyError.badShape(
        array: "observations",
        source: arrays.source,
        expected: "at least \(trellis.memory) observations a sequence to learn from",
        actual: series.shape
      )
    }
    return Labelled(observations: Tensor(observations), states: Tensor(states))
  }
}
