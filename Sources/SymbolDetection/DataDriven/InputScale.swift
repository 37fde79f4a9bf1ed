internal import Autodiff
package import NeuralNetworks
package import Tensors

/// Takes the training observations' mean off and divides by their deviation.
///
/// Both are constants of the model file, so that a model runs on observations as they come (counts of
/// a Poisson channel have a mean of some tens). Observations that are all equal are only shifted.
package struct InputScale: DuplicableModule {
  package typealias Scalar = Float
  /// The mean, shape `[]`.
  package let mean: PersistentState<Float>
  /// The standard deviation, shape `[]`.
  package let deviation: PersistentState<Float>

  /// A scale that changes nothing, until ``fit(to:)`` or a model file sets it.
  package init() {
    mean = PersistentState(Tensor(0))
    deviation = PersistentState(Tensor(1))
  }

  private init(copying other: InputScale, in duplication: Duplication<Float>) {
    mean = duplication.copy(other.mean)
    deviation = duplication.copy(other.deviation)
  }

  /// Sets mean and deviation to those of the numbers, summed in double precision.
  package func fit(to observations: Tensor<Float>) {
    observations.withScalars { numbers in
      let count = Double(numbers.count)
      let average = numbers.reduce(0.0) { $0 + Double($1) } / count
      let variance =
        numbers.reduce(0.0) { $0 + (Double($1) - average) * (Double($1) - average) } / count
      let spread = variance.squareRoot()
      mean.set(Tensor(Float(average)))
      deviation.set(Tensor(spread > 0 ? Float(spread) : 1))
    }
  }

  /// The numbers on the network's scale, of the same shape.
  package func normalised(_ observations: Tensor<Float>) -> Tensor<Float> {
    let shift = mean.value.scalar
    let factor = 1 / deviation.value.scalar
    return Tensor(shape: observations.shape) { target in
      observations.withScalars { source in
        for i in 0..<source.count { target[i] = (source[i] - shift) * factor }
      }
    }
  }

  /// Names `mean` and `deviation`.
  package func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.state("mean", mean)
    visitor.state("deviation", deviation)
  }

  /// The same scale with constants of its own.
  package func duplicated(in duplication: Duplication<Float>) -> InputScale {
    InputScale(copying: self, in: duplication)
  }
}
