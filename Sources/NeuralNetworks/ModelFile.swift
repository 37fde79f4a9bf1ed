public import Tensors

/// Everything that a trained method needs to run, and where it came from; the file alone runs.
///
/// Stored as safetensors: the tensors as they are, the rest as text in the header's metadata.
public struct ModelFile: Sendable, Equatable {
  /// The version of this layout that the program writes.
  public static let currentFormatVersion = 1

  /// An array that the method reads: name, extents as words or numbers, unit.
  public struct InputContract: Sendable, Equatable, Codable {
    /// The array's name in a data file.
    public var name: String
    /// The extents, such as `batch`, `time`, `4`.
    public var axes: [String]
    /// The unit or range of the numbers.
    public var unit: String

    /// The contract of one array.
    public init(name: String, axes: [String], unit: String) {
      self.name = name
      self.axes = axes
      self.unit = unit
    }
  }

  /// The method's id, as in `graybox list`.
  public var method: String
  /// The version of the method's tensors and settings.
  public var methodVersion: Int
  /// The resolved settings as a JSON object.
  public var settings: String
  /// Parameters, running statistics and constants by name.
  public var tensors: [String: NumericArray]
  /// The arrays that the method reads.
  public var inputs: [InputContract]
  /// Scenario, SNR, data hash, seed, program version: where the model was trained.
  public var provenance: [String: String]

  /// A model of the given parts.
  public init(
    method: String,
    methodVersion: Int,
    settings: String,
    tensors: [String: NumericArray],
    inputs: [InputContract],
    provenance: [String: String]
  ) {
    self.method = method
    self.methodVersion = methodVersion
    self.settings = settings
    self.tensors = tensors
    self.inputs = inputs
    self.provenance = provenance
  }
}
