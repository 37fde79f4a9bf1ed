internal import CKernels
internal import Testing

/// Both forms of convolutions against each other, with guards around every buffer.
@Suite struct KernelConvolutionTests {
  private func layout(_ channels: (Int, Int), height: Int, width: Int, before: Int)
    -> graybox_convolution
  {
    graybox_convolution(
      batch: 2,
      inputs: channels.0,
      outputs: channels.1,
      in: (1, height, width),
      out: (1, height + 2 * before - 2, width + 2 * before - 2),
      kernel: (1, 3, 3),
      stride: (1, 1, 1),
      before: (0, before, before)
    )
  }

  /// `rows[i, k] weight[k, o]`, summed in double.
  private func product(_ rows: [Double], _ weight: [Double], _ inner: Int, _ outputs: Int)
    -> [Double]
  {
    (0..<rows.count / inner).flatMap { row in
      (0..<outputs).map { output in
        (0..<inner).map { rows[row * inner + $0] * weight[$0 * outputs + output] }.compensatedSum
      }
    }
  }

  @Test(
    "tiles give what patches give, and write nothing else",
    arguments: KernelVariant.all,
    [(16, 16), (19, 33), (48, 17)]
  )
  func tiles(variant: KernelVariant, channels: (Int, Int)) {
    for (height, width, before) in [(8, 8, 1), (7, 9, 0), (5, 6, 2)] {
      let shape = layout(channels, height: height, width: width, before: before)
      let (inputs, outputs) = channels
      let pixels = 2 * shape.out.1 * shape.out.2
      let patch = 9 * inputs
      let x = variant.normal(2 * height * width * inputs, seed: 1)
      let weight = variant.normal(patch * outputs, seed: 2)
      let bias = variant.normal(outputs, seed: 3)
      let rows = variant.buffer(count: pixels * patch)
      let y = variant.buffer(count: pixels * outputs)
      let points = variant.buffer(count: 36 * inputs * outputs)
      let tiles = 2 * ((shape.out.1 + 3) / 4) * ((shape.out.2 + 3) / 4)
      let scratch = variant.buffer(
        count: variant.kernels.winograd_scratch(inputs, outputs)
      )
      variant.kernels.winograd_weights(inputs, outputs, 0, weight.pointer, points.pointer)
      withUnsafePointer(to: shape) { shape in
        variant.kernels.patches(shape, 0, pixels, x.pointer, rows.pointer)
        variant.kernels.winograd(
          shape,
          0,
          tiles,
          GRAYBOX_ACT_LEAKY,
          0,
          x.pointer,
          points.pointer,
          bias.pointer,
          y.pointer,
          scratch.pointer
        )
      }
      let sums = product(rows.values, weight.values, patch, outputs)
      let shifted = zip(sums.indices, sums).map { $1 + bias.values[$0 % outputs] }
      let expected = shifted.map { $0 > 0 ? $0 : 0.01 * $0 }
      // Sums of up to 433 products of size one; the transforms lose a factor of a few tens.
      #expect(variant.worstError(y.values, expected, scale: 40) <= 64)
      #expect(!scratch.values.isEmpty && !points.values.contains { $0.isNaN })

      let before = y.values
      withUnsafePointer(to: shape) {
        variant.kernels.winograd(
          $0,
          0,
          tiles,
          GRAYBOX_IDENTITY,
          1,
          x.pointer,
          points.pointer,
          nil,
          y.pointer,
          scratch.pointer
        )
      }
      let added = zip(before, sums).map { $0 + $1 }
      #expect(variant.worstError(y.values, added, scale: 40) <= 64)
    }
  }

