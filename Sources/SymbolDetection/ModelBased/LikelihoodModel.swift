public import Tensors

/// The slot of trellis detectors: how likely an observation is in each state.
///
/// A formula fills it when the channel is known, a trained classifier when it isn't. A detector
/// asks for the costs of one sequence at a time, a chunk of time after another, so that they never
/// have to be kept.
///
/// Laws: costs are finite for finite observations; a chunk's costs equal those numbers of the whole;
/// adding one number to all states of a time step changes no detector's result.
public protocol LikelihoodModel<Scalar>: Sendable {
  /// The precision of observations and costs.
  associatedtype Scalar: RealTensorScalar

  /// The states that costs are for.
  var trellis: Trellis { get }

  /// `-log p(y_i | state)` in nats, up to a number of its own for each time step.
  ///
  /// - Parameter observations: `[batch, time]`.
  /// - Returns: `[batch, time, states]`; states in the order of ``Trellis``.
  /// - Throws: when the model cannot take these observations.
  func costs(of observations: Tensor<Scalar>) throws -> Tensor<Scalar>

  /// The costs of a chunk of one sequence.
  ///
  /// The standard implementation forgets the place. A likelihood that depends on it, such as one
  /// whose taps change from frame to frame, brings its own.
  ///
  /// - Parameters:
  ///   - observations: `[1, steps]`.
  ///   - place: where they come from.
  /// - Returns: `[1, steps, states]`.
  /// - Throws: when the model cannot take these observations.
  func costs(of observations: Tensor<Scalar>, at place: ObservationPlace) throws -> Tensor<Scalar>
}

/// Which part of which sequence a chunk of observations is.
public struct ObservationPlace: Sendable, Hashable {
  /// The sequence in its batch.
  public let sequence: Int
  /// How many sequences the batch has.
  public let batch: Int
  /// The first step of the chunk.
  public let start: Int
  /// How many steps the whole sequence has.
  public let duration: Int

  /// The place of a chunk.
  public init(sequence: Int, batch: Int, start: Int, duration: Int) {
    self.sequence = sequence
    self.batch = batch
    self.start = start
    self.duration = duration
  }
}

extension LikelihoodModel {
  /// The costs of a chunk, the same wherever it lies.
  public func costs(
    of observations: Tensor<Scalar>,
    at place: ObservationPlace
  ) throws -> Tensor<Scalar> {
    try costs(of: observations)
  }

  /// The costs of whole sequences, one after another, each at its place.
  package func costsByPlace(of observations: Tensor<Scalar>) throws -> Tensor<Scalar> {
    let sequences = try SequenceBatch(observations)
    let size = sequences.duration * trellis.states
    return try Tensor(
      shape: [sequences.batch, sequences.duration, trellis.states]
    ) { buffer in
      for sequence in 0..<sequences.batch {
        let place = ObservationPlace(
          sequence: sequence,
          batch: sequences.batch,
          start: 0,
          duration: sequences.duration
        )
        let costs = try costs(
          of: sequences.chunk(of: sequence, 0..<sequences.duration),
          at: place
        )
        costs.withScalars { source in
          guard let from = source.baseAddress, let to = buffer.baseAddress else { return }
          (to + sequence * size).update(from: from, count: size)
        }
      }
    }
  }
}
