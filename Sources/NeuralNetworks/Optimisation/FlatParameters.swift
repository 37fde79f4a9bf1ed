// The file of this target that writes to raw memory.
//
// Proof of safety: a `FlatBuffer` owns two allocations of `count` initialised numbers of a trivial
// type and frees them in `deinit`; the storages of the parameters keep it alive. Every pointer made
// here is `base + offset` with `offset + length <= count`. One optimiser at a time writes, on one
// thread, never while a recording is being made (as `Parameter` asks).

public import Autodiff
internal import CKernels
public import Tensors

/// Memory for values and gradients of many parameters.
final class FlatBuffer<Scalar: RealTensorScalar> {
  let count: Int
  let values: UnsafeMutablePointer<Scalar>
  let gradients: UnsafeMutablePointer<Scalar>

  init(count: Int) {
    self.count = count
    values = Self.allocate(count)
    gradients = Self.allocate(count)
  }

  deinit {
    values.deallocate()
    gradients.deallocate()
  }

  /// Zeroed, 64-byte aligned memory.
  static func allocate(_ count: Int) -> UnsafeMutablePointer<Scalar> {
    let bytes = max(count, 1) * MemoryLayout<Scalar>.stride
    let raw = UnsafeMutableRawPointer.allocate(byteCount: (bytes + 63) & ~63, alignment: 64)
    let pointer = raw.bindMemory(to: Scalar.self, capacity: max(count, 1))
    pointer.clear(count: max(count, 1))
    return pointer
  }
}

/// Parameters laid end to end in one buffer, so that an optimiser's step is one kernel call a group.
///
/// Making one moves the parameters' storage; they are used as before. A parameter belongs to the
/// newest buffer that it was given to. Each parameter starts on a 64-byte boundary; the numbers in
/// between are zero and stay zero.
public final class FlatParameters<Scalar: RealTensorScalar> {
  /// One group as a range of the buffer.
  public struct Section: Sendable, Equatable {
    /// Where its numbers lie.
    public let range: Range<Int>
    /// Times the schedule's rate.
    public let rateFactor: Double
    /// The decay of this group; that of the settings when nil.
    public let weightDecay: Double?
    /// Whether the numbers stay as they are.
    public let isFrozen: Bool
  }

  /// The groups in order.
  public let sections: [Section]
  /// The distinct parameters in order, each with its place.
  public let places: [(parameter: Parameter<Scalar>, offset: Int)]
  private let buffer: FlatBuffer<Scalar>
  /// Runs of sections that are trained, neighbours joined.
  private let trainedRanges: [Range<Int>]

  /// Moves the parameters of the groups into one buffer.
  ///
  /// - Parameter groups: a parameter may be in one group only.
  public init(_ groups: [ParameterGroup<Scalar>]) {
    let step = max(1, 64 / MemoryLayout<Scalar>.stride)
    var places: [(parameter: Parameter<Scalar>, offset: Int)] = []
    var sections: [Section] = []
    var owners: [ObjectIdentifier: Int] = [:]
    var end = 0
    for (index, group) in groups.enumerated() {
      let start = end
      for parameter in group.parameters {
        if let owner = owners.updateValue(index, forKey: ObjectIdentifier(parameter)) {
          precondition(owner == index, "FlatParameters: a parameter is in two groups")
          continue
        }
        places.append((parameter, end))
        end += (parameter.count + step - 1) / step * step
      }
      sections.append(
        Section(
          range: start..<end,
          rateFactor: group.rateFactor,
          weightDecay: group.weightDecay,
          isFrozen: group.isFrozen
        )
      )
    }
    self.places = places
    self.sections = sections
    buffer = FlatBuffer(count: end)
    trainedRanges = Self.joined(sections)
    for (parameter, offset) in places {
      parameter.storage.move(
        to: buffer.values + offset,
        gradients: buffer.gradients + offset,
        owner: buffer
      )
    }
  }

  /// All distinct parameters as one group that is trained.
  public convenience init(_ parameters: [Parameter<Scalar>]) {
    self.init([ParameterGroup(parameters)])
  }

