package import Studies

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A made-up study with the shape of a real one, for figures and reports.
package enum MadeUpStudy {
  /// Labels, families and by what factor each is worse than the first at 10 dB.
  package static let methods: [(name: String, family: String, loss: Double, floor: Double)] = [
    ("Viterbi, perfect knowledge", "model-based", 0, 0),
    ("Viterbi, noisy knowledge", "model-based", 0.6, 2e-2),
    ("BCJR, perfect knowledge", "model-based", -0.05, 0),
    ("ViterbiNet", "hybrid", 0.15, 5e-5),
    ("ViterbiNet, noisy knowledge", "hybrid", 0.5, 4e-4),
    ("BCJRNet", "hybrid", 0.25, 1e-4),
    ("Sliding BRNN", "data-driven", 1.2, 2e-3),
    ("LSTM & <dense> window", "data-driven", 2, 8e-3),
  ]

  /// All rows.
  package static var table: ResultTable {
    var random = SplitMix(seed: 1)
    return ResultTable(
      snr(&random) + poisson(&random) + trainingSize(&random) + tracking(&random) + dots(&random)
    )
  }

  private static func rate(_ decibels: Double, loss: Double, floor: Double) -> Double {
    let amplitude = pow(10, (decibels - loss) / 20)
    return min(0.5, 0.62 * erfc(0.80 * amplitude * amplitude.squareRoot() / 1.05) + floor)
  }

  private static func row(
    _ scenario: String,
    _ method: (name: String, family: String),
    _ axis: String,
    _ x: Double,
    unit: String,
    replicate: Int = 0,
    rate: Double,
    blocks: Int,
    items: Int,
    _ random: inout SplitMix
  ) -> ResultRow {
    let trials = blocks * items
    let deviation = (3 * rate / Double(trials)).squareRoot()
    let errors = max(0, Int(((rate + deviation * random.normal()) * Double(trials)).rounded()))
    let value = Double(errors) / Double(trials)
    return ResultRow(
      study: "viterbinet",
      scenario: scenario,
      method: method.name,
      family: method.family,
      axis: axis,
      axisValue: x,
      axisUnit: unit,
      replicate: replicate,
      metric: "symbol_error_rate",
      value: value,
      lower: blocks > 1 ? max(0, value - 2 * deviation) : nil,
      upper: blocks > 1 ? value + 2 * deviation : nil,
      blocks: blocks,
      trials: trials,
      errors: errors,
      sum: Double(errors),
      sumOfSquares: Double(errors),
      referenceSum: Double(trials),
      stopReason: "target-errors",
      seconds: 1,
      seed: 7,
      config: "5eed"
    )
  }

  private static func snr(_ random: inout SplitMix) -> [ResultRow] {
    stride(from: -6.0, through: 10, by: 2).flatMap { decibels in
      methods.map { method in
        row(
          "isi-channel;noise=gaussian",
          (method.name, method.family),
          "snr",
          decibels,
          unit: "dB",
          rate: rate(decibels, loss: method.loss, floor: method.floor),
          blocks: 20,
          items: 5_000,
          &random
        )
      }
    }
  }

  private static func poisson(_ random: inout SplitMix) -> [ResultRow] {
    stride(from: 10.0, through: 26, by: 2).flatMap { decibels in
      methods.prefix(5).map { method in
        row(
          "isi-channel;noise=poisson",
          (method.name, method.family),
          "snr",
          decibels,
          unit: "dB",
          rate: rate(decibels - 12, loss: method.loss, floor: method.floor / 40),
          blocks: 20,
          items: 500,
          &random
        )
      }
    }
  }

  private static func trainingSize(_ random: inout SplitMix) -> [ResultRow] {
    let sizes: [Double] = [50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000]
    return sizes.flatMap { size in
      methods.flatMap { method -> [ResultRow] in
        let learns = method.family != "model-based"
        return (0..<(learns ? 5 : 1)).map { replicate in
          let excess = learns ? (1 + method.loss) * 1.5 * pow(size / 20, -0.75) : 0
          let spread = learns ? exp(0.35 * random.normal()) : 1
          let own = rate(6, loss: method.loss, floor: method.floor) + excess * spread * 0.3
          return row(
            "isi-channel;noise=gaussian;snr=6",
            (method.name, method.family),
            "train_size",
            size,
            unit: "symbols",
            replicate: replicate,
            rate: own,
            blocks: 20,
            items: 50_000,
            &random
          )
        }
      }
    }
  }

  private static func tracking(_ random: inout SplitMix) -> [ResultRow] {
    (1...100).flatMap { block in
      [0, 1, 3].map { index in
        let method = methods[index]
        let drift = 0.008 * (1 + 0.6 * sin(Double(block) / 9)) * (1 + 2 * method.loss)
        return row(
          "block-fading",
          (method.name, method.family),
          "block",
          Double(block),
          unit: "",
          rate: drift,
          blocks: 1,
          items: 2_000,
          &random
        )
      }
    }
  }

  private static func dots(_ random: inout SplitMix) -> [ResultRow] {
    methods.prefix(4).map { method in
      row(
        "block-fading;mean",
        (method.name, method.family),
        "snr",
        12,
        unit: "dB",
        rate: 0.012 * (1 + method.loss),
        blocks: 100,
        items: 2_000,
        &random
      )
    }
  }
}
