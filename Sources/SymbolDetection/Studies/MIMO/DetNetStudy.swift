package import Studies

extension StudyDescription {
  /// Error rates and run times of DetNet, its classical rivals and a black box over multiple-antenna channels.
  package static let detNet = StudyDescription(
    id: "detnet",
    file: """
      study: detnet
      title: DetNet and its rivals over multiple-antenna channels
      claim: >
        One network for all channels and noise levels, trained on vectors drawn anew at 7 to 14 dB, detects 30 users at 60
        antennas as well as approximate message passing at 8 to 10 dB and better from 11 dB on, within 30 % of the authors' error
        rates up to 11 dB (they trained on 6e8 vectors), and needs no noise variance. With 10 users at 20 antennas it stays within 1.3 times
        the error rate of maximum likelihood.
      references: [samuel2017detnet, samuel2019detnet, shlezinger2023mbdl]
      seed: 1

      scenario: {id: mimo-channel, users: 30, receive: 60}
      item_block: 5000
      stop: {errors: 300, maximum_trials: 600000}
      training: {size: 10000, redraw: true, scenario: {snr: 10, noise_error: 1}}
      methods:
        - {id: detnet, label: DetNet, settings: {epochs: 3000, batch: 250, rate: 0.004, residual: 0.5}}

      parts:
        - id: varying
          title: A channel of its own for each vector
          axes: {snr: {from: 8, to: 13, step: 1}}
          methods:
            - {id: zf, label: Zero forcing}
            - {id: lmmse, label: LMMSE}
            - {id: decision-feedback, label: Decision feedback}
            - {id: box-pgd, label: Projected gradient}
            - {id: learned-pgd, label: "Projected gradient, learned steps"}
            - {id: mimo-amp, label: AMP}
            - {id: detnet, label: DetNet, settings: {epochs: 3000, batch: 250, rate: 0.004, residual: 0.5}}

      presets:
        smoke: {}
        quick: {}
        full: {}
      """
  )
}
