// Goals in order: a user writes a system once, as tensor code; filters one step at a time take it without an
// allocation. One recording of the value, and one of value and Jacobian, run on one point after another: as programs of single
// numbers where all operations have such a form, else by replay.

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
    values = FunctionShelf(["value"]) { try Self.recorded(inputs) { ["value": function($0)] } }
    slopes = FunctionShelf(["value", "jacobian"]) {
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

  /// The value.
  public func evaluate(_ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>) {
    values.run(x, count: inputs) { $0.copy(0, to: y) }
  }

  /// The Jacobian.
  public func jacobian(_ x: UnsafePointer<Scalar>, into matrix: UnsafeMutablePointer<Scalar>) {
    slopes.run(x, count: inputs) { $0.copy(1, to: matrix) }
  }

  /// Both at once.
  public func linearise(
    _ x: UnsafePointer<Scalar>,
    into y: UnsafeMutablePointer<Scalar>,
    jacobian matrix: UnsafeMutablePointer<Scalar>
  ) {
    slopes.run(x, count: inputs) {
      $0.copy(0, to: y)
      $0.copy(1, to: matrix)
    }
  }

  /// The function itself.
  public func applied(to x: Tensor<Scalar>) -> Tensor<Scalar> { function(x) }
}

/// A recorded function at one point, of which each thread takes one at a time.
private final class FunctionShelf<Scalar: RealTensorScalar>: @unchecked Sendable {
  // Safe to share: the list is under the lock, and a place that was taken is in one thread's hands until it is put
  // back. A recording's buffers never move and live as long as it.

  /// Computes at a point and gives one output after another.
  final class Place {
    private let recording: Recording<Scalar>
    private let input: UnsafeMutablePointer<Scalar>
    private let outputs: [UnsafeBufferPointer<Scalar>]
    /// The same in operations on single numbers, where it has them.
    private let program: (code: ScalarProgram<Scalar>, registers: TensorStorage<Scalar>)?

    init(_ recording: Recording<Scalar>, outputs names: [String]) throws {
      self.recording = recording
      guard let input = try recording.inputBuffer("x").baseAddress else {
        preconditionFailure("RecordedFunction: no inputs")
      }
      self.input = input
      outputs = try names.map { try recording.withValue($0) { $0 } }
      program = ScalarProgram(recording, input: "x", outputs: names).map {
        ($0, $0.makeRegisters())
      }
    }

    func run(_ x: UnsafePointer<Scalar>, count: Int) throws {
      if let program { return program.code.run(x, program.registers) }
      input.update(from: x, count: count)
      try recording.forward()
    }

    func copy(_ output: Int, to target: UnsafeMutablePointer<Scalar>) {
      if let program {
        return program.code.copy(output, from: program.registers, to: target)
      }
      let numbers = outputs[output]
      if let base = numbers.baseAddress { target.update(from: base, count: numbers.count) }
    }
  }

  private let make: @Sendable () throws -> Recording<Scalar>
  private let outputs: [String]
  private let lock = Mutex<Void>(())
  private var free: [Place] = []

  init(_ outputs: [String], _ make: @escaping @Sendable () throws -> Recording<Scalar>) {
    self.outputs = outputs
    self.make = make
  }

  /// Computes at a point and lends the results.
  func run(_ x: UnsafePointer<Scalar>, count: Int, _ body: (Place) -> Void) {
    do {
      let place = try lock.withLock { _ in free.popLast() } ?? Place(make(), outputs: outputs)
      try place.run(x, count: count)
      body(place)
      lock.withLock { _ in free.append(place) }
    } catch {
      preconditionFailure("RecordedFunction: a function that cannot be replayed: \(error)")
    }
  }
}
