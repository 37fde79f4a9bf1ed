public import Tensors

/// Channels `y = H s + n` of several users and receive antennas, and what is sent over them.
///
/// The noise of a realisation has variance `sigma^2 = tr(H' H) / (K SNR)` with K users: the convention
/// of DetNet, where equivalently H is scaled to `tr(H' H) / K = SNR` and the noise has unit power. For
/// complex channels `sigma^2 = E|n|^2` of a complex number, half of it in each part.
///
/// - SeeAlso: `samuel2019detnet`.
public enum MIMOChannel {
  /// The matrix of the fixed channel: `H' H` is Toeplitz, `coefficient^|i - j|`.
  ///
  /// `H = Q L'` with `L L'` that Toeplitz matrix and `Q` orthonormal columns, drawn once for all from
  /// a Gaussian matrix of a fixed seed.
  ///
  /// - Parameters:
  ///   - receive: antennas, at least as many as users.
  ///   - users: K.
  ///   - coefficient: in `0..<1`; DetNet's is 0.55.
  /// - Returns: `H`, `[receive, users]`.
  public static func toeplitz(receive: Int, users: Int, coefficient: Double) -> Tensor<Double> {
    precondition(
      receive >= users && users >= 1 && coefficient >= 0 && coefficient < 1,
      "MIMOChannel.toeplitz: \(receive) x \(users), coefficient \(coefficient)"
    )
    // The Cholesky factor of c^|i - j| in closed form: a first-order recursion.
    var lower = Matrix<Double>(rows: users, columns: users)
    let innovation = (1 - coefficient * coefficient).squareRoot()
    for i in 0..<users {
      var power = 1.0
      for j in stride(from: i, through: 0, by: -1) {
        lower[i, j] = power * (j == 0 ? 1 : innovation)
        power *= coefficient
      }
    }
    var stream = RandomStream(seed: 55).derived("toeplitz")
    let gaussian: Tensor<Double> = stream.normal([receive, users])
    let basis = QRFactor(Matrix(rows: receive, columns: users, gaussian.scalars))
      .orthonormalColumns()
    return Tensor(basis.times(lower.transposed()).scalars, shape: [receive, users])
  }

  /// What was sent and received.
  public struct Transmission: Sendable {
    /// `s`, `[batch, users]`, real dimensions.
    public var symbols: Tensor<Float>
    /// `y`, `[batch, receive]`.
    public var observations: Tensor<Float>
    /// Noise power of a real dimension, one a channel.
    public var noiseVariances: [Float]
  }

  /// Sends symbols over real channels (or real equivalents).
  ///
  /// - Parameters:
  ///   - channel: `H`, `[receive, users]` for all, or `[batch, receive, users]`.
  ///   - levels: what each user chooses from.
  ///   - snr: linear, one for all or one a vector.
  ///   - noiseShare: of a real dimension, 1 of real channels and half of real equivalents: the
  ///     variance is that times `tr(H' H) / (columns SNR)`.
  ///   - batch: how many vectors.
  ///   - stream: where symbols and noise are drawn from.
  /// - Returns: symbols, observations and noise variances.
  package static func transmit(
    over channel: Tensor<Float>,
    levels: [Float],
    snr: [Double],
    noiseShare: Double,
    batch: Int,
    from stream: RandomStream
  ) -> Transmission {
    let receive = channel.shape[channel.rank - 2]
    let users = channel.shape[channel.rank - 1]
    let isShared = channel.rank == 2
    var symbolStream = stream.derived("symbols")
    var noiseStream = stream.derived("noise")
    let places = symbolStream.integers(batch * users, below: levels.count)
    let symbols = Tensor<Float>(shape: [batch, users]) { buffer in
      for i in 0..<buffer.count { buffer[i] = levels[places[i]] }
    }
    let count = isShared && snr.count == 1 ? 1 : batch
    var variances = [Float](repeating: 0, count: count)
    channel.withScalars { h in
      for i in 0..<count {
        let size = receive * users
        let start = isShared ? 0 : i * size
        let energy = Double(dotProduct(h, start, h, start, size))
        let scale = noiseShare / (Double(users) * snr[snr.count == 1 ? 0 : i])
        variances[i] = Float(energy * scale)
      }
    }
    let observations = Tensor<Float>(shape: [batch, receive]) { y in
      noiseStream.fillNormal(y)
      channel.withScalars { h in
        symbols.withScalars { s in
          for i in 0..<batch {
            let deviation = variances[count == 1 ? 0 : i].squareRoot()
            let start = isShared ? 0 : i * receive * users
            for r in 0..<receive {
              let mean = dotProduct(h, start + r * users, s, i * users, users)
              y[i * receive + r] = mean + deviation * y[i * receive + r]
            }
          }
        }
      }
    }
    return Transmission(
      symbols: symbols,
      observations: observations,
      noiseVariances: variances
    )
  }
}
