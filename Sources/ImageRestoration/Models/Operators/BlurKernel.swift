public import Tensors

/// Kernels that images are blurred with; they sum to 1 and have odd extents.
public enum BlurKernel {
  /// A Gaussian out to four standard deviations.
  ///
  /// - Parameter deviation: in pixels, above 0.
  /// - Returns: the kernel, square.
  public static func gaussian(deviation: Double) -> Tensor<Double> {
    precondition(deviation > 0, "BlurKernel: deviation \(deviation)")
    let reach = max(1, Int((4 * deviation).rounded(.up)))
    let line = (-reach...reach).map { exponential(-Double($0 * $0) / (2 * deviation * deviation)) }
    let total = line.reduce(0, +)
    return Tensor(
      line.flatMap { a in line.map { a * $0 / (total * total) } },
      shape: [line.count, line.count]
    )
  }

  /// The mean of a square.
  ///
  /// - Parameter extent: pixels of a side, odd.
  /// - Returns: the kernel, square.
  public static func uniform(extent: Int) -> Tensor<Double> {
    precondition(extent % 2 == 1 && extent > 0, "BlurKernel: extent \(extent) is not odd")
    return .full([extent, extent], 1 / Double(extent * extent))
  }

  /// A straight movement during exposure.
  ///
  /// - Parameters:
  ///   - length: in pixels, 1 or more.
  ///   - angleRadians: from the rows' direction, towards later rows.
  /// - Returns: the kernel, square.
  public static func motion(length: Double, angleRadians: Double) -> Tensor<Double> {
    precondition(length >= 1, "BlurKernel: length \(length)")
    let reach = max(1, Int((length / 2).rounded(.up)))
    let extent = 2 * reach + 1
    let (cosine, sine) = cosineAndSine(angleRadians)
    var weights = [Double](repeating: 0, count: extent * extent)
    let points = 16 * extent
    for point in 0..<points {
      let along = length * ((Double(point) + 0.5) / Double(points) - 0.5)
      let (x, y) = (Double(reach) + along * cosine, Double(reach) + along * sine)
      let (column, row) = (Int(x.rounded(.down)), Int(y.rounded(.down)))
      let (a, b) = (x - Double(column), y - Double(row))
      for (down, across, share) in [
        (0, 0, (1 - a) * (1 - b)), (0, 1, a * (1 - b)), (1, 0, (1 - a) * b), (1, 1, a * b),
      ] where row + down < extent && column + across < extent {
        weights[(row + down) * extent + column + across] += share
      }
    }
    let total = weights.reduce(0, +)
    return Tensor(weights.map { $0 / total }, shape: [extent, extent])
  }

  /// Refuses what cannot be a kernel of images of that size.
  static func check<Scalar: RealTensorScalar>(
    _ kernel: Tensor<Scalar>,
    height: Int,
    width: Int
  ) throws(ImageRestorationError) {
    guard kernel.rank == 2, kernel.shape.allSatisfy({ $0 % 2 == 1 }), kernel.shape[0] <= height,
      kernel.shape[1] <= width
    else {
      throw .badShape(
        name: "the kernel",
        actual: kernel.shape,
        expected: "odd extents of at most \(height) x \(width)"
      )
    }
    guard kernel.withScalars({ $0.allSatisfy(\.isFinite) }) else {
      throw .badNumber(name: "the kernel", value: "not finite", expected: "finite numbers")
    }
  }
}
