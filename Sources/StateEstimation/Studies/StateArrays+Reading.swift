package import Studies
package import Tensors

extension StateArrays {
  /// The form of a user's sequences.
  package struct Form {
    /// Whether there is a batch axis.
    package let isBatched: Bool
    /// Whether results are in double precision.
    package let isDouble: Bool
    /// Where the arrays came from.
    package let source: String
  }

  /// A real array; nil where it is missing.
  package static func real<Scalar: RealTensorScalar>(
    _ name: String,
    in bundle: ArrayBundle,
    allowsMissing: Bool = false,
    as scalar: Scalar.Type
  ) throws(StudyError) -> Tensor<Scalar>? {
    guard let array = bundle[name] else { return nil }
    let tensor: Tensor<Scalar>
    switch array {
    case .float(let float): tensor = float as? Tensor<Scalar> ?? float.converted(to: scalar)
    case .double(let double): tensor = double as? Tensor<Scalar> ?? double.converted(to: scalar)
    case .complex:
      throw .badNumbers(array: name, source: bundle.source, reason: "is complex, expected real")
    }
    let firstBad = tensor.withScalars { numbers in
      numbers.firstIndex { !$0.isFinite && !(allowsMissing && $0.isNaN) }
    }
    if let firstBad {
      throw .badNumbers(
        array: name,
        source: bundle.source,
        reason: "has a number that is not finite at place \(firstBad) (row-major)"
      )
    }
    return tensor
  }

  /// A matrix; nil where it is missing.
  package static func matrix<Scalar: RealTensorScalar>(
    _ name: String,
    rows: Int? = nil,
    columns: Int? = nil,
    in bundle: ArrayBundle,
    as scalar: Scalar.Type
  ) throws(StudyError) -> Matrix<Scalar>? {
    guard let tensor = try real(name, in: bundle, as: scalar) else { return nil }
    guard tensor.rank == 2, tensor.count > 0, rows == nil || tensor.shape[0] == rows,
      columns == nil || tensor.shape[1] == columns
    else {
      let words = [rows.map { "\($0)" } ?? "rows", columns.map { "\($0)" } ?? "columns"]
      throw .badShape(
        array: name,
        source: bundle.source,
        expected: "[\(words.joined(separator: ", "))]",
        actual: tensor.shape
      )
    }
    return Matrix(rows: tensor.shape[0], columns: tensor.shape[1], tensor.scalars)
  }

  /// A matrix that must be there.
  package static func neededMatrix<Scalar: RealTensorScalar>(
    _ name: String,
    rows: Int? = nil,
    columns: Int? = nil,
    in bundle: ArrayBundle,
    as scalar: Scalar.Type
  ) throws(StudyError) -> Matrix<Scalar> {
    guard let matrix = try matrix(name, rows: rows, columns: columns, in: bundle, as: scalar) else {
      let words = [rows.map { "\($0)" } ?? "m", columns.map { "\($0)" } ?? "m"]
      throw .missingArray(
        name,
        source: bundle.source,
        expected: "[\(words.joined(separator: ", "))]"
      )
    }
    return matrix
  }

