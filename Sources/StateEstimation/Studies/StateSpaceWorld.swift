package import Studies
package import Tensors

/// The system that a scenario's settings describe, and what filters are told of it.
package struct StateSpaceWorld: Sendable {
  /// Which system.
  package enum Kind: String, Sendable, CaseIterable {
    case canonical
    case constantVelocity = "constant-velocity"
    case constantAcceleration = "constant-acceleration"
    /// Two axes; told as constant velocity.
    case dampedAcceleration = "damped-acceleration"
    case toy
    case lorenz
    case pendulum

    var isLinear: Bool {
      switch self {
      case .canonical, .constantVelocity, .constantAcceleration, .dampedAcceleration: true
      case .toy, .lorenz, .pendulum: false
      }
    }
  }

  /// A matrix as it is and as filters may be told.
  package struct Knowledge: Sendable {
    package let `true`: Matrix<Double>
    package let told: Matrix<Double>
  }

  package let kind: Kind
  package let states: Int
  package let transition: Knowledge?
  package let emission: Knowledge?
  package let model: SystemModel<Double>
  package let noise: NoiseCovariances<Double>
  package let toldProcessNoise: Matrix<Double>
  private let settings: Settings

  /// The system of settings.
  ///
  /// - Throws: ``StudyError`` for settings that do not fit each other.
  package init(_ settings: Settings) throws {
    self.settings = settings
    let kind = Kind(rawValue: settings.text("model")) ?? .canonical
    self.kind = kind
    states =
      switch kind {
      case .canonical, .toy: settings.integer("states")
      case .constantVelocity, .pendulum: 2
      case .constantAcceleration, .lorenz: 3
      case .dampedAcceleration: 6
      }
    transition = Self.transition(kind, states, settings)
    emission = try Self.emission(kind, states, settings)
    let moves: SystemTransition<Double> =
      transition.map { .linear(LinearFunction($0.true)) }
      ?? SystemChoice.transition(
        kind == .toy ? .toy : kind == .lorenz ? .lorenz : .pendulum,
        states: states,
        settings,
        as: Double.self
      )
    let observes: SystemEmission<Double> =
      if let emission {
        .linear(LinearFunction(emission.true))
      } else if settings.text("observe") == "spherical" {
        .spherical(SphericalEmission())
      } else {
        .quadratic(QuadraticEmission(states: states))
      }
    model = SystemModel(transition: moves, emission: observes)
    let observationVariance = powerOfTen(-settings.number("snr") / 10)
    let processVariance = observationVariance * powerOfTen(settings.number("nu") / 10)
    let told = settings.number("told_process_deviation")
    let size = states
    let toldStates = transition?.told.rows ?? size
    func process(_ variance: Double) -> Matrix<Double> {
      switch kind {
      case .constantVelocity, .constantAcceleration:
        let density = LinearSystems.kinematicNoise(
          order: size - 1,
          timeStep: settings.number("time_step")
        )
        return Matrix(rows: size, columns: size, density.scalars.map { $0 * variance })
      case .dampedAcceleration:
        return LinearSystems.spread(
          2,
          [[variance / 3, 0, 0], [0, variance, 0], [0, 0, 3 * variance]]
        )
      case .canonical, .toy, .lorenz, .pendulum: return Self.diagonal(size, variance)
      }
    }
    noise = try NoiseCovariances(
      process: process(processVariance),
      observation: Self.diagonal(model.observed, observationVariance)
    )
    let toldVariance = told > 0 ? told * told : processVariance
    toldProcessNoise =
      toldStates == size ? process(toldVariance) : Self.diagonal(toldStates, toldVariance)
    for key in ["decimated", "continuous"] where settings.flag(key) && kind != .lorenz {
      throw StudyError.badValue(
        key: key,
        value: "true",
        expected: "false with model \(kind.rawValue)",
        owner: "scenario \(StateSpaceScenario.id)"
      )
    }
  }

  private static func diagonal(_ size: Int, _ value: Double) -> Matrix<Double> {
    var matrix = Matrix<Double>(rows: size, columns: size)
    for i in 0..<size { matrix[i, i] = value }
    return matrix
  }

  private static func rotated(
    _ matrix: Matrix<Double>,
    _ settings: Settings,
    _ part: String
  ) -> Knowledge {
    func turned(_ key: String) -> Matrix<Double> {
      let degrees = settings.number(key)
      return degrees == 0
        ? matrix
        : matrix.times(LinearSystems.rotation(matrix.columns, degrees: degrees))
    }
    return Knowledge(true: turned("\(part)_rotation"), told: turned("told_\(part)_rotation"))
  }

  private static func transition(
    _ kind: Kind,
    _ states: Int,
    _ settings: Settings
  ) -> Knowledge? {
    guard kind.isLinear else { return nil }
    if kind == .dampedAcceleration {
      let dt = settings.number("time_step")
      return Knowledge(
        true: LinearSystems.dampedTransition(axes: 2, timeStep: dt),
        told: LinearSystems.spread(2, [[1, dt], [0, 1]])
      )
    }
    let matrix =
      kind == .canonical
      ? LinearSystems.canonicalTransition(states)
      : LinearSystems.kinematicTransition(
        order: states - 1,
        timeStep: settings.number("time_step")
      )
    return rotated(matrix, settings, "transition")
  }

  private static func emission(
    _ kind: Kind,
    _ states: Int,
    _ settings: Settings
  ) throws(StudyError) -> Knowledge? {
    if kind == .dampedAcceleration {
      return Knowledge(
        true: LinearSystems.firstStates(observed: 2, states: 6),
        told: LinearSystems.firstStates(observed: 2, states: 4)
      )
    }
    let word = settings.text("observe")
    let wanted = settings.integer("observed")
    let observed = wanted == 0 ? states : wanted
    func wrong(_ key: String, _ value: String, _ expected: String) -> StudyError {
      .badValue(
        key: key,
        value: value,
        expected: expected,
        owner: "scenario \(StateSpaceScenario.id)"
      )
    }
    guard observed <= states else {
      throw wrong("observed", "\(observed)", "at most the \(states) states")
    }
    switch word {
    case "quadratic": return nil
    case "spherical":
      guard states == 3 else { throw wrong("observe", word, "another with \(states) states") }
      return nil
    case "reverse-canonical":
      return rotated(
        LinearSystems.reverseCanonicalEmission(observed: observed, states: states),
        settings,
        "emission"
      )
    default:
      return rotated(
        LinearSystems.firstStates(observed: observed, states: states),
        settings,
        "emission"
      )
    }
  }

  /// What estimates are measured against: the states, or of a system that is told another one the told
  /// states, of which only those that are observed are known.
  package func targets(_ states: Tensor<Double>) -> Tensor<Double> {
    guard kind == .dampedAcceleration, let emission else { return states }
    let (rows, told) = (states.count / self.states, emission.told.columns)
    let x = states.scalars
    let scalars = (0..<(rows * told)).map { place in
      place % told < model.observed ? x[place / told * self.states + place % told] : .nan
    }
    return Tensor(scalars, shape: [states.shape[0], states.shape[1], told])
  }

  /// The mean of the initial states: (1, 1, 1) of the Lorenz attractor, else zero.
  package var centre: [Double] {
    [Double](repeating: kind == .lorenz ? 1 : 0, count: states)
  }

  /// The initial states of trajectories, `[count, m]`.
  package func starts(_ count: Int, _ stream: RandomStream) -> Tensor<Double> {
    var stream = stream
    let deviation = settings.number("initial_deviation")
    let normals: Tensor<Double> = stream.normal([count, states])
    let scalars = normals.scalars.enumerated().map { index, z in
      centre[index % states] + deviation * z
    }
    return Tensor(scalars, shape: [count, states])
  }

  /// Trajectories from given initial states.
  package func drawn(_ starts: Tensor<Double>, _ stream: RandomStream) throws
    -> Trajectories.Drawn
  {
    let time = settings.integer("time")
    guard settings.flag("decimated") || settings.flag("continuous") else {
      return Trajectories.drawn(model, noise: noise, starts: starts, time: time, from: stream)
    }
    let decimation = max(1, Int((settings.number("time_step") / 1e-5).rounded()))
    let x = starts.scalars
    let isSeries = settings.flag("continuous")
    let timeStep = settings.number("time_step")
    func path(_ k: Int) -> [Double] {
      let start = (x[3 * k], x[3 * k + 1], x[3 * k + 2])
      return isSeries
        ? LorenzAttractor.series(from: start, steps: time, timeStep: timeStep)
        : LorenzAttractor.path(from: start, steps: time, decimation: decimation)
    }
    let count = starts.shape[0]
    // Where all start at one point the paths are one path.
    let isOne = settings.number("initial_deviation") == 0
    let first = path(0)
    let scalars = first + (1..<max(count, 1)).flatMap { isOne ? first : path($0) }
    let states = Tensor(scalars, shape: [count, time, 3])
    return Trajectories.Drawn(
      states: states,
      observations: Trajectories.observed(states, model.emission, noise, from: stream)
    )
  }
}
