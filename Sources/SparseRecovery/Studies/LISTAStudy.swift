package import Studies

extension StudyDescription {
  /// Error by layer of the unfolded networks beside tuned classical algorithms.
  package static let lista = StudyDescription(
    id: "lista",
    file: """
      study: lista
      title: Unfolded networks for sparse recovery, error by layer
      claim: >
        Every layer gains. At 16 layers, without noise, LISTA-CPSS and ALISTA (32 learned numbers) end at or below -55 dB, LISTA and
        LISTA-CP at or below -30 dB, while FISTA tuned for 16 iterations stays above -15 dB. The authors train for days; here a
        stage is one pass over signals drawn anew, two stages a layer.
      references: [gregor2010lista, chen2018lista, liu2019alista, ito2019tista, borgerding2017lamp]
      seed: 1

      scenario: {id: sparse-linear, measurements: 250, unknowns: 500, signal: bernoulli-gaussian, sparsity: 0.1}
      axes: {inference.stop_after: [1, 2, 4, 6, 8, 10, 12, 14, 16]}
      item_block: 200
      stop: {maximum_trials: 2000}
      training: {size: 25600, redraw: true, validation: 1024}
      methods:
        - id: ista
          label: "tuned ISTA"
          search: {items: 500, at: {inference.stop_after: 16}, settings: {stop_after: [16], penalty: [0.01, 0.03, 0.1, 0.3]}}
        - id: fista
          label: "tuned FISTA"
          search: {items: 500, at: {inference.stop_after: 16}, settings: {stop_after: [16], penalty: [0.01, 0.03, 0.1, 0.3]}}
        - id: admm
          label: "tuned ADMM"
          search: {items: 500, at: {inference.stop_after: 16}, settings: {stop_after: [16], penalty: [0.01, 0.03, 0.1, 0.3]}}
        - id: amp
          label: "tuned AMP"
          search: {items: 500, at: {inference.stop_after: 16}, settings: {stop_after: [16], threshold: [0.9, 1.14, 1.4, 1.7]}}
        - {id: learned-ista, label: "ISTA, learned steps", settings: {training: layer-by-layer, epochs: 1, rate: 0.0005}}
        - {id: lista, label: LISTA, settings: {training: layer-by-layer, warm_up: 1, epochs: 1, rate: 0.00003}}
        - {id: lista-cp, label: LISTA-CP, settings: {training: layer-by-layer, warm_up: 1, epochs: 1, rate: 0.00003}}
        - {id: lista-cpss, label: LISTA-CPSS, settings: {training: layer-by-layer, warm_up: 1, epochs: 1, rate: 0.00003}}
        - {id: alista, label: ALISTA, settings: {training: layer-by-layer, epochs: 1, rate: 0.005}}
        - {id: tista, label: TISTA, settings: {training: layer-by-layer, epochs: 1, rate: 0.01}}
        - {id: lamp, label: LAMP, settings: {training: layer-by-layer, epochs: 1, rate: 0.0005}}

      parts:
        - {id: noiseless, title: No noise}
        - {id: snr-40, title: SNR 40 dB, scenario: {snr: 40}}
        - {id: snr-30, title: SNR 30 dB, scenario: {snr: 30}}
        - {id: snr-20, title: SNR 20 dB, scenario: {snr: 20}}
        - id: mismatch
          title: "Wrong dictionary, SNR 40 dB, all 16 layers"
          scenario: {snr: 40}
          axes: {operator_error: [0, 0.01, 0.03, 0.1]}
          mismatch: operator_error
          methods:
            - {id: fista, label: "FISTA, 1,000 iterations, right dictionary", settings: {penalty: 0.03, stop_after: 1000}}
            - {id: fista, label: "FISTA, 1,000 iterations", arrays: {operator: operator_noisy}, settings: {penalty: 0.03, stop_after: 1000}}
            - {id: omp, label: OMP, arrays: {operator: operator_noisy}, settings: {nonzeros: 60}}
            - {id: alista, label: ALISTA, arrays: {operator: operator_noisy}, settings: {training: layer-by-layer, epochs: 1, rate: 0.005}}
            - {id: lista-cpss, label: LISTA-CPSS, arrays: {operator: operator_noisy}, settings: {training: layer-by-layer, warm_up: 1, epochs: 1, rate: 0.00003}}

      claims:
        - {kind: value-at-most, part: noiseless, presets: [full], method: LISTA-CPSS, at: {inference.stop_after: 16}, value: -55}
        - {kind: value-at-most, part: noiseless, presets: [full], method: ALISTA, at: {inference.stop_after: 16}, value: -55}
        - {kind: value-at-most, part: noiseless, presets: [full], method: LISTA, at: {inference.stop_after: 16}, value: -30}
        - {kind: value-at-most, part: noiseless, presets: [full], method: LISTA-CP, at: {inference.stop_after: 16}, value: -30}
        - {kind: value-at-least, part: noiseless, method: tuned FISTA, at: {inference.stop_after: 16}, value: -15}
        - {kind: falls-with, part: noiseless, method: ALISTA, axis: inference.stop_after}
        - {kind: below, part: noiseless, method: ALISTA, reference: tuned FISTA, at: {inference.stop_after: 16}}
        - {kind: below, part: mismatch, method: LISTA-CPSS, reference: "FISTA, 1,000 iterations", at: {operator_error: [0.03, 0.1]}}

      presets:
        smoke:
          scenario: {measurements: 40, unknowns: 80}
          axes: {inference.stop_after: [1, 4, 8]}
          item_block: 50
          stop: {maximum_trials: 500}
          training: {size: 2560}
          methods:
            - {id: fista, label: "tuned FISTA", settings: {penalty: 0.03, measurements: 40, unknowns: 80}}
            - {id: alista, label: ALISTA, settings: {layers: 8, training: layer-by-layer, epochs: 1, rate: 0.01, measurements: 40, unknowns: 80}}
          parts: {snr-40: null, snr-30: null, snr-20: null, mismatch: null}
        quick:
          scenario: {measurements: 60, unknowns: 120}
          training: {size: 3200, validation: 512}
          stop: {maximum_trials: 1000}
          axes: {inference.stop_after: [1, 4, 8, 12, 16]}
          methods:
            "*": {settings: {measurements: 60, unknowns: 120}}
            learned-ista: {settings: {rate: 0.004}}
          parts: {snr-40: null, snr-30: null, snr-20: null, mismatch: null}
        full: {}
      """
  )
}
