// After the simulation of tolooshams2020dcea: three filters of 50 samples, sparse events, binomial counts.
// Deviation: its filters are recorded shapes; these are smooth ones of our own, of either sign.

internal import Autodiff
package import Tensors

/// Series of counts (or normal observations) made by a few filters at a few places.
///
/// `x_t ~ p(. | mu_0 + sum_c sum_n h_c[t - n] s_c[n])`, `|h_c| = 1`, each filter at so many places of all series.
package struct SpikeCounts: Sendable {
  /// The law of the observations.
  package var law: ObservationLaw
  /// `mu_0`.
  package var baseline: Double
  /// Samples of a series.
  package var length: Int
  /// How many filters.
  package var filters: Int
  /// Samples of a filter.
  package var taps: Int
  /// Events of each filter in a series.
  package var events: Int
  /// Amplitudes are uniform in this range.
  package var amplitudes: ClosedRange<Double>

  /// A world of the given numbers.
  package init(
    law: ObservationLaw,
    baseline: Double,
    length: Int,
    filters: Int,
    taps: Int,
    events: Int,
    amplitudes: ClosedRange<Double>
  ) {
    self.law = law
    self.baseline = baseline
    self.length = length
    self.filters = filters
    self.taps = taps
    self.events = events
    self.amplitudes = amplitudes
  }

  /// What is drawn.
  package struct Draw {
    /// `[count, length]`.
    package var observations: Tensor<Float>
    /// The means, of the same shape.
    package var means: Tensor<Float>
    /// `[count, filters, length - taps + 1]`.
    package var codes: Tensor<Float>
  }

  /// The filters, `[filters, taps]`, of unit length: waves under a bell, another frequency and place each, more
  /// upwards than downwards.
  package func shapes(from stream: RandomStream) -> Tensor<Double> {
    var stream = stream.derived("filters")
    let numbers: Tensor<Double> = stream.uniform([filters, 3])
    let shapes = Tensor<Double>(shape: [filters, taps]) { target in
      for c in 0..<filters {
        let cycles = 2 + 1.5 * Double(c) + 0.5 * numbers[c, 0]
        let centre = 0.35 + 0.3 * numbers[c, 1]
        for k in 0..<taps {
          let u = (Double(k) + 0.5) / Double(taps)
          let bell = exponential(-(u - centre) * (u - centre) / 0.045) * 4 * u * (1 - u)
          target[c * taps + k] =
            bell * cosine(2 * Double.pi * (cycles * (u - centre) + numbers[c, 2]))
        }
        // Most of it upwards: downwards from a low rate there is little to see.
        let own = target[(c * taps)..<((c + 1) * taps)]
        if own.reduce(0, { $0 + $1 * $1.magnitude }) < 0 {
          for place in own.indices { target[place] = -target[place] }
        }
      }
    }
    return unitRows(shapes)
  }

  /// Filters at an error of `sqrt(1 - <h, h^>^2)` from given ones, each in a random direction.
  package static func near(
    _ filters: Tensor<Double>,
    error: Double,
    from stream: RandomStream
  ) -> Tensor<Double> {
    var stream = stream.derived("first filters")
    let noise: Tensor<Double> = stream.normal(filters.shape)
    let along = (noise * filters).sum(axis: 1, keepingAxis: true)
    let across = unitRows(noise - along * filters)
    return filters * (1 - error * error).squareRoot() + across * error
  }

  /// Draws series with given filters.
  package func drawn(_ shapes: Tensor<Double>, count: Int, from stream: RandomStream) -> Draw {
    let places = length - taps + 1
    let codes = Tensor<Float>(shape: [count, filters, places]) { target in
      target.update(repeating: 0)
      for item in 0..<count {
        var own = stream.derived("series", index: item)
        for c in 0..<filters {
          let amplitudes: Tensor<Double> = own.uniform([events])
          for (index, place) in own.integers(events, below: places).enumerated() {
            let range = self.amplitudes
            let size = range.lowerBound + (range.upperBound - range.lowerBound) * amplitudes[index]
            target[(item * filters + c) * places + place] += Float(size)
          }
        }
      }
    }
    let natural = placedFilters(codes, shapes.converted(to: Float.self)) + Float(baseline)
    let means = law.mean(natural)
    return Draw(
      observations: observed(means, stream.derived("observations")),
      means: means,
      codes: codes
    )
  }

  private func observed(_ means: Tensor<Float>, _ stream: RandomStream) -> Tensor<Float> {
    var stream = stream
    switch law {
    case .gaussian(let variance):
      let noise: Tensor<Float> = stream.normal(means.shape)
      return means + noise * Float(variance.squareRoot())
    case .poisson: return stream.poisson(means)
    case .binomial(let trials):
      let shares = means * Float(1 / Double(trials))
      var counts = Tensor<Float>.zeros(means.shape)
      for _ in 0..<trials {
        let uniform: Tensor<Float> = stream.uniform(means.shape)
        counts = counts + isLess(uniform, shares)
      }
      return counts
    }
  }
}
