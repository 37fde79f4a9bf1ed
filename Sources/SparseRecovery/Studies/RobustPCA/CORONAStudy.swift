package import Studies

extension StudyDescription {
  /// Error of both parts by layer and iteration.
  package static let corona = StudyDescription(
    id: "corona",
    file: """
      study: corona
      title: Unfolded robust PCA of ultrasound sequences, error by layer
      claim: >
        Five layers of CORONA end at an error of both parts that accelerated proximal gradient, its penalties tuned for it, does not
        reach in fifty iterations, and below a residual network of three-dimensional convolutions trained on the same sequences.
        Of the classical algorithms, more iterations give less error.
      references: [solomon2019corona, lin2009apg, candes2011rpca]
      seed: 1

      scenario: {id: ultrasound-sequence, frames: 20, height: 32, width: 32, rank: 2, tissue: 10, noise_deviation: 0.1}
      axes: {inference.stop_after: [1, 2, 3, 4, 5, 10, 20, 50]}
      item_block: 20
      stop: {maximum_trials: 200}
      training: {size: 600, redraw: true, validation: 100}
      methods:
        - id: apg-rpca
          label: tuned APG
          search: {items: 40, at: {inference.stop_after: 50}, settings: {stop_after: [50], penalty: [0.5, 1, 2, 4, 8, 16], sparse_penalty: [0.05, 0.1, 0.2, 0.3, 0.4]}}
        - id: admm-rpca
          label: tuned ADMM
          search: {items: 40, at: {inference.stop_after: 50}, settings: {stop_after: [50], penalty: [0.5, 1, 2, 4, 8, 16], sparse_penalty: [0.05, 0.1, 0.2, 0.3, 0.4], coupling: [0.3, 1]}}
        - {id: corona, label: CORONA, settings: {epochs: 20, rate: 0.008}}
        - id: sequence-resnet
          label: 3-D residual network
          settings: {epochs: 12}
          search: {items: 100, settings: {rate: [0.001, 0.003]}}

      parts:
        - {id: layers, title: "Tissue of rank 2, 10 dB above the bubbles", paths: {at: {inference.stop_after: 50}}}

      claims:
        - {kind: below, part: layers, method: CORONA, reference: tuned APG, at: {inference.stop_after: 50}}
        - {kind: below, part: layers, method: CORONA, reference: tuned ADMM, at: {inference.stop_after: 50}}
        - {kind: below, part: layers, method: CORONA, reference: 3-D residual network, at: {inference.stop_after: 50}}
        - {kind: falls-with, part: layers, method: CORONA, axis: inference.stop_after, at: {inference.stop_after: [1, 2, 3, 4, 5]}}

      presets:
        smoke:
          scenario: {frames: 6, height: 10, width: 12, tissue: 0, rank: 1}
          axes: {inference.stop_after: [1, 5, 50]}
          stop: {maximum_trials: 40}
          training: {size: 80, validation: 20}
          methods:
            - {id: apg-rpca, label: tuned APG, settings: {penalty: 1, sparse_penalty: 0.1}}
            - {id: corona, label: CORONA, settings: {epochs: 60, batch: 4, rate: 0.003}}
        quick:
          scenario: {frames: 10, height: 20, width: 20}
          axes: {inference.stop_after: [1, 2, 3, 4, 5, 10, 50]}
          stop: {maximum_trials: 40}
          training: {size: 200, validation: 40}
          methods:
            - id: apg-rpca
              label: tuned APG
              search: {items: 20, at: {inference.stop_after: 50}, settings: {stop_after: [50], penalty: [1, 2, 4, 8], sparse_penalty: [0.1, 0.2, 0.3, 0.4]}}
            - id: admm-rpca
              label: tuned ADMM
              search: {items: 20, at: {inference.stop_after: 50}, settings: {stop_after: [50], penalty: [1, 2, 4, 8], sparse_penalty: [0.1, 0.2, 0.3, 0.4]}}
            - {id: corona, label: CORONA, settings: {epochs: 30, batch: 4, rate: 0.008}}
            - {id: sequence-resnet, label: 3-D residual network, settings: {epochs: 20, batch: 4, channels: 8, rate: 0.003}}
        full: {}
      """
  )
}
