package import Studies

extension StudyDescription {
  /// Recovery of filters from spike counts.
  package static let dcea = StudyDescription(
    id: "dcea",
    file: """
      study: dcea
      title: Filters from spike counts, by an autoencoder and by alternating minimisation
      claim: >
        From binomial counts alone, started near the truth (an error of 0.6), the autoencoder finds all three filters with an error
        below 0.1, as alternating minimisation does, once its codes are refitted without the penalty that shrinks them; without a
        refit filters take up what shrinking leaves. The seconds of each training are in the table of the methods.
      references: [tolooshams2020dcea, garciacardona2018cdl, lozano2011omp]
      seed: 1

      scenario: {id: spike-counts, noise: binomial, trials: 30, length: 500, filters: 3, taps: 50, events: 3, start_error: 0.6}
      axes: {inference.epoch: [1, 2, 5, 10, 15]}
      item_block: 50
      stop: {maximum_trials: 200}
      replicates: 3
      training: {size: 1000, validation: 100}
      methods:
        - {id: dcea, label: DCEA, settings: {layers: 250, epochs: 15, penalty: 20, refitting: 50, distance: 3}}
        - {id: dcea, label: "DCEA, no refit", settings: {layers: 250, epochs: 15}}
        - {id: fista-cdl, label: FISTA-CDL, settings: {iterations: 250, epochs: 15, penalty: 20, refitting: 50, distance: 3}}
        - {id: omp-cdl, label: OMP-CDL, settings: {nonzeros: 9, epochs: 15}}

      parts:
        - {id: epochs, title: "Series of 500 samples, 30 trials", paths: {}}
        - id: training-size
          title: "After 15 passes over so many series"
          axes: {train_size: [50, 200, 1000]}
          methods:
            - {id: dcea, label: DCEA, settings: {layers: 250, epochs: 15, penalty: 20, refitting: 50, distance: 3}}
            - {id: fista-cdl, label: FISTA-CDL, settings: {iterations: 250, epochs: 15, penalty: 20, refitting: 50, distance: 3}}
            - {id: omp-cdl, label: OMP-CDL, settings: {nonzeros: 9, epochs: 15}}

      claims:
        - {kind: value-at-most, part: epochs, presets: [full], method: DCEA, metric: filter_error, at: {inference.epoch: 15}, value: 0.1}
        - {kind: value-at-most, part: epochs, presets: [quick], method: DCEA, metric: filter_error, at: {inference.epoch: 10}, value: 0.1}
        - {kind: value-at-most, part: epochs, presets: [quick, full], method: OMP-CDL, metric: filter_error, at: {inference.epoch: 10}, value: 0.1}
        - {kind: value-at-most, part: epochs, presets: [smoke], method: DCEA, metric: filter_error, at: {inference.epoch: 12}, value: 0.1}
        - {kind: value-at-most, part: training-size, method: DCEA, metric: filter_error, at: {train_size: 1000}, value: 0.1}

      presets:
        smoke:
          scenario: {noise: gaussian, variance: 0.25, baseline: 0, least_amplitude: 4, largest_amplitude: 8, length: 120, taps: 16, filters: 2, events: 2, start_error: 0.5}
          axes: {inference.epoch: [1, 12]}
          replicates: 1
          training: {size: 300, validation: 30}
          methods:
            - {id: dcea, label: DCEA, settings: {layers: 60, epochs: 12, rate: 0.02, noise: gaussian, variance: 0.25, length: 120}}
            - {id: omp-cdl, label: OMP-CDL, settings: {nonzeros: 4, epochs: 12, noise: gaussian, variance: 0.25, length: 120}}
          parts: {training-size: null}
        quick:
          axes: {inference.epoch: [1, 2, 5, 10]}
          replicates: 1
          training: {size: 300, validation: 50}
          methods:
            - {id: dcea, label: DCEA, settings: {layers: 100, epochs: 10, rate: 0.02, penalty: 20, refitting: 50, distance: 3}}
            - {id: dcea, label: "DCEA, no refit", settings: {layers: 100, epochs: 10, rate: 0.02}}
            - {id: fista-cdl, label: FISTA-CDL, settings: {iterations: 100, epochs: 10, penalty: 20, refitting: 50, distance: 3}}
            - {id: omp-cdl, label: OMP-CDL, settings: {nonzeros: 9, epochs: 10}}
          parts: {training-size: null}
        full: {}
      """
  )
}
