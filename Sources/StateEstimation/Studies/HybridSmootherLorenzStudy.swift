package import Studies

extension StudyDescription {
  /// Smoothers of the Lorenz attractor that are told series of low order.
  package static let hybridSmootherLorenz = StudyDescription(
    id: "hybrid-smoother-lorenz",
    file: """
      study: hybrid-smoother-lorenz
      title: The hybrid smoother on the Lorenz attractor, told Taylor series of order 0, 1, 2
      claim: >
        The truth moves in continuous time and is seen every 0.05 s with variance 0.25. Told a Taylor series of order 1 or 2, the hybrid is
        below message passing and below its graph network alone at every number of training samples from 1,000 up; with order 0 the model
        says only that the state stays where it is. How a recurrent network compares is told as it falls.
      references: [satorras2019]
      seed: 1

      scenario: {id: state-space, model: lorenz, continuous: true, time_step: 0.05, snr: 6.0206, told_process_deviation: 1, initial_deviation: 1, time: 1000}
      item_block: 1
      stop: {maximum_trials: 12}
      training: {size: 1}
      axes: {training.time: [100, 1000, 10000, 100000]}

      methods:
        - {id: message-passing, label: Observations, settings: {iterations: 0, model: lorenz}}
        - id: rts
          label: "RTS smoother, order 1, best deviation"
          settings: {model: lorenz, time_step: 0.05, taylor_order: 1}
          search: {items: 6, settings: {process_factor: [0.1, 0.2, 0.3, 0.45, 0.7, 1, 1.5, 2.25, 4]}}
        - id: rts
          label: "RTS smoother, order 2, best deviation"
          settings: {model: lorenz, time_step: 0.05, taylor_order: 2}
          search: {items: 6, settings: {process_factor: [0.1, 0.2, 0.3, 0.45, 0.7, 1, 1.5, 2.25, 4]}}
        - id: message-passing
          label: "Message passing, order 0, best deviation"
          settings: {model: lorenz, time_step: 0.05, taylor_order: 0}
          search: {items: 6, settings: {step_size: [0.005, 0.02], process_factor: [2, 3, 4, 6, 10, 30]}}
        - id: message-passing
          label: "Message passing, order 1, best deviation"
          settings: {model: lorenz, time_step: 0.05, taylor_order: 1}
          search: {items: 6, settings: {step_size: [0.005, 0.02], process_factor: [0.2, 0.45, 0.7, 1, 1.5, 2.25]}}
        - id: message-passing
          label: "Message passing, order 2, best deviation"
          settings: {model: lorenz, time_step: 0.05, taylor_order: 2}
          search: {items: 6, settings: {step_size: [0.005, 0.02], process_factor: [0.2, 0.45, 0.7, 1, 1.5, 2.25]}}
        - {id: graph-smoother, label: Graph network alone, settings: {step_size: 0.005, evidence: levels}}
        - id: gru-smoother
          label: Recurrent network
          settings: {evidence: levels}
          search: {items: 6, at: {training.time: 10000}, settings: {hidden: [32, 64, 128], rate: [0.001, 0.003]}}
        - {id: hybrid-smoother, label: "Hybrid smoother, order 0", settings: {model: lorenz, time_step: 0.05, taylor_order: 0, step_size: 0.005, process_factor: 4, evidence: levels}}
        - {id: hybrid-smoother, label: "Hybrid smoother, order 1", settings: {model: lorenz, time_step: 0.05, taylor_order: 1, step_size: 0.005, process_factor: 0.7, evidence: levels}}
        - {id: hybrid-smoother, label: "Hybrid smoother, order 2", settings: {model: lorenz, time_step: 0.05, taylor_order: 2, step_size: 0.005, process_factor: 0.7, evidence: levels}}

      claims:
        - {kind: matches-row, method: Observations, within: 0.1, at: {training.time: 1000}, values: {1000: "-6.02"}}
        - {kind: below, presets: [quick], method: "Hybrid smoother, order 1", reference: "Message passing, order 1, best deviation", at: {training.time: 1000}}
        - {kind: below, presets: [full], method: "Hybrid smoother, order 1", reference: "Message passing, order 1, best deviation", at: {training.time: [1000, 10000, 100000]}}
        - {kind: below, presets: [quick], method: "Hybrid smoother, order 1", reference: Graph network alone, at: {training.time: 1000}}
        - {kind: below, presets: [full], method: "Hybrid smoother, order 1", reference: Graph network alone, at: {training.time: [1000, 10000, 100000]}}
        - {kind: below, presets: [quick], method: "Hybrid smoother, order 2", reference: "Message passing, order 2, best deviation", at: {training.time: 1000}}
        - {kind: below, presets: [full], method: "Hybrid smoother, order 2", reference: "Message passing, order 2, best deviation", at: {training.time: [1000, 10000, 100000]}}
        - {kind: below, presets: [quick], method: "Hybrid smoother, order 2", reference: Graph network alone, at: {training.time: 1000}}
        - {kind: below, presets: [full], method: "Hybrid smoother, order 2", reference: Graph network alone, at: {training.time: [1000, 10000, 100000]}}
        - {kind: below, presets: [smoke], method: "Hybrid smoother, order 2", reference: Graph network alone}

      presets:
        smoke:
          scenario: {time: 300}
          stop: {maximum_trials: 4}
          axes: {training.time: [1000]}
          methods:
            "RTS smoother, order 1, best deviation": {search: null, settings: {process_factor: 0.7}}
            "RTS smoother, order 2, best deviation": {search: null, settings: {process_factor: 0.7}}
            "Message passing, order 0, best deviation": {search: null, settings: {process_factor: 4, step_size: 0.02}}
            "Message passing, order 1, best deviation": {search: null, settings: {process_factor: 1, step_size: 0.02}}
            "Message passing, order 2, best deviation": {search: null, settings: {process_factor: 1, step_size: 0.02}}
            Graph network alone: {settings: {hidden: 12, iterations: 40, least_steps: 60, window: 250}}
            Recurrent network: {search: null, settings: {hidden: 16, least_steps: 60}}
            "Hybrid smoother, order 0": {settings: {hidden: 12, iterations: 40, least_steps: 60, window: 250}}
            "Hybrid smoother, order 1": {settings: {hidden: 12, iterations: 40, least_steps: 60, window: 250}}
            "Hybrid smoother, order 2": {settings: {hidden: 12, iterations: 40, least_steps: 60, window: 250}}
        quick:
          scenario: {time: 500}
          axes: {training.time: [1000]}
          stop: {maximum_trials: 8}
          methods:
            Graph network alone: {settings: {window: 250, least_steps: 120, epochs: 1}}
            Recurrent network: {search: null, settings: {least_steps: 200}}
            "Hybrid smoother, order 0": {settings: {window: 250, least_steps: 120, epochs: 1}}
            "Hybrid smoother, order 1": {settings: {window: 250, least_steps: 120, epochs: 1}}
            "Hybrid smoother, order 2": {settings: {window: 250, least_steps: 120, epochs: 1}}
        full:
          replicates: 3
      """
  )
}
