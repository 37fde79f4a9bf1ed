import Foundation
import GrayboxCommands
import Studies
import Testing

@Suite struct ListCommandTests {
  @Test("prints the JSON of the contract: every key, in order, for every method and study")
  func json() {
    let run = Run("list", "--json")
    #expect(run.code == 0)
    #expect(
      run.output == """
        {
        "methods": [
          {"id":"sign","family":"model-based","task":"signs","needs":["threshold"],"learns":[],\
        "parameters":0,"law":null,"reference":["nobody2000"],"title":"Sign detector",\
        "summary":"Decides by a threshold."},
          {"id":"learned","family":"hybrid","task":"signs","needs":[],"learns":["threshold"],\
        "parameters":1,"law":"with the threshold of the model it is the sign detector",\
        "reference":["nobody2001"],"title":"Learned threshold",\
        "summary":"Learns the threshold from examples."}
        ],
        "studies": [
          {"id":"signs","title":"Signs in noise",\
        "claim":"The learned threshold is as good as the known one."}
        ]
        }

        """
    )
  }

  @Test("prints a line for every method, with its law, and for every study")
  func text() {
    let run = Run("list")
    #expect(run.code == 0)
    for words in ["sign", "model-based", "learned", "hybrid", "is the sign detector", "nobody2000"]
    {
      #expect(run.output.contains(words))
    }
    #expect(run.output.contains("signs  Signs in noise"))
  }

  @Test("the program's own JSON parses, and every reference is a key of References.bib")
  func references() throws {
    let run = Run(["list", "--json"], catalogue: .standard)
    let parsed = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
    let object = try #require(parsed as? [String: [[String: Any]]])
    let methods = try #require(object["methods"])
    let bibliography = try Repository.text("Documentation/References.bib")
    #expect(!methods.isEmpty)
    for method in methods {
      let keys = try #require(method["reference"] as? [String])
      #expect(!keys.isEmpty, "\(method["id"] ?? "")")
      for key in keys {
        #expect(bibliography.contains("{\(key),"), "\(method["id"] ?? ""): \(key)")
      }
      #expect(["model-based", "hybrid", "data-driven"].contains(method["family"] as? String))
      #expect(method["family"] as? String != "hybrid" || method["law"] as? String != nil)
    }
  }
}
