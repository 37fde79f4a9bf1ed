internal import Hybridization
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// Projected gradient descent with a step size learned for each iteration.
  package static let learnedProjectedGradient = MethodDescription(
    id: LearnedProjectedGradient.id,
    family: .hybrid,
    task: MIMODetectionTask.id,
    title: "Projected gradient, learned steps",
    summary: "Projected gradient descent on the box, unfolded: a step size for each layer.",
    needs: ["channel", "constellation", "training vectors"],
    learns: ["step sizes"],
    law: "with one step size it is box-constrained projected gradient descent",
    references: ["shlezinger2023mbdl", "monga2021unrolling"],
    arrays: UnfoldedVectors.arrays,
    settings: LearnedProjectedGradient.settings,
    version: LearnedProjectedGradient.version,
    cost: { settings in
      let k = UnfoldedVectors.dimensions(settings)
      return .init(
        parameters: settings.integer("layers"),
        multiplyAccumulates: UnfoldedVectors.layersUsed(settings) * k * k
      )
    },
    prepare: {
      try UnfoldedVectors.prepared(
        LearnedProjectedGradient.id,
        LearnedProjectedGradient.method($0),
        users: nil,
        $0,
        $1
      )
    },
    train: {
      try UnfoldedVectors.train(
        LearnedProjectedGradient.id,
        version: LearnedProjectedGradient.version,
        LearnedProjectedGradient.method($0.settings),
        $0
      )
    }
  )
}

/// Settings of projected gradient descent with learned steps.
enum LearnedProjectedGradient {
  static let id = "learned-pgd"
  static let version = 1

  static let settings: [SettingDescription] =
    UnfoldedVectors.settings(layers: 30) + [
      .init(
        "step",
        .number(1e-6...1e6),
        standard: .number(0.5),
        "step size of every layer before training; the mean diagonal of H'H counts as 1"
      )
    ] + TrainingChoices.descriptions(standard)

  private static var standard: TrainingChoices.Standard {
    var standard = TrainingChoices.Standard(epochs: 20, batch: 500, rate: 0.01)
    standard.batchParts = 2
    standard.validationShare = 0
    return standard
  }

  static func method(_ settings: Settings) -> BoxProjectedGradient<Float> {
    BoxProjectedGradient(
      stepSize: Float(settings.number("step")),
      limit: Levels<Float>(MIMOArrays.constellation(settings)).limit
    )
  }
}
