internal import Studies
internal import Testing

@Suite struct SummaryTests {
  @Test("replicates become one row with median and quartiles, in order of appearance")
  func summary() throws {
    let values = [0.75, 0.25, 0.5, 1]
    let rows =
      values.indices.map { makeRow(method: "ViterbiNet", replicate: $0, value: values[$0]) }
      + [makeRow(value: 0.05)]
    let folder = TemporaryFolder()
    try ResultTable(rows).writeSummary(to: folder.file("summary.csv"))
    // By definition 7: 0.25 + 0.75 * 0.25, 0.5 + 0.5 * 0.25, 0.75 + 0.25 * 0.25.
    let expected =
      "study,scenario,method,family,axis,axis_value,axis_unit,metric,unit,replicates,median,"
      + "lower_quartile,upper_quartile\n"
      + "viterbinet,isi-channel,ViterbiNet,model-based,snr,2.0,dB,symbol_error_rate,,4,0.625,"
      + "0.4375,0.8125\n"
      + "viterbinet,isi-channel,Viterbi,model-based,snr,2.0,dB,symbol_error_rate,,1,0.05,0.05,0.05\n"
    #expect(try folder.text("summary.csv") == expected)
  }

  @Test("timings are written as agreed and read back")
  func timings() throws {
    let folder = TemporaryFolder()
    let rows = [
      TimingRow(
        method: "LSTM, tuned",
        parameters: 100,
        multiplyAccumulates: 4000,
        items: 1000,
        seconds: 0.5
      )
    ]
    try TimingRow.write(rows, to: folder.file("timings.csv"))
    #expect(
      try folder.text("timings.csv")
        == "method,parameters,multiply_accumulates,items,seconds,nanoseconds_per_item\n"
        + "\"LSTM, tuned\",100,4000,1000,0.5,500000.0\n"
    )
    #expect(try TimingRow.read(folder.file("timings.csv")) == rows)
  }
}