  private static func joined(_ sections: [Section]) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    for section in sections where !section.isFrozen && !section.range.isEmpty {
      if let last = ranges.last, last.upperBound == section.range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<section.range.upperBound
      } else {
        ranges.append(section.range)
      }
    }
    return ranges
  }

  /// How many numbers the buffer has, those between parameters included.
  public var count: Int { buffer.count }

  /// The parameters that are trained, in order.
  public var trainedParameters: [Parameter<Scalar>] {
    places.filter { place in trainedRanges.contains { $0.contains(place.offset) } }
      .map(\.parameter)
  }

  /// Whether all parameters still live in this buffer.
  public var isCurrent: Bool {
    places.allSatisfy { $0.parameter.storage.values == buffer.values + $0.offset }
  }

  package var values: UnsafeMutablePointer<Scalar> { buffer.values }
  package var gradients: UnsafeMutablePointer<Scalar> { buffer.gradients }

  /// The Euclidean norm of the gradients of all parameters that are trained.
  public func gradientNorm() -> Double {
    var total = 0.0
    for range in trainedRanges {
      total += Scalar.kernels.pointee.sum_squares(
        range.count,
        buffer.gradients + range.lowerBound
      )
    }
    return total.squareRoot()
  }

  /// Whether no gradient of a trained parameter is a NaN or an infinity.
  public var gradientsAreFinite: Bool {
    trainedRanges.allSatisfy {
      Scalar.kernels.pointee.all_finite($0.count, buffer.gradients + $0.lowerBound) != 0
    }
  }

  /// Whether no value is a NaN or an infinity.
  public var valuesAreFinite: Bool {
    Scalar.kernels.pointee.all_finite(buffer.count, buffer.values) != 0
  }

  /// Limits the gradients of the trained parameters.
  ///
  /// - Returns: the norm before clipping where the clip needs it, else nil.
  @discardableResult
  public func clip(_ clip: GradientClip) -> Double? {
    switch clip {
    case .none:
      return nil
    case .value(let limit):
      for range in trainedRanges {
        Scalar.kernels.pointee.clip_values(
          range.count,
          limit,
          buffer.gradients + range.lowerBound
        )
      }
      return nil
    case .globalNorm(let limit):
      let norm = gradientNorm()
      guard norm > limit else { return norm }
      for range in trainedRanges {
        let start = buffer.gradients + range.lowerBound
        Scalar.kernels.pointee.scale_shift(range.count, start, limit / norm, 0, start)
      }
      return norm
    }
  }

  /// Tells the parameters that their numbers were written.
  public func valuesDidChange() {
    for place in places { place.parameter.valueDidChange() }
  }

  /// Copies the values out.
  package func copyValues(to target: UnsafeMutablePointer<Scalar>) {
    target.update(from: buffer.values, count: count)
  }

  /// Puts values in.
  package func setValues(from source: UnsafePointer<Scalar>) {
    buffer.values.update(from: source, count: count)
    valuesDidChange()
  }
}

/// Gradients beside the parameters' own, in the layout of their flat buffer.
final class GradientTwin<Scalar: RealTensorScalar> {
  private let flat: FlatParameters<Scalar>
  private let gradients: UnsafeMutablePointer<Scalar>

  init(of flat: FlatParameters<Scalar>) {
    self.flat = flat
    gradients = FlatBuffer<Scalar>.allocate(flat.count)
  }

  deinit { gradients.deallocate() }

  /// The parameter's values with these gradients.
  func leaf(of parameter: Parameter<Scalar>) -> TensorStorage<Scalar> {
    guard let place = flat.places.first(where: { $0.parameter === parameter }) else {
      preconditionFailure("GradientTwin: a parameter that is not in the flat buffer")
    }
    return TensorStorage(
      viewing: flat.values + place.offset,
      gradients: gradients + place.offset,
      count: parameter.count,
      owner: self
    )
  }

  /// Adds these gradients to the parameters' own.
  func addToParameters() {
    Scalar.kernels.pointee.accumulate_scaled(flat.count, 1, gradients, flat.gradients)
  }
}

/// A copy of all values of a flat buffer, made without allocating once it exists.
final class ParameterSnapshot<Scalar: RealTensorScalar> {
  private let numbers: UnsafeMutablePointer<Scalar>
  private let count: Int
  private(set) var isFilled = false

  init(count: Int) {
    self.count = count
    numbers = FlatBuffer<Scalar>.allocate(count)
  }

  deinit { numbers.deallocate() }

  func take(_ flat: FlatParameters<Scalar>) {
    flat.copyValues(to: numbers)
    isFilled = true
  }

  func restore(_ flat: FlatParameters<Scalar>) { flat.setValues(from: numbers) }

  /// One parameter's part.
  func tensor(at offset: Int, shape: [Int]) -> Tensor<Scalar> {
    Tensor(shape: shape) { target in
      target.baseAddress?.update(from: numbers + offset, count: target.count)
    }
  }

  /// Replaces one parameter's part.
  func set(_ tensor: Tensor<Scalar>, at offset: Int) {
    tensor.withScalars { source in
      if let base = source.baseAddress {
        (numbers + offset).update(from: base, count: source.count)
      }
    }
    isFilled = true
  }
}
