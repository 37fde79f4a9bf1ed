internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
package import Studies
internal import Tensors

/// Dictionary learning by alternating minimisation.
package enum ClassicalDictionaryMethods {
  /// With codes by proximal gradient steps.
  package static let fista = method(
    "fista-cdl",
    title: "FISTA-CDL",
    summary: "Convolutional dictionary learning: codes by FISTA, then filters, in turn.",
    references: ["garciacardona2018cdl", "beck2009fista"],
    settings: DictionaryChoices.coding(iterations: 250, name: "iterations"),
    cost: { settings in
      2 * (settings.integer("iterations") + settings.integer("refitting")) * correlation(settings)
    },
    coder: { problem, settings in
      let iterations = settings.integer("iterations")
      let all = iterations + settings.integer("refitting")
      return { filters, series in
        problem.coding(filters, settings, steps: iterations).solve(series, until: .iterations(all))
          .value
      }
    }
  )

  /// With codes by matching pursuit.
  package static let pursuit = method(
    "omp-cdl",
    title: "OMP-CDL",
    summary: "Convolutional dictionary learning: codes by matching pursuit, then filters, in turn.",
    references: ["lozano2011omp", "garciacardona2018cdl"],
    settings: [
      .init(
        "nonzeros",
        .integer(1...100_000),
        standard: .integer(9),
        "codes of a series that are not zero, at most"
      ),
      .init(
        "least_gain",
        .number(0...1e9),
        standard: .number(4),
        "no code is added that would gain less log-likelihood than this, in nats"
      ),
    ],
    cost: { settings in
      let chosen = settings.integer("nonzeros")
      // A correlation a choice, and about four Newton steps on what is chosen so far.
      return chosen
        * (correlation(settings) + 2 * chosen * chosen * settings.integer("taps"))
    },
    coder: { problem, settings in
      { filters, series in pursued(problem, settings, filters, series) }
    }
  )

  /// A correlation of a series with all filters.
  private static func correlation(_ settings: Settings) -> Int {
    let taps = settings.integer("taps")
    return settings.integer("filters") * taps * max(settings.integer("length") - taps + 1, 1)
  }

  private static func pursued(
    _ problem: DictionaryProblem,
    _ settings: Settings,
    _ filters: Tensor<Float>,
    _ series: Tensor<Float>
  ) -> Tensor<Float> {
    let pursuit = ExponentialPursuit(
      law: problem.law,
      baseline: problem.baseline,
      filters: filters.converted(to: Double.self),
      maximumNonzeros: settings.integer("nonzeros"),
      leastGain: settings.number("least_gain"),
      isNonnegative: DictionaryChoices.isNonnegative(settings)
    )
    let (rows, length) = (series.shape[0], series.shape[1])
    let (channels, places) = (filters.shape[0], length - filters.shape[1] + 1)
    let numbers = series.converted(to: Double.self).scalars
    return Tensor(shape: [rows, channels, places]) { target in
      target.update(repeating: 0)
      for row in 0..<rows {
        for event in pursuit.events(Array(numbers[(row * length)..<((row + 1) * length)])) {
          target[(row * channels + event.channel) * places + event.place] = Float(event.value)
        }
      }
    }
  }

  typealias Coder = @Sendable (_ filters: Tensor<Float>, _ series: Tensor<Float>) -> Tensor<Float>

  private static func method(
    _ id: String,
    title: String,
    summary: String,
    references: [String],
    settings: [SettingDescription],
    cost: @escaping @Sendable (Settings) -> Int,
    coder: @escaping @Sendable (DictionaryProblem, Settings) -> Coder
  ) -> MethodDescription {
    MethodDescription(
      id: id,
      family: .modelBased,
      task: DictionaryTask.id,
      title: title,
      summary: summary,
      needs: ["law of the observations", "number and length of filters"],
      learns: ["filters"],
      references: references,
      arrays: DictionaryModel.arrays,
      settings: DictionaryChoices.law + DictionaryChoices.dictionary + settings + [
        .init("epochs", .integer(1...100_000), standard: .integer(20), "passes over the series"),
        .init(
          "updates",
          .integer(1...100_000),
          standard: .integer(10),
          "gradient steps on the filters after each coding"
        ),
      ] + DictionaryChoices.extents,
      trainsInParallel: true,
      cost: { settings in
        .init(
          parameters: settings.integer("filters") * settings.integer("taps"),
          multiplyAccumulates: cost(settings)
        )
      },
      prepare: { settings, model in
        guard let model else {
          throw StudyError.untrained(id)
        }
        return try prepared(id, settings, model, coder)
      },
      train: { try train(id, $0, coder) }
    )
  }

  private static func prepared(
    _ id: String,
    _ settings: Settings,
    _ model: ModelFile,
    _ coder: (DictionaryProblem, Settings) -> Coder
  ) throws -> any PreparedMethod {
    let filters = try DictionaryModel.chosenFilters(model, settings, method: id)
    let baseline = try DictionaryModel.number(DictionaryModel.baseline, model, method: id)
    let problem = DictionaryProblem(
      law: ObservationLaw(settings),
      baseline: baseline,
      filters: filters,
      largest: try DictionaryModel.number(DictionaryModel.largest, model, method: id)
    )
    let coder = coder(problem, settings)
    return DictionaryInference(law: problem.law, baseline: baseline, filters: filters) {
      coder(filters, $0)
    }
  }

  private static func train(
    _ id: String,
    _ request: TrainingRequest,
    _ coder: (DictionaryProblem, Settings) -> Coder
  ) throws -> TrainingResult {
    let settings = request.settings
    let problem = try DictionaryProblem(request.data, settings, from: request.stream)
    let passes = request.isProbe ? 1 : settings.integer("epochs")
    var (history, losses): ([Tensor<Float>], [Double]) = ([], [])
    var wasCancelled = false
    let begin = ContinuousClock.now
    let filters = try AlternatingDictionary(
      law: problem.law,
      baseline: problem.baseline,
      updates: settings.integer("updates"),
      coder: coder(problem, settings)
    ).learned(
      problem.series,
      from: problem.filters,
      passes: passes,
      pool: request.pool
    ) { filters, loss in
      history.append(filters)
      losses.append(loss)
      let used = begin.duration(to: .now) / .seconds(1)
      request.progress(
        Studies.TrainingProgress(
          epoch: losses.count,
          epochs: passes,
          trainingLoss: loss,
          validationLoss: nil,
          secondsLeft: used / Double(losses.count) * Double(passes - losses.count)
        )
      )
      wasCancelled = request.isCancelled()
      return wasCancelled
    }
    var result = request.result(
      of: [],
      method: id,
      version: 1,
      tensors: [
        DictionaryModel.filters: .float(filters),
        DictionaryModel.history: .float(stacked(history)),
        DictionaryModel.baseline: .double(Tensor(problem.baseline)),
        DictionaryModel.largest: .double(Tensor(problem.largest)),
      ],
      axes: ["batch", "length"]
    )
    result.trainingLosses = losses
    result.wasCancelled = wasCancelled
    if wasCancelled { result.failure = "interrupted after \(losses.count) of \(passes) passes" }
    if !filters.scalars.allSatisfy(\.isFinite) { result.failure = "a filter is not finite" }
    return result
  }
}
