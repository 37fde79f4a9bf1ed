#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

// The C library's functions under names that do not clash with those of tensors.

/// The sine of an angle in radians.
func sine(_ x: Double) -> Double { sin(x) }

/// The cosine of an angle in radians.
func cosine(_ x: Double) -> Double { cos(x) }

/// The angle of the point `(x, y)`.
func angle(_ y: Double, _ x: Double) -> Double { atan2(y, x) }

/// The natural logarithm.
func naturalLogarithm(_ x: Double) -> Double { log(x) }

/// `e` to the power `x`.
func exponential(_ x: Double) -> Double { exp(x) }

/// 10 to the power `x`.
func powerOfTen(_ x: Double) -> Double { pow(10, x) }

/// Degrees as radians.
func radians(_ degrees: Double) -> Double { degrees * Double.pi / 180 }