  /// A filter's input and the form in which results go back.
  ///
  /// - Parameters:
  ///   - bundle: the arrays.
  ///   - m: how many states there are.
  ///   - n: how many numbers an observation has.
  ///   - prior: when the initial state is.
  ///   - scalar: the precision.
  /// - Returns: the input and its form.
  /// - Throws: ``StudyError`` for arrays that do not fit.
  package static func input<Scalar: RealTensorScalar>(
    _ bundle: ArrayBundle,
    states m: Int,
    observed n: Int,
    prior: PriorTime,
    as scalar: Scalar.Type
  ) throws(StudyError) -> (input: FilterInput<Scalar>, form: Form) {
    let words = "[time, \(n)] or [batch, time, \(n)]"
    guard let given = try real("observations", in: bundle, allowsMissing: true, as: scalar) else {
      throw .missingArray("observations", source: bundle.source, expected: words)
    }
    guard given.rank == 2 || given.rank == 3, given.shape.last == n, given.count > 0 else {
      throw .badShape(
        array: "observations",
        source: bundle.source,
        expected: words,
        actual: given.shape
      )
    }
    let observations = given.rank == 2 ? given.viewed(as: [1] + given.shape) : given
    let input = FilterInput(
      observations: observations,
      lengths: try lengths(bundle, batch: observations.shape[0]),
      initialMean: try real("initial_mean", in: bundle, as: scalar) ?? .zeros([m]),
      initialCovariance: try real("initial_covariance", in: bundle, as: scalar) ?? .zeros([m, m]),
      prior: prior,
      inputs: try controls(bundle, states: m, as: scalar)
    )
    try checkInitialCovariance(input.initialCovariance, bundle.source)
    var isDouble = false
    if case .double = bundle["observations"] { isDouble = true }
    return (
      input, Form(isBatched: given.rank == 3, isDouble: isDouble, source: bundle.source)
    )
  }

  /// The arrays without what is known of initial states, for methods that make nothing of it.
  static func withoutInitial(_ bundle: ArrayBundle) -> ArrayBundle {
    var bundle = bundle
    bundle["initial_mean"] = nil
    bundle["initial_covariance"] = nil
    return bundle
  }

  private static func checkInitialCovariance<Scalar: RealTensorScalar>(
    _ tensor: Tensor<Scalar>,
    _ source: String
  ) throws(StudyError) {
    guard tensor.rank >= 2, let m = tensor.shape.last, tensor.shape[tensor.rank - 2] == m, m > 0
    else { return }  // the filter's own check names the shape that it needs
    let scalars = tensor.scalars
    for first in stride(from: 0, to: scalars.count, by: m * m) {
      let matrix = Matrix(rows: m, columns: m, Array(scalars[first..<(first + m * m)]))
      do throws(StateEstimationError) {
        try Covariance.check(matrix, name: "initial_covariance")
      } catch {
        throw .invalid("\(source): \(error)")
      }
    }
  }

  private static func lengths(_ bundle: ArrayBundle, batch: Int) throws(StudyError) -> [Int]? {
    guard let tensor = try real("lengths", in: bundle, as: Double.self) else { return nil }
    let numbers = tensor.scalars
    guard tensor.shape == [batch] || (tensor.count == 1 && batch == 1) else {
      throw .badShape(
        array: "lengths",
        source: bundle.source,
        expected: "[\(batch)]",
        actual: tensor.shape
      )
    }
    guard numbers.allSatisfy({ $0 >= 0 && $0 < 1e9 && $0 == $0.rounded() }) else {
      throw .badNumbers(
        array: "lengths",
        source: bundle.source,
        reason: "must hold whole numbers, 0 or more"
      )
    }
    return numbers.map { Int($0) }
  }

  /// `B u_t` of every step.
  private static func controls<Scalar: RealTensorScalar>(
    _ bundle: ArrayBundle,
    states m: Int,
    as scalar: Scalar.Type
  ) throws(StudyError) -> Tensor<Scalar>? {
    guard let controls = try real("controls", in: bundle, as: scalar) else { return nil }
    guard controls.rank == 2 || controls.rank == 3, let p = controls.shape.last else {
      throw .badShape(
        array: "controls",
        source: bundle.source,
        expected: "[time, p] or [batch, time, p]",
        actual: controls.shape
      )
    }
    let matrix = try neededMatrix("control_matrix", rows: m, columns: p, in: bundle, as: scalar)
    let rows = controls.count / max(p, 1)
    return controls.withScalars { u in
      Tensor(shape: controls.shape.dropLast() + [m]) { to in
        for row in 0..<rows {
          for i in 0..<m {
            var sum: Scalar = 0
            for j in 0..<p { sum += matrix[i, j] * u[row * p + j] }
            to[row * m + i] = sum
          }
        }
      }
    }
  }
}
