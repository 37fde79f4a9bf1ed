public import Tensors

/// Inference by messages that run along the edges of a graph, again and again, with a slot for what they
/// get wrong.
///
/// The algorithm is written once: which messages a state sends, and how a state takes what arrives.
/// ``CorrectedMessagePassing`` repeats both; a ``MessageCorrection`` may add to what arrives. Messages are
/// what the algorithm says they are: slopes of a likelihood, log-likelihood ratios.
///
/// Laws: messages and the next state are functions of their arguments; without a correction the loop is
/// the classical algorithm.
///
/// ```swift
/// struct Averaging: MessagePassing {              // each site moves towards its neighbours
///   let sites: MessageGraph
///   func graph(_ x: Tensor<Float>) -> MessageGraph { sites }
///   func evidence(_ x: Tensor<Float>) -> Tensor<Float> { x }
///   func start(_ x: Tensor<Float>) -> Tensor<Float> { x }
///   ...
/// }
/// ```
public protocol MessagePassing<Scalar>: Sendable {
  /// The precision.
  associatedtype Scalar: RealTensorScalar
  /// What is given: observations, and what is known of each problem.
  associatedtype Problem
  /// What one iteration hands to the next.
  associatedtype State
  /// What a correction gives.
  associatedtype Correction

  /// Where messages run.
  func graph(_ problem: Problem) -> MessageGraph

  /// What a correction may know of the evidence, `[rows, features]`; the rows are those of the graph's edges.
  func evidence(_ problem: Problem) -> Tensor<Scalar>

  /// The state before the first iteration.
  func start(_ problem: Problem) -> State

  /// The messages of each kind of edge, `[edges, width]`; none at all where a correction works alone.
  func messages(_ state: State, _ problem: Problem) -> [Tensor<Scalar>]

  /// The state after messages, and a correction where there is one, have arrived.
  func next(
    _ state: State,
    _ messages: [Tensor<Scalar>],
    _ correction: Correction?,
    _ problem: Problem
  ) -> State

  /// What a state says of the unknowns.
  func estimate(_ state: State, _ problem: Problem) -> Tensor<Scalar>
}
