// Goals, in order: one network for all noise levels of a range; a plain form whose training is fast; the
// published network as a setting. Source: `zhang2017dncnn` (residual learning, batch normalisation),
// `zhang2018ffdnet` (a map of the noise level as an input), `mohan2020biasfree` (no biases). The map enters as a further
// channel at full resolution; the images are not rearranged.

internal import Autodiff
public import NeuralNetworks
public import Tensors

/// A convolutional network that takes Gaussian noise off images, told how strong it is.
///
/// Equation: `D(y; sigma) = y - sigma f(y, sigma)`: the network `f` predicts the noise in units of its deviation.
/// `f` has layers of 3 by 3, all but the last with ReLU, optionally with batch normalisation in those between. Without biases and
/// normalisation `f` maps a multiple of both inputs to that multiple, and is divided by `sigma`:
/// `D(c y; c sigma) = c D(y; sigma)`, so that it serves noise levels that it never saw.
public struct ResidualDenoiser<Scalar: RealTensorScalar>: DuplicableModule {
  /// What the network is made of.
  public struct Architecture: Sendable, Hashable {
    /// Channels of an image.
    public var channels = 1
    /// Layers in all, at least 2.
    public var layers = 7
    /// Channels of the layers between.
    public var features = 48
    /// Whether layers have biases.
    public var hasBias = false
    /// Whether the layers between normalise by the batch.
    public var normalises = false
    /// Whether the noise level is an input.
    public var isConditioned = true
    /// A bound on how much the noise that is found may change with the images, by spectral normalisation; nil for none.
    public var lipschitzBound: Double?
    /// Rows and columns of the images on which convolutions' norms are taken.
    public var normExtent = 40

    /// Seven layers of 48 channels without biases, told the noise level.
    public init() {}

    /// The published network of 17 layers of 64 channels for one noise level.
    public static var dnCNN: Architecture {
      var architecture = Architecture()
      architecture.layers = 17
      architecture.features = 64
      architecture.hasBias = true
      architecture.normalises = true
      architecture.isConditioned = false
      return architecture
    }

    /// Whether a multiple of the inputs gives that multiple of the output.
    public var isHomogeneous: Bool { !hasBias && !normalises && isConditioned }
  }

  /// What it is made of.
  public let architecture: Architecture
  /// The layers, first to last.
  public let network: Sequential<Scalar>

  /// A network drawn at random.
  ///
  /// - Parameters:
  ///   - architecture: what it is made of.
  ///   - stream: what is drawn from.
  public init(_ architecture: Architecture = .init(), from stream: inout RandomStream) {
    precondition(
      architecture.layers >= 2 && architecture.features >= 1 && architecture.channels >= 1
        && (architecture.lipschitzBound == nil || !architecture.normalises),
      "ResidualDenoiser: \(architecture)"
    )
    self.architecture = architecture
    let (features, channels) = (architecture.features, architecture.channels)
    let inputs = channels + (architecture.isConditioned ? 1 : 0)
    var layers: [any Layer<Scalar>] = []
    func append(_ convolution: Convolution<Scalar>) {
      layers.append(Self.bounded(convolution, architecture, &stream))
    }
    append(
      Convolution(
        inputs,
        features,
        kernel: [3, 3],
        activation: .relu,
        hasBias: architecture.hasBias,
        from: &stream
      )
    )
    for _ in 0..<(architecture.layers - 2) {
      append(
        Convolution(
          features,
          features,
          kernel: [3, 3],
          activation: architecture.normalises ? .identity : .relu,
          hasBias: architecture.hasBias && !architecture.normalises,
          initialisation: .heNormal,
          from: &stream
        )
      )
      if architecture.normalises {
        layers.append(BatchNormalisation<Scalar>(features, activation: .relu))
      }
    }
    append(
      Convolution(
        features,
        channels,
        kernel: [3, 3],
        hasBias: architecture.hasBias,
        from: &stream
      )
    )
    network = Sequential(layers)
  }

