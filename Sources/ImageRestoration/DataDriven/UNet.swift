// Source: `ronneberger2015unet`, with convolutions that keep the extent, nearest-neighbour upsampling and the
// input added to the output.

public import Autodiff
public import NeuralNetworks
public import Tensors

/// A U-Net from images to images: the black box that is trained for one operator.
///
/// Each level has two convolutions of 3 by 3 with ReLU, then a coarser grid of half the extents with twice the channels; on the way
/// back the finer level's features stand beside the upsampled ones. The input is added to the output. Images are first
/// continued beyond their edges, then by reflection to multiples of `2^levels`, and cut again.
public struct UNet<Scalar: RealTensorScalar>: DuplicableModule {
  /// Channels of an image.
  public let channels: Int
  /// How often the grid is halved.
  public let levels: Int
  /// Pixels by which images are continued on each side.
  public let margin: Int
  /// What they are continued with.
  public let edges: PaddingMode
  private let down: [Sequential<Scalar>]
  private let up: [Sequential<Scalar>]
  private let last: Convolution<Scalar>

  /// A network drawn at random.
  ///
  /// - Parameters:
  ///   - channels: of an image.
  ///   - features: channels of the finest level.
  ///   - levels: how often the grid is halved.
  ///   - margin: pixels by which images are continued on each side.
  ///   - edges: what they are continued with: what the operator's edges do, where that is known.
  ///   - stream: what is drawn from.
  public init(
    channels: Int = 1,
    features: Int = 32,
    levels: Int = 2,
    margin: Int = 0,
    edges: PaddingMode = .zeros,
    from stream: inout RandomStream
  ) {
    precondition(
      channels >= 1 && features >= 1 && levels >= 1 && margin >= 0,
      "UNet: \(channels) channels, \(features) features, \(levels) levels, margin \(margin)"
    )
    self.channels = channels
    self.levels = levels
    self.margin = margin
    self.edges = edges
    func pair(_ inputs: Int, _ outputs: Int) -> Sequential<Scalar> {
      Sequential([
        Convolution<Scalar>(inputs, outputs, kernel: [3, 3], activation: .relu, from: &stream),
        Convolution<Scalar>(outputs, outputs, kernel: [3, 3], activation: .relu, from: &stream),
      ])
    }
    down = (0...levels).map { level in
      pair(level == 0 ? channels : features << (level - 1), features << level)
    }
    up = (0..<levels).map { level in pair(3 * (features << level), features << level) }
    last = Convolution(features, channels, kernel: [3, 3], initialisation: .zeros, from: &stream)
  }

  private init(copying other: UNet, in duplication: Duplication<Scalar>) {
    channels = other.channels
    levels = other.levels
    margin = other.margin
    edges = other.edges
    down = other.down.map { $0.duplicated(in: duplication) }
    up = other.up.map { $0.duplicated(in: duplication) }
    last = other.last.duplicated(in: duplication)
  }

  /// The restored images.
  ///
  /// - Parameters:
  ///   - images: `[batch, height, width, channels]`, such as back-projected measurements.
  ///   - mode: changes nothing.
  /// - Returns: of the same shape.
  public func output(of images: Tensor<Scalar>, mode: Mode = .inference) -> Tensor<Scalar> {
    let (height, width) = (images.shape[1], images.shape[2])
    // No wider than an image can be continued.
    let (above, left) = (min(margin, widest(height)), min(margin, widest(width)))
    let unit = 1 << levels
    let below = (unit - (height + 2 * above) % unit) % unit
    let right = (unit - (width + 2 * left) % unit) % unit
    let continued =
      margin == 0 ? images : padded(images, by: [(above, above), (left, left)], mode: edges)
    let whole =
      below + right == 0
      ? continued : padded(continued, by: [(0, below), (0, right)], mode: .symmetric)
    var features = down[0](whole, mode: mode)
    var kept = [features]
    for level in 1...levels {
      features = down[level](averagePooled(features, window: [2, 2]), mode: mode)
      kept.append(features)
    }
    for level in (0..<levels).reversed() {
      let finer = upsampled(features, by: [2, 2])
      features = up[level](concatenated([finer, kept[level]], axis: 3), mode: mode)
    }
    let correction = last(features, mode: mode)
    let cut = correction.sliced(axis: 1, above..<(above + height))
      .sliced(axis: 2, left..<(left + width))
    return images + cut
  }

  private func widest(_ extent: Int) -> Int {
    switch edges {
    case .zeros: margin
    case .circular, .symmetric: extent
    case .reflective: extent - 1
    }
  }

  /// Names the levels on the way down and up, and the last layer.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.children("down", down)
    visitor.children("up", up)
    visitor.child("last", last)
  }

  /// The same network with copied parameters.
  public func duplicated(in duplication: Duplication<Scalar>) -> UNet {
    UNet(copying: self, in: duplication)
  }
}
