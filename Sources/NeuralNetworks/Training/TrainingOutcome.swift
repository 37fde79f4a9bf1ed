public import Tensors

/// How a training ended.
public enum TrainingStatus: Sendable, Equatable {
  /// All planned steps were made.
  case completed
  /// The validation loss has not fallen for as many epochs as the patience.
  case stoppedEarly(bestEpoch: Int)
  /// The caller asked to stop.
  case cancelled(afterStep: Int)
  /// A number was not finite.
  case diverged(NonFiniteEvent)

  /// What happened, in one sentence.
  public var sentence: String {
    switch self {
    case .completed: "all planned steps were made"
    case .stoppedEarly(let epoch):
      "stopped early: the validation loss was lowest after epoch \(epoch)"
    case .cancelled(let step): "cancelled after step \(step)"
    case .diverged(let event): event.sentence
    }
  }
}

/// Where a training met a NaN or an infinity.
public struct NonFiniteEvent: Sendable, Equatable {
  /// What was not finite.
  public enum Quantity: String, Sendable, Equatable {
    /// The loss of a batch.
    case loss
    /// The gradient of a parameter.
    case gradient
    /// The validation loss.
    case validationLoss = "validation loss"
  }

  /// What was not finite.
  public let quantity: Quantity
  /// The pass, from 1.
  public let epoch: Int
  /// The step, from 1, that was not made (or, for a validation loss, the last that was).
  public let step: Int
  /// The first operation whose result was not finite.
  public let operation: String
  /// The paths of the parameters that it read.
  public let parameters: [String]

  package init(
    quantity: Quantity,
    epoch: Int,
    step: Int,
    operation: String,
    parameters: [String]
  ) {
    self.quantity = quantity
    self.epoch = epoch
    self.step = step
    self.operation = operation
    self.parameters = parameters
  }

  /// The layers that the parameters belong to; a parameter outside any layer stands for itself.
  public var layers: [String] {
    var found: [String] = []
    for path in parameters {
      let parts = path.split(separator: ".")
      let layer = parts.count > 1 ? parts.dropLast().joined(separator: ".") : path
      if !found.contains(layer) { found.append(layer) }
    }
    return found
  }

  /// What happened where, in one sentence.
  public var sentence: String {
    let place =
      layers.isEmpty
      ? "" : " of layer\(layers.count > 1 ? "s" : "") \(layers.joined(separator: ", "))"
    return "the \(quantity.rawValue) was not finite at epoch \(epoch), step \(step): first in"
      + " \(operation)\(place); the best parameters before that are kept"
  }
}

/// What a training gave.
///
/// The model itself is left at the best parameters.
public struct TrainingOutcome: Sendable, Equatable {
  /// How it ended.
  public let status: TrainingStatus
  /// The steps made, those before a resume included.
  public let steps: Int
  /// The mean training loss of each epoch, taken while the parameters moved.
  public let trainingLosses: [Double]
  /// The validation loss after each epoch; empty without a validation set.
  public let validationLosses: [Double]
  /// The epoch, from 1, whose parameters are the best: the lowest validation loss, or without a
  /// validation set the last finite ones; nil when there are none.
  public let bestEpoch: Int?
  /// The best parameters and states by dotted path.
  public let best: [String: NumericArray]
  /// The last parameters and states by dotted path.
  public let last: [String: NumericArray]
  /// The time taken since the training was started or taken up.
  public let seconds: Double

  /// The epochs that were finished.
  public var epochs: Int { trainingLosses.count }

  /// The lowest validation loss, or without a validation set the last training loss.
  public var bestLoss: Double? { validationLosses.min() ?? trainingLosses.last }
}
