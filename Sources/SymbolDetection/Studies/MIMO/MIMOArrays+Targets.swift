internal import Studies
internal import Tensors

extension MIMOArrays {
  /// The symbols that were sent, over real dimensions, less the constellation's mean.
  ///
  /// - Parameters:
  ///   - bundle: holds `targets`.
  ///   - constellation: the symbols that there are.
  /// - Returns: `[batch, real dimensions]`.
  /// - Throws: ``StudyError`` for an array that is missing, of the other kind, or holds what is no symbol.
  static func targets(_ bundle: ArrayBundle, _ constellation: VectorConstellation)
    throws(StudyError) -> Tensor<Float>
  {
    guard let array = bundle["targets"] else {
      throw .missingArray("targets", source: bundle.source, expected: "[batch, users]")
    }
    guard isComplex(array) == constellation.isComplex else {
      throw .badNumbers(
        array: "targets",
        source: bundle.source,
        reason: "are \(isComplex(array) ? "complex" : "real"), but \(constellation.rawValue) is not"
      )
    }
    let values = numbers(array, as: Float.self)
    let symbols = constellation.isComplex ? RealEquivalent.vectors(values) : values
    let centred = constellation.mean == 0 ? symbols : shifted(symbols, by: -constellation.mean)
    try checkSymbols(centred, constellation, source: bundle.source)
    return centred
  }

  /// Throws for the first number that is no symbol.
  private static func checkSymbols(
    _ centred: Tensor<Float>,
    _ constellation: VectorConstellation,
    source: String
  ) throws(StudyError) {
    let levels = Levels<Float>(constellation)
    let tolerance = 1e-3 * (levels.values[1] - levels.values[0])
    let wrong = centred.withScalars { numbers in
      numbers.first { !((levels.nearest($0) - $0).magnitude <= tolerance) }
    }
    guard let wrong else { return }
    let mean = Float(constellation.mean)
    let known = levels.values.map { "\($0 + mean)" }.joined(separator: ", ")
    throw .badNumbers(
      array: "targets",
      source: source,
      reason: "holds \(wrong + mean), which is no \(constellation.isComplex ? "part of a " : "")"
        + "symbol of \(constellation.rawValue) (\(known))"
    )
  }
}
