package import Studies

extension StudyDescription {
  /// Filters of linear systems with full and partial knowledge.
  package static let kalmanNetLinear = StudyDescription(
    id: "kalmannet-linear",
    file: """
      study: kalmannet-linear
      title: KalmanNet and its rivals on linear systems, with full and partial knowledge
      claim: >
        With full knowledge KalmanNet, trained on 20 steps, is within 0.3 dB of the Kalman filter (-21.97 dB over 20 steps, -21.92
        over 200, at 1/r^2 = 20 dB and nu = 0 dB); recurrent networks without a model fail beyond the length that they were trained on. Told
        a rotated transition or emission, it is at least 2 dB better than the Kalman filter that is told the same.
      references: [revach2022kalmannet, kalman1960]
      seed: 1

      scenario: {id: state-space, model: canonical, states: 2, observe: identity, snr: 20, nu: 0, time: 20}
      item_block: 200
      stop: {maximum_trials: 10000}
      training: {size: 1000, scenario: {time: 20}}

      parts:
        - id: full-20
          title: Full knowledge, 20 steps
          axes: {snr: [0, 10, 20, 30]}
          methods:
            - {id: kalman, label: Kalman filter}
            - {id: kalmannet, label: KalmanNet}
        - id: length
          title: Full knowledge, trained on 20 steps
          axes: {time: [20, 50, 100, 200]}
          stop: {maximum_trials: 2000}
          methods:
            - {id: kalman, label: Kalman filter}
            - {id: kalmannet, label: KalmanNet}
            - {id: kalmannet, label: "KalmanNet, one recurrent unit", settings: {architecture: 1}}
            - {id: gru-filter, label: Recurrent network}
            - {id: gru-filter, label: "Recurrent network, sees prediction", settings: {form: model-based}}
            - {id: gru-filter, label: "Recurrent network, corrects prediction", settings: {form: difference}}
        - id: transition
          title: Told a rotated transition, 20 steps
          axes: {told_transition_rotation: [0, 5, 10, 20]}
          mismatch: told_transition_rotation
          methods:
            - {id: kalman, label: Kalman filter}
            - {id: kalman, label: "Kalman filter, told", arrays: {transition: transition_wrong}}
            - id: kalman
              label: "Kalman filter, told, tuned Q"
              arrays: {transition: transition_wrong}
              search: {items: 1000, at: {told_transition_rotation: [0, 5, 10, 20]}, settings: {process_factor: [1, 2, 4, 8, 16, 32, 64]}}
            - {id: learned-ekf, label: "Kalman filter, told, learned Q and R", arrays: {transition: transition_wrong}}
            - {id: kalmannet, label: KalmanNet, arrays: {transition: transition_wrong}}
        - id: emission
          title: Told a rotated emission, 100 steps, nu = -20 dB
          scenario: {time: 100, nu: -20}
          training: {scenario: {time: 100}}
          axes: {told_emission_rotation: [0, 5, 10]}
          mismatch: told_emission_rotation
          stop: {maximum_trials: 2000}
          methods:
            - {id: kalman, label: Kalman filter}
            - {id: kalman, label: "Kalman filter, told", arrays: {emission: emission_wrong}}
            - id: kalman
              label: "Kalman filter, told, tuned Q"
              arrays: {emission: emission_wrong}
              search: {items: 200, at: {told_emission_rotation: [0, 5, 10]}, settings: {process_factor: [1, 3, 10, 30, 100, 300, 1000]}}
            - {id: learned-ekf, label: "Kalman filter, told, learned Q and R", arrays: {emission: emission_wrong}, settings: {epochs: 15}}
            - {id: kalmannet, label: KalmanNet, arrays: {emission: emission_wrong}}
        - id: smoothing
          title: Smoothers, told a rotated transition, 20 steps
          axes: {told_transition_rotation: [0, 10]}
          mismatch: told_transition_rotation
          methods:
            - {id: kalman, label: Kalman filter}
            - {id: rts, label: RTS smoother}
            - {id: rts, label: "RTS smoother, told", arrays: {transition: transition_wrong}}
            - {id: rtsnet, label: RTSNet, arrays: {transition: transition_wrong}}

      claims:
        - {kind: matches-row, part: full-20, method: Kalman filter, at: {snr: 20}, values: {20: "-21.97"}, sentence: the Kalman filter reaches the published error over 20 steps}
        - {kind: matches-row, part: length, method: Kalman filter, at: {time: 200}, values: {200: "-21.92"}, sentence: the Kalman filter reaches the published error over 200 steps}
        - {kind: ratio-at-most, part: length, method: KalmanNet, reference: Kalman filter, at: {time: [20, 200]}, value: 1.0715, sentence: KalmanNet is within 0.3 dB of the Kalman filter over 20 and over 200 steps}
        - {kind: ratio-at-least, part: length, method: Recurrent network, reference: KalmanNet, at: {time: 200}, value: 10, sentence: a recurrent network without a model has at least 10 times the error of KalmanNet over 200 steps}
        - {kind: ratio-at-most, part: transition, method: KalmanNet, reference: "Kalman filter, told", at: {told_transition_rotation: [10, 20]}, value: 0.631, sentence: told a transition rotated by 10 or 20 degrees KalmanNet is at least 2 dB better than the Kalman filter}
        - {kind: ratio-at-most, part: emission, method: KalmanNet, reference: "Kalman filter, told", at: {told_emission_rotation: 10}, value: 0.631, sentence: told an emission rotated by 10 degrees KalmanNet is at least 2 dB better than the Kalman filter}
        - {kind: ratio-at-most, part: smoothing, method: RTSNet, reference: RTS smoother, at: {told_transition_rotation: 0}, value: 1.0715, sentence: with full knowledge RTSNet is within 0.3 dB of the Rauch-Tung-Striebel smoother}
        - {kind: below, part: smoothing, method: RTSNet, reference: "RTS smoother, told", at: {told_transition_rotation: 10}, sentence: told a transition rotated by 10 degrees RTSNet is below the Rauch-Tung-Striebel smoother}

      presets:
        smoke:
          stop: {maximum_trials: 1000}
          parts:
            full-20: {axes: {snr: [20]}, methods: {kalmannet: {settings: {epochs: 20}}}}
            length: null
            transition: {axes: {told_transition_rotation: [0, 10]}, methods: {kalman: {search: null}, learned-ekf: {settings: {epochs: 5}}, kalmannet: {settings: {epochs: 20}}}}
            emission: null
            smoothing: null
        quick:
          parts:
            full-20: {axes: {snr: [10, 20]}}
            length: {axes: {time: [20, 200]}}
            transition: {axes: {told_transition_rotation: [0, 10, 20]}}
            emission: {axes: {told_emission_rotation: [0, 10]}, methods: {kalmannet: {settings: {epochs: 30}}}}
        full:
          replicates: 5
          stop: {maximum_trials: 20000}
          parts:
            length: {stop: {maximum_trials: 4000}}
            emission: {stop: {maximum_trials: 4000}}
      """
  )
}
