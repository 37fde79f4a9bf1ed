internal import Autodiff
public import Tensors

/// A trained denoiser in the place of a proximal operator.
///
/// The strength is the variance of the noise that it is told to take away: it is `D(v; sqrt(strength))`.
public struct DenoiserPrior<Scalar: RealTensorScalar>: Prior {
  /// The network.
  public let denoiser: ResidualDenoiser<Scalar>

  /// The prior of a network for gray images.
  public init(_ denoiser: ResidualDenoiser<Scalar>) {
    precondition(
      denoiser.architecture.channels == 1,
      "DenoiserPrior: a denoiser of \(denoiser.architecture.channels) channels"
    )
    self.denoiser = denoiser
  }

  /// The images without noise of that variance.
  public func proximal(_ v: Tensor<Scalar>, strength: Tensor<Scalar>) -> Tensor<Scalar> {
    // A network that divides by the deviation needs one.
    let deviation = sqrt(strength + Scalar(1e-10))
    return denoiser.denoised(v.reshaped(v.shape + [1]), noiseDeviation: deviation)
      .reshaped(v.shape)
  }
}
