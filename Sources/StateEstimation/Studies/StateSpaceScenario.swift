package import Studies
internal import Tensors

/// The synthetic world of state estimation: trajectories of a system and noisy observations.
///
/// Arrays of a draw: `observations` `[count, time, n]`, `targets` `[count, time, m]`; what filters are told:
/// `process_noise`, `observation_noise`, `initial_mean`, `initial_covariance`, and of linear parts
/// `transition` and `emission`, the true ones, beside `transition_wrong` and `emission_wrong`. Of damped acceleration the
/// wrong ones are those of constant velocity, with `process_noise_wrong`, `initial_mean_wrong` and
/// `initial_covariance_wrong` beside them; targets are its four states, the velocities unknown.
package enum StateSpaceScenario {
  package static let id = "state-space"

  /// The description.
  package static let description = ScenarioDescription(
    id: id,
    task: StateEstimationTask.id,
    summary: "Trajectories of a linear or nonlinear system, observed in Gaussian noise.",
    settings: settings,
    item: "trajectory",
    axisLabels: [
      "snr": .init(title: "1/r^2, inverse variance of the observation noise", unit: "dB"),
      "nu": .init(title: "nu = q^2/r^2", unit: "dB"),
      "time": .init(title: "length of a trajectory", unit: "steps"),
      "told_transition_rotation": .init(title: "rotation of the told transition", unit: "degrees"),
      "told_emission_rotation": .init(title: "rotation of the told emission", unit: "degrees"),
      "emission_rotation": .init(title: "rotation of the true emission", unit: "degrees"),
    ],
    draw: { try draw($0, $2, $3) }
  )

  package static let settings: [SettingDescription] =
    [
      .init(
        "model",
        .choice(StateSpaceWorld.Kind.allCases.map(\.rawValue)),
        standard: .text("canonical"),
        "canonical: ones in the first row, identity below; kinematic motions; or a nonlinear system"
      ),
      .init(
        "states",
        .integer(1...1000),
        standard: .integer(2),
        "states of the models canonical and toy; others have their own"
      ),
      .init(
        "observed",
        .integer(0...1000),
        standard: .integer(0),
        "observed numbers of a linear emission; 0 for as many as states"
      ),
      .init(
        "observe",
        .choice(["identity", "reverse-canonical", "quadratic", "spherical"]),
        standard: .text("identity"),
        "identity: the first states; reverse-canonical: their sum, then single ones from the last;"
          + " quadratic: squares; spherical: distance and two angles"
      ),
      .init("time", .integer(1...1_000_000), standard: .integer(20), "steps of a trajectory"),
      .init(
        "snr",
        .number(-200...200),
        standard: .number(20),
        "1/r^2: the observation noise has variance r^2 in each entry",
        unit: "dB"
      ),
      .init(
        "nu",
        .number(-400...400),
        standard: .number(0),
        "q^2/r^2: the process noise has variance q^2 in each entry (kinematic models: density q^2)",
        unit: "dB"
      ),
      .init(
        "initial_deviation",
        .number(0...1e6),
        standard: .number(0),
        "standard deviation of the initial states; 0 for the same initial state in all"
      ),
      .init(
        "initial_known",
        .flag,
        standard: .flag(true),
        "whether filters are told each initial state; else its mean and covariance"
      ),
      rotation("transition_rotation", "the true transition is F R"),
      rotation("told_transition_rotation", "transition_wrong is F R"),
      rotation("emission_rotation", "the true emission is H R"),
      rotation("told_emission_rotation", "emission_wrong is H R"),
      .init(
        "decimated",
        .flag,
        standard: .flag(false),
        "whether model lorenz is integrated at 1e-5 s and decimated, without process noise"
      ),
      .init(
        "continuous",
        .flag,
        standard: .flag(false),
        "whether model lorenz moves in continuous time, by its Taylor series, without process noise"
      ),
      .init(
        "told_process_deviation",
        .number(0...1e6),
        standard: .number(0),
        "q that filters are told; 0 for the true one; of damped acceleration that of all four told states"
      ),
    ] + SystemChoice.parameters

  private static func rotation(_ key: String, _ summary: String) -> SettingDescription {
    .init(
      key,
      .number(-360...360),
      standard: .number(0),
      summary + ", R a rotation of the first two axes, or of three",
      unit: "degrees"
    )
  }

  private static func draw(
    _ settings: Settings,
    _ count: Int,
    _ stream: RandomStream
  ) throws -> ArrayBundle {
    guard count >= 1 else { throw StudyError.invalid("\(id): cannot draw \(count) trajectories") }
    let world = try StateSpaceWorld(settings)
    let starts = world.starts(count, stream.derived("initial"))
    let drawn = try world.drawn(starts, stream)
    func array(_ tensor: Tensor<Double>) -> NumericArray {
      .float(tensor.converted(to: Float.self))
    }
    func array(_ matrix: Matrix<Double>) -> NumericArray {
      array(Tensor(matrix.scalars, shape: [matrix.rows, matrix.columns]))
    }
    var bundle = ArrayBundle(source: "scenario \(id)")
    bundle["observations"] = array(drawn.observations)
    bundle["targets"] = array(world.targets(drawn.states))
    bundle["process_noise"] = array(world.toldProcessNoise)
    bundle["observation_noise"] = array(world.noise.observation.matrix)
    let m = world.states
    let isTold = settings.flag("initial_known")
    let deviation = settings.number("initial_deviation")
    bundle["initial_mean"] = array(
      isTold && deviation > 0 ? starts : Tensor(world.centre, shape: [m])
    )
    var covariance = Matrix<Double>(rows: m, columns: m)
    if !isTold { for i in 0..<m { covariance[i, i] = deviation * deviation } }
    bundle["initial_covariance"] = array(covariance)
    if world.kind == .dampedAcceleration {
      // Told another system: its noise and initial state have fewer numbers.
      let told = world.toldProcessNoise.rows
      bundle["process_noise"] = array(world.noise.process.matrix)
      bundle["process_noise_wrong"] = array(world.toldProcessNoise)
      bundle["initial_mean_wrong"] = .float(.zeros([told]))
      bundle["initial_covariance_wrong"] = .float(.zeros([told, told]))
    }
    if let transition = world.transition {
      bundle["transition"] = array(transition.true)
      bundle["transition_wrong"] = array(transition.told)
    }
    if let emission = world.emission {
      bundle["emission"] = array(emission.true)
      bundle["emission_wrong"] = array(emission.told)
    }
    return bundle
  }
}
