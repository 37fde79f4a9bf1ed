import Autodiff
import NeuralNetworks
import Tensors

/// Central differences in Double agree to about `cbrt(eps)^2`; ten times that, as STYLE asks.
let gradientTolerance = 1e-6

/// The largest difference of two tensors of one shape.
func largestDifference<Scalar: RealTensorScalar>(
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>
) -> Double {
  guard a.shape == b.shape else { return .infinity }
  return zip(a.scalars, b.scalars).reduce(0) { max($0, Double(Swift.abs($1.0 - $1.1))) }
}

/// Normal numbers from a seed.
func normal<Scalar: RealTensorScalar>(_ shape: [Int], _ seed: UInt64, _ name: String = "x")
  -> Tensor<Scalar>
{
  var stream = RandomStream(seed: seed).derived(name)
  return stream.normal(shape)
}

/// A small network of two dense layers.
func network<Scalar: RealTensorScalar>(
  _ inputs: Int,
  _ hidden: Int,
  _ outputs: Int,
  seed: UInt64,
  of type: Scalar.Type = Scalar.self
) -> Sequential<Scalar> {
  var stream = RandomStream(seed: seed).derived("network")
  return Sequential([
    Dense(inputs, hidden, activation: .tanh, from: &stream),
    Dense(hidden, outputs, from: &stream),
  ])
}

/// Samples of a noisy linear map, `x` [count, inputs] and `y` [count, 1].
func regression<Scalar: RealTensorScalar>(
  count: Int,
  inputs: Int,
  seed: UInt64,
  of type: Scalar.Type = Scalar.self
) throws -> (x: Tensor<Scalar>, y: Tensor<Scalar>, dataset: Dataset<Scalar>) {
  let x: Tensor<Scalar> = normal([count, inputs], seed, "inputs")
  let w: Tensor<Scalar> = normal([inputs, 1], seed, "weights")
  let noise: Tensor<Scalar> = normal([count, 1], seed, "noise")
  let y = matmul(x, w) + noise * 0.1
  return (x, y, try Dataset(["x": x, "y": y]))
}

/// The mean squared error of a layer on the inputs `x` and `y`.
func squaredLoss<Scalar: RealTensorScalar>(
  _ model: some Layer<Scalar>
) -> ([String: Tensor<Scalar>], Mode) throws -> Tensor<Scalar> {
  { inputs, mode in
    meanSquaredError(model(try inputs.named("x"), mode: mode), try inputs.named("y"))
  }
}

/// A closure that says stop after it was asked so many times.
final class Countdown {
  private var left: Int

  init(_ steps: Int) { left = steps }

  func isOver() -> Bool {
    left -= 1
    return left < 0
  }
}
