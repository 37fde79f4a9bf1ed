internal import Autodiff
internal import NeuralNetworks
internal import Studies
internal import Tensors

/// The sequences that a learned separation is trained on, checked, scaled and cut.
struct SequenceProblems {
  /// The root mean square of the training observations, by which everything is divided.
  let scale: Float
  /// `observations` and `targets`, over the scale.
  let training: Dataset<Float>
  let validation: Dataset<Float>?
  /// Reads the sequences of a later pass, drawn anew.
  let redraw: (ArrayBundle) throws -> Dataset<Float>
  /// The noise power, over the scale squared; 0 where none is told.
  let noiseVariance: Double
  let frames: Int
  let pixels: Int
  /// The root mean squares of the low-rank part less the observations and of the sparse part, over the scale.
  let departures: [Float]

  init(_ request: TrainingRequest) throws {
    let own = try Pairs(request.data)
    let scale = own.rootMeanSquare
    frames = own.observations.shape[1]
    pixels = own.observations.shape[2] * own.observations.shape[3]
    let noise = try SparseArrays.noiseVariance(in: request.data) ?? 0
    noiseVariance = noise / Double(scale * scale)
    self.scale = scale
    departures = own.departures.map { max($0 / scale, 1e-6) }
    let (learned, heldOut) = request.parts(of: own.count)
    training = try own.dataset(learned, scale: scale)
    let held = try request.validation.map { try Pairs($0) }
    validation =
      try held.map { try $0.dataset(0..<$0.count, scale: scale) }
      ?? heldOut.map { try own.dataset($0, scale: scale) }
    redraw = { try Pairs($0).dataset(learned, scale: scale) }
  }

  /// Observations and targets of one bundle.
  private struct Pairs {
    let observations: Tensor<Float>
    let targets: Tensor<Float>
    var count: Int { observations.shape[0] }

    init(_ bundle: ArrayBundle) throws(StudyError) {
      observations = try SequenceArrays.sequences(in: bundle, as: Float.self).sequences
      targets = try SequenceArrays.parts("targets", in: bundle, as: Float.self)
      let expected = [observations.shape[0], 2] + observations.shape.dropFirst()
      guard targets.shape == expected else {
        throw .badShape(
          array: "targets",
          source: bundle.source,
          expected: "\(expected), two parts of each observation",
          actual: targets.shape
        )
      }
    }

    /// 1 for observations of zeros.
    var rootMeanSquare: Float {
      let energy = observations.withScalars { $0.reduce(0.0) { $0 + Double($1) * Double($1) } }
      let mean = energy / Double(max(observations.count, 1))
      return mean > 0 ? Float(mean.squareRoot()) : 1
    }

    /// The root mean squares of the low-rank part less the observations and of the sparse part.
    var departures: [Float] {
      let (lowRank, sparse) = (targets.picked(axis: 1, 0), targets.picked(axis: 1, 1))
      return [lowRank - observations, sparse].map { square($0).mean().scalar.squareRoot() }
    }

    func dataset(_ range: Range<Int>, scale: Float) throws -> Dataset<Float> {
      try Dataset([
        "observations": cut(observations, range, scale), "targets": cut(targets, range, scale),
      ])
    }

    private func cut(_ tensor: Tensor<Float>, _ range: Range<Int>, _ scale: Float) -> Tensor<Float>
    {
      let width = tensor.count / tensor.shape[0]
      return tensor.withScalars { source in
        Tensor(shape: [range.count] + tensor.shape.dropFirst()) { target in
          let first = range.lowerBound * width
          for i in 0..<target.count { target[i] = source[first + i] / scale }
        }
      }
    }
  }
}

/// A trained separation, ready for arrays.
struct LearnedSeparation: PreparedMethod {
  let scale: Float
  /// From observations to both parts, over the scale.
  let separate: @Sendable (Tensor<Float>) -> Tensor<Float>

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    let (sequences, isSingle) = try SequenceArrays.sequences(in: arrays, as: Float.self)
    let parts = SequenceChunks.mapped(sequences, pool: pool) { one in
      scaled(separate(scaled(one, by: 1 / scale)), by: scale)
    }
    let isFinite = parts.withScalars { $0.allSatisfy(\.isFinite) }
    return InferenceResult(
      arrays: SequenceArrays.output(parts, isSingle: isSingle, source: arrays.source),
      failure: isFinite ? nil : "a number of the estimates is not finite"
    )
  }

  private func scaled(_ tensor: Tensor<Float>, by factor: Float) -> Tensor<Float> {
    tensor.withScalars { source in
      Tensor(shape: tensor.shape) { target in
        for i in 0..<target.count { target[i] = source[i] * factor }
      }
    }
  }
}
