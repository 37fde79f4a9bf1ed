import Studies
import Testing

@Suite struct StudySpecificationTests {
  static let full = """
    study: toy
    title: "A: title, with #signs"
    claim: >
      Two lines
      of card.
    seed: 9
    scenario: {id: noise, offset: 0.25}
    average: {offset: {from: 0.1, to: 0.5, step: 0.1}}
    axes: {snr: [-6, 2.5, 10]}
    item_block: 50_000
    stop: {errors: 100, maximum_trials: 1e6, relative_width: 0.2}
    training: {size: 500, validation: 50, scenario: {snr: 3}}
    methods:
      - sign
      - id: learned
        label: "Learned, \\"quoted\\""
        settings: {rate: 1, epochs: 7}
        training: {size: 10, scenario: {offset: 1}}
        only: {snr: 10}
        search: {settings: {rate: [0.1, 0.5], epochs: [1, 2, 3]}, at: {snr: 10}}
    parts:
      - {id: first}
      - id: second
        title: Sizes
        scenario: {snr: 6}
        average: {}
        axes: {train_size: [10, 100]}
        methods: {learned: {settings: {epochs: 9}}}
    claims:
      - {kind: value-at-most, part: first, method: sign, at: {snr: [2.5, 10]}, value: 0.3}
      - kind: matches-row
        part: first
        method: sign
        values: {-6: "0.300", 10: "4.4e-4"}
        presets: [full]
    presets:
      smoke:
        item_block: 100
        methods: {"*": {only: null}, sign: {settings: {threshold: 1}}}
        parts: {second: {axes: {train_size: [10]}}, first: {replicates: 3}}
      full: {}
    """

  private func read(_ yaml: String, preset: String? = nil, set: [String] = []) throws
    -> StudySpecification
  {
    try ToyStudy.specification(yaml, preset: preset, set: set)
  }

  @Test("parts inherit what they do not say")
  func inheritance() throws {
    let study = try read(Self.full)
    #expect(study.title == "A: title, with #signs" && study.card == "Two lines of card.\n")
    #expect(study.parts.map(\.id) == ["first", "second"])
    let (first, second) = (study.parts[0], study.parts[1])
    #expect(first.itemBlock == 50_000 && second.itemBlock == 50_000)
    #expect(first.stop.errors == 100 && first.stop.maximumTrials == 1_000_000)
    #expect(first.average == [StudyAxis(key: "offset", values: [0.1, 0.2, 0.3, 0.4, 0.5])])
    #expect(second.average.isEmpty)
    #expect(second.axes == [StudyAxis(key: "train_size", values: [10, 100])])
    #expect(first.methods[1].settings.integer("epochs") == 7)
    #expect(second.methods[1].settings.integer("epochs") == 9)
    #expect(second.methods[1].settings.number("rate") == 1)
    guard case .scenario("noise", let settings) = second.source else {
      Issue.record("\(second.source)")
      return
    }
    #expect(settings.number("snr") == 6 && settings.number("offset") == 0.25)
  }

  @Test("a method's entry keeps its label, training, subset and search")
  func methodEntry() throws {
    let method = try read(Self.full).parts[0].methods[1]
    #expect(method.label == "Learned, \"quoted\"" && method.training.size == 10)
    #expect(method.training.scenario == ["offset": .integer(1)])
    #expect(method.only == [StudyAxis(key: "snr", values: [10])])
    let search = try #require(method.search)
    #expect(search.combinations.count == 6 && search.judge == .metric && search.usesBest)
    #expect(search.combinations[1] == ["rate": .number(0.1), "epochs": .integer(2)])
  }

  @Test("a preset merges over the file")
  func presets() throws {
    let study = try read(Self.full, preset: "smoke")
    #expect(study.preset == "smoke" && study.parts.map(\.itemBlock) == [100, 100])
    #expect(study.parts.map(\.replicates) == [3, 1])
    #expect(study.parts[1].axes[0].values == [10])
    #expect(study.parts[0].methods[1].only.isEmpty)
    #expect(study.parts[0].methods[0].settings.number("threshold") == 1)
    #expect(study.parts[0].stop.errors == 100)
  }

  @Test("a value that is set reaches the parts that say something else")
  func assignments() throws {
    let study = try read(
      Self.full,
      preset: "smoke",
      set: ["methods.learned.settings.epochs=3", "item_block=7", "stop={errors: 5}"]
    )
    #expect(study.parts.map { $0.methods[1].settings.integer("epochs") } == [3, 3])
    #expect(study.parts.map(\.itemBlock) == [7, 7])
    #expect(study.parts[0].stop.errors == 5 && study.parts[0].stop.maximumTrials == 1_000_000)
  }

  @Test("what is written reads back to the same", arguments: [nil, "smoke"])
  func roundTrip(preset: String?) throws {
    let study = try read(Self.full, preset: preset)
    let again = try read(study.yaml)
    #expect(again == study)
    #expect(again.config == study.config && again.yaml == study.yaml)
  }

  @Test("the hash follows every number and no word")
  func configuration() throws {
    let base = try read(Self.full).config
    #expect(try read(Self.full, set: ["title=x", "claims=[]"]).config == base)
    for change in [
      "seed=8", "item_block=49", "stop.errors=99", "training.size=501", "parts.first.replicates=2",
      "methods.learned.settings.rate=0.5", "parts.second.scenario.snr=7",
    ] {
      #expect(try read(Self.full, set: [change]).config != base, "\(change)")
    }
  }

