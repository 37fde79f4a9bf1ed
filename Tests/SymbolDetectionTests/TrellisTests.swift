internal import SymbolDetection
internal import Tensors
internal import Testing

@Suite struct TrellisTests {
  @Test("writes the newest symbol as the lowest digit")
  func digits() throws {
    let trellis = try Trellis(constellation: .fourPAM, memory: 3)
    #expect(trellis.states == 64)
    let state = trellis.state(newestFirst: [3, 0, 2])
    #expect(state == 3 + 0 * 4 + 2 * 16)
    #expect((0..<3).map { trellis.digit($0, of: state) } == [3, 0, 2])
    #expect(trellis.successor(of: state, symbol: 1) == trellis.state(newestFirst: [1, 3, 0]))
  }

  @Test("follows known symbols through the states")
  func path() throws {
    let trellis = try Trellis(constellation: .bpsk, memory: 2)
    #expect(trellis.states(along: [1, 0, 0, 1], from: 0) == [1, 2, 0, 1])
  }

  @Test("has at most 256 states and says so beyond")
  func limit() throws {
    #expect(try Trellis(constellation: .bpsk, memory: 8).states == 256)
    #expect(try Trellis(constellation: .fourPAM, memory: 4).states == 256)
    #expect(throws: SymbolDetectionError.tooManyStates(symbols: 2, memory: 9, limit: 256)) {
      try Trellis(constellation: .ook, memory: 9)
    }
    #expect(throws: SymbolDetectionError.tooManyStates(symbols: 4, memory: 5, limit: 256)) {
      try Trellis(constellation: .fourPAM, memory: 5)
    }
    #expect(throws: SymbolDetectionError.badMemory(0)) {
      try Trellis(constellation: .bpsk, memory: 0)
    }
  }

  @Test("constellations are in ascending order, 4-pam of unit power")
  func constellations() throws {
    for constellation in Constellation.allCases {
      let symbols = constellation.symbols
      #expect(symbols == symbols.sorted() && symbols.count == constellation.size)
      for (index, symbol) in symbols.enumerated() {
        #expect(try constellation.index(of: Double(Float(symbol))) == index)
      }
      #expect(symbols.contains(constellation.idleSymbol))
    }
    let power = Constellation.fourPAM.symbols.reduce(0) { $0 + $1 * $1 } / 4
    #expect(abs(power - 1) < 1e-15)
    #expect(throws: SymbolDetectionError.unknownSymbol(value: "0.5", constellation: "bpsk")) {
      try Constellation.bpsk.index(of: 0.5)
    }
  }
}
