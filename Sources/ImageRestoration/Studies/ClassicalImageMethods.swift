package import Studies

/// The algorithms that know the operator and learn nothing.
package enum ClassicalImageMethods {
  /// All of them.
  package static let all = [lasso, wavelet, totalVariation, wiener, tikhonov, richardsonLucy]

  private static let penalty = SettingDescription(
    "penalty",
    .number(0...1e9),
    standard: .number(0),
    "weight of the prior; 0 to take it from the noise's deviation"
  )

  private static let lassoSettings: [SettingDescription] = [
    penalty,
    .init(
      "algorithm",
      .choice(["admm", "fista"]),
      standard: .text("admm"),
      "splitting with a fast solver, or accelerated gradient steps"
    ),
    .init(
      "coupling",
      .number(0...1e9),
      standard: .number(0),
      "weight that ties the shrunk copy in admm; 0 for ten times the penalty"
    ),
  ]

  private static let waveletSettings: [SettingDescription] = [
    .init(
      "wavelet",
      .choice(Wavelet.allCases.map(\.rawValue)),
      standard: .text(Wavelet.daubechies8.rawValue),
      "the filter"
    ),
    .init("levels", .integer(1...16), standard: .integer(4), "how often means are filtered again"),
    .init(
      "shifts",
      .integer(1...64),
      standard: .integer(1),
      "shifts of the image that each shrinkage is averaged over; 1 for the plain basis"
    ),
  ]

  private static func method(
    _ id: String,
    _ title: String,
    _ summary: String,
    references: [String],
    settings: [SettingDescription],
    transforms: @escaping @Sendable (Settings) -> Int,
    restorer: @escaping @Sendable (Settings) -> any ImageRestorer
  ) -> MethodDescription {
    MethodDescription(
      id: id,
      family: .modelBased,
      task: ImageTask.id,
      title: title,
      summary: summary,
      needs: ["operator", "penalty or noise variance"],
      learns: [],
      references: references,
      arrays: ImageArrays.all,
      settings: settings + ImageArrays.settings,
      cost: { .init(parameters: 0, multiplyAccumulates: transforms($0) * 4096 * 2 * 12) },
      prepare: { settings, _ in
        ImageMethod(choice: OperatorChoice(settings), restorer: restorer(settings))
      }
    )
  }

  private static func stopping(_ settings: Settings) -> ImageStopping {
    ImageStopping(
      iterations: settings.integer("iterations"),
      tolerance: settings.number("tolerance"),
      stopAfter: settings.integer("stop_after")
    )
  }

  private static func iterations(_ settings: Settings) -> Int {
    let stop = settings.integer("stop_after")
    return stop > 0 ? stop : settings.integer("iterations")
  }

  private static func lassoRestorer(
    _ settings: Settings,
    _ basis: LassoRestorer.Basis
  ) -> LassoRestorer {
    LassoRestorer(
      basis: basis,
      algorithm: LassoRestorer.Algorithm(rawValue: settings.text("algorithm")) ?? .admm,
      penalty: settings.number("penalty"),
      coupling: settings.number("coupling"),
      shifts: settings.values["shifts"] == nil ? 1 : settings.integer("shifts"),
      shrinksMeans: settings.values["means"] == .text("shrunk"),
      stopping: stopping(settings)
    )
  }

  private static func waveletBasis(_ settings: Settings) -> LassoRestorer.Basis {
    .wavelet(
      Wavelet(rawValue: settings.text("wavelet")) ?? .daubechies8,
      levels: settings.integer("levels")
    )
  }

  /// The Lasso in a basis by name.
  package static let lasso = method(
    "lasso",
    "Lasso",
    "Least squares with the absolute values of the coefficients in a basis.",
    references: ["beck2009fista", "boyd2011admm"],
    settings: lassoSettings + [
      .init(
        "basis",
        .choice(["pixel", "dct", "wavelet"]),
        standard: .text("dct"),
        "where images are sparse"
      ),
      .init(
        "means",
        .choice(["kept", "shrunk"]),
        standard: .text("kept"),
        "whether the mean, or the means of the coarsest level, are shrunk as all else; with few measurements they should"
      ),
    ] + waveletSettings + ImageArrays.stopping(iterations: 300, tolerance: 1e-4),
    transforms: { 4 * iterations($0) },
    restorer: { settings in
      switch settings.text("basis") {
      case "pixel": lassoRestorer(settings, .pixel)
      case "dct": lassoRestorer(settings, .cosine)
      default: lassoRestorer(settings, waveletBasis(settings))
      }
    }
  )

  /// The Lasso in a wavelet basis, averaged over shifts.
  package static let wavelet = method(
    "wavelet",
    "Wavelet",
    "Few wavelet coefficients, shrunk over several shifts of the image.",
    references: ["daubechies1988", "coifman1995"],
    settings: lassoSettings + waveletSettings
      + ImageArrays.stopping(iterations: 300, tolerance: 1e-4),
    transforms: { 4 * iterations($0) * $0.integer("shifts") },
    restorer: { lassoRestorer($0, waveletBasis($0)) }
  )

  /// Total variation.
  package static let totalVariation = method(
    "tv",
    "Total variation",
    "Isotropic total variation by a primal-dual iteration.",
    references: ["chambolle2011", "condat2013"],
    settings: [penalty] + ImageArrays.stopping(iterations: 500, tolerance: 1e-4),
    transforms: { 2 * iterations($0) },
    restorer: {
      TotalVariationRestorer(penalty: $0.number("penalty"), stopping: stopping($0))
    }
  )

  /// Wiener's filter.
  package static let wiener = method(
    "wiener",
    "Wiener filter",
    "The best linear estimate for images with a power spectrum that falls with frequency.",
    references: ["gonzalez2008"],
    settings: [
      .init(
        "noise_power",
        .number(0...1e9),
        standard: .number(0),
        "noise power of a measurement; 0 to read noise_variance"
      ),
      .init("variance", .number(1e-9...1e9), standard: .number(0.06), "variance of a pixel"),
      .init(
        "corner",
        .number(1e-6...1),
        standard: .number(0.01),
        "frequency below which the spectrum is flat",
        unit: "cycles a pixel"
      ),
    ],
    transforms: { _ in 40 },
    restorer: {
      WienerRestorer(
        noiseVariance: $0.number("noise_power"),
        variance: $0.number("variance"),
        corner: $0.number("corner")
      )
    }
  )

  /// Tikhonov's regularisation.
  package static let tikhonov = method(
    "tikhonov",
    "Tikhonov",
    "Least squares with the squared distance from mid-gray.",
    references: ["gonzalez2008"],
    settings: [penalty],
    transforms: { _ in 4 },
    restorer: { TikhonovRestorer(penalty: $0.number("penalty")) }
  )

  /// Richardson's and Lucy's iteration.
  package static let richardsonLucy = method(
    "richardson-lucy",
    "Richardson-Lucy",
    "The maximum-likelihood iteration for Poisson counts, stopped early.",
    references: ["richardson1972", "lucy1974"],
    settings: [
      .init("iterations", .integer(1...1_000_000), standard: .integer(30), "iterations made")
    ],
    transforms: { 4 * $0.integer("iterations") },
    restorer: { RichardsonLucyRestorer(iterations: $0.integer("iterations")) }
  )
}
