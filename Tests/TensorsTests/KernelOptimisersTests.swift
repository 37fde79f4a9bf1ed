internal import CKernels
internal import Testing

/// Optimiser steps against their formulas in Double.
@Suite struct KernelOptimisersTests {
  @Test("Adam, with coupled and with decoupled decay", arguments: KernelVariant.all, kernelSizes)
  func adam(variant: KernelVariant, count: Int) {
    for (coupled, decoupled) in [(0.0, 0.0), (0.1, 0.0), (0.0, 0.1)] {
      let g = variant.normal(count, seed: 1)
      let value = variant.normal(count, seed: 2)
      let m = variant.normal(count, seed: 3)
      let v = variant.uniform(count, 0, 1, seed: 4)
      var settings = graybox_adam_settings(
        rate: 0.01,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        coupled_decay: coupled,
        decoupled_decay: decoupled,
        correction1: 0.271,
        correction2: 0.002997
      )
      var expected: [(value: Double, m: Double, v: Double)] = []
      for i in 0..<count {
        let slope = g[i] + coupled * value[i]
        let first = 0.9 * m[i] + 0.1 * slope
        let second = 0.999 * v[i] + 0.001 * slope * slope
        let step = (first / 0.271) / ((second / 0.002997).squareRoot() + 1e-8)
        expected.append((value[i] * (1 - 0.01 * decoupled) - 0.01 * step, first, second))
      }
      variant.kernels.adam(count, &settings, g.pointer, value.pointer, m.pointer, v.pointer)
      #expect(variant.worstError(value.values, expected.map(\.value)) <= 4)
      #expect(variant.worstError(m.values, expected.map(\.m)) <= 4)
      #expect(variant.worstError(v.values, expected.map(\.v)) <= 4)
    }
  }

  @Test("momentum, plain and Nesterov", arguments: KernelVariant.all, kernelSizes)
  func momentum(variant: KernelVariant, count: Int) {
    for isNesterov in [false, true] {
      let g = variant.normal(count, seed: 1)
      let value = variant.normal(count, seed: 2)
      let velocity = variant.normal(count, seed: 3)
      var expected: [(value: Double, velocity: Double)] = []
      for i in 0..<count {
        let slope = g[i] + 0.01 * value[i]
        let speed = 0.9 * velocity[i] + slope
        let step = isNesterov ? slope + 0.9 * speed : speed
        expected.append((value[i] - 0.1 * step, speed))
      }
      variant.kernels.momentum(
        count,
        0.1,
        0.9,
        isNesterov ? 1 : 0,
        0.01,
        g.pointer,
        value.pointer,
        velocity.pointer
      )
      #expect(variant.worstError(value.values, expected.map(\.value), scale: 4) <= 4)
      #expect(variant.worstError(velocity.values, expected.map(\.velocity), scale: 4) <= 4)
    }
  }

  @Test("clipping by value keeps NaN", arguments: KernelVariant.all, kernelSizes)
  func clip(variant: KernelVariant, count: Int) {
    let x = variant.normal(count, seed: 1)
    if count > 3 { x[3] = .nan }
    let before = x.values
    variant.kernels.clip_values(count, 0.5, x.pointer)
    let after = x.values
    for i in 0..<count {
      #expect(before[i].isNaN ? after[i].isNaN : after[i] == min(max(before[i], -0.5), 0.5))
    }
  }
}
