package import Studies
internal import Tensors

/// The detectors of vectors that know their channel.
package enum MIMOMethods {
  /// All of them, the simplest first.
  package static let all = [
    zeroForcing, linearMMSE, decisionFeedback, approximateMessagePassing, boxProjectedGradient,
    semidefiniteRelaxation, sphereDecoder, exhaustive,
  ]

  /// Zero forcing.
  package static let zeroForcing = description(
    "zf",
    "Zero forcing",
    "The nearest symbols to the least-squares solution.",
    needs: ["channel", "constellation"],
    references: ["verdu1998"],
    macs: { 2 * $0 * $1 },
    prepare: { _ in ZeroForcingChoice() }
  )

  /// Linear minimum mean-square error.
  package static let linearMMSE = description(
    "lmmse",
    "LMMSE",
    "The nearest symbols to the linear estimate of least mean square error.",
    needs: ["channel", "noise variance", "constellation"],
    references: ["verdu1998", "kay1993"],
    needsNoise: true,
    hasProbabilities: true,
    macs: { 2 * $0 * $1 },
    prepare: { _ in LinearMMSEChoice() }
  )

  /// Decision feedback.
  package static let decisionFeedback = description(
    "decision-feedback",
    "Decision feedback",
    "One user after the other, each decision subtracted before the next.",
    needs: ["channel", "constellation", "noise variance (mmse)"],
    references: ["wubben2001", "wolniansky1998"],
    settings: [
      .init(
        "order",
        .choice(["sorted-qr", "v-blast", "given"]),
        standard: .text("sorted-qr"),
        "sorted-qr: by the energy that the others leave; v-blast: least error first; given: last first"
      ),
      .init(
        "criterion",
        .choice(["zf", "mmse"]),
        standard: .text("zf"),
        "whether undecided users are suppressed completely or with the least error"
      ),
    ],
    macs: { 2 * $0 * $1 },
    prepare: {
      DecisionFeedbackChoice(
        ordering: .init(rawValue: $0.text("order")) ?? .sorted,
        criterion: .init(rawValue: $0.text("criterion")) ?? .zeroForcing
      )
    }
  )

  /// Approximate message passing.
  package static let approximateMessagePassing = description(
    "mimo-amp",
    "AMP",
    "Approximate message passing with posterior means; made for large i.i.d. channels.",
    needs: ["channel", "noise variance", "constellation"],
    references: ["jeon2015lama", "bayati2011"],
    needsNoise: true,
    hasProbabilities: true,
    settings: [
      .init(
        "stop_after",
        .integer(0...100_000),
        standard: .integer(0),
        "iterations; 0 for three times the real dimensions of the users"
      ),
      .init(
        "noise_factor",
        .number(1e-3...1e3),
        standard: .number(1),
        "assumed noise variance over the given one; above 1 it trusts its symbols less, which helps at"
          + " high SNR with few users"
      ),
    ],
    macs: { 6 * $0 * $0 * $1 },
    prepare: {
      AMPChoice(
        iterations: $0.integer("stop_after") == 0 ? nil : $0.integer("stop_after"),
        noiseFactor: $0.number("noise_factor")
      )
    }
  )

  /// Box-constrained least squares.
  package static let boxProjectedGradient = description(
    "box-pgd",
    "Box-constrained PGD",
    "Least squares within the box of the symbols, by projected gradient descent.",
    needs: ["channel", "constellation"],
    references: ["shlezinger2023mbdl"],
    settings: [
      .init(
        "stop_after",
        .integer(1...1_000_000),
        standard: .integer(200),
        "iterations, the most with a tolerance"
      ),
      .init(
        "tolerance",
        .number(0...1),
        standard: .number(0),
        "largest relative change of an iterate at the end; 0 makes all iterations"
      ),
    ],
    macs: { 200 * $0 * $0 + $0 * $1 },
    prepare: { BoxChoice(iterations: $0.integer("stop_after"), tolerance: $0.number("tolerance")) }
  )

  /// The semidefinite relaxation.
  package static let semidefiniteRelaxation = description(
    "sdr",
    "Semidefinite relaxation",
    "The most likely vector without its rank, by interior points; two values in each real dimension.",
    needs: ["channel", "constellation"],
    references: ["luo2010sdr", "helmberg1996"],
    settings: [
      .init("iterations", .integer(1...1_000_000), standard: .integer(100), "the most iterations"),
      .init(
        "tolerance",
        .number(1e-12...1),
        standard: .number(1e-5),
        "duality gap at the end, relative to the sum of magnitudes of the cost's entries"
      ),
    ],
    // Of ten iterations.
    macs: { 40 * $0 * $0 * $0 + $0 * $0 * $1 },
    prepare: {
      SemidefiniteChoice(iterations: $0.integer("iterations"), tolerance: $0.number("tolerance"))
    }
  )

  /// The sphere decoder.
  package static let sphereDecoder = description(
    "sphere",
    "Sphere decoder",
    "The most likely vector, exactly, by a depth-first search; receive at least users.",
    needs: ["channel", "constellation"],
    references: ["agrell2002", "damen2003"],
    settings: [
      .init(
        "node_limit",
        .integer(1...Int.max),
        standard: .integer(1_000_000),
        "most nodes of a search; a vector that needs more gets the best so far and is reported"
      )
    ],
    macs: { $0 * $1 + $0 * $0 * $0 },
    prepare: { SphereChoice(nodeLimit: $0.integer("node_limit")) }
  )

  /// Exhaustive search.
  package static let exhaustive = description(
    "map",
    "MAP",
    "All vectors' posteriors by enumeration, at most 2^16 vectors.",
    needs: ["channel", "noise variance", "constellation"],
    references: ["verdu1998"],
    needsNoise: true,
    hasProbabilities: true,
    settings: [
      .init(
        "decision",
        .choice(["vector", "symbol"]),
        standard: .text("vector"),
        "the most likely vector, or of each symbol the most likely level"
      )
    ],
    macs: { users, _ in users << min(users, 16) },
    prepare: { MAPChoice(decision: .init(rawValue: $0.text("decision")) ?? .vector) }
  ).enumeratingOtherLaws()

  private static func description(
    _ id: String,
    _ title: String,
    _ summary: String,
    needs: [String],
    references: [String],
    needsNoise: Bool = false,
    hasProbabilities: Bool = false,
    settings: [SettingDescription] = [],
    macs: @escaping @Sendable (_ users: Int, _ receive: Int) -> Int,
    prepare: @escaping @Sendable (Settings) throws -> any MIMOChoice
  ) -> MethodDescription {
    MethodDescription(
      id: id,
      family: .modelBased,
      task: MIMODetectionTask.id,
      title: title,
      summary: summary,
      needs: needs,
      learns: [],
      references: references,
      arrays: [
        MIMOArrays.observations, MIMOArrays.channel, MIMOArrays.targets,
        MIMOArrays.noiseVariance(isRequired: needsNoise), MIMOArrays.estimates,
      ] + (hasProbabilities ? [MIMOArrays.probabilities] : []),
      settings: [MIMOArrays.constellation] + settings
        + (hasProbabilities ? [MIMOArrays.probabilitiesSetting] : []),
      // Of 30 users and 60 antennas, the size of the published tables.
      cost: { _ in .init(parameters: 0, multiplyAccumulates: macs(30, 60)) },
      prepare: { settings, _ in
        PreparedMIMODetector(
          choice: try prepare(settings),
          constellation: MIMOArrays.constellation(settings),
          needsNoise: needsNoise || settings.values["criterion"] == .text("mmse"),
          keepsProbabilities: hasProbabilities && settings.flag("probabilities")
        )
      }
    )
  }
}
