// Goals in order: a user writes a system once, as tensor code; filters one step at a time take it without an
// allocation. One recording of the value, and one of value and Jacobian, are replayed on one point after another.

internal import Autodiff
internal import NeuralNetworks
internal import Synchronization
public import Tensors

/// A map of vectors written as tensor code, whose Jacobian the operations' forward rules give.
///
/// ```swift
/// let pendulum = RecordedFunction<Float>(inputs: 2, outputs: 2) { x in
///   let (angle, velocity) = (x.sliced(axis: 1, 0..<1), x.sliced(axis: 1, 1..<2))
///   let next = velocity - sin(angle) * 0.2
///   return concatenated([angle + next * 0.02, next], axis: 1)
/// }
/// ```
///
/// Threads take recordings of their own. Once each thread has some, nothing allocates.
public struct RecordedFunction<Scalar: RealTensorScalar>: VectorFunction {
  /// How many numbers go in.
  public let inputs: Int
  /// How many numbers come out.
  public let outputs: Int
  private let function: @Sendable (Tensor<Scalar>) -> Tensor<Scalar>
  private let values: FunctionShelf<Scalar>
  private let slopes: FunctionShelf<Scalar>

  /// A map.
  ///
  /// - Parameters:
  ///   - inputs: how many numbers go in.
  ///   - outputs: how many numbers come out.
  ///   - function: from `[batch, inputs]` to `[batch, outputs]`, each row from its own, in operations with a forward rule;
  ///     see `jacobian(at:of:)`.
  public init(
    inputs: Int,
    outputs: Int,
    _ function: @escaping @Sendable (Tensor<Scalar>) -> Tensor<Scalar>
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.function = function
    values = FunctionShelf { try Self.recorded(inputs) { ["value": function($0)] } }
    slopes = FunctionShelf {
      try Self.recorded(inputs) { x in
        let (value, slope) = valueAndJacobian(at: x, of: function)
        precondition(
          value.shape == [1, outputs],
          "RecordedFunction: a value of shape \(value.shape) for \(outputs) outputs"
        )
        return ["value": value, "jacobian": slope]
      }
    }
  }

  private static func recorded(
    _ inputs: Int,
    _ body: (Tensor<Scalar>) -> [String: Tensor<Scalar>]
  ) throws -> Recording<Scalar> {
    try Recording(inputs: ["x": .zeros([1, inputs])]) { named in body(try named.named("x")) }
  }

  /// The value, by a replay.
  public func evaluate(_ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>) {
    values.replay(x, count: inputs) { y.update(from: $0.value, count: outputs) }
  }

  /// The Jacobian, by a replay.
  public func jacobian(_ x: UnsafePointer<Scalar>, into matrix: UnsafeMutablePointer<Scalar>) {
    slopes.replay(x, count: inputs) {
      if let slope = $0.slope { matrix.update(from: slope, count: outputs * inputs) }
    }
  }

  /// Both by one replay.
  public func linearise(
    _ x: UnsafePointer<Scalar>,
    into y: UnsafeMutablePointer<Scalar>,
    jacobian matrix: UnsafeMutablePointer<Scalar>
  ) {
    slopes.replay(x, count: inputs) {
      y.update(from: $0.value, count: outputs)
      if let slope = $0.slope { matrix.update(from: slope, count: outputs * inputs) }
    }
  }

  /// The function itself.
  public func applied(to x: Tensor<Scalar>) -> Tensor<Scalar> { function(x) }
}

/// Recordings of one function at one point, of which each thread takes one at a time.
private final class FunctionShelf<Scalar: RealTensorScalar>: @unchecked Sendable {
  // Safe to share: the list is under the lock, and a place that was taken is in one thread's hands until it is put
  // back. A recording's buffers never move and live as long as it.

  /// A recording and where its numbers are.
  struct Place {
    let recording: Recording<Scalar>
    let input: UnsafeMutablePointer<Scalar>
    let value: UnsafePointer<Scalar>
    let slope: UnsafePointer<Scalar>?
  }

  private let make: @Sendable () throws -> Recording<Scalar>
  private let lock = Mutex<Void>(())
  private var free: [Place] = []

  init(_ make: @escaping @Sendable () throws -> Recording<Scalar>) { self.make = make }

  /// Computes at a point and lends the results.
  func replay(_ x: UnsafePointer<Scalar>, count: Int, _ body: (Place) -> Void) {
    do {
      let place = try lock.withLock { _ in free.popLast() } ?? made()
      place.input.update(from: x, count: count)
      try place.recording.forward()
      body(place)
      lock.withLock { _ in free.append(place) }
    } catch {
      preconditionFailure("RecordedFunction: a function that cannot be replayed: \(error)")
    }
  }

  private func made() throws -> Place {
    let recording = try make()
    func output(_ name: String) throws -> UnsafePointer<Scalar>? {
      try recording.withValue(name) { $0.baseAddress }
    }
    guard let input = try recording.inputBuffer("x").baseAddress, let value = try output("value")
    else { preconditionFailure("RecordedFunction: no inputs or no outputs") }
    return Place(
      recording: recording,
      input: input,
      value: value,
      slope: try? output("jacobian")
    )
  }
}
