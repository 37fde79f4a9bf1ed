internal import Tensors

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// An operation on single numbers.
package enum ScalarOperation: Int32, Sendable {
  case add, subtract, multiply, divide, minimum, maximum
  case greater, greaterOrEqual, less, lessOrEqual, equal
  /// `b` where `a` is not 0, else `c`.
  case select
  case exp, log, sqrt, abs, sin, cos, tanh, sigmoid, softplus, sign
  /// `a` to the power `b`.
  case power
  /// The angle of the point `(b, a)`.
  case arcTangent

  var isCommutative: Bool { self == .add || self == .multiply }
}

/// An operation and the places of its operands; those that it does not have repeat the first.
struct ScalarInstruction: Hashable, Sendable {
  let operation: ScalarOperation
  let a: Int32
  let b: Int32
  let c: Int32

  /// The result.
  @inline(__always)
  func value<Scalar: RealTensorScalar>(_ r: UnsafePointer<Scalar>) -> Scalar {
    let (x, y) = (r[Int(a)], r[Int(b)])
    switch operation {
    case .add: return x + y
    case .subtract: return x - y
    case .multiply: return x * y
    case .divide: return x / y
    case .minimum: return x <= y ? x : y
    case .maximum: return x >= y ? x : y
    case .greater: return x > y ? 1 : 0
    case .greaterOrEqual: return x >= y ? 1 : 0
    case .less: return x < y ? 1 : 0
    case .lessOrEqual: return x <= y ? 1 : 0
    case .equal: return x == y ? 1 : 0
    case .select: return x != 0 ? y : r[Int(c)]
    case .sqrt: return x.squareRoot()
    case .abs: return x.magnitude
    case .sign: return x > 0 ? 1 : x < 0 ? -1 : x
    default: return Scalar(transcendental(Double(x), Double(y)))
    }
  }

  /// By the C library, in double precision.
  @inline(never)
  private func transcendental(_ x: Double, _ y: Double) -> Double {
    switch operation {
    case .exp: exp(x)
    case .log: log(x)
    case .sin: sin(x)
    case .cos: cos(x)
    case .tanh: tanh(x)
    case .sigmoid: 1 / (1 + exp(-x))
    case .softplus: max(x, 0) + log1p(exp(-x.magnitude))
    case .power: pow(x, y)
    case .arcTangent: atan2(x, y)
    default: .nan
    }
  }
}
