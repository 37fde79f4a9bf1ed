internal import Tensors

/// Runs the methods on one test item and gathers the curves to draw.
struct PathRun {
  let world: StudyWorld
  let plan: PathPlan
  let store: ModelStore
  let seed: UInt64
  let study: String

  /// The figure; nil where the arrays are no sequences of vectors.
  ///
  /// - Throws: ``StudyError`` for a method that cannot run.
  func figure() throws -> PathFigure? {
    let part = world.part
    let (cell, place) = try world.cell(at: plan.at)
    let arrays = try world.task.slice(try world.timed(cell, replicate: 0), 0..<1)
    guard let truth = points(arrays["targets"]) else { return nil }
    var curves = [PathFigure.Curve(label: "truth", points: truth, colour: "#000000")]
    if let observed = points(arrays["observations"]), observed[0].count == truth[0].count {
      curves.append(
        .init(label: "observed", points: observed, colour: "#b0b0b0", isScattered: true)
      )
    }
    let styles = CurveStyle.assigned(
      to: try part.methods.map { ($0.label, try world.description(of: $0).family.rawValue) }
    )
    for (index, method) in part.methods.enumerated()
    where cell.isIn(method.only) && (plan.methods.isEmpty || plan.methods.contains(method.label)) {
      let entry = try PreparedEntry.ready(
        method,
        index: index,
        in: cell,
        replicate: 0,
        seed: seed,
        world: world,
        store: store
      ).entry
      let inputs = try arrays.renamed(method.arrays)
      let outputs = try entry.prepared.infer(inputs, pool: .serial).arrays
      guard let estimates = points(outputs["estimates"]) else { continue }
      let colour = styles[method.label]?.colour ?? "#0072b2"
      curves.append(
        .init(
          label: method.label,
          points: estimates,
          colour: colour == "#000000" ? "#e69f00" : colour
        )
      )
    }
    return PathFigure(
      name: Self.name(study: study, part: part.id),
      title: ([part.title] + place.map { words($0.key, $0.value) }).joined(separator: ", "),
      component: world.task.component,
      curves: curves
    )
  }

  /// An axis and its value as a reader knows them.
  private func words(_ key: String, _ value: Double) -> String {
    let label = world.scenario?.axisLabels[key]
    let title = label.map { Typography.mathematical($0.title) } ?? Typography.words(key)
    return "\(title) \(Typography.plain(value)) \(label?.unit ?? "")"
  }

  /// The name of a part's figure.
  static func name(study: String, part: String) -> String { "\(study)-\(part)-path" }

  /// The first sequence of an array `[1, time, width]`, at most three numbers wide.
  private func points(_ array: NumericArray?) -> [[Double]]? {
    guard let tensor = array?.double, tensor.rank == 3, tensor.shape[2] >= 2, tensor.shape[1] >= 2
    else { return nil }
    let width = tensor.shape[2]
    let steps = min(plan.steps ?? tensor.shape[1], tensor.shape[1])
    let numbers = tensor.scalars
    return (0..<steps).map { t in
      (0..<min(width, 3)).map { numbers[t * width + $0] }
    }
  }
}