  @Test("weights turned are those of the adjoint", arguments: KernelVariant.all)
  func turned(variant: KernelVariant) {
    let (inputs, outputs) = (17, 18)
    let weight = variant.normal(9 * inputs * outputs, seed: 4)
    let turned = variant.buffer(
      (0..<9 * inputs * outputs).map { at in
        let (place, o, i) = (at / (inputs * outputs), at / inputs % outputs, at % inputs)
        return weight.values[((8 - place) * inputs + i) * outputs + o]
      }
    )
    let points = variant.buffer(count: 36 * inputs * outputs)
    let expected = variant.buffer(count: 36 * inputs * outputs)
    variant.kernels.winograd_weights(inputs, outputs, 1, weight.pointer, points.pointer)
    variant.kernels.winograd_weights(outputs, inputs, 0, turned.pointer, expected.pointer)
    #expect(points.values == expected.values)
  }

  @Test("the gradient of the weight by tiles is that by patches", arguments: KernelVariant.all)
  func weightGradient(variant: KernelVariant) {
    for (inputs, outputs) in [(16, 17), (35, 16)] {
      let shape = layout((inputs, outputs), height: 9, width: 6, before: 1)
      let pixels = 2 * 9 * 6
      let x = variant.normal(pixels * inputs, seed: 5)
      let gy = variant.normal(pixels * outputs, seed: 6)
      let rows = variant.buffer(count: pixels * 9 * inputs)
      let points = variant.buffer(count: 36 * inputs * outputs, of: 0)
      let gradient = variant.buffer(count: 9 * inputs * outputs, of: 0.25)
      let scratch = variant.buffer(count: variant.kernels.winograd_scratch(inputs, outputs))
      withUnsafePointer(to: shape) { shape in
        variant.kernels.patches(shape, 0, pixels, x.pointer, rows.pointer)
        variant.kernels.winograd_points_backward(
          shape,
          0,
          2 * 3 * 2,
          x.pointer,
          gy.pointer,
          points.pointer,
          scratch.pointer
        )
      }
      variant.kernels.winograd_weights_backward(
        inputs,
        outputs,
        points.pointer,
        gradient.pointer
      )
      let (read, given) = (rows.values, gy.values)
      let expected = (0..<9 * inputs).flatMap { k in
        (0..<outputs).map { o in
          0.25
            + (0..<pixels).map { read[$0 * 9 * inputs + k] * given[$0 * outputs + o] }
            .compensatedSum
        }
      }
      // Sums of 108 products of size one, with what the transforms lose.
      #expect(variant.worstError(gradient.values, expected, scale: 20) <= 64)
      #expect(!scratch.values.isEmpty)
    }
  }

  @Test("patches go back to where they came from", arguments: KernelVariant.all, [1, 3, 20])
  func patchesBackward(variant: KernelVariant, channels: Int) {
    let shape = graybox_convolution(
      batch: 2,
      inputs: channels,
      outputs: 1,
      in: (3, 5, 4),
      out: (2, 2, 5),
      kernel: (2, 3, 3),
      stride: (2, 2, 1),
      before: (1, 0, 2)
    )
    let pixels = 2 * 2 * 2 * 5
    let x = variant.normal(2 * 60 * channels, seed: 7)
    let g = variant.normal(pixels * 18 * channels, seed: 8)
    let rows = variant.buffer(count: pixels * 18 * channels)
    let gx = variant.buffer(count: 2 * 60 * channels, of: 0)
    withUnsafePointer(to: shape) {
      variant.kernels.patches($0, 0, pixels, x.pointer, rows.pointer)
      // In two parts, as callers do.
      variant.kernels.patches_backward($0, 0, 7, g.pointer, gx.pointer)
      variant.kernels.patches_backward(
        $0,
        7,
        pixels - 7,
        g.pointer + 7 * 18 * channels * Int(variant.kernels.scalar_size),
        gx.pointer
      )
    }
    let left = zip(rows.values, g.values).map { $0 * $1 }.compensatedSum
    let right = zip(x.values, gx.values).map { $0 * $1 }.compensatedSum
    #expect(abs(left - right) < 1e3 * variant.epsilon)
  }
}
