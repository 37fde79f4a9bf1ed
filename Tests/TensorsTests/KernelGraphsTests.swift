internal import CKernels
internal import Testing

/// Batch normalisation and the layers along edges against their formulas in Double.
@Suite struct KernelGraphsTests {
  private static func leaky(_ x: Double) -> Double { x > 0 ? x : 0.01 * x }

  @Test(
    "batch normalisation, by the batch and by given statistics, and its gradients",
    arguments: KernelVariant.all,
    [1, 3, 8, 33, 48]
  )
  func batchNormalise(variant: KernelVariant, columns: Int) {
    for (rows, isFixed) in [(7, false), (600, false), (7, true)] {
      let count = rows * columns
      let x = variant.normal(count, seed: 1)
      let scale = variant.uniform(columns, 0.5, 2, seed: 2)
      let shift = variant.normal(columns, seed: 3)
      let mean = variant.normal(columns, seed: 4)
      let spread = variant.uniform(columns, 0.5, 2, seed: 5)
      let inverse = variant.buffer(count: columns)
      let normal = variant.buffer(count: count)
      let y = variant.buffer(count: count)
      func column(_ values: [Double], _ j: Int) -> [Double] {
        (0..<rows).map { values[$0 * columns + j] }
      }
      let (given, givenMeans, givenSpreads) = (x.values, mean.values, spread.values)
      let means = (0..<columns).map { j in
        isFixed ? givenMeans[j] : column(given, j).compensatedSum / Double(rows)
      }
      let spreads = (0..<columns).map { j in
        isFixed
          ? givenSpreads[j]
          : column(given, j).map { ($0 - means[j]) * ($0 - means[j]) }.compensatedSum
            / Double(rows)
      }
      if !isFixed {
        variant.kernels.column_means(rows, columns, x.pointer, nil, mean.pointer)
        variant.kernels.column_means(rows, columns, x.pointer, mean.pointer, spread.pointer)
      }
      variant.kernels.batch_normalise(
        GRAYBOX_ACT_LEAKY,
        rows,
        columns,
        1e-5,
        x.pointer,
        scale.pointer,
        shift.pointer,
        mean.pointer,
        spread.pointer,
        inverse.pointer,
        normal.pointer,
        y.pointer
      )
      let factors = spreads.map { 1 / ($0 + 1e-5).squareRoot() }
      let normals = (0..<count).map {
        (given[$0] - means[$0 % columns]) * factors[$0 % columns]
      }
      let expected = (0..<count).map {
        Self.leaky(normals[$0] * scale[$0 % columns] + shift[$0 % columns])
      }
      // Sums of up to 512 numbers in the scalar, of size one.
      #expect(variant.worstError(y.values, expected, scale: 8) <= 64)
      #expect(variant.worstError(mean.values, means, scale: 1) <= 64)

      let gy = variant.normal(count, seed: 6)
      let gx = variant.buffer(count: count, of: 0.25)
      let sum = variant.buffer(count: columns)
      let product = variant.buffer(count: columns)
      variant.kernels.batch_normalise_sums(
        GRAYBOX_ACT_LEAKY,
        rows,
        columns,
        y.pointer,
        normal.pointer,
        gy.pointer,
        sum.pointer,
        product.pointer
      )
      let meanGradients = variant.buffer(sum.values.map { $0 / Double(rows) })
      let meanProducts = variant.buffer(product.values.map { $0 / Double(rows) })
      let overwritten = variant.buffer(count: count)
      for (target, accumulates) in [(gx, true), (overwritten, false)] {
        variant.kernels.batch_normalise_backward(
          GRAYBOX_ACT_LEAKY,
          accumulates ? 1 : 0,
          rows,
          columns,
          y.pointer,
          normal.pointer,
          inverse.pointer,
          scale.pointer,
          gy.pointer,
          isFixed ? nil : meanGradients.pointer,
          isFixed ? nil : meanProducts.pointer,
          target.pointer
        )
      }
      let p = (0..<count).map { gy[$0] * (y[$0] > 0 ? 1 : 0.01) }
      let sums = (0..<columns).map { column(p, $0).compensatedSum }
      let products = (0..<columns).map { j in
        (0..<rows).map { p[$0 * columns + j] * normals[$0 * columns + j] }.compensatedSum
      }
      #expect(variant.worstError(sum.values, sums, scale: 64) <= 16)
      #expect(variant.worstError(product.values, products, scale: 64) <= 16)
      let slopes = (0..<count).map { k in
        let j = k % columns
        let taken =
          isFixed ? 0 : sums[j] / Double(rows) + normals[k] * products[j] / Double(rows)
        return scale[j] * factors[j] * (p[k] - taken)
      }
      #expect(variant.worstError(gx.values, slopes.map { $0 + 0.25 }, scale: 16) <= 32)
      #expect(variant.worstError(overwritten.values, slopes, scale: 16) <= 32)
    }
  }

