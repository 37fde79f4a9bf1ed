package import Studies

extension StudyDescription {
  /// Smoothers of a damped motion that are told another one.
  package static let hybridSmootherLinear = StudyDescription(
    id: "hybrid-smoother-linear",
    file: """
      study: hybrid-smoother-linear
      title: The hybrid smoother on damped acceleration, told constant velocity
      claim: >
        The truth is a damped acceleration in two axes, the model a constant velocity with noise of its best deviation. Observations have
        a mean squared error of 0.25 (-6.02 dB), the smoother told the model 0.0978 (-10.10 dB), the one told the truth 0.0708 (-11.50 dB).
        The hybrid is never more than 3 % above the smoother it corrects, falls with the training samples, and ends at or below 0.074
        (-11.31 dB); the same graph network without the model's messages needs far more samples.
      references: [satorras2019]
      seed: 1

      scenario: {id: state-space, model: damped-acceleration, time_step: 1, snr: 6.0206, nu: -13.9794, told_process_deviation: 1, time: 1000}
      item_block: 1
      stop: {maximum_trials: 20}
      # one trajectory, of which the second half chooses the best pass
      training: {size: 1}
      axes: {training.time: [100, 1000, 10000, 100000]}

      methods:
        - {id: message-passing, label: Observations, settings: {iterations: 0}, arrays: &told {transition: transition_wrong, emission: emission_wrong, process_noise: process_noise_wrong, initial_mean: initial_mean_wrong, initial_covariance: initial_covariance_wrong}}
        - id: rts
          label: "RTS smoother, told, best deviation"
          arrays: *told
          search: {items: 10, settings: {process_factor: [0.04, 0.0625, 0.09, 0.1056, 0.1225, 0.14, 0.16, 0.18, 0.2025, 0.25, 0.36]}}
        - {id: rts, label: "RTS smoother, knows the truth", settings: {kept_states: 4}}
        - {id: message-passing, label: Message passing, settings: {process_factor: 0.16}, arrays: *told}
        - {id: graph-smoother, label: Graph network alone, arrays: {emission: emission_wrong}}
        - id: gru-smoother
          label: Recurrent network
          arrays: {emission: emission_wrong}
          search: {items: 10, at: {training.time: 10000}, settings: {hidden: [32, 64, 128], rate: [0.001, 0.003]}}
        - {id: hybrid-smoother, label: Hybrid smoother, settings: {process_factor: 0.16}, arrays: *told}

      claims:
        - {kind: matches-row, method: Observations, within: 0.1, at: {training.time: 1000}, values: {1000: "-6.02"}}
        - {kind: matches-row, method: "RTS smoother, told, best deviation", within: 0.15, at: {training.time: 1000}, values: {1000: "-10.10"}, sentence: the smoother told constant velocity has the error computed on the public test sequence}
        - {kind: matches-row, method: "RTS smoother, knows the truth", within: 0.15, at: {training.time: 1000}, values: {1000: "-11.50"}, sentence: the smoother that knows the truth has the error computed on the public test sequence}
        - {kind: ratio-at-most, method: Message passing, reference: "RTS smoother, told, best deviation", value: 1.02, sentence: message passing ends at the smoother}
        - {kind: ratio-at-most, method: Hybrid smoother, reference: "RTS smoother, told, best deviation", value: 1.03, sentence: the hybrid is never more than 3 % above the smoother that it corrects}
        - {kind: below, method: Hybrid smoother, reference: Graph network alone}
        - {kind: below, presets: [smoke], method: Hybrid smoother, reference: "RTS smoother, told, best deviation"}
        - {kind: falls-with, presets: [quick, full], method: Hybrid smoother, axis: training.time, sentence: the hybrid's error falls with the training samples}
        - {kind: value-at-most, presets: [full], method: Hybrid smoother, at: {training.time: 100000}, value: -11.31, sentence: with the most samples the hybrid is at or below 0.074}

      presets:
        smoke:
          stop: {maximum_trials: 10}
          axes: {training.time: [1000]}
          methods:
            "RTS smoother, told, best deviation": {search: null, settings: {process_factor: 0.16}}
            Graph network alone: {settings: {hidden: 12, iterations: 30, least_steps: 100, window: 250}}
            Recurrent network: {search: null, settings: {hidden: 16, least_steps: 100}}
            Hybrid smoother: {settings: {hidden: 12, iterations: 30, least_steps: 100, window: 250, rate: 0.003}}
        quick:
          axes: {training.time: [100, 1000, 10000]}
          methods:
            Graph network alone: {settings: {window: 250, least_steps: 100, epochs: 3}}
            Recurrent network: {search: null, settings: {least_steps: 200}}
            Hybrid smoother: {settings: {window: 250, least_steps: 100, epochs: 3}}
        full:
          replicates: 3
          methods:
            Graph network alone: {settings: {epochs: 8, rate: 0.002}}
            Hybrid smoother: {settings: {epochs: 8, rate: 0.002}}
      """
  )
}
