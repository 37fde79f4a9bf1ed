import Autodiff
import Hybridization
import ImageRestoration
import Tensors
import Testing

@Suite struct RestorationTests {
  private func scene(_ shape: [Int], seed: UInt64) -> Tensor<Double> {
    var stream = RandomStream(seed: seed).derived("scene")
    let numbers: Tensor<Double> = stream.uniform([8])
    let (height, width) = (shape[1], shape[2])
    return Tensor(
      (0..<height * width).map { place in
        let (i, j) = (place / width, place % width)
        let inside = i > height / 4 && i < 3 * height / 4 && j > width / 3
        return inside ? 0.5 + 0.4 * numbers[0] : 0.3 * numbers[1] + 0.01 * Double(j)
      },
      shape: shape
    )
  }

  private func observed<Operator: MeasurementOperator<Double>>(
    _ measurement: Operator,
    seed: UInt64
  ) -> Tensor<Double> {
    let clean = measurement.measurements(of: scene([1] + measurement.imageShape, seed: seed))
    return clean + randomImages(clean.shape, seed: seed + 7) * 0.02
  }

  /// `A'(y - A x)` is within `lambda` of zero, and `lambda` times a sign where a coefficient is not zero.
  private func lassoDefect<Operator: MeasurementOperator<Double>, Basis: OrthonormalBasis<Double>>(
    _ x: Tensor<Double>,
    _ y: Tensor<Double>,
    _ measurement: Operator,
    _ basis: Basis,
    _ penalty: Double
  ) -> Double {
    let slope = basis.coefficients(
      of: measurement.adjoint(of: y - measurement.measurements(of: x))
    )
    let c = basis.coefficients(of: x).scalars
    let mask = basis.shrinks.scalars
    return zip(slope.scalars, zip(c, mask)).reduce(0.0) { worst, item in
      let (slope, (coefficient, isShrunk)) = item
      let level = penalty * isShrunk
      let defect =
        abs(coefficient) > 1e-7
        ? abs(slope - (coefficient > 0 ? level : -level)) : max(abs(slope) - level, 0)
      return max(worst, defect)
    }
  }

  @Test(
    "with l1 in the slot every algorithm solves the Lasso",
    arguments: [OperatorCase.dense, .circularBlur, .skewedReflectiveBlur, .mask, .fourier]
  )
  func lasso(operators: OperatorCase) throws {
    func check<Operator: MeasurementOperator<Double>>(_ measurement: Operator) {
      let basis = CosineBasis<Double>(
        height: measurement.imageShape[0],
        width: measurement.imageShape[1]
      )
      let prior = SparsePrior(basis)
      let y = observed(measurement, seed: 1)
      let rule = StoppingRule.tolerance(1e-13, maximumIterations: 200_000)
      let admm = SplitADMM(measurement: measurement, prior: prior, penalty: 0.01, coupling: 0.1)
        .solve(y, until: rule)
      let gradient = ProximalGradient(measurement: measurement, prior: prior, penalty: 0.01)
        .solve(y, until: rule)
      let fista = ProximalGradient(
        measurement: measurement,
        prior: prior,
        penalty: 0.01,
        isAccelerated: true
      ).solve(y, until: rule)
      for outcome in [admm, gradient, fista] {
        #expect(outcome.status == .converged)
        #expect(lassoDefect(outcome.value, y, measurement, basis, 0.01) < 1e-6)
      }
    }
    check(try operators.made(seed: 2))
  }

