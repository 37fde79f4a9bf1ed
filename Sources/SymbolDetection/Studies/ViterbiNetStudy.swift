package import Studies

extension StudyDescription {
  /// Symbol error rates of the classical detectors, their hybrids and the black boxes over
  /// finite-memory channels, averaged over twenty decay rates.
  package static let viterbiNet = StudyDescription(
    id: "viterbinet",
    file: """
      study: viterbinet
      title: ViterbiNet and its rivals over finite-memory channels
      claim: >
        Trained on 5,000 symbols and told nothing of the channel, ViterbiNet comes close to the Viterbi algorithm
        that knows it (within 12 % up to 6 dB, a factor 2 at 10 dB). When the training symbols come from a channel that
        is known with 10 % error, it keeps falling where the Viterbi algorithm with such knowledge stops at about 2e-2.
        Black boxes need far more symbols.
      references: [shlezinger2020viterbinet, shlezinger2023mbdl]
      seed: 1

      scenario: {id: isi-channel, memory: 4, constellation: bpsk, noise: gaussian, knowledge_error: 0.1}
      average: {decay: {from: 0.1, to: 2.0, step: 0.1}}
      item_block: 5000
      stop: {maximum_trials: 1e6}
      training: {size: 5000, scenario: {knowledge_error: 0}}
      mismatch: knowledge_error
      # Settings of the black boxes are the best of the study viterbinet-search.
      methods:
        - {id: viterbi, label: "Viterbi, perfect knowledge"}
        - {id: viterbi, label: "Viterbi, noisy knowledge", arrays: {taps: taps_noisy}}
        - {id: bcjr, label: "BCJR, perfect knowledge"}
        - {id: viterbinet, label: ViterbiNet}
        - {id: viterbinet, label: "ViterbiNet, noisy training", training: {scenario: {knowledge_error: 0.1}}}
        - {id: bcjrnet, label: BCJRNet}
        - {id: dense-detector, label: Dense window, settings: {hidden: [64], activation: tanh, rate: 0.01, weight_decay: 0.1}}

      parts:
        - id: awgn
          title: Gaussian noise
          axes: {snr: {from: -6, to: 10, step: 2}}
        - id: poisson
          title: Poisson channel
          scenario: {constellation: ook, noise: poisson, knowledge_error: 0.08}
          axes: {snr: {from: 10, to: 34, step: 4}}
          methods:
            - {id: viterbi, label: "Viterbi, perfect knowledge", settings: {constellation: ook, noise: poisson}}
            - {id: viterbi, label: "Viterbi, noisy knowledge", arrays: {taps: taps_noisy}, settings: {constellation: ook, noise: poisson}}
            - {id: bcjr, label: "BCJR, perfect knowledge", settings: {constellation: ook, noise: poisson}}
            - {id: viterbinet, label: ViterbiNet, settings: {constellation: ook}}
            - {id: viterbinet, label: "ViterbiNet, noisy training", training: {scenario: {knowledge_error: 0.08}}, settings: {constellation: ook}}
            - {id: bcjrnet, label: BCJRNet, settings: {constellation: ook}}
            - {id: dense-detector, label: Dense window, settings: {constellation: ook, hidden: [64], activation: tanh, rate: 0.01, weight_decay: 0.1}}
        - id: training-size
          title: Training symbols, Gaussian noise at 6 dB
          scenario: {snr: 6}
          axes: {train_size: [50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000]}
          methods:
            - {id: viterbi, label: "Viterbi, perfect knowledge"}
            - {id: viterbinet, label: ViterbiNet}
            - {id: bcjrnet, label: BCJRNet}
            - {id: dense-detector, label: Dense window, settings: {hidden: [64], activation: tanh, rate: 0.01, weight_decay: 0.1}}
        - id: knowledge-error
          title: Error of the channel knowledge, Gaussian noise at 10 dB
          scenario: {snr: 10}
          # training symbols carry the error of the point
          training: {scenario: null}
          axes: {knowledge_error: [0, 0.02, 0.05, 0.1, 0.15, 0.2]}
          methods:
            - {id: viterbi, label: "Viterbi, perfect knowledge"}
            - {id: viterbi, label: "Viterbi, noisy knowledge", arrays: {taps: taps_noisy}}
            - {id: viterbinet, label: "ViterbiNet, noisy training"}
        - id: recurrent
          title: Recurrent black boxes, five decay rates, Gaussian noise
          average: {decay: [0.1, 0.5, 1.0, 1.5, 2.0]}
          axes: {snr: [-6, -2, 2, 6, 10]}
          methods:
            - {id: viterbi, label: "Viterbi, perfect knowledge"}
            - {id: viterbinet, label: ViterbiNet}
            - {id: dense-detector, label: Dense window, settings: {hidden: [64], activation: tanh, rate: 0.01, weight_decay: 0.1}}
            - {id: sbrnn, label: Sliding BRNN, settings: {block: 10, cell: gru, hidden: 24, rate: 0.01}}
            - {id: lstm-detector, label: Windowed LSTM, settings: {before: 6, layers: 1, hidden: 32, rate: 0.01}}
        - id: large-training
          title: Black boxes with 500,000 training symbols, Gaussian noise at 6 dB, decay 0.5
          average: {decay: [0.5]}
          scenario: {snr: 6}
          axes: {train_size: [500000]}
          methods:
            - {id: viterbi, label: "Viterbi, perfect knowledge"}
            - {id: viterbinet, label: ViterbiNet, settings: {epochs: 5, batch: 256}}
            - {id: dense-detector, label: Dense window, settings: {activation: relu, before: 6, after: 7, hidden: [64, 64, 64, 64], epochs: 30, batch: 512, rate: 0.003}}
            - {id: sbrnn, label: Sliding BRNN, settings: {block: 20, cell: gru, hidden: 48, epochs: 4, batch: 128, rate: 0.005}}
            - {id: lstm-detector, label: Windowed LSTM, settings: {before: 8, after: 8, layers: 2, hidden: 48, epochs: 4, batch: 128, rate: 0.005}}

      claims:
        - kind: matches-row
          part: awgn
          presets: [full]
          method: "Viterbi, perfect knowledge"
          trials: 1000000
          values: {-6: ".300", -4: ".259", -2: ".213", 0: ".160", 2: ".106", 4: ".055", 6: ".0203", 8: "4.3e-3", 10: "4.4e-4"}
        - kind: matches-row
          part: awgn
          presets: [full]
          method: "Viterbi, noisy knowledge"
          relative: 0.3
          values: {-6: ".306", -4: ".268", -2: ".224", 0: ".176", 2: ".128", 4: ".079", 6: ".046", 8: ".026", 10: ".0215"}
        - {kind: ratio-at-most, part: awgn, method: ViterbiNet, reference: "Viterbi, perfect knowledge", at: {snr: [-6, -4, -2, 0, 2, 4, 6]}, value: 1.12}
        - {kind: ratio-at-most, part: awgn, method: ViterbiNet, reference: "Viterbi, perfect knowledge", at: {snr: 2}, value: 1.12}
        - {kind: ratio-at-most, part: awgn, method: ViterbiNet, reference: "Viterbi, perfect knowledge", at: {snr: 10}, value: 2}
        - {kind: ratio-at-least, part: awgn, method: "Viterbi, noisy knowledge", reference: "ViterbiNet, noisy training", at: {snr: 10}, value: 8}
        - {kind: ratio-at-most, part: awgn, method: "BCJR, perfect knowledge", reference: "Viterbi, perfect knowledge", value: 1.02}
        - {kind: below, part: awgn, method: ViterbiNet, reference: Dense window, at: {snr: [2, 4, 6, 8]}}
        - kind: matches-row
          part: poisson
          presets: [full]
          method: "Viterbi, perfect knowledge"
          trials: 1000000
          values: {10: ".194", 14: ".127", 18: ".067", 22: ".028", 26: "7.7e-3", 30: "1.4e-3", 34: "2.0e-4"}
        - kind: matches-row
          part: poisson
          presets: [full]
          method: "Viterbi, noisy knowledge"
          relative: 0.3
          values: {10: ".206", 14: ".143", 18: ".094", 22: ".057", 26: ".035", 30: ".026", 34: ".022"}
        - {kind: ratio-at-most, part: training-size, method: ViterbiNet, reference: "Viterbi, perfect knowledge", at: {train_size: 5000}, value: 1.12}
        - {kind: below, part: recurrent, method: ViterbiNet, reference: Sliding BRNN, at: {snr: [2, 6]}}
        - {kind: below, part: recurrent, method: ViterbiNet, reference: Windowed LSTM, at: {snr: [2, 6]}}
        - {kind: ratio-at-most, part: large-training, method: Dense window, reference: "Viterbi, perfect knowledge", at: {train_size: 500000}, value: 1.5}
        - {kind: ratio-at-most, part: large-training, method: Sliding BRNN, reference: "Viterbi, perfect knowledge", at: {train_size: 500000}, value: 1.5}
        - {kind: ratio-at-most, part: large-training, method: Windowed LSTM, reference: "Viterbi, perfect knowledge", at: {train_size: 500000}, value: 1.5}

      presets:
        smoke:
          average: {decay: [0.5, 1.0]}
          stop: {maximum_trials: 1e5}
          parts:
            awgn: {axes: {snr: [2, 10]}}
            poisson: null
            training-size: null
            knowledge-error: null
            recurrent: null
            large-training: null
        quick:
          stop: {maximum_trials: 4e5}
          average: {decay: [0.1, 0.5, 1.0, 1.5, 2.0]}
          parts:
            awgn: {axes: {snr: [-6, -2, 2, 6, 10]}}
            poisson: {axes: {snr: [10, 18, 26, 34]}}
            training-size: {axes: {train_size: [50, 500, 5000]}}
            knowledge-error: null
            recurrent: null
            large-training: null
        full:
          parts:
            awgn: {stop: {maximum_trials: 1e7}}
            poisson: {stop: {maximum_trials: 1e7}}
      """
  )
}
