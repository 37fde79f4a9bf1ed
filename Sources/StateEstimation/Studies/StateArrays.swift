package import Studies

/// Arrays that the methods of state estimation share.
package enum StateArrays {
  package static let observations = MethodDescription.Array(
    "observations",
    [["time", "n"], ["batch", "time", "n"]],
    .input,
    unit: "as observed",
    "one sequence or several; NaN where a number is missing"
  )
  package static let lengths = MethodDescription.Array(
    "lengths",
    [["batch"]],
    .input,
    isRequired: false,
    unit: "whole numbers",
    "how long each sequence is, where they differ; what comes after is not read"
  )
  package static let targets = MethodDescription.Array(
    "targets",
    [["time", "m"], ["batch", "time", "m"]],
    .target,
    isRequired: false,
    unit: "as the states",
    "the true states: what training learns from and errors are measured against"
  )
  package static let initialMean = MethodDescription.Array(
    "initial_mean",
    [["m"], ["batch", "m"]],
    .knowledge,
    isRequired: false,
    unit: "as the states",
    "the mean of the initial state; zeros where not given"
  )
  package static let initialCovariance = MethodDescription.Array(
    "initial_covariance",
    [["m", "m"], ["batch", "m", "m"]],
    .knowledge,
    isRequired: false,
    "the covariance of the initial state; zeros, a known state, where not given"
  )
  package static let processNoise = MethodDescription.Array(
    "process_noise",
    [["m", "m"]],
    .knowledge,
    "the covariance Q of the noise of a transition"
  )
  package static let observationNoise = MethodDescription.Array(
    "observation_noise",
    [["n", "n"]],
    .knowledge,
    "the covariance R of the noise of an observation"
  )
  package static let controls = MethodDescription.Array(
    "controls",
    [["time", "p"], ["batch", "time", "p"]],
    .input,
    isRequired: false,
    "known inputs u_t: control_matrix u_t is added to the state that is predicted for step t"
  )
  package static let controlMatrix = MethodDescription.Array(
    "control_matrix",
    [["m", "p"]],
    .knowledge,
    isRequired: false,
    "what controls do to the state; needed with controls"
  )

  /// The matrix of a linear transition.
  package static func transition(isRequired: Bool) -> MethodDescription.Array {
    .init(
      "transition",
      [["m", "m"]],
      .knowledge,
      isRequired: isRequired,
      isRequired
        ? "F: the next state is F times the state, plus noise"
        : "F: the next state is F times the state, plus noise; needed with model linear"
    )
  }

  /// The matrix of a linear emission.
  package static func emission(isRequired: Bool) -> MethodDescription.Array {
    .init(
      "emission",
      [["n", "m"]],
      .knowledge,
      isRequired: isRequired,
      isRequired
        ? "H: an observation is H times the state, plus noise"
        : "H: an observation is H times the state, plus noise; with observe linear, where it is the"
          + " identity if not given"
    )
  }

  /// What filters give.
  package static let outputs: [MethodDescription.Array] = [
    .init(
      "estimates",
      [["time", "m"], ["batch", "time", "m"]],
      .output,
      unit: "as the states",
      "the mean of the state at each step; NaN after the end of a sequence"
    ),
    .init(
      "covariances",
      [["time", "m", "m"], ["batch", "time", "m", "m"]],
      .output,
      isRequired: false,
      "the covariance of the state at each step"
    ),
    .init(
      "log_likelihood",
      [[], ["batch"]],
      .output,
      isRequired: false,
      unit: "nats",
      "the logarithm of the density of a sequence's observations"
    ),
    .init(
      "nis",
      [["time"], ["batch", "time"]],
      .output,
      isRequired: false,
      "normalised innovation squared: chi-square with n degrees of freedom when the model is right"
    ),
    .init(
      "nees",
      [["time"], ["batch", "time"]],
      .output,
      isRequired: false,
      "normalised error squared, where targets are given: chi-square with m degrees of freedom"
    ),
  ]
}
