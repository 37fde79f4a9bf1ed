public import Tensors

/// What a training is given besides data and settings: streams, threads, files and watchers.
public struct TrainingContext<Scalar: RealTensorScalar> {
  /// Where shuffles, the validation split and the loss's random operations come from.
  public var stream: RandomStream
  /// The samples on which the best parameters are chosen; nil to hold out a share of the training set
  /// or to choose none.
  public var validation: Dataset<Scalar>?
  /// New samples for each pass after the first, by the number of the pass, from 1.
  ///
  /// For worlds that can be drawn from without end. As many as the training set has, in arrays of the same names and
  /// shapes; a function of the number alone, so that an interrupted training goes on to the same bits.
  public var redraw: ((_ epoch: Int) throws -> Dataset<Scalar>)?
  /// The parameters to train, in groups; all parameters of the model as one group when nil.
  public var groups: [ParameterGroup<Scalar>]?
  /// The threads that operations on large batches may use; results do not depend on it.
  public var pool: WorkerPool
  /// Where the training is saved; nil for nowhere.
  public var checkpoint: CheckpointPolicy?
  /// Asked before each step; true ends the training with what is reached.
  public var isCancelled: (() -> Bool)?
  /// Told at the end of each epoch, and now and then during long ones.
  public var onProgress: ((TrainingProgress) -> Void)?

  /// A context with a stream and nothing else.
  public init(stream: RandomStream) {
    self.stream = stream
    pool = .serial
  }
}

/// When and where a training is saved.
public struct CheckpointPolicy: Sendable, Hashable {
  /// A safetensors file, replaced each time.
  public var path: String
  /// At least so long between two saves; the end and a cancellation save in any case.
  public var intervalSeconds: Double
  /// Whether a training takes up a file that exists.
  public var resumes: Bool

  /// Once a minute and at the end; takes up what exists.
  public init(path: String, intervalSeconds: Double = 60, resumes: Bool = true) {
    self.path = path
    self.intervalSeconds = intervalSeconds
    self.resumes = resumes
  }
}

/// How far a training is.
public struct TrainingProgress: Sendable, Equatable {
  /// The pass that is under way or has just ended, from 1.
  public let epoch: Int
  /// The planned passes.
  public let plannedEpochs: Int
  /// The steps made.
  public let step: Int
  /// The planned steps.
  public let plannedSteps: Int
  /// The passes that are made, the one under way in part.
  package var passes: Double {
    Double(step) * Double(plannedEpochs) / Double(max(plannedSteps, 1))
  }
  /// Whether the epoch has just ended.
  public let isEndOfEpoch: Bool
  /// The mean loss of the epoch so far.
  public let trainingLoss: Double
  /// The validation loss of the last epoch that has one.
  public let validationLoss: Double?
  /// Since the training was started or taken up.
  public let secondsUsed: Double
  /// An estimate from the steps made since then, early stopping aside.
  public let secondsLeft: Double
}
