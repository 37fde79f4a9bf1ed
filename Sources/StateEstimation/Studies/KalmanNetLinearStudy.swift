package import Studies

extension StudyDescription {
  /// Filters of linear systems with full and partial knowledge.
  package static let kalmanNetLinear = StudyDescription(
    id: "kalmannet-linear",
    file: """
      study: kalmannet-linear
      title: Filters of linear systems with full and partial knowledge
      claim: >
        With full knowledge the Kalman filter is optimal: a mean squared error of -21.97 dB over 20 steps and -21.92 dB over
        200 at 1/r^2 = 20 dB and nu = 0 dB. Told a rotated transition or emission it loses several decibels.
      references: [revach2022kalmannet, kalman1960]
      seed: 1

      scenario: {id: state-space, model: canonical, states: 2, observe: identity, snr: 20, nu: 0, time: 20}
      item_block: 200
      stop: {maximum_trials: 10000}

      parts:
        - id: full-20
          title: Full knowledge, 20 steps
          axes: {snr: [0, 10, 20, 30]}
          methods:
            - {id: kalman, label: Kalman filter}
        - id: full-200
          title: Full knowledge, 200 steps
          scenario: {time: 200}
          axes: {snr: [0, 10, 20, 30]}
          stop: {maximum_trials: 2000}
          methods:
            - {id: kalman, label: Kalman filter}
        - id: transition
          title: Told a rotated transition, 20 steps
          axes: {told_transition_rotation: [0, 5, 10, 20]}
          mismatch: told_transition_rotation
          methods:
            - {id: kalman, label: Kalman filter}
            - {id: kalman, label: "Kalman filter, told", arrays: {transition: transition_wrong}}
        - id: emission
          title: Told a rotated emission, 100 steps, nu = -20 dB
          scenario: {time: 100, nu: -20}
          axes: {told_emission_rotation: [0, 5, 10]}
          mismatch: told_emission_rotation
          stop: {maximum_trials: 2000}
          methods:
            - {id: kalman, label: Kalman filter}
            - {id: kalman, label: "Kalman filter, told", arrays: {emission: emission_wrong}}

      claims:
        - {kind: matches-row, part: full-20, method: Kalman filter, at: {snr: 20}, values: {20: "-21.97"}, sentence: the Kalman filter reaches the published error over 20 steps}
        - {kind: matches-row, part: full-200, method: Kalman filter, at: {snr: 20}, values: {20: "-21.92"}, sentence: the Kalman filter reaches the published error over 200 steps}
        - {kind: below, part: transition, method: Kalman filter, reference: "Kalman filter, told", at: {told_transition_rotation: [10, 20]}}
        - {kind: below, part: emission, method: Kalman filter, reference: "Kalman filter, told", at: {told_emission_rotation: [10]}}

      presets:
        smoke:
          stop: {maximum_trials: 1000}
          parts:
            full-20: {axes: {snr: [10, 20]}}
            full-200: null
            transition: {axes: {told_transition_rotation: [0, 10]}}
            emission: null
        quick: {}
        full:
          stop: {maximum_trials: 100000}
      """
  )
}
