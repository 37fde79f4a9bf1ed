package import Tensors

/// Where the arrays of one part come from: draws of a scenario, or the user's files.
package struct StudyWorld: Sendable {
  /// What the program offers.
  package let catalogue: Catalogue
  /// The part, after its searches where they are done.
  package var part: StudyPart
  /// The scenario, or nil for the user's files.
  package let scenario: ScenarioDescription?
  /// The task of all methods of the part.
  package let task: TaskDescription
  /// A digest of the user's files; empty for a scenario.
  package let digest: String
  private let root: RandomStream
  private let files: LoadedFiles?

  private struct LoadedFiles: Sendable {
    var train: ArrayBundle?
    var validation: ArrayBundle?
    var test: ArrayBundle
    var testItems: Int
  }

  /// Opens the source of a part.
  ///
  /// - Throws: ``StudyError`` for files that do not fit the task, or what the reader says.
  package init(
    _ part: StudyPart,
    catalogue: Catalogue,
    seed: UInt64,
    readArrays: (String) throws -> ArrayBundle
  ) throws {
    self.catalogue = catalogue
    self.part = part
    scenario = part.scenario(in: catalogue)
    let id = part.methods.first?.id
    let taskId = catalogue.methods.first { $0.id == id }?.task
    guard let task = catalogue.tasks.first(where: { $0.id == taskId }) else {
      throw StudyError.invalid("part \(part.id): its task is not in the catalogue")
    }
    self.task = task
    root = RandomStream(seed: seed)
    guard case .files(let names) = part.source else {
      files = nil
      digest = ""
      return
    }
    let test = try readArrays(names.test)
    let loaded = LoadedFiles(
      train: try names.train.map(readArrays),
      validation: try names.validation.map(readArrays),
      test: test,
      testItems: try task.itemCount(test)
    )
    var hash = StudyHash()
    for bundle in [loaded.train, loaded.validation, loaded.test] {
      hash.combine(bundle?.digest.utf8 ?? "none".utf8)
    }
    files = loaded
    digest = hash.text
  }

  /// The description of a method of the part.
  package func description(of method: StudyMethod) throws(StudyError) -> MethodDescription {
    guard let description = catalogue.methods.first(where: { $0.id == method.id }) else {
      throw .unknownKey(method.id, owner: "methods", known: catalogue.methods.map(\.id))
    }
    return description
  }

  /// How many blocks there are at most; nil where they can be drawn for ever.
  package var blockLimit: Int? {
    files.map { ($0.testItems + part.itemBlock - 1) / part.itemBlock }
  }

  /// The stream of a point and a replicate.
  private func stream(_ key: String, _ replicate: Int) -> RandomStream {
    root.derived("point:" + key).derived("replicate", index: replicate)
  }

  /// What all methods are judged on in one block of a cell.
  package func test(_ cell: StudyCell, replicate: Int, block: Int) throws -> ArrayBundle {
    if let files {
      let start = block * part.itemBlock
      let end = min(start + part.itemBlock, files.testItems)
      return start == 0 && end == files.testItems
        ? files.test : try task.slice(files.test, start..<end)
    }
    return try draw(
      cell,
      count: part.itemBlock,
      .test,
      stream(cell.key, replicate).derived("block", index: block).derived("test")
    )
  }

  /// What inference is timed on: so many items or, without a number, a block, the beginning of a large one, or as
  /// much as is timed at once.
  package func timed(_ cell: StudyCell, replicate: Int, count: Int? = nil) throws -> ArrayBundle {
    let block = min(part.tracking?.payload ?? part.itemBlock, TimingRun.mostItems)
    let count = count ?? max(block, part.timedItems.max() ?? 0)
    if let files {
      return count >= files.testItems ? files.test : try task.slice(files.test, 0..<count)
    }
    return try draw(cell, count: count, .test, stream(cell.key, replicate).derived("timing"))
  }

  /// What settings are chosen by in a search.
  package func validation(_ cell: StudyCell, count: Int) throws -> ArrayBundle {
    if let files {
      guard let validation = files.validation ?? files.train else {
        throw StudyError.missingKey("validation", owner: "part \(part.id): data, for a search")
      }
      let items = try task.itemCount(validation)
      return count >= items ? validation : try task.slice(validation, 0..<count)
    }
    return try draw(cell, count: count, .search, stream(cell.key, 0).derived("search"))
  }

  private func draw(
    _ cell: StudyCell,
    count: Int,
    _ purpose: ScenarioDescription.Purpose,
    _ stream: RandomStream
  ) throws -> ArrayBundle {
    guard let scenario, let settings = cell.settings else {
      throw StudyError.invalid("part \(part.id): has no scenario")
    }
    return try scenario.draw(settings, purpose, count, stream)
  }

  /// What a training learns from and chooses by, before arrays are renamed.
  package func arrays(for job: TrainingJob) throws -> (train: ArrayBundle, validation: ArrayBundle?)
  {
    guard let scenario, let settings = job.scenario else { return try fileArrays(for: job) }
    let stream = stream(job.key, job.replicate)
    let train = try scenario.draw(
      settings,
      .training,
      job.size ?? 0,
      stream.derived("training")
    )
    let validation = try job.validation.map {
      try scenario.draw(settings, .validation, $0, stream.derived("validation"))
    }
    return (train, validation)
  }

  /// Draws the items of a pass of a training anew; nil where passes repeat the same ones.
  package func redraw(for job: TrainingJob) -> (@Sendable (Int) throws -> ArrayBundle)? {
    guard part.training.redraws, let scenario, let settings = job.scenario else { return nil }
    let stream = stream(job.key, job.replicate).derived("redrawn")
    return { epoch in
      try scenario.draw(settings, .training, job.size ?? 0, stream.derived("epoch", index: epoch))
        .renamed(job.method.arrays)
    }
  }

  private func fileArrays(for job: TrainingJob) throws -> (ArrayBundle, ArrayBundle?) {
    guard let train = files?.train else {
      throw StudyError.missingKey("train", owner: "part \(part.id): data")
    }
    guard let size = job.size else { return (train, files?.validation) }
    let items = try task.itemCount(train)
    guard size <= items else {
      throw StudyError.invalid(
        "\(train.source): has \(items) items, a training of the study needs \(size)"
      )
    }
    return (size == items ? train : try task.slice(train, 0..<size), files?.validation)
  }

  /// Where a training draws its initial values and orders from: the same for all methods.
  package func learningStream(for job: TrainingJob) -> RandomStream {
    stream(job.key, job.replicate).derived("learning")
  }

  /// The pilots or the payload of one block of a tracking part.
  package func tracked(
    _ cell: StudyCell,
    replicate: Int,
    block: Int,
    purpose: ScenarioDescription.Purpose,
    count: Int,
    overrides: [String: SettingValue]
  ) throws -> ArrayBundle {
    guard let scenario, let settings = cell.settings else {
      throw StudyError.invalid("part \(part.id): tracking needs a scenario")
    }
    var values = settings.values
    values.merge(overrides) { $1 }
    values["block"] = .integer(block)
    let here = try Settings(values, for: scenario.settings, owner: "scenario \(scenario.id)")
    let base = stream(cell.key, replicate).derived("block", index: block)
    return try scenario.draw(here, purpose, count, base.derived(purpose.rawValue))
  }

  /// The stream of initial values and orders of one block of a tracking part.
  package func trackingStream(_ cell: StudyCell, replicate: Int, block: Int) -> RandomStream {
    stream(cell.key, replicate).derived("block", index: block).derived("learning")
  }
}

extension ArrayBundle {
  /// The bundle with the arrays that a method asks for under other names.
  ///
  /// - Parameter names: the method's name by the source's name.
  /// - Returns: the bundle with both names for each of those arrays.
  /// - Throws: ``StudyError/missingArray(_:source:expected:)``.
  func renamed(_ names: [String: String]) throws(StudyError) -> ArrayBundle {
    var bundle = self
    for (name, other) in names.sorted(by: { $0.key < $1.key }) {
      guard let array = self[other] else {
        throw .missingArray(
          other,
          source: source,
          expected: "one of \(self.names.joined(separator: ", "))"
        )
      }
      bundle[name] = array
    }
    return bundle
  }

  /// A digest of names, shapes and numbers: the same in any file format, not for security.
  package var digest: String {
    var hash = StudyHash()
    for name in names {
      guard let array = self[name] else { continue }
      hash.combine("\(name)\(array.shape)".utf8)
      switch array {
      case .float(let tensor), .complex(let tensor):
        tensor.withScalars { for x in $0 { hash.combine(Double(x).bitPattern) } }
      case .double(let tensor):
        tensor.withScalars { for x in $0 { hash.combine(x.bitPattern) } }
      }
    }
    return hash.text
  }
}
