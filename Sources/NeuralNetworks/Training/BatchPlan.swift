internal import Tensors

/// Which samples a batch holds: the order they are taken from and where it starts there.
struct BatchIdentity: Equatable {
  let order: Int
  let start: Int
}

/// Cuts a dataset into batches, each pass in an order of its own.
struct BatchPlan {
  let count: Int
  let batchSize: Int
  private let stream: RandomStream?
  private(set) var order: [Int]
  private var orderOfEpoch = -1

  /// Batches of a dataset, shuffled from a stream, or in its order when there is none.
  init(count: Int, batchSize: Int, shufflingFrom stream: RandomStream?) {
    self.count = count
    self.batchSize = min(batchSize, count)
    self.stream = self.batchSize < count ? stream : nil
    order = Array(0..<count)
  }

  /// How many batches a pass has, the short last one included.
  var batchesPerEpoch: Int { (count + batchSize - 1) / batchSize }

  /// Puts the samples in the order of a pass; a function of the stream and the pass alone.
  mutating func begin(epoch: Int) {
    guard let stream, orderOfEpoch != epoch else { return }
    var shuffle = stream.derived("shuffle", index: epoch)
    order = shuffle.permutation(count)
    orderOfEpoch = epoch
  }

  /// Lends the samples of one batch.
  func withBatch<Result>(
    _ index: Int,
    _ body: (UnsafeBufferPointer<Int>, BatchIdentity) throws -> Result
  ) rethrows -> Result {
    let start = index * batchSize
    let end = min(start + batchSize, count)
    return try order.withUnsafeBufferPointer { all in
      try body(
        UnsafeBufferPointer(rebasing: all[start..<end]),
        BatchIdentity(order: stream == nil ? 0 : orderOfEpoch, start: start)
      )
    }
  }
}
