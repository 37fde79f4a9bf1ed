public import Autodiff
public import NeuralNetworks
public import Tensors

/// Both parts and the observations through convolutions of each frame, in place of a gradient step.
///
/// Equations: `L~ = P1 D + P3 S + P5 L`, `S~ = P2 D + P4 S + P6 L`, the `P` convolutions with zeros around the
/// frame. At the first values (single points in the middle) `P1 = P2 = mu`, `P3 = -mu`, `P4 = 1 - mu`, `P5 = 1 - mu`,
/// `P6 = -mu`: it is ``StepMixing``, to rounding.
///
/// - SeeAlso: `solomon2019corona`.
public struct ConvolutionMixing<Scalar: RealTensorScalar>: SequenceMixing {
  /// `[kernel, kernel, 3, 2]`: from low-rank part, sparse part and observations to both parts.
  public let weight: Parameter<Scalar>

  /// The mixing of a gradient step.
  ///
  /// - Parameters:
  ///   - kernel: pixels of a side, odd.
  ///   - stepSize: `mu`.
  public init(kernel: Int, stepSize: Double = 0.5) {
    precondition(kernel >= 1 && kernel % 2 == 1, "ConvolutionMixing: a kernel of \(kernel)")
    let (mine, other) = (Scalar(1 - stepSize), Scalar(-stepSize))
    let points: [Scalar] = [mine, other, other, mine, Scalar(stepSize), Scalar(stepSize)]
    weight = Parameter(
      Tensor(shape: [kernel, kernel, 3, 2]) { target in
        target.update(repeating: 0)
        let middle = (kernel * kernel / 2) * 6
        for (index, value) in points.enumerated() { target[middle + index] = value }
      }
    )
  }

  private init(_ weight: Parameter<Scalar>) { self.weight = weight }

  /// Moves both parts.
  public func mixed(
    lowRank: Tensor<Scalar>,
    sparse: Tensor<Scalar>,
    observations: Tensor<Scalar>
  ) -> (lowRank: Tensor<Scalar>, sparse: Tensor<Scalar>) {
    let shape = observations.shape
    let frames = [shape[0] * shape[1], shape[2], shape[3]]
    let channels = stacked(
      [lowRank, sparse, observations].map { $0.reshaped(frames) },
      axis: 1
    ).permuted([0, 2, 3, 1])
    let moved = convolution(channels, weight.value, padding: .same)
    return (
      moved.picked(axis: 3, 0).reshaped(shape), moved.picked(axis: 3, 1).reshaped(shape)
    )
  }

  /// Names `weight`.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) { visitor.parameter("weight", weight) }

  /// The same with a parameter of its own.
  public func duplicated(in duplication: Duplication<Scalar>) -> ConvolutionMixing {
    ConvolutionMixing(duplication.copy(weight))
  }
}
