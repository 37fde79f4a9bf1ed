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
    let (learned, heldOut) = request.parts(of: all.shape[0])
    training = all.sliced(axis: 0, learned)
    validation =
      try request.validation.map { try ImageArrays.images("targets", in: $0) }
      ?? heldOut.map { all.sliced(axis: 0, $0) }
  }

  /// The images of a stack.
  static func images(of stack: Tensor<Float>) -> [Tensor<Float>] {
    (0..<stack.shape[0]).map { stack.picked(axis: 0, $0) }
  }
}
