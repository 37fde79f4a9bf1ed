internal import NeuralNetworks
internal import Studies
internal import Tensors

/// Pieces of trajectories to learn smoothing from, all of one length.
struct SmoothingSet {
  private let observations: Tensor<Float>
  private let mask: [Float]?
  private let targets: Tensor<Float>
  private let weight: Tensor<Float>
  private let firstMean: Tensor<Float>
  private let firstPrecision: Tensor<Float>

  /// How many pieces there are.
  var count: Int { observations.shape[0] }

  /// Cuts trajectories into pieces.
  ///
  /// - Parameters:
  ///   - bundle: as a ``TrajectorySet`` reads it.
  ///   - model: that it must fit.
  ///   - noise: for the precision of first states; nil where they are not used.
  ///   - window: the most steps of a piece; those of one trajectory are equally long, what is left over is left out.
  ///   - share: the steps of each trajectory to take, as shares of its length.
  ///   - trajectories: which to take; all when nil.
  /// - Throws: ``StudyError`` for arrays that are missing or do not fit.
  init(
    _ bundle: ArrayBundle,
    model: SystemModel<Float>,
    noise: NoiseCovariances<Float>?,
    window: Int,
    steps share: Range<Double> = 0..<1,
    trajectories: Range<Int>? = nil
  ) throws {
    let set = try TrajectorySet(bundle, model: model)
    let given = try set.sequences.named("observations")
    let (time, n, m) = (given.shape[1], model.observed, model.states)
    let range = trajectories ?? 0..<set.count
    let first = Int((share.lowerBound * Double(time)).rounded())
    let end = max(Int((share.upperBound * Double(time)).rounded()), first + 1)
    let pieces = (end - first + window - 1) / window
    let length = (end - first) / pieces
    let there = try set.sequences.named("mask").scalars
    let marked = zip(given.scalars, there).map { $1 == 0 ? Float.nan : $0 }
    let filled = FilledObservations(marked, time: time, observed: n)
    let begins = range.flatMap { k in (0..<pieces).map { k * time + first + $0 * length } }
    func cut(_ numbers: [Float], _ width: Int) -> [Float] {
      begins.flatMap { numbers[($0 * width)..<(($0 + length) * width)] }
    }
    func tensor(_ numbers: [Float], _ width: Int) -> Tensor<Float> {
      Tensor(cut(numbers, width), shape: [begins.count, length, width])
    }
    observations = tensor(filled.numbers, n)
    mask = filled.mask.map { cut($0, n) }
    targets = tensor(try set.sequences.named("targets").scalars, m)
    weight = tensor(try set.sequences.named("weight").scalars, m)
    let known = try noise.map { try Self.firstStates(bundle, model, $0) }
    let isFirst = begins.map { $0 % time == 0 }
    firstMean = Tensor(
      zip(begins, isFirst).flatMap { begin, isFirst in
        isFirst ? known?[begin / time].mean ?? Self.zeros(m) : Self.zeros(m)
      },
      shape: [begins.count, m]
    )
    firstPrecision = Tensor(
      zip(begins, isFirst).flatMap { begin, isFirst in
        isFirst ? known?[begin / time].precision ?? Self.zeros(m * m) : Self.zeros(m * m)
      },
      shape: [begins.count, m, m]
    )
  }

  private static func zeros(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }

  /// What is known of the state at the first observation of each trajectory.
  private static func firstStates(
    _ bundle: ArrayBundle,
    _ model: SystemModel<Float>,
    _ noise: NoiseCovariances<Float>
  ) throws -> [(mean: [Float], precision: [Float])] {
    let (input, _) = try StateArrays.input(
      bundle,
      states: model.states,
      observed: model.observed,
      prior: .beforeFirst,
      as: Float.self
    )
    do {
      try input.check(states: model.states, observed: model.observed)
      return try SmoothingInput(transition: model.transition, noise: noise).firstStates(input)
    } catch {
      throw StudyError.invalid("\(bundle.source): \(error)")
    }
  }

  /// Observations as problems see them.
  var problem: SmoothingProblem<Float> {
    SmoothingProblem(
      observations: observations,
      mask: mask.map { Tensor($0, shape: observations.shape) },
      firstMean: firstMean,
      firstPrecision: firstPrecision
    )
  }

  /// The arrays for training; marks only where something is missing.
  func dataset() throws -> Dataset<Float> {
    var arrays = [
      "observations": observations, "targets": targets, "first_mean": firstMean,
      "first_precision": firstPrecision,
    ]
    if let mask { arrays["missing_mask"] = Tensor(mask, shape: observations.shape) }
    if weight.scalars.contains(0) { arrays["weight"] = weight }
    return try Dataset(arrays)
  }
}

extension SmoothingProblem where Scalar == Float {
  /// The problem of a batch of a ``SmoothingSet``.
  init(_ inputs: [String: Tensor<Float>]) throws {
    self.init(
      observations: try inputs.named("observations"),
      mask: inputs["missing_mask"],
      firstMean: try inputs.named("first_mean"),
      firstPrecision: try inputs.named("first_precision")
    )
  }
}
