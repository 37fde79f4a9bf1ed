internal import Autodiff
public import NeuralNetworks
public import Tensors

/// How a denoiser is trained: on patches with fresh Gaussian noise of a range of strengths.
///
/// Loss: the mean over patches and pixels of `(f(x + sigma n, sigma) - n)^2`, with `n` white and `sigma` uniform in a
/// range, both drawn anew in every step: every noise level counts alike.
public struct DenoiserTraining: Sendable {
  /// The range of the noise's deviation, in the images' unit.
  public var noiseDeviations: ClosedRange<Double> = 0.005...0.2
  /// Rows and columns of a patch.
  public var patchExtent = 40

  /// Patches of 40 by 40 with noise of 0.005 to 0.2.
  public init() {}

  /// Cuts patches out of images, each turned or mirrored in one of eight ways.
  ///
  /// - Parameters:
  ///   - count: how many.
  ///   - images: each `[height, width]` or `[height, width, channels]`, no smaller than a patch.
  ///   - stream: where places and turns come from.
  /// - Returns: `[count, patch, patch, channels]`.
  public func patches(
    _ count: Int,
    from images: [Tensor<Float>],
    _ stream: RandomStream
  ) -> Tensor<Float> {
    let channels = images.first.map { $0.rank == 3 ? $0.shape[2] : 1 } ?? 1
    let extent = patchExtent
    precondition(
      !images.isEmpty
        && images.allSatisfy {
          $0.shape[0] >= extent && $0.shape[1] >= extent
            && ($0.rank == 2 ? 1 : $0.shape[2]) == channels
        },
      "DenoiserTraining: patches of \(extent) from images \(images.map(\.shape))"
    )
    var stream = stream
    return Tensor(shape: [count, extent, extent, channels]) { target in
      for patch in 0..<count {
        let image = images[stream.integers(1, below: images.count)[0]]
        let top = stream.integers(1, below: image.shape[0] - extent + 1)[0]
        let left = stream.integers(1, below: image.shape[1] - extent + 1)[0]
        let turn = stream.integers(1, below: 8)[0]
        image.withScalars { source in
          for row in 0..<extent {
            for column in 0..<extent {
              let (r, c) = Self.turned(row, column, extent, turn)
              let from = ((top + r) * image.shape[1] + left + c) * channels
              let to = ((patch * extent + row) * extent + column) * channels
              for channel in 0..<channels { target[to + channel] = source[from + channel] }
            }
          }
        }
      }
    }
  }

  /// Where a pixel of a turned square comes from.
  private static func turned(_ row: Int, _ column: Int, _ extent: Int, _ turn: Int) -> (Int, Int) {
    let (r, c) = turn & 1 == 0 ? (row, column) : (column, row)
    return (turn & 2 == 0 ? r : extent - 1 - r, turn & 4 == 0 ? c : extent - 1 - c)
  }

  /// The loss of a batch of clean patches, with noise that every pass draws anew.
  ///
  /// - Parameters:
  ///   - denoiser: the network in training.
  ///   - clean: `x`, `[batch, patch, patch, channels]`.
  ///   - stream: where the noise comes from.
  ///   - mode: matters to batch normalisation.
  /// - Returns: a single number; 1 for a network that predicts nothing.
  public func loss(
    _ denoiser: ResidualDenoiser<Float>,
    _ clean: Tensor<Float>,
    _ stream: inout RandomStream,
    mode: Mode
  ) -> Tensor<Float> {
    let noise = normalNoise(like: clean, from: &stream)
    let (low, high) = (Float(noiseDeviations.lowerBound), Float(noiseDeviations.upperBound))
    let corner = clean.sliced(axis: 1, 0..<1).sliced(axis: 2, 0..<1).sliced(axis: 3, 0..<1)
    let levels = uniformNoise(like: corner, from: &stream) * (high - low) + low
    let found = denoiser.noise(
      in: clean + levels * noise,
      noiseDeviation: levels.reshaped([clean.shape[0]]),
      mode: mode
    )
    return meanSquaredError(found, noise)
  }

  /// Trains a denoiser in place.
  ///
  /// - Parameters:
  ///   - denoiser: the network.
  ///   - patches: clean ones, `[count, patch, patch, channels]`.
  ///   - settings: how long, how large, how fast.
  ///   - context: stream, validation patches under the name `patches`, threads, watchers.
  /// - Returns: how it ended.
  /// - Throws: ``NetworkError``.
  public func train(
    _ denoiser: ResidualDenoiser<Float>,
    on patches: Tensor<Float>,
    settings: TrainingSettings,
    context: TrainingContext<Float>
  ) throws -> TrainingOutcome {
    var stream = context.stream.derived("noise")
    return try NeuralNetworks.train(
      denoiser,
      on: Dataset(["patches": patches]),
      settings: settings,
      context: context
    ) { inputs, mode in
      loss(denoiser, try inputs.named("patches"), &stream, mode: mode)
    }
  }
}
