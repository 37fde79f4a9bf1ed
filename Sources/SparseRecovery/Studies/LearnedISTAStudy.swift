package import Studies

extension StudyDescription {
  /// Five learned layers of ISTA beside tuned classical algorithms, in the setting of the monograph.
  package static let learnedISTA = StudyDescription(
    id: "learned-ista",
    file: """
      study: learned-ista
      title: Five layers of ISTA, learned
      claim: >
        Trained on 1,000 signals, five layers (learned steps, or LISTA with all of its matrices) end at a squared error of at most
        0.0095, where ISTA and FISTA with the penalty tuned for five iterations stay above ten times that, and tuned ISTA
        after fifty iterations is still above the learned five.
      references: [gregor2010lista, shlezinger2022mbopt]
      seed: 1

      scenario: {id: sparse-linear, measurements: 150, unknowns: 200, signal: k-sparse, nonzeros: 4, variance: 0.25, noise_deviation: 0.01}
      axes: {dictionary: [1, 2, 3, 4, 5]}
      item_block: 500
      stop: {maximum_trials: 5000}
      training: {size: 1000}
      methods:
        - {id: learned-ista, label: "learned steps, 5 layers", settings: {layers: 5, step_size: 1, penalty: 0.2, measurements: 150, unknowns: 200}}
        - {id: lista, label: "LISTA, 5 layers", settings: {layers: 5, step_size: 1, penalty: 0.2, warm_up: 40, epochs: 20, rate: 0.0001, measurements: 150, unknowns: 200}}
        - {id: lista-cp, label: "LISTA-CP, 5 layers", settings: {layers: 5, step_size: 1, penalty: 0.2, warm_up: 40, epochs: 20, rate: 0.0001, measurements: 150, unknowns: 200}}
        - id: ista
          label: "tuned ISTA, 5 iterations"
          settings: {stop_after: 5, measurements: 150, unknowns: 200}
          search: {items: 1000, settings: {penalty: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2]}}
        - id: ista
          label: "tuned ISTA, 50 iterations"
          settings: {stop_after: 50, measurements: 150, unknowns: 200}
          search: {items: 1000, settings: {penalty: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2]}}
        - id: fista
          label: "tuned FISTA, 5 iterations"
          settings: {stop_after: 5, measurements: 150, unknowns: 200}
          search: {items: 1000, settings: {penalty: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2]}}
        - id: fista
          label: "tuned FISTA, 50 iterations"
          settings: {stop_after: 50, measurements: 150, unknowns: 200}
          search: {items: 1000, settings: {penalty: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2]}}
        - {id: omp, label: OMP, settings: {measurements: 150, unknowns: 200}}
        - id: dense-sparse
          label: Dense network
          settings: {measurements: 150, unknowns: 200, epochs: 40}
          search: {settings: {hidden: [[200], [500], [500, 500]], rate: [0.0003, 0.001, 0.003]}, items: 1000}

      parts:
        - {id: monograph, title: "150 x 200, four non-zeros, noise 0.01"}
        - id: training-size
          title: Training signals
          axes: {train_size: [300, 1000, 10000, 100000]}
          methods:
            - {id: learned-ista, label: "learned steps, 5 layers", settings: {layers: 5, step_size: 1, penalty: 0.2, measurements: 150, unknowns: 200}}
            - {id: lista, label: "LISTA, 5 layers", settings: {layers: 5, step_size: 1, penalty: 0.2, warm_up: 40, epochs: 20, rate: 0.0001, measurements: 150, unknowns: 200}}
            - {id: dense-sparse, label: Dense network, settings: {measurements: 150, unknowns: 200, hidden: [500, 500], rate: 0.001, epochs: 30}}

      claims:
        - {kind: value-at-most, part: monograph, method: "LISTA, 5 layers", metric: squared_error, over: mean, value: 0.0095}
        - {kind: value-at-most, part: monograph, method: "learned steps, 5 layers", metric: squared_error, over: mean, value: 0.0095}
        - {kind: value-at-least, part: monograph, method: "tuned FISTA, 5 iterations", metric: squared_error, value: 0.095}
        - {kind: below, part: monograph, method: "LISTA, 5 layers", reference: "tuned ISTA, 50 iterations"}
        - {kind: below, part: monograph, method: "LISTA, 5 layers", reference: Dense network}

      presets:
        smoke:
          axes: {dictionary: [1]}
          stop: {maximum_trials: 500}
          item_block: 50
          methods:
            - {id: learned-ista, label: "learned steps, 5 layers", settings: {layers: 5, step_size: 1, penalty: 0.2, measurements: 150, unknowns: 200}}
            - id: fista
              label: "tuned FISTA, 5 iterations"
              settings: {stop_after: 5, measurements: 150, unknowns: 200}
              search: {items: 200, settings: {penalty: [0.01, 0.05, 0.2]}}
          parts: {training-size: null}
        quick:
          axes: {dictionary: [1]}
          stop: {maximum_trials: 2000}
          item_block: 200
          parts: {training-size: null}
        full: {}
      """
  )
}
