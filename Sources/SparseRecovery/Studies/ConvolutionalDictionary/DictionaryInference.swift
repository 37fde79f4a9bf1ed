internal import Autodiff
internal import NeuralNetworks
internal import Studies
internal import Tensors

/// A learned dictionary, ready for series.
struct DictionaryInference: PreparedMethod {
  let law: ObservationLaw
  let baseline: Double
  /// `[channels, taps]`, of unit length: what the means are made of.
  let filters: Tensor<Float>
  /// From series to codes.
  let coder: @Sendable (Tensor<Float>) -> Tensor<Float>

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    let series = try DictionaryProblem.series(in: arrays, law)
    guard series.shape[1] >= filters.shape[1] else {
      throw StudyError.badShape(
        array: "observations",
        source: arrays.source,
        expected: "[batch, length] with a length of at least the \(filters.shape[1]) taps",
        actual: series.shape
      )
    }
    let isSingle = arrays["observations"]?.shape.count == 1
    let codes = AlternatingDictionary.coded(series, pool: pool, coder)
    let natural = placedFilters(codes, filters) + Float(baseline)
    let losses = sampleLosses(series, natural)
    var bundle = ArrayBundle(source: arrays.source)
    bundle["estimates"] = .float(shaped(law.mean(natural), isSingle))
    bundle["codes"] = .float(shaped(codes, isSingle))
    bundle["filters"] = .float(filters)
    bundle["sample_losses"] = .float(losses)
    let isFinite = natural.scalars.allSatisfy(\.isFinite)
    return InferenceResult(
      arrays: bundle,
      failure: isFinite ? nil : "a mean is not finite; a smaller step or larger penalty may help"
    )
  }

  private func shaped(_ tensor: Tensor<Float>, _ isSingle: Bool) -> Tensor<Float> {
    isSingle ? tensor.viewed(as: Array(tensor.shape.dropFirst())) : tensor
  }

  /// The mean negative log-likelihood of the samples of each series, in nats.
  private func sampleLosses(_ series: Tensor<Float>, _ natural: Tensor<Float>) -> Tensor<Float> {
    let (rows, width) = (series.shape[0], series.shape[1])
    return series.withScalars { x in
      natural.withScalars { eta in
        Tensor(
          (0..<rows).map { row in
            var sum = 0.0
            for place in (row * width)..<((row + 1) * width) {
              let value = Double(x[place])
              sum += law.loss(value, Double(eta[place])) + law.observationTerm(value)
            }
            return Float(sum / Double(width))
          }
        )
      }
    }
  }
}

/// The tensors of a learned dictionary that all its methods share.
enum DictionaryModel {
  /// The filters of each pass, `[passes, channels, taps]`.
  static let history = "history"
  static let filters = "filters"
  static let baseline = "baseline"
  static let largest = "largest"

  /// The filters that the settings ask for: of an epoch, or the chosen ones.
  static func chosenFilters(_ model: ModelFile, _ settings: Settings, method: String)
    throws(StudyError)
    -> Tensor<Float>
  {
    let epoch = settings.integer("epoch")
    guard let chosen = model.tensors[filters]?.float, chosen.rank == 2 else {
      throw .invalid("\(method): the model file has no tensor '\(filters)' [filters, taps]")
    }
    guard epoch > 0 else { return unitRows(chosen) }
    guard let passes = model.tensors[history]?.float, passes.rank == 3, epoch <= passes.shape[0]
    else {
      throw .badValue(
        key: "epoch",
        value: "\(epoch)",
        expected: "at most the passes of the training, \(model.tensors[history]?.shape.first ?? 0)",
        owner: "method \(method)"
      )
    }
    return unitRows(passes.picked(axis: 0, epoch - 1))
  }

  /// A number of the model.
  static func number(_ name: String, _ model: ModelFile, method: String) throws(StudyError)
    -> Double
  {
    guard let tensor = model.tensors[name]?.double, tensor.count == 1 else {
      throw .invalid("\(method): the model file has no number '\(name)'")
    }
    return tensor.scalar
  }

  /// The arrays that all methods of the task read and write.
  static let arrays: [MethodDescription.Array] = [
    .init(
      "observations",
      [["length"], ["batch", "length"]],
      .input,
      unit: "counts, or as measured for gaussian noise",
      "one series a row"
    ),
    .init(
      "targets",
      [["length"], ["batch", "length"]],
      .target,
      isRequired: false,
      "the true means; for the metric, and for the objective denoising"
    ),
    .init(
      "true_filters",
      [["filters", "taps"]],
      .target,
      isRequired: false,
      "for the metric alone"
    ),
    .init(
      "initial_filters",
      [["filters", "taps"]],
      .knowledge,
      isRequired: false,
      "what learning starts from; drawn at random where missing"
    ),
    .init(
      "baseline",
      [[]],
      .knowledge,
      isRequired: false,
      unit: "natural parameter",
      "where there is no event; that of the mean observation where missing"
    ),
    .init("estimates", [["batch", "length"]], .output, "the means"),
    .init(
      "codes",
      [["batch", "filters", "places"]],
      .output,
      "how much of each filter, and where"
    ),
    .init("filters", [["filters", "taps"]], .output, "the learned filters, of unit length"),
    .init(
      "sample_losses",
      [["batch"]],
      .output,
      unit: "nat",
      "negative log-likelihood of a sample, on average over each series"
    ),
  ]
}