  @Test("layers along edges and their gradients", arguments: KernelVariant.all, [1, 7, 16, 48])
  func edges(variant: KernelVariant, width: Int) {
    let sources: [Int32] = [0, 2, 1, 1, 4]
    let targets: [Int32] = [1, 1, 0, 2, 2]
    let (count, messages) = (5, 3)
    // Rows of the parts are further apart than they are wide.
    let (ldSource, ldTarget) = (width + 2, 2 * width)
    let fromSource = variant.normal(5 * ldSource, seed: 1)
    let fromTarget = variant.normal(3 * ldTarget, seed: 2)
    let message = variant.normal(count * messages, seed: 3)
    let weight = variant.normal(messages * width, seed: 4)
    let hidden = variant.buffer(count: count * width)
    for hasMessages in [true, false] {
      variant.kernels.edge_hidden(
        count,
        width,
        sources,
        targets,
        fromSource.pointer,
        ldSource,
        fromTarget.pointer,
        ldTarget,
        hasMessages ? message.pointer : nil,
        messages,
        weight.pointer,
        hidden.pointer
      )
      let expected = (0..<(count * width)).map { place in
        let (k, j) = (place / width, place % width)
        let parts =
          fromSource[Int(sources[k]) * ldSource + j] + fromTarget[Int(targets[k]) * ldTarget + j]
        let told = (0..<messages).reduce(0.0) {
          $0 + message[k * messages + $1] * weight[$1 * width + j]
        }
        return Self.leaky(parts + (hasMessages ? told : 0))
      }
      #expect(variant.worstError(hidden.values, expected, scale: 8) <= 4)
    }
    let bias = variant.normal(width, seed: 5)
    let second = variant.normal(count * width, seed: 6)
    let before = second.values
    let sums = variant.buffer(count: 3 * width, of: 0.5)
    variant.kernels.edge_arrive(count, width, targets, bias.pointer, second.pointer, sums.pointer)
    let after = (0..<(count * width)).map { Self.leaky(before[$0] + bias[$0 % width]) }
    #expect(variant.worstError(second.values, after, scale: 8) <= 2)
    let arrived = (0..<(3 * width)).map { place in
      (0..<count).reduce(0.5) { sum, k in
        Int(targets[k]) == place / width ? sum + after[k * width + place % width] : sum
      }
    }
    #expect(variant.worstError(sums.values, arrived, scale: 8) <= 4)

    let gSums = variant.normal(3 * width, seed: 7)
    let gSecond = variant.buffer(count: count * width)
    variant.kernels.edge_arrive_backward(
      count,
      width,
      targets,
      second.pointer,
      gSums.pointer,
      gSecond.pointer
    )
    let departed = (0..<(count * width)).map { place in
      gSums[Int(targets[place / width]) * width + place % width] * (after[place] > 0 ? 1 : 0.01)
    }
    #expect(variant.worstError(gSecond.values, departed, scale: 8) <= 2)

    let gHidden = variant.normal(count * width, seed: 8)
    let given = gHidden.values
    let gSource = variant.buffer(count: 5 * ldSource, of: 0.5)
    let gTarget = variant.buffer(count: 3 * ldTarget, of: 0.5)
    variant.kernels.edge_hidden_backward(
      count,
      width,
      sources,
      targets,
      hidden.pointer,
      gHidden.pointer,
      gSource.pointer,
      ldSource,
      gTarget.pointer,
      ldTarget
    )
    let taken = (0..<(count * width)).map { given[$0] * (hidden[$0] > 0 ? 1 : 0.01) }
    #expect(variant.worstError(gHidden.values, taken, scale: 8) <= 2)
    func gathered(_ ends: [Int32], _ rows: Int, _ leading: Int) -> [Double] {
      (0..<(rows * leading)).map { place in
        guard place % leading < width else { return 0.5 }
        return (0..<count).reduce(0.5) { sum, k in
          Int(ends[k]) == place / leading ? sum + taken[k * width + place % leading] : sum
        }
      }
    }
    #expect(variant.worstError(gSource.values, gathered(sources, 5, ldSource), scale: 8) <= 4)
    #expect(variant.worstError(gTarget.values, gathered(targets, 3, ldTarget), scale: 8) <= 4)
  }
}
