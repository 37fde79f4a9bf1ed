#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

func naturalLogarithm(_ x: Double) -> Double { log(x) }
func decibels(_ x: Double) -> Double { 10 * log10(x) }
