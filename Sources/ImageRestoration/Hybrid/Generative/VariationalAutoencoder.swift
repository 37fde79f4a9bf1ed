// Source: `kingma2014vae`; sizes, functions and initialisation as in the program published with `bora2017csgm`:
// 784-500-500-20-500-500-784, softplus, sigmoid at the end.

internal import Autodiff
public import NeuralNetworks
public import Tensors

/// A variational autoencoder of vectors in `0...1`.
///
/// Encoder: `x -> (m, s)`, mean and log-variance of a normal code `z = m + exp(s / 2) e`, `e ~ N(0, I)`. Decoder: `z -> G(z)`, each
/// entry the probability of ink. Loss of one vector, in nats: the cross-entropy
/// `-sum x log G + (1 - x) log (1 - G)` plus the divergence from `N(0, I)`, `1/2 sum (m^2 + exp(s) - s - 1)`.
public struct VariationalAutoencoder<Scalar: RealTensorScalar>: DuplicableModule {
  /// Numbers of a code.
  public let codes: Int
  /// From vectors to `[m, s]`.
  public let encoder: Sequential<Scalar>
  /// From codes to the logits of `G`.
  public let decoder: Sequential<Scalar>

  /// A network drawn at random by Glorot's law.
  ///
  /// - Parameters:
  ///   - width: numbers of a vector.
  ///   - hidden: units of the encoder's hidden layers; the decoder's are the same backwards.
  ///   - codes: numbers of a code.
  ///   - stream: what is drawn from.
  public init(
    width: Int = 784,
    hidden: [Int] = [500, 500],
    codes: Int = 20,
    from stream: inout RandomStream
  ) {
    precondition(
      width >= 1 && codes >= 1 && hidden.allSatisfy { $0 >= 1 },
      "VariationalAutoencoder: \(width) numbers, hidden \(hidden), \(codes) codes"
    )
    self.codes = codes
    encoder = Self.chain([width] + hidden + [2 * codes], &stream)
    decoder = Self.chain([codes] + hidden.reversed() + [width], &stream)
  }

  private init(codes: Int, encoder: Sequential<Scalar>, decoder: Sequential<Scalar>) {
    self.codes = codes
    self.encoder = encoder
    self.decoder = decoder
  }

  /// Dense layers with softplus between them.
  private static func chain(_ widths: [Int], _ stream: inout RandomStream) -> Sequential<Scalar> {
    var layers: [any Layer<Scalar>] = []
    for (index, pair) in zip(widths, widths.dropFirst()).enumerated() {
      layers.append(
        Dense<Scalar>(
          weight: Initialisation.glorotNormal.drawn(
            [pair.0, pair.1],
            inputs: pair.0,
            outputs: pair.1,
            from: &stream
          ),
          bias: .zeros([pair.1])
        )
      )
      if index < widths.count - 2 { layers.append(Softplus<Scalar>()) }
    }
    return Sequential(layers)
  }

  /// `m` and `s` of the codes of vectors.
  ///
  /// - Parameters:
  ///   - vectors: `x`, `[batch, width]`.
  ///   - mode: changes nothing.
  /// - Returns: two of `[batch, codes]`.
  public func encoded(_ vectors: Tensor<Scalar>, mode: Mode = .inference)
    -> (mean: Tensor<Scalar>, logVariance: Tensor<Scalar>)
  {
    let both = encoder(vectors, mode: mode)
    return (
      both.sliced(axis: 1, 0..<codes), both.sliced(axis: 1, codes..<(2 * codes))
    )
  }

  /// `G(z)`.
  ///
  /// - Parameter codes: `z`, `[batch, codes]`.
  /// - Returns: `[batch, width]` in `0...1`.
  public func generated(from codes: Tensor<Scalar>) -> Tensor<Scalar> { sigmoid(decoder(codes)) }

  /// The mean loss of a batch, in nats a vector.
  ///
  /// - Parameters:
  ///   - vectors: `x`, `[batch, width]` in `0...1`.
  ///   - noise: `e`, `[batch, codes]`.
  ///   - mode: changes nothing.
  /// - Returns: a single number.
  public func loss(_ vectors: Tensor<Scalar>, noise: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
    let (mean, logVariance) = encoded(vectors, mode: mode)
    let code = mean + exp(logVariance * 0.5) * noise
    let logits = decoder(code, mode: mode)
    let share = 1 / Scalar(vectors.shape[0])
    // -x log G - (1 - x) log(1 - G) = log(1 + exp(l)) - x l
    let crossEntropy = (softplus(logits) - vectors * logits).sum() * share
    let divergence = (square(mean) + exp(logVariance) - logVariance - 1).sum() * (0.5 * share)
    return crossEntropy + divergence
  }

  /// Names encoder and decoder.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.child("encoder", encoder)
    visitor.child("decoder", decoder)
  }

  /// The same network with copied parameters.
  public func duplicated(in duplication: Duplication<Scalar>) -> VariationalAutoencoder {
    VariationalAutoencoder(
      codes: codes,
      encoder: encoder.duplicated(in: duplication),
      decoder: decoder.duplicated(in: duplication)
    )
  }
}

/// `log(1 + exp(x))` as a layer.
private struct Softplus<Scalar: RealTensorScalar>: Layer {
  func output(of input: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> { softplus(input) }
  func visit(_ visitor: any ModuleVisitor<Scalar>) {}
  func duplicated(in duplication: Duplication<Scalar>) -> Softplus { self }
}
