internal import Hybridization
package import Studies
internal import Tensors

/// The algorithms that know their dictionary and learn nothing.
package enum ClassicalRecoveryMethods {
  /// Iterative shrinkage.
  package static let ista = lasso(
    "ista",
    title: "ISTA",
    summary: "The Lasso by iterative shrinkage and thresholding.",
    references: ["daubechies2004"],
    productsAnIteration: 2
  )

  /// Iterative shrinkage with momentum.
  package static let fista = lasso(
    "fista",
    title: "FISTA",
    summary: "The Lasso by iterative shrinkage with momentum.",
    references: ["beck2009fista"],
    productsAnIteration: 2
  )

  /// Alternating directions.
  package static let admm = lasso(
    "admm",
    title: "ADMM",
    summary: "The Lasso by the alternating direction method of multipliers.",
    references: ["boyd2011admm"],
    productsAnIteration: 2,
    settings: [
      .init(
        "coupling",
        .number(0...1e12),
        standard: .number(0),
        "weight 2 lambda that ties the sparse copy; 0 for half the mean eigenvalue of A A'"
      )
    ]
  )

  /// Message passing.
  package static let amp = MethodDescription(
    id: "amp",
    family: .modelBased,
    task: SparseRecoveryTask.id,
    title: "AMP",
    summary: "Approximate message passing with soft thresholds.",
    needs: ["operator with independent entries and unit columns"],
    learns: [],
    references: ["donoho2009amp"],
    arrays: arrays("not used"),
    settings: [
      .init(
        "threshold",
        .number(0...100),
        standard: .number(1.14),
        "threshold over the estimated standard deviation of the error"
      )
    ] + stopping(iterations: 200) + SparseArrays.extents,
    cost: { cost($0, products: 2) },
    prepare: { settings, _ in prepared(.amp, settings, threshold: settings.number("threshold")) }
  )

  /// Orthogonal matching pursuit.
  package static let omp = MethodDescription(
    id: "omp",
    family: .modelBased,
    task: SparseRecoveryTask.id,
    title: "OMP",
    summary: "Orthogonal matching pursuit: adds the best column, then solves least squares.",
    needs: ["operator"],
    learns: [],
    references: ["pati1993omp", "rubinstein2008omp"],
    arrays: arrays("noise power; the search ends when the residual's power is below it"),
    settings: [
      .init(
        "nonzeros",
        .integer(0...1_000_000),
        standard: .integer(0),
        "columns to choose at most; 0 to go on until the residual is small"
      ),
      .init(
        "tolerance",
        .number(0...1),
        standard: .number(1e-5),
        "norm of the residual over that of the observation at which the search ends"
      ),
      SparseArrays.stopAfter,
    ] + SparseArrays.extents,
    cost: { settings in
      let chosen = settings.integer("nonzeros")
      let steps = chosen > 0 ? chosen : settings.integer("measurements") / 4
      return .init(
        parameters: 0,
        multiplyAccumulates: settings.integer("measurements") * settings.integer("unknowns")
          + steps * (steps + 1) / 2 * settings.integer("unknowns")
      )
    },
    prepare: { settings, _ in
      let nonzeros = settings.integer("nonzeros")
      let stop = settings.integer("stop_after")
      let limits = [nonzeros, stop].filter { $0 > 0 }
      return ClassicalRecovery(
        algorithm: PursuitRecovery(
          maximumNonzeros: limits.min() ?? 0,
          tolerance: settings.number("tolerance"),
          isLimitWanted: !limits.isEmpty
        )
      )
    }
  )

  private static func arrays(_ noise: String) -> [MethodDescription.Array] {
    [
      SparseArrays.observations, SparseArrays.targets, SparseArrays.operators(inModel: false),
      SparseArrays.noiseVariance(noise), SparseArrays.estimates,
    ]
  }

  private static func stopping(iterations: Int) -> [SettingDescription] {
    [
      .init(
        "iterations",
        .integer(1...10_000_000),
        standard: .integer(iterations),
        "iterations at most"
      ),
      .init(
        "tolerance",
        .number(0...1),
        standard: .number(1e-5),
        "relative change of the estimates at which the iteration has converged"
      ),
      SparseArrays.stopAfter,
    ]
  }

  private static func lasso(
    _ id: String,
    title: String,
    summary: String,
    references: [String],
    productsAnIteration: Int,
    settings: [SettingDescription] = []
  ) -> MethodDescription {
    let kind: IterativeRecovery.Kind =
      switch id {
      case "fista": .fista
      case "admm": .admm
      default: .ista
      }
    return MethodDescription(
      id: id,
      family: .modelBased,
      task: SparseRecoveryTask.id,
      title: title,
      summary: summary,
      needs: ["operator", "noise variance or penalty"],
      learns: [],
      references: references,
      arrays: arrays("noise power, from which a penalty of 0 is replaced"),
      settings: [
        .init(
          "penalty",
          .number(0...1e12),
          standard: .number(0),
          "weight of the absolute values; 0 for the larger of sigma sqrt(2 log unknowns) and a hundredth"
            + " of the largest correlation"
        )
      ] + settings + stopping(iterations: 10_000) + SparseArrays.extents,
      cost: { cost($0, products: productsAnIteration) },
      prepare: { settings, _ in prepared(kind, settings) }
    )
  }

  private static func prepared(
    _ kind: IterativeRecovery.Kind,
    _ settings: Settings,
    threshold: Double = 0
  ) -> ClassicalRecovery {
    let stop = settings.integer("stop_after")
    let iterations = settings.integer("iterations")
    let rule: StoppingRule =
      stop > 0
      ? .iterations(min(stop, iterations))
      : .tolerance(settings.number("tolerance"), maximumIterations: iterations)
    return ClassicalRecovery(
      algorithm: IterativeRecovery(
        kind: kind,
        penalty: kind == .amp ? 1 : settings.number("penalty"),
        threshold: threshold,
        coupling: kind == .admm ? settings.number("coupling") : 0,
        rule: rule
      )
    )
  }

  /// Operations of all iterations allowed, or of those asked for.
  private static func cost(_ settings: Settings, products: Int) -> MethodDescription.Cost {
    let stop = settings.integer("stop_after")
    let iterations = settings.integer("iterations")
    let made = stop > 0 ? min(stop, iterations) : iterations
    return .init(
      parameters: 0,
      multiplyAccumulates: made * products * settings.integer("measurements")
        * settings.integer("unknowns")
    )
  }
}
