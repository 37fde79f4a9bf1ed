public import NeuralNetworks
public import Tensors

/// All that the program knows about a method; lists, help, training, inference, studies and
/// documentation read it.
public struct MethodDescription: Sendable {
  /// How much of the method is learned.
  public enum Family: String, Sendable, CaseIterable {
    /// The classical algorithm.
    case modelBased = "model-based"
    /// The classical algorithm with a learned part.
    case hybrid
    /// The black box.
    case dataDriven = "data-driven"
  }

  /// An array that a method reads or writes.
  public struct Array: Sendable {
    /// What an array is for.
    public enum Role: String, Sendable {
      /// Read on every call.
      case input
      /// The truth, read in training and for metrics.
      case target
      /// Knowledge of the model, such as channel taps.
      case knowledge
      /// Written by inference.
      case output
    }

    /// The name in a data file.
    public var name: String
    /// The accepted shapes, each a list of words: `[["time"], ["batch", "time"]]`.
    public var shapes: [[String]]
    /// What the array is for.
    public var role: Role
    /// Whether inference fails without it.
    public var isRequired: Bool
    /// The unit or range of the numbers.
    public var unit: String
    /// One sentence for `--help`.
    public var summary: String

    /// The description of one array.
    public init(
      _ name: String,
      _ shapes: [[String]],
      _ role: Role,
      isRequired: Bool = true,
      unit: String = "",
      _ summary: String
    ) {
      self.name = name
      self.shapes = shapes
      self.role = role
      self.isRequired = isRequired
      self.unit = unit
      self.summary = summary
    }
  }

  /// What a method costs with given settings.
  public struct Cost: Sendable, Equatable {
    /// Trained numbers.
    public var parameters: Int
    /// Multiply-accumulates an item (a symbol, a vector, a time step) at inference.
    public var multiplyAccumulates: Int

    /// The cost of one method.
    public init(parameters: Int, multiplyAccumulates: Int) {
      self.parameters = parameters
      self.multiplyAccumulates = multiplyAccumulates
    }
  }

  /// The id, as in `graybox infer ID`.
  public var id: String
  /// How much is learned.
  public var family: Family
  /// The task, such as `symbol-detection`; methods of one task compare.
  public var task: String
  /// The name in tables and legends.
  public var title: String
  /// One sentence.
  public var summary: String
  /// What must be known.
  public var needs: [String]
  /// What is learned.
  public var learns: [String]
  /// The law that ties a hybrid to its classical parent, or nil.
  public var law: String?
  /// Keys in `Documentation/References.bib`.
  public var references: [String]
  /// What it reads and writes.
  public var arrays: [Array]
  /// What can be set.
  public var settings: [SettingDescription]
  /// The version of its model files.
  public var version: Int
  /// Whether its training uses several threads well, so that it is better run alone than beside others.
  public var trainsInParallel: Bool
  /// What it costs.
  public var cost: @Sendable (Settings) throws -> Cost
  /// Makes it ready to run: from settings alone (classical) or with a trained model.
  public var prepare: @Sendable (Settings, ModelFile?) throws -> any PreparedMethod
  /// Trains it; nil for a method that learns nothing.
  public var train: (@Sendable (TrainingRequest) throws -> TrainingResult)?

  /// The description of one method.
  public init(
    id: String,
    family: Family,
    task: String,
    title: String,
    summary: String,
    needs: [String],
    learns: [String],
    law: String? = nil,
    references: [String],
    arrays: [Array],
    settings: [SettingDescription],
    version: Int = 1,
    trainsInParallel: Bool = false,
    cost: @escaping @Sendable (Settings) throws -> Cost,
    prepare: @escaping @Sendable (Settings, ModelFile?) throws -> any PreparedMethod,
    train: (@Sendable (TrainingRequest) throws -> TrainingResult)? = nil
  ) {
    self.id = id
    self.family = family
    self.task = task
    self.title = title
    self.summary = summary
    self.needs = needs
    self.learns = learns
    self.law = law
    self.references = references
    self.arrays = arrays
    self.settings = settings
    self.version = version
    self.trainsInParallel = trainsInParallel
    self.cost = cost
    self.prepare = prepare
    self.train = train
  }
}

