public import Tensors

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Channels of users that interfere with each other, their fading and wrong knowledge of them.
///
/// - SeeAlso: `shlezinger2021deepsic`.
public enum InterferenceChannel {
  /// `H_ij = exp(-decay |i - j|)`: each user is heard best by the antenna of its number.
  ///
  /// - Parameters:
  ///   - receive: antennas.
  ///   - users: users.
  ///   - decay: a step between antennas, `>= 0`.
  /// - Returns: `H`, `[receive, users]`.
  public static func exponential(receive: Int, users: Int, decay: Double) -> Tensor<Double> {
    precondition(receive >= 1 && users >= 1, "InterferenceChannel: \(receive) x \(users)")
    return Tensor(shape: [receive, users]) { h in
      for i in 0..<receive {
        for j in 0..<users { h[i * users + j] = exp(-decay * Double(abs(i - j))) }
      }
    }
  }

  /// The channel in one block of the block fading law: user j's column times
  /// `0.8 + 0.2 cos(2 pi block / p_j)`, with the periods of ``ChannelTaps/fadingPeriods`` again from
  /// the start after the last.
  public static func faded(_ channel: Tensor<Double>, block: Int) -> Tensor<Double> {
    let users = channel.shape[1]
    let factors = ChannelTaps.faded([Double](repeating: 1, count: users), block: block)
    return channel.withScalars { from in
      Tensor(shape: channel.shape) { to in
        for i in 0..<from.count { to[i] = from[i] * factors[i % users] }
      }
    }
  }

  /// Wrong knowledge: `H_ij (1 + sqrt(variance) n)`, `n` standard normal, anew for each frame.
  ///
  /// - Parameters:
  ///   - channel: `H`, `[receive, users]`.
  ///   - variance: of the relative error.
  ///   - layout: the frames of the batch.
  ///   - batch: vectors.
  ///   - stream: where the errors are drawn from.
  /// - Returns: `[batch, receive, users]`, one matrix a vector.
  public static func perturbed(
    _ channel: Tensor<Double>,
    variance: Double,
    layout: FrameLayout,
    batch: Int,
    from stream: inout RandomStream
  ) -> Tensor<Float> {
    let frames = ChannelTaps.perturbed(
      channel.scalars,
      variance: variance,
      frames: layout.frames,
      from: &stream
    )
    let size = channel.count
    return Tensor(shape: [batch] + channel.shape) { to in
      for b in 0..<batch {
        let matrix = frames[layout.frame(of: b)]
        for i in 0..<size { to[b * size + i] = Float(matrix[i]) }
      }
    }
  }

  /// `H s` of each vector.
  ///
  /// - Parameters:
  ///   - symbols: `[batch, users]`.
  ///   - channel: `[receive, users]` for all, or `[batch, receive, users]`.
  /// - Returns: `[batch, receive]`.
  static func sums(_ symbols: Tensor<Float>, over channel: Tensor<Float>) -> Tensor<Float> {
    let (batch, users) = (symbols.shape[0], symbols.shape[1])
    let receive = channel.shape[channel.rank - 2]
    return channel.withScalars { h in
      symbols.withScalars { s in
        Tensor(shape: [batch, receive]) { m in
          for b in 0..<batch {
            let start = channel.rank == 2 ? 0 : b * receive * users
            for i in 0..<receive {
              m[b * receive + i] = dotProduct(h, start + i * users, s, b * users, users)
            }
          }
        }
      }
    }
  }
}
