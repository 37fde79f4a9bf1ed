internal import CKernels

/// Zeros around an image before it is convolved, along each of its axes.
public enum ConvolutionPadding: Sendable, Hashable {
  /// None: the output shrinks by the kernel's extent less one.
  case none
  /// So many that the output has the input's extent, divided by the stride and rounded up; an odd one goes behind.
  case same
  /// So many on both sides, one number an axis.
  case zeros([Int])
}

/// The extents of one convolution over one, two or three axes.
struct ConvolutionExtents: @unchecked Sendable {
  // Safe to share: numbers only, never written after the initialiser.
  let layout: graybox_convolution
  /// How many axes an image has.
  let axes: Int

  /// Checks the shapes of input `[batch, extents.., inputs]` and weight `[kernel.., inputs, outputs]`.
  init(
    _ operation: String,
    input: [Int],
    weight: [Int],
    strides: [Int]?,
    padding: ConvolutionPadding
  ) {
    let axes = input.count - 2
    precondition(
      (1...3).contains(axes) && weight.count == axes + 2 && weight[axes] == input[axes + 1],
      "\(operation): input \(input) with weight \(weight)"
    )
    let strides = strides ?? [Int](repeating: 1, count: axes)
    precondition(
      strides.count == axes && strides.allSatisfy { $0 >= 1 },
      "\(operation): strides \(strides) for \(axes) axes"
    )
    let kernel = Array(weight.prefix(axes))
    let extents = Array(input[1...axes])
    let (outputs, before) = Self.outputs(operation, extents, kernel, strides, padding)
    self.axes = axes
    layout = Self.layout(
      channels: [input[0], weight[axes], weight[axes + 1]],
      extents: extents,
      outputs: outputs,
      kernel: kernel,
      strides: strides,
      before: before
    )
  }

  /// The extents of the output and the zeros in front, along each axis.
  private static func outputs(
    _ operation: String,
    _ extents: [Int],
    _ kernel: [Int],
    _ strides: [Int],
    _ padding: ConvolutionPadding
  ) -> (outputs: [Int], before: [Int]) {
    var outputs: [Int] = []
    var before: [Int] = []
    for axis in extents.indices {
      let (extent, taps, stride) = (extents[axis], kernel[axis], strides[axis])
      precondition(taps >= 1, "\(operation): kernel \(kernel)")
      switch padding {
      case .same:
        let count = (extent + stride - 1) / stride
        outputs.append(count)
        before.append(max((count - 1) * stride + taps - extent, 0) / 2)
      case .none, .zeros:
        var zeros = 0
        if case .zeros(let given) = padding {
          precondition(
            given.count == extents.count && given.allSatisfy { $0 >= 0 },
            "\(operation): padding \(given) for \(extents.count) axes"
          )
          zeros = given[axis]
        }
        let room = extent + 2 * zeros - taps
        precondition(
          room >= 0,
          "\(operation): a kernel of \(kernel) does not fit into \(extents) with padding \(padding)"
        )
        outputs.append(room / stride + 1)
        before.append(zeros)
      }
    }
    return (outputs, before)
  }

  private static func layout(
    channels: [Int],
    extents: [Int],
    outputs: [Int],
    kernel: [Int],
    strides: [Int],
    before: [Int]
  ) -> graybox_convolution {
    /// Three axes, with axes of extent `fill` in front.
    func triple(_ numbers: [Int], _ fill: Int) -> (Int, Int, Int) {
      let all = [Int](repeating: fill, count: 3 - numbers.count) + numbers
      return (all[0], all[1], all[2])
    }
    return graybox_convolution(
      batch: channels[0],
      inputs: channels[1],
      outputs: channels[2],
      in: triple(extents, 1),
      out: triple(outputs, 1),
      kernel: triple(kernel, 1),
      stride: triple(strides, 1),
      before: triple(before, 0)
    )
  }

  var batch: Int { layout.batch }
  var inputs: Int { layout.inputs }
  var outputs: Int { layout.outputs }
  var inputPixels: Int { layout.in.0 * layout.in.1 * layout.in.2 }
  var outputPixels: Int { layout.out.0 * layout.out.1 * layout.out.2 }
  /// Numbers that one output reads.
  var patch: Int { layout.kernel.0 * layout.kernel.1 * layout.kernel.2 * inputs }
  var inputShape: [Int] { shape(layout.in, inputs) }
  var outputShape: [Int] { shape(layout.out, outputs) }

  private func shape(_ extents: (Int, Int, Int), _ channels: Int) -> [Int] {
    [batch] + [extents.0, extents.1, extents.2].suffix(axes) + [channels]
  }

  /// Whether Winograd's form applies to it and to its adjoint, and pays.
  ///
  /// It needs a vector of channels on both sides; below that the transforms cost more than they save.
  var isWinograd: Bool {
    let (kernel, stride, before) = (layout.kernel, layout.stride, layout.before)
    return layout.in.0 == 1 && kernel == (1, 3, 3) && stride.1 == 1 && stride.2 == 1
      && before.0 == 0 && before.1 <= 2 && before.2 <= 2 && inputs >= 16 && outputs >= 16
      && layout.out.1 >= 4 && layout.out.2 >= 4
  }

  /// The convolution of the output with the turned kernel that is the adjoint, for strides of 1.
  var adjointLayout: graybox_convolution {
    var adjoint = layout
    swap(&adjoint.inputs, &adjoint.outputs)
    swap(&adjoint.in, &adjoint.out)
    let (kernel, before) = (layout.kernel, layout.before)
    adjoint.before = (
      kernel.0 - 1 - before.0, kernel.1 - 1 - before.1, kernel.2 - 1 - before.2
    )
    return adjoint
  }

  /// Winograd tiles of an image of a layout's output.
  static func tiles(_ layout: graybox_convolution) -> Int {
    (layout.out.1 + 3) / 4 * ((layout.out.2 + 3) / 4)
  }
}