  @Test(
    "an unknown key is an error that lists the known ones",
    arguments: [
      ("colour: red", "toy.yaml: unknown key 'colour'; known keys: study, title, claim"),
      ("stop: {error: 3}", "toy.yaml: stop: unknown key 'error'; known keys: errors, relative_"),
      ("scenario: {id: noise, sne: 3}", "scenario noise: unknown key 'sne'; known keys: snr"),
      ("scenario: {id: nois}", "scenarios: unknown key 'nois'; known keys: noise"),
      ("methods: [{id: sgn}]", "methods: unknown key 'sgn'; known keys: sign, learned"),
      ("methods: [{id: sign, setting: {}}]", "method sign: unknown key 'setting'; known keys: id"),
      ("methods: [{id: sign, settings: {t: 1}}]", "unknown key 't'; known keys: threshold"),
      ("methods: [{id: sign, arrays: {tap: x}}]", "unknown key 'tap'; known keys: observations"),
      ("axes: {sne: [1]}", "axes: unknown key 'sne'; known keys: train_size, snr"),
      ("training: {sizes: 3}", "training: unknown key 'sizes'; known keys: size"),
      ("methods: [{id: sign, only: {x: 1}}]", "only: unknown key 'x'; known keys: snr"),
      ("parts: [{id: a, colour: 1}]", "part a: unknown key 'colour'; known keys: id"),
      ("mismatch: x", "mismatch: unknown key 'x'; known keys: snr"),
      ("claims: [{kind: below, method: x, reference: sign}]", "unknown key 'x'; known keys: sign"),
      ("claims: [{kind: below, methd: x}]", "claim 0: key 'method' must be given"),
    ]
  )
  func unknownKeys(line: String, message: String) throws {
    let key = String(line.prefix { $0 != ":" })
    var lines = [
      "study: toy", "scenario: noise", "axes: {snr: [0]}", "methods: [sign]",
    ].filter { !$0.hasPrefix(key + ":") }
    lines.append(line)
    let error = #expect(throws: StudyError.self) {
      try ToyStudy.specification(lines.joined(separator: "\n"))
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "none")")
  }

  @Test(
    "values that make no sense are refused with their place",
    arguments: [
      ("axes: {snr: []}", "at least one number"), ("axes: {snr: [1, 1]}", "none of them twice"),
      ("axes: {snr: [a]}", "a list of numbers"), ("axes: {snr: [99]}", "key 'snr' cannot be"),
      ("axes: {snr: {from: 1, to: 0, step: 1}}", "{from, to, step}"),
      ("axes: {train_size: [0.5]}", "whole numbers"), ("item_block: 0", "at least 1"),
      ("item_block: many", "a whole number"), ("seed: -1", "at least 0"),
      ("study: a/b", "letters, digits"), ("methods: []", "at least one method"),
      ("methods: [sign, sign]", "two methods are called 'sign'"),
      ("methods: [learned]", "key 'size' must be given"), ("parts: []", "at least one part"),
      ("parts: [{id: a}, {id: a}]", "the same id"), ("parts: [{title: a}]", "key 'id'"),
      ("data: {test: a.npz}", "not both"), ("tracking: {blocks: 2}", "'pilots'"),
      ("average: {snr: [1]}", "swept or averaged twice"),
      ("claims: [{kind: ratio-at-most, method: sign, reference: sign}]", "key 'value'"),
      ("claims: [{kind: matches-row, method: sign, values: {0: 0.30}}]", "in quotes"),
      ("claims: [{kind: nearly, method: sign}]", "ratio-at-most"),
      ("methods: [{id: sign, search: {settings: {threshold: [1]}, judge: loss}}]", "learns"),
    ]
  )
  func badValues(line: String, message: String) throws {
    let key = String(line.prefix { $0 != ":" })
    var lines = [
      "study: toy", "scenario: noise", "axes: {snr: [0]}", "methods: [sign]",
    ].filter { !$0.hasPrefix(key + ":") }
    lines.append(line)
    let error = #expect(throws: StudyError.self) {
      try ToyStudy.specification(lines.joined(separator: "\n"))
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "none")")
  }

  @Test("presets and paths that do not exist list those that do")
  func missingNames() throws {
    let message = "toy.yaml: presets: unknown key 'fast'; known keys: smoke, full"
    let preset = #expect(throws: StudyError.self) { try read(Self.full, preset: "fast") }
    #expect(preset?.description == message)
    let path = #expect(throws: StudyError.self) {
      try read(Self.full, set: ["methods.lstm.settings.x=1"])
    }
    #expect(path?.description.contains("unknown key 'lstm'; known keys: sign, Learned") == true)
  }

  @Test("the documented example has the documented form")
  func forms() throws {
    #expect(
      try StudyNode(yaml: "{a: 1e6, b: yes, c: '1', d: 50_000}", source: "").asMap?["a"]
        == .value(.number(1e6))
    )
    let map = try #require(
      try StudyNode(yaml: "{b: yes, c: '1', d: 50_000, e: true, f: }", source: "").asMap
    )
    #expect(map["b"] == .text("yes") && map["c"] == .text("1") && map["d"] == .integer(50_000))
    #expect(map["e"] == .value(.flag(true)) && map["f"] == .null)
  }

  @Test(
    "damaged files give one sentence",
    arguments: ["{a: 1", "a: 1\na: 2", "- : -\n :", "? [a]\n: 1", "\u{0}", "a: &x [*x]"]
  )
  func damaged(yaml: String) throws {
    #expect(throws: StudyError.self) { try ToyStudy.specification(yaml) }
  }

  @Test("aliases that multiply end in an error")
  func aliases() throws {
    var yaml = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    for level in 1..<9 {
      let inner = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      yaml += "a\(level): &a\(level) [\(inner)]\n"
    }
    let error = #expect(throws: StudyError.self) { try ToyStudy.specification(yaml) }
    #expect(error?.description.contains("more than") == true)
  }
}
