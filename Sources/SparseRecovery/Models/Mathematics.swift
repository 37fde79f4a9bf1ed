#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

// The C library's functions under names that do not clash with those of tensors.

/// The natural logarithm.
func naturalLogarithm(_ x: Double) -> Double { log(x) }

/// `e` to the power `x`.
func exponential(_ x: Double) -> Double { exp(x) }

/// 10 to the power `x`.
func powerOfTen(_ x: Double) -> Double { pow(10, x) }

/// The cosine.
func cosine(_ x: Double) -> Double { cos(x) }

/// The logarithm to base 10.
func decadicLogarithm(_ x: Double) -> Double { log10(x) }
