public import Autodiff
public import NeuralNetworks
public import Tensors

/// An iterative algorithm whose step is told its parameters: the slot that unfolding fills.
///
/// The step is written once. ``solve(_:_:until:)`` repeats it with the model's parameters: the
/// classical algorithm. ``unfolded(layers:learning:sharing:)`` makes each iteration a layer with
/// parameters of its own that start at the model's values: the network. A step written in the tensors'
/// operations can be recorded, so that a loss on any layer trains the parameters.
///
/// Laws, tested for every method: the step is a function of its arguments; at the initial parameters K
/// layers equal K iterations to the bit; every parameter belongs to one group.
///
/// ```swift
/// struct GradientDescent: IterativeMethod {                    // min |x - H s|^2 / 2
///   let operators: Tensor<Float>                               // H, [m, n]
///   func initialParameters(ofLayer layer: Int) -> StepSize { StepSize(0.01) }
///   func start(_ x: Tensor<Float>) -> Tensor<Float> { matmul(x, operators) }
///   func step(_ s: Tensor<Float>, _ x: Tensor<Float>, _ parameters: StepSize) -> Tensor<Float> {
///     s - parameters.size.value * matmul(matmul(s, operators, transposeB: true) - x, operators)
///   }
///   func estimate(_ s: Tensor<Float>) -> Tensor<Float> { s }
/// }
/// ```
public protocol IterativeMethod<Scalar>: Sendable {
  /// The precision.
  associatedtype Scalar: RealTensorScalar
  /// What is given: observations, and what is known of each problem.
  associatedtype Problem
  /// What one iteration hands to the next.
  associatedtype State
  /// What one step needs to be told.
  associatedtype Parameters: StepParameters<Scalar>

  /// New parameters at the model's values; where there is no such value (a learned step), a random start.
  ///
  /// - Parameter layer: from 0; solvers use that of layer 0 in every iteration.
  /// - Returns: parameters that nobody else has.
  func initialParameters(ofLayer layer: Int) -> Parameters

  /// The state before the first step.
  func start(_ problem: Problem) -> State

  /// One iteration.
  func step(_ state: State, _ problem: Problem, _ parameters: Parameters) -> State

  /// What a state says of the unknowns, `[batch, ...]`.
  func estimate(_ state: State) -> Tensor<Scalar>
}

/// The parameters of one step, in groups that are learned or left at the model's values together.
public protocol StepParameters<Scalar>: DuplicableModule {
  /// The groups: step sizes, thresholds, matrices.
  associatedtype Group: Hashable & Sendable & CaseIterable

  /// The parameters of a group; each parameter is in one group.
  func members(of group: Group) -> [Parameter<Scalar>]
}

extension StepParameters {
  /// All parameters of some groups, in the order of the groups.
  public func members(of groups: Set<Group>) -> [Parameter<Scalar>] {
    Group.allCases.filter(groups.contains).flatMap { members(of: $0) }
  }
}
