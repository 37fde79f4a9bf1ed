internal import Autodiff
internal import Studies
internal import Tensors

/// What is known before a dictionary is learned: series, their law, first filters.
struct DictionaryProblem {
  let law: ObservationLaw
  /// `[batch, length]`.
  let series: Tensor<Float>
  /// The means, where they are told.
  let targets: Tensor<Float>?
  /// `[channels, taps]`.
  let filters: Tensor<Float>
  /// `mu_0`.
  let baseline: Double
  /// The largest observation.
  let largest: Double

  /// Reads the arrays of a bundle.
  ///
  /// - Parameters:
  ///   - bundle: `observations`; `initial_filters`, `baseline` and `targets` where there are any.
  ///   - settings: law, and the size of filters that are drawn where none are given.
  ///   - stream: where they are drawn from.
  /// - Throws: ``StudyError`` for arrays that are missing or do not fit.
  init(_ bundle: ArrayBundle, _ settings: Settings, from stream: RandomStream) throws(StudyError) {
    law = ObservationLaw(settings)
    series = try Self.series(in: bundle, law)
    var size = 0.0
    for x in series.scalars { size = max(size, Double(x.magnitude)) }
    largest = size
    targets = try Self.targets(in: bundle, like: series.shape)
    if let told = try Self.number("baseline", in: bundle) {
      baseline = told
    } else {
      baseline = law.parameter(ofMean: Double(series.mean().scalar))
    }
    if bundle["initial_filters"] != nil {
      filters = try SparseArrays.rows("initial_filters", in: bundle, as: Float.self).rows
    } else {
      var stream = stream.derived("first filters")
      filters = stream.normal([settings.integer("filters"), settings.integer("taps")])
    }
    guard filters.shape[1] <= series.shape[1] else {
      throw .badShape(
        array: "observations",
        source: bundle.source,
        expected: "[batch, length] with a length of at least the \(filters.shape[1]) taps",
        actual: series.shape
      )
    }
  }

  /// What a model keeps of it: no series.
  init(law: ObservationLaw, baseline: Double, filters: Tensor<Float>, largest: Double) {
    self.law = law
    self.baseline = baseline
    self.filters = filters
    self.largest = largest
    series = .zeros([0, 0])
    targets = nil
  }

  /// Checked observations.
  static func series(in bundle: ArrayBundle, _ law: ObservationLaw) throws(StudyError)
    -> Tensor<Float>
  {
    let rows = try SparseArrays.rows("observations", in: bundle, as: Float.self).rows
    let bad = rows.withScalars { $0.firstIndex { !law.admits(Double($0)) } }
    if let bad {
      throw .badNumbers(
        array: "observations",
        source: bundle.source,
        reason: "has a number at place \(bad) (row-major) that is not \(law.range)"
      )
    }
    return rows
  }

  private static func targets(in bundle: ArrayBundle, like shape: [Int]) throws(StudyError)
    -> Tensor<Float>?
  {
    guard bundle["targets"] != nil else { return nil }
    let rows = try SparseArrays.rows("targets", in: bundle, as: Float.self).rows
    guard rows.shape == shape else {
      throw .badShape(
        array: "targets",
        source: bundle.source,
        expected: "\(shape), as the observations",
        actual: rows.shape
      )
    }
    return rows
  }

  /// A single number, where there is one.
  static func number(_ name: String, in bundle: ArrayBundle) throws(StudyError) -> Double? {
    guard bundle[name] != nil else { return nil }
    let tensor = try SparseArrays.real(name, in: bundle, as: Double.self)
    guard tensor.count == 1 else {
      throw .badShape(
        array: name,
        source: bundle.source,
        expected: "a single number",
        actual: tensor.shape
      )
    }
    return tensor.scalar
  }

  /// The penalty of the settings, or the level that noise alone reaches at the baseline in series of the length of
  /// the settings.
  func penalty(_ settings: Settings) -> Double {
    let given = settings.number("penalty")
    guard given == 0 else { return given }
    let codes = filters.shape[0] * (settings.integer("length") - filters.shape[1] + 1)
    return (2 * naturalLogarithm(Double(max(codes, 2))) * law.variance(baseline)).squareRoot()
  }

  /// Coding with these filters.
  ///
  /// - Parameters:
  ///   - filters: `[channels, taps]`.
  ///   - settings: penalty and sign of the codes, and whether they are refitted.
  ///   - steps: before the codes are refitted.
  ///   - isTied: whether both directions have the same filters.
  ///   - margin: by how much filters may yet change the bound of the step.
  /// - Returns: the coder.
  func coding(
    _ filters: Tensor<Float>,
    _ settings: Settings,
    steps: Int,
    isTied: Bool = true,
    margin: Double = 1
  ) -> ExponentialFISTA<Float> {
    ExponentialFISTA(
      law: law,
      baseline: baseline,
      filters: filters,
      penalty: penalty(settings),
      largest: largest,
      margin: margin,
      isNonnegative: DictionaryChoices.isNonnegative(settings),
      isTied: isTied,
      refit: settings.integer("refitting") > 0
        ? .init(after: steps, distance: settings.integer("distance")) : nil
    )
  }
}
