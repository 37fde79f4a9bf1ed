package import Studies

extension StudyDescription {
  /// One denoiser for every operator, beside tuned classical priors and networks for one operator.
  package static let plugAndPlay = StudyDescription(
    id: "plug-and-play",
    file: """
      study: plug-and-play
      title: One denoiser for every operator
      claim: >
        A denoiser trained on images alone, in the place of the prior, beats tuned total variation and wavelets on at least
        three of four operators (deblurring, inpainting, compressed sensing, undersampled Fourier) without new training; the
        iteration stands still. A network trained end to end for one operator wins or ties on its own operator and loses
        when the operator changes.
      references: [venkatakrishnan2013pnp, ryu2019pnp, zhang2021dpir, romano2017red]
      seed: 1

      scenario: {id: images, height: 64, width: 64, noise_deviation: 0.01, blur: 1.6, keep: 0.35}
      item_block: 4
      stop: {maximum_trials: 24}
      training: {size: 1200, redraw: true, scenario: {problem: 1}}

      parts:
        - id: operators
          title: Four operators
          axes: {problem: [1, 2, 3, 4]}
          methods:
            - id: tikhonov
              label: tuned Tikhonov
              search: {items: 8, at: {problem: [1, 2, 3, 4]}, settings: {penalty: [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1]}}
            - id: wavelet
              label: tuned wavelet
              settings: {shifts: 8, iterations: 200, tolerance: 0}
              search: {items: 8, at: {problem: [1, 2, 3, 4]}, settings: {penalty: [0.0003, 0.001, 0.002, 0.004, 0.008, 0.016, 0.03]}}
            - id: tv
              label: tuned TV
              settings: {iterations: 300, tolerance: 0}
              search: {items: 8, at: {problem: [1, 2, 3, 4]}, settings: {penalty: [0.0003, 0.001, 0.002, 0.004, 0.008, 0.016, 0.03]}}
            - {id: plug-and-play, label: plug-and-play, settings: {tolerance: 0, patches: 3200, batch: 16, epochs: 20}}
            - {id: unet, label: "U-Net for blur", settings: {margin: 8, epochs: 60, batch: 8, rate: 0.003}}
        - id: iterations
          title: Deblurring by iteration
          scenario: {problem: 1}
          axes: {inference.stop_after: [1, 2, 4, 8, 16, 24, 40, 60]}
          stop: {maximum_trials: 8}
          methods:
            - {id: tv, label: TV, settings: {penalty: 0.001, iterations: 1000}}
            - {id: wavelet, label: wavelet, settings: {penalty: 0.001, shifts: 8, iterations: 1000}}
            - {id: plug-and-play, label: "plug-and-play, ADMM", settings: {algorithm: admm, iterations: 1000, patches: 3200, batch: 16, epochs: 20}}
            - {id: plug-and-play, label: "plug-and-play, gradient", settings: {algorithm: pgd, iterations: 1000, patches: 3200, batch: 16, epochs: 20}}
            - {id: plug-and-play, label: "plug-and-play, RED", settings: {algorithm: red, iterations: 1000, patches: 3200, batch: 16, epochs: 20}}
        - id: changed
          title: Another blur than the one trained for
          scenario: {problem: 1}
          axes: {blur: [0.8, 1.2, 1.6, 2, 2.6]}
          training: {scenario: {problem: 1, blur: 1.6}}
          mismatch: blur
          paths: {at: {blur: 2.6}}
          methods:
            - {id: tv, label: TV, settings: {penalty: 0.001, iterations: 300, tolerance: 0}}
            - {id: plug-and-play, label: plug-and-play, settings: {tolerance: 0, patches: 3200, batch: 16, epochs: 20}}
            - {id: unrolled-plug-and-play, label: "unrolled for blur 1.6", settings: {layers: 5, features: 24, epochs: 10}}
            - {id: unet, label: "U-Net for blur 1.6", settings: {margin: 8, epochs: 60, batch: 8, rate: 0.003}}

      claims:
        - {kind: below, part: operators, metric: psnr, method: tuned TV, reference: plug-and-play, at: {problem: 1}}
        - {kind: below, part: operators, metric: psnr, method: tuned TV, reference: plug-and-play, at: {problem: 2}}
        - {kind: below, part: operators, metric: psnr, method: tuned TV, reference: plug-and-play, at: {problem: 3}}
        - {kind: below, part: operators, metric: psnr, method: tuned TV, reference: plug-and-play, at: {problem: 4}}
        - {kind: below, part: operators, metric: psnr, method: tuned wavelet, reference: plug-and-play, at: {problem: 1}}
        - {kind: below, part: operators, metric: psnr, method: tuned wavelet, reference: plug-and-play, at: {problem: 2}}
        - {kind: below, part: operators, metric: psnr, method: tuned wavelet, reference: plug-and-play, at: {problem: 3}}
        - {kind: below, part: operators, metric: psnr, method: tuned wavelet, reference: plug-and-play, at: {problem: 4}}
        - {kind: value-at-most, part: operators, metric: residual, method: plug-and-play, value: 0.002}
        - {kind: ratio-at-least, part: changed, metric: psnr, method: "U-Net for blur 1.6", reference: plug-and-play, at: {blur: 1.6}, value: 0.99}
        - {kind: below, part: changed, metric: psnr, method: "U-Net for blur 1.6", reference: plug-and-play, at: {blur: [0.8, 2.6]}}

      presets:
        smoke:
          scenario: {height: 32, width: 32}
          training: {size: 100}
          stop: {maximum_trials: 4}
          parts:
            operators: null
            iterations: null
            changed:
              axes: {blur: [1.6, 2.6]}
              methods:
                - {id: tv, label: TV, settings: {penalty: 0.001, iterations: 60, tolerance: 0}}
                - {id: plug-and-play, label: plug-and-play, settings: {layers: 3, features: 12, patches: 640, patch: 24, batch: 8, epochs: 12, rate: 0.003, iterations: 16, annealing: 8, tolerance: 0}}
                - {id: unet, label: "U-Net for blur 1.6", settings: {features: 8, levels: 1, epochs: 10}}
        quick:
          scenario: {height: 48, width: 48}
          training: {size: 400}
          stop: {maximum_trials: 4}
          parts:
            operators:
              methods:
                tuned Tikhonov: {search: {items: 4, settings: {penalty: [0.001, 0.01, 0.1]}}}
                tuned wavelet: {settings: {shifts: 4, iterations: 60}, search: {items: 4, settings: {penalty: [0.001, 0.003, 0.01]}}}
                tuned TV: {settings: {iterations: 150}, search: {items: 4, settings: {penalty: [0.001, 0.003, 0.01]}}}
                plug-and-play: {settings: {layers: 5, features: 24, patches: 1600, batch: 8, epochs: 8, rate: 0.002, iterations: 48}}
                "U-Net for blur": {settings: {features: 16, epochs: 60, batch: 8, rate: 0.003}}
            iterations: null
            changed:
              axes: {blur: [0.8, 1.6, 2.6]}
              methods:
                plug-and-play: {settings: {layers: 5, features: 24, patches: 1600, batch: 8, epochs: 8, rate: 0.002, iterations: 48}}
                "unrolled for blur 1.6": null
                "U-Net for blur 1.6": {settings: {features: 16, epochs: 60, batch: 8, rate: 0.003}}
        full: {}
      """
  )
}
