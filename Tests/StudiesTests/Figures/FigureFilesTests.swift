internal import Studies
internal import Testing

@Suite struct FigureFilesTests {
  private static let figure = Figure(
    name: "snr",
    title: "study: 'SNR'\nset output",
    horizontal: Figure.Axis(title: "SNR", unit: "dB"),
    vertical: Figure.Axis(title: "Symbol error rate", isLogarithmic: true, limit: 1),
    curves: [
      Figure.Curve(
        label: "Viterbi",
        style: CurveStyle(colour: "#000000", dashes: [], marker: 6),
        points: [
          Figure.Point(x: 0, value: 0.1, lower: 0.09, upper: 0.11),
          Figure.Point(x: 2, value: 0.01, lower: 0.009, upper: 0.011),
          Figure.Point(x: 4, value: nil, bound: 0.0003),
        ]
      ),
      Figure.Curve(
        label: "LSTM",
        style: CurveStyle(colour: "#e69f00", dashes: [8, 4], marker: 1),
        points: [Figure.Point(x: 0, value: .nan)]
      ),
    ]
  )

  @Test("the data file holds one block a curve")
  func data() {
    let expected = """
      # study: 'SNR' set output
      # x: SNR (dB); value: Symbol error rate; NaN: none; bound: upper bound where no error was seen
      # Viterbi
      # x value lower upper bound
      0.0 0.1 0.09 0.11 NaN
      2.0 0.01 0.009 0.011 NaN
      4.0 NaN NaN NaN 0.0003


      # LSTM
      # x value lower upper bound
      0.0 NaN NaN NaN NaN

      """
    #expect(FigureFiles(Self.figure).data == expected)
  }

  @Test("the script is the agreed one")
  func script() {
    let expected = #"""
      # Draws snr.png and snr.svg from snr.dat; run it here: gnuplot snr.gp
      reset
      set encoding utf8
      set terminal pngcairo size 1200,720 background rgb 'white' font 'Sans,14' linewidth 1.3
      set output 'snr.png'
      set datafile missing 'NaN'
      scale = 1.0
      set title 'study: ''SNR'' set output' noenhanced font ',17'
      set border 3 linewidth 1 linecolor rgb '#404040'
      set tics nomirror out scale 0.7
      set grid xtics ytics mytics linetype 1 linecolor rgb '#cfcfcf' linewidth 0.6, linetype 1 linecolor rgb '#ebebeb' linewidth 0.5
      set key outside right top vertical Left reverse samplen 5 spacing 1.35 width 0 noenhanced
      set pointintervalbox 0.9
      set xlabel 'SNR (dB)' noenhanced
      set ylabel 'Symbol error rate' noenhanced
      set xrange [-0.12:4.12]
      set xtics ('0' 0.0, '2' 2.0, '4' 4.0)
      set yrange [0.0002:0.2]
      set logscale y 10
      set mytics 10
      set format y '10^{%T}'
      floor = 0.0002
      inside(y) = y > floor ? y : floor
      plot 'snr.dat' index 0 using 1:(inside($3)):(inside($4)) with filledcurves fillcolor rgb '#000000' fillstyle transparent solid 0.18 noborder notitle, \
           'snr.dat' index 0 using 1:2 with linespoints linecolor rgb '#000000' linewidth 2 dashtype solid pointtype 6 pointsize 1.3*scale pointinterval -1 title 'Viterbi', \
           NaN with linespoints linecolor rgb '#e69f00' linewidth 2 dashtype (8,4) pointtype 1 pointsize 1.6*scale pointinterval 1 title 'LSTM', \
           'snr.dat' index 0 using 1:5 with points linecolor rgb '#000000' pointtype 10 pointsize 1.5*scale linewidth 1.4 notitle
      set terminal svg size 1200,720 dynamic background rgb 'white' font 'Helvetica,Arial,sans-serif,16' linewidth 1.3
      set output 'snr.svg'
      scale = 0.62
      replot
      set output

      """#
    #expect(FigureFiles(Self.figure).script == expected)
  }

  @Test("a title of 74 letters keeps its size, a longer one shrinks")
  func longTitles() {
    for (letters, size) in [(74, 17), (90, 13), (400, 8)] {
      var figure = Self.figure
      figure.title = String(repeating: "x", count: letters)
      #expect(FigureFiles(figure).script.contains("noenhanced font ',\(size)'"))
    }
  }

  @Test("axis titles begin with a capital and name the unit once")
  func labels() {
    #expect(Figure.Axis(title: "SNR 1/sigma^2", unit: "dB").label == "SNR 1/σ² (dB)")
    #expect(Figure.Axis(title: "SNR, rho (Poisson)", unit: "dB").label == "SNR, rho (Poisson), dB")
    #expect(Figure.Axis(title: "error rate").label == "Error rate")
  }

  @Test("one value of the axis gives a row a method, others a line each")
  func dotPlot() {
    var figure = Self.figure
    figure.curves[0].points = [Figure.Point(x: 0, value: 0.1, lower: 0.09, upper: 0.11)]
    let script = FigureFiles(figure).script
    #expect(script.contains("set ytics ('Viterbi' 1, 'LSTM' 0) noenhanced"))
    #expect(script.contains("using 2:(1):3:4 with xerrorbars"))
    #expect(!script.contains("linespoints"))
  }

  @Test("styles differ within a study and follow the family")
  func styles() {
    let names = (0..<8).map { "m\($0)" }
    let families = ["model-based", "hybrid", "data-driven"]
    let methods = families.flatMap { family in names.map { (name: family + $0, family: family) } }
    let styles = CurveStyle.assigned(to: methods)
    #expect(Set(styles.values).count == methods.count)
    for name in names {
      #expect(styles["model-based" + name]?.hasOpenMarker == true)
      #expect(styles["hybrid" + name]?.isFilled == true)
      #expect(styles["data-driven" + name]?.dashes.isEmpty == false)
    }
    // In black and white, the first four of each family differ by marker alone.
    for family in families {
      #expect(Set(names.prefix(4).compactMap { styles[family + $0]?.marker }).count == 4)
    }
  }
}
