internal import ImageRestoration
internal import Studies
internal import Tensors

extension Benchmark {
  /// Restoration of images of 256 by 256, blurred with a deviation of 1.6 pixels, noise 0.01; an item is an image.
  ///
  /// Iterative methods make 100 iterations. `Benchmarks/peers/restoration_deepinv.py` does the same.
  static var restoration: [Benchmark] {
    let iterations: [String: SettingValue] = ["stop_after": .integer(100)]
    let total = iterations.merging(["penalty": .number(0.002)]) { $1 }
    let sparse = iterations.merging([
      "penalty": .number(0.002), "coupling": .number(0.02),
      "wavelet": .text(Wavelet.daubechies8.rawValue),
    ]) { $1 }
    return [
      restored(ClassicalImageMethods.totalVariation, total, batch: 1),
      restored(ClassicalImageMethods.wavelet, sparse, batch: 1),
      restored(ClassicalImageMethods.totalVariation, total, batch: 8, threads: 2),
    ]
  }

  /// Inference as `graybox infer` runs it, arrays in memory.
  private static func restored(
    _ method: MethodDescription,
    _ given: [String: SettingValue],
    batch: Int,
    threads: Int = 1
  ) -> Benchmark {
    Benchmark("\(method.id)-infer", batch: batch, threads: threads, repeats: 5) {
      let scenario = ImageScenario.description
      let world = try Settings(
        ["height": .integer(256), "width": .integer(256)],
        for: scenario.settings,
        owner: scenario.id
      )
      let arrays = try scenario.draw(world, .test, batch, RandomStream(seed: 1))
      let settings = try Settings(given, for: method.settings, owner: method.id)
      let prepared = try method.prepare(settings, nil)
      let pool = threads > 1 ? WorkerPool(threads: threads) : .serial
      var result = InferenceResult(arrays: ArrayBundle())
      return Work {
        result = try prepared.infer(arrays, pool: pool)
      } findings: {
        guard let metric = ImageTask.description.metrics.first(where: { $0.id == "psnr" }),
          let count = try? metric.measure(result.arrays, arrays)
        else { return [] }
        return [(metric.id, count.sum / count.reference)]
      }
    }
  }
}
