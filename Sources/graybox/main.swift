import GrayboxCommands

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

exit(GrayboxProgram.run(Array(CommandLine.arguments.dropFirst())))
