internal import CKernels
internal import Tensors

extension Benchmark {
  /// Products, random numbers and the optimiser's kernel.
  static var tensors: [Benchmark] {
    [matrixProduct(30, 18, 720), matrixProduct(256, 256, 256), matrixProduct(1024, 1024, 1024)]
      + [normals, adam]
  }

  /// `C = A B`; an item is one multiply-accumulate.
  private static func matrixProduct(_ rows: Int, _ columns: Int, _ inner: Int) -> Benchmark {
    Benchmark("matrix-product-\(rows)x\(columns)x\(inner)", batch: rows * columns * inner) {
      var stream = RandomStream(seed: 1)
      let a: Tensor<Float> = stream.normal([rows, inner])
      let b: Tensor<Float> = stream.normal([inner, columns])
      let c = TensorStorage<Float>(uninitialised: rows * columns)
      return Work {
        a.withScalars { a in
          b.withScalars { b in
            guard let a = a.baseAddress, let b = b.baseAddress else { return }
            Float.matrixProduct(
              MatrixProduct(
                rows: rows,
                columns: columns,
                inner: inner,
                alpha: 1,
                beta: 0,
                a: a,
                leadingA: inner,
                b: b,
                leadingB: columns,
                c: c.values,
                leadingC: columns
              )
            )
          }
        }
      }
    }
  }

  /// Standard normal numbers, single precision.
  private static var normals: Benchmark {
    let count = 1 << 16
    return Benchmark("normals", batch: count) {
      let buffer = TensorStorage<Float>(uninitialised: count)
      var stream = RandomStream(seed: 1)
      return Work {
        stream.fillNormal(UnsafeMutableBufferPointer(start: buffer.values, count: count))
      }
    }
  }

  /// One Adam step on a flat buffer; an item is a parameter.
  private static var adam: Benchmark {
    let count = 100_000
    return Benchmark("adam", batch: count) {
      let buffers = (0..<4).map { _ in TensorStorage<Float>(uninitialised: count) }
      for buffer in buffers { buffer.values.update(repeating: 0.01, count: count) }
      var settings = graybox_adam_settings()
      settings.rate = 1e-3
      settings.beta1 = 0.9
      settings.beta2 = 0.999
      settings.epsilon = 1e-8
      settings.correction1 = 1
      settings.correction2 = 1
      return Work {
        Float.kernels.pointee.adam(
          count,
          &settings,
          buffers[0].values,
          buffers[1].values,
          buffers[2].values,
          buffers[3].values
        )
      }
    }
  }
}
