// Goals: 1. at its first values the encoder is the classical coder; 2. one network for learning a dictionary from
// counts alone and for denoising.
//
// Source: tolooshams2020dcea. Deviation: the step size is one over twice the Lipschitz bound of the first filters,
// since filters may gather at one frequency while they are learned.

internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
internal import Tensors

/// A deep convolutional exponential-family autoencoder.
///
/// Encoder: layers of ``ExponentialFISTA``; decoder: `E[x] = mean(mu_0 + H s)`. Tied: encoder and decoder have one set
/// of filters. Untied: three sets, of both directions of the encoder and of the decoder.
struct DCEANetwork: DuplicableModule {
  typealias Scalar = Float

  let layers: Unfolded<ExponentialFISTA<Float>>
  /// The decoder's filters; those of the encoder where they are tied.
  let decoder: Parameter<Float>
  let baseline: PersistentState<Float>
  let largest: PersistentState<Float>

  /// A network at the classical coder's values.
  init(
    _ coding: ExponentialFISTA<Float>,
    layers count: Int,
    learnsThresholds: Bool,
    largest: Double
  ) {
    layers = coding.unfolded(
      layers: count,
      learning: learnsThresholds ? [.filters, .thresholds] : [.filters],
      sharing: .tied
    )
    decoder = coding.isTied ? layers.layers[0].synthesis : Parameter(coding.filters)
    baseline = PersistentState(Tensor(Float(coding.baseline ?? 0)))
    self.largest = PersistentState(Tensor(Float(largest)))
  }

  private init(_ other: DCEANetwork, in duplication: Duplication<Float>) {
    layers = other.layers.duplicated(in: duplication)
    decoder = duplication.copy(other.decoder)
    baseline = duplication.copy(other.baseline)
    largest = duplication.copy(other.largest)
  }

  /// What is trained.
  var groups: [ParameterGroup<Float>] {
    let isTied = layers.method.isTied
    return layers.parameterGroups() + (isTied ? [] : [ParameterGroup([decoder])])
  }

  /// Codes of series, `[batch, channels, places]`.
  func codes(_ series: Tensor<Float>) -> Tensor<Float> { layers.estimate(series) }

  /// `mu_0 + H s` of series.
  func naturalParameters(_ series: Tensor<Float>) -> Tensor<Float> {
    layers.method.naturalParameters(codes(series), decoder.value, of: series)
  }

  /// The mean negative log-likelihood of a sample, without what depends on the samples alone.
  func likelihoodLoss(_ series: Tensor<Float>) -> Tensor<Float> {
    layers.method.law.loss(series, naturalParameters(series)).mean()
  }

  /// The mean squared error of the means.
  func denoisingLoss(_ series: Tensor<Float>, _ targets: Tensor<Float>) -> Tensor<Float> {
    meanSquaredError(layers.method.law.mean(naturalParameters(series)), targets)
  }

  func visit(_ visitor: any ModuleVisitor<Float>) {
    // First, so that the shared filters have this name.
    visitor.parameter(DictionaryModel.filters, decoder)
    visitor.child("encoder", layers)
    visitor.state(DictionaryModel.baseline, baseline)
    visitor.state(DictionaryModel.largest, largest)
  }

  func duplicated(in duplication: Duplication<Float>) -> DCEANetwork {
    DCEANetwork(self, in: duplication)
  }
}
