internal import Tensors

/// Flattened identity matrices, one a row: how learned covariances begin.
enum IdentityRows {
  static func made<Scalar: RealTensorScalar>(batch: Int, size: Int, as scalar: Scalar.Type)
    -> Tensor<Scalar>
  {
    Tensor(shape: [batch, size * size]) { numbers in
      for place in 0..<numbers.count {
        let entry = place % (size * size)
        numbers[place] = entry / size == entry % size ? 1 : 0
      }
    }
  }
}
