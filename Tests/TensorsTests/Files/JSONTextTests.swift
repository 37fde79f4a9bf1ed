internal import Tensors
internal import Testing

@Suite struct JSONTextTests {
  private func parse(_ text: String) throws -> JSONText { try JSONText(parsing: Array(text.utf8)) }

  @Test("values are parsed and written again")
  func parses() throws {
    let text = #"{"a":[1,-2.5,true,false,null,"x\n\"\\"],"b":{},"c":[]}"#
    let value = try parse(text)
    #expect(
      value["a"]
        == .array([
          .integer(1), .number(-2.5), .flag(true), .flag(false), .null, .string("x\n\"\\"),
        ])
    )
    #expect(value.text == text)
    #expect(value["d"] == nil)
    #expect(try parse(#"" \u00e9\ud83d\ude00\/""#) == .string(" \u{e9}\u{1f600}/"))
    #expect(try parse("1e2") == .number(100))
    #expect(try parse("99999999999999999999") == .number(1e20))
  }

  @Test(
    "what is not JSON is refused",
    arguments: [
      "", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "01", "1.", ".5", "+1", "-", "1e", "1e999", "nan",
      "\"\n\"", "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\u12g4\"", "\"a", "tru", "1 2",
      "{a:1}",
      "{\"a\":1,\"a\":2}", "'a'", "--1", "1-2",
    ]
  )
  func refuses(text: String) {
    #expect(throws: JSONText.Failure.self) { try parse(text) }
  }

  @Test("nesting has an end")
  func depth() throws {
    #expect(
      try parse(String(repeating: "[", count: 32) + String(repeating: "]", count: 32)) != .null
    )
    #expect(throws: JSONText.Failure(offset: 32, reason: "is nested too deeply")) {
      try parse(String(repeating: "[", count: 100_000))
    }
  }
}
