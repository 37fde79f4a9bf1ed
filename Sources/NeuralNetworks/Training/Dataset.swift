public import Tensors

/// Named arrays whose first axis is samples: what a network is trained on.
///
/// Samples are numbers or arrays of one shape, or sequences of different length. Sequences are
/// padded with zeros to the longest of their batch, and the loss then has one more input, `mask`
/// `[batch, time]`: one where a sequence has a sample, zero where it is padded.
///
/// ```swift
/// let pilots = try Dataset(["observations": y, "labels": states])
/// let walks = try Dataset(sequences: ["steps": [a, b, c]], fixed: ["ends": ends])
/// ```
public struct Dataset<Scalar: RealTensorScalar>: Sendable {
  /// The name of the input that tells samples from padding.
  public static var maskName: String { "mask" }

  /// One array: all samples end to end.
  struct Field: Sendable {
    let name: String
    /// `[samples, ...]`, or `[all time steps, ...]` for sequences.
    let rows: Tensor<Scalar>
    let isSequence: Bool

    var itemShape: [Int] { Array(rows.shape.dropFirst()) }
    var width: Int { rows.shape.dropFirst().reduce(1, *) }
  }

  /// The arrays, by name.
  let fields: [Field]
  /// How many samples there are.
  public let count: Int
  /// Where each sequence starts in its field, and the end; empty without sequences.
  let starts: [Int]
  /// Padded lengths are rounded up to a multiple of this, so that fewer shapes occur.
  let lengthMultiple: Int

  private init(fields: [Field], count: Int, starts: [Int], lengthMultiple: Int) {
    self.fields = fields
    self.count = count
    self.starts = starts
    self.lengthMultiple = lengthMultiple
  }

  /// Samples of one shape.
  ///
  /// - Parameter arrays: `[samples, ...]` each.
  /// - Throws: ``NetworkError`` when there are no samples, or not the same number of them.
  public init(_ arrays: [String: Tensor<Scalar>]) throws(NetworkError) {
    try self.init(sequences: [:], fixed: arrays)
  }

  /// Sequences of different length, and arrays with one entry a sequence.
  ///
  /// - Parameters:
  ///   - sequences: for each name one array `[time, ...]` a sample; the lengths agree between names.
  ///   - fixed: `[samples, ...]` each.
  ///   - lengthMultiple: padded lengths are rounded up to a multiple of this; each length that occurs
  ///     is recorded once, so a larger multiple trades computing for memory.
  /// - Throws: ``NetworkError`` naming the array that does not fit.
  public init(
    sequences: [String: [Tensor<Scalar>]],
    fixed: [String: Tensor<Scalar>] = [:],
    lengthMultiple: Int = 1
  ) throws(NetworkError) {
    var lengths: [Int]?
    var samples: Int?
    var fields: [Field] = []
    for (name, items) in sequences.sorted(by: { $0.key < $1.key }) {
      try Self.require(name, count: items.count, equals: &samples)
      fields.append(try Self.joined(name, items, lengths: &lengths))
    }
    for (name, tensor) in fixed.sorted(by: { $0.key < $1.key }) {
      guard let first = tensor.shape.first else {
        throw .wrongAxes(name: name, shape: [], requirement: "its first axis must be the samples")
      }
      try Self.require(name, count: first, equals: &samples)
      fields.append(Field(name: name, rows: tensor, isSequence: false))
    }
    guard let samples, samples > 0 else { throw .emptyDataset(name: "dataset") }
    if lengths != nil, let clash = fields.first(where: { $0.name == Self.maskName }) {
      throw .reservedName(clash.name)
    }
    if Set(fields.map(\.name)).count < fields.count {
      throw .reservedName(
        fields.map(\.name).first { sequences[$0] != nil && fixed[$0] != nil } ?? ""
      )
    }
    guard lengthMultiple >= 1 else {
      throw .invalidSetting(
        name: "lengthMultiple",
        value: "\(lengthMultiple)",
        requirement: "at least 1"
      )
    }
    self.init(
      fields: fields,
      count: samples,
      starts: lengths.map { $0.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) } } ?? [],
      lengthMultiple: lengthMultiple
    )
  }

  private static func require(
    _ name: String,
    count: Int,
    equals samples: inout Int?
  ) throws(NetworkError) {
    if let samples, samples != count {
      throw .unequalCounts(name: name, expected: samples, actual: count)
    }
    samples = count
  }

  private static func joined(
    _ name: String,
    _ items: [Tensor<Scalar>],
    lengths: inout [Int]?
  ) throws(NetworkError) -> Field {
    let itemShape = Array((items.first?.shape ?? []).dropFirst())
    for (index, item) in items.enumerated() {
      guard let length = item.shape.first, length >= 1, Array(item.shape.dropFirst()) == itemShape
      else {
        throw .wrongAxes(
          name: "\(name)[\(index)]",
          shape: item.shape,
          requirement: "a sequence needs at least one time step and the shape of the others, "
            + "[time\(itemShape.map { ", \($0)" }.joined())]"
        )
      }
      if let known = lengths?[index], known != length {
        throw .unequalCounts(name: "\(name)[\(index)]", expected: known, actual: length)
      }
    }
    let found = items.map { $0.shape.first ?? 0 }
    lengths = found
    let width = itemShape.reduce(1, *)
    let rows = Tensor<Scalar>(shape: [found.reduce(0, +)] + itemShape) { target in
      var offset = 0
      for item in items {
        item.withScalars { source in
          if let base = source.baseAddress, let start = target.baseAddress {
            (start + offset).update(from: base, count: source.count)
          }
        }
        offset += item.shape[0] * width
      }
    }
    return Field(name: name, rows: rows, isSequence: true)
  }

  /// The names of the arrays, sorted.
  public var names: [String] { fields.map(\.name).sorted() }

  /// An array as it is kept: samples (or all time steps of all sequences) along the first axis.
  public func array(_ name: String) -> Tensor<Scalar>? {
    fields.first { $0.name == name }?.rows
  }

  /// Whether samples are sequences, so that the loss gets a mask.
  public var hasSequences: Bool { !starts.isEmpty }

  /// How many time steps a sample has; 1 without sequences.
  func length(_ sample: Int) -> Int {
    hasSequences ? starts[sample + 1] - starts[sample] : 1
  }
}

