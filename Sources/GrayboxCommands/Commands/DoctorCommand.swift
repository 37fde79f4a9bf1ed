internal import ArgumentParser
internal import Studies

/// `graybox doctor`.
struct DoctorCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Say what was found on this machine: processor, kernels, BLAS, threads, tools."
  )

  func run(in context: CommandContext) throws -> CommandFailure.Code {
    let machine = MachineReport()
    let features = MachineReport.features()
    let gnuplot = MachineReport.path(of: "gnuplot")
    let lines = [
      ("graybox", GrayboxProgram.version),
      ("processor", machine.processor),
      ("extensions", features.isEmpty ? "unknown" : features.joined(separator: " ")),
      ("threads", "\(machine.threads)"),
      (
        "kernels",
        "\(machine.kernels) (can run: \(machine.runnableKernels.joined(separator: ", ")))"
      ),
      ("BLAS", blas(machine)),
      ("zlib", machine.zlib ?? "none: compressed .npz files cannot be read"),
      ("libpng", machine.libpng ?? "none: images are read and written as PGM only"),
      ("gnuplot", gnuplot ?? "none: studies write data and scripts, but no pictures"),
    ]
    let width = lines.map(\.0.count).max() ?? 0
    for (name, value) in lines {
      context.console.result(
        name + String(repeating: " ", count: width - name.count + 2) + value
      )
    }
    for warning in warnings(machine) { context.console.result("warning: \(warning)") }
    return .success
  }

  private func blas(_ machine: MachineReport) -> String {
    machine.blas == "none" ? "none: our own blocked product is used" : machine.blasWords
  }

  private func warnings(_ machine: MachineReport) -> [String] {
    var warnings: [String] = []
    if let refused = machine.refusedKernels {
      warnings.append(
        "GRAYBOX_KERNELS=\(refused) was refused: this processor runs "
          + machine.runnableKernels.joined(separator: ", ")
      )
    }
    if let pin = machine.pinWarning { warnings.append(pin) }
    return warnings
  }
}
