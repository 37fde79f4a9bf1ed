import Foundation
import GrayboxCommands
import Testing

@Suite struct BenchAndDoctorTests {
  @Test("bench prints the JSON of the contract")
  func json() throws {
    let run = Run("bench", "--filter", "normals", "--json")
    #expect(run.code == 0, "\(run.errors)")
    let parsed = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
    let rows = try #require(parsed as? [[String: Any]])
    #expect(rows.count == 1)
    let row = try #require(rows.first)
    let keys = ["name", "batch", "nanoseconds", "minimum", "repeats", "threads", "kernel", "blas"]
    #expect(Set(row.keys) == Set(keys))
    let median = try #require(row["nanoseconds"] as? Double)
    let minimum = try #require(row["minimum"] as? Double)
    #expect(median >= minimum && minimum > 0)
    #expect(try #require(row["repeats"] as? Int) >= 5)
  }

  @Test("a filter that fits nothing lists the rows")
  func noRow() {
    Run("bench", "--filter", "nosuch").failed(.usage, naming: "nosuch", "viterbinet-train")
  }

  @Test("doctor says what was found")
  func doctor() {
    let run = Run("doctor")
    #expect(run.code == 0)
    for name in ["graybox", "processor", "threads", "kernels", "BLAS", "zlib", "gnuplot"] {
      #expect(run.output.contains("\(name) "), "\(name)")
    }
  }
}
