package import Studies
internal import Tensors

/// The task of this domain: hidden states from noisy observations in time.
package enum StateEstimationTask {
  package static let id = "state-estimation"

  /// The description.
  package static let description = TaskDescription(
    id: id,
    summary: "Find the states of a dynamic system from noisy observations in time.",
    metrics: [
      MetricDescription(
        id: "mse",
        title: "mean squared error of a state's entry",
        unit: "dB",
        isLogarithmic: false,
        countsErrors: false,
        measure: { try squaredError($0, $1) }
      )
    ],
    component: "state",
    costUnit: "step",
    itemCount: { try sequences("observations", in: $0).shape[0] },
    slice: { try slice($0, $1) }
  )

  /// The mean squared error of each trajectory, over the entries whose truth is known.
  ///
  /// A trial is a trajectory, so that the spread over trajectories is known. An estimate that is not finite
  /// is infinitely wrong.
  private static func squaredError(_ outputs: ArrayBundle, _ truth: ArrayBundle) throws
    -> MetricDescription.Count
  {
    let estimates = try sequences("estimates", in: outputs)
    let targets = try sequences("targets", in: truth)
    guard estimates.shape == targets.shape else {
      throw StudyError.badShape(
        array: "targets",
        source: truth.source,
        expected: "\(estimates.shape), as the estimates",
        actual: targets.shape
      )
    }
    let (batch, time, m) = (targets.shape[0], targets.shape[1], targets.shape[2])
    let lengths = truth["lengths"]?.double?.scalars
    var count = MetricDescription.Count(
      trials: batch,
      errors: 0,
      sum: 0,
      sumOfSquares: 0,
      reference: Double(batch)
    )
    estimates.withScalars { estimates in
      targets.withScalars { targets in
        for sequence in 0..<batch {
          let length = lengths.map { $0.count == batch ? Int($0[sequence]) : time } ?? time
          let first = sequence * time * m
          var (sum, entries) = (0.0, 0)
          for place in first..<(first + min(max(length, 0), time) * m)
          where !targets[place].isNaN {
            let error = estimates[place] - targets[place]
            sum += error.isFinite ? error * error : .infinity
            entries += 1
          }
          let mean = entries > 0 ? sum / Double(entries) : 0
          count.sum += mean
          count.sumOfSquares += mean * mean
        }
      }
    }
    return count
  }

  /// An array of sequences, `[batch, time, width]`.
  private static func sequences(_ name: String, in bundle: ArrayBundle) throws -> Tensor<Double> {
    guard let array = bundle[name], let tensor = array.double else {
      throw StudyError.missingArray(
        name,
        source: bundle.source,
        expected: "real numbers, [time, width] or [batch, time, width]"
      )
    }
    guard tensor.rank == 2 || tensor.rank == 3, tensor.count > 0 else {
      throw StudyError.badShape(
        array: name,
        source: bundle.source,
        expected: "[time, width] or [batch, time, width]",
        actual: tensor.shape
      )
    }
    return tensor.rank == 3 ? tensor : tensor.viewed(as: [1] + tensor.shape)
  }

  /// What belongs to a sequence each, by the rank that it then has.
  private static let parts = [
    "observations": 3, "targets": 3, "estimates": 3, "controls": 3, "lengths": 1,
    "initial_mean": 2, "initial_covariance": 3,
  ]

  private static func slice(_ bundle: ArrayBundle, _ range: Range<Int>) throws -> ArrayBundle {
    let batch = try sequences("observations", in: bundle).shape[0]
    guard range.lowerBound >= 0, range.upperBound <= batch, !range.isEmpty else {
      throw StudyError.invalid(
        "\(bundle.source): sequences \(range) are not among the \(batch) there are"
      )
    }
    var part = bundle
    for (name, rank) in parts {
      guard let array = bundle[name], array.shape.count == rank, array.shape.first == batch else {
        continue
      }
      switch array {
      case .float(let tensor): part[name] = .float(cut(tensor, range))
      case .double(let tensor): part[name] = .double(cut(tensor, range))
      case .complex: continue
      }
    }
    return part
  }

  private static func cut<Scalar: RealTensorScalar>(
    _ tensor: Tensor<Scalar>,
    _ range: Range<Int>
  ) -> Tensor<Scalar> {
    let width = tensor.count / tensor.shape[0]
    return tensor.withScalars { source in
      Tensor(
        Array(source[(range.lowerBound * width)..<(range.upperBound * width)]),
        shape: [range.count] + tensor.shape.dropFirst()
      )
    }
  }
}
