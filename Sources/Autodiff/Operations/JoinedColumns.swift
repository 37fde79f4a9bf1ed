internal import Tensors

/// Matrices side by side: of one its own numbers, of several a copy that a node makes for itself.
final class JoinedColumns<Scalar: RealTensorScalar> {
  private struct Part {
    let storage: TensorStorage<Scalar>
    let width: Int
    let first: Int
  }

  /// How many columns there are together.
  let width: Int
  /// `[rows, width]`.
  let storage: TensorStorage<Scalar>
  private let rows: Int
  /// Empty when there is one matrix.
  private let parts: [Part]

  init(_ tensors: [Tensor<Scalar>], for operation: String) {
    precondition(
      tensors.allSatisfy { $0.rank >= 1 && $0.shape.dropLast() == tensors[0].shape.dropLast() }
        && !tensors.isEmpty,
      "\(operation): inputs \(tensors.map(\.shape)) cannot lie side by side"
    )
    let widths = tensors.map { $0.shape.last ?? 0 }
    width = widths.reduce(0, +)
    rows = tensors[0].shape.dropLast().reduce(1, *)
    if tensors.count == 1 {
      storage = tensors[0].storage
      parts = []
    } else {
      var first = 0
      parts = zip(tensors, widths).map { tensor, width in
        defer { first += width }
        return Part(storage: tensor.storage, width: width, first: first)
      }
      storage = TensorStorage(uninitialised: rows * width)
      if parts.contains(where: { $0.storage.gradients != nil }) { storage.allocateGradients() }
    }
  }

  /// Copies the matrices together.
  func gather() {
    for part in parts {
      RowLayout(rows: rows, width: part.width)
        .copy(
          from: part.storage.values,
          every: part.width,
          to: storage.values + part.first,
          every: width
        )
    }
  }

  /// Before a gradient of the whole is written.
  func beginGradient() {
    if !parts.isEmpty { storage.gradientIsFresh = true }
  }

  /// Adds the gradient of the whole to those of the matrices.
  func scatterGradient() {
    guard !parts.isEmpty, let whole = storage.gradients else { return }
    for part in parts {
      guard let (gradient, beta) = part.storage.productGradient else { continue }
      let layout = RowLayout(rows: rows, width: part.width)
      if beta == 0 {
        layout.copy(from: whole + part.first, every: width, to: gradient, every: part.width)
      } else {
        layout.add(whole + part.first, every: width, to: gradient, every: part.width)
      }
    }
  }
}
