internal import Autodiff
package import Studies
internal import Tensors

/// The task of splitting an image sequence into what stays and what moves.
package enum SequenceSeparationTask {
  package static let id = "sequence-separation"

  /// The description.
  package static let description = TaskDescription(
    id: id,
    summary: "Split image sequences into a low-rank part and a sparse part.",
    metrics: [
      MetricDescription(
        id: "separation_error",
        title: "mean squared error of a pixel, of both parts on average",
        unit: "",
        isLogarithmic: true,
        countsErrors: false,
        measure: { try errors($0, $1, parts: [0, 1], isNormalised: false) }
      ),
      MetricDescription(
        id: "low_rank_nmse",
        title: "normalised mean squared error of the low-rank part",
        unit: "dB",
        isLogarithmic: false,
        countsErrors: false,
        measure: { try errors($0, $1, parts: [0], isNormalised: true) }
      ),
      MetricDescription(
        id: "sparse_nmse",
        title: "normalised mean squared error of the sparse part",
        unit: "dB",
        isLogarithmic: false,
        countsErrors: false,
        measure: { try errors($0, $1, parts: [1], isNormalised: true) }
      ),
    ],
    costUnit: "sequence",
    itemCount: { try SequenceArrays.sequences(in: $0, as: Float.self).sequences.shape[0] },
    slice: { try slice($0, $1) },
    image: { try image($1, of: $0) },
    imageMetric: "sparse_nmse"
  )

  /// The middle frame: as observed, or the low-rank part beside the sparse one, each over its largest magnitude, 0
  /// in the middle of the grays.
  private static func image(_ name: String, of arrays: ArrayBundle) throws -> Tensor<Float>? {
    let parts: [Tensor<Float>]
    switch name {
    case "observations":
      parts = [try SequenceArrays.sequences(in: arrays, as: Float.self).sequences]
    case "targets":
      let both = try SequenceArrays.parts("targets", in: arrays, as: Float.self)
      parts = (0..<2).map { both.picked(axis: 1, $0) }
    default:
      let both = try outputParts(arrays).converted(to: Float.self)
      parts = (0..<2).map { both.picked(axis: 1, $0) }
    }
    let frames = parts.map { part -> Tensor<Float> in
      let frame = part.picked(axis: 1, part.shape[1] / 2).picked(axis: 0, 0)
      let largest = frame.scalars.reduce(0) { max($0, $1.magnitude) }
      return frame * (largest > 0 ? 0.5 / largest : 0) + 0.5
    }
    return concatenated(frames, axis: 1)
  }

  /// The mean squared error of each sequence; over the energy of the parts when normalised.
  private static func errors(
    _ outputs: ArrayBundle,
    _ truth: ArrayBundle,
    parts: [Int],
    isNormalised: Bool
  ) throws -> MetricDescription.Count {
    let estimates = try outputParts(outputs)
    let targets = try SequenceArrays.parts("targets", in: truth, as: Double.self)
    guard targets.shape == estimates.shape else {
      throw StudyError.badShape(
        array: "targets",
        source: truth.source,
        expected: "\(estimates.shape), as the estimates",
        actual: targets.shape
      )
    }
    let batch = targets.shape[0]
    let size = targets.count / (2 * batch)
    var count = MetricDescription.Count(
      trials: batch,
      errors: 0,
      sum: 0,
      sumOfSquares: 0,
      reference: isNormalised ? 0 : Double(batch)
    )
    let scale = 1 / Double(size * parts.count)
    estimates.withScalars { estimates in
      targets.withScalars { targets in
        for item in 0..<batch {
          var (error, energy) = (0.0, 0.0)
          for part in parts {
            let first = (item * 2 + part) * size
            for place in first..<(first + size) {
              let difference = estimates[place] - targets[place]
              error += difference.isFinite ? difference * difference : .infinity
              energy += targets[place] * targets[place]
            }
          }
          count.sum += error * scale
          count.sumOfSquares += error * error * scale * scale
          if isNormalised { count.reference += energy * scale }
        }
      }
    }
    return count
  }

  /// Estimates are judged also where they are not finite.
  private static func outputParts(_ outputs: ArrayBundle) throws(StudyError) -> Tensor<Double> {
    guard let tensor = outputs["estimates"]?.double, tensor.rank == 4 || tensor.rank == 5 else {
      throw .missingArray(
        "estimates",
        source: outputs.source,
        expected: "real numbers, [batch, 2, frames, height, width]"
      )
    }
    return tensor.rank == 5 ? tensor : tensor.viewed(as: [1] + tensor.shape)
  }

  /// Sequences of the range; the noise power belongs to all.
  private static func slice(_ bundle: ArrayBundle, _ range: Range<Int>) throws -> ArrayBundle {
    let batch = try SequenceArrays.sequences(in: bundle, as: Float.self).sequences.shape[0]
    guard range.lowerBound >= 0, range.upperBound <= batch, !range.isEmpty else {
      throw StudyError.invalid(
        "\(bundle.source): sequences \(range) are not among the \(batch) there are"
      )
    }
    return bundle.sliced(
      range,
      of: batch,
      ranks: ["observations": 4, "targets": 5, "estimates": 5]
    )
  }
}

extension ArrayBundle {
  /// The items of a range of the arrays that have so many, by their rank; other arrays belong to all.
  func sliced(_ range: Range<Int>, of batch: Int, ranks: [String: Int]) -> ArrayBundle {
    func cut<Scalar>(_ tensor: Tensor<Scalar>) -> Tensor<Scalar> {
      let width = tensor.count / batch
      return tensor.withScalars { source in
        Tensor(
          Array(source[(range.lowerBound * width)..<(range.upperBound * width)]),
          shape: [range.count] + tensor.shape.dropFirst()
        )
      }
    }
    var part = self
    for (name, rank) in ranks {
      guard let array = self[name], array.shape.count == rank, array.shape.first == batch else {
        continue
      }
      switch array {
      case .float(let tensor): part[name] = .float(cut(tensor))
      case .double(let tensor): part[name] = .double(cut(tensor))
      case .complex: continue
      }
    }
    return part
  }
}
