// Goals in order: the costs of the classifier, to rounding; no memory that grows with time; speed.
//
// Source: shlezinger2020viterbinet. The published method also estimates p(y) by a mixture of
// Gaussians; that factor is common to all states of a time step and changes no decision and no
// posterior, so it is left out.

internal import Autodiff
public import NeuralNetworks
public import Tensors

/// The slot of a trellis detector filled by a trained classifier.
///
/// By Bayes, `p(y_i | state) = p(state | y_i) p(y_i) / Pr(state)`; with equally likely states
/// `-log p(y_i | state) = -log softmax(f(y_i))[state]` up to a number of its own for each time step,
/// where `f` gives one logit a state.
///
/// Law: with one dense layer of weights `m_state / sigma^2` and biases `-m_state^2 / (2 sigma^2)` its
/// detector decides as that of a ``GaussianLikelihood`` with means `m_state` and variance `sigma^2`.
///
/// - SeeAlso: `shlezinger2020viterbinet`.
public struct ClassifierLikelihood<Scalar: RealTensorScalar>: LikelihoodModel {
  /// The states, in the order of the classifier's logits.
  public let trellis: Trellis
  /// `f`, from `[count, 1]` to `[count, states]`.
  public let classifier: any Layer<Scalar>
  private let offset: Scalar
  private let gain: Scalar
  /// Rows a pass: the activations of one layer then stay in the second-level cache.
  private static var rows: Int { 256 }

  /// A likelihood around a classifier.
  ///
  /// - Parameters:
  ///   - trellis: the states that the classifier tells apart.
  ///   - classifier: `f`, from `[count, 1]` to `[count, states]`.
  ///   - offset: taken off each observation before the classifier sees it.
  ///   - gain: what the rest is multiplied with.
  public init(
    trellis: Trellis,
    classifier: any Layer<Scalar>,
    offset: Scalar = 0,
    gain: Scalar = 1
  ) {
    self.trellis = trellis
    self.classifier = classifier
    self.offset = offset
    self.gain = gain
  }

  /// `-log softmax(f(y))`, `[batch, time, states]` for observations `[batch, time]`.
  ///
  /// - Throws: ``SymbolDetectionError`` when the classifier has another number of outputs than there
  ///   are states.
  public func costs(of observations: Tensor<Scalar>) throws -> Tensor<Scalar> {
    let states = trellis.states
    let scaled = (observations.reshaped([observations.count, 1]) - offset) * gain
    return try Tensor(shape: observations.shape + [states]) { costs in
      for start in stride(from: 0, to: observations.count, by: Self.rows) {
        let end = min(start + Self.rows, observations.count)
        let rows = -logSoftmax(classifier(scaled.sliced(axis: 0, start..<end)))
        guard rows.shape == [end - start, states] else {
          throw SymbolDetectionError.badCosts(
            sequence: 0,
            step: start,
            reason: "the classifier gives \(rows.shape), expected \([end - start, states])"
          )
        }
        rows.withScalars { source in
          guard let from = source.baseAddress, let to = costs.baseAddress else { return }
          (to + start * states).update(from: from, count: source.count)
        }
      }
    }
  }
}
