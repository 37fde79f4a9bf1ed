internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
package import Studies
internal import Tensors

/// Settings that several unfolded methods share.
enum InitialChoices {
  static let penalty = SettingDescription(
    "penalty",
    .number(0...1e12),
    standard: .number(0.1),
    "weight of the absolute values from which the first thresholds follow"
  )
  static let stepSize = SettingDescription(
    "step_size",
    .number(0...1e6),
    standard: .number(0),
    "the first step size, times which the penalty is the first threshold; 0 for 1/L"
  )
  static let thresholds = SettingDescription(
    "thresholds",
    .choice(["one", "each"]),
    standard: .text("one"),
    "one threshold a layer, or one for each unknown"
  )
  static let sharing = SettingDescription(
    "sharing",
    .choice(["per-layer", "tied"]),
    standard: .text("per-layer"),
    "whether each layer has matrices of its own"
  )
  static func selection(_ share: Double) -> [SettingDescription] {
    [
      .init(
        "support_share",
        .number(0...1),
        standard: .number(share),
        "share of the largest entries that a layer more lets pass unshrunk"
      ),
      .init(
        "support_maximum",
        .number(0...1),
        standard: .number(0.13),
        "the largest such share"
      ),
    ]
  }

  static func ista(
    _ knowledge: SparseKnowledge,
    _ settings: Settings,
    matrix: Tensor<Double>? = nil,
    stepSize: Double? = nil
  ) -> ISTA<Float> {
    var stepSize = stepSize
    if stepSize == nil, settings.values["step_size"] != nil, settings.number("step_size") > 0 {
      stepSize = settings.number("step_size")
    }
    var selection: SupportSelection?
    if settings.values["support_share"] != nil, settings.number("support_share") > 0 {
      selection = SupportSelection(
        share: settings.number("support_share"),
        maximum: settings.number("support_maximum")
      )
    }
    return ISTA(
      operators: knowledge.operators.converted(to: Float.self),
      penalty: settings.number("penalty"),
      matrix: matrix?.converted(to: Float.self),
      stepSize: stepSize,
      selection: selection,
      hasThresholdPerEntry: settings.text("thresholds") == "each"
    )
  }

  static func size(_ settings: Settings) -> (m: Int, n: Int, k: Int, used: Int) {
    let layers = settings.integer("layers")
    let stop = settings.integer("stop_after")
    return (
      settings.integer("measurements"), settings.integer("unknowns"), layers,
      stop > 0 ? min(stop, layers) : layers
    )
  }

  static func thresholdCount(_ settings: Settings) -> Int {
    settings.text("thresholds") == "each" ? settings.integer("unknowns") : 1
  }
}

extension MethodDescription {
  /// ISTA with learned step sizes and thresholds.
  package static let learnedISTA = UnfoldedMethod<ISTA<Float>>(
    id: "learned-ista",
    version: 2,
    title: "ISTA, learned steps",
    summary: "ISTA whose step sizes and thresholds are learned for each iteration.",
    learns: ["step sizes", "thresholds"],
    law: "at steps 1/L and thresholds penalty/L, K layers are K iterations of ISTA, to the bit",
    references: ["gregor2010lista", "shlezinger2022mbopt"],
    settings: [InitialChoices.penalty, InitialChoices.stepSize, InitialChoices.thresholds],
    standard: .init(epochs: 20, rate: 1e-2, of: "problems"),
    make: { knowledge, settings, _ in InitialChoices.ista(knowledge, settings) },
    learning: { _ in [.stepSizes, .thresholds] },
    cost: { settings in
      let (m, n, k, used) = InitialChoices.size(settings)
      return .init(
        parameters: k * (1 + InitialChoices.thresholdCount(settings)),
        multiplyAccumulates: (2 * used - 1) * m * n
      )
    }
  ).description

  /// LISTA as first published.
  package static let lista = UnfoldedMethod<LISTA<Float>>(
    id: "lista",
    title: "LISTA",
    summary: "ISTA unfolded, both of its matrices and the thresholds learned.",
    learns: ["input matrices", "state matrices", "thresholds"],
    law: "at W1 = mu A', W2 = I - mu A'A and thresholds penalty mu it is ISTA, to rounding",
    references: ["gregor2010lista"],
    settings: [
      InitialChoices.penalty, InitialChoices.stepSize, InitialChoices.thresholds,
      InitialChoices.sharing,
    ],
    make: { knowledge, settings, _ in LISTA(InitialChoices.ista(knowledge, settings)) },
    learning: { _ in [.thresholds, .matrices] },
    sharing: { $0.text("sharing") == "tied" ? .tying([.matrices]) : .perLayer },
    adopt: { learned, layer, base in
      let start = LISTA(
        ISTA(
          operators: base.operators,
          penalty: 0,
          matrix: base.matrix,
          stepSize: Double(learned.stepSize.value.scalar)
        )
      ).initialParameters(ofLayer: 0)
      layer.threshold.set(learned.threshold.value)
      layer.inputMatrix.set(start.inputMatrix.value)
      layer.stateMatrix.set(start.stateMatrix.value)
    },
    cost: { settings in
      let (m, n, k, used) = InitialChoices.size(settings)
      let matrices = m * n + n * n
      let sets = settings.text("sharing") == "tied" ? 1 : k
      return .init(
        parameters: sets * matrices + k * InitialChoices.thresholdCount(settings),
        multiplyAccumulates: used * m * n + (used - 1) * n * n
      )
    }
  ).description

