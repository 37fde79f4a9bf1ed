internal import Autodiff
internal import NeuralNetworks
internal import Studies
internal import Tensors

/// Trajectories to learn from: observations with what is missing marked, true states, initial means.
struct TrajectorySet {
  /// `[count, time, width]`, by name: `observations`, 0 where missing; `mask`, 1 where an observation is there;
  /// `targets`, 0 where unknown; `weight`, 1 where a state is known and counts; `inside`, 1 up to the end of a trajectory;
  /// `inputs`, what controls add to predicted states, where there are any.
  let sequences: [String: Tensor<Float>]
  /// `[count, m]`.
  private let mean: Tensor<Float>

  private init(_ sequences: [String: Tensor<Float>], mean: Tensor<Float>) {
    self.sequences = sequences
    self.mean = mean
  }

  /// Reads `observations`, `targets`, `initial_mean`, `lengths` and `controls`.
  ///
  /// - Parameters:
  ///   - bundle: the arrays.
  ///   - model: that they must fit.
  /// - Throws: ``StudyError`` for arrays that are missing or do not fit.
  init(_ bundle: ArrayBundle, model: SystemModel<Float>) throws {
    let (m, n) = (model.states, model.observed)
    let (input, _) = try StateArrays.input(
      bundle,
      states: m,
      observed: n,
      prior: .beforeFirst,
      as: Float.self
    )
    do { try input.check(states: m, observed: n) } catch {
      throw StudyError.invalid("\(bundle.source): \(error)")
    }
    let (count, time) = (input.batch, input.time)
    let given = try StateArrays.real("targets", in: bundle, allowsMissing: true, as: Float.self)
    guard let given else {
      throw StudyError.missingArray(
        "targets",
        source: bundle.source,
        expected: "[\(count), \(time), \(m)], the true states"
      )
    }
    let shape = [count, time, m]
    guard given.shape == shape || (count == 1 && given.shape == [time, m]) else {
      throw StudyError.badShape(
        array: "targets",
        source: bundle.source,
        expected: "\(shape)",
        actual: given.shape
      )
    }
    let everything = 0..<count
    let inside = input.inside(everything)
    let ends = inside.scalars
    func marked(_ tensor: Tensor<Float>, _ width: Int) -> (Tensor<Float>, Tensor<Float>) {
      let numbers = tensor.scalars
      let there = numbers.indices.map { !numbers[$0].isNaN && ends[$0 / width] == 1 }
      return (
        Tensor(numbers.indices.map { there[$0] ? numbers[$0] : 0 }, shape: [count, time, width]),
        Tensor(there.map { $0 ? 1 : 0 }, shape: [count, time, width])
      )
    }
    var sequences = ["inside": inside]
    (sequences["observations"], sequences["mask"]) = marked(input.observations, n)
    (sequences["targets"], sequences["weight"]) = marked(given, m)
    sequences["inputs"] = input.inputs(everything)
    self.init(sequences, mean: input.means(everything))
  }

  /// How many trajectories there are.
  var count: Int { mean.shape[0] }
  private var time: Int { sequences["observations"]?.shape[1] ?? 0 }

  /// The first trajectories.
  func first(_ number: Int) -> TrajectorySet { picked(0..<min(number, count)) }

  /// Some of the trajectories.
  func picked(_ range: Range<Int>) -> TrajectorySet {
    TrajectorySet(
      sequences.mapValues { $0.sliced(axis: 0, range) },
      mean: mean.sliced(axis: 0, range)
    )
  }

  /// Pieces of `steps` steps, each begun at the true state before it; what is left over at the end, and
  /// pieces begun at a state that is not known, are left out.
  func windows(_ steps: Int) -> TrajectorySet {
    guard steps < time, let targets = sequences["targets"], let weight = sequences["weight"] else {
      return self
    }
    let m = mean.shape[1]
    let pieces = time / steps
    let truth = targets.scalars
    let known = weight.scalars
    let initial = mean.scalars
    var begins: [(trajectory: Int, first: Int)] = []
    var means: [Float] = []
    for trajectory in 0..<count {
      for piece in 0..<pieces {
        let first = piece * steps
        let before = (trajectory * time + first - 1) * m
        if first == 0 {
          means += initial[(trajectory * m)..<((trajectory + 1) * m)]
        } else if known[before..<(before + m)].allSatisfy({ $0 == 1 }) {
          means += truth[before..<(before + m)]
        } else {
          continue
        }
        begins.append((trajectory, first))
      }
    }
    func cut(_ tensor: Tensor<Float>) -> Tensor<Float> {
      let width = tensor.shape[2]
      return tensor.withScalars { numbers in
        let parts = begins.flatMap { begin in
          let start = (begin.trajectory * time + begin.first) * width
          return numbers[start..<(start + steps * width)]
        }
        return Tensor(parts, shape: [begins.count, steps, width])
      }
    }
    return TrajectorySet(
      sequences.mapValues(cut),
      mean: Tensor(means, shape: [begins.count, m])
    )
  }

  /// The arrays that mark something here, of `mask`, `weight` and `inside`.
  var marks: Set<String> {
    Set(["mask", "weight", "inside"]).filter { name in
      sequences[name]?.withScalars { $0.contains(0) } ?? false
    }
  }

  /// The arrays for training, of the marks only those given: all sets of one training need the same.
  func dataset(_ marks: Set<String>) throws -> Dataset<Float> {
    let others = Set(["mask", "weight", "inside"]).subtracting(marks)
    var arrays = sequences.filter { !others.contains($0.key) }
    arrays["mean"] = mean
    return try Dataset(arrays)
  }
}

extension FilterInput {
  /// The initial means of some sequences, `[sequences, m]`.
  func means(_ range: Range<Int>) -> Tensor<Scalar> {
    let scalars = initialMean.scalars
    guard initialMean.rank == 1 else { return initialMean.sliced(axis: 0, range) }
    return Tensor(range.flatMap { _ in scalars }, shape: [range.count, scalars.count])
  }

  /// What controls add to the predicted states of some sequences, `[sequences, time, m]`; nil without controls.
  func inputs(_ range: Range<Int>) -> Tensor<Scalar>? {
    guard let inputs, inputs.rank == 2 else { return inputs?.sliced(axis: 0, range) }
    return inputs.reshaped([1] + inputs.shape).broadcast(to: [range.count] + inputs.shape)
  }

  /// 1 up to the end of each of some sequences, then 0, `[sequences, time, 1]`.
  func inside(_ range: Range<Int>) -> Tensor<Scalar> {
    Tensor(
      range.flatMap { sequence in (0..<time).map { $0 < duration(sequence) ? 1 : 0 } },
      shape: [range.count, time, 1]
    )
  }

  /// Some sequences for filters in recorded operations, with marks where something is missing.
  func recorded(_ range: Range<Int>) -> RecordedSequences<Scalar> {
    let inside = inside(range)
    let ends = inside.scalars
    let given = observations.sliced(axis: 0, range)
    let n = given.shape[2]
    let numbers = given.scalars
    let there = numbers.indices.map { !numbers[$0].isNaN && ends[$0 / n] == 1 }
    var sequences = RecordedSequences(
      Tensor(numbers.indices.map { there[$0] ? numbers[$0] : 0 }, shape: given.shape),
      mean: means(range),
      mask: there.contains(false) ? Tensor(there.map { $0 ? 1 : 0 }, shape: given.shape) : nil
    )
    sequences.inputs = inputs(range)
    if ends.contains(0) { sequences.inside = inside }
    return sequences
  }
}
