// Goals in order: 1. the numbered equations; 2. no allocation a vector; 3. every pivot is safe.
//
// `C_k >= D` in the order of matrices and D is diagonal, so that pivot i of `C_k = L diag(d) L'` is at least
// `D_ii`: a pivot that rounding brings below is put there.
//
// Proof of safety: all pointers are into buffers of the sizes of `Work`, allocated for the call.

internal import CKernels
public import Tensors

/// A batch of vectors for ``GaussianBeliefBlock``: a range of a batch of problems.
public struct InterferenceObservation<Scalar: RealTensorScalar>: Sendable {
  /// Observations, channels and noise variances; symbols are not centred.
  public let problems: LinearProblems<Scalar>
  /// The vectors of the batch.
  public let range: Range<Int>

  /// Some vectors of a batch.
  public init(_ problems: LinearProblems<Scalar>, _ range: Range<Int>) {
    self.problems = problems
    self.range = range
  }
}

/// The belief of one user when the others interfere like Gaussian noise of known mean and variance.
///
/// With `e_l` and `v_l` the mean and variance of user l under its belief:
///
///     z_k = x - sum_{l != k} h_l e_l
///     C_k = D + sum_{l != k} v_l h_l h_l'
///     p_k[a] ~ exp(-(z_k - h_k a)' C_k^-1 (z_k - h_k a) / 2)
///
/// Gaussian noise: `D = sigma^2 I`. Poisson counts `x ~ Poisson(g H s + 1)` are taken as Gaussian of their
/// own mean and variance: `x - 1` and `g H` stand for x and H, and `D = diag(g H e + 1)` is the rate that
/// the beliefs of all users expect (at least ``ObservationLaw/minimumRate``).
///
/// - Complexity: O(N^2 K + N^3) a vector for N antennas and K users.
/// - SeeAlso: `choi2000sic`.
public struct GaussianBeliefBlock<Scalar: RealTensorScalar>: BeliefBlock {
  /// What the block is given.
  public typealias Observation = InterferenceObservation<Scalar>

  /// The values of a symbol, ascending.
  public let levels: [Scalar]
  /// The factor of the rates of Poisson counts; nil for Gaussian noise.
  public let gain: Scalar?

  /// The block of a constellation.
  ///
  /// - Parameters:
  ///   - levels: the values of a symbol.
  ///   - gain: of Poisson counts; nil for Gaussian noise.
  public init(levels: [Scalar], gain: Scalar? = nil) {
    self.levels = levels
    self.gain = gain
  }

  /// The posterior of one user.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func belief(
    of user: Int,
    given observation: Observation,
    _ beliefs: [Tensor<Scalar>]
  ) -> Tensor<Scalar> {
    let size = levels.count
    let problems = observation.problems
    let (users, receive) = (problems.users, problems.receive)
    let work = Work<Scalar>(users: users, receive: receive)
    return Tensor(shape: [observation.range.count, size]) { to in
      problems.channel.withScalars { h in
        problems.observations.withScalars { x in
          for (row, index) in observation.range.enumerated() {
            takeMoments(of: beliefs, row, into: work)
            let start = problems.channel.rank == 2 ? 0 : index * receive * users
            guard let column = h.baseAddress, let received = x.baseAddress else { return }
            let (match, energy) = work.match(
              user: user,
              channel: column + start,
              received: received + index * receive,
              noiseVariance: problems.noiseVariance(index),
              gain: gain
            )
            for level in 0..<size {
              let a = levels[level]
              to[row * size + level] = a * (match - a * energy / 2)
            }
          }
        }
      }
      guard let base = to.baseAddress else { return }
      Scalar.kernels.pointee.softmax(observation.range.count, size, base, base)
    }
  }

  /// `e` and `v` of all users in one vector.
  @inline(__always)
  private func takeMoments(of beliefs: [Tensor<Scalar>], _ row: Int, into work: Work<Scalar>) {
    let size = levels.count
    for user in 0..<beliefs.count {
      let p = beliefs[user].storage.values + row * size
      var mean: Scalar = 0
      for level in 0..<size { mean += levels[level] * p[level] }
      var variance: Scalar = 0
      for level in 0..<size {
        let gap = levels[level] - mean
        variance += gap * gap * p[level]
      }
      work.means[user] = mean
      work.variances[user] = variance
    }
  }
}

