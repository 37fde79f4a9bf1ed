package import Studies
package import Tensors

/// Series of observations, and with them the symbols where they are known.
package struct ObservationSeries: Sendable {
  /// `[batch, time]`.
  package let observations: Tensor<Float>
  /// `[batch, time]`, whole numbers; nil where no targets were asked for.
  package let labels: Tensor<Float>?
  /// The shape that results have: `[time]` or `[batch, time]`.
  package let shape: [Int]

  /// How many series there are.
  package var batch: Int { observations.shape[0] }
  /// How many observations each has.
  package var time: Int { observations.shape[1] }

  private init(observations: Tensor<Float>, labels: Tensor<Float>?, shape: [Int]) {
    self.observations = observations
    self.labels = labels
    self.shape = shape
  }

  /// Reads the array `observations`.
  ///
  /// - Throws: ``StudyError`` when it is missing, complex, of another shape or not finite.
  package init(_ arrays: ArrayBundle) throws(StudyError) {
    let tensor = try Self.array("observations", of: arrays)
    let shape = tensor.shape
    guard shape.count == 1 || shape.count == 2, tensor.count > 0 else {
      throw .badShape(
        array: "observations",
        source: arrays.source,
        expected: Self.expected,
        actual: shape
      )
    }
    let firstBad = tensor.withScalars { numbers in numbers.firstIndex { !$0.isFinite } }
    if let firstBad {
      throw .badNumbers(
        array: "observations",
        source: arrays.source,
        reason: "holds a number that is not finite at place \(firstBad)"
      )
    }
    let rows = shape.count == 1 ? [1, shape[0]] : shape
    self.init(observations: tensor.viewed(as: rows), labels: nil, shape: shape)
  }

  /// Reads the arrays `observations` and `targets`.
  ///
  /// - Throws: ``StudyError`` as for observations, or naming a target that is no symbol.
  package init(_ arrays: ArrayBundle, labelledBy constellation: Constellation) throws {
    let series = try ObservationSeries(arrays)
    let targets = try Self.array("targets", of: arrays)
    guard targets.shape == series.shape else {
      throw StudyError.badShape(
        array: "targets",
        source: arrays.source,
        expected: "the shape of observations, \(series.shape)",
        actual: targets.shape
      )
    }
    let labels = try Self.labels(of: targets, in: constellation, source: arrays.source)
    self.init(
      observations: series.observations,
      labels: labels.viewed(as: series.observations.shape),
      shape: series.shape
    )
  }

  /// Two parts in time, the later one a given share of it, each with at least one observation.
  package func split(holdingOut share: Double) -> (
    earlier: ObservationSeries, later: ObservationSeries
  ) {
    let held = min(max(Int((Double(time) * share).rounded()), 1), time - 1)
    return (part(0..<time - held), part(time - held..<time))
  }

  /// Some of the times.
  package func part(_ range: Range<Int>) -> ObservationSeries {
    func cut(_ tensor: Tensor<Float>) -> Tensor<Float> {
      Tensor(shape: [batch, range.count]) { target in
        tensor.withScalars { source in
          for row in 0..<batch {
            for (place, time) in range.enumerated() {
              target[row * range.count + place] = source[row * self.time + time]
            }
          }
        }
      }
    }
    return ObservationSeries(
      observations: cut(observations),
      labels: labels.map(cut),
      shape: [batch, range.count]
    )
  }

  /// The labels of an array of symbols, of its shape, as whole numbers in floating point.
  private static func labels(
    of targets: Tensor<Float>,
    in constellation: Constellation,
    source: String
  ) throws(StudyError) -> Tensor<Float> {
    var labels = [Float](repeating: 0, count: targets.count)
    for (place, number) in targets.scalars.enumerated() {
      do { labels[place] = Float(try constellation.index(of: Double(number))) } catch {
        let symbols = constellation.symbols.map { "\(Float($0))" }.joined(separator: ", ")
        throw .badNumbers(
          array: "targets",
          source: source,
          reason: "holds \(number) at place \(place), which is no symbol of "
            + "\(constellation.rawValue) (\(symbols))"
        )
      }
    }
    return Tensor(labels, shape: targets.shape)
  }

  private static let expected = "[time] or [batch, time]"

  private static func array(
    _ name: String,
    of arrays: ArrayBundle
  ) throws(StudyError) -> Tensor<Float> {
    guard let array = arrays[name] else {
      throw .missingArray(name, source: arrays.source, expected: expected)
    }
    guard let tensor = array.float else {
      throw .badNumbers(array: name, source: arrays.source, reason: "is complex; give real numbers")
    }
    return tensor
  }
}
