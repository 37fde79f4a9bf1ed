package import Studies
internal import Tensors

/// The task of learning the filters that series are made of, and where they are.
package enum DictionaryTask {
  package static let id = "dictionary-learning"

  /// The description.
  package static let description = TaskDescription(
    id: id,
    summary: "Learn the filters that series of counts are made of, from the series alone.",
    metrics: [
      MetricDescription(
        id: "filter_error",
        title: "error of the worst filter",
        unit: "",
        isLogarithmic: true,
        countsErrors: false,
        measure: { try filterError($0, $1) { $0.max() ?? .nan } }
      ),
      MetricDescription(
        id: "mean_filter_error",
        title: "error of a filter on average",
        unit: "",
        isLogarithmic: true,
        countsErrors: false,
        measure: { try filterError($0, $1) { $0.reduce(0, +) / Double($0.count) } }
      ),
      MetricDescription(
        id: "negative_log_likelihood",
        title: "negative log-likelihood of a sample",
        unit: "nat",
        isLogarithmic: false,
        countsErrors: false,
        measure: { outputs, _ in try likelihood(outputs) }
      ),
      MetricDescription(
        id: "mean_nmse",
        title: "normalised mean squared error of the means",
        unit: "dB",
        isLogarithmic: false,
        countsErrors: false,
        measure: { try meanError($0, $1) }
      ),
    ],
    costUnit: "series",
    itemCount: { try SparseArrays.rows("observations", in: $0, as: Float.self).rows.shape[0] },
    slice: { bundle, range in
      let batch = try SparseArrays.rows("observations", in: bundle, as: Float.self).rows.shape[0]
      guard range.lowerBound >= 0, range.upperBound <= batch, !range.isEmpty else {
        throw StudyError.invalid(
          "\(bundle.source): series \(range) are not among the \(batch) there are"
        )
      }
      return bundle.sliced(
        range,
        of: batch,
        ranks: ["observations": 2, "targets": 2, "estimates": 2, "codes": 3, "sample_losses": 1]
      )
    },
    image: { arrays, name in
      switch name {
      case "targets": FilterPicture.drawn(try matrix("true_filters", arrays))
      case "estimates": FilterPicture.drawn(try matrix("filters", arrays))
      default: nil
      }
    }
  )

  private static func matrix(_ name: String, _ bundle: ArrayBundle) throws(StudyError) -> [[Double]]
  {
    guard let tensor = bundle[name]?.double, tensor.rank == 2 else {
      throw .missingArray(name, source: bundle.source, expected: "[filters, taps]")
    }
    let numbers = tensor.scalars
    let taps = tensor.shape[1]
    return (0..<tensor.shape[0]).map { Array(numbers[($0 * taps)..<(($0 + 1) * taps)]) }
  }

  /// One trial a series, all of the same value: filters belong to the model.
  private static func filterError(
    _ outputs: ArrayBundle,
    _ truth: ArrayBundle,
    _ reduced: ([Double]) -> Double
  ) throws -> MetricDescription.Count {
    let learned = try matrix("filters", outputs)
    let known = try matrix("true_filters", truth)
    guard learned.count >= known.count, learned.first?.count == known.first?.count else {
      throw StudyError.badShape(
        array: "true_filters",
        source: truth.source,
        expected:
          "at most [\(learned.count), \(learned.first?.count ?? 0)], as the learned filters",
        actual: [known.count, known.first?.count ?? 0]
      )
    }
    let shifts = (known.first?.count ?? 0) / 5
    let error = reduced(FilterComparison.errors(learned: learned, truth: known, shifts: shifts))
    let trials = try SparseArrays.rows("estimates", in: outputs, as: Float.self).rows.shape[0]
    return MetricDescription.Count(
      trials: trials,
      errors: 0,
      sum: error * Double(trials),
      sumOfSquares: error * error * Double(trials),
      reference: Double(trials)
    )
  }

  private static func likelihood(_ outputs: ArrayBundle) throws -> MetricDescription.Count {
    guard let losses = outputs["sample_losses"]?.double?.scalars else {
      throw StudyError.missingArray(
        "sample_losses",
        source: outputs.source,
        expected: "[batch], nats a sample"
      )
    }
    return MetricDescription.Count(
      trials: losses.count,
      errors: 0,
      sum: losses.reduce(0, +),
      sumOfSquares: losses.reduce(0) { $0 + $1 * $1 },
      reference: Double(losses.count)
    )
  }

  private static func meanError(_ outputs: ArrayBundle, _ truth: ArrayBundle) throws
    -> MetricDescription.Count
  {
    let estimates = try SparseArrays.rows("estimates", in: outputs, as: Double.self).rows
    let targets = try SparseArrays.rows("targets", in: truth, as: Double.self).rows
    guard targets.shape == estimates.shape else {
      throw StudyError.badShape(
        array: "targets",
        source: truth.source,
        expected: "\(estimates.shape), as the estimates",
        actual: targets.shape
      )
    }
    let (rows, width) = (targets.shape[0], targets.shape[1])
    var count = MetricDescription.Count(
      trials: rows,
      errors: 0,
      sum: 0,
      sumOfSquares: 0,
      reference: 0
    )
    estimates.withScalars { estimates in
      targets.withScalars { targets in
        for row in 0..<rows {
          var (error, energy) = (0.0, 0.0)
          for place in (row * width)..<((row + 1) * width) {
            let difference = estimates[place] - targets[place]
            error += difference * difference
            energy += targets[place] * targets[place]
          }
          count.sum += error
          count.sumOfSquares += error * error
          count.reference += energy
        }
      }
    }
    return count
  }
}

/// Filters as black curves on white, one under the other, at most six.
enum FilterPicture {
  private static let band = 48
  private static let pixelsPerTap = 4

  static func drawn(_ filters: [[Double]]) -> Tensor<Float>? {
    let shown = filters.prefix(6)
    guard let taps = shown.first?.count, taps > 0 else { return nil }
    let width = taps * pixelsPerTap
    return Tensor(shape: [shown.count * band, width]) { target in
      target.update(repeating: 1)
      for (number, filter) in shown.enumerated() {
        let largest = filter.reduce(0) { max($0, $1.magnitude) }
        let scale = largest > 0 ? Double(band / 2 - 3) / largest : 0
        var last: Int?
        for x in 0..<width {
          // Straight lines from tap to tap.
          let place = Double(x) / Double(pixelsPerTap)
          let tap = min(Int(place), taps - 1)
          let next = min(tap + 1, taps - 1)
          let value = filter[tap] + (place - Double(tap)) * (filter[next] - filter[tap])
          let y = band / 2 - Int((value.isFinite ? value * scale : 0).rounded())
          for row in min(last ?? y, y)...max(last ?? y, y) {
            target[(number * band + row) * width + x] = 0
          }
          last = y
        }
      }
    }
  }
}
