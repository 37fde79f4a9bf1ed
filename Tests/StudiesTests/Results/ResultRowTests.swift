internal import Studies
internal import Testing

@Suite struct ResultRowTests {
  @Test("the header holds the agreed columns in order")
  func columns() {
    #expect(
      ResultRow.columns.joined(separator: ",")
        == "study,scenario,method,family,axis,axis_value,axis_unit,train_size,mismatch,replicate,"
        + "metric,unit,value,ci_low,ci_high,blocks,trials,errors,sum,sum_squares,reference_sum,"
        + "status,stop_reason,seconds,seed,config"
    )
  }

  @Test("a row is written as one known line")
  func line() {
    var row = makeRow(scenario: "isi-channel;noise=poisson", method: "Viterbi, perfect", value: 0.1)
    row.trainSize = 5000
    #expect(
      row.line
        == "viterbinet,isi-channel;noise=poisson,\"Viterbi, perfect\",model-based,snr,2.0,dB,"
        + "5000,,0,symbol_error_rate,,0.1,0.095,0.10500000000000001,20,50000,5000,5000.0,5000.0,"
        + "50000.0,ok,target-errors,0.0,1,00ff\n"
    )
  }

  @Test(
    "numbers read back to the same bits",
    arguments: [
      0, -0.0, 0.1, 1.0 / 3, 1e-300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -1.5e-7,
      .infinity,
      -.infinity, 123_456_789.123_456_78,
    ]
  )
  func numbersRoundTrip(value: Double) throws {
    var row = makeRow(value: 0.5)
    row.value = value
    row.lower = value
    let back = try #require(read(row.line).rows.first)
    #expect(back.value.bitPattern == value.bitPattern)
    #expect(back.lower?.bitPattern == value.bitPattern)
  }

  @Test("NaN, absent values and the largest seed survive")
  func extremes() throws {
    var row = makeRow(value: .nan)
    row.seed = .max
    row.mismatch = 0.1
    let back = try #require(read(row.line).rows.first)
    #expect(back.value.isNaN)
    #expect(back.lower == nil && back.trainSize == nil)
    #expect(back.mismatch == 0.1)
    #expect(back.seed == .max)
  }

  @Test(
    "text with commas, quotes and line breaks survives",
    arguments: [
      "a,b", "say \"no\"", "\"", "two\nlines", "carriage\r\nreturn", "", " spaced ", "µ λ",
    ]
  )
  func textRoundTrips(text: String) throws {
    var row = makeRow()
    row.method = text
    row.config = text
    let back = try #require(read(row.line).rows.first)
    #expect(back.method == text && back.config == text)
  }

  private func read(_ lines: String) throws -> ResultTable {
    let text = ResultRow.columns.joined(separator: ",") + "\n" + lines
    return try ResultTable(decoding: Array(text.utf8), source: "r.csv")
  }
}
