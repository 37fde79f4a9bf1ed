internal import NeuralNetworks
internal import Studies
internal import Tensors

/// Images in `0...1` as rows, and what else a training needs of each, as a dataset.
struct ImageSets {
  let dataset: Dataset<Float>
  /// Rows and columns of an image.
  let imageExtents: [Int]
  /// Numbers of an observation; 0 where none are read.
  let measurements: Int
  /// Numbers of an image.
  var pixels: Int { imageExtents.reduce(1, *) }

  /// Reads arrays of a bundle.
  ///
  /// - Parameters:
  ///   - bundle: with `targets` in `0...1`.
  ///   - names: `targets`, and `observations` where they are learned from.
  ///   - range: the rows; all when nil.
  /// - Throws: ``StudyError`` for arrays that are missing or do not fit.
  init(_ bundle: ArrayBundle, names: [String], range: Range<Int>? = nil) throws {
    let images = try Self.images(in: bundle)
    let count = images.shape[0]
    imageExtents = Array(images.shape.dropFirst())
    var arrays = ["targets": images.viewed(as: [count, images.count / count])]
    if names.contains("observations") {
      let observations = try Self.observations(in: bundle)
      guard observations.shape[0] == count else {
        throw StudyError.badShape(
          array: "targets",
          source: bundle.source,
          expected: "[\(observations.shape[0])] + \(imageExtents), an image an observation",
          actual: images.shape
        )
      }
      arrays["observations"] = observations
    }
    measurements = arrays["observations"]?.shape[1] ?? 0
    guard let range, range.count < count else {
      dataset = try Dataset(arrays)
      return
    }
    dataset = try Dataset(
      arrays.mapValues { array in
        let width = array.shape[1]
        return array.withScalars {
          Tensor(
            Array($0[range.lowerBound * width..<range.upperBound * width]),
            shape: [range.count, width]
          )
        }
      }
    )
  }

  /// The first rows of a bundle.
  init(_ bundle: ArrayBundle, names: [String], rows: Int) throws {
    try self.init(bundle, names: names, range: 0..<rows)
  }

  /// Images, `[batch, height, width]`, in the range that networks with a sigmoid at the end can give.
  private static func images(in bundle: ArrayBundle) throws(StudyError) -> Tensor<Float> {
    let images = try ImageArrays.images("targets", in: bundle)
    guard images.withScalars({ $0.allSatisfy { 0...1 ~= $0 } }) else {
      throw .badNumbers(
        array: "targets",
        source: bundle.source,
        reason: "has numbers outside of 0 to 1; divide images of bytes by 255"
      )
    }
    return images
  }

  /// Observations of a dense operator, `[batch, measurements]`.
  static func observations(in bundle: ArrayBundle) throws(StudyError) -> Tensor<Float> {
    let observations = try ImageArrays.real("observations", in: bundle, as: Float.self)
    guard observations.rank == 2, observations.count > 0 else {
      throw .badShape(
        array: "observations",
        source: bundle.source,
        expected: "[batch, measurements]",
        actual: observations.shape
      )
    }
    return observations
  }

  /// Training and validation images of a request; a share of the training images is held out where none are given.
  static func datasets(_ request: TrainingRequest, names: [String]) throws
    -> (training: ImageSets, validation: ImageSets?)
  {
    if let given = request.validation {
      let training = try ImageSets(request.data, names: names)
      let held = try ImageSets(given, names: names)
      guard held.imageExtents == training.imageExtents,
        held.measurements == training.measurements
      else {
        throw StudyError.badShape(
          array: "targets",
          source: given.source,
          expected: "[batch] + \(training.imageExtents), as the training images",
          actual: [held.dataset.count] + held.imageExtents
        )
      }
      return (training, held)
    }
    let count = try images(in: request.data).shape[0]
    let (learned, heldOut) = request.parts(of: count)
    return (
      try ImageSets(request.data, names: names, range: learned),
      try heldOut.map { try ImageSets(request.data, names: names, range: $0) }
    )
  }

  // MARK: models of rows

  /// The tensor of a model file that keeps rows and columns of an image.
  private static let extentsName = "image_extents"

  /// A model with the extents of the images it was trained on.
  func completed(_ result: TrainingResult) -> TrainingResult {
    var result = result
    result.model.tensors[Self.extentsName] = .float(Tensor(imageExtents.map { Float($0) }))
    return result
  }

  /// Rows and columns of the images that a model was trained on.
  static func extents(in model: ModelFile) -> [Int]? {
    guard let kept = model.tensors[extentsName]?.float, kept.count == 2 else { return nil }
    return kept.scalars.map { Int($0) }
  }

  /// A model's tensors without those extents.
  static func network(in model: ModelFile) -> [String: NumericArray] {
    model.tensors.filter { $0.key != extentsName }
  }

  /// The extents from which parameters and operations are counted.
  static let extents: [SettingDescription] = [
    .init(
      "measurements",
      .integer(1...1_000_000),
      standard: .integer(100),
      "rows of the operator, to count parameters and operations; computing takes the arrays' own"
    ),
    .init(
      "pixels",
      .integer(1...1_000_000),
      standard: .integer(784),
      "numbers of an image, to count parameters and operations; as above"
    ),
  ]

  /// Rows as the output array of images, in the precision and form of the observations.
  static func output(
    _ rows: Tensor<Float>,
    _ extents: [Int],
    isSingle: Bool,
    of arrays: ArrayBundle
  ) -> ArrayBundle {
    let images = rows.viewed(as: isSingle ? extents : [rows.shape[0]] + extents)
    var bundle = ArrayBundle(source: arrays.source)
    if case .double = arrays["observations"] {
      bundle["estimates"] = .double(images.converted(to: Double.self))
    } else {
      bundle["estimates"] = .float(images)
    }
    return bundle
  }
}
