package import CKernels

/// A number that tensors can hold; it brings its own vector kernels.
///
/// `Float` is for learning, `Double` for oracles and gradient checks. The protocol asks for nothing
/// that a complex scalar could not give.
public protocol TensorScalar: Sendable, Hashable {
  /// The additive identity.
  static var zero: Self { get }
  /// The name in files and messages: `float32`, `float64`.
  static var scalarName: String { get }
  /// The kernel table of this scalar and processor; see `CKernels`.
  static var kernelTable: KernelTable { get }
}

/// A real scalar: what every operation of the engine works on today.
public protocol RealTensorScalar: TensorScalar, BinaryFloatingPoint, LosslessStringConvertible {
  /// The distance from one to the next number, as a `Double`.
  static var unitRoundoff: Double { get }
  /// `C = alpha op(A) op(B) + beta C`, row-major, on BLAS where there is one.
  static func matrixProduct(_ product: MatrixProduct<Self>)
}

/// An opaque reference to the C kernels of one scalar.
public struct KernelTable: @unchecked Sendable {
  // Safe to share: the tables are constants of the C target, never written.
  package let pointer: UnsafePointer<graybox_kernels>
}

/// The arguments of one matrix product on raw buffers, or of several of one shape.
public struct MatrixProduct<Scalar> {
  /// How many products; the matrices of an operand are a stride apart, the same one where it is 0.
  @usableFromInline package var count = 1
  @usableFromInline package var strideA = 0
  @usableFromInline package var strideB = 0
  @usableFromInline package var strideC = 0
  @usableFromInline package var transposeA = false
  @usableFromInline package var transposeB = false
  @usableFromInline package var rows: Int
  @usableFromInline package var columns: Int
  @usableFromInline package var inner: Int
  @usableFromInline package var alpha: Scalar
  @usableFromInline package var beta: Scalar
  @usableFromInline package var a: UnsafePointer<Scalar>
  @usableFromInline package var leadingA: Int
  @usableFromInline package var b: UnsafePointer<Scalar>
  @usableFromInline package var leadingB: Int
  @usableFromInline package var c: UnsafeMutablePointer<Scalar>
  @usableFromInline package var leadingC: Int

  // Inlined into other modules: called as generic code it would look up its own type at run time.
  @inlinable
  package init(
    rows: Int,
    columns: Int,
    inner: Int,
    alpha: Scalar,
    beta: Scalar,
    a: UnsafePointer<Scalar>,
    transposeA: Bool = false,
    leadingA: Int,
    b: UnsafePointer<Scalar>,
    transposeB: Bool = false,
    leadingB: Int,
    c: UnsafeMutablePointer<Scalar>,
    leadingC: Int
  ) {
    self.transposeA = transposeA
    self.transposeB = transposeB
    self.rows = rows
    self.columns = columns
    self.inner = inner
    self.alpha = alpha
    self.beta = beta
    self.a = a
    self.leadingA = leadingA
    self.b = b
    self.leadingB = leadingB
    self.c = c
    self.leadingC = leadingC
  }
}

extension TensorScalar {
  /// The C functions of this scalar: `Scalar.kernels.pointee.fill(...)`; one witness call an
  /// operation.
  package static var kernels: UnsafePointer<graybox_kernels> { kernelTable.pointer }
}

extension Float: RealTensorScalar {
  /// The name in files and messages.
  public static var scalarName: String { "float32" }
  /// The single-precision kernels.
  public static var kernelTable: KernelTable { KernelTable(pointer: graybox_kernels_float()) }
  /// 2^-23.
  public static var unitRoundoff: Double { Double(Float.ulpOfOne) }

  /// Single-precision matrix products.
  public static func matrixProduct(_ p: MatrixProduct<Float>) {
    graybox_gemm_batch_float(
      p.count,
      p.transposeA ? 1 : 0,
      p.transposeB ? 1 : 0,
      p.rows,
      p.columns,
      p.inner,
      p.alpha,
      p.a,
      p.leadingA,
      p.strideA,
      p.b,
      p.leadingB,
      p.strideB,
      p.beta,
      p.c,
      p.leadingC,
      p.strideC
    )
  }
}

extension Double: RealTensorScalar {
  /// The name in files and messages.
  public static var scalarName: String { "float64" }
  /// The double-precision kernels.
  public static var kernelTable: KernelTable { KernelTable(pointer: graybox_kernels_double()) }
  /// 2^-52.
  public static var unitRoundoff: Double { Double.ulpOfOne }

  /// Double-precision matrix products.
  public static func matrixProduct(_ p: MatrixProduct<Double>) {
    graybox_gemm_batch_double(
      p.count,
      p.transposeA ? 1 : 0,
      p.transposeB ? 1 : 0,
      p.rows,
      p.columns,
      p.inner,
      p.alpha,
      p.a,
      p.leadingA,
      p.strideA,
      p.b,
      p.leadingB,
      p.strideB,
      p.beta,
      p.c,
      p.leadingC,
      p.strideC
    )
  }
}
