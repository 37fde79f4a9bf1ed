internal import CKernels

/// The states of a channel with finite memory and how one follows another.
///
/// A state is the last `memory` symbols, the one of the present observation included, written as a
/// number in base `symbols` whose least significant digit is the newest symbol:
/// `state = sum_k d_k symbols^k`, `d_k` being the index of the symbol `k` steps ago. So `taps[k]`
/// multiplies digit `k`. From a state `u` a new symbol `d` leads to
/// `(u mod symbols^(memory - 1)) symbols + d`.
public struct Trellis: Sendable, Hashable {
  /// The largest number of states: memory 8 with two symbols, memory 4 with four.
  public static let stateLimit = Int(GRAYBOX_TRELLIS_MAX_STATES)

  /// How many symbols an observation depends on.
  public let memory: Int
  /// How many symbols there are to choose from.
  public let symbols: Int
  /// How many states there are: `symbols^memory`.
  public let states: Int

  /// The trellis of a constellation and a memory.
  ///
  /// - Parameters:
  ///   - constellation: the symbols.
  ///   - memory: how many symbols an observation depends on, at least 1.
  /// - Throws: ``SymbolDetectionError`` when there would be more than ``stateLimit`` states.
  public init(constellation: Constellation, memory: Int) throws(SymbolDetectionError) {
    guard memory >= 1 else { throw .badMemory(memory) }
    let symbols = constellation.size
    var states = 1
    for _ in 0..<memory where states <= Self.stateLimit { states *= symbols }
    guard states <= Self.stateLimit else {
      throw .tooManyStates(symbols: symbols, memory: memory, limit: Self.stateLimit)
    }
    self.memory = memory
    self.symbols = symbols
    self.states = states
  }

  /// The index of the symbol `age` steps ago in a state; 0 is the newest.
  public func digit(_ age: Int, of state: Int) -> Int {
    precondition(age >= 0 && age < memory, "Trellis.digit: age \(age) of memory \(memory)")
    var rest = state
    for _ in 0..<age { rest /= symbols }
    return rest % symbols
  }

  /// The state that a new symbol leads to.
  public func successor(of state: Int, symbol: Int) -> Int {
    state % (states / symbols) * symbols + symbol
  }

  /// The state of known symbols, the newest first.
  public func state(newestFirst digits: [Int]) -> Int {
    precondition(digits.count == memory, "Trellis.state: \(digits.count) of \(memory) symbols")
    return digits.reversed().reduce(0) { $0 * symbols + $1 }
  }

  /// The states that a sequence of symbol indices goes through.
  ///
  /// - Parameters:
  ///   - symbols: the index of each symbol in time order.
  ///   - initialState: the state before the first.
  /// - Returns: the state after each symbol.
  public func states(along symbols: [Int], from initialState: Int) -> [Int] {
    var state = initialState
    return symbols.map { symbol in
      state = successor(of: state, symbol: symbol)
      return state
    }
  }

  var layout: graybox_trellis {
    graybox_trellis(symbols: Int32(symbols), states: Int32(states))
  }
}
