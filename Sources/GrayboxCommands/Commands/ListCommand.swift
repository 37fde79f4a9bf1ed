internal import ArgumentParser
internal import Studies
internal import Tensors

/// `graybox list`.
struct ListCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List every method and study: what it needs, what it learns, its law."
  )

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  func run(in context: CommandContext) throws -> CommandFailure.Code {
    let catalogue = context.catalogue
    context.console.result(json ? Self.json(catalogue) : Self.text(catalogue))
    return .success
  }

  private static func json(_ catalogue: Catalogue) -> String {
    let methods = JSONText.array(catalogue.methods.map(json))
    let studies = JSONText.array(catalogue.studies.map(json))
    return "{\n\"methods\": \(methods.lines),\n\"studies\": \(studies.lines)\n}"
  }

  private static func json(_ method: MethodDescription) -> JSONText {
    .object([
      .init("id", .string(method.id)),
      .init("family", .string(method.family.rawValue)),
      .init("task", .string(method.task)),
      .init("needs", .words(method.needs)),
      .init("learns", .words(method.learns)),
      .init("parameters", parameters(method).map(JSONText.integer) ?? .null),
      .init("law", .optional(method.law)),
      .init("reference", .words(method.references)),
      .init("title", .string(method.title)),
      .init("summary", .string(method.summary)),
    ])
  }

  private static func json(_ study: StudyDescription) -> JSONText {
    let card = StudyCard(study)
    return .object([
      .init("id", .string(study.id)),
      .init("title", .optional(card.title)),
      .init("claim", .optional(card.claim)),
    ])
  }

  /// The number of trained parameters with the standard settings; nil when a setting has none.
  private static func parameters(_ method: MethodDescription) -> Int? {
    guard let settings = try? Settings([:], for: method.settings, owner: method.id) else {
      return nil
    }
    return try? method.cost(settings).parameters
  }

  private static func text(_ catalogue: Catalogue) -> String {
    var methods = TextTable(
      ["method", "family", "task", "parameters", "needs", "learns"],
      rightAligned: [3]
    )
    for method in catalogue.methods {
      methods.append([
        method.id, method.family.rawValue, method.task, parameters(method).map { "\($0)" } ?? "-",
        listed(method.needs), listed(method.learns),
      ])
    }
    var laws = TextTable(["method", "law", "reference"])
    for method in catalogue.methods {
      laws.append([method.id, method.law ?? "-", listed(method.references)])
    }
    var studies = TextTable(["study", "what it shows"])
    for study in catalogue.studies {
      studies.append([study.id, StudyCard(study).title ?? "-"])
    }
    return [methods.text, laws.text, studies.text].joined(separator: "\n\n")
      + "\n\ngraybox infer METHOD --help lists a method's arrays and settings."
  }

  private static func listed(_ words: [String]) -> String {
    words.isEmpty ? "-" : words.joined(separator: ", ")
  }
}
