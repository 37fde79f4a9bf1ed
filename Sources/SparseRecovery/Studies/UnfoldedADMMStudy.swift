package import Studies

extension StudyDescription {
  /// Unfolded ADMM beside ADMM tuned for as many iterations, in the setting of the monograph.
  package static let unfoldedADMM = StudyDescription(
    id: "unfolded-admm",
    file: """
      study: unfolded-admm
      title: ADMM with parameters learned for each of a few iterations
      claim: >
        Four numbers an iteration, learned from 1,000 signals, bring ADMM after T iterations to at most 1.1 times the published
        test losses 0.104, 0.0394, 0.0250, 0.0188, 0.0154, 0.0138 at T = 1, 3, ..., 11 (over five dictionaries), and below ADMM
        with one penalty and one coupling tuned for the same T.
      references: [shlezinger2022mbopt, boyd2011admm]
      seed: 1

      scenario: {id: sparse-linear, measurements: 150, unknowns: 200, signal: k-sparse, nonzeros: 4, variance: 0.25, noise_deviation: 0.01}
      axes: {dictionary: [1, 2, 3, 4, 5]}
      item_block: 500
      stop: {maximum_trials: 5000}
      training: {size: 1000}
      methods:
        - {id: unfolded-admm, label: "unfolded, T = 1", settings: {layers: 1, rate: 0.02, epochs: 60, coupling: 0.1, measurements: 150, unknowns: 200}}
        - {id: unfolded-admm, label: "unfolded, T = 3", settings: {layers: 3, rate: 0.02, epochs: 60, coupling: 0.1, measurements: 150, unknowns: 200}}
        - {id: unfolded-admm, label: "unfolded, T = 5", settings: {layers: 5, rate: 0.02, epochs: 60, coupling: 0.1, measurements: 150, unknowns: 200}}
        - {id: unfolded-admm, label: "unfolded, T = 7", settings: {layers: 7, rate: 0.02, epochs: 60, coupling: 0.1, measurements: 150, unknowns: 200}}
        - {id: unfolded-admm, label: "unfolded, T = 9", settings: {layers: 9, rate: 0.02, epochs: 60, coupling: 0.1, measurements: 150, unknowns: 200}}
        - {id: unfolded-admm, label: "unfolded, T = 11", settings: {layers: 11, rate: 0.02, epochs: 60, coupling: 0.1, measurements: 150, unknowns: 200}}
        - {id: unfolded-admm, label: "unfolded with matrices, T = 5", settings: {layers: 5, learn: matrices, rate: 0.001, epochs: 40, coupling: 0.3, penalty: 0.05, measurements: 150, unknowns: 200}}
        - id: admm
          label: "tuned ADMM, T = 1"
          settings: {stop_after: 1, measurements: 150, unknowns: 200}
          search: {items: 1000, settings: {penalty: [0.003, 0.01, 0.03, 0.1], coupling: [0.03, 0.1, 0.3, 1]}}
        - id: admm
          label: "tuned ADMM, T = 3"
          settings: {stop_after: 3, measurements: 150, unknowns: 200}
          search: {items: 1000, settings: {penalty: [0.003, 0.01, 0.03, 0.1], coupling: [0.03, 0.1, 0.3, 1]}}
        - id: admm
          label: "tuned ADMM, T = 5"
          settings: {stop_after: 5, measurements: 150, unknowns: 200}
          search: {items: 1000, settings: {penalty: [0.003, 0.01, 0.03, 0.1], coupling: [0.03, 0.1, 0.3, 1]}}
        - id: admm
          label: "tuned ADMM, T = 7"
          settings: {stop_after: 7, measurements: 150, unknowns: 200}
          search: {items: 1000, settings: {penalty: [0.003, 0.01, 0.03, 0.1], coupling: [0.03, 0.1, 0.3, 1]}}
        - id: admm
          label: "tuned ADMM, T = 9"
          settings: {stop_after: 9, measurements: 150, unknowns: 200}
          search: {items: 1000, settings: {penalty: [0.003, 0.01, 0.03, 0.1], coupling: [0.03, 0.1, 0.3, 1]}}
        - id: admm
          label: "tuned ADMM, T = 11"
          settings: {stop_after: 11, measurements: 150, unknowns: 200}
          search: {items: 1000, settings: {penalty: [0.003, 0.01, 0.03, 0.1], coupling: [0.03, 0.1, 0.3, 1]}}

      parts:
        - {id: monograph, title: "150 x 200, four non-zeros, noise 0.01"}

      claims:
        - {kind: value-at-most, method: "unfolded, T = 1", metric: squared_error, over: mean, value: 0.1144}
        - {kind: value-at-most, method: "unfolded, T = 3", metric: squared_error, over: mean, value: 0.04334}
        - {kind: value-at-most, method: "unfolded, T = 5", metric: squared_error, over: mean, value: 0.0275}
        - {kind: value-at-most, method: "unfolded, T = 7", metric: squared_error, over: mean, value: 0.02068}
        - {kind: value-at-most, method: "unfolded, T = 9", metric: squared_error, over: mean, value: 0.01694}
        - {kind: value-at-most, method: "unfolded, T = 11", metric: squared_error, over: mean, value: 0.01518}
        - {kind: below, method: "unfolded, T = 1", reference: "tuned ADMM, T = 1"}
        - {kind: below, method: "unfolded, T = 3", reference: "tuned ADMM, T = 3"}
        - {kind: below, method: "unfolded, T = 5", reference: "tuned ADMM, T = 5"}
        - {kind: below, method: "unfolded, T = 7", reference: "tuned ADMM, T = 7"}
        - {kind: below, method: "unfolded, T = 9", reference: "tuned ADMM, T = 9"}
        - {kind: below, method: "unfolded, T = 11", reference: "tuned ADMM, T = 11"}

      presets:
        smoke:
          axes: {dictionary: [1]}
          stop: {maximum_trials: 500}
          item_block: 50
          methods:
            - {id: unfolded-admm, label: "unfolded, T = 3", settings: {layers: 3, rate: 0.02, epochs: 60, coupling: 0.1, measurements: 150, unknowns: 200}}
            - id: admm
              label: "tuned ADMM, T = 3"
              settings: {stop_after: 3, measurements: 150, unknowns: 200}
              search: {items: 200, settings: {penalty: [0.01, 0.03], coupling: [0.1, 0.3]}}
        quick:
          axes: {dictionary: [1]}
          stop: {maximum_trials: 2000}
          item_block: 200
        full: {}
      """
  )
}
