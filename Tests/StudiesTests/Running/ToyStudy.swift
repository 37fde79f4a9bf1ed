import Studies
import Tensors

/// Runs studies of the toy catalogue.
enum ToyStudy {
  /// Two points, two averaged values, two replicates; a classical, a wrong and a learned method.
  static let standard = """
    study: toy
    seed: 5
    scenario: {id: noise}
    average: {offset: [0, 0.5]}
    axes: {snr: [0, 6]}
    item_block: 50
    stop: {errors: 20, maximum_trials: 1000, minimum_blocks: 3}
    replicates: 2
    training: {size: 20}
    methods:
      - {id: sign, label: Known}
      - {id: sign, label: "Wrong, by one", arrays: {offset: offset_wrong}}
      - {id: learned, label: Learned}
    """

  static func specification(
    _ yaml: String = standard,
    preset: String? = nil,
    set: [String] = [],
    catalogue: Catalogue = Toy.catalogue()
  ) throws -> StudySpecification {
    try StudySpecification(
      yaml: yaml,
      source: "toy.yaml",
      preset: preset,
      assignments: set,
      catalogue: catalogue
    )
  }

  @discardableResult
  static func run(
    _ yaml: String = standard,
    in folder: String,
    set: [String] = [],
    hooks: Toy.Hooks = .init(),
    storage: StudyStorage = ToyFiles.storage,
    configure: (inout StudyOptions) -> Void = { _ in }
  ) throws -> StudyOutcome {
    let catalogue = Toy.catalogue(hooks)
    var options = StudyOptions(folder: folder, plansTime: false)
    configure(&options)
    return try StudyRunner(
      specification: specification(yaml, set: set, catalogue: catalogue),
      catalogue: catalogue,
      options: options,
      storage: storage
    ).run()
  }

  /// Everything that must not depend on threads, kills and clocks: the table without its seconds,
  /// the blocks, and the models.
  static func fingerprint(_ folder: String) throws -> [String: String] {
    var table = try ResultTable.read("\(folder)/results.csv")
    for index in table.rows.indices { table.rows[index].seconds = 0 }
    var files = ["results": table.csv, "blocks": try ToyFiles.text("\(folder)/blocks.csv")]
    for name in ToyFiles.names(in: "\(folder)/models") {
      files[name] = try ToyFiles.text("\(folder)/models/\(name)")
    }
    return files
  }
}

extension StudyOutcome {
  /// The rows of one method and metric, in order.
  func rows(_ method: String, _ metric: String = "error_rate") -> [ResultRow] {
    table.rows.filter { $0.method == method && $0.metric == metric }
  }
}
