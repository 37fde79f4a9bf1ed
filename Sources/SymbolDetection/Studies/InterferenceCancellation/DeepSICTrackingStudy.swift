package import Studies

extension StudyDescription {
  /// The block-fading protocol of DeepSIC: a few pilots a block, training that goes on from block to
  /// block.
  package static let deepSICTracking = StudyDescription(
    id: "deepsic-tracking",
    file: """
      study: deepsic-tracking
      title: DeepSIC follows a fading channel from 500 pilots a block
      claim: >
        Trained further on 500 known vectors in each block, DeepSIC follows the channel of four users and four
        antennas: its mean vector error rate over 100 blocks at 12 dB is at most 1.9e-2.
      references: [shlezinger2021deepsic, raviv2023online]
      seed: 1

      scenario: {id: interference-channel, users: 4, receive: 4, constellation: bpsk, noise: gaussian, fading: block}
      methods:
        - {id: map, label: "MAP, this block's channel"}
        - {id: iterative-sic, label: "SIC, this block's channel"}
        - {id: iterative-sic, label: "SIC, last block's channel", arrays: {channel: channel_previous}}
        - id: deepsic
          label: DeepSIC
          settings: {hidden: [128], activation: relu, epochs: 300, batch: 500, rate: 0.005, schedule: cosine, clip: 0, weight_decay: 3}

      parts:
        - id: tracking
          title: Block fading, 12 dB
          scenario: {snr: 12}
          tracking: {blocks: 100, pilots: 500, payload: 10000}

      claims:
        - {kind: value-at-most, part: tracking, method: DeepSIC, metric: vector_error_rate, value: 0.019}

      presets:
        smoke: {parts: {tracking: {tracking: {blocks: 4, pilots: 500, payload: 4000}}}}
        quick: {}
        full: {replicates: 5}
      """
  )
}
