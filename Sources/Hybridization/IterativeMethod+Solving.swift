public import Tensors

extension IterativeMethod {
  /// Runs the classical algorithm.
  ///
  /// The residual of an iteration is the largest relative change of an estimate in the batch,
  /// `|s_{k+1} - s_k| / |s_{k+1}|`.
  ///
  /// - Parameters:
  ///   - problem: a batch of problems.
  ///   - parameters: of every step; the model's when nil.
  ///   - state: where to start; the method's own start when nil.
  ///   - rule: when to stop.
  /// - Returns: the last estimates, how it ended and the residuals.
  /// - Complexity: that of the steps; estimates are compared once an iteration.
  public func solve(
    _ problem: Problem,
    _ parameters: Parameters? = nil,
    from state: State? = nil,
    until rule: StoppingRule
  ) -> Outcome<Tensor<Scalar>> {
    let parameters = parameters ?? initialParameters(ofLayer: 0)
    return iterated(from: state ?? start(problem), until: rule) {
      estimate($0)
    } step: {
      step($0, problem, parameters)
    }
  }

  /// The estimates after each of the first iterations of the classical algorithm, the start left out.
  public func trace(_ problem: Problem, _ parameters: Parameters? = nil, iterations: Int)
    -> [Tensor<Scalar>]
  {
    let parameters = parameters ?? initialParameters(ofLayer: 0)
    var state = start(problem)
    return (0..<iterations).map { _ in
      state = step(state, problem, parameters)
      return estimate(state)
    }
  }
}

/// Repeats a step until a rule says stop.
///
/// - Parameters:
///   - start: the state before the first step.
///   - rule: when to stop.
///   - estimate: what a state says of the unknowns, `[batch, ...]`.
///   - step: one iteration.
/// - Returns: the last estimates, how it ended and the residuals.
func iterated<State, Scalar: RealTensorScalar>(
  from start: State,
  until rule: StoppingRule,
  estimate: (State) -> Tensor<Scalar>,
  step: (State) -> State
) -> Outcome<Tensor<Scalar>> {
  var state = start
  var current = estimate(state)
  var residuals: [Double] = []
  for iteration in 0..<max(rule.maximumIterations, 0) {
    state = step(state)
    let next = estimate(state)
    let residual = relativeChange(from: current, to: next)
    current = next
    residuals.append(residual)
    let status: Outcome<Tensor<Scalar>>.Status
    if !residual.isFinite {
      status = .diverged(iteration: iteration + 1)
    } else if let tolerance = rule.tolerance, residual <= tolerance {
      status = .converged
    } else {
      continue
    }
    return Outcome(
      value: current,
      status: status,
      iterations: iteration + 1,
      residuals: residuals
    )
  }
  return Outcome(
    value: current,
    status: rule.tolerance == nil ? .completed : .iterationLimit,
    iterations: residuals.count,
    residuals: residuals
  )
}

/// The largest relative change in a batch; not finite when a number is not.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func relativeChange<Scalar: RealTensorScalar>(
  from old: Tensor<Scalar>,
  to new: Tensor<Scalar>
) -> Double {
  precondition(old.shape == new.shape, "estimate: shape \(old.shape) became \(new.shape)")
  let rows = new.rank > 1 ? new.shape[0] : 1
  let width = rows > 0 ? new.count / rows : 0
  return old.withScalars { old in
    new.withScalars { new in
      var worst = 0.0
      for row in 0..<rows {
        let (change, size) = squares(old, new, row * width, width)
        guard change.isFinite, size.isFinite else { return .infinity }
        if change > 0 {
          worst = max(worst, (change / max(size, .leastNormalMagnitude)).squareRoot())
        }
      }
      return worst
    }
  }
}

/// The squared lengths of the change and of the new numbers, four sums side by side.
@inline(__always)
private func squares<Scalar: RealTensorScalar>(
  _ old: UnsafeBufferPointer<Scalar>,
  _ new: UnsafeBufferPointer<Scalar>,
  _ start: Int,
  _ count: Int
) -> (change: Double, size: Double) {
  var (change, size) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
  func add(_ place: Int, _ lanes: Int) {
    var (value, before) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
    for lane in 0..<lanes {
      value[lane] = Double(new[place + lane])
      before[lane] = Double(old[place + lane])
    }
    change += (value - before) * (value - before)
    size += value * value
  }
  var place = start
  while place + 4 <= start + count {
    add(place, 4)
    place += 4
  }
  add(place, start + count - place)
  return (change.sum(), size.sum())
}
