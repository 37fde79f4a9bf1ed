// Proof of safety: the memory is allocated once, of a type without references, all of it initialised, and freed
// once in `deinit`; a scratch is used by the one thread that made it, inside the call that made it.

/// Memory that a C sweep works in.
final class Scratch<Element> {
  private(set) var base: UnsafeMutablePointer<Element>
  private(set) var count: Int

  /// Memory holding one repeated element.
  init(count: Int, repeating element: Element) {
    self.count = count
    base = .allocate(capacity: max(count, 1))
    base.initialize(repeating: element, count: max(count, 1))
  }

  /// Memory holding the given elements.
  convenience init(_ elements: [Element], filler: Element) {
    self.init(count: elements.count, repeating: filler)
    for (index, element) in elements.enumerated() { base[index] = element }
  }

  deinit { base.deallocate() }

  /// Makes room for at least `needed` elements, keeping what is there.
  func reserve(_ needed: Int, filler: Element) {
    guard count < needed else { return }
    let capacity = max(needed, 2 * count)
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
    larger.initialize(repeating: filler, count: capacity)
    larger.update(from: base, count: count)
    base.deallocate()
    base = larger
    count = capacity
  }
}
