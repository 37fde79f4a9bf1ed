internal import CKernels
internal import Testing

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The choice of a table.
@Suite struct KernelTableTests {
  private var wanted: String? { getenv("GRAYBOX_KERNELS").map { String(cString: $0) } }

  @Test("the table in use is the named one, else the best this processor has")
  func choice() throws {
    let variants = KernelVariant.all.filter { !$0.isDouble }
    let names = variants.map { String(cString: $0.kernels.variant) }
    let chosen = String(cString: graybox_kernels_float().pointee.variant)
    if let wanted, names.contains(wanted) {
      #expect(chosen == wanted)
      #expect(graybox_kernels_refused() == 0)
    } else {
      #expect(chosen == names.last)
      #expect((graybox_kernels_refused() != 0) == !(wanted ?? "").isEmpty)
    }
    #expect(String(cString: graybox_kernels_double().pointee.variant) == chosen)
  }

  @Test("a table knows the size of its scalar")
  func scalarSize() {
    for variant in KernelVariant.all {
      #expect(variant.kernels.scalar_size == (variant.isDouble ? 8 : 4))
    }
  }

  @Test("a name the processor cannot run is refused and the best is used")
  func refused() async {
    await #expect(processExitsWith: .success) {
      setenv("GRAYBOX_KERNELS", "v9", 1)
      #expect(graybox_kernels_refused() != 0)
      let best = KernelVariant.all.filter { !$0.isDouble }.last
      #expect(
        best?.testDescription.hasSuffix(String(cString: graybox_kernels_float().pointee.variant))
          == true
      )
    }
  }

  @Test("a variant can be named")
  func named() async {
    await #expect(processExitsWith: .success) {
      setenv("GRAYBOX_KERNELS", "baseline", 1)
      #expect(graybox_kernels_refused() == 0)
      #expect(
        graybox_kernels_float().pointee.variant == graybox_kernels_variant_float(0)?.pointee.variant
      )
    }
  }

  @Test("there is no variant outside the known ones")
  func unknownIndex() {
    #expect(graybox_kernels_variant_float(3) == nil)
    #expect(graybox_kernels_variant_double(-1) == nil)
  }
}