/// A method that can run on arrays.
public protocol PreparedMethod: Sendable {
  /// Runs on a bundle and gives the output arrays.
  ///
  /// - Parameters:
  ///   - arrays: what the method's description asks for.
  ///   - pool: the threads to use; the result does not depend on their number.
  /// - Returns: the output arrays, and whether the computation succeeded.
  /// - Throws: ``StudyError`` for arrays that do not fit.
  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult
}

/// What inference gave.
public struct InferenceResult: Sendable {
  /// The output arrays, such as `estimates`.
  public var arrays: ArrayBundle
  /// Nil when the computation succeeded; else the sentence that says what did not.
  public var failure: String?

  /// The result of one inference.
  public init(arrays: ArrayBundle, failure: String? = nil) {
    self.arrays = arrays
    self.failure = failure
  }
}

/// What a method is given to train on.
public struct TrainingRequest: Sendable {
  /// Inputs and targets.
  public var data: ArrayBundle
  /// Inputs and targets for choosing the best state; nil to split them off the data.
  public var validation: ArrayBundle?
  /// New data of the same shapes for each pass after the first, by its number from 1; nil to repeat the
  /// same.
  public var redraw: (@Sendable (_ epoch: Int) throws -> ArrayBundle)?
  /// The method's settings.
  public var settings: Settings
  /// A model to start from in place of random values, as when blocks follow each other in time.
  public var initial: ModelFile?
  /// Initial values and the order of samples are drawn from here.
  public var stream: RandomStream
  /// Where checkpoints go; nil for none.
  public var checkpointPath: String?
  /// Whether to go on from the checkpoint when there is one.
  public var resumes: Bool
  /// Whether it is made only to be timed: stages that are short beside others are left out.
  public var isProbe = false
  /// The threads to use.
  public var pool: WorkerPool
  /// What the model file says of its origin.
  public var provenance: [String: String]
  /// Told of each epoch.
  public var progress: @Sendable (TrainingProgress) -> Void
  /// Asked between steps; true ends the training with a checkpoint.
  public var isCancelled: @Sendable () -> Bool

  /// A request to train.
  public init(
    data: ArrayBundle,
    validation: ArrayBundle? = nil,
    settings: Settings,
    initial: ModelFile? = nil,
    stream: RandomStream,
    checkpointPath: String? = nil,
    resumes: Bool = false,
    pool: WorkerPool = .serial,
    provenance: [String: String] = [:],
    progress: @escaping @Sendable (TrainingProgress) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.data = data
    self.validation = validation
    self.settings = settings
    self.initial = initial
    self.stream = stream
    self.checkpointPath = checkpointPath
    self.resumes = resumes
    self.pool = pool
    self.provenance = provenance
    self.progress = progress
    self.isCancelled = isCancelled
  }
}

/// How far a training has come.
public struct TrainingProgress: Sendable, Equatable {
  /// The finished epochs.
  public var epoch: Int
  /// How many there will be.
  public var epochs: Int
  /// The passes that are made, the one under way in part.
  public var passes: Double
  /// The mean training loss of the last epoch.
  public var trainingLoss: Double
  /// The validation loss, when there is validation data.
  public var validationLoss: Double?
  /// The estimated seconds left.
  public var secondsLeft: Double

  /// A report on a training.
  public init(
    epoch: Int,
    epochs: Int,
    passes: Double? = nil,
    trainingLoss: Double,
    validationLoss: Double?,
    secondsLeft: Double
  ) {
    self.epoch = epoch
    self.epochs = epochs
    self.passes = passes ?? Double(epoch)
    self.trainingLoss = trainingLoss
    self.validationLoss = validationLoss
    self.secondsLeft = secondsLeft
  }
}

/// What training gave.
public struct TrainingResult: Sendable {
  /// The model with the best validation loss.
  public var model: ModelFile
  /// Nil when training ran to its end; else the sentence that says what stopped it (a NaN with its
  /// step and layer, an interruption).
  public var failure: String?
  /// Whether it was stopped from outside and can be resumed.
  public var wasCancelled: Bool
  /// Mean training loss of each epoch.
  public var trainingLosses: [Double]
  /// Validation loss of each epoch; empty without validation data.
  public var validationLosses: [Double]

  /// The result of one training.
  public init(
    model: ModelFile,
    failure: String? = nil,
    wasCancelled: Bool = false,
    trainingLosses: [Double],
    validationLosses: [Double]
  ) {
    self.model = model
    self.failure = failure
    self.wasCancelled = wasCancelled
    self.trainingLosses = trainingLosses
    self.validationLosses = validationLosses
  }
}
