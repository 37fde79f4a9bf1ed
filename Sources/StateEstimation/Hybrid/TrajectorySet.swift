internal import Autodiff
internal import NeuralNetworks
internal import Studies
internal import Tensors

/// Trajectories to learn from: observations with what is missing marked, true states, initial means.
struct TrajectorySet {
  /// `[count, time, n]`, 0 where missing.
  let observations: Tensor<Float>
  /// 1 where an observation is there, else 0.
  let mask: Tensor<Float>
  /// `[count, time, m]`, 0 where unknown.
  let targets: Tensor<Float>
  /// 1 where a state is known and counts, else 0.
  let weight: Tensor<Float>
  /// `[count, m]`.
  let mean: Tensor<Float>

  private init(
    observations: Tensor<Float>,
    mask: Tensor<Float>,
    targets: Tensor<Float>,
    weight: Tensor<Float>,
    mean: Tensor<Float>
  ) {
    self.observations = observations
    self.mask = mask
    self.targets = targets
    self.weight = weight
    self.mean = mean
  }

  /// Reads `observations`, `targets`, `initial_mean` and `lengths`.
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
    func isInside(_ place: Int, _ width: Int) -> Bool {
      let row = place / width
      return row % time < input.duration(row / time)
    }
    func marked(_ tensor: Tensor<Float>, _ width: Int) -> (Tensor<Float>, Tensor<Float>) {
      let numbers = tensor.scalars
      let there = numbers.indices.map { !numbers[$0].isNaN && isInside($0, width) }
      return (
        Tensor(numbers.indices.map { there[$0] ? numbers[$0] : 0 }, shape: [count, time, width]),
        Tensor(there.map { $0 ? 1 : 0 }, shape: [count, time, width])
      )
    }
    (observations, mask) = marked(input.observations, n)
    (targets, weight) = marked(given, m)
    mean = input.means(0..<count)
  }

  /// How many trajectories there are.
  var count: Int { observations.shape[0] }
  private var time: Int { observations.shape[1] }

  /// The first trajectories.
  func first(_ number: Int) -> TrajectorySet { picked(0..<min(number, count)) }

  /// The first trajectories, and the last ones held out; nil where none are.
  func split(holdingOut share: Double) -> (TrajectorySet, TrajectorySet?) {
    let held = share > 0 && count >= 2 ? max(1, Int(share * Double(count))) : 0
    guard held > 0 else { return (self, nil) }
    return (picked(0..<(count - held)), picked((count - held)..<count))
  }

  private func picked(_ range: Range<Int>) -> TrajectorySet {
    func part(_ tensor: Tensor<Float>) -> Tensor<Float> {
      let size = tensor.count / max(count, 1)
      return tensor.withScalars { numbers in
        Tensor(
          Array(numbers[(range.lowerBound * size)..<(range.upperBound * size)]),
          shape: [range.count] + tensor.shape.dropFirst()
        )
      }
    }
    return TrajectorySet(
      observations: part(observations),
      mask: part(mask),
      targets: part(targets),
      weight: part(weight),
      mean: part(mean)
    )
  }

  /// Pieces of `steps` steps, each begun at the true state before it; what is left over at the end, and
  /// pieces begun at a state that is not known, are left out.
  func windows(_ steps: Int) -> TrajectorySet {
    guard steps < time else { return self }
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
      observations: cut(observations),
      mask: cut(mask),
      targets: cut(targets),
      weight: cut(weight),
      mean: Tensor(means, shape: [begins.count, m])
    )
  }

  /// The arrays for training; marks only where something is missing.
  func dataset() throws -> Dataset<Float> {
    var arrays = ["observations": observations, "targets": targets, "mean": mean]
    if mask.scalars.contains(0) { arrays["mask"] = mask }
    if weight.scalars.contains(0) { arrays["weight"] = weight }
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
}
