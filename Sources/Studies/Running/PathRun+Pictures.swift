internal import Tensors

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension PathRun {
  /// The truth, what was observed of it and each method's estimate as images, the metric under each; nil
  /// where the task shows no images.
  ///
  /// - Throws: ``StudyError`` for a method that cannot run.
  func pictures() throws -> PictureRow? {
    guard let image = world.task.image else { return nil }
    let part = world.part
    let (cell, _) = try world.cell(at: plan.at)
    let arrays = try world.task.slice(try world.timed(cell, replicate: 0), 0..<1)
    var entries: [PictureRow.Entry] = []
    for (name, label) in [("targets", "truth"), ("observations", "observed")] {
      if let shown = try image(arrays, name) {
        entries.append(.init(label: label, caption: "", image: shown))
      }
    }
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
      let outputs = try entry.prepared.infer(try arrays.renamed(method.arrays), pool: .serial)
        .arrays
      guard let shown = try image(outputs, "estimates") else { continue }
      entries.append(
        .init(label: method.label, caption: try caption(outputs, arrays), image: shown)
      )
    }
    return PictureRow(name: Self.name(study: study, part: part.id), entries: entries)
  }

  /// The metric of one image in words.
  private func caption(_ outputs: ArrayBundle, _ truth: ArrayBundle) throws -> String {
    let metrics = world.task.metrics
    guard let metric = metrics.first(where: { $0.id == world.task.imageMetric }) ?? metrics.first
    else { return "" }
    let count = try metric.measure(outputs, truth)
    guard count.reference > 0 else { return "" }
    let ratio = count.sum / count.reference
    let value = metric.isInDecibels ? 10 * log10(ratio) : ratio
    return "\(Typography.rounded(value, digits: 4)) \(metric.unit)"
  }
}
