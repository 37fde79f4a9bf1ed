internal import Autodiff
package import NeuralNetworks
internal import Tensors

/// What is learned of a filter's noise: square roots, so that the covariances stay positive semidefinite.
///
/// `Q = G G'` and `R = L L'`.
package struct NoiseRoots: DuplicableModule {
  package typealias Scalar = Float

  /// `G`, `[m, m]`.
  let process: Parameter<Float>
  /// `L`, `[n, n]`.
  let observation: Parameter<Float>

  /// The roots of two covariances.
  package init(_ noise: NoiseCovariances<Float>) {
    func root(_ matrix: Matrix<Float>) -> Parameter<Float> {
      let lower = Covariance.factor(matrix)
      return Parameter(Tensor(lower.scalars, shape: [lower.rows, lower.columns]))
    }
    process = root(noise.process.matrix)
    observation = root(noise.observation.matrix)
  }

  private init(_ process: Parameter<Float>, _ observation: Parameter<Float>) {
    self.process = process
    self.observation = observation
  }

  /// `Q` and `R`, recorded where they are learned.
  var covariances: (process: Tensor<Float>, observation: Tensor<Float>) {
    func square(_ root: Parameter<Float>) -> Tensor<Float> {
      matmul(root.value, root.value, transposeB: true)
    }
    return (square(process), square(observation))
  }

  package func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.parameter("processRoot", process)
    visitor.parameter("observationRoot", observation)
  }

  package func duplicated(in duplication: Duplication<Float>) -> NoiseRoots {
    NoiseRoots(duplication.copy(process), duplication.copy(observation))
  }
}
