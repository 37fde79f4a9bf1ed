// Unfolds an algorithm that the library does not have: non-negative least squares by projected
// gradient descent, `min |x - A s|^2 / 2` subject to `s >= 0`. One step is written; the classical solver
// and a network of six layers with learned step sizes come from it. Run: swift run NonNegativeLeastSquares

import Autodiff
import Hybridization
import NeuralNetworks
import Tensors

struct StepSize: StepParameters {  // what a step is told, in the groups that are learned together
  enum Group: CaseIterable, Hashable, Sendable { case stepSize }
  var size = Parameter(Tensor<Float>(0))
  func members(of group: Group) -> [Parameter<Float>] { [size] }
  func visit(_ visitor: any ModuleVisitor<Float>) { visitor.parameter("size", size) }
  func duplicated(in copies: Duplication<Float>) -> StepSize { StepSize(size: copies.copy(size)) }
}

struct ProjectedGradient: IterativeMethod {
  let a: Tensor<Float>  // [m, n]; rows of observations and of estimates are problems
  func initialParameters(ofLayer layer: Int) -> StepSize { StepSize(size: Parameter(Tensor(0.1))) }
  func start(_ x: Tensor<Float>) -> Tensor<Float> { .zeros([x.shape[0], a.shape[1]]) }
  func step(_ s: Tensor<Float>, _ x: Tensor<Float>, _ told: StepSize) -> Tensor<Float> {
    relu(s + told.size.value * matmul(x - matmul(s, a, transposeB: true), a))
  }
  func estimate(_ s: Tensor<Float>) -> Tensor<Float> { s }
}

var stream = RandomStream(seed: 1)
let normals: Tensor<Float> = stream.normal([30, 20])
let descent = ProjectedGradient(a: normals * 0.2)
let draws: Tensor<Float> = stream.normal([2000, 20])
let signals = relu(draws)
let observations = matmul(signals, descent.a, transposeB: true)

func error(_ estimate: Tensor<Float>) -> Float {
  meanSquaredError(estimate, signals).scalar / square(signals).mean().scalar
}

let solved = descent.solve(observations, until: .tolerance(1e-6))
print("classical: \(solved.sentence), relative error \(error(solved.value))")

let network = descent.unfolded(layers: 6)
let before = error(network.estimate(observations))
var settings = TrainingSettings(.epochs(30), batchSize: 50)
settings.schedule = .cosine(from: 0.02, to: 0.001)
try network.trainTogether(
  on: try Dataset(["x": observations, "s": signals]),
  settings: settings,
  context: TrainingContext(stream: stream.derived("training")),
  weighting: .last,
  problem: { try $0.named("x") },
  loss: { meanSquaredError($1, try $0.named("s")) }
)
let after = error(network.estimate(observations))
print("six layers: relative error \(before) at the fixed step, \(after) at the learned steps")
precondition(after < before / 2, "learned steps should halve the error")
