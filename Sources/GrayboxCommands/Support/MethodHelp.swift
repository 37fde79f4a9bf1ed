internal import Studies

/// The help of one method: its arrays and settings, with shapes and units.
struct MethodHelp {
  private let method: MethodDescription
  private let command: String

  /// The help that a command line asks for as `infer METHOD --help`, or nil.
  static func asked(by arguments: [String], in context: CommandContext) throws -> String? {
    guard let command = arguments.first, ["infer", "train"].contains(command),
      arguments.contains(where: { ["--help", "-h"].contains($0) }),
      let id = arguments.dropFirst().first(where: { !$0.hasPrefix("-") })
    else { return nil }
    let methods = context.catalogue.methods
    guard let method = methods.first(where: { $0.id == id }) else {
      throw CommandFailure(
        .usage,
        "unknown method '\(id)'; known methods: \(methods.map(\.id).joined(separator: ", "))"
      )
    }
    return MethodHelp(method: method, command: command).text
  }

  private var text: String {
    [heading, knowledge, arrays, settings, usage].joined(separator: "\n\n")
  }

  private var heading: String {
    "\(method.id): \(method.title) (\(method.family.rawValue), \(method.task))\n\(method.summary)"
  }

  private var knowledge: String {
    var lines = [
      "needs:     \(listed(method.needs))", "learns:    \(listed(method.learns))",
    ]
    if let law = method.law { lines.append("law:       \(law)") }
    lines.append("reference: \(listed(method.references))")
    return lines.joined(separator: "\n")
  }

  private var arrays: String {
    let isTraining = command == "train"
    var table = TextTable(["array", "shape", "role", "unit", "meaning"])
    for array in method.arrays where !(isTraining && array.role == .output) {
      let shapes = array.shapes.map { "[\($0.joined(separator: ", "))]" }
      let isNeeded = array.isRequired || (isTraining && array.role == .target)
      let role = array.role.rawValue
      table.append([
        array.name, shapes.joined(separator: " or "),
        array.role == .output || isNeeded ? role : "\(role), optional",
        array.unit.isEmpty ? "-" : array.unit, array.summary,
      ])
    }
    return "arrays\n\(table.text)"
  }

  private var settings: String {
    guard !method.settings.isEmpty else { return "no settings" }
    var table = TextTable(["setting", "value", "standard", "unit", "meaning"])
    for setting in method.settings {
      table.append([
        setting.key, setting.kind.words, setting.standard?.words ?? "must be given",
        setting.unit.isEmpty ? "-" : setting.unit, setting.summary,
      ])
    }
    return "settings (--set key=value, or --config FILE.yaml)\n\(table.text)"
  }

  private var usage: String {
    guard command == "train" else {
      return "graybox infer \(method.id) --data FILE.npz --out OUT.npz"
    }
    guard method.train != nil else {
      return "It learns nothing: run it with graybox infer \(method.id)."
    }
    return "graybox train \(method.id) --data FILE.npz --out MODEL.safetensors"
  }

  private func listed(_ words: [String]) -> String {
    words.isEmpty ? "nothing" : words.joined(separator: ", ")
  }
}