/// The memory of one vector's equations.
private final class Work<Scalar: RealTensorScalar> {
  let users: Int
  let receive: Int
  let means: UnsafeMutablePointer<Scalar>
  let variances: UnsafeMutablePointer<Scalar>
  /// `v_l H_il` of one antenna, then a row of L times the pivots.
  private let scratch: UnsafeMutablePointer<Scalar>
  /// `L^-1 z_k`.
  private let residual: UnsafeMutablePointer<Scalar>
  /// `L^-1 h_k`.
  private let own: UnsafeMutablePointer<Scalar>
  /// The reciprocals of the pivots.
  private let reciprocals: UnsafeMutablePointer<Scalar>
  /// L, of unit diagonal.
  private let lower: UnsafeMutablePointer<Scalar>

  init(users: Int, receive: Int) {
    self.users = users
    self.receive = receive
    let count = 2 * users + max(users, receive) + 3 * receive + receive * receive
    means = .allocate(capacity: count)
    means.initialize(repeating: 0, count: count)
    variances = means + users
    scratch = variances + users
    residual = scratch + max(users, receive)
    own = residual + receive
    reciprocals = own + receive
    lower = reciprocals + receive
  }

  deinit { means.deallocate() }

  /// `h_k' C_k^-1 z_k` and `h_k' C_k^-1 h_k`, which decide the posterior.
  ///
  /// `C_k = L diag(d) L'` row by row: a row of `C_k` is made, factored and substituted at once.
  @inline(__always)
  func match(
    user: Int,
    channel h: UnsafePointer<Scalar>,
    received: UnsafePointer<Scalar>,
    noiseVariance: Scalar,
    gain: Scalar?
  ) -> (match: Scalar, energy: Scalar) {
    let (users, receive) = (users, receive)
    let (means, variances, scratch) = (means, variances, scratch)
    let (residual, own, reciprocals, lower) = (residual, own, reciprocals, lower)
    let ownMean = means[user]
    means[user] = 0
    variances[user] = 0
    let g = gain ?? 1
    let square = g * g
    var match: Scalar = 0
    var energy: Scalar = 0
    for i in 0..<receive {
      let row = h + i * users
      var others: Scalar = 0
      for l in 0..<users {
        others += row[l] * means[l]
        scratch[l] = square * variances[l] * row[l]
      }
      var z = received[i] - g * others
      var noise = noiseVariance
      if gain != nil {
        z -= 1
        noise = max(g * (others + row[user] * ownMean) + 1, Scalar(1e-3))
      }
      var column = g * row[user]
      var pivot = noise
      for l in 0..<users { pivot += scratch[l] * row[l] }
      let place = lower + i * receive
      for j in 0..<i {
        let other = h + j * users
        var sum: Scalar = 0
        for l in 0..<users { sum += scratch[l] * other[l] }
        place[j] = sum
      }
      // `place[j]` holds L_ij d_j until the row is done with.
      for j in 0..<i {
        var sum = place[j]
        let earlier = lower + j * receive
        for k in 0..<j { sum -= place[k] * earlier[k] }
        place[j] = sum
      }
      for j in 0..<i {
        let product = place[j]
        let factor = product * reciprocals[j]
        place[j] = factor
        pivot -= factor * product
        z -= factor * residual[j]
        column -= factor * own[j]
      }
      let reciprocal = 1 / max(pivot, noise)
      reciprocals[i] = reciprocal
      residual[i] = z
      own[i] = column
      match += column * z * reciprocal
      energy += column * column * reciprocal
    }
    return (match, energy)
  }
}
