internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
internal import StateEstimation
internal import Tensors

extension Benchmark {
  /// One step of training the hybrid smoother: 500 steps of a trajectory, 100 iterations; an item is a step of it.
  static func smootherStep(threads: Int) -> Benchmark {
    let (steps, iterations) = (500, 100)
    return Benchmark("hybrid-smoother-train", batch: steps, threads: threads, repeats: 7) {
      var source = RandomStream(seed: 1)
      let passing = try CorrectedMessagePassing(
        method: GradientMessagePassing(
          transition: LinearFunction(constantVelocity),
          emission: LinearFunction(positions),
          noise: NoiseCovariances(
            process: scaled(.identity(4), 0.16),
            observation: scaled(.identity(2), 0.25)
          ),
          stepSize: 0.03
        ),
        slot: GraphCorrection<Float>(
          .init(
            evidence: 4,
            messages: [4, 4, 4],
            fromEvidence: [false, true, false],
            hidden: 48,
            outputs: 4
          ),
          from: &source
        )
      )
      let targets: Tensor<Float> = source.normal([1, steps, 4])
      let noise: Tensor<Float> = source.normal([1, steps, 2])
      let seen = targets.sliced(axis: 2, 0..<2) + noise * 0.5
      let step = RepeatedStep(
        of: passing.slot.parameters,
        on: try Dataset(["observations": seen, "targets": targets]),
        pool: WorkerPool(threads: threads)
      ) { inputs in
        let problem = SmoothingProblem(
          observations: try inputs.named("observations"),
          firstMean: .zeros([1, 4]),
          firstPrecision: .zeros([1, 4, 4])
        )
        let targets = try inputs.named("targets")
        return passing.loss(
          problem,
          iterations: iterations,
          weighting: .linear,
          mode: .training
        ) { meanSquaredError($0, targets) }
      }
      return Work { try step(rate: 1e-3) }
    }
  }

  /// Positions of two axes, then velocities.
  private static var constantVelocity: Matrix<Float> {
    Matrix(rows: 4, columns: 4, [1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1])
  }

  private static var positions: Matrix<Float> {
    Matrix(rows: 2, columns: 4, [1, 0, 0, 0, 0, 1, 0, 0])
  }

  private static func scaled(_ matrix: Matrix<Float>, _ factor: Float) -> Matrix<Float> {
    Matrix(rows: matrix.rows, columns: matrix.columns, matrix.scalars.map { $0 * factor })
  }
}
