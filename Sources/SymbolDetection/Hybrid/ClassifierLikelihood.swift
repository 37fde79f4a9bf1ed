// Goals in order: the costs of the classifier, to rounding; no memory that grows with time; speed.
//
// Source: shlezinger2020viterbinet. The published method also estimates p(y) by a mixture of
// Gaussians; that factor is common to all states of a time step and changes no decision and no
// posterior, so it is left out.

internal import Autodiff
internal import CKernels
public import NeuralNetworks
public import Tensors

/// The slot of a trellis detector filled by a trained classifier.
///
/// By Bayes, `p(y_i | state) = p(state | y_i) p(y_i) / Pr(state)`; with equally likely states
/// `-log p(y_i | state) = -log softmax(f(y_i))[state]` up to a number of its own for each time step,
/// where `f` gives one logit a state.
///
/// In single precision `f` is read from a table of polynomials where that is exact to rounding: the
/// input is one number, so `f` is a curve.
///
/// Law: with one dense layer of weights `m_state / sigma^2` and biases `-m_state^2 / (2 sigma^2)` its
/// detector decides as that of a ``GaussianLikelihood`` with means `m_state` and variance `sigma^2`.
///
/// - SeeAlso: `shlezinger2020viterbinet`.
public struct ClassifierLikelihood<Scalar: RealTensorScalar>: LikelihoodModel {
  /// The states, in the order of the classifier's logits.
  public let trellis: Trellis
  /// `f`, from `[count, 1]` to `[count, states]`; a copy, which later training does not change.
  public let classifier: any Layer<Scalar>
  private let offset: Scalar
  private let gain: Scalar
  private let table: PiecewiseLogits?
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
    self.init(
      trellis: trellis,
      classifier: classifier,
      offset: offset,
      gain: gain,
      isTabulated: true
    )
  }

  package init(
    trellis: Trellis,
    classifier: any Layer<Scalar>,
    offset: Scalar = 0,
    gain: Scalar = 1,
    isTabulated: Bool
  ) {
    self.trellis = trellis
    self.classifier = Self.copy(classifier)
    self.offset = offset
    self.gain = gain
    let single = self.classifier as? any Layer<Float>
    table =
      isTabulated
      ? single.flatMap { layer in
        PiecewiseLogits(states: trellis.states, kernels: .current(Float.self)) {
          ClassifierLikelihood<Float>.logits(of: $0, layer)
        }
      } : nil
  }

  private static func copy(_ layer: some Layer<Scalar>) -> any Layer<Scalar> { layer.duplicate() }

  /// The share of the table's cells in which polynomials serve; 0 without a table.
  package var tabulatedShare: Double { table?.smoothShare ?? 0 }

  /// `-log softmax(f(y))`, `[batch, time, states]` for observations `[batch, time]`.
  ///
  /// - Throws: ``SymbolDetectionError`` when the classifier has another number of outputs than there
  ///   are states.
  public func costs(of observations: Tensor<Scalar>) throws -> Tensor<Scalar> {
    let states = trellis.states
    let scaled = (observations.reshaped([observations.count, 1]) - offset) * gain
    return try Tensor(shape: observations.shape + [states]) { costs in
      guard let base = costs.baseAddress, observations.count > 0 else { return }
      let logits = Scratch<Scalar>(count: costs.count, repeating: 0)
      if let table, let numbers = scaled as? Tensor<Float> {
        let floats = UnsafeMutableRawPointer(logits.base).assumingMemoryBound(to: Float.self)
        let rest = numbers.withScalars { table.write(of: $0, to: floats) }
        try classify(scaled, rest, into: logits.base)
      } else {
        try classify(scaled, Array(0..<observations.count), into: logits.base)
      }
      Scalar.kernels.pointee.log_softmax(observations.count, states, logits.base, base)
      Scalar.kernels.pointee.scale_shift(costs.count, base, -1, 0, base)
    }
  }

  /// Writes the classifier's own logits at some places.
  private func classify(
    _ scaled: Tensor<Scalar>,
    _ places: [Int],
    into logits: UnsafeMutablePointer<Scalar>
  ) throws {
    guard !places.isEmpty else { return }
    let states = trellis.states
    let numbers = scaled.withScalars { source in places.map { source[$0] } }
    let rows = Self.logits(of: Tensor(numbers, shape: [numbers.count, 1]), classifier)
    guard rows.shape == [numbers.count, states] else {
      throw SymbolDetectionError.badCosts(
        sequence: 0,
        step: places[0],
        reason: "the classifier gives \(rows.shape), expected \([numbers.count, states])"
      )
    }
    rows.withScalars { source in
      guard let from = source.baseAddress else { return }
      for (row, place) in places.enumerated() {
        (logits + place * states).update(from: from + row * states, count: states)
      }
    }
  }

  /// `f`, a few rows at a time.
  private static func logits(
    of column: Tensor<Scalar>,
    _ layer: any Layer<Scalar>
  ) -> Tensor<Scalar> {
    let count = column.shape[0]
    guard count > rows else { return layer(column) }
    let parts = stride(from: 0, to: count, by: rows).map { start in
      layer(column.sliced(axis: 0, start..<min(start + rows, count)))
    }
    return concatenated(parts, axis: 0)
  }
}
