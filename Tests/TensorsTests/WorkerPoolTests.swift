internal import Synchronization
internal import Tensors
internal import Testing

@Suite struct WorkerPoolTests {
  /// How often each index ran.
  private final class Tally: Sendable {
    private let counts: Mutex<[Int]>
    init(_ size: Int) { counts = Mutex(Array(repeating: 0, count: size)) }
    func add(_ index: Int) { counts.withLock { $0[index] += 1 } }
    var values: [Int] { counts.withLock { $0 } }
  }

  @Test("runs each index once", arguments: [1, 2, 3, 8], [0, 1, 2, 7, 1000])
  func runsEachIndexOnce(threads: Int, count: Int) {
    let pool = WorkerPool(threads: threads)
    let tally = Tally(count)
    for _ in 0..<20 { pool.forEach(count: count) { tally.add($0) } }
    #expect(tally.values == Array(repeating: 20, count: count))
  }

  @Test("short runs one after another all finish", arguments: [2, 5])
  func manyShortRuns(threads: Int) {
    let pool = WorkerPool(threads: threads)
    let total = Atomic<Int>(0)
    for _ in 0..<5000 { pool.forEach(count: 3) { total.add($0, ordering: .relaxed) } }
    #expect(total.load(ordering: .relaxed) == 15000)
  }

  @Test("a run from inside a job runs every index on its own")
  func nestedRuns() {
    let pool = WorkerPool(threads: 3)
    let tally = Tally(4)
    pool.forEach(count: 5) { _ in pool.forEach(count: 4) { tally.add($0) } }
    #expect(tally.values == [5, 5, 5, 5])
  }

  @Test("several threads share one pool")
  func concurrentRuns() {
    let pool = WorkerPool(threads: 2)
    let callers = WorkerPool(threads: 4)
    let tally = Tally(16)
    callers.forEach(count: 32) { _ in pool.forEach(count: 16) { tally.add($0) } }
    #expect(tally.values == Array(repeating: 32, count: 16))
  }

  @Test("work cut by shape gives the same sum for any number of threads")
  func resultsDoNotDependOnThreads() {
    let sums = [1, 2, 3].map { threads in
      let partial = Mutex(Array(repeating: Float(0), count: 10))
      WorkerPool(threads: threads).forEach(count: 10) { piece in
        var sum: Float = 0
        for i in 0..<1000 { sum += 1 / Float(piece * 1000 + i + 1) }
        partial.withLock { $0[piece] = sum }
      }
      return partial.withLock { $0.reduce(0, +) }
    }
    #expect(sums[0] == sums[1] && sums[1] == sums[2])
  }

  @Test("a pool of no threads is refused")
  func refusesNoThreads() async {
    await #expect(processExitsWith: .failure) { _ = WorkerPool(threads: 0) }
  }
}
