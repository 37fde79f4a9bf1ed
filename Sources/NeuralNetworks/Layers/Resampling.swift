internal import Autodiff
public import Tensors

/// A layer without parameters that changes the grid of an image: pooling or upsampling.
public struct Resampling<Scalar: RealTensorScalar>: Layer {
  /// What is done to windows or pixels.
  public enum Kind: Sendable, Hashable {
    /// The mean of each window.
    case average
    /// The largest number of each window.
    case maximum
    /// Each pixel repeated.
    case nearest
  }

  /// What is done.
  public let kind: Kind
  /// Pixels of a window, or repetitions, along each axis.
  public let factors: [Int]

  /// A layer of one kind.
  ///
  /// - Parameters:
  ///   - kind: what is done.
  ///   - factors: pixels of a window, or repetitions, along each axis.
  public init(_ kind: Kind, by factors: [Int]) {
    self.kind = kind
    self.factors = factors
  }

  /// `[batch, extents.., channels]` on the other grid.
  public func output(of input: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
    switch kind {
    case .average: averagePooled(input, window: factors)
    case .maximum: maximumPooled(input, window: factors)
    case .nearest: upsampled(input, by: factors)
    }
  }

  /// It has nothing to show.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {}

  /// Itself.
  public func duplicated(in duplication: Duplication<Scalar>) -> Resampling { self }
}