  /// A layer with its share of the bound, where there is one.
  private static func bounded(
    _ convolution: Convolution<Scalar>,
    _ architecture: Architecture,
    _ stream: inout RandomStream
  ) -> any Layer<Scalar> {
    guard let bound = architecture.lipschitzBound else { return convolution }
    return BoundedConvolution(
      convolution,
      bound: rootOf(bound, degree: architecture.layers),
      extents: [architecture.normExtent, architecture.normExtent],
      from: &stream
    )
  }

  /// A bound on `|f(y, sigma) - f(y', sigma)| / |y - y'|` from the norms of the layers, where these are bounded; nil otherwise.
  ///
  /// Times `sigma` where the network has biases, the plug-and-play iteration converges where this is below 1 (`ryu2019pnp`).
  ///
  /// - Parameter iterations: further power iterations a layer.
  /// - Returns: the product of the layers' norms.
  public func lipschitzConstant(iterations: Int = 50) -> Double? {
    let layers = network.layers.compactMap { $0 as? BoundedConvolution<Scalar> }
    guard layers.count == network.layers.count else { return nil }
    return layers.reduce(1) { $0 * $1.norm(iterations: iterations) }
  }

  private init(_ architecture: Architecture, _ network: Sequential<Scalar>) {
    self.architecture = architecture
    self.network = network
  }

  /// `f`: the noise in units of its deviation.
  ///
  /// - Parameters:
  ///   - images: `y`, `[batch, height, width, channels]`.
  ///   - noiseDeviation: `sigma > 0`, `[batch]` or a single number.
  ///   - mode: matters to batch normalisation.
  /// - Returns: of the shape of the images.
  public func noise(
    in images: Tensor<Scalar>,
    noiseDeviation: Tensor<Scalar>,
    mode: Mode = .inference
  ) -> Tensor<Scalar> {
    precondition(
      images.rank == 4 && images.shape[3] == architecture.channels,
      "ResidualDenoiser: images \(images.shape), \(architecture.channels) channels"
    )
    guard architecture.isConditioned else { return network(images, mode: mode) }
    let levels = Self.levels(noiseDeviation, images.shape[0])
    let map = levels.broadcast(to: images.shape.dropLast() + [1])
    let output = network(concatenated([images, map], axis: 3), mode: mode)
    return architecture.isHomogeneous ? output / levels : output
  }

  /// `D`: the images without their noise.
  ///
  /// - Parameters:
  ///   - images: `y`, `[batch, height, width, channels]`.
  ///   - noiseDeviation: `sigma > 0`, `[batch]` or a single number.
  ///   - mode: matters to batch normalisation.
  /// - Returns: of the shape of the images.
  public func denoised(
    _ images: Tensor<Scalar>,
    noiseDeviation: Tensor<Scalar>,
    mode: Mode = .inference
  ) -> Tensor<Scalar> {
    let levels = Self.levels(noiseDeviation, images.shape[0])
    return images - levels * noise(in: images, noiseDeviation: noiseDeviation, mode: mode)
  }

  /// Noise levels as `[batch, 1, 1, 1]`.
  private static func levels(_ deviation: Tensor<Scalar>, _ batch: Int) -> Tensor<Scalar> {
    precondition(
      deviation.count == 1 || deviation.shape == [batch],
      "ResidualDenoiser: noise deviations \(deviation.shape) for \(batch) images"
    )
    return deviation.reshaped([deviation.count, 1, 1, 1]).broadcast(to: [batch, 1, 1, 1])
  }

  /// Names the layers by their number.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) { network.visit(visitor) }

  /// The same network with copied parameters.
  public func duplicated(in duplication: Duplication<Scalar>) -> ResidualDenoiser {
    ResidualDenoiser(architecture, network.duplicated(in: duplication))
  }
}

/// The positive root of a degree, by Newton's method.
private func rootOf(_ x: Double, degree: Int) -> Double {
  precondition(x > 0, "ResidualDenoiser: a bound of \(x)")
  var root = max(x, 1)
  for _ in 0..<200 {
    let power = (1..<max(degree, 1)).reduce(1.0) { product, _ in product * root }
    root -= (power * root - x) / (Double(degree) * power)
  }
  return root
}
