package import Studies

extension StudyDescription {
  /// Error rates and run times of DetNet, its classical rivals and a black box over multiple-antenna channels.
  package static let detNet = StudyDescription(
    id: "detnet",
    file: """
      study: detnet
      title: DetNet and its rivals over multiple-antenna channels
      claim: >
        One network for all channels and noise levels, trained on vectors drawn anew at 7 to 14 dB, detects 30 users at
        60 antennas as well as approximate message passing at 8 to 10 dB and better from 11 dB on, within 30 % of the
        authors' error rates up to 11 dB and a factor 1.6 above (they trained on 6e8 vectors, this study on 1.5e7), and
        needs no noise variance. Message passing that is told the best multiple of the noise variance at each point is as
        good as it. With 10 users at 20 antennas (quick preset) it stays within 1.3 times the error rate of
        maximum likelihood, which the sphere decoder gives.
      references: [samuel2017detnet, samuel2019detnet, shlezinger2023mbdl]
      seed: 1

      scenario: {id: mimo-channel, users: 30, receive: 60}
      item_block: 5000
      stop: {errors: 300, maximum_trials: 500000}
      # one training for all points: vectors of all SNRs, at the true noise variance
      training: {size: 10000, redraw: true, scenario: {snr: 10, noise_error: 1}}

      parts:
        - id: varying
          title: A channel of its own for each vector
          axes: {snr: {from: 8, to: 13, step: 1}}
          timed_items: [1, 1000]
          methods:
            - {id: zf, label: Zero forcing}
            - {id: lmmse, label: LMMSE}
            - {id: decision-feedback, label: Decision feedback}
            - {id: box-pgd, label: "Projected gradient, 200 iterations"}
            - {id: mimo-amp, label: AMP}
            - id: mimo-amp
              label: "AMP, tuned noise variance"
              search: {items: 40000, at: {snr: [8, 9, 10, 11, 12, 13]}, settings: {noise_factor: [1, 2, 3, 4, 6]}}
            - {id: learned-pgd, label: "Projected gradient, learned steps"}
            - {id: detnet, label: DetNet, settings: {epochs: 1500, batch: 250, rate: 0.004, residual: 0.5}}
        - id: slow
          title: Relaxed and exact maximum likelihood, fewer vectors
          axes: {snr: [8, 9, 10, 11]}
          item_block: 1000
          stop: {errors: 300, maximum_trials: 20000}
          timed_items: [1, 1000]
          methods:
            - {id: sdr, label: Semidefinite relaxation}
            - {id: sphere, label: Sphere decoder}
            - {id: mimo-amp, label: AMP}
            - {id: detnet, label: DetNet, settings: {epochs: 1500, batch: 250, rate: 0.004, residual: 0.5}}
        - id: layers
          title: Layers and iterations, 10 dB
          scenario: {snr: 10}
          axes: {inference.stop_after: [1, 2, 4, 6, 8, 10, 15, 20, 25, 30]}
          stop: {maximum_trials: 50000}
          methods:
            - {id: box-pgd, label: Projected gradient}
            - {id: mimo-amp, label: AMP}
            - {id: learned-pgd, label: "Projected gradient, learned steps"}
            - {id: detnet, label: DetNet, settings: {epochs: 1500, batch: 250, rate: 0.004, residual: 0.5}}
        - id: noise-variance
          title: Told a wrong noise variance, 11 dB
          scenario: {snr: 11}
          axes: {noise_error: [0.1, 0.25, 0.5, 1, 2, 4, 10]}
          mismatch: noise_error
          stop: {errors: 300, maximum_trials: 200000}
          methods:
            - {id: lmmse, label: LMMSE, arrays: {noise_variance: noise_variance_wrong}}
            - {id: mimo-amp, label: AMP, arrays: {noise_variance: noise_variance_wrong}}
            - {id: detnet, label: DetNet, settings: {epochs: 1500, batch: 250, rate: 0.004, residual: 0.5}}
        - id: fixed
          title: One channel for all, H'H Toeplitz 0.55^|i-j|
          scenario: {channel: toeplitz, coefficient: 0.55}
          axes: {snr: {from: 8, to: 13, step: 1}}
          methods:
            - {id: zf, label: Zero forcing}
            - {id: lmmse, label: LMMSE}
            - {id: mimo-amp, label: AMP}
            - {id: box-pgd, label: "Projected gradient, 200 iterations"}
            - {id: dense-vector-detector, label: Dense network, settings: {epochs: 800, batch: 250, rate: 0.003}}
            - {id: detnet, label: DetNet, settings: {epochs: 300, batch: 250, rate: 0.004, residual: 0.5}}

      claims:
        - {kind: matches-row, part: varying, presets: [full], method: DetNet, relative: 0.3, at: {snr: [8, 9, 10, 11]}, values: {8: "1.17e-2", 9: "4.99e-3", 10: "1.81e-3", 11: "5.7e-4"}, sentence: DetNet agrees with the authors' log within 30 % from 8 to 11 dB}
        - {kind: value-at-most, part: varying, presets: [full], method: DetNet, at: {snr: 12}, value: 2.4e-4}
        - {kind: value-at-most, part: varying, presets: [full], method: DetNet, at: {snr: 13}, value: 5.3e-5}
        - {kind: below, part: varying, presets: [full], method: DetNet, reference: AMP, at: {snr: [11, 12, 13]}}
        - {kind: below, part: varying, presets: [quick, full], method: DetNet, reference: LMMSE}
        - {kind: ratio-at-most, part: slow, presets: [quick], method: DetNet, reference: Sphere decoder, at: {snr: [8, 9, 10]}, value: 1.3}
        - {kind: below, part: layers, method: DetNet, reference: "Projected gradient, learned steps", at: {inference.stop_after: [20, 30]}}
        - {kind: falls-with, part: layers, presets: [full], method: DetNet, axis: inference.stop_after}
        - {kind: below, part: noise-variance, presets: [full], method: DetNet, reference: AMP, at: {noise_error: [0.1, 10]}}
        - {kind: matches-row, part: fixed, presets: [full], method: Dense network, relative: 0.3, at: {snr: [8, 9, 10]}, values: {8: "1.47e-2", 9: "6.68e-3", 10: "2.43e-3"}, sentence: the dense network agrees with the authors' log within 30 % from 8 to 10 dB}

      presets:
        smoke:
          scenario: {users: 4, receive: 8}
          item_block: 200
          stop: {errors: null, maximum_trials: 2000}
          training: {size: 2000}
          parts:
            varying:
              axes: {snr: [8, 10]}
              timed_items: [1, 100]
              methods: {learned-pgd: {settings: {users: 4, layers: 4}}, detnet: {settings: {layers: 4, users: 4, epochs: 60, batch: 100, rate: 0.006}}}
            slow:
              axes: {snr: [8]}
              item_block: 200
              stop: {errors: null, maximum_trials: 1000}
              timed_items: [1, 100]
              methods: {detnet: {settings: {layers: 4, users: 4, epochs: 60, batch: 100, rate: 0.006}}}
            layers: null
            noise-variance: null
            fixed: null
        quick:
          scenario: {users: 10, receive: 20}
          stop: {errors: 200, maximum_trials: 100000}
          training: {size: 20000}
          parts:
            varying:
              axes: {snr: [8, 9, 10, 11]}
              methods: {learned-pgd: {settings: {users: 10}}, detnet: {training: {scenario: {snr_low: 7, snr_high: 12}}, settings: {users: 10, layers: 40, hidden: 8, residual: 0.5, epochs: 50, batch: 200, rate: 0.006, start: projection, decision_weight: 0.1, weighting: linear}}}
            slow:
              axes: {snr: [8, 9, 10]}
              stop: {maximum_trials: 60000}
              methods: {detnet: {training: {scenario: {snr_low: 7, snr_high: 12}}, settings: {users: 10, layers: 40, hidden: 8, residual: 0.5, epochs: 50, batch: 200, rate: 0.006, start: projection, decision_weight: 0.1, weighting: linear}}}
            layers:
              axes: {inference.stop_after: [1, 2, 4, 8, 12, 20]}
              stop: {maximum_trials: 20000}
              methods: {learned-pgd: {settings: {users: 10}}, detnet: {training: {scenario: {snr_low: 7, snr_high: 12}}, settings: {users: 10, layers: 40, hidden: 8, residual: 0.5, epochs: 50, batch: 200, rate: 0.006, start: projection, decision_weight: 0.1, weighting: linear}}}
            noise-variance:
              axes: {noise_error: [0.1, 0.5, 1, 2, 10]}
              stop: {maximum_trials: 20000}
              methods: {detnet: {training: {scenario: {snr_low: 7, snr_high: 12}}, settings: {users: 10, layers: 40, hidden: 8, residual: 0.5, epochs: 50, batch: 200, rate: 0.006, start: projection, decision_weight: 0.1, weighting: linear}}}
            fixed: null
        full: {}
      """
  )
}
