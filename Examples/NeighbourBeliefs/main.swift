// A block diagram that the library does not have: sites in a row, each +1 or -1 and mostly like its
// neighbours, seen through noise. In every stage the block of a site gets its own number and what the stage
// before believes of its neighbours. Formulas in the blocks would need the noise and the chain; small
// networks, trained stage by stage, learn both. Run: swift run NeighbourBeliefs
import Autodiff
import Hybridization
import NeuralNetworks
import Tensors

struct Site: LearnedBlock {  // [batch, own number and two beliefs] -> belief of +1, [batch, 1]
  typealias Scalar = Float
  let layers: Sequential<Float>
  func output(of input: Tensor<Float>) -> Tensor<Float> { sigmoid(layers(input)) }
  func loss(of input: Tensor<Float>, against target: Tensor<Float>) -> Tensor<Float> {
    binaryCrossEntropy(layers(input), target)
  }
  func visit(_ visitor: any ModuleVisitor<Float>) { layers.visit(visitor) }
  func duplicated(in copies: Duplication<Float>) -> Site {
    Site(layers: layers.duplicated(in: copies))
  }
}

struct Row: LearnedBlockDiagram {
  typealias Scalar = Float
  let stages: [[Site]]
  func start(_ x: Tensor<Float>) -> [Tensor<Float>] {
    stages[0].map { _ in .full([x.shape[0], 1], 0.5) }
  }
  func input(ofBlock site: Int, given x: Tensor<Float>, _ beliefs: [Tensor<Float>])
    -> Tensor<Float>
  {
    let ends = Tensor<Float>.full([x.shape[0], 1], 0.5)
    let left = site > 0 ? beliefs[site - 1] : ends
    let right = site + 1 < beliefs.count ? beliefs[site + 1] : ends
    return concatenated([x.sliced(axis: 1, site..<(site + 1)), left, right], axis: 1)
  }
  func duplicated(in copies: Duplication<Float>) -> Row {
    Row(stages: stages.map { $0.map { $0.duplicated(in: copies) } })
  }
}

let sites = 6
func drawn(_ count: Int, _ stream: RandomStream) -> (x: Tensor<Float>, plus: [Tensor<Float>]) {
  var (chain, noise) = (stream.derived("chain"), stream.derived("noise"))
  let coins: Tensor<Float> = chain.uniform([count, sites], low: 0, high: 1)
  var state = isGreater(coins.sliced(axis: 1, 0..<1), Tensor<Float>(0.5))
  var plus = [state]
  for site in 1..<sites {  // one in ten changes sign
    let flips = isLess(coins.sliced(axis: 1, site..<(site + 1)), Tensor<Float>(0.1))
    state = state + flips - 2 * state * flips
    plus.append(state)
  }
  let normals: Tensor<Float> = noise.normal([count, sites])
  return (concatenated(plus, axis: 1) * 2 - 1 + normals, plus)
}
func errors(_ beliefs: [Tensor<Float>], _ plus: [Tensor<Float>]) -> Float {
  let wrong = zip(beliefs, plus).map { abs(isGreater($0, Tensor<Float>(0.5)) - $1).mean().scalar }
  return wrong.reduce(0, +) / Float(sites)
}

func site(_ number: Int) -> Site {
  var initial = RandomStream(seed: 1).derived("initial", index: number)
  let hidden = Dense<Float>(3, 12, activation: .tanh, from: &initial)
  return Site(layers: Sequential([hidden, Dense<Float>(12, 1, from: &initial)]))
}
let row = Row(stages: (0..<3).map { stage in (0..<6).map { site(6 * stage + $0) } })
let stream = RandomStream(seed: 1)
let (known, fresh) = (drawn(4000, stream.derived("known")), drawn(20_000, stream.derived("fresh")))
var settings = TrainingSettings(.epochs(30), batchSize: 50)
settings.schedule = .cosine(from: 0.01, to: 1e-4)
try row.trainStageByStage(
  on: known.x,
  targets: known.plus,
  settings: settings,
  context: BlockTrainingContext(stream: stream.derived("training"))
)
let rates = row.trace(fresh.x).map { errors($0, fresh.plus) }
print("wrong after each stage: \(rates)")
precondition(rates[2] < 0.75 * rates[0], "neighbours should take away a quarter of the errors")
