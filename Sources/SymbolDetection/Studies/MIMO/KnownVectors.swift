internal import Studies
internal import Tensors

/// Observations of known vectors, over real dimensions: what detectors without a channel learn from.
struct KnownVectors {
  /// `[batch, receive]`.
  let observations: Tensor<Float>
  /// The places of the sent levels, `[batch]` a real dimension.
  let labels: [Tensor<Float>]

  /// Reads `observations` and `targets`.
  ///
  /// - Throws: ``StudyError`` for arrays that do not fit.
  init(_ bundle: ArrayBundle, _ constellation: VectorConstellation) throws {
    observations = try Self.observations(bundle, constellation)
    let symbols: Tensor<Float> = try MIMOArrays.targets(bundle, constellation)
    let batch = observations.shape[0]
    guard symbols.rank == 2, symbols.shape[0] == batch, symbols.shape[1] >= 1 else {
      throw StudyError.badShape(
        array: "targets",
        source: bundle.source,
        expected: "[\(batch), users], a vector an observation",
        actual: bundle["targets"]?.shape ?? []
      )
    }
    let levels = Levels<Float>(constellation)
    let users = symbols.shape[1]
    labels = symbols.withScalars { symbols in
      (0..<users).map { user in
        Tensor(shape: [batch]) { to in
          for row in 0..<batch {
            to[row] = Float(levels.nearestIndex(to: symbols[row * users + user]))
          }
        }
      }
    }
  }

  /// The observations alone.
  static func observations(_ bundle: ArrayBundle, _ constellation: VectorConstellation)
    throws(StudyError) -> Tensor<Float>
  {
    guard let array = bundle["observations"] else {
      throw .missingArray("observations", source: bundle.source, expected: "[batch, receive]")
    }
    guard array.shape.count == 2, array.shape.allSatisfy({ $0 > 0 }) else {
      throw .badShape(
        array: "observations",
        source: bundle.source,
        expected: "[batch, receive]",
        actual: array.shape
      )
    }
    let numbers = MIMOArrays.numbers(array, as: Float.self)
    guard numbers.withScalars({ $0.allSatisfy(\.isFinite) }) else {
      throw .badNumbers(
        array: "observations",
        source: bundle.source,
        reason: "have a number that is not finite"
      )
    }
    return MIMOArrays.isComplex(array) ? RealEquivalent.vectors(numbers) : numbers
  }
}