  /// LISTA with coupled weights.
  package static let listaCP = coupled(
    "lista-cp",
    title: "LISTA-CP",
    summary: "ISTA unfolded, one matrix and the thresholds learned for each layer.",
    law:
      "at W = A, steps 1/L and thresholds penalty/L, K layers are K iterations of ISTA, to the bit",
    settings: []
  )

  /// LISTA with coupled weights and support selection.
  package static let listaCPSS = coupled(
    "lista-cpss",
    title: "LISTA-CPSS",
    summary: "LISTA-CP whose layers let the largest entries pass unshrunk.",
    law:
      "at W = A, K layers are K iterations of ISTA with support selection, to the bit; with a support"
      + " share of 0 it is LISTA-CP",
    settings: InitialChoices.selection(0.012)
  )

  private static func coupled(
    _ id: String,
    title: String,
    summary: String,
    law: String,
    settings: [SettingDescription]
  ) -> MethodDescription {
    UnfoldedMethod<ISTA<Float>>(
      id: id,
      version: 2,
      title: title,
      summary: summary,
      learns: ["matrices", "thresholds"],
      law: law,
      references: ["chen2018lista"],
      settings: [
        InitialChoices.penalty, InitialChoices.stepSize, InitialChoices.thresholds,
        InitialChoices.sharing,
      ] + settings,
      make: { knowledge, settings, _ in InitialChoices.ista(knowledge, settings) },
      learning: { _ in [.matrices, .thresholds] },
      sharing: { $0.text("sharing") == "tied" ? .tying([.matrices]) : .perLayer },
      adopt: { learned, layer, base in
        layer.matrix.set(base.matrix.transposed())
        layer.threshold.set(learned.threshold.value)
        layer.stepSize.set(learned.stepSize.value)
      },
      cost: { settings in
        let (m, n, k, used) = InitialChoices.size(settings)
        let sets = settings.text("sharing") == "tied" ? 1 : k
        return .init(
          parameters: sets * m * n + k * InitialChoices.thresholdCount(settings),
          multiplyAccumulates: (2 * used - 1) * m * n
        )
      }
    ).description
  }

  /// ALISTA: an analytic weight, two learned numbers a layer.
  package static let alista = UnfoldedMethod<ISTA<Float>>(
    id: "alista",
    version: 2,
    title: "ALISTA",
    summary: "LISTA-CPSS with a weight computed from the dictionary; learns two numbers a layer.",
    learns: ["step sizes", "thresholds"],
    law:
      "with the dictionary as weight, K layers are K iterations of ISTA with support selection, to the"
      + " bit",
    references: ["liu2019alista"],
    settings: [
      InitialChoices.penalty, InitialChoices.thresholds,
      .init(
        "weight",
        .choice(["closed-form", "minimax", "dictionary"]),
        standard: .text("closed-form"),
        "the least-squares weight, one of smaller largest coherence (slower to compute), or the dictionary"
      ),
    ] + InitialChoices.selection(0.012),
    standard: .init(epochs: 10, rate: 5e-3, of: "problems"),
    make: { knowledge, settings, occasion in
      let a = knowledge.operators
      var weight = a
      if occasion == .training, settings.text("weight") != "dictionary" {
        let closed = try AnalyticWeight(of: a)
        weight =
          settings.text("weight") == "minimax"
          ? closed.refined(iterations: 300).weight
          : closed.weight
      }
      // Columns satisfy w'a = 1, for which a full step is the natural start.
      let isDictionary = settings.text("weight") == "dictionary"
      return InitialChoices.ista(
        knowledge,
        settings,
        matrix: weight,
        stepSize: isDictionary ? nil : 1
      )
    },
    learning: { _ in [.stepSizes, .thresholds] },
    cost: { settings in
      let (m, n, k, used) = InitialChoices.size(settings)
      return .init(
        parameters: k * (1 + InitialChoices.thresholdCount(settings)),
        multiplyAccumulates: (2 * used - 1) * m * n
      )
    }
  ).description

  /// TISTA: one learned step size a layer.
  package static let tista = UnfoldedMethod<TISTA<Float>>(
    id: "tista",
    title: "TISTA",
    summary: "Posterior-mean shrinkage after a pseudo-inverse step; learns one number a layer.",
    needs: ["operator of full rank", "noise variance", "Bernoulli-Gaussian signals"],
    learns: ["step sizes"],
    law: "at steps of 1, K layers are K iterations with the pseudo-inverse, to the bit",
    references: ["ito2019tista"],
    standard: .init(epochs: 10, rate: 1e-2, of: "problems"),
    make: { knowledge, _, _ in
      try TISTA(
        operators: knowledge.operators.converted(to: Float.self),
        prior: .init(
          sparsity: knowledge.sparsity,
          variance: knowledge.variance,
          noiseVariance: knowledge.noiseVariance
        )
      )
    },
    learning: { _ in [.stepSizes] },
    cost: { settings in
      let (m, n, k, used) = InitialChoices.size(settings)
      return .init(parameters: k, multiplyAccumulates: (2 * used - 1) * m * n)
    }
  ).description

