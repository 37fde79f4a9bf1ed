package import Studies

extension StudyDescription {
  /// Compressed sensing of handwritten figures: a generative prior beside the Lasso and a network for one operator.
  package static let csgm = StudyDescription(
    id: "csgm",
    file: """
      study: csgm
      title: Images from few measurements with a generative prior
      claim: >
        With a generator as the prior the error falls fast and is flat beyond about 100 measurements, where it is what the generator
        cannot express. With 25 and 50 measurements it is as good as the best Lasso with five times as many; with many measurements
        the Lasso wins. The settings are those of the published program (entries of variance 1, noise of 0.1 a
        measurement, penalty 0.1, 1000 steps of Adam at 0.01 from 10 starts); figures are made, in place of MNIST, unless a file in
        its layout is given (scenario.images).
      references: [bora2017csgm, kingma2014vae]
      seed: 1

      scenario: {id: digit-measurements, convention: unit-entries, noise_deviation: 0.1}
      axes: {measurements: [10, 25, 50, 100, 200, 300, 400, 500, 750]}
      item_block: 20
      stop: {maximum_trials: 100}
      paths: {at: {measurements: 100}}
      training: {size: 60000, validation: 2000}
      methods:
        - id: csgm
          label: Generative prior
          training: {scenario: {measurements: 1}}
          settings: {epochs: 60, batch: 100, rate: 0.001}
        - id: lasso
          label: "tuned Lasso, pixels"
          settings: {basis: pixel, iterations: 4000, tolerance: 0}
          search: {items: 10, at: {measurements: [10, 25, 50, 100, 200, 300, 400, 500, 750]}, settings: {penalty: [0.3, 1, 3, 10, 30, 100]}}
        - id: lasso
          label: "tuned Lasso, DCT"
          settings: {basis: dct, means: shrunk, iterations: 4000, tolerance: 0}
          search: {items: 10, at: {measurements: [10, 25, 50, 100, 200, 300, 400, 500, 750]}, settings: {penalty: [0.3, 1, 3, 10, 30, 100]}}
        - id: lasso
          label: "tuned Lasso, wavelet"
          settings: {basis: wavelet, wavelet: daubechies-4, levels: 2, means: shrunk, iterations: 4000, tolerance: 0}
          search: {items: 10, at: {measurements: [10, 25, 50, 100, 200, 300, 400, 500, 750]}, settings: {penalty: [0.3, 1, 3, 10, 30, 100]}}
        - id: measurement-decoder
          label: End-to-end network
          only: {measurements: [10, 25, 50]}
          settings: {epochs: 20}

      claims:
        - {kind: flat-within, metric: pixel_error, method: Generative prior, at: {measurements: [100, 500, 750]}, value: 2, sentence: "beyond 100 measurements the error of the generative prior changes by a factor of at most 2"}
        - {kind: with-fewer, metric: pixel_error, method: Generative prior, reference: "tuned Lasso, pixels", at: {measurements: [25, 50]}, value: 5}
        - {kind: with-fewer, metric: pixel_error, method: Generative prior, reference: "tuned Lasso, DCT", at: {measurements: [25, 50]}, value: 5}
        - {kind: with-fewer, metric: pixel_error, method: Generative prior, reference: "tuned Lasso, wavelet", at: {measurements: [25, 50]}, value: 5}
        - {kind: below, metric: pixel_error, method: "tuned Lasso, pixels", reference: Generative prior, at: {measurements: 750}}

      presets:
        smoke:
          axes: {measurements: [25, 125]}
          paths: {at: {measurements: 25}}
          item_block: 5
          stop: {maximum_trials: 10}
          training: {size: 1500, validation: 100}
          methods:
            - {id: csgm, label: Generative prior, training: {scenario: {measurements: 1}}, settings: {epochs: 15, hidden: [50], codes: 8, steps: 100, restarts: 2, search_rate: 0.05}}
            - {id: lasso, label: "tuned Lasso, pixels", settings: {basis: pixel, penalty: 10, iterations: 3000, tolerance: 0}}
        quick:
          axes: {measurements: [10, 25, 50, 100, 125, 250, 500, 750]}
          item_block: 2
          stop: {maximum_trials: 10}
          training: {size: 6000, validation: 300}
          methods:
            Generative prior: {settings: {epochs: 25, steps: 300, search_rate: 0.03, restarts: 3}}
            "tuned Lasso, pixels": {settings: {iterations: 3000}, search: {items: 3, at: {measurements: [10, 25, 50, 100, 125, 250, 500, 750]}, settings: {penalty: [3, 10, 30]}}}
            "tuned Lasso, DCT": {settings: {iterations: 3000}, search: {items: 3, at: {measurements: [10, 25, 50, 100, 125, 250, 500, 750]}, settings: {penalty: [3, 10, 30]}}}
            "tuned Lasso, wavelet": {settings: {iterations: 3000}, search: {items: 3, at: {measurements: [10, 25, 50, 100, 125, 250, 500, 750]}, settings: {penalty: [3, 10, 30]}}}
            End-to-end network: {settings: {epochs: 10}}
        full: {}
      """
  )
}
