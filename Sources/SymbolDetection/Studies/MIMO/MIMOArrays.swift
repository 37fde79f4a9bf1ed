package import Studies
package import Tensors

/// Arrays and settings that detectors of vectors share.
package enum MIMOArrays {
  package static let observations = MethodDescription.Array(
    "observations",
    [["batch", "receive"]],
    .input,
    unit: "as received",
    "what the antennas receive, real or complex; a number that is not finite is an error"
  )
  package static let channel = MethodDescription.Array(
    "channel",
    [["receive", "users"], ["batch", "receive", "users"]],
    .knowledge,
    unit: "as the observations",
    "the channel of all vectors or of each, complex where the observations are"
  )
  package static let targets = MethodDescription.Array(
    "targets",
    [["batch", "users"]],
    .target,
    isRequired: false,
    unit: "symbol values",
    "the symbols that were sent: what training learns from and error rates count against"
  )
  package static let estimates = MethodDescription.Array(
    "estimates",
    [["batch", "users"]],
    .output,
    unit: "symbol values",
    "the decided symbols, complex for qpsk and 16-qam"
  )
  package static let probabilities = MethodDescription.Array(
    "probabilities",
    [["batch", "users", "levels"], ["batch", "users", "parts", "levels"]],
    .output,
    isRequired: false,
    unit: "0 to 1",
    "posterior of each level, ascending; for qpsk and 16-qam of the real and the imaginary part"
  )

  /// The noise power, needed or not.
  package static func noiseVariance(isRequired: Bool) -> MethodDescription.Array {
    .init(
      "noise_variance",
      [[], ["batch"]],
      .knowledge,
      isRequired: isRequired,
      unit: "linear, > 0",
      "noise power of an observation (of a complex one: of both parts together)"
    )
  }

  /// What each user chooses from.
  package static let constellation = SettingDescription(
    "constellation",
    .choice(VectorConstellation.allCases.map(\.rawValue)),
    standard: .text("bpsk"),
    "the symbols, of unit mean power: bpsk, 4-pam real; qpsk, 16-qam complex; or 0 and 1: ook"
  )

  /// Whether posteriors are written.
  package static let probabilitiesSetting = SettingDescription(
    "probabilities",
    .flag,
    standard: .flag(false),
    "whether to write the posteriors"
  )

  /// The constellation of the settings.
  package static func constellation(_ settings: Settings) -> VectorConstellation {
    guard let constellation = VectorConstellation(rawValue: settings.text("constellation")) else {
      preconditionFailure("no constellation '\(settings.text("constellation"))'")
    }
    return constellation
  }

  /// The numbers of an array in a precision, complex ones with their last axis.
  static func numbers<Scalar: RealTensorScalar>(
    _ array: NumericArray,
    as scalar: Scalar.Type
  ) -> Tensor<Scalar> {
    switch array {
    case .float(let tensor), .complex(let tensor):
      (tensor as? Tensor<Scalar>) ?? tensor.converted(to: scalar)
    case .double(let tensor): (tensor as? Tensor<Scalar>) ?? tensor.converted(to: scalar)
    }
  }

  /// Whether an array is complex.
  static func isComplex(_ array: NumericArray) -> Bool {
    if case .complex = array { true } else { false }
  }

  /// A tensor of a method's precision as an array.
  static func array<Scalar: RealTensorScalar>(_ tensor: Tensor<Scalar>) -> NumericArray {
    if let double = tensor as? Tensor<Double> { return .double(double) }
    return .float((tensor as? Tensor<Float>) ?? tensor.converted(to: Float.self))
  }

  /// Symbols over real dimensions, less the constellation's mean, as a user sees them.
  package static func symbols<Scalar: RealTensorScalar>(
    _ tensor: Tensor<Scalar>,
    _ constellation: VectorConstellation
  ) -> NumericArray {
    guard constellation.isComplex else {
      return array(constellation.mean == 0 ? tensor : shifted(tensor, by: constellation.mean))
    }
    return .complex(RealEquivalent.complexVectors(tensor.converted(to: Float.self)))
  }

  /// All numbers moved by one.
  static func shifted<Scalar: RealTensorScalar>(
    _ tensor: Tensor<Scalar>,
    by shift: Double
  ) -> Tensor<Scalar> {
    tensor.withScalars { from in
      Tensor(shape: tensor.shape) { to in
        for i in 0..<from.count { to[i] = from[i] + Scalar(shift) }
      }
    }
  }

  /// Posteriors `[batch, real dimensions, levels]` as a user sees them.
  static func posteriors<Scalar: RealTensorScalar>(
    _ tensor: Tensor<Scalar>,
    _ constellation: VectorConstellation
  ) -> NumericArray {
    guard constellation.isComplex else { return array(tensor) }
    let (batch, users, size) = (tensor.shape[0], tensor.shape[1] / 2, tensor.shape[2])
    let ordered = tensor.withScalars { from in
      Tensor<Scalar>(shape: [batch, users, 2, size]) { to in
        for b in 0..<batch {
          for k in 0..<users {
            for part in 0..<2 {
              for place in 0..<size {
                to[((b * users + k) * 2 + part) * size + place] =
                  from[(b * 2 * users + part * users + k) * size + place]
              }
            }
          }
        }
      }
    }
    return array(ordered)
  }

  /// Decisions and beliefs over real dimensions as a user sees them.
  ///
  /// - Parameters:
  ///   - symbols: `[batch, real dimensions]`, centred.
  ///   - beliefs: `[batch, real dimensions, levels]`; nil where they are not wanted.
  ///   - constellation: the symbols.
  ///   - source: of the observations.
  /// - Returns: `estimates` and, where given, `probabilities`.
  static func outputs<Scalar: RealTensorScalar>(
    symbols: Tensor<Scalar>,
    beliefs: Tensor<Scalar>?,
    _ constellation: VectorConstellation,
    source: String
  ) -> ArrayBundle {
    var bundle = ArrayBundle(source: source)
    bundle["estimates"] = Self.symbols(symbols, constellation)
    if let beliefs { bundle["probabilities"] = posteriors(beliefs, constellation) }
    return bundle
  }

  /// The real problems of a bundle.
  ///
  /// Real arrays give them as they are. Complex ones give their real equivalents, with half the noise
  /// variance in each dimension. What symbols of a mean other than 0 add to the observations,
  /// `H 1 mean`, is taken off, so that detectors see symbols about zero.
  ///
  /// - Parameters:
  ///   - bundle: the arrays.
  ///   - constellation: the symbols.
  ///   - noiseIsRequired: whether `noise_variance` must be there; else it is 1 where missing.
  ///   - isCentred: whether the mean is taken off.
  ///   - scalar: the precision.
  /// - Returns: channels, observations and noise variances.
  /// - Throws: ``StudyError`` for arrays that do not fit.
  package static func problems<Scalar: RealTensorScalar>(
    _ bundle: ArrayBundle,
    _ constellation: VectorConstellation,
    noiseIsRequired: Bool,
    isCentred: Bool = true,
    as scalar: Scalar.Type
  ) throws -> LinearProblems<Scalar> {
    let observations = try array("observations", [2], "[batch, receive]", in: bundle)
    let channel = try array(
      "channel",
      [2, 3],
      "[receive, users] or [batch, receive, users]",
      in: bundle
    )
    let isComplex = isComplex(observations)
    guard isComplex == Self.isComplex(channel) else {
      throw StudyError.badNumbers(
        array: "channel",
        source: bundle.source,
        reason: "is \(isComplex ? "real" : "complex"), but observations are not"
      )
    }
    guard isComplex || !constellation.isComplex else {
      throw StudyError.badNumbers(
        array: "observations",
        source: bundle.source,
        reason: "are real, but \(constellation.rawValue) needs complex numbers"
      )
    }
    var h = numbers(channel, as: scalar)
    var y = numbers(observations, as: scalar)
    var variances = try noiseVariances(bundle, isRequired: noiseIsRequired)
    if isComplex {
      h = RealEquivalent.matrices(h, symbolsAreReal: !constellation.isComplex)
      y = RealEquivalent.vectors(y)
      variances = variances.map { $0 / 2 }
    }
    do {
      let problems = try LinearProblems(
        channel: h,
        observations: y,
        noiseVariances: variances.map { Scalar($0) }
      )
      return isCentred && constellation.mean != 0
        ? try problems.less(Scalar(constellation.mean)) : problems
    } catch {
      throw StudyError.invalid("\(bundle.source): \(error)")
    }
  }

  private static func array(
    _ name: String,
    _ ranks: [Int],
    _ expected: String,
    in bundle: ArrayBundle
  ) throws(StudyError) -> NumericArray {
    guard let array = bundle[name] else {
      throw .missingArray(name, source: bundle.source, expected: expected)
    }
    guard ranks.contains(array.shape.count), array.shape.allSatisfy({ $0 > 0 }) else {
      throw .badShape(
        array: name,
        source: bundle.source,
        expected: expected,
        actual: array.shape
      )
    }
    return array
  }

  private static func noiseVariances(
    _ bundle: ArrayBundle,
    isRequired: Bool
  ) throws(StudyError) -> [Double] {
    guard isRequired || bundle["noise_variance"] != nil else { return [1] }
    let tensor = try SymbolDetectionArrays.real("noise_variance", in: bundle)
    guard tensor.rank < 2 else {
      throw .badShape(
        array: "noise_variance",
        source: bundle.source,
        expected: "[] or [batch]",
        actual: tensor.shape
      )
    }
    return tensor.scalars
  }
}
