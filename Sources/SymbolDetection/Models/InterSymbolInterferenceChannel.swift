public import Tensors

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// How observations scatter around what the channel's taps give.
public enum ChannelNoise: Sendable, Hashable {
  /// `y ~ N(mean, variance)` with `mean = sum_k h_k s_{i-k}`.
  case gaussian(variance: Double)
  /// `y ~ Poisson(gain sum_k h_k s_{i-k} + 1)`.
  case poisson(gain: Double)

  /// Gaussian noise of variance `10^(-SNR/10)`, whatever the energy of the taps.
  public static func gaussian(snrDecibels: Double) -> ChannelNoise {
    .gaussian(variance: pow(10, -snrDecibels / 10))
  }

  /// Poisson counts with `gain = sqrt(rho)`, `rho = 10^(SNR/10)`.
  public static func poisson(snrDecibels: Double) -> ChannelNoise {
    .poisson(gain: pow(10, snrDecibels / 20))
  }
}

/// A channel that adds up the last few symbols, each times a tap, and observes the sum with noise.
///
/// `y_i = sum_k h_k s_{i-k} + w_i` with Gaussian noise, or a Poisson count of mean
/// `gain sum_k h_k s_{i-k} + 1`. The taps may change from frame to frame; symbols of the frame before
/// still reach into the next.
public struct InterSymbolInterferenceChannel: Sendable {
  /// The symbols.
  public let constellation: Constellation
  /// One list of taps a frame; frames cut the time axis into equal parts.
  public let frames: [[Double]]
  /// The noise law.
  public let noise: ChannelNoise
  /// The states.
  public let trellis: Trellis

  /// A channel with the same taps at all times.
  ///
  /// - Parameters:
  ///   - constellation: the symbols; Poisson counts need on-off keying.
  ///   - taps: real and finite; `taps[0]` multiplies the newest symbol.
  ///   - noise: the noise law.
  /// - Throws: ``SymbolDetectionError``.
  public init(
    constellation: Constellation,
    taps: [Double],
    noise: ChannelNoise
  ) throws(SymbolDetectionError) {
    try self.init(constellation: constellation, frames: [taps], noise: noise)
  }

  /// A channel whose taps change from frame to frame.
  ///
  /// - Parameters:
  ///   - constellation: the symbols; Poisson counts need on-off keying.
  ///   - frames: at least one list of taps, all of one length.
  ///   - noise: the noise law.
  /// - Throws: ``SymbolDetectionError``.
  public init(
    constellation: Constellation,
    frames: [[Double]],
    noise: ChannelNoise
  ) throws(SymbolDetectionError) {
    guard let first = frames.first, frames.allSatisfy({ $0.count == first.count }) else {
      throw .badTaps(shape: [frames.count], expected: "at least one frame, all of one length")
    }
    trellis = try Trellis(constellation: constellation, memory: first.count)
    for taps in frames {
      for tap in taps where !tap.isFinite {
        throw .badNumber(name: "a tap", value: "\(tap)", expected: "a finite number")
      }
    }
    switch noise {
    case .gaussian(let variance):
      guard variance >= 0, variance.isFinite else {
        throw .badNumber(name: "the noise variance", value: "\(variance)", expected: ">= 0")
      }
    case .poisson(let gain):
      guard gain >= 0, gain.isFinite else {
        throw .badNumber(name: "the gain", value: "\(gain)", expected: ">= 0")
      }
      guard constellation == .ook else {
        throw .incompatible(
          constellation: constellation.rawValue,
          noise: "poisson",
          expected: "ook"
        )
      }
    }
    self.constellation = constellation
    self.frames = frames
    self.noise = noise
  }

  /// What the channel gives for known symbols, without noise: `sum_k h_k s_{i-k}`.
  ///
  /// - Parameters:
  ///   - symbols: the symbols in time order.
  ///   - before: the symbol that was sent at all times before the first.
  /// - Returns: one number a symbol.
  public func noiseless(_ symbols: [Double], before: Double) -> [Double] {
    let memory = trellis.memory
    let layout = FrameLayout(duration: symbols.count, frames: frames.count)
    let padded = [Double](repeating: before, count: memory - 1) + symbols
    return padded.withUnsafeBufferPointer { sent in
      symbols.indices.map { i in
        let taps = frames[layout.frame(of: i)]
        var sum = 0.0
        for k in 0..<memory { sum += taps[k] * sent[i + memory - 1 - k] }
        return sum
      }
    }
  }

  /// Draws what a receiver observes when known symbols are sent.
  ///
  /// Poisson rates below zero, which taps with large errors can give, are taken as zero.
  ///
  /// - Parameters:
  ///   - symbols: the symbols in time order.
  ///   - before: the symbol that was sent at all times before the first.
  ///   - stream: where the noise is drawn from.
  /// - Returns: `[1, time]`.
  public func observations(
    of symbols: [Double],
    before: Double,
    from stream: inout RandomStream
  ) -> Tensor<Float> {
    let clean = noiseless(symbols, before: before)
    switch noise {
    case .gaussian(let variance):
      let deviation = variance.squareRoot()
      let normal: Tensor<Float> = stream.normal([symbols.count])
      let noisy = zip(clean, normal.scalars).map { Float($0 + deviation * Double($1)) }
      return Tensor(noisy, shape: [1, symbols.count])
    case .poisson(let gain):
      let rates = clean.map { Float(max(0, gain * $0 + 1)) }
      return stream.poisson(Tensor(rates, shape: [1, symbols.count]))
    }
  }
}
