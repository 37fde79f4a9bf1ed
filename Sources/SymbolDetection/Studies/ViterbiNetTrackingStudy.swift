package import Studies

extension StudyDescription {
  /// The block-fading protocol: a few pilots a block, training that goes on from block to block.
  package static let viterbiNetTracking = StudyDescription(
    id: "viterbinet-tracking",
    file: """
      study: viterbinet-tracking
      title: ViterbiNet follows a fading channel from 200 pilots a block
      claim: >
        Trained further on 200 known symbols in each block, ViterbiNet follows the channel: its mean symbol error
        rate over 100 blocks is at most 1.6e-2, near the Viterbi algorithm that knows each block's taps, and below the
        one that knows those of the block before.
      references: [shlezinger2020viterbinet, raviv2023online]
      seed: 1

      scenario: {id: isi-channel, memory: 4, constellation: bpsk, noise: gaussian, fading: block, decay: 0.5}
      methods:
        - {id: viterbi, label: "Viterbi, this block's taps"}
        - {id: viterbi, label: "Viterbi, last block's taps", arrays: {taps: taps_previous}}
        - id: viterbinet
          label: ViterbiNet
          settings: {hidden: [75], activation: relu, epochs: 500, batch: 200, rate: 0.005, schedule: cosine, weight_decay: 0.01, clip: 0}

      parts:
        - id: tracking
          title: Block fading, 10 dB
          scenario: {snr: 10}
          tracking: {blocks: 100, pilots: 200, payload: 10000}

      claims:
        - {kind: value-at-most, part: tracking, method: ViterbiNet, value: 0.016}

      presets:
        smoke: {parts: {tracking: {tracking: {blocks: 10, pilots: 200, payload: 4000}}}}
        quick: {}
        full: {replicates: 5}
      """
  )
}
