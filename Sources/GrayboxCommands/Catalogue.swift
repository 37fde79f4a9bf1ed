public import Studies
internal import SymbolDetection

extension Catalogue {
  /// Everything that the program offers.
  ///
  /// Adding a method or a study is one line here.
  public static let standard = Catalogue(
    tasks: [
      SymbolDetectionTask.description
    ],
    methods: [
      ClassicalMethods.viterbi,
      ClassicalMethods.bcjr,
      .viterbiNet,
      .bcjrNet,
      .slidingBRNN,
      .lstmDetector,
      .denseDetector,
    ],
    scenarios: [
      IntersymbolInterferenceScenario.description
    ],
    studies: [
      .viterbiNet,
      .viterbiNetTracking,
      .viterbiNetSearch,
    ]
  )
}
