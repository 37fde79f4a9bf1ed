internal import Autodiff
internal import CKernels
package import Tensors

/// Linear maps of each image of a batch as one operation, which can be recorded and differentiated.
package enum BatchMap {
  /// Maps `count` items that lie one after another.
  package typealias Body<Scalar: RealTensorScalar> = (
    _ count: Int, _ from: UnsafePointer<Scalar>, _ to: UnsafeMutablePointer<Scalar>
  ) -> Void

  /// `y_i = L x_i` for each item of a batch.
  ///
  /// - Parameters:
  ///   - name: of the operation, for messages.
  ///   - x: `[batch] + input`.
  ///   - input: the shape of an item.
  ///   - output: the shape of what becomes of it.
  ///   - forward: `L`; overwrites.
  ///   - adjoint: `L'`; overwrites.
  /// - Returns: `[batch] + output`.
  package static func applied<Scalar: RealTensorScalar>(
    _ name: String,
    to x: Tensor<Scalar>,
    from input: [Int],
    to output: [Int],
    forward: @escaping Body<Scalar>,
    adjoint: @escaping Body<Scalar>
  ) -> Tensor<Scalar> {
    precondition(
      x.rank == input.count + 1 && Array(x.shape.dropFirst()) == input,
      "\(name): shape \(x.shape), expected [batch] + \(input)"
    )
    let count = x.shape[0]
    let scratch = x.record == nil ? nil : TensorStorage<Scalar>(uninitialised: x.count)
    return Primitive.unary(
      name,
      x,
      shape: [count] + output,
      forward: { x, y in
        if count > 0 { forward(count, x.values, y.values) }
      },
      backward: { x, y in
        guard count > 0, let scratch, let gy = y.gradients, let gx = x.accumulatedGradient else {
          return
        }
        adjoint(count, gy, scratch.values)
        Scalar.kernels.pointee.accumulate_scaled(scratch.count, 1, scratch.values, gx)
      },
      forwardRule: { at in
        at.change(0).map { change in
          applied(
            name,
            to: change.reshaped([at.directions * count] + input),
            from: input,
            to: output,
            forward: forward,
            adjoint: adjoint
          ).reshaped([at.directions, count] + output)
        }
      }
    )
  }

  /// The body that maps items one by one.
  package static func each<Scalar: RealTensorScalar>(
    _ input: Int,
    _ output: Int,
    _ body: @escaping (UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>) -> Void
  ) -> Body<Scalar> {
    { count, from, to in
      for item in 0..<count { body(from + item * input, to + item * output) }
    }
  }
}
