internal import Autodiff
public import Tensors

/// A convolution whose largest factor on images is held at or below a bound.
///
/// Equation: `y = a((w c / max(sigma, c)) * x + b)` with `sigma` the spectral norm of the convolution with `w` on images of
/// given extents, zeros at their edges, followed by one power iteration at each training pass; inference reads it as it is
/// then. A chain of such layers with ReLU between is Lipschitz with the product of the bounds. On larger images the norm may
/// be larger, by less the larger the extents: it is at most that of the convolution that is rolled up at the edges.
///
/// - SeeAlso: `miyato2018`, `ryu2019pnp`.
public struct BoundedConvolution<Scalar: RealTensorScalar>: Layer {
  /// The layer without a bound.
  public let convolution: Convolution<Scalar>
  /// `c > 0`.
  public let bound: Double
  /// The vector of the power iteration, `[extents.., inputs]`.
  public let iterate: PersistentState<Scalar>

  /// A layer with a bound; the power iteration starts from a random image with ten iterations.
  ///
  /// - Parameters:
  ///   - convolution: without strides.
  ///   - bound: `c`.
  ///   - extents: of the images on which the norm is taken.
  ///   - stream: where the first image comes from.
  public init(
    _ convolution: Convolution<Scalar>,
    bound: Double,
    extents: [Int],
    from stream: inout RandomStream
  ) {
    precondition(
      bound > 0 && convolution.strides == nil
        && extents.count == convolution.weight.shape.count - 2,
      "BoundedConvolution: bound \(bound), extents \(extents), weight \(convolution.weight.shape)"
    )
    self.convolution = convolution
    self.bound = bound
    iterate = PersistentState(stream.normal(extents + [convolution.inputs]))
    _ = sigma(iterations: 10)
  }

  private init(copying other: BoundedConvolution, in duplication: Duplication<Scalar>) {
    convolution = other.convolution.duplicated(in: duplication)
    bound = other.bound
    iterate = duplication.copy(other.iterate)
  }

  /// `sigma`, in an operation.
  private func sigma(iterations: Int) -> Tensor<Scalar> {
    spectralNorm(
      convolution.weight.value,
      extents: Array(iterate.shape.dropLast()),
      padding: convolution.padding,
      iterate: StoredIterate(iterate),
      iterations: iterations
    )
  }

  /// The largest factor of the layer's convolution as it is used, after some power iterations.
  ///
  /// - Parameter iterations: further ones, which stay.
  /// - Returns: at most the bound, but for what the iteration has not found yet.
  public func norm(iterations: Int = 50) -> Double {
    let used = Double(sigma(iterations: 0).scalar)
    let found = Double(sigma(iterations: iterations).scalar)
    return found * bound / max(used, bound)
  }

  /// The output, of as many channels as the convolution's.
  public func output(of input: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
    let c = Scalar(bound)
    let factor = c / maximum(sigma(iterations: mode == .training ? 1 : 0), Tensor(c))
    return Autodiff.convolution(
      input,
      convolution.weight.value * factor,
      convolution.bias?.value,
      padding: convolution.padding,
      activation: convolution.activation
    )
  }

  /// Names the convolution's parameters and `iterate`.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    convolution.visit(visitor)
    visitor.state("iterate", iterate)
  }

  /// The same layer with copied parameters and vector.
  public func duplicated(in duplication: Duplication<Scalar>) -> BoundedConvolution {
    BoundedConvolution(copying: self, in: duplication)
  }
}

/// A state as a node reads and moves it.
private final class StoredIterate<Scalar: RealTensorScalar>: PowerIterate {
  private let state: PersistentState<Scalar>

  init(_ state: PersistentState<Scalar>) { self.state = state }

  func withVector(isMoving: Bool, _ body: (UnsafeMutablePointer<Scalar>) -> Void) {
    state.withNumbers(isChanging: isMoving, body)
  }
}
