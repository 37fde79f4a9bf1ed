internal import Studies

/// The help of one method: its arrays and settings, with shapes and units.
struct MethodHelp {
  private let method: MethodDescription
  private let command: String
  private let columns: Int

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
    return MethodHelp(method: method, command: command, columns: context.console.columns).text
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
    let shown = method.arrays.filter { !(isTraining && $0.role == .output) }
    return (["arrays"] + shown.map { entry(for: $0, isTraining: isTraining) })
      .joined(separator: "\n")
  }

  private func entry(for array: MethodDescription.Array, isTraining: Bool) -> String {
    let isNeeded = array.isRequired || (isTraining && array.role == .target)
    let isOptional = array.role != .output && !isNeeded
    let shapes = array.shapes.map { "[\($0.joined(separator: ", "))]" }
    let role = array.role.rawValue + (isOptional ? ", optional" : "")
    return entry(
      array.name,
      [shapes.joined(separator: " or "), role, array.unit],
      array.summary
    )
  }

  private var settings: String {
    guard !method.settings.isEmpty else { return "no settings" }
    let entries = method.settings.map { setting in
      let standard = setting.standard.map { "standard \($0)" } ?? "must be given"
      return entry(
        setting.key,
        [setting.kind.description, standard, setting.unit],
        setting.summary
      )
    }
    return (["settings (--set key=value, or --config FILE.yaml)"] + entries)
      .joined(separator: "\n")
  }

  /// A name with facts, and what it means on lines of their own.
  private func entry(_ name: String, _ facts: [String], _ meaning: String) -> String {
    let margin = "      "
    var lines = ["  \(name)  " + facts.filter { !$0.isEmpty }.joined(separator: "; ")]
    var line = margin
    for word in meaning.split(separator: " ") {
      if line.count + word.count > columns, line != margin {
        lines.append(line)
        line = margin
      }
      line += (line == margin ? "" : " ") + word
    }
    return (lines + [line]).joined(separator: "\n")
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
