package import Studies
package import Tensors

/// A model as settings name it, before the precision is known.
package struct SystemChoice: Sendable {
  /// How the state moves on.
  package enum Dynamics: String, Sendable, CaseIterable {
    /// The array `transition`.
    case linear
    /// The sinusoidal map of each entry.
    case toy
    /// The Lorenz attractor.
    case lorenz
    /// Angle and angular velocity.
    case pendulum
  }

  /// What is observed of it.
  package enum Observation: String, Sendable, CaseIterable {
    /// The array `emission`.
    case linear
    /// The square of each entry.
    case quadratic
    /// Spherical coordinates of three states.
    case spherical
  }

  package let dynamics: Dynamics
  package let observation: Observation
  private let settings: Settings?

  /// The linear model, whose matrices are arrays.
  package static let linear = SystemChoice(dynamics: .linear, observation: .linear, settings: nil)

  private init(dynamics: Dynamics, observation: Observation, settings: Settings?) {
    self.dynamics = dynamics
    self.observation = observation
    self.settings = settings
  }

  /// The model of settings that have those of ``settings``.
  package init(_ settings: Settings) {
    dynamics = Dynamics(rawValue: settings.text("model")) ?? .linear
    observation = Observation(rawValue: settings.text("observe")) ?? .linear
    self.settings = settings
  }

  /// Names a model.
  package static let settings: [SettingDescription] =
    [
      .init(
        "model",
        .choice(Dynamics.allCases.map(\.rawValue)),
        standard: .text("linear"),
        "linear: the array transition; toy: amplitude sin(frequency x + phase) + offset of each entry; lorenz,"
          + " pendulum: the systems of these names"
      ),
      .init(
        "observe",
        .choice(Observation.allCases.map(\.rawValue)),
        standard: .text("linear"),
        "linear: the array emission; quadratic: the square of each entry; spherical: distance and two angles"
      ),
    ] + parameters

  /// The parameters of models, which scenarios share.
  package static let parameters: [SettingDescription] = [
    .init(
      "taylor_order",
      .integer(0...20),
      standard: .integer(5),
      "powers of the time step in the transition of model lorenz; with 0 the state stays where it is"
    ),
    .init(
      "time_step",
      .number(.leastNormalMagnitude...1e6),
      standard: .number(0.02),
      "time from one step to the next, of models lorenz and pendulum",
      unit: "s"
    ),
    .init("amplitude", .number(-1e6...1e6), standard: .number(0.9), "of model toy"),
    .init("frequency", .number(-1e6...1e6), standard: .number(1.1), "of model toy"),
    .init(
      "phase",
      .number(-1e6...1e6),
      standard: .number(0.1 * Double.pi),
      "of model toy",
      unit: "rad"
    ),
    .init("offset", .number(-1e6...1e6), standard: .number(0.01), "of model toy"),
    .init(
      "stiffness",
      .number(0...1e9),
      standard: .number(9.81),
      "gravity over length of model pendulum",
      unit: "1/s^2"
    ),
  ]

  /// How many states and observed numbers there are, to count what a method costs.
  ///
  /// Systems of fixed size have their own; others take the settings `states` and `observed`, of which 0 observed numbers stand
  /// for as many as there are states.
  package static func extents(_ settings: Settings, isLinear: Bool = false) -> (
    states: Int, observed: Int
  ) {
    let dynamics = isLinear ? Dynamics.linear : SystemChoice(settings).dynamics
    let states =
      switch dynamics {
      case .linear, .toy: settings.integer("states")
      case .lorenz: 3
      case .pendulum: 2
      }
    let observed = settings.integer("observed")
    return (states, observed == 0 ? states : observed)
  }

  /// The settings that ``extents(_:isLinear:)`` reads besides.
  package static let extentSettings: [SettingDescription] = [
    .init(
      "states",
      .integer(1...10_000),
      standard: .integer(2),
      "m, to count parameters and operations; systems of fixed size have their own, and computing takes the arrays'"
    ),
    .init(
      "observed",
      .integer(0...10_000),
      standard: .integer(0),
      "n, to count parameters and operations; 0 for as many as states"
    ),
  ]

  /// The transition that the settings name.
  package static func transition<Scalar: RealTensorScalar>(
    _ dynamics: Dynamics,
    states: Int,
    _ settings: Settings,
    as scalar: Scalar.Type
  ) -> SystemTransition<Scalar> {
    func number(_ key: String) -> Scalar { Scalar(settings.number(key)) }
    switch dynamics {
    case .linear: return .linear(LinearFunction(.identity(states)))
    case .toy:
      return .sinusoidal(
        SinusoidalTransition(
          states: states,
          amplitude: number("amplitude"),
          frequency: number("frequency"),
          phase: number("phase"),
          offset: number("offset")
        )
      )
    case .lorenz:
      return .lorenz(
        LorenzTransition(
          order: settings.integer("taylor_order"),
          timeStep: number("time_step")
        )
      )
    case .pendulum:
      return .pendulum(
        PendulumTransition(timeStep: number("time_step"), stiffness: number("stiffness"))
      )
    }
  }

  /// The model with the matrices of a bundle.
  ///
  /// - Parameters:
  ///   - bundle: holds `transition` and `emission` where the choice is linear.
  ///   - scalar: the precision.
  /// - Returns: the model.
  /// - Throws: ``StudyError`` for arrays that are missing or do not fit.
  package func model<Scalar: RealTensorScalar>(
    _ bundle: ArrayBundle,
    as scalar: Scalar.Type
  ) throws(StudyError) -> SystemModel<Scalar> {
    let transition: SystemTransition<Scalar>
    if let settings, dynamics != .linear {
      let noise = try StateArrays.neededMatrix("process_noise", in: bundle, as: scalar)
      let states = dynamics == .toy ? noise.rows : dynamics == .lorenz ? 3 : 2
      transition = Self.transition(dynamics, states: states, settings, as: scalar)
    } else {
      let matrix = try StateArrays.neededMatrix("transition", in: bundle, as: scalar)
      guard matrix.rows == matrix.columns else {
        throw .badShape(
          array: "transition",
          source: bundle.source,
          expected: "a square matrix",
          actual: [matrix.rows, matrix.columns]
        )
      }
      transition = .linear(LinearFunction(matrix))
    }
    return SystemModel(
      transition: transition,
      emission: try emission(bundle, states: transition.outputs, as: scalar)
    )
  }

  private func emission<Scalar: RealTensorScalar>(
    _ bundle: ArrayBundle,
    states m: Int,
    as scalar: Scalar.Type
  ) throws(StudyError) -> SystemEmission<Scalar> {
    switch observation {
    case .linear:
      if settings != nil && bundle["emission"] == nil {
        return .linear(LinearFunction(.identity(m)))
      }
      return .linear(
        LinearFunction(
          try StateArrays.neededMatrix("emission", columns: m, in: bundle, as: scalar)
        )
      )
    case .quadratic: return .quadratic(QuadraticEmission(states: m))
    case .spherical:
      guard m == 3 else {
        throw .badValue(
          key: "observe",
          value: "spherical",
          expected: "linear or quadratic with \(m) states",
          owner: "model"
        )
      }
      return .spherical(SphericalEmission())
    }
  }
}
