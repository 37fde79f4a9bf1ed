package import Studies

extension StudyDescription {
  /// The recorded search over the settings of DeepSIC and its black-box rival.
  package static let deepSICSearch = StudyDescription(
    id: "deepsic-search",
    file: """
      study: deepsic-search
      title: Settings of DeepSIC and its rival
      claim: >
        Each learned detector is trained on 5,000 vectors with every combination of a grid and judged on fresh draws;
        the best one is then compared on draws that no search has seen. The hybrid gets no larger grid than its rival.
      references: [shlezinger2021deepsic, he2016residual]
      seed: 11

      scenario: {id: interference-channel, users: 6, receive: 6, constellation: bpsk, noise: gaussian, snr: 10}
      item_block: 5000
      stop: {maximum_trials: 400000}
      training: {size: 5000}
      methods:
        - {id: map, label: MAP}
        - id: deepsic
          label: DeepSIC
          search:
            items: 100000
            settings:
              batch: [27, 64]
              rate: [0.005, 0.01]
              weight_decay: [0, 0.1, 0.3, 1]
        - id: residual-detector
          label: Residual network
          search:
            items: 100000
            settings:
              width: [32, 64, 128]
              blocks: [1, 2]
              weight_decay: [0, 0.3, 1]

      parts:
        - {id: gaussian, title: "Gaussian noise at 10 dB"}
        - {id: knowledge-error, title: "Trained on a channel with errors, 10 dB", scenario: {knowledge_error: 0.1}}

      presets:
        smoke:
          item_block: 1000
          stop: {maximum_trials: 10000}
          training: {size: 300}
          parts: {knowledge-error: null}
          methods:
            - {id: map, label: MAP}
            - id: deepsic
              label: DeepSIC
              search: {items: 2000, settings: {weight_decay: [0, 0.3]}}
            - id: residual-detector
              label: Residual network
              search: {items: 2000, settings: {width: [16, 32]}}
        full: {}
      """
  )
}
