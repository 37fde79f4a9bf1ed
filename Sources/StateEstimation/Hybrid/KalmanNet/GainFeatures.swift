internal import Autodiff
public import Tensors

/// What a learned gain sees of a step: four differences, of which each filling takes some.
///
/// - SeeAlso: `revach2022kalmannet`, section III.
public struct GainFeatures<Scalar: RealTensorScalar> {
  /// F1, `y_t - y_{t-1}`, `[batch, n]`.
  public let observationDifference: Tensor<Scalar>
  /// F2, `y_t - y_{t|t-1}`, `[batch, n]`.
  public let innovation: Tensor<Scalar>
  /// F3, `x_{t-1|t-1} - x_{t-2|t-2}`, `[batch, m]`.
  public let estimateDifference: Tensor<Scalar>
  /// F4, `x_{t-1|t-1} - x_{t-1|t-2}`, `[batch, m]`.
  public let updateDifference: Tensor<Scalar>

  /// Features that were computed elsewhere.
  public init(
    observationDifference: Tensor<Scalar>,
    innovation: Tensor<Scalar>,
    estimateDifference: Tensor<Scalar>,
    updateDifference: Tensor<Scalar>
  ) {
    self.observationDifference = observationDifference
    self.innovation = innovation
    self.estimateDifference = estimateDifference
    self.updateDifference = updateDifference
  }

  /// The features of a step; where an observation is missing, what was predicted of it stands for it.
  public init(_ step: RecordedStep<Scalar>) {
    self.init(
      observationDifference: step.predictedObservation + step.innovation - step.earlierObservation,
      innovation: step.innovation,
      estimateDifference: step.previous - step.earlier,
      updateDifference: step.previous - step.earlierPredicted
    )
  }

  /// Each feature divided by its length, as the authors' programs do: the network then sees directions,
  /// in any unit.
  public var directions: GainFeatures {
    GainFeatures(
      observationDifference: unitRows(observationDifference),
      innovation: unitRows(innovation),
      estimateDifference: unitRows(estimateDifference),
      updateDifference: unitRows(updateDifference)
    )
  }
}
