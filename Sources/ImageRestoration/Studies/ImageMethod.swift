internal import Autodiff
internal import Studies
internal import Synchronization
internal import Tensors

/// Restored images, how the iteration went, and what went wrong, if anything.
struct Restored<Scalar: RealTensorScalar>: Sendable {
  /// `[batch, height, width]`.
  var images: Tensor<Scalar>
  /// The largest relative change in each iteration; `[0]` for a closed form.
  var residuals: [Double] = [0]
  /// A sentence, or nil.
  var failure: String?
}

/// An algorithm that restores a batch of images seen through any operator, in any precision.
protocol ImageRestorer: Sendable {
  /// Makes ready what serves all images: factors, filters.
  ///
  /// - Parameters:
  ///   - measurement: `A`.
  ///   - noiseVariance: the noise power, nil when it is not known.
  /// - Returns: restores `[batch] + measurementShape`.
  /// - Throws: ``ImageRestorationError`` for an operator that it cannot take.
  func prepared<Operator: MeasurementOperator>(
    for measurement: Operator,
    noiseVariance: Double?
  ) throws -> @Sendable (Tensor<Operator.Scalar>) -> Restored<Operator.Scalar>
}

/// A restoration algorithm, ready for arrays.
struct ImageMethod: PreparedMethod {
  let choice: OperatorChoice
  let restorer: any ImageRestorer
  /// Further output arrays, the same for all images.
  var extra: [String: NumericArray] = [:]

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    if case .double = arrays["observations"] { return try run(arrays, as: Double.self, pool) }
    return try run(arrays, as: Float.self, pool)
  }

  private func run<Scalar: RealTensorScalar>(
    _ arrays: ArrayBundle,
    as scalar: Scalar.Type,
    _ pool: WorkerPool
  ) throws -> InferenceResult {
    let measurement = try choice.made(from: arrays, as: scalar)
    let noiseVariance = try ImageArrays.noiseVariance(in: arrays)
    let (rows, isSingle) = try ImageArrays.observations(
      in: arrays,
      shape: measurement.measurementShape,
      as: scalar
    )
    let restore: @Sendable (Tensor<Scalar>) -> Restored<Scalar>
    do {
      restore = try restorer.prepared(for: measurement, noiseVariance: noiseVariance)
    } catch let error as ImageRestorationError {
      throw StudyError.invalid("\(arrays.source): \(error)")
    }
    // Products with a matrix are faster for many images than for each.
    let restored = pieces(rows, measurement.measurementShape.count == 1 ? 32 : 1, pool, restore)
    var bundle = ArrayBundle(source: arrays.source)
    let images =
      isSingle ? restored.images.viewed(as: measurement.imageShape) : restored.images
    bundle["estimates"] =
      Scalar.self == Double.self
      ? .double(images.converted(to: Double.self)) : .float(images.converted(to: Float.self))
    for (name, array) in extra { bundle[name] = array }
    bundle["residuals"] = .float(Tensor(restored.residuals.map { Float($0) }))
    return InferenceResult(arrays: bundle, failure: restored.failure)
  }

  /// Pieces of the batch, cut by its size alone.
  private func pieces<Scalar: RealTensorScalar>(
    _ rows: Tensor<Scalar>,
    _ pieceImages: Int,
    _ pool: WorkerPool,
    _ restore: @Sendable (Tensor<Scalar>) -> Restored<Scalar>
  ) -> Restored<Scalar> {
    let count = rows.shape[0]
    let pieces = (count + pieceImages - 1) / pieceImages
    let results = Mutex([Int: Restored<Scalar>]())
    pool.forEach(count: pieces) { index in
      let range = (index * pieceImages)..<min((index + 1) * pieceImages, count)
      let part = restore(rows.sliced(axis: 0, range))
      results.withLock { $0[index] = part }
    }
    let parts = results.withLock { done in (0..<pieces).compactMap { done[$0] } }
    let failures = parts.compactMap(\.failure)
    // A piece that converged earlier does not change any more.
    let length = parts.map(\.residuals.count).max() ?? 0
    let residuals = (0..<length).map { iteration in
      parts.map { iteration < $0.residuals.count ? $0.residuals[iteration] : 0 }.max() ?? 0
    }
    return Restored(
      images: concatenated(parts.map(\.images), axis: 0),
      residuals: residuals,
      failure: failures.count > 1
        ? "\(failures[0]) (and \(failures.count - 1) more of \(pieces) pieces)" : failures.first
    )
  }
}
