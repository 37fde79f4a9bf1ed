internal import Autodiff
public import Tensors

/// What least-squares detection needs of a batch of linear channels `x = H s + w`.
///
/// `G = H' H` and `m = H' x`: the gradient of `|x - H s|^2 / 2` is `G s - m`, and for white noise the two
/// hold all that the observations say of `s`.
public struct NormalEquations<Scalar: RealTensorScalar>: Sendable {
  /// `G`, `[batch, users, users]`.
  public let gram: Tensor<Scalar>
  /// `m`, `[batch, users]`.
  public let matched: Tensor<Scalar>

  /// The equations of given products.
  public init(gram: Tensor<Scalar>, matched: Tensor<Scalar>) {
    precondition(
      gram.rank == 3 && matched.rank == 2
        && gram.shape == [matched.shape[0]]
          + [matched.shape[1], matched.shape[1]],
      "NormalEquations: gram \(gram.shape) with matched \(matched.shape)"
    )
    self.gram = gram
    self.matched = matched
  }

  /// The equations of channels and observations.
  ///
  /// - Parameters:
  ///   - channel: `H`, `[batch, receive, users]`, or `[receive, users]` for one that all share.
  ///   - observations: `x`, `[batch, receive]`.
  public init(channel: Tensor<Scalar>, observations: Tensor<Scalar>) {
    let batch = observations.shape[0]
    let users = channel.shape[channel.rank - 1]
    let product = matmul(channel, channel, transposeA: true)
    if channel.rank == 2 {
      self.init(
        gram: product.reshaped([1, users, users]).broadcast(to: [batch, users, users]),
        matched: matmul(observations, channel)
      )
    } else {
      let row = observations.reshaped([batch, 1, channel.shape[1]])
      self.init(gram: product, matched: matmul(row, channel).reshaped([batch, users]))
    }
  }

  /// The same problems in units in which the mean of `G`'s diagonal is 1, for each of them.
  public var scaled: NormalEquations {
    let (k, rows) = (users, batch)
    let factors: [Scalar] = gram.withScalars { g in
      (0..<rows).map { row in
        var trace = Scalar(0)
        for i in 0..<k { trace += g[(row * k + i) * k + i] }
        return trace > 0 ? Scalar(k) / trace : 1
      }
    }
    return NormalEquations(
      gram: gram * Tensor(factors, shape: [rows, 1, 1]),
      matched: matched * Tensor(factors, shape: [rows, 1])
    )
  }

  /// How many problems there are.
  public var batch: Int { matched.shape[0] }
  /// How many symbols each has.
  public var users: Int { matched.shape[1] }

  /// `G s` for `s` `[batch, users]`.
  public func gramProduct(_ s: Tensor<Scalar>) -> Tensor<Scalar> {
    matmul(gram, s.reshaped([batch, users, 1])).reshaped([batch, users])
  }
}

extension NormalEquations {
  /// The equations of some vectors of a batch.
  init(_ problems: LinearProblems<Scalar>, _ range: Range<Int>? = nil) {
    let range = range ?? 0..<problems.batch
    func cut(_ tensor: Tensor<Scalar>) -> Tensor<Scalar> {
      range.count == problems.batch ? tensor : tensor.sliced(axis: 0, range)
    }
    self.init(
      channel: problems.channel.rank == 2 ? problems.channel : cut(problems.channel),
      observations: cut(problems.observations)
    )
  }
  /// `G` of one problem.
  func matrix(_ index: Int) -> Matrix<Scalar> {
    let size = users * users
    return gram.withScalars {
      Matrix(rows: users, columns: users, Array($0[(index * size)..<((index + 1) * size)]))
    }
  }

  /// `m` of one problem.
  func vector(_ index: Int) -> [Scalar] {
    matched.withScalars { Array($0[(index * users)..<((index + 1) * users)]) }
  }
}
