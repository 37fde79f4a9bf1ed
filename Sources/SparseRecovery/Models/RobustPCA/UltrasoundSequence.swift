// Goals: 1. the structure that separation lives on: tissue of exactly known rank, echoes that move along
// vessels; 2. each sequence from a stream of its own, so that threads and counts change no bit.
//
// After the simulation of solomon2019corona. Deviations: real radio-frequency samples in place of complex
// demodulated ones; tissue is made of a few speckle patterns, so that its rank is known.

internal import Autodiff
package import Tensors

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A contrast-enhanced ultrasound sequence: tissue speckle, bubbles that move along vessels, and noise.
///
/// Tissue: `L[t] = A (P_0 + sum_r 2^-r sin(2 pi f_r t / frames + phi_r) P_r)`, `r = 1 ..< rank`, of speckle patterns
/// `P_r` (normal noise through the point spread, of mean square 1). Bubbles: `S[t] = sum_b a_b h(z - z_b(t), x - x_b(t))`
/// on straight vessels at a vessel's speed, with the point spread
/// `h(z, x) = exp(-z^2 / 2 s_z^2 - x^2 / 2 s_x^2) cos(pi z / 2 + phi)`, `s_z = 1`, `s_x = 1.5` pixels.
/// Observed: `D = L + S + noise`.
package struct UltrasoundSequence: Sendable {
  /// Frames of a sequence.
  package var frames: Int
  /// Pixels in depth.
  package var height: Int
  /// Pixels across.
  package var width: Int
  /// The rank of the tissue.
  package var rank: Int
  /// `A`: the root mean square of the first pattern, over an amplitude of 1 of bubbles, in dB.
  package var tissueDecibels: Double
  /// Vessels in the field of view.
  package var vessels: Int
  /// Bubbles of a vessel, on average.
  package var bubbles: Double
  /// The standard deviation of the noise; bubbles have amplitudes from 0.5 to 1.5.
  package var noiseDeviation: Double

  /// A world of the given numbers.
  package init(
    frames: Int,
    height: Int,
    width: Int,
    rank: Int,
    tissueDecibels: Double,
    vessels: Int,
    bubbles: Double,
    noiseDeviation: Double
  ) {
    self.frames = frames
    self.height = height
    self.width = width
    self.rank = rank
    self.tissueDecibels = tissueDecibels
    self.vessels = vessels
    self.bubbles = bubbles
    self.noiseDeviation = noiseDeviation
  }

  /// Pixels of a frame.
  package var pixels: Int { height * width }

  /// Sequences, `[count, frames, height, width]`: what is observed and its parts.
  package struct Draw {
    package var observations: Tensor<Float>
    /// `[count, 2, frames, height, width]`: the tissue, then the bubbles.
    package var parts: Tensor<Float>
  }

  /// Draws sequences.
  package func drawn(count: Int, from stream: RandomStream) -> Draw {
    let size = frames * pixels
    let parts = Tensor<Float>(shape: [count, 2, frames, height, width]) { target in
      for item in 0..<count {
        var own = stream.derived("sequence", index: item)
        let place = item * 2 * size
        addTissue(UnsafeMutableBufferPointer(rebasing: target[place..<(place + size)]), &own)
        addBubbles(
          UnsafeMutableBufferPointer(rebasing: target[(place + size)..<(place + 2 * size)]),
          &own
        )
      }
    }
    var noise = stream.derived("noise")
    let normals: Tensor<Float> = noise.normal([count, frames, height, width])
    let clean = parts.sum(axis: 1)
    return Draw(observations: clean + normals * Float(noiseDeviation), parts: parts)
  }

  private func addTissue(
    _ target: UnsafeMutableBufferPointer<Float>,
    _ stream: inout RandomStream
  ) {
    target.update(repeating: 0)
    let amplitude = Float(powerOfTen(tissueDecibels / 20))
    for component in 0..<rank {
      let pattern = speckle(&stream)
      let numbers: Tensor<Double> = stream.uniform([2])
      let frequency = 0.5 + 1.5 * numbers[0]
      for t in 0..<frames {
        let angle = 2 * Double.pi * (frequency * Double(t) / Double(frames) + numbers[1])
        let course = component == 0 ? 1 : sin(angle) / powerOfTwo(component)
        let factor = amplitude * Float(course)
        for i in 0..<pixels { target[t * pixels + i] += factor * pattern[i] }
      }
    }
  }

  private func powerOfTwo(_ exponent: Int) -> Double { Double(1 << min(exponent, 30)) }

  /// Normal noise through the point spread, of mean square 1.
  private func speckle(_ stream: inout RandomStream) -> [Float] {
    let reach = 4
    let (tall, broad) = (height + 2 * reach, width + 2 * reach)
    let noise: Tensor<Float> = stream.normal([tall, broad])
    let phase: Tensor<Double> = stream.uniform([1])
    let spread = kernel(reach: reach, phase: 2 * Double.pi * phase[0])
    var pattern = [Float](repeating: 0, count: pixels)
    noise.withScalars { noise in
      for (offset, weight) in spread.enumerated() {
        let (dz, dx) = (offset / (2 * reach + 1), offset % (2 * reach + 1))
        for z in 0..<height {
          let row = (z + dz) * broad + dx
          for x in 0..<width { pattern[z * width + x] += weight * noise[row + x] }
        }
      }
    }
    let power = pattern.reduce(0) { $0 + Double($1) * Double($1) } / Double(pixels)
    let scale = power > 0 ? Float(1 / power.squareRoot()) : 0
    return pattern.map { $0 * scale }
  }

  /// The point spread on whole pixels, row after row.
  private func kernel(reach: Int, phase: Double) -> [Float] {
    (-reach...reach).flatMap { z in
      (-reach...reach).map { Float(spread(Double(z), Double($0), phase)) }
    }
  }

  private func spread(_ z: Double, _ x: Double, _ phase: Double) -> Double {
    exp(-z * z / 2 - x * x / 4.5) * cos(Double.pi / 2 * z + phase)
  }

  private func addBubbles(
    _ target: UnsafeMutableBufferPointer<Float>,
    _ stream: inout RandomStream
  ) {
    target.update(repeating: 0)
    for _ in 0..<vessels {
      let line: Tensor<Double> = stream.uniform([4])
      let start = (z: line[0] * Double(height), x: line[1] * Double(width))
      let angle = 2 * Double.pi * line[2]
      let speed = 0.3 + 0.9 * line[3]
      let rate = Tensor<Double>(bubbles)
      let number = Int(stream.poisson(rate).scalar)
      for _ in 0..<number {
        let own: Tensor<Double> = stream.uniform([3])
        let reach = Double(max(height, width))
        let offset = (own[0] * 2 - 1) * reach - speed * Double(frames) / 2
        for t in 0..<frames {
          let along = offset + speed * Double(t)
          addEcho(
            target,
            frame: t,
            at: (start.z + along * sin(angle), start.x + along * cos(angle)),
            amplitude: 0.5 + own[1],
            phase: 2 * Double.pi * own[2]
          )
        }
      }
    }
  }

  private func addEcho(
    _ target: UnsafeMutableBufferPointer<Float>,
    frame: Int,
    at place: (z: Double, x: Double),
    amplitude: Double,
    phase: Double
  ) {
    let (centreZ, centreX) = (Int(place.z.rounded()), Int(place.x.rounded()))
    for z in max(centreZ - 4, 0)..<max(min(centreZ + 5, height), max(centreZ - 4, 0)) {
      for x in max(centreX - 5, 0)..<max(min(centreX + 6, width), max(centreX - 5, 0)) {
        let value = spread(Double(z) - place.z, Double(x) - place.x, phase)
        target[(frame * height + z) * width + x] += Float(amplitude * value)
      }
    }
  }
}
