public import Tensors

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Laws that give the taps of a channel; `taps[0]` multiplies the newest symbol.
public enum ChannelTaps {
  /// The periods of the block fading law, in blocks, for taps 0, 1, 2, 3; then from the start again.
  public static let fadingPeriods: [Double] = [51, 39, 33, 21]

  /// Taps that decay exponentially: `h_k = exp(-decay k)`, `k = 0 ..< memory`.
  ///
  /// - Parameters:
  ///   - decay: the rate `gamma` a symbol, `>= 0`.
  ///   - memory: how many taps.
  /// - Returns: the taps.
  public static func exponential(decay: Double, memory: Int) -> [Double] {
    (0..<memory).map { exp(-decay * Double($0)) }
  }

  /// Taps in one block of the block fading law:
  /// `h_k (0.8 + 0.2 cos(2 pi block / p_k))`, with the periods ``fadingPeriods``.
  ///
  /// - Parameters:
  ///   - taps: the taps without fading.
  ///   - block: the number of the block; any whole number.
  /// - Returns: the taps in that block.
  /// - SeeAlso: `shlezinger2020viterbinet`, section on online training; periods as in the public
  ///   programs of its authors.
  public static func faded(_ taps: [Double], block: Int) -> [Double] {
    taps.enumerated().map { k, tap in
      let period = fadingPeriods[k % fadingPeriods.count]
      return tap * (0.8 + 0.2 * cos(2 * .pi * Double(block) / period))
    }
  }

  /// Taps as a receiver with wrong knowledge believes them to be: `h_k (1 + sqrt(variance) n)`,
  /// `n` standard normal, drawn anew for each tap of each frame.
  ///
  /// - Parameters:
  ///   - taps: the true taps.
  ///   - variance: of the relative error.
  ///   - frames: how many frames.
  ///   - stream: where the errors are drawn from.
  /// - Returns: one list of taps a frame.
  public static func perturbed(
    _ taps: [Double],
    variance: Double,
    frames: Int,
    from stream: inout RandomStream
  ) -> [[Double]] {
    let errors: Tensor<Double> = stream.normal([frames, taps.count])
    let deviation = variance.squareRoot()
    let normal = errors.scalars
    return (0..<frames).map { frame in
      taps.indices.map { taps[$0] * (1 + deviation * normal[frame * taps.count + $0]) }
    }
  }
}

/// How a time axis is cut into frames of equal length, the last of which may be shorter.
public struct FrameLayout: Sendable, Hashable {
  /// The number of frames.
  public let frames: Int
  /// The steps of a frame: `ceil(duration / frames)`.
  public let length: Int

  /// A time axis cut into the given number of frames.
  public init(duration: Int, frames: Int) {
    precondition(frames >= 1, "FrameLayout: \(frames) frames")
    self.frames = frames
    length = max(1, (duration + frames - 1) / frames)
  }

  /// A time axis cut into frames as near as possible to a wanted length.
  public init(duration: Int, nearLength length: Int) {
    self.init(duration: duration, frames: max(1, (duration + length / 2) / length))
  }

  /// The frame of a step.
  public func frame(of step: Int) -> Int { min(step / length, frames - 1) }
}
