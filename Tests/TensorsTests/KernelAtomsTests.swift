internal import CKernels
internal import Tensors
internal import Testing

/// Sums of few atoms and their gradients against plain loops in Double.
@Suite struct KernelAtomsTests {
  /// Codes of which a part is zero: none, some or all.
  private func codes(_ variant: KernelVariant, _ count: Int, share: Double) -> KernelBuffer {
    let draws = variant.normal(count, seed: 1).values
    let keep = variant.uniform(count, 0, 1, seed: 2).values
    return variant.buffer(zip(draws, keep).map { $1 < share ? $0 : 0 })
  }

  @Test(
    "sums, spread and projected, by few and many codes",
    arguments: KernelVariant.all,
    [1, 3, 8, 17, 64, 130, 250]
  )
  func plainLoops(variant: KernelVariant, width: Int) {
    let (rows, atoms) = (6, 21)
    for share in [0, 0.2, 1] {
      let s = codes(variant, rows * atoms, share: share)
      let d = variant.normal(atoms * width, seed: 3)
      let x = variant.normal(rows * width, seed: 4)
      var places = [UInt32](repeating: 0, count: rows * atoms)
      var counts = [UInt32](repeating: 0, count: rows)
      let kernels = variant.kernels
      kernels.find_places(rows, atoms, s.pointer, &places, &counts)
      let (codes, dictionary, signals) = (s.values, d.values, x.values)
      for r in 0..<rows {
        let expected = (0..<atoms).filter { codes[r * atoms + $0] != 0 }
        #expect(places[r * atoms..<r * atoms + Int(counts[r])].map(Int.init) == expected)
      }
      var starts = [UInt32](repeating: 0, count: atoms + 1)
      var naming = [UInt32](repeating: 0, count: rows * atoms)
      let factors = variant.buffer(count: rows * atoms)
      kernels.find_rows(
        rows,
        atoms,
        s.pointer,
        places,
        counts,
        &starts,
        &naming,
        factors.pointer
      )
      for j in 0..<atoms {
        let expected = (0..<rows).filter { codes[$0 * atoms + j] != 0 }
        let own = Int(starts[j])..<Int(starts[j + 1])
        #expect(naming[own].map(Int.init) == expected)
        #expect(own.map { factors[$0] } == expected.map { codes[$0 * atoms + j] })
      }
      for beta in [0.0, 1] {
        let sums = variant.buffer(x.values)
        kernels.sum_atoms(
          rows,
          atoms,
          width,
          places,
          counts,
          s.pointer,
          d.pointer,
          beta,
          sums.pointer
        )
        let expected = (0..<rows * width).map { at in
          let (r, i) = (at / width, at % width)
          return (0..<atoms).reduce(beta * signals[at]) {
            $0 + codes[r * atoms + $1] * dictionary[$1 * width + i]
          }
        }
        // 21 products of normal numbers and one more term
        #expect(variant.worstError(sums.values, expected, scale: 22) < 2)
        let spread = variant.buffer(d.values)
        for (first, count) in [(0, 8), (8, 13)] {
          kernels.spread_to_atoms(
            width,
            first,
            count,
            starts,
            naming,
            factors.pointer,
            x.pointer,
            0.5,
            beta,
            spread.pointer
          )
        }
        let gathered = (0..<atoms * width).map { at in
          let (j, i) = (at / width, at % width)
          return (0..<rows).reduce(beta * dictionary[at]) {
            $0 + 0.5 * codes[$1 * atoms + j] * signals[$1 * width + i]
          }
        }
        #expect(variant.worstError(spread.values, gathered, scale: 7) < 2)
      }
      let projected = variant.buffer(s.values)
      kernels.project_on_places(
        rows,
        atoms,
        width,
        places,
        counts,
        x.pointer,
        d.pointer,
        projected.pointer
      )
      let products = (0..<rows * atoms).map { at in
        let (r, j) = (at / atoms, at % atoms)
        return codes[at] == 0
          ? 0
          : (0..<width).reduce(codes[at]) {
            $0 + signals[r * width + $1] * dictionary[j * width + $1]
          }
      }
      #expect(variant.worstError(projected.values, products, scale: Double(width + 1)) < 2)
      let added = variant.buffer(s.values)
      let dense = variant.normal(rows * atoms, seed: 5)
      kernels.add_on_places(rows, atoms, places, counts, dense.pointer, added.pointer)
      let (more, twice) = (dense.values, added.values)
      #expect(
        (0..<rows * atoms).allSatisfy {
          twice[$0] == (codes[$0] == 0 ? 0 : variant.rounded(codes[$0] + more[$0]))
        }
      )
    }
  }
}