  /// LAMP: approximate message passing with learned matrices.
  package static let lamp = UnfoldedMethod<AMP<Float>>(
    id: "lamp",
    version: 2,
    title: "LAMP",
    summary:
      "Approximate message passing unfolded, a matrix and a threshold learned for each layer.",
    learns: ["matrices", "thresholds"],
    law: "at B = A, K layers are K iterations of AMP, to the bit",
    references: ["borgerding2017lamp"],
    settings: [
      .init(
        "threshold",
        .number(0...100),
        standard: .number(1.14),
        "the first thresholds over the estimated standard deviation of the error"
      ),
      InitialChoices.sharing,
    ],
    make: { knowledge, settings, _ in
      AMP(
        operators: knowledge.operators.converted(to: Float.self),
        threshold: settings.number("threshold")
      )
    },
    learning: { _ in [.matrices, .thresholds] },
    sharing: { $0.text("sharing") == "tied" ? .tying([.matrices]) : .perLayer },
    cost: { settings in
      let (m, n, k, used) = InitialChoices.size(settings)
      let sets = settings.text("sharing") == "tied" ? 1 : k
      return .init(parameters: sets * m * n + k, multiplyAccumulates: (2 * used - 1) * m * n)
    }
  ).description

  /// ADMM with learned numbers, or matrices too.
  package static let unfoldedADMM: MethodDescription = {
    let settings: [SettingDescription] = [
      .init(
        "learn",
        .choice(["hyper-parameters", "matrices"]),
        standard: .text("hyper-parameters"),
        "threshold, coupling, dual step and relaxation of each layer; or both matrices, threshold and dual step"
      ),
      InitialChoices.penalty,
      .init(
        "coupling",
        .number(0...1e12),
        standard: .number(0),
        "the first weight 2 lambda of the sparse copy; 0 for half the mean eigenvalue of A A'"
      ),
      InitialChoices.sharing,
    ]
    let hyper = UnfoldedMethod<ADMM<Float>>(
      id: "unfolded-admm",
      title: "Unfolded ADMM",
      summary: "ADMM for the Lasso with numbers, or also matrices, learned for each iteration.",
      learns: ["thresholds", "couplings and relaxations, or matrices", "dual steps"],
      law:
        "at the classical values, K layers are K iterations of ADMM: to the bit with numbers, to rounding"
        + " with matrices",
      references: ["boyd2011admm", "shlezinger2022mbopt"],
      layers: 11,
      settings: settings,
      standard: .init(epochs: 60, rate: 1e-2, of: "problems"),
      make: { knowledge, settings, _ in
        let coupling = settings.number("coupling")
        return ADMM(
          operators: knowledge.operators.converted(to: Float.self),
          penalty: settings.number("penalty"),
          coupling: coupling > 0 ? coupling : nil
        )
      },
      learning: { _ in [.thresholds, .couplings, .dualSteps, .relaxations] },
      sharing: { $0.text("sharing") == "tied" ? .tied : .perLayer },
      cost: { admmCost($0) }
    )
    let matrices = UnfoldedMethod<MatrixADMM<Float>>(
      id: "unfolded-admm",
      title: hyper.title,
      summary: hyper.summary,
      learns: hyper.learns,
      law: hyper.law,
      references: hyper.references,
      layers: hyper.layers,
      settings: settings,
      standard: hyper.standard,
      make: { knowledge, settings, _ in
        let coupling = settings.number("coupling")
        return MatrixADMM(
          operators: knowledge.operators.converted(to: Float.self),
          penalty: settings.number("penalty"),
          coupling: coupling > 0 ? coupling : nil
        )
      },
      learning: { _ in [.thresholds, .dualSteps, .matrices] },
      sharing: { $0.text("sharing") == "tied" ? .tied : .perLayer },
      cost: { admmCost($0) }
    )
    let (numbers, free) = (hyper.description, matrices.description)
    @Sendable func chosen(_ settings: Settings) -> MethodDescription {
      settings.text("learn") == "matrices" ? free : numbers
    }
    var description = numbers
    description.prepare = { try chosen($0).prepare($0, $1) }
    description.train = { request in
      guard let train = chosen(request.settings).train else {
        throw StudyError.invalid("unfolded-admm: cannot be trained")
      }
      return try train(request)
    }
    return description
  }()

  private static func admmCost(_ settings: Settings) -> Cost {
    let (m, n, k, used) = InitialChoices.size(settings)
    let sets = settings.text("sharing") == "tied" ? 1 : k
    if settings.text("learn") == "matrices" {
      return Cost(
        parameters: sets * (m * n + n * n + 2),
        multiplyAccumulates: used * m * n + (used - 1) * n * n
      )
    }
    return Cost(parameters: sets * 4, multiplyAccumulates: m * m + (2 * used - 1) * m * n)
  }
}
