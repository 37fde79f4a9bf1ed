package import Studies
internal import Tensors

/// The task of this domain: sparse signals from fewer measurements.
package enum SparseRecoveryTask {
  package static let id = "sparse-recovery"

  /// The description.
  package static let description = TaskDescription(
    id: id,
    summary: "Find sparse signals from linear measurements, fewer than there are unknowns.",
    metrics: [
      MetricDescription(
        id: "nmse",
        title: "normalised mean squared error",
        unit: "dB",
        isLogarithmic: false,
        countsErrors: false,
        measure: { try errors($0, $1, isNormalised: true) }
      ),
      MetricDescription(
        id: "squared_error",
        title: "squared error of a signal",
        unit: "",
        isLogarithmic: true,
        countsErrors: false,
        measure: { try errors($0, $1, isNormalised: false) }
      ),
      MetricDescription(
        id: "support_error_rate",
        title: "share of non-zeros missed",
        unit: "",
        isLogarithmic: true,
        countsErrors: true,
        measure: { try missedNonzeros($0, $1) }
      ),
    ],
    itemCount: { try SparseArrays.rows("observations", in: $0, as: Float.self).rows.shape[0] },
    slice: { try slice($0, $1) }
  )

  private static func pairs(_ outputs: ArrayBundle, _ truth: ArrayBundle) throws
    -> (estimates: Tensor<Double>, targets: Tensor<Double>)
  {
    guard let estimates = outputs["estimates"]?.double else {
      throw StudyError.missingArray("estimates", source: outputs.source, expected: "real numbers")
    }
    let targets = try SparseArrays.real("targets", in: truth, as: Double.self)
    guard targets.shape == estimates.shape, let width = targets.shape.last else {
      throw StudyError.badShape(
        array: "targets",
        source: truth.source,
        expected: "\(estimates.shape), as the estimates",
        actual: targets.shape
      )
    }
    let shape = [targets.count / max(width, 1), width]
    return (estimates.viewed(as: shape), targets.viewed(as: shape))
  }

  /// The squared error of each signal; a ratio of means to the signals' energy when normalised.
  private static func errors(
    _ outputs: ArrayBundle,
    _ truth: ArrayBundle,
    isNormalised: Bool
  ) throws -> MetricDescription.Count {
    let (estimates, targets) = try pairs(outputs, truth)
    let (rows, width) = (targets.shape[0], targets.shape[1])
    var count = MetricDescription.Count(
      trials: rows,
      errors: 0,
      sum: 0,
      sumOfSquares: 0,
      reference: isNormalised ? 0 : Double(rows)
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
          if isNormalised { count.reference += energy }
        }
      }
    }
    return count
  }

  /// Non-zeros of a signal that are not among as many largest magnitudes of its estimate.
  private static func missedNonzeros(_ outputs: ArrayBundle, _ truth: ArrayBundle) throws
    -> MetricDescription.Count
  {
    let (estimates, targets) = try pairs(outputs, truth)
    let (rows, width) = (targets.shape[0], targets.shape[1])
    var (missed, all) = (0, 0)
    estimates.withScalars { estimates in
      targets.withScalars { targets in
        for row in 0..<rows {
          let places = (row * width)..<((row + 1) * width)
          let nonzeros = places.filter { targets[$0] != 0 }
          guard !nonzeros.isEmpty else { continue }
          let sizes = places.map { estimates[$0].magnitude }.sorted(by: >)
          let level = sizes[nonzeros.count - 1]
          // A NaN and a zero are found by nobody.
          missed += nonzeros.count {
            !(estimates[$0].magnitude >= level && estimates[$0] != 0)
          }
          all += nonzeros.count
        }
      }
    }
    return MetricDescription.Count(
      trials: all,
      errors: missed,
      sum: Double(missed),
      sumOfSquares: Double(missed),
      reference: Double(all)
    )
  }

  /// Rows of the range; the operator and the noise power belong to all.
  private static func slice(_ bundle: ArrayBundle, _ range: Range<Int>) throws -> ArrayBundle {
    let batch = try SparseArrays.rows("observations", in: bundle, as: Float.self).rows.shape[0]
    guard range.lowerBound >= 0, range.upperBound <= batch, !range.isEmpty else {
      throw StudyError.invalid(
        "\(bundle.source): problems \(range) are not among the \(batch) there are"
      )
    }
    var part = bundle
    for name in ["observations", "targets", "estimates"] {
      switch bundle[name] {
      case .float(let tensor): part[name] = .float(cut(tensor, range))
      case .double(let tensor): part[name] = .double(cut(tensor, range))
      default: continue
      }
    }
    return part
  }

  private static func cut<Scalar: RealTensorScalar>(
    _ tensor: Tensor<Scalar>,
    _ range: Range<Int>
  ) -> Tensor<Scalar> {
    guard tensor.rank == 2 else { return tensor }
    let width = tensor.shape[1]
    return tensor.withScalars { source in
      Tensor(
        Array(source[range.lowerBound * width..<range.upperBound * width]),
        shape: [range.count, width]
      )
    }
  }
}
