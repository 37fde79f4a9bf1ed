internal import Autodiff
internal import NeuralNetworks
internal import Studies
internal import Tensors

/// Images of a request as patches to learn from.
struct ImagePatches {
  /// Images learned from, `[count, height, width]`.
  let training: Tensor<Float>
  /// Images that the best epoch is chosen by; nil where none are held out.
  let validation: Tensor<Float>?

  /// The images of a request: its arrays `targets` or `images`.
  init(_ request: TrainingRequest) throws {
    let all = try ImageArrays.images("targets", in: request.data)
    if let given = request.validation {
      training = all
      validation = try ImageArrays.images("targets", in: given)
      return
    }
    let count = all.shape[0]
    let share = request.settings.number("validation_share")
    let heldOut = share > 0 && count >= 2 ? max(1, Int(share * Double(count))) : 0
    training = all.sliced(axis: 0, 0..<(count - heldOut))
    validation = heldOut > 0 ? all.sliced(axis: 0, (count - heldOut)..<count) : nil
  }

  /// The images of a stack.
  static func images(of stack: Tensor<Float>) -> [Tensor<Float>] {
    (0..<stack.shape[0]).map { stack.picked(axis: 0, $0) }
  }
}
