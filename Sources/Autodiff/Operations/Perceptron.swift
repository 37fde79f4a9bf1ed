internal import CKernels
public import Tensors

/// A hidden layer with ReLU and a narrow layer behind it as one node: `y = relu(x W + b) V + c`.
///
/// Equal to two `linear` nodes up to rounding. With few inputs and outputs the products are small and the
/// passes over the hidden values take the time: here there is one forward and one backward. Where the
/// node does not apply (more than four outputs or 64 inputs, a wide hidden layer, an input that is
/// differentiated, parameters of which only some are, a batch that is worth splitting over threads) it
/// *is* two `linear` nodes.
///
/// - Parameters:
///   - x: `[rows, in]`.
///   - weight: `W`, `[in, hidden]`.
///   - bias: `b`, `[hidden]`.
///   - outputWeight: `V`, `[hidden, out]`.
///   - outputBias: `c`, `[out]`.
/// - Returns: `[rows, out]`.
@specialized(where Scalar == Float)
public func perceptron<Scalar: RealTensorScalar>(
  _ x: Tensor<Scalar>,
  _ weight: Tensor<Scalar>,
  _ bias: Tensor<Scalar>,
  _ outputWeight: Tensor<Scalar>,
  _ outputBias: Tensor<Scalar>
) -> Tensor<Scalar> {
  precondition(
    x.rank == 2 && weight.rank == 2 && outputWeight.rank == 2 && x.shape[1] == weight.shape[0]
      && bias.shape == [weight.shape[1]] && outputWeight.shape[0] == weight.shape[1]
      && outputBias.shape == [outputWeight.shape[1]],
    "perceptron: input \(x.shape), weights \(weight.shape) and \(outputWeight.shape), biases "
      + "\(bias.shape) and \(outputBias.shape)"
  )
  let parameters = [weight, bias, outputWeight, outputBias]
  guard PerceptronPlan<Scalar>.applies(to: x, parameters) else {
    return linear(linear(x, weight, bias, activation: .relu), outputWeight, outputBias)
  }
  let plan = PerceptronPlan(x.storage, x.shape[0], parameters)
  return Primitive.apply(
    "perceptron",
    [x] + parameters,
    shape: [x.shape[0], outputWeight.shape[1]],
    forward: { plan.forward($0) },
    backward: { plan.backward($0) }
  )
}

/// One perceptron over given storages.
private final class PerceptronPlan<Scalar: RealTensorScalar> {
  /// Rows from which splitting a batch over threads is worth more.
  private static var rowLimit: Int { 2048 }
  /// Inputs from which the blocked matrix products are faster.
  private static var inputLimit: Int { 64 }

  private let rows: Int
  private let inputs: Int
  private let hidden: Int
  private let outputs: Int
  private let x: TensorStorage<Scalar>
  private let weight: TensorStorage<Scalar>
  private let bias: TensorStorage<Scalar>
  private let outputWeight: TensorStorage<Scalar>
  private let outputBias: TensorStorage<Scalar>
  /// `relu(x W + b)`, where a backward pass needs it.
  private let values: TensorStorage<Scalar>?

  static func applies(to x: Tensor<Scalar>, _ parameters: [Tensor<Scalar>]) -> Bool {
    let (hidden, outputs) = (parameters[2].shape[0], parameters[2].shape[1])
    let differentiated = parameters.count { $0.storage.gradients != nil }
    return (1...Int(GRAYBOX_PERCEPTRON_OUTPUTS)).contains(outputs) && hidden >= 1 && x.count > 0
      && hidden * outputs <= Int(GRAYBOX_PERCEPTRON_WEIGHTS) && x.shape[0] <= rowLimit
      && x.shape[1] <= inputLimit && x.storage.gradients == nil
      && (differentiated == 0 || differentiated == 4)
  }

  init(_ x: TensorStorage<Scalar>, _ rows: Int, _ parameters: [Tensor<Scalar>]) {
    self.x = x
    self.rows = rows
    (inputs, hidden) = (parameters[0].shape[0], parameters[0].shape[1])
    outputs = parameters[2].shape[1]
    weight = parameters[0].storage
    bias = parameters[1].storage
    outputWeight = parameters[2].storage
    outputBias = parameters[3].storage
    values =
      weight.gradients == nil
      ? nil : TensorStorage(uninitialised: rows * parameters[0].shape[1])
  }

  /// Where the layers are now: parameters may have moved since the node was made.
  private var layers: graybox_perceptron {
    graybox_perceptron(
      rows: rows,
      inputs: inputs,
      hidden: hidden,
      outputs: outputs,
      x: x.values,
      weight: weight.values,
      bias: bias.values,
      output_weight: outputWeight.values,
      output_bias: outputBias.values
    )
  }

  func forward(_ y: TensorStorage<Scalar>) {
    var layers = layers
    Scalar.kernels.pointee.perceptron(&layers, values?.values, y.values)
  }

  func backward(_ y: TensorStorage<Scalar>) {
    guard let gy = y.gradients, let values,
      let weightGradient = weight.accumulatedGradient,
      let biasGradient = bias.accumulatedGradient,
      let outputGradient = outputWeight.accumulatedGradient,
      let outputBiasGradient = outputBias.accumulatedGradient
    else { return }
    var layers = layers
    var gradients = graybox_perceptron_gradients(
      weight: weightGradient,
      bias: biasGradient,
      output_weight: outputGradient,
      output_bias: outputBiasGradient
    )
    Scalar.kernels.pointee.perceptron_backward(&layers, values.values, gy, &gradients)
  }
}
