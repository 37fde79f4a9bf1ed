extension StudyPart {
  /// The keys of a part; at the top of a file they are what parts inherit.
  static let keys = [
    "scenario", "data", "average", "axes", "item_block", "stop", "replicates", "training",
    "tracking", "mismatch", "timed_items", "paths", "methods",
  ]

  /// Reads one part that has inherited what it does not say.
  init(_ node: StudyNode, source file: String, catalogue: Catalogue) throws(StudyError) {
    let name = node.asMap?["id"]?.asText
    let owner = name.map { "\(file): part \($0)" } ?? file
    var reader = try KeyReader(node, owner: owner)
    let id = try reader.text("id")
    let title = try reader.text("title")
    source = try Self.source(&reader, catalogue: catalogue)
    self.id = id ?? source.id
    self.title = title ?? self.id
    guard StudySpecification.isWord(self.id) else {
      throw reader.bad("id", .text(self.id), "letters, digits, '-', '_' and '.'")
    }
    average = try reader.axes("average")
    axes = try reader.axes("axes")
    itemBlock = try reader.integer("item_block", atLeast: 1) ?? 1000
    timedItems = try reader.integers("timed_items", atLeast: 1)
    replicates = try reader.integer("replicates", atLeast: 1) ?? 1
    mismatch = try reader.text("mismatch")
    training = try TrainingPlan(reader.node("training"), owner: "\(owner): training")
    let trackingNode = reader.node("tracking")
    tracking = try trackingNode.map { node throws(StudyError) in
      try TrackingPlan(node, owner: "\(owner): tracking")
    }
    paths = try reader.node("paths").map { node throws(StudyError) in
      try PathPlan(node, owner: "\(owner): paths")
    }
    let combinations = average.reduce(1) { $0 * $1.values.count }
    stop = try StopRule(
      reader.node("stop"),
      owner: "\(owner): stop",
      blockTrials: itemBlock * combinations
    )
    let methodsNode = reader.node("methods")
    try reader.finish()
    methods = []
    guard let list = methodsNode?.asList, !list.isEmpty else {
      throw .invalid("\(owner): methods: expected a list with at least one method")
    }
    for method in list {
      methods += try StudyMethod(method, owner: owner, catalogue: catalogue).splitBySearch
    }
    try check(owner: owner, catalogue: catalogue)
  }

  private static func source(
    _ reader: inout KeyReader,
    catalogue: Catalogue
  ) throws(StudyError) -> StudySource {
    let scenario = reader.node("scenario")
    let data = reader.node("data")
    if let data {
      var files = try KeyReader(data, owner: "\(reader.owner): data")
      let train = try files.text("train")
      let validation = try files.text("validation")
      let test = try files.requiredText("test")
      try files.finish()
      guard scenario == nil else {
        throw .invalid("\(reader.owner): give 'scenario' or 'data', not both")
      }
      return .files(StudyFiles(train: train, validation: validation, test: test))
    }
    guard let scenario else { throw .missingKey("scenario", owner: reader.owner) }
    var values = try KeyReader.values(
      of: (scenario.asText.map { StudyMap([("id", .text($0))]) } ?? scenario.asMap) ?? StudyMap(),
      owner: "\(reader.owner): scenario"
    )
    guard let id = values.removeValue(forKey: "id")?.word else {
      throw .missingKey("id", owner: "\(reader.owner): scenario")
    }
    guard let description = catalogue.scenarios.first(where: { $0.id == id }) else {
      throw .unknownKey(
        id,
        owner: "\(reader.owner): scenarios",
        known: catalogue.scenarios.map(\.id)
      )
    }
    let settings = try Settings(
      values,
      for: description.settings,
      owner: "\(reader.owner): scenario \(id)"
    )
    return .scenario(id: id, settings: settings)
  }
}

extension TrainingPlan {
  init(_ node: StudyNode?, owner: String) throws(StudyError) {
    var reader = try KeyReader(node, owner: owner)
    size = try reader.integer("size", atLeast: 1)
    validation = try reader.integer("validation", atLeast: 1)
    redraws = try reader.flag("redraw") ?? false
    scenario = try reader.settings("scenario")
    try reader.finish()
  }
}

extension TrackingPlan {
  init(_ node: StudyNode, owner: String) throws(StudyError) {
    var reader = try KeyReader(node, owner: owner)
    let blocks = try reader.integer("blocks", atLeast: 1)
    let pilots = try reader.integer("pilots", atLeast: 1)
    let payload = try reader.integer("payload", atLeast: 1)
    try reader.finish()
    guard let blocks, let pilots, let payload else {
      throw .invalid("\(owner): 'blocks', 'pilots' and 'payload' must be given")
    }
    self.init(blocks: blocks, pilots: pilots, payload: payload)
  }
}

extension StopRule {
  /// Errors of a point for which nobody gave a rule.
  private static let standardErrors = 100
  /// Blocks of a point for which nobody gave a maximum.
  private static let standardBlocks = 100

  init(_ node: StudyNode?, owner: String, blockTrials: Int) throws(StudyError) {
    var reader = try KeyReader(node, owner: owner)
    let errors = try reader.integer("errors", atLeast: 1)
    self.errors = node == nil ? Self.standardErrors : errors
    relativeWidth = try reader.number("relative_width", above: 0)
    let maximum = try reader.integer("maximum_trials", atLeast: 1)
    let minimum = try reader.integer("minimum_blocks", atLeast: 1)
    try reader.finish()
    maximumTrials = maximum ?? Self.standardBlocks * blockTrials
    minimumBlocks = minimum ?? 10
  }
}
