package import Tensors

extension Tensor where Scalar: RealTensorScalar {
  /// A hash of the numbers, by which a checkpoint knows what it was trained on.
  ///
  /// - Parameter most: how many of them are read, evenly spread.
  /// - Returns: hexadecimal digits.
  package func checksum(atMost most: Int = 1_000_000) -> String {
    withScalars { numbers in
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      for index in stride(from: 0, to: numbers.count, by: Swift.max(1, numbers.count / most)) {
        hash = (hash ^ Double(numbers[index]).bitPattern) &* 0x0000_0100_0000_01b3
        hash ^= hash >> 29
      }
      return String(hash, radix: 16)
    }
  }
}
