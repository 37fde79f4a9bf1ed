// Goals in order: the numbers of the replay, to rounding; nanoseconds where a replay takes a microsecond, for the few
// numbers of a system's transition. Shapes, slices and copies are decided when the program is made and cost nothing in it;
// constants are folded, equal operations are made once, and what no output needs is left out.
//
// Products with a constant zero are zero: a Jacobian's directions are mostly zeros. Where the other factor is not finite a
// replay has NaN there.

package import Tensors

/// A recording of few numbers as a straight line of operations on single numbers.
///
/// Law: it gives what a replay gives, to rounding, where all numbers are finite.
package struct ScalarProgram<Scalar: RealTensorScalar>: @unchecked Sendable {
  // Safe to share: all of it is written when it is made; a run writes the registers that it is given.
  private let sources: [(storage: TensorStorage<Scalar>, first: Int)]
  private let constants: [Scalar]
  private let firstConstant: Int
  private let instructions: [ScalarInstruction]
  private let outputs: [[Int32]]
  /// Where the input's numbers go, and how many there are.
  private let input: Range<Int>

  /// How many operations a run makes.
  package var operationCount: Int { instructions.count }

  /// The program of a recording; nil where it has an operation without a rule for single numbers, or is long.
  ///
  /// - Parameters:
  ///   - recording: one that can be replayed.
  ///   - name: of the input that runs replace; other inputs and parameters are read where they are.
  ///   - names: of the outputs that runs give, in this order.
  ///   - limit: how many operations a program has at most.
  package init?(
    _ recording: Recording<Scalar>,
    input name: String,
    outputs names: [String],
    limit: Int = 20_000
  ) {
    guard recording.isReplayable, let leaf = recording.inputs[name] else { return nil }
    var builder = ScalarBuilder<Scalar>()
    var places: [ObjectIdentifier: [Int32]] = [:]
    var leaves: [(storage: TensorStorage<Scalar>, first: Int)] = []
    for node in recording.nodes {
      guard !node.isLeaf else {
        leaves.append((node.storage, builder.count))
        places[ObjectIdentifier(node.storage)] = builder.sources(node.storage.count)
        continue
      }
      guard let rule = node.scalarRule else { return nil }
      let operands = node.arguments.map { argument in
        places[ObjectIdentifier(argument.storage)]
          ?? argument.storage.numbers.map { builder.constant($0) }
      }
      places[ObjectIdentifier(node.storage)] = rule(&builder, operands)
      guard builder.count <= 4 * limit else { return nil }
    }
    var wanted: [[Int32]] = []
    for output in names {
      guard let tensor = recording.outputs[output] else { return nil }
      // An output that depends on nothing recorded is a constant.
      wanted.append(
        places[ObjectIdentifier(tensor.storage)]
          ?? tensor.storage.numbers.map { builder.constant($0) }
      )
    }
    let layout = builder.layout(keeping: wanted)
    guard layout.instructions.count <= limit,
      let place = leaves.firstIndex(where: { $0.storage === leaf.storage })
    else { return nil }
    input = leaves[place].first..<(leaves[place].first + leaf.count)
    leaves.remove(at: place)
    // Sources come first of all, in their order, so that a later place is a register.
    sources = leaves.map { ($0.storage, Int(layout.register(Int32($0.first)))) }
    constants = layout.constants
    firstConstant = layout.firstConstant
    instructions = layout.instructions
    outputs = wanted.map { $0.map { layout.register($0) } }
  }

  /// Memory for runs, one at a time.
  package func makeRegisters() -> TensorStorage<Scalar> {
    let registers = TensorStorage<Scalar>(
      uninitialised: firstConstant + constants.count + instructions.count
    )
    for (place, number) in constants.enumerated() {
      registers.values[firstConstant + place] = number
    }
    return registers
  }

  /// Runs from an input; the outputs are then in the registers.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func run(_ x: UnsafePointer<Scalar>, _ registers: TensorStorage<Scalar>) {
    let r = registers.values
    (r + input.lowerBound).update(from: x, count: input.count)
    for source in sources {
      (r + source.first).update(from: source.storage.values, count: source.storage.count)
    }
    var target = r + (firstConstant + constants.count)
    instructions.withUnsafeBufferPointer { list in
      for instruction in list {
        target.pointee = instruction.value(r)
        target += 1
      }
    }
  }

  /// Copies an output out of the registers.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func copy(
    _ output: Int,
    from registers: TensorStorage<Scalar>,
    to target: UnsafeMutablePointer<Scalar>
  ) {
    outputs[output].withUnsafeBufferPointer { places in
      for index in 0..<places.count { target[index] = registers.values[Int(places[index])] }
    }
  }
}

/// How an operation is made of operations on single numbers: from the places of its operands' numbers, row after row, to
/// those of its result's.
package typealias ScalarRule<Scalar: RealTensorScalar> = (
  inout ScalarBuilder<Scalar>, [[Int32]]
) -> [Int32]