  @Test(
    "total variation by the primal-dual iteration agrees with it in the slot of ADMM",
    arguments: [OperatorCase.identity, .circularBlur, .reflectiveBlur, .mask, .dense, .fourier]
  )
  func totalVariation(operators: OperatorCase) throws {
    func check<Operator: MeasurementOperator<Double>>(_ measurement: Operator) {
      let y = observed(measurement, seed: 3)
      let penalty = 0.02
      let direct = TotalVariationRestoration(measurement: measurement, penalty: penalty)
        .solve(y, until: .tolerance(1e-11, maximumIterations: 100_000))
      #expect(direct.status == .converged)
      let prior = TotalVariationPrior<Double>(tolerance: 1e-13, iterations: 20_000)
      let split = SplitADMM(measurement: measurement, prior: prior, penalty: penalty, coupling: 0.1)
        .solve(y, until: .iterations(3000))
      func value(_ x: Tensor<Double>) -> Double {
        RestorationObjective.values(
          of: x,
          observations: y,
          measurement: measurement,
          prior: prior,
          penalty: penalty
        )[0]
      }
      let (a, b) = (value(direct.value), value(split.value))
      #expect(abs(a - b) < 1e-6 * b)
    }
    check(try operators.made(seed: 4))
  }

  @Test("splitting by halves denoises in one step as the prior does")
  func halfQuadratic() {
    let identity = IdentityOperator<Double>(height: 6, width: 8)
    let prior = SparsePrior(CosineBasis<Double>(height: 6, width: 8))
    let y = observed(identity, seed: 5)
    let method = HalfQuadraticSplitting(
      measurement: identity,
      prior: prior,
      penalty: 1e-4,
      first: 0.2,
      last: 0.01,
      steps: 5
    )
    for (deviation, expected) in zip(method.deviations, [0.2, 0.0945741609, 0.0447213595]) {
      #expect(abs(deviation - expected) < 1e-9)
    }
    // One step from v: s is the mean of y and v by their weights 1 and c, then the prior.
    let estimates = method.scheduled(y)
    let c = 1e-4 / 0.04
    let v = y * (1 / (1 + c))
    let s = (y + v * c) * (1 / (1 + c))
    #expect(worst(estimates[0], prior.proximal(s, strength: Tensor(0.04))) < 1e-12)
    #expect(estimates.count == 5)
  }

  @Test("a fixed point of regularisation by denoising satisfies its equation")
  func denoisingRegularisation() throws {
    let blur = try CircularBlur(
      kernel: BlurKernel.gaussian(deviation: 0.7),
      height: 8,
      width: 8
    )
    let prior = SparsePrior(CosineBasis<Double>(height: 8, width: 8))
    let y = observed(blur, seed: 6)
    let method = DenoisingRegularisation(
      measurement: blur,
      prior: prior,
      weight: 0.05,
      strength: 0.02
    )
    let x = method.solve(y, until: .tolerance(1e-14, maximumIterations: 50_000)).value
    let misfit = blur.adjoint(of: blur.measurements(of: x) - y)
    let pull = (x - prior.proximal(x, strength: Tensor(0.02))) * 0.05
    #expect(worst(misfit + pull, .zeros(x.shape)) < 1e-10)
  }

  @Test("layers at the model's values are iterations", arguments: [1, 4])
  func unfolding(layers: Int) throws {
    let blur = try CircularBlur(
      kernel: BlurKernel.gaussian(deviation: 0.7),
      height: 8,
      width: 8
    )
    let prior = SparsePrior(CosineBasis<Double>(height: 8, width: 8))
    let y = observed(blur, seed: 7)
    func check<Method: IterativeMethod>(_ method: Method)
    where
      Method.Scalar == Double,
      Method.Problem == Tensor<Double>,
      Method.Parameters == RestorationParameters<Double>
    {
      let network = method.unfolded(
        layers: layers,
        learning: [.stepSizes, .strengths],
        sharing: .perLayer
      )
      #expect(network.trace(y).last == method.trace(y, iterations: layers).last)
    }
    check(ProximalGradient(measurement: blur, prior: prior, penalty: 0.01))
    check(SplitADMM(measurement: blur, prior: prior, penalty: 0.01, coupling: 0.1))
    check(DenoisingRegularisation(measurement: blur, prior: prior, weight: 0.1, strength: 0.01))
  }

