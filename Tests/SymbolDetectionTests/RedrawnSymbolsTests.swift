import Studies
import SymbolDetection
import Tensors
import Testing

@Suite struct RedrawnSymbolsTests {
  static let methods: [MethodDescription] = [.viterbiNet, .bcjrNet, .slidingBRNN, .denseDetector]

  private func drawn(_ seed: UInt64) throws -> ArrayBundle {
    let scenario = IntersymbolInterferenceScenario.description
    let settings = try Settings([:], for: scenario.settings, owner: scenario.id)
    return try scenario.draw(settings, .training, 120, RandomStream(seed: seed))
  }

  @Test(
    "symbols drawn anew are learned from, also where the end of them is held out",
    arguments: methods,
    [0, 0.25]
  )
  func redraws(method: MethodDescription, share: Double) throws {
    var request = TrainingRequest(
      data: try drawn(1),
      settings: try Settings(
        ["epochs": .integer(3), "validation_share": .number(share)],
        for: method.settings,
        owner: method.id
      ),
      stream: RandomStream(seed: 1)
    )
    let train = try #require(method.train)
    let same = try train(request)
    request.redraw = { try drawn(UInt64(10 + $0)) }
    let anew = try train(request)
    #expect(same.failure == nil && anew.failure == nil)
    #expect(anew.trainingLosses.count == 3)
    // The first pass is of the data themselves.
    #expect(same.trainingLosses[0] == anew.trainingLosses[0])
    #expect(same.trainingLosses[2] != anew.trainingLosses[2])
    // The same bits again.
    #expect(try train(request).trainingLosses == anew.trainingLosses)
  }
}
