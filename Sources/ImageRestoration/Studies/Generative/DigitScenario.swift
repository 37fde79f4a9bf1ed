// The operator is drawn from its own seed, row by row: training, validation, test and all points of an axis share its
// first rows.

internal import Autodiff
package import Studies
package import Tensors

/// The synthetic world of compressed images: Gaussian measurements of handwritten figures.
///
/// Arrays of a draw: `observations` `[count, m]`, `targets` `[count, 28, 28]`, `operator` `[m, 784]`, `noise_variance` `[]`, that of one
/// measurement. Two conventions, of which one is the other divided by `sqrt(m)`: `unit-entries`, where the operator's entries have
/// variance 1 and each measurement has noise of the given deviation; and `unit-columns`, where they have variance 1/m and the whole
/// noise vector has that norm (on average of squares).
package enum DigitScenario {
  package static let id = "digit-measurements"

  /// The description.
  package static let description = ScenarioDescription(
    id: id,
    task: ImageTask.id,
    summary: "Handwritten figures of 28 by 28 pixels through a Gaussian operator, with noise.",
    settings: settings,
    item: "image",
    axisLabels: [
      "measurements": .init(title: "measurements", unit: ""),
      "noise_deviation": .init(title: "standard deviation of the noise", unit: ""),
      "operator": .init(title: "operator", unit: ""),
    ],
    draw: { try draw($0, $1, $2, $3) }
  )

  static let settings: [SettingDescription] = [
    .init("measurements", .integer(1...10_000), standard: .integer(100), "rows of the operator"),
    .init(
      "convention",
      .choice(["unit-entries", "unit-columns"]),
      standard: .text("unit-entries"),
      "variance of the operator's entries: 1, or 1 over the measurements"
    ),
    .init(
      "noise_deviation",
      .number(0...1e6),
      standard: .number(0.1),
      "of one measurement with unit-entries, of the norm of all with unit-columns"
    ),
    .init(
      "operator",
      .integer(0...1_000_000_000),
      standard: .integer(1),
      "seed of the operator: the same for training, validation and test, and at all points"
    ),
    .init(
      "images",
      .text,
      standard: .text(""),
      "a file in the MNIST layout (train-images-idx3-ubyte) to draw from; figures are made when empty"
    ),
    .init(
      "test_images",
      .text,
      standard: .text(""),
      "such a file for validation and test; the last sixth of the other when empty"
    ),
  ]

  /// The operator of the settings, `[m, pixels]`.
  package static func operators(_ settings: Settings, pixels: Int) -> Tensor<Float> {
    let measurements = settings.integer("measurements")
    var stream = RandomStream(seed: UInt64(settings.integer("operator"))).derived("operator")
    let entries: Tensor<Float> = stream.normal([measurements, pixels])
    guard settings.text("convention") == "unit-columns" else { return entries }
    return entries * Float(1 / Double(measurements).squareRoot())
  }

  private static func draw(
    _ settings: Settings,
    _ purpose: ScenarioDescription.Purpose,
    _ count: Int,
    _ stream: RandomStream
  ) throws -> ArrayBundle {
    guard count >= 1 else { throw StudyError.invalid("\(id): cannot draw \(count) images") }
    let (images, extents) = try images(settings, purpose, count, stream.derived("images"))
    let operators = operators(settings, pixels: images.shape[1])
    let measurements = settings.integer("measurements")
    var deviation = settings.number("noise_deviation")
    if settings.text("convention") == "unit-columns" {
      deviation /= Double(measurements).squareRoot()
    }
    var observations = matmul(images, operators, transposeB: true)
    if deviation > 0 {
      var noise = stream.derived("noise")
      let normals: Tensor<Float> = noise.normal(observations.shape)
      observations = observations + normals * Float(deviation)
    }
    var bundle = ArrayBundle(source: "scenario \(id)")
    bundle["observations"] = .float(observations)
    bundle["targets"] = .float(images.viewed(as: [count] + extents))
    bundle["operator"] = .float(operators)
    bundle["noise_variance"] = .float(Tensor(Float(deviation * deviation)))
    return bundle
  }

  /// Figures that are made, or rows of a file in an order of their own.
  private static func images(
    _ settings: Settings,
    _ purpose: ScenarioDescription.Purpose,
    _ count: Int,
    _ stream: RandomStream
  ) throws -> (rows: Tensor<Float>, extents: [Int]) {
    let file = settings.text("images")
    guard !file.isEmpty else {
      let extent = HandwrittenDigits.extent
      return (HandwrittenDigits.drawn(count: count, from: stream).images, [extent, extent])
    }
    let other = settings.text("test_images")
    let isOther = purpose != .training && !other.isEmpty
    let path = isOther ? other : file
    let all = try IndexedArrayFile.read(path)
    guard all.rank == 3, all.count > 0 else {
      throw StudyError.badShape(
        array: "images",
        source: path,
        expected: "[count, rows, columns]",
        actual: all.shape
      )
    }
    let total = all.shape[0]
    let split = other.isEmpty ? total - total / 6 : total
    let allowed = isOther || purpose == .training ? 0..<split : split..<total
    guard count <= allowed.count else {
      throw StudyError.invalid(
        "\(path): \(count) images are asked for, \(allowed.count) are there for \(purpose.rawValue)"
      )
    }
    var stream = stream
    let order = stream.permutation(allowed.count).prefix(count).map { allowed.lowerBound + $0 }
    let pixels = all.count / total
    let rows = all.withScalars { source in
      Tensor<Float>(shape: [count, pixels]) { target in
        for (row, image) in order.enumerated() {
          for pixel in 0..<pixels {
            target[row * pixels + pixel] = source[image * pixels + pixel] / 255
          }
        }
      }
    }
    return (rows, Array(all.shape.dropFirst()))
  }
}
