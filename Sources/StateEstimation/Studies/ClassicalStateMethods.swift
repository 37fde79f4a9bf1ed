package import Studies

/// The filters and smoothers that know their model and learn nothing.
package enum ClassicalStateMethods {
  /// All of them.
  package static let all = [kalman, ekf, ekfByMatrix, ukf, cubature, particle, smoother]

  /// The Kalman filter.
  package static let kalman = method(
    "kalman",
    "Kalman filter",
    "The best linear estimate of the state of a linear system from the observations so far.",
    references: ["kalman1960", "sarkka2013"],
    isLinear: true,
    settings: [
      .init(
        "gain",
        .choice(["riccati", "steady"]),
        standard: .text("riccati"),
        "riccati: the gain of each step; steady: the one that it settles to, at every step"
      )
    ],
    macs: { m, n in 4 * m * m * m + 4 * m * m * n + 3 * m * n * n },
    choice: { FilterChoice($0.text("gain") == "steady" ? .steady : .jacobian) }
  )

  /// The extended Kalman filter.
  package static let ekf = method(
    "ekf",
    "Extended Kalman filter",
    "The Kalman filter of the Jacobians at the last estimate and the prediction.",
    references: ["sarkka2013"],
    macs: { m, n in 4 * m * m * m + 4 * m * m * n + 3 * m * n * n },
    choice: { _ in FilterChoice(.jacobian) }
  )

  /// The extended Kalman filter with the matrix of the transition in place of its Jacobian.
  package static let ekfByMatrix = method(
    "ekf-fx",
    "Extended Kalman filter, F(x)",
    "The extended Kalman filter with the matrix F(x) of f(x) = F(x) x in place of the Jacobian.",
    references: ["revach2022kalmannet"],
    macs: { m, n in 4 * m * m * m + 4 * m * m * n + 3 * m * n * n },
    choice: { _ in FilterChoice(.stateDependent) }
  )

  /// The unscented Kalman filter.
  package static let ukf = method(
    "ukf",
    "Unscented Kalman filter",
    "The Kalman filter with moments from 2 m + 1 points sent through the model.",
    references: ["wan2000ukf", "sarkka2013"],
    settings: unscentedSettings,
    macs: { m, n in 4 * (2 * m + 1) * m * (m + n) + 3 * m * n * n },
    choice: { FilterChoice(unscented($0)) }
  )

  /// The cubature Kalman filter.
  package static let cubature = method(
    "cubature",
    "Cubature Kalman filter",
    "The Kalman filter with moments from 2 m equally weighted points sent through the model.",
    references: ["arasaratnam2009cubature", "sarkka2013"],
    macs: { m, n in 8 * m * m * (m + n) + 3 * m * n * n },
    choice: { _ in FilterChoice(.cubature) }
  )

  /// The particle filter.
  package static let particle = method(
    "particle",
    "Particle filter",
    "Weighted draws of the state, drawn anew when few of them carry the weight.",
    references: ["gordon1993", "doucet2009tutorial"],
    settings: [
      .init("particles", .integer(1...10_000_000), standard: .integer(1000), "how many draws"),
      .init(
        "resampling",
        .number(0...1),
        standard: .number(0.5),
        "share of effective particles below which all are drawn anew"
      ),
      .init("seed", .integer(0...1_000_000_000), standard: .integer(1), "of the draws"),
    ],
    macs: { m, n in 1000 * (m * m + n * n + m * n) },
    choice: {
      FilterChoice(
        .particles(
          $0.integer("particles"),
          resamplingShare: $0.number("resampling"),
          seed: $0.integer("seed")
        )
      )
    }
  )

  /// The Rauch-Tung-Striebel smoother.
  package static let smoother = method(
    "rts",
    "Rauch-Tung-Striebel smoother",
    "The state at each step from all observations: a Gaussian filter forth, its smoother back.",
    references: ["rauch1965", "sarkka2013"],
    settings: [
      .init(
        "filter",
        .choice(["ekf", "ekf-fx", "ukf", "cubature"]),
        standard: .text("ekf"),
        "the filter of the way forth; ekf is the Kalman filter where the model is linear"
      ),
      .init(
        "kept_states",
        .integer(0...10_000),
        standard: .integer(0),
        "how many of the first states are written; 0 for all"
      ),
    ] + unscentedSettings,
    macs: { m, n in 8 * m * m * m + 4 * m * m * n + 3 * m * n * n },
    choice: { settings in
      let kind: FilterChoice.Kind =
        switch settings.text("filter") {
        case "ekf-fx": .stateDependent
        case "ukf": unscented(settings)
        case "cubature": .cubature
        default: .jacobian
        }
      return FilterChoice(kind, isSmoothed: true, keptStates: settings.integer("kept_states"))
    }
  )

  private static let unscentedSettings: [SettingDescription] = [
    .init("alpha", .number(1e-6...1e3), standard: .number(1), "spread of the unscented points"),
    .init(
      "beta",
      .number(-1e3...1e3),
      standard: .number(0),
      "added to the centre's weight in covariances"
    ),
    .init(
      "kappa",
      .number(-1e3...1e3),
      standard: .number(1),
      "points lie alpha sqrt(m + kappa) standard deviations from the mean"
    ),
  ]

  private static func unscented(_ settings: Settings) -> FilterChoice.Kind {
    .unscented(
      alpha: settings.number("alpha"),
      beta: settings.number("beta"),
      kappa: settings.number("kappa")
    )
  }

  /// The settings that all of them have.
  private static let common: [SettingDescription] =
    [
      .init(
        "prior",
        .choice(PriorTime.allCases.map(\.rawValue)),
        standard: .text(PriorTime.beforeFirst.rawValue),
        "whether the initial state is one transition before the first observation or at it"
      ),
      .init(
        "process_factor",
        .number(0...1e12),
        standard: .number(1),
        "factor of process_noise, to tune a filter whose model is wrong"
      ),
      .init(
        "observation_factor",
        .number(0...1e12),
        standard: .number(1),
        "factor of observation_noise"
      ),
      .init("covariances", .flag, standard: .flag(true), "whether to write the covariances"),
    ] + SystemChoice.extentSettings

  private static func method(
    _ id: String,
    _ title: String,
    _ summary: String,
    references: [String],
    isLinear: Bool = false,
    settings: [SettingDescription] = [],
    macs: @escaping @Sendable (_ states: Int, _ observed: Int) -> Int,
    choice: @escaping @Sendable (Settings) -> FilterChoice
  ) -> MethodDescription {
    MethodDescription(
      id: id,
      family: .modelBased,
      task: StateEstimationTask.id,
      title: title,
      summary: summary,
      needs: [isLinear ? "linear model" : "model", "noise covariances", "initial state"],
      learns: [],
      references: references,
      arrays: [
        StateArrays.observations, StateArrays.lengths, StateArrays.targets,
        StateArrays.transition(isRequired: isLinear), StateArrays.emission(isRequired: isLinear),
        StateArrays.processNoise, StateArrays.observationNoise, StateArrays.initialMean,
        StateArrays.initialCovariance, StateArrays.controls, StateArrays.controlMatrix,
      ] + StateArrays.outputs,
      settings: (isLinear ? [] : SystemChoice.settings) + settings + common,
      cost: {
        let (m, n) = SystemChoice.extents($0, isLinear: isLinear)
        return .init(parameters: 0, multiplyAccumulates: macs(m, n))
      },
      prepare: { settings, _ in
        PreparedStateEstimator(
          system: isLinear ? .linear : SystemChoice(settings),
          filter: choice(settings),
          prior: PriorTime(rawValue: settings.text("prior")) ?? .beforeFirst,
          processFactor: settings.number("process_factor"),
          observationFactor: settings.number("observation_factor"),
          keepsCovariances: settings.flag("covariances")
        )
      }
    )
  }
}
