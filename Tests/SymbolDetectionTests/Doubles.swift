#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

extension Double {
  static func exponential(_ x: Double) -> Double { exp(x) }
  static func naturalLogarithm(_ x: Double) -> Double { log(x) }
  static func cosine(_ x: Double) -> Double { cos(x) }
  static func powerOfTen(_ x: Double) -> Double { pow(10, x) }
}
