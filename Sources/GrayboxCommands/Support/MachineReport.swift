internal import CKernels
internal import Studies
internal import Tensors

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What the program found on this machine, for `doctor` and the header of `bench`.
struct MachineReport {
  /// The processor's name, as the system tells it.
  let processor: String
  /// Threads that the process may use.
  let threads: Int
  /// The kernel variant in use: `v4`, `v3`, `baseline`, `neon`.
  let kernels: String
  /// The variants that this processor can run.
  let runnableKernels: [String]
  /// A variant that was asked for and refused.
  let refusedKernels: String?
  /// `OpenBLAS 0.3.21`, `Accelerate`, `none`.
  let blas: String
  /// The BLAS kernel in use, empty when unknown.
  let blasCore: String
  /// The BLAS kernel that the processor would get by itself, empty when unknown.
  let bestBLASCore: String
  /// The version of zlib, nil when there is none.
  let zlib: String?
  /// The version of libpng, nil when there is none.
  let libpng: String?

  /// Looks at this machine.
  init() {
    processor = Self.processorName()
    threads = ThreadCount.available
    kernels = String(cString: graybox_kernels_float().pointee.variant)
    runnableKernels = (Int32(0)..<3).compactMap { index in
      graybox_kernels_variant_float(index).map { String(cString: $0.pointee.variant) }
    }
    refusedKernels =
      graybox_kernels_refused() == 0 ? nil : Console.environment("GRAYBOX_KERNELS")
    blas = String(cString: graybox_blas_name())
    blasCore = String(cString: graybox_blas_core())
    bestBLASCore = String(cString: graybox_blas_best_core())
    zlib = graybox_zlib_version().map { String(cString: $0) }
    libpng = ImageFiles.libraryVersion
  }

  /// The sentence that says that BLAS runs below what the processor has, or nil.
  var pinWarning: String? {
    guard let pin = Console.environment("OPENBLAS_CORETYPE"), !bestBLASCore.isEmpty,
      blasCore != bestBLASCore
    else { return nil }
    return "OPENBLAS_CORETYPE=\(pin) pins BLAS to \(blasCore.isEmpty ? pin : blasCore),"
      + " below \(bestBLASCore), which this processor has"
  }

  /// BLAS with its core: `OpenBLAS 0.3.21 (SkylakeX)`.
  var blasWords: String { blasCore.isEmpty ? blas : "\(blas) (\(blasCore))" }

  /// The path of a program that the shell would find, or nil.
  static func path(of program: String) -> String? {
    (Console.environment("PATH") ?? "").split(separator: ":")
      .map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
  }

  /// Vector extensions that matter here, as the system names them.
  static func features() -> [String] {
    let wanted = [
      "sse4_2", "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512vl", "avx512dq", "asimd", "sve",
    ]
    let flags = Set(
      (processorValue("flags") ?? processorValue("Features") ?? "").split(separator: " ")
        .map(String.init)
    )
    return wanted.filter(flags.contains)
  }

  private static func processorName() -> String {
    if let name = processorValue("model name") ?? processorValue("Hardware") { return name }
    #if arch(x86_64)
    return "x86-64"
    #else
    return "Arm"
    #endif
  }

  private static func processorValue(_ key: String) -> String? {
    SystemFile.value(key, in: "/proc/cpuinfo")
  }

  /// What a report says of the machine and the run.
  func facts(seed: UInt64) -> [ReportFact] {
    var facts = [
      ReportFact("program", "graybox \(GrayboxProgram.version)"),
      ReportFact("seed", "\(seed)"),
      ReportFact("processor", processor),
      ReportFact("threads", "\(threads)"),
      ReportFact("kernels", kernels),
      ReportFact("BLAS", blasWords),
    ]
    if let warning = pinWarning { facts.append(ReportFact("warning", warning)) }
    return facts
  }
}
