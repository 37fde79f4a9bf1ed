package import Studies
internal import Tensors

/// The task that detectors of vectors share: the symbols of all users from one observation.
package enum MIMODetectionTask {
  package static let id = "mimo-detection"

  /// The description.
  package static let description = TaskDescription(
    id: id,
    summary: "Find the symbols that several users sent over a known multiple-antenna channel.",
    metrics: [
      metric("bit_error_rate", "bit error rate") { bits($0, $1, $2) },
      metric("vector_error_rate", "vector error rate") { vectors($0, $1, $2) },
    ],
    itemCount: { try itemCount($0) },
    slice: { try slice($0, $1) }
  )

  /// Errors among trials, of estimates and targets that have one shape, and the numbers of a vector.
  private typealias Counting =
    @Sendable (_ estimates: [Float], _ targets: [Float], _ width: Int) -> (errors: Int, trials: Int)

  private static func metric(
    _ id: String,
    _ title: String,
    _ count: @escaping Counting
  ) -> MetricDescription {
    MetricDescription(
      id: id,
      title: title,
      unit: "",
      isLogarithmic: true,
      countsErrors: true,
      measure: { outputs, truth in
        guard let estimates = outputs["estimates"] else {
          throw StudyError.missingArray(
            "estimates",
            source: outputs.source,
            expected: "[batch, users]"
          )
        }
        guard let targets = truth["targets"] else {
          throw StudyError.missingArray("targets", source: truth.source, expected: "[batch, users]")
        }
        let (a, b) = (
          MIMOArrays.numbers(estimates, as: Float.self), MIMOArrays.numbers(targets, as: Float.self)
        )
        guard a.shape == b.shape, a.rank >= 2, a.count > 0 else {
          throw StudyError.badShape(
            array: "targets",
            source: truth.source,
            expected: "\(estimates.shape), as the estimates",
            actual: targets.shape
          )
        }
        let (errors, trials) = count(a.scalars, b.scalars, a.count / a.shape[0])
        return MetricDescription.Count(
          trials: trials,
          errors: errors,
          sum: Double(errors),
          sumOfSquares: Double(errors),
          reference: Double(trials)
        )
      }
    )
  }

  /// Wrong bits of Gray-coded real dimensions: the sign and, where targets have two magnitudes, which
  /// of the two it is; where targets are 0 and 1, which of these.
  @Sendable private static func bits(
    _ estimates: [Float],
    _ targets: [Float],
    _ width: Int
  ) -> (errors: Int, trials: Int) {
    let magnitudes = targets.lazy.map(\.magnitude)
    let (low, high) = (magnitudes.min() ?? 0, magnitudes.max() ?? 0)
    if low == 0 {
      let border = high > 0 ? high / 2 : 0.5
      let errors = zip(estimates, targets).count { estimate, target in
        estimate.isNaN || (estimate > border) != (target > border)
      }
      return (errors, targets.count)
    }
    let hasAmplitudes = high > 1.5 * low
    let border = (low + high) / 2
    var errors = 0
    for (estimate, target) in zip(estimates, targets) {
      // A NaN is wrong in every bit.
      if !(estimate * target > 0) { errors += 1 }
      guard hasAmplitudes else { continue }
      if estimate.isNaN || (estimate.magnitude > border) != (target.magnitude > border) {
        errors += 1
      }
    }
    return (errors, targets.count * (hasAmplitudes ? 2 : 1))
  }

  /// Vectors with any wrong symbol.
  @Sendable private static func vectors(
    _ estimates: [Float],
    _ targets: [Float],
    _ width: Int
  ) -> (errors: Int, trials: Int) {
    let batch = targets.count / width
    var errors = 0
    for index in 0..<batch {
      let range = (index * width)..<((index + 1) * width)
      if !range.allSatisfy({ (estimates[$0] - targets[$0]).magnitude <= 1e-3 }) { errors += 1 }
    }
    return (errors, batch)
  }

  private static func itemCount(_ bundle: ArrayBundle) throws -> Int {
    guard let array = bundle["observations"], array.shape.count == 2 else {
      throw StudyError.badShape(
        array: "observations",
        source: bundle.source,
        expected: "[batch, receive]",
        actual: bundle["observations"]?.shape ?? []
      )
    }
    return array.shape[0]
  }

  /// Vectors of the range; what all vectors share stays whole.
  private static func slice(_ bundle: ArrayBundle, _ range: Range<Int>) throws -> ArrayBundle {
    let count = try itemCount(bundle)
    guard range.lowerBound >= 0, range.upperBound <= count, !range.isEmpty else {
      throw StudyError.invalid(
        "\(bundle.source): vectors \(range) are not among the \(count) there are"
      )
    }
    var part = bundle
    for name in bundle.names {
      guard let array = bundle[name], array.shape.first == count else { continue }
      if name == "channel" && array.shape.count == 2 { continue }
      part[name] = rows(range, of: array, count)
    }
    return part
  }

  private static func rows(
    _ range: Range<Int>,
    of array: NumericArray,
    _ count: Int
  ) -> NumericArray {
    func cut<Scalar: RealTensorScalar>(_ tensor: Tensor<Scalar>) -> Tensor<Scalar> {
      let width = tensor.count / count
      let scalars = tensor.withScalars {
        Array($0[(range.lowerBound * width)..<(range.upperBound * width)])
      }
      return Tensor(scalars, shape: [range.count] + tensor.shape.dropFirst())
    }
    switch array {
    case .float(let tensor): return .float(cut(tensor))
    case .double(let tensor): return .double(cut(tensor))
    case .complex(let tensor): return .complex(cut(tensor))
    }
  }
}
