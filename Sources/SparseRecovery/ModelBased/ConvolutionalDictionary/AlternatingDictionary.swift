// Goals: 1. alternating minimisation with any coder; 2. no number to tune in the update of the filters.

internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
internal import Synchronization
internal import Tensors

/// Learns filters by coding all series with the present ones, then fitting the filters to the codes, in turn.
///
/// The fit is convex in the filters: gradient steps on the mean of `-log p(x | mu_0 + H s)` with a step that doubles
/// after each success and is halved until the loss falls enough; then each filter is brought to unit length.
///
/// - SeeAlso: `garciacardona2018cdl`.
struct AlternatingDictionary {
  let law: ObservationLaw
  let baseline: Double
  /// Gradient steps on the filters after each coding.
  let updates: Int
  /// From filters and series to codes, `[batch, channels, places]`.
  let coder: @Sendable (_ filters: Tensor<Float>, _ series: Tensor<Float>) -> Tensor<Float>

  /// Makes passes over the series.
  ///
  /// - Parameters:
  ///   - series: `[batch, length]`.
  ///   - start: `[channels, taps]`.
  ///   - passes: how many.
  ///   - pool: codes chunks of series at the same time.
  ///   - watch: told the filters and the mean loss of each pass; true ends the learning.
  /// - Returns: the filters, of unit length.
  /// - Throws: what a recording throws.
  func learned(
    _ series: Tensor<Float>,
    from start: Tensor<Float>,
    passes: Int,
    pool: WorkerPool,
    watch: (Tensor<Float>, Double) -> Bool
  ) throws -> Tensor<Float> {
    var filters = unitRows(start)
    var step = 1.0
    for _ in 0..<passes {
      let current = filters
      let codes = Self.coded(series, pool: pool) { coder(current, $0) }
      let loss: Double
      (filters, loss) = try fitted(filters, codes, series, &step)
      if watch(filters, loss) { break }
    }
    return filters
  }

  /// Chunks by shape alone.
  static func coded(
    _ series: Tensor<Float>,
    pool: WorkerPool,
    _ coder: @Sendable @escaping (Tensor<Float>) -> Tensor<Float>
  ) -> Tensor<Float> {
    let count = series.shape[0]
    let rows = 32
    let chunks = (count + rows - 1) / rows
    let results = Mutex([Int: Tensor<Float>]())
    pool.forEach(count: chunks) { index in
      let codes = coder(series.sliced(axis: 0, (index * rows)..<min((index + 1) * rows, count)))
      results.withLock { $0[index] = codes }
    }
    let done = results.withLock { $0 }
    return concatenated((0..<chunks).compactMap { done[$0] }, axis: 0)
  }

  private func fitted(
    _ filters: Tensor<Float>,
    _ codes: Tensor<Float>,
    _ series: Tensor<Float>,
    _ step: inout Double
  ) throws -> (filters: Tensor<Float>, loss: Double) {
    let parameter = Parameter(filters)
    let recording = try Recording(
      inputs: ["codes": codes, "series": series],
      parameters: [parameter]
    ) { inputs in
      let natural =
        placedFilters(try inputs.named("codes"), parameter.value) + Float(baseline)
      return ["loss": law.loss(try inputs.named("series"), natural).mean()]
    }
    var loss = Double(try recording.scalar("loss"))
    for _ in 0..<updates {
      try recording.backward()
      let gradient = parameter.gradient
      let slope = Double(square(gradient).sum().scalar)
      guard slope > 0, slope.isFinite else { break }
      let here = parameter.value
      while true {
        parameter.set(here - gradient * Float(step))
        try recording.forward()
        let next = Double(try recording.scalar("loss"))
        if next <= loss - 0.5 * step * slope {
          loss = next
          step *= 2
          break
        }
        step /= 2
        guard step > 1e-12 else {
          parameter.set(here)
          return (unitRows(here), loss)
        }
      }
    }
    return (unitRows(parameter.value), loss)
  }
}
