public import Tensors

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How near an image is to its original.
///
/// Both images have the shape `[height, width]` and values from 0 to 1.
public enum ImageQuality {
  /// Peak signal-to-noise ratio in decibels: `-10 log10(mean of (estimate - truth)^2)`, peak 1.
  ///
  /// - Returns: decibels; infinite for equal images.
  public static func psnrDecibels(_ estimate: Tensor<Float>, _ truth: Tensor<Float>) -> Double {
    let (error, _) = energies(estimate, truth)
    return 10 * log10(Double(truth.count) / error)
  }

  /// Normalised mean squared error: `|estimate - truth|^2 / |truth|^2`, linear.
  public static func normalisedError(_ estimate: Tensor<Float>, _ truth: Tensor<Float>) -> Double {
    let (error, energy) = energies(estimate, truth)
    return error / energy
  }

  /// Structural similarity: the mean over all places of a Gaussian window (11 x 11, standard deviation
  /// 1.5) that lie inside the image.
  ///
  /// At each place `(2 m n + c1)(2 s_mn + c2) / ((m^2 + n^2 + c1)(s_m^2 + s_n^2 + c2))` with the window's means
  /// `m`, `n`, variances and covariance, `c1 = 0.01^2`, `c2 = 0.03^2`.
  ///
  /// - Parameters:
  ///   - estimate: at least 11 x 11.
  ///   - truth: of the same shape.
  /// - Returns: at most 1, which equal images have.
  /// - SeeAlso: `wang2004ssim` (key in `Documentation/References.bib`).
  public static func structuralSimilarity(
    _ estimate: Tensor<Float>,
    _ truth: Tensor<Float>
  ) -> Double {
    check(estimate, truth)
    let (height, width) = (truth.shape[0], truth.shape[1])
    precondition(
      height >= Window.extent && width >= Window.extent,
      "ImageQuality: an image of \(height) x \(width) is smaller than the window"
    )
    let x = estimate.scalars.map(Double.init)
    let y = truth.scalars.map(Double.init)
    func mean(_ values: [Double]) -> [Double] {
      Window.means(values, height: height, width: width)
    }
    let (m, n) = (mean(x), mean(y))
    let xx = mean(x.map { $0 * $0 })
    let yy = mean(y.map { $0 * $0 })
    let xy = mean(zip(x, y).map { $0 * $1 })
    let (c1, c2) = (0.01 * 0.01, 0.03 * 0.03)
    var total = 0.0
    for place in m.indices {
      let product = m[place] * n[place]
      let squares = m[place] * m[place] + n[place] * n[place]
      total +=
        (2 * product + c1) * (2 * (xy[place] - product) + c2)
        / ((squares + c1) * (xx[place] + yy[place] - squares + c2))
    }
    return total / Double(m.count)
  }

  private static func check(_ estimate: Tensor<Float>, _ truth: Tensor<Float>) {
    precondition(
      truth.rank == 2 && estimate.shape == truth.shape && truth.count > 0,
      "ImageQuality: images of shapes \(estimate.shape) and \(truth.shape) cannot be compared"
    )
  }

  private static func energies(
    _ estimate: Tensor<Float>,
    _ truth: Tensor<Float>
  ) -> (error: Double, energy: Double) {
    check(estimate, truth)
    var (error, energy) = (0.0, 0.0)
    estimate.withScalars { estimate in
      truth.withScalars { truth in
        for place in truth.indices {
          let difference = Double(estimate[place]) - Double(truth[place])
          error += difference * difference
          energy += Double(truth[place]) * Double(truth[place])
        }
      }
    }
    return (error, energy)
  }
}

/// The Gaussian window of structural similarity, applied along rows, then columns.
private enum Window {
  static let extent = 11

  static let weights: [Double] = {
    let raw = (0..<extent).map { place -> Double in
      let distance = Double(place - extent / 2) / 1.5
      return exp(-distance * distance / 2)
    }
    let sum = raw.reduce(0, +)
    return raw.map { $0 / sum }
  }()

  /// The window's means at the places where it lies inside, `[height - 10, width - 10]`.
  static func means(_ values: [Double], height: Int, width: Int) -> [Double] {
    let (rows, columns) = (height - extent + 1, width - extent + 1)
    var along = [Double](repeating: 0, count: height * columns)
    for row in 0..<height {
      for column in 0..<columns {
        var sum = 0.0
        for tap in 0..<extent { sum += weights[tap] * values[row * width + column + tap] }
        along[row * columns + column] = sum
      }
    }
    var result = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for tap in 0..<extent {
        let weight = weights[tap]
        for column in 0..<columns {
          result[row * columns + column] += weight * along[(row + tap) * columns + column]
        }
      }
    }
    return result
  }
}
