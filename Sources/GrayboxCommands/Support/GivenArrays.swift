internal import Studies
internal import Tensors

/// The user's arrays, as a method asks for them.
enum GivenArrays {
  /// The arrays of a file; the only array of a file without names is what the method reads first.
  ///
  /// - Throws: ``CommandFailure`` for a file that cannot be read.
  static func read(_ path: String, for method: MethodDescription) throws(CommandFailure)
    -> ArrayBundle
  {
    let arrays = try CommandFailure.describing { try ArrayFiles.read(path) }
    guard arrays.names == [ArrayFiles.standardName], let input = method.arrays.first,
      input.role == .input, input.name != ArrayFiles.standardName
    else { return arrays }
    var named = ArrayBundle(source: arrays.source)
    named[input.name] = arrays[ArrayFiles.standardName]
    return named
  }
}
