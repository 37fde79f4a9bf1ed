public import NeuralNetworks
public import Tensors

/// An algorithm's flow chart: stages of blocks, where each block is a slot.
///
/// The chart says which wires go into which block and is written once. A formula in the blocks makes
/// the classical algorithm; small networks in them make the hybrid (``LearnedBlockDiagram``), each
/// trained on a task of its own. Every stage has one wire a block; the blocks of a stage do not wait for
/// each other.
///
/// Equation: `w_q[k] = block_{q,k}(x, w_{q-1})`, q = 1 ..., with `w_0` the start.
///
/// Laws: a block's output is a function of its arguments; the outputs of the first stages are those of
/// the diagram that has no others.
///
/// ```swift
/// struct Averaging: BlockDiagram {               // each block: the mean of x and its neighbour's wire
///   let stages: [[Double]]                       // a weight each
///   func start(_ x: Tensor<Double>) -> [Tensor<Double>] { [x, x] }
///   func output(
///     of weight: Double, number: Int, given x: Tensor<Double>, _ wires: [Tensor<Double>]
///   ) -> Tensor<Double> { x * weight + wires[1 - number] * (1 - weight) }
/// }
/// ```
public protocol BlockDiagram<Scalar>: Sendable {
  /// The precision.
  associatedtype Scalar: RealTensorScalar
  /// What is given to every block.
  associatedtype Observation
  /// What fills the slots.
  associatedtype Block: Sendable

  /// The blocks, stage after stage.
  var stages: [[Block]] { get }

  /// What the wires carry into the first stage.
  func start(_ observation: Observation) -> [Tensor<Scalar>]

  /// What a block gives.
  ///
  /// - Parameters:
  ///   - block: one of a stage.
  ///   - number: its place in the stage.
  ///   - observation: what is given.
  ///   - wires: what the stage before gave, in the order of its blocks.
  /// - Returns: what its wire carries into the next stage.
  func output(
    of block: Block,
    number: Int,
    given observation: Observation,
    _ wires: [Tensor<Scalar>]
  ) -> Tensor<Scalar>
}

extension BlockDiagram {
  /// What the last stage gives; the start where there is no stage.
  public func outputs(_ observation: Observation) -> [Tensor<Scalar>] {
    stages.indices.reduce(start(observation)) { outputs(ofStage: $1, observation, $0) }
  }

  /// What each stage gives.
  public func trace(_ observation: Observation) -> [[Tensor<Scalar>]] {
    var wires = start(observation)
    return stages.indices.map { stage in
      wires = outputs(ofStage: stage, observation, wires)
      return wires
    }
  }

  /// What one stage gives.
  ///
  /// - Parameters:
  ///   - stage: its number, from 0.
  ///   - observation: what is given.
  ///   - wires: what goes in.
  /// - Returns: one tensor a block.
  public func outputs(
    ofStage stage: Int,
    _ observation: Observation,
    _ wires: [Tensor<Scalar>]
  ) -> [Tensor<Scalar>] {
    stages[stage].enumerated().map { number, block in
      output(of: block, number: number, given: observation, wires)
    }
  }
}

/// A block that learns: a network from one input to what its wire carries, with a task of its own.
public protocol LearnedBlock<Scalar>: DuplicableModule {
  /// What the wire carries.
  ///
  /// - Parameter input: `[batch, features]`.
  /// - Returns: `[batch, ...]`.
  func output(of input: Tensor<Scalar>) -> Tensor<Scalar>

  /// How far the block is from its target: one number.
  ///
  /// - Parameters:
  ///   - input: `[batch, features]`.
  ///   - target: `[batch, ...]`, as the block's task has it.
  /// - Returns: the mean loss, of one number.
  func loss(of input: Tensor<Scalar>, against target: Tensor<Scalar>) -> Tensor<Scalar>
}

/// A block diagram whose blocks are networks.
///
/// The observation is a tensor with samples along its first axis, and a block sees one tensor that the
/// diagram puts together. Trained stage by stage (``trainStageByStage(on:targets:settings:context:firstInputs:)``)
/// or as a whole (``trainEndToEnd(on:targets:settings:context:)``).
public protocol LearnedBlockDiagram<Scalar>: BlockDiagram, DuplicableModule
where Block: LearnedBlock<Scalar>, Observation == Tensor<Scalar> {
  /// What a block sees.
  ///
  /// Written in the tensors' operations, so that a loss on the last stage reaches all.
  ///
  /// - Parameters:
  ///   - number: the block's place in its stage.
  ///   - observation: `[batch, ...]`.
  ///   - wires: what the stage before gave.
  /// - Returns: `[batch, features]`.
  func input(
    ofBlock number: Int,
    given observation: Tensor<Scalar>,
    _ wires: [Tensor<Scalar>]
  ) -> Tensor<Scalar>
}

extension LearnedBlockDiagram {
  /// The network's output on what the diagram lets it see.
  public func output(
    of block: Block,
    number: Int,
    given observation: Tensor<Scalar>,
    _ wires: [Tensor<Scalar>]
  ) -> Tensor<Scalar> {
    block.output(of: input(ofBlock: number, given: observation, wires))
  }

  /// Names the blocks `stage.0.block.0`, `stage.0.block.1` and so on.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    for (number, blocks) in stages.enumerated() {
      visitor.children("stage.\(number).block", blocks)
    }
  }
}
