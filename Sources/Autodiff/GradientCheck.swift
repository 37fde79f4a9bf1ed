public import Tensors

/// What a gradient check found.
public struct GradientCheck: Sendable {
  /// The largest relative error over the directions tried.
  public let worstRelativeError: Double
  /// The derivative along the worst direction by differences.
  public let difference: Double
  /// The derivative along the worst direction by the backward pass.
  public let derivative: Double
  /// How many directions were tried.
  public let directions: Int
}

/// Compares gradients with central differences along random directions.
///
/// The function's result is weighted with random numbers to a single one, `L(x) = <c, f(x)>`. Along a random
/// direction `u` the check compares `<dL/dx, u>` with `(L(x + h u) - L(x - h u)) / 2h`,
/// `h = cbrt(eps) max(1, |x|_inf)`, relative to the larger of the two and of `1e-3 |dL/dx| |u|` (a direction
/// almost orthogonal to the gradient says nothing). Keep the point away from kinks.
///
/// ```swift
/// var stream = RandomStream(seed: 1)
/// let x: Tensor<Double> = stream.normal([3, 4])
/// let check = try checkGradients(at: [x], from: stream) { softmax($0[0]) }
/// check.worstRelativeError       // about 1e-9
/// ```
///
/// - Parameters:
///   - inputs: the point, one tensor an argument.
///   - parameters: parameters that the function reads, checked as well.
///   - directions: how many random directions to try.
///   - stream: where directions and weights come from.
///   - function: from the inputs to a tensor of any shape.
/// - Returns: the worst error over the directions.
/// - Throws: what the function throws, or a ``RecordingError``.
public func checkGradients(
  at inputs: [Tensor<Double>],
  parameters: [Parameter<Double>] = [],
  directions: Int = 4,
  from stream: RandomStream,
  _ function: ([Tensor<Double>]) throws -> Tensor<Double>
) throws -> GradientCheck {
  var weights: Tensor<Double>?
  let names = inputs.indices.map { "x\($0)" }
  let named = Dictionary(uniqueKeysWithValues: zip(names, inputs))
  let recording = try Recording(
    inputs: named,
    differentiated: Set(names),
    parameters: parameters
  ) { leaves in
    let result = try function(names.map { leaves[$0] ?? Tensor(0) })
    var draw = stream.derived("weights")
    let chosen: Tensor<Double> = weights ?? draw.normal(result.shape)
    weights = chosen
    return ["loss": (result * chosen).sum()]
  }
  try recording.backward()
  var gradients: [Tensor<Double>] = []
  for name in names { gradients.append(try recording.gradient(of: name)) }
  gradients += parameters.map(\.gradient)
  let point = inputs + parameters.map(\.value)

  func loss(_ places: [[Double]]) throws -> Double {
    for (parameter, place) in zip(parameters, places.dropFirst(inputs.count)) {
      parameter.set(Tensor(place, shape: parameter.shape))
    }
    let moved = zip(inputs, places).map { Tensor($1, shape: $0.shape) }
    let result = try function(moved)
    return (result * (weights ?? Tensor(1))).sum().scalar
  }
  defer {
    for (parameter, value) in zip(parameters, point.dropFirst(inputs.count)) {
      parameter.set(value)
    }
  }
  var worst = GradientCheck(
    worstRelativeError: 0,
    difference: 0,
    derivative: 0,
    directions: directions
  )
  let scale = point.flatMap(\.scalars).reduce(1) { max($0, $1.magnitude) }
  let step = 6.0554544523933395e-6 * scale  // cbrt(2^-52)
  for direction in 0..<directions {
    var draw = stream.derived("direction", index: direction)
    let along = point.map { (tensor: Tensor<Double>) -> [Double] in
      let u: Tensor<Double> = draw.normal(tensor.shape)
      return u.scalars
    }
    let forward = try loss(zip(point, along).map { zip($0.scalars, $1).map { $0 + step * $1 } })
    let back = try loss(zip(point, along).map { zip($0.scalars, $1).map { $0 - step * $1 } })
    let difference = (forward - back) / (2 * step)
    let flatGradient = gradients.flatMap(\.scalars)
    let flatDirection = along.flatMap { $0 }
    let derivative = zip(flatGradient, flatDirection).reduce(0) { $0 + $1.0 * $1.1 }
    let lengths =
      flatGradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      * flatDirection.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let reference = max(difference.magnitude, derivative.magnitude, 1e-3 * lengths, 1e-12)
    let error = (difference - derivative).magnitude / reference
    if !(error <= worst.worstRelativeError) {
      worst = GradientCheck(
        worstRelativeError: error,
        difference: difference,
        derivative: derivative,
        directions: directions
      )
    }
  }
  return worst
}