/// Collects the operations of a program.
package struct ScalarBuilder<Scalar: RealTensorScalar> {
  private enum Value {
    case source
    case constant(Scalar)
    case operation(ScalarInstruction)
  }

  private var values: [Value] = []
  private var known: [ScalarInstruction: Int32] = [:]
  private var knownConstants: [Scalar: Int32] = [:]

  /// How many numbers there are so far.
  package var count: Int { values.count }

  mutating func sources(_ count: Int) -> [Int32] {
    let first = values.count
    values += [Value](repeating: .source, count: count)
    return (first..<(first + count)).map { Int32($0) }
  }

  /// A number that never changes.
  package mutating func constant(_ number: Scalar) -> Int32 {
    if let place = knownConstants[number] { return place }
    let place = append(.constant(number))
    knownConstants[number] = place
    return place
  }

  private mutating func append(_ value: Value) -> Int32 {
    values.append(value)
    return Int32(values.count - 1)
  }

  private func number(_ place: Int32) -> Scalar? {
    if case .constant(let number) = values[Int(place)] { return number }
    return nil
  }

  /// The place of an operation's result.
  package mutating func apply(
    _ operation: ScalarOperation,
    _ a: Int32,
    _ b: Int32? = nil,
    _ c: Int32? = nil
  ) -> Int32 {
    if let place = simplified(operation, a, b, c) { return place }
    let isSwapped = operation.isCommutative && (b ?? a) < a
    let instruction = ScalarInstruction(
      operation: operation,
      a: isSwapped ? b ?? a : a,
      b: isSwapped ? a : b ?? a,
      c: c ?? a
    )
    if let place = known[instruction] { return place }
    let place = append(.operation(instruction))
    known[instruction] = place
    return place
  }

  /// The result where it needs no operation.
  private mutating func simplified(
    _ operation: ScalarOperation,
    _ a: Int32,
    _ b: Int32?,
    _ c: Int32?
  ) -> Int32? {
    let (x, y) = (number(a), b.flatMap { number($0) })
    if let x, b == nil || y != nil, c == nil {
      let numbers = [x, y ?? x]
      return numbers.withUnsafeBufferPointer { buffer in
        let instruction = ScalarInstruction(operation: operation, a: 0, b: 1, c: 0)
        return buffer.baseAddress.map { constant(instruction.value($0)) }
      }
    }
    switch operation {
    case .add: return x == 0 ? b : y == 0 ? a : nil
    case .subtract: return y == 0 ? a : nil
    case .multiply:
      if x == 0 || y == 0 { return constant(0) }
      return x == 1 ? b : y == 1 ? a : nil
    case .divide: return x == 0 ? a : y == 1 ? a : nil
    case .select: return x.map { $0 != 0 ? b : c } ?? nil
    default: return nil
    }
  }

  /// `u a + v b`.
  mutating func combination(_ u: Scalar, _ a: Int32, _ v: Scalar, _ b: Int32) -> Int32 {
    if u == 1 && v == -1 { return apply(.subtract, a, b) }
    let first = apply(.multiply, constant(u), a)
    return apply(.add, first, apply(.multiply, constant(v), b))
  }

  /// The sum of products of pairs.
  mutating func dot(_ pairs: some Sequence<(Int32, Int32)>) -> Int32 {
    var sum = constant(0)
    for (a, b) in pairs { sum = apply(.add, sum, apply(.multiply, a, b)) }
    return sum
  }
}

extension ScalarBuilder {
  /// Where everything is in memory: sources, constants, results.
  struct Layout {
    fileprivate(set) var constants: [Scalar] = []
    fileprivate(set) var firstConstant = 0
    fileprivate(set) var instructions: [ScalarInstruction] = []
    fileprivate var registers: [Int32] = []

    func register(_ place: Int32) -> Int32 { registers[Int(place)] }
  }

  /// The layout of what some outputs need.
  func layout(keeping outputs: [[Int32]]) -> Layout {
    var isNeeded = [Bool](repeating: false, count: values.count)
    for place in outputs.joined() { isNeeded[Int(place)] = true }
    for place in values.indices.reversed() where isNeeded[place] {
      if case .operation(let instruction) = values[place] {
        for operand in [instruction.a, instruction.b, instruction.c] {
          isNeeded[Int(operand)] = true
        }
      }
    }
    var layout = Layout()
    layout.registers = [Int32](repeating: -1, count: values.count)
    var next: Int32 = 0
    func take(_ place: Int) {
      layout.registers[place] = next
      next += 1
    }
    for place in values.indices {
      if case .source = values[place] { take(place) }
    }
    layout.firstConstant = Int(next)
    for place in values.indices where isNeeded[place] {
      if case .constant(let number) = values[place] {
        take(place)
        layout.constants.append(number)
      }
    }
    for place in values.indices where isNeeded[place] {
      if case .operation(let instruction) = values[place] {
        layout.instructions.append(
          ScalarInstruction(
            operation: instruction.operation,
            a: layout.registers[Int(instruction.a)],
            b: layout.registers[Int(instruction.b)],
            c: layout.registers[Int(instruction.c)]
          )
        )
        take(place)
      }
    }
    return layout
  }
}

extension TensorStorage {
  /// A copy of the numbers.
  fileprivate var numbers: [Scalar] {
    Array(UnsafeBufferPointer(start: values, count: count))
  }
}
