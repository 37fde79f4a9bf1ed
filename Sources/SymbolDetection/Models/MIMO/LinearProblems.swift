internal import CKernels
public import Tensors

/// A batch of real linear channels `y = H s + n` to detect `s` from.
public struct LinearProblems<Scalar: RealTensorScalar>: Sendable {
  /// `H`, `[receive, users]` for all, or `[batch, receive, users]`.
  public let channel: Tensor<Scalar>
  /// `y`, `[batch, receive]`.
  public let observations: Tensor<Scalar>
  /// `sigma^2` of a real dimension, linear: one for all or one a vector.
  public let noiseVariances: [Scalar]

  /// A batch of channels.
  ///
  /// - Throws: ``SymbolDetectionError/badProblem(_:)`` for shapes that do not fit, numbers that are not
  ///   finite, or a noise variance that is not above zero.
  public init(
    channel: Tensor<Scalar>,
    observations: Tensor<Scalar>,
    noiseVariances: [Scalar]
  ) throws(SymbolDetectionError) {
    let y = observations.shape
    let h = channel.shape
    guard y.count == 2, y.allSatisfy({ $0 >= 1 }) else {
      throw .badProblem("observations have shape \(y), expected [batch, receive], not empty")
    }
    guard h.count == 2 || (h.count == 3 && h[0] == y[0]), h[h.count - 2] == y[1],
      h[h.count - 1] >= 1
    else {
      throw .badProblem(
        "channel has shape \(h), expected [\(y[1]), users] or [\(y[0]), \(y[1]), users] "
          + "for observations of shape \(y)"
      )
    }
    guard noiseVariances.count == 1 || noiseVariances.count == y[0] else {
      throw .badProblem(
        "there are \(noiseVariances.count) noise variances, expected 1 or \(y[0])"
      )
    }
    if let bad = noiseVariances.first(where: { !($0 > 0 && $0.isFinite) }) {
      throw .badProblem("a noise variance is \(bad), expected a number > 0")
    }
    guard Self.isFinite(channel) else {
      throw .badProblem("channel has a number that is not finite")
    }
    guard Self.isFinite(observations) else {
      throw .badProblem("observations have a number that is not finite")
    }
    self.channel = channel
    self.observations = observations
    self.noiseVariances = noiseVariances
  }

  /// How many vectors.
  public var batch: Int { observations.shape[0] }
  /// Real dimensions of an observation.
  public var receive: Int { observations.shape[1] }
  /// Real dimensions of what was sent.
  public var users: Int { channel.shape[channel.rank - 1] }
  /// Whether all vectors have one channel and one noise variance.
  public var isShared: Bool { channel.rank == 2 && noiseVariances.count == 1 }

  private static func isFinite(_ tensor: Tensor<Scalar>) -> Bool {
    tensor.withScalars { numbers in
      guard let first = numbers.baseAddress else { return true }
      return Scalar.kernels.pointee.all_finite(numbers.count, first) != 0
    }
  }

  /// The channel of one vector.
  func matrix(_ index: Int) -> Matrix<Scalar> {
    let size = receive * users
    let start = channel.rank == 2 ? 0 : index * size
    return channel.withScalars {
      Matrix(rows: receive, columns: users, Array($0[start..<(start + size)]))
    }
  }

  /// One observation.
  func received(_ index: Int) -> [Scalar] {
    observations.withScalars { Array($0[(index * receive)..<((index + 1) * receive)]) }
  }

  /// The noise variance of one vector.
  func noiseVariance(_ index: Int) -> Scalar {
    noiseVariances[noiseVariances.count == 1 ? 0 : index]
  }

  /// The problems of which `s` less a number, the same for all users, is the answer.
  func less(_ shift: Scalar) throws(SymbolDetectionError) -> LinearProblems {
    let moved = channel.withScalars { h in
      observations.withScalars { y in
        Tensor<Scalar>(shape: observations.shape) { to in
          for i in 0..<y.count {
            let row = channel.rank == 2 ? i % receive : i
            var sum: Scalar = 0
            for k in 0..<users { sum += h[row * users + k] }
            to[i] = y[i] - shift * sum
          }
        }
      }
    }
    return try LinearProblems(
      channel: channel,
      observations: moved,
      noiseVariances: noiseVariances
    )
  }
}
