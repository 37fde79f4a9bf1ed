internal import ImageRestoration
internal import SparseRecovery
internal import StateEstimation
public import Studies
internal import SymbolDetection

extension Catalogue {
  /// Everything that the program offers.
  ///
  /// Adding a method or a study is one line here.
  public static let standard = Catalogue(
    tasks: [
      SymbolDetectionTask.description,
      SparseRecoveryTask.description,
      MIMODetectionTask.description,
      StateEstimationTask.description,
      ImageTask.description,
    ],
    methods: [
      ClassicalMethods.viterbi,
      ClassicalMethods.bcjr,
      .viterbiNet,
      .bcjrNet,
      .slidingBRNN,
      .lstmDetector,
      .denseDetector,
      ClassicalRecoveryMethods.ista,
      ClassicalRecoveryMethods.fista,
      ClassicalRecoveryMethods.admm,
      ClassicalRecoveryMethods.amp,
      ClassicalRecoveryMethods.omp,
      .learnedISTA,
      .unfoldedADMM,
      .lista,
      .detNet,
      .listaCP,
      .listaCPSS,
      .alista,
      .tista,
      .lamp,
      .denseSparse,
      .learnedProjectedGradient,
      .detNet,
      .denseVectorDetector,
      .iterativeSIC,
      .deepSIC,
      .residualDetector,
    ] + MIMOMethods.all + ClassicalStateMethods.all + ClassicalImageMethods.all + [
      .messagePassing, .kalmanNet, .rtsNet, .learnedNoise, .gruFilter, .hybridSmoother,
      .graphSmoother, .gruSmoother, .csgm, .measurementDecoder,
      .plugAndPlay, .unrolledPlugAndPlay, .endToEndRestorer,
    ],
    scenarios: [
      IntersymbolInterferenceScenario.description,
      SparseLinearScenario.description,
      MIMOScenario.description,
      InterferenceScenario.description,
      StateSpaceScenario.description,
      ImageScenario.description,
      DigitScenario.description,
    ],
    studies: [
      .viterbiNet,
      .viterbiNetTracking,
      .viterbiNetSearch,
      .deepSIC,
      .deepSICTracking,
      .deepSICSearch,
      .learnedISTA,
      .unfoldedADMM,
      .lista,
      .detNet,
      .kalmanNetLinear,
      .kalmanNetToy,
      .kalmanNetLorenz,
      .hybridSmootherLinear,
      .hybridSmootherLorenz,
      .csgm,
      .plugAndPlay,
    ]
  )
}
