package import Studies

extension StudyDescription {
  /// Filters of a sinusoidal system that is observed through squares.
  package static let kalmanNetToy = StudyDescription(
    id: "kalmannet-toy",
    file: """
      study: kalmannet-toy
      title: KalmanNet and its rivals on a sinusoidal system observed through squares
      claim: >
        Told the system, the extended Kalman filter is hard to beat where noise is small. Told a wrong amplitude, frequency, phase and offset, it
        loses by decibels, and KalmanNet, told the same, is below it at every noise level.
      references: [revach2022kalmannet]
      seed: 1

      scenario: {id: state-space, model: toy, states: 2, observe: quadratic, nu: -20, time: 100}
      item_block: 100
      stop: {maximum_trials: 1000}
      training: {size: 1000}

      parts:
        - id: full
          title: Full knowledge
          axes: {snr: [-12.04, -6.02, 0, 20, 40]}
          methods:
            - {id: ekf, label: Extended Kalman filter, settings: {model: toy, observe: quadratic}}
            - {id: ukf, label: Unscented Kalman filter, settings: {model: toy, observe: quadratic}}
            - {id: particle, label: "Particle filter, 100", settings: {model: toy, observe: quadratic, particles: 100}}
            - {id: particle, label: "Particle filter, 1000", settings: {model: toy, observe: quadratic}}
            - {id: kalmannet, label: KalmanNet, settings: {model: toy, observe: quadratic}}
        - id: partial
          title: Told amplitude 1, frequency 1, phase 0, offset 0
          axes: {snr: [-12.04, -6.02, 0, 20, 40]}
          methods:
            - {id: ekf, label: Extended Kalman filter, settings: {model: toy, observe: quadratic, amplitude: 1, frequency: 1, phase: 0, offset: 0}}
            - id: ekf
              label: "Extended Kalman filter, tuned Q"
              settings: {model: toy, observe: quadratic, amplitude: 1, frequency: 1, phase: 0, offset: 0}
              search: {items: 200, at: {snr: [-12.04, -6.02, 0, 20, 40]}, settings: {process_factor: [1, 10, 100, 1000, 10000, 100000, 1000000]}}
            - {id: ukf, label: Unscented Kalman filter, settings: {model: toy, observe: quadratic, amplitude: 1, frequency: 1, phase: 0, offset: 0}}
            - {id: particle, label: "Particle filter, 100", settings: {model: toy, observe: quadratic, particles: 100, amplitude: 1, frequency: 1, phase: 0, offset: 0}}
            - {id: kalmannet, label: KalmanNet, settings: {model: toy, observe: quadratic, amplitude: 1, frequency: 1, phase: 0, offset: 0}}

      claims:
        - {kind: below, part: partial, method: KalmanNet, reference: Extended Kalman filter}

      presets:
        smoke:
          stop: {maximum_trials: 200}
          parts:
            full: null
            partial: {axes: {snr: [0]}, methods: {ekf: {search: null}, kalmannet: {settings: {epochs: 5}}}}
        quick:
          parts:
            full: {axes: {snr: [-6.02, 20]}, methods: {kalmannet: {settings: {epochs: 15}}}}
            partial: {axes: {snr: [-6.02, 20]}, methods: {kalmannet: {settings: {epochs: 15}}}}
        full:
          replicates: 5
      """
  )
}
