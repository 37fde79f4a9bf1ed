package import CKernels
package import Tensors

/// The C sweeps over a trellis for one scalar and instruction set.
package struct TrellisKernels: @unchecked Sendable {
  // Safe to share: the tables are constants of the C target, never written.
  package let table: UnsafePointer<graybox_trellis_kernels>

  /// The sweeps of the instruction set in use.
  package static func current<Scalar: RealTensorScalar>(_: Scalar.Type) -> TrellisKernels {
    TrellisKernels(
      table: Scalar.self == Float.self ? graybox_trellis_float() : graybox_trellis_double()
    )
  }

  /// The sweeps of one instruction set (0 baseline, 1 v3, 2 v4), or nil where it can't run.
  package static func variant<Scalar: RealTensorScalar>(
    _ index: Int,
    _: Scalar.Type
  ) -> TrellisKernels? {
    let table =
      Scalar.self == Float.self
      ? graybox_trellis_variant_float(Int32(index)) : graybox_trellis_variant_double(Int32(index))
    return table.map { TrellisKernels(table: $0) }
  }

  package var functions: graybox_trellis_kernels { table.pointee }

  /// How many steps make a chunk whose costs stay in the nearest cache levels.
  static func standardChunk(states: Int) -> Int { max(64, 16_384 / states) }
}
