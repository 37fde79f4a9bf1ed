internal import Tensors

/// Memory of a workspace: pieces that are zero at first, freed together.
final class VectorScratch<Scalar: RealTensorScalar> {
  private var pieces: [TensorStorage<Scalar>] = []
  // Whole numbers lie in memory of a scalar of their size.
  private var wholePieces: [TensorStorage<Float>] = []

  /// A piece of at least so many numbers, rounded up to whole cache lines.
  func take(_ count: Int) -> UnsafeMutablePointer<Scalar> {
    let piece = TensorStorage<Scalar>(uninitialised: Self.padded(count))
    piece.values.clear(count: piece.count)
    pieces.append(piece)
    return piece.values
  }

  /// A piece of at least so many whole numbers.
  func takeIntegers(_ count: Int) -> UnsafeMutablePointer<Int32> {
    let piece = TensorStorage<Float>(uninitialised: Self.padded(count))
    piece.values.clear(count: piece.count)
    wholePieces.append(piece)
    return UnsafeMutableRawPointer(piece.values).bindMemory(to: Int32.self, capacity: piece.count)
  }

  /// A row's length in memory, as the factorisations of the kernel table ask for it.
  static func padded(_ count: Int) -> Int { (count + 15) & ~15 }
}
