internal import Autodiff
internal import NeuralNetworks
internal import Tensors

/// Brings features to mean 0 and deviation 1 over the training set; constants of the model file.
struct FeatureScale: DuplicableModule {
  typealias Scalar = Float

  let mean: PersistentState<Float>
  let inverseDeviation: PersistentState<Float>

  /// Features as they are, until a training set is seen.
  init(_ features: Int) {
    mean = PersistentState(.zeros([features]))
    inverseDeviation = PersistentState(.ones([features]))
  }

  private init(mean: PersistentState<Float>, inverseDeviation: PersistentState<Float>) {
    self.mean = mean
    self.inverseDeviation = inverseDeviation
  }

  /// Takes mean and deviation of rows `[rows, features]`; features that do not vary are left as large as they are.
  func fit(_ rows: Tensor<Float>) {
    let (count, width) = (rows.shape[0], rows.shape[1])
    let numbers = rows.scalars
    var (means, inverses) = ([Float](), [Float]())
    for column in 0..<width {
      let values = (0..<count).map { Double(numbers[$0 * width + column]) }
      let mean = values.reduce(0, +) / Double(max(count, 1))
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(count, 1))
      means.append(Float(mean))
      inverses.append(variance > 1e-12 ? Float(1 / variance.squareRoot()) : 1)
    }
    mean.set(Tensor(means))
    inverseDeviation.set(Tensor(inverses))
  }

  func callAsFunction(_ rows: Tensor<Float>) -> Tensor<Float> {
    (rows - mean.value) * inverseDeviation.value
  }

  func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.state("mean", mean)
    visitor.state("inverseDeviation", inverseDeviation)
  }

  func duplicated(in duplication: Duplication<Float>) -> FeatureScale {
    FeatureScale(
      mean: duplication.copy(mean),
      inverseDeviation: duplication.copy(inverseDeviation)
    )
  }
}
