/// One array of a file: its numbers in the precision in which they are computed with.
public enum NumericArray: Sendable, Equatable {
  /// Single precision: from f4, small integers and bool.
  case float(Tensor<Float>)
  /// Double precision: from f8.
  case double(Tensor<Double>)
  /// Complex: the last axis, of extent 2, holds real and imaginary part; from c8 and c16.
  case complex(Tensor<Float>)

  /// The extents as a user sees them (without the axis of real and imaginary part).
  public var shape: [Int] {
    switch self {
    case .float(let tensor): tensor.shape
    case .double(let tensor): tensor.shape
    case .complex(let tensor): Array(tensor.shape.dropLast())
    }
  }

  /// The numbers in single precision, or nil for a complex array.
  public var float: Tensor<Float>? {
    switch self {
    case .float(let tensor): tensor
    case .double(let tensor): tensor.converted(to: Float.self)
    case .complex: nil
    }
  }

  /// The numbers in double precision, or nil for a complex array.
  public var double: Tensor<Double>? {
    switch self {
    case .float(let tensor): tensor.converted(to: Double.self)
    case .double(let tensor): tensor
    case .complex: nil
    }
  }
}

/// Named arrays, as in an `.npz` file: what methods read, train on and give back.
public struct ArrayBundle: Sendable, Equatable {
  private var arrays: [String: NumericArray]
  /// Where the arrays came from, for messages: a file name or a scenario.
  public var source: String

  /// A bundle of the given arrays.
  public init(_ arrays: [String: NumericArray] = [:], source: String = "") {
    self.arrays = arrays
    self.source = source
  }

  /// The names, sorted.
  public var names: [String] { arrays.keys.sorted() }

  /// The array of that name.
  public subscript(_ name: String) -> NumericArray? {
    get { arrays[name] }
    set { arrays[name] = newValue }
  }
}
