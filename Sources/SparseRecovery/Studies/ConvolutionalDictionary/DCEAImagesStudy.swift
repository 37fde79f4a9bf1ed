package import Studies

extension StudyDescription {
  /// Denoising of Poisson images, with few parameters and with many.
  package static let dceaImages = StudyDescription(
    id: "dcea-images",
    file: """
      study: dcea-images
      title: Images of Poisson counts, by an autoencoder of few parameters
      claim: >
        At peaks of 1, 2 and 4 counts the autoencoder, tied (20,618 parameters) or not (61,516), ends within 0.3 dB of or above a
        plain convolutional network with ten times the parameters of the first, trained on the same images as long by the clock.
        The paper trains on 5,717 photographs for 400 epochs; here patches are drawn anew in each pass. Give folders of photographs as
        `images` and `training_images` of the scenario.
      references: [tolooshams2020dcea]
      seed: 1

      scenario: {id: poisson-images, height: 96, width: 96}
      axes: {peak: [1, 2, 4]}
      item_block: 10
      stop: {maximum_trials: 60}
      training: {size: 1000, redraw: true, validation: 100, scenario: {height: 46, width: 46}}
      methods:
        - {id: dcea-images, label: "DCEA, tied", settings: {epochs: 60, batch: 8, height: 96, width: 96}}
        - {id: dcea-images, label: "DCEA, untied", settings: {encoder: untied, epochs: 60, batch: 8, height: 96, width: 96}}
        - {id: count-network, label: "Network, 223,000 parameters", settings: {channels: 64, layers: 8, epochs: 15, height: 96, width: 96}}
        - {id: count-network, label: "Network, 20,000 parameters", settings: {channels: 24, layers: 6, epochs: 15, height: 96, width: 96}}

      parts:
        - {id: peaks, title: "Drawn images, each pixel a Poisson count", paths: {at: {peak: 4}}}

      claims:
        - {kind: ratio-at-most, part: peaks, method: "DCEA, tied", reference: "Network, 223,000 parameters", value: 1.0715}
        - {kind: ratio-at-most, part: peaks, method: "DCEA, untied", reference: "Network, 223,000 parameters", value: 1.0715}

      presets:
        smoke:
          scenario: {height: 24, width: 24}
          axes: {peak: [4]}
          item_block: 5
          stop: {maximum_trials: 10}
          training: {size: 60, validation: 20, redraw: false, scenario: {height: 23, width: 23}}
          methods:
            - {id: dcea-images, label: "DCEA, tied", settings: {filters: 24, side: 7, stride: 4, layers: 6, epochs: 6, rate: 0.01}}
            - {id: count-network, label: "Network, 20,000 parameters", settings: {channels: 8, layers: 3, epochs: 6, rate: 0.003}}
          claims: []
        quick:
          scenario: {height: 48, width: 48}
          axes: {peak: [4]}
          stop: {maximum_trials: 20}
          training: {size: 400, validation: 50, scenario: {height: 39, width: 39}}
          methods:
            - {id: dcea-images, label: "DCEA, tied", settings: {filters: 64, side: 7, stride: 4, layers: 10, epochs: 15, rate: 0.003, height: 48, width: 48}}
            - {id: count-network, label: "Network, 20,000 parameters", settings: {channels: 24, layers: 6, epochs: 6, rate: 0.002, height: 48, width: 48}}
          claims: []
        full: {}
      """
  )
}