  @Test("Wiener's estimate is that of the joint Gaussian", arguments: [OperatorCase.dense, .mask])
  func wiener(operators: OperatorCase) throws {
    func check<Operator: MeasurementOperator<Double>>(_ measurement: Operator) throws {
      let shape = measurement.imageShape
      let (height, width) = (shape[0], shape[1])
      let size = height * width
      let y = observed(measurement, seed: 8)
      let found = WienerRestoration(
        measurement: measurement,
        noiseVariance: 0.01,
        variance: 0.05,
        corner: 0.1,
        mean: 0.4
      ).restored(y, tolerance: 1e-13)
      // The covariance from its spectrum by the definition.
      var gains: [Double] = []
      for u in 0..<height {
        for v in 0..<width {
          let (a, b) = (
            Double(min(u, height - u)) / Double(height), Double(min(v, width - v)) / Double(width)
          )
          let ratio = 1 + (a * a + b * b) / 0.01
          gains.append(1 / (ratio * ratio.squareRoot()))
        }
      }
      let total = gains.reduce(0, +)
      let all = try UndersampledFourier<Double>(mask: .ones(shape))
      let units = Tensor(Matrix<Double>.identity(size).scalars, shape: [size] + shape)
      let scales = Tensor(gains.map { 0.05 * Double(size) * $0 / total }, shape: [size, 1])
      let covariance = all.adjoint(of: all.measurements(of: units) * scales)
        .reshaped([size, size])
      let a = denseMatrix(measurement)
      let rows = a.shape[0]
      let across = matmul(covariance, a, transposeB: true)
      var seen = Matrix(rows: rows, columns: rows, matmul(a, across).scalars)
      for i in 0..<rows { seen[i, i] += 0.01 }
      let mean = Tensor<Double>.full([size, 1], 0.4)
      let right = y.reshaped([rows, 1]) - matmul(a, mean)
      let weights = try CholeskyFactor(seen).solve(right.scalars)
      let expected = mean + matmul(across, Tensor(weights, shape: [rows, 1]))
      #expect(worst(found, expected) < 1e-9)
    }
    try check(try operators.made(seed: 9))
  }

  @Test("Tikhonov's estimate solves its normal equations")
  func tikhonov() throws {
    let measurement = try OperatorCase.dense.made(seed: 10)
    func check<Operator: MeasurementOperator<Double>>(_ measurement: Operator) {
      let y = observed(measurement, seed: 10)
      let x = TikhonovRestoration(measurement: measurement, penalty: 0.1, mean: 0.5).restored(y)
      let slope = measurement.adjoint(of: measurement.measurements(of: x) - y) + (x - 0.5) * 0.1
      #expect(worst(slope, .zeros(slope.shape)) < 1e-10)
    }
    check(measurement)
  }

  @Test("every Richardson-Lucy step raises the likelihood and keeps the flux")
  func richardsonLucy() throws {
    let blur = try CircularBlur(
      kernel: BlurKernel.gaussian(deviation: 0.8),
      height: 9,
      width: 10
    )
    var stream = RandomStream(seed: 11)
    let rates = blur.measurements(of: scene([1, 9, 10], seed: 11)) * 50
    let y = stream.poisson(rates) * (1 / 50.0)
    let method = try RichardsonLucy(measurement: blur)
    func likelihood(_ x: Tensor<Double>) -> Double {
      (y * log(blur.measurements(of: x)) - blur.measurements(of: x)).sum().scalar
    }
    var before = -Double.infinity
    for iterations in 1...30 {
      let x = method.restored(y, iterations: iterations)
      let now = likelihood(x)
      #expect(now >= before - 1e-9)
      #expect(abs(x.sum().scalar - y.sum().scalar) < 1e-3)
      before = now
    }
  }

  @Test("Richardson-Lucy refuses operators with negative numbers")
  func negative() throws {
    let dense = try OperatorCase.dense.made(seed: 12)
    func check<Operator: MeasurementOperator<Double>>(_ measurement: Operator) {
      #expect(throws: ImageRestorationError.self) { try RichardsonLucy(measurement: measurement) }
    }
    check(dense)
  }
}