extension Dataset {
  /// The samples of the given places, in their order.
  ///
  /// - Parameter indices: in `0..<count`.
  /// - Returns: a dataset of as many samples as there are indices.
  public func selecting(_ indices: [Int]) -> Dataset {
    precondition(
      !indices.isEmpty && indices.allSatisfy { 0..<count ~= $0 },
      "Dataset.selecting: needs one or more indices in 0..<\(count)"
    )
    var timeRows: [Int] = []
    var newStarts: [Int] = hasSequences ? [0] : []
    if hasSequences {
      for index in indices {
        timeRows += starts[index]..<starts[index + 1]
        newStarts.append(timeRows.count)
      }
    }
    let chosen = fields.map { field in
      let rows = field.isSequence ? timeRows : indices
      let tensor = Tensor<Scalar>(shape: [rows.count] + field.itemShape) { target in
        rows.withUnsafeBufferPointer { field.gather($0, into: target.baseAddress) }
      }
      return Field(name: field.name, rows: tensor, isSequence: field.isSequence)
    }
    return Dataset(
      fields: chosen,
      count: indices.count,
      starts: newStarts,
      lengthMultiple: lengthMultiple
    )
  }

  /// Two datasets without common samples, chosen at random.
  ///
  /// - Parameters:
  ///   - fraction: the share of the second, in `0..<1`; each part gets at least one sample.
  ///   - stream: where the choice comes from.
  /// - Returns: the larger part for training and the part held out.
  /// - Throws: ``NetworkError`` when the fraction is out of range or there are too few samples.
  public func split(
    holdingOut fraction: Double,
    from stream: RandomStream
  ) throws(NetworkError) -> (training: Dataset, heldOut: Dataset) {
    guard fraction > 0 && fraction < 1 else {
      throw .invalidSetting(
        name: "validationFraction",
        value: "\(fraction)",
        requirement: "between 0 and 1"
      )
    }
    guard count >= 2 else { throw .emptyDataset(name: "validation split") }
    var stream = stream
    let order = stream.permutation(count)
    let held = min(max(Int((Double(count) * fraction).rounded()), 1), count - 1)
    return (
      selecting(order[held...].sorted()), selecting(order[..<held].sorted())
    )
  }
}

extension Dataset.Field {
  /// Copies rows, end to end.
  func gather(_ indices: UnsafeBufferPointer<Int>, into target: UnsafeMutablePointer<Scalar>?) {
    guard let target, rows.count > 0 else { return }
    rows.withScalars { source in
      guard let base = source.baseAddress else { return }
      RowCopy.gather(
        from: base,
        indices,
        rowBytes: width * MemoryLayout<Scalar>.stride,
        to: target
      )
    }
  }
}
