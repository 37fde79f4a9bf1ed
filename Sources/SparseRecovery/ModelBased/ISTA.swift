// Goals: 1. one step for the classical algorithm and four networks; 2. of its two products the one with the estimate,
// and both on the way back, cost what is not zero.
//
// Sources: daubechies2004 (ISTA), gregor2010lista, chen2018lista (weight coupling, support selection),
// liu2019alista (analytic weight). Deviation: magnitudes of learned thresholds are used, so that training
// cannot make a threshold negative.

internal import Autodiff
public import Hybridization
public import Tensors

/// Which of the largest entries a step lets pass unshrunk.
///
/// In iteration k = 1, 2, ... these are the `min(share * k, maximum) * n` largest magnitudes, so far as
/// they are above the threshold.
public struct SupportSelection: Sendable, Hashable {
  /// The share of the entries that an iteration adds, such as 0.012.
  public var share: Double
  /// The largest share, such as 0.13.
  public var maximum: Double

  /// A selection; 1.2 % an iteration up to 13 % in `chen2018lista`.
  public init(share: Double = 0.012, maximum: Double = 0.13) {
    self.share = share
    self.maximum = maximum
  }

  /// How many entries pass in an iteration, counted from 0.
  public func count(iteration: Int, unknowns: Int) -> Int {
    let share = max(0, min(self.share * Double(iteration + 1), maximum, 1))
    return Int((share * Double(unknowns)).rounded())
  }
}

/// What a shrinkage iteration hands to the next.
public struct ShrinkageState<Scalar: RealTensorScalar> {
  /// `s_k`, `[batch, n]`.
  public var estimate: Tensor<Scalar>
  /// The iterations made.
  public var iteration: Int
}

/// Iterative shrinkage and thresholding, the step of ISTA and of the networks unfolded from it.
///
/// Equation: `s_{k+1} = shrink(s_k + mu W'(x - A s_k), theta)`. With `W = A`, `mu` at most `1/L` and
/// `theta = mu lambda` it minimises the Lasso `|x - A s|^2 / 2 + lambda |s|_1`. Learning `mu` and `theta` gives
/// ISTA with learned steps, `W` and `theta` LISTA-CP, with support selection LISTA-CPSS; an analytic `W`
/// with learned `mu` and `theta` gives ALISTA.
///
/// Rows are problems: `x` is `[batch, m]`, so that a step is `s + mu (x - s A') W`. `A'` and `W'` are kept, an atom a
/// row, because few atoms are read: the rows of what a threshold has shrunk are mostly zeros.
///
/// ```swift
/// let ista = ISTA(operators: a, penalty: 0.1)
/// let outcome = ista.solve(x, until: .tolerance(1e-6))      // the Lasso
/// let network = ista.unfolded(layers: 16, learning: [.matrices, .thresholds])   // LISTA-CP
/// ```
///
/// - SeeAlso: `daubechies2004`, `chen2018lista`, `liu2019alista`.
public struct ISTA<Scalar: RealTensorScalar>: IterativeMethod {
  /// What a step is told.
  public typealias Parameters = ShrinkageParameters<Scalar>

  /// `A`, `[m, n]`.
  public let operators: Tensor<Scalar>
  /// The first `W`, `[m, n]`.
  public let matrix: Tensor<Scalar>
  /// The first `mu`.
  public let stepSize: Scalar
  /// The first `theta`.
  public let threshold: Scalar
  /// `A'` and the first `W'`, `[n, m]`.
  private let atoms: Tensor<Scalar>
  private let firstWeight: Tensor<Scalar>
  /// What passes unshrunk; nil for nothing.
  public let selection: SupportSelection?
  /// Whether each entry has a threshold of its own.
  public let hasThresholdPerEntry: Bool

  /// The Lasso's algorithm with step `1/L`, or a relative of it.
  ///
  /// - Parameters:
  ///   - operators: `A`, `[m, n]`.
  ///   - penalty: `lambda`, 0 or more.
  ///   - matrix: the first `W`, `[m, n]`; `A` when nil.
  ///   - stepSize: the first `mu`; `1/L` with ``OperatorAnalysis/lipschitzBound(_:)`` when nil.
  ///   - selection: what passes unshrunk; nil for nothing, as the Lasso needs.
  ///   - hasThresholdPerEntry: whether each entry has a threshold of its own.
  public init(
    operators: Tensor<Scalar>,
    penalty: Double,
    matrix: Tensor<Scalar>? = nil,
    stepSize: Double? = nil,
    selection: SupportSelection? = nil,
    hasThresholdPerEntry: Bool = false
  ) {
    precondition(operators.rank == 2, "ISTA: an operator of shape \(operators.shape)")
    let stepSize = stepSize ?? Self.standardStepSize(operators)
    self.operators = operators
    self.matrix = matrix ?? operators
    precondition(self.matrix.shape == operators.shape, "ISTA: matrix \(self.matrix.shape)")
    atoms = operators.transposed()
    firstWeight = self.matrix.transposed()
    self.stepSize = Scalar(stepSize)
    threshold = Scalar(stepSize * penalty)
    self.selection = selection
    self.hasThresholdPerEntry = hasThresholdPerEntry
  }

  /// `1/L`; 1 for an operator of zeros.
  static func standardStepSize(_ operators: Tensor<Scalar>) -> Double {
    let bound = OperatorAnalysis.lipschitzBound(operators.converted(to: Double.self))
    return bound > 0 ? 1 / bound : 1
  }

  /// Parameters at the first values.
  public func initialParameters(ofLayer layer: Int) -> Parameters {
    Parameters(
      stepSize: Tensor(stepSize),
      threshold: .full(hasThresholdPerEntry ? [operators.shape[1]] : [], threshold),
      matrix: firstWeight
    )
  }

  /// Zeros.
  public func start(_ observations: Tensor<Scalar>) -> ShrinkageState<Scalar> {
    ShrinkageState(
      estimate: .zeros([observations.shape[0], operators.shape[1]]),
      iteration: 0
    )
  }

  /// One iteration.
  public func step(
    _ state: ShrinkageState<Scalar>,
    _ observations: Tensor<Scalar>,
    _ parameters: Parameters
  ) -> ShrinkageState<Scalar> {
    let isFirst = state.iteration == 0
    let residual = isFirst ? observations : observations - summedAtoms(state.estimate, atoms)
    var moved = steppedAlongAtoms(
      isFirst ? nil : state.estimate,
      by: parameters.stepSize.value,
      residual,
      parameters.matrix.value
    )
    let threshold = abs(parameters.threshold.value)
    let passing = selection?.count(iteration: state.iteration, unknowns: operators.shape[1]) ?? 0
    let shrunk = softThreshold(moved, by: threshold)
    if passing > 0 {
      let sizes = abs(moved)
      let mask = topKMask(sizes, passing) * isGreater(sizes, threshold)
      moved = select(mask, moved, shrunk)
    } else {
      moved = shrunk
    }
    return ShrinkageState(estimate: moved, iteration: state.iteration + 1)
  }

  /// `s_k`.
  public func estimate(_ state: ShrinkageState<Scalar>) -> Tensor<Scalar> { state.estimate }
}
