internal import CKernels
public import Tensors

/// What is decided from posteriors.
public enum PosteriorDecision: String, Sendable, Hashable, CaseIterable {
  /// The most likely vector.
  case vector
  /// The most likely level of each symbol.
  case symbol
}

/// The posterior by enumeration of all vectors, at most 2^16.
///
/// `p(s | y) ~ exp(-|y - H s|^2 / (2 sigma^2))`; the decision is the most likely vector, or each
/// symbol's most likely level, which makes the fewest symbol errors. The cost grows user by user,
/// `s' G s - 2 m' s` with `G = H' H`, `m = H' y`.
///
/// - Complexity: about `4 levels^users` a vector, and as many exponentials where posteriors are wanted.
public struct ExhaustiveMAP<Scalar: RealTensorScalar>: VectorDetector {
  /// What is decided.
  public typealias Decision = PosteriorDecision

  /// A Gram matrix and what is known of every vector.
  public struct Workspace {
    var equations: NormalEquationSolver<Scalar>
    var noiseVariance: Scalar = 1
    let costs: UnsafeMutablePointer<Scalar>
    let slopes: UnsafeMutablePointer<Scalar>
    // Of every vector its likelihood, and of each symbol the sums by level; nil where none is wanted.
    let likelihoods: UnsafeMutablePointer<Double>?
    let sums: UnsafeMutablePointer<Double>
    let scratch: VectorScratch<Scalar>
    let wideScratch: VectorScratch<Double>
  }

  /// The most vectors that are enumerated.
  public static var hypothesisLimit: Int { 1 << 16 }

  /// The values of a symbol.
  public let levels: Levels<Scalar>
  /// What is decided.
  public let decision: Decision

  /// The detector of a constellation.
  public init(levels: Levels<Scalar>, decision: Decision = .vector) {
    self.levels = levels
    self.decision = decision
  }

  /// It has them.
  public var hasProbabilities: Bool { true }

  /// Whether so many users can be enumerated.
  public func canEnumerate(users: Int) -> Bool {
    var count = 1
    for _ in 0..<users {
      count *= levels.values.count
      if count > Self.hypothesisLimit { return false }
    }
    return true
  }

  /// Memory of all vectors.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func workspace(_ shape: VectorShape) -> Workspace {
    precondition(
      canEnumerate(users: shape.users),
      "ExhaustiveMAP: more than \(Self.hypothesisLimit) vectors of \(shape.users) users"
    )
    let size = levels.values.count
    let count = (0..<shape.users).reduce(1) { product, _ in product * size }
    let scratch = VectorScratch<Scalar>()
    let wideScratch = VectorScratch<Double>()
    let needsLikelihoods = shape.keepsProbabilities || decision == .symbol
    return Workspace(
      equations: NormalEquationSolver(shape),
      costs: scratch.take(count),
      slopes: scratch.take(count),
      likelihoods: needsLikelihoods ? wideScratch.take(count) : nil,
      sums: wideScratch.take(shape.users * size),
      scratch: scratch,
      wideScratch: wideScratch
    )
  }

  /// The Gram matrix.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func prepare(
    _ channel: UnsafePointer<Scalar>,
    noiseVariance: Scalar,
    _ workspace: inout Workspace
  ) throws(LinearAlgebraError) {
    workspace.equations.form(channel)
    workspace.noiseVariance = noiseVariance
  }

  /// Enumerates.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func detect(
    _ received: UnsafePointer<Scalar>,
    _ workspace: inout Workspace,
    _ output: VectorOutput<Scalar>
  ) -> VectorFailure? {
    let users = workspace.equations.users
    let size = levels.values.count
    workspace.equations.match(received)
    let count = fillCosts(workspace)
    var best = 0
    for index in 1..<max(count, 1) where workspace.costs[index] < workspace.costs[best] {
      best = index
    }
    if let likelihoods = workspace.likelihoods {
      sumLikelihoods(workspace, likelihoods, count, best: best)
    }
    let sums = workspace.sums
    var digits = best
    for k in 0..<users {
      var place = digits % size
      digits /= size
      if decision == .symbol {
        for other in 0..<size where sums[k * size + other] > sums[k * size + place] {
          place = other
        }
      }
      output.symbols[k] = levels.values[place]
    }
    guard let probabilities = output.probabilities else { return nil }
    var total = 0.0
    for place in 0..<size { total += sums[place] }
    for k in 0..<(users * size) { probabilities[k] = Scalar(sums[k] / total) }
    return nil
  }

  /// `s' G s - 2 m' s` of every vector; the first user is the least significant digit of its number.
  ///
  /// User k adds `G_kk s_k^2 + 2 s_k (sum_{j < k} G_kj s_j - m_k)`; the sums grow user by user too.
  ///
  /// - Returns: how many vectors there are.
  @inline(__always)
  private func fillCosts(_ workspace: Workspace) -> Int {
    let (equations, costs, slopes) = (workspace.equations, workspace.costs, workspace.slopes)
    let size = levels.values.count
    costs[0] = 0
    var count = 1
    for k in 0..<equations.users {
      let row = equations.gram + k * equations.stride
      slopes[0] = -equations.matched[k]
      var known = 1
      for j in 0..<k {
        // The part of the first value is written last: the others are made from it.
        for place in Swift.stride(from: size - 1, through: 0, by: -1) {
          let shift = row[j] * levels.values[place]
          for index in 0..<known { slopes[place * known + index] = slopes[index] + shift }
        }
        known *= size
      }
      for place in Swift.stride(from: size - 1, through: 0, by: -1) {
        let s = levels.values[place]
        let own = row[k] * s
        for index in 0..<count {
          costs[place * count + index] = costs[index] + s * (own + 2 * slopes[index])
        }
      }
      count *= size
    }
    return count
  }

  /// Sums the likelihoods of all vectors that have a symbol at a level.
  ///
  /// From the last user down: its level is the most significant digit, so that the vectors with one
  /// level lie side by side; then its levels are added up and the user is gone.
  @inline(__always)
  private func sumLikelihoods(
    _ workspace: Workspace,
    _ likelihoods: UnsafeMutablePointer<Double>,
    _ count: Int,
    best: Int
  ) {
    let size = levels.values.count
    let (costs, sums) = (workspace.costs, workspace.sums)
    let scale = -1 / (2 * Double(workspace.noiseVariance))
    for index in 0..<count { likelihoods[index] = Double(costs[index] - costs[best]) * scale }
    Double.kernels.pointee.unary(GRAYBOX_EXP, count, likelihoods, likelihoods)
    var block = count
    for k in Swift.stride(from: workspace.equations.users - 1, through: 0, by: -1) {
      block /= size
      for place in 0..<size {
        Double.kernels.pointee.sum(
          1,
          block,
          1,
          likelihoods + place * block,
          sums + k * size + place
        )
      }
      for place in 1..<size {
        for index in 0..<block { likelihoods[index] += likelihoods[place * block + index] }
      }
    }
  }
}
