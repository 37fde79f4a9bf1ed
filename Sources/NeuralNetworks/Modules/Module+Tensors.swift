internal import Autodiff
public import Tensors

extension Module {
  /// Copies of all parameters and states by dotted path, as a model file holds them.
  public func tensors() -> [String: NumericArray] {
    let walk = ModuleWalk(self)
    var arrays: [String: NumericArray] = [:]
    for (name, parameter) in walk.parameters { arrays[name] = NumericArray(parameter.value) }
    for (name, state) in walk.states { arrays[name] = NumericArray(state.value) }
    return arrays
  }

  /// Sets all parameters and states; nothing is changed when an error is thrown.
  ///
  /// - Parameters:
  ///   - tensors: one array for each name of ``tensors()``, no more and no less.
  ///   - source: where they come from, for messages.
  /// - Throws: ``NetworkError`` naming the path of a tensor that is missing, not expected, of another
  ///   shape or complex.
  public func load(_ tensors: [String: NumericArray], source: String) throws(NetworkError) {
    let walk = ModuleWalk(self)
    var known: Set<String> = []
    var parameterValues: [Tensor<Scalar>] = []
    var stateValues: [Tensor<Scalar>] = []
    for (name, parameter) in walk.parameters {
      known.insert(name)
      parameterValues.append(
        try tensors.checked(name, shape: parameter.shape, source: source)
      )
    }
    for (name, state) in walk.states {
      known.insert(name)
      stateValues.append(try tensors.checked(name, shape: state.shape, source: source))
    }
    for name in tensors.keys.sorted() where !known.contains(name) {
      throw .unexpectedTensor(name: name, source: source)
    }
    for (entry, value) in zip(walk.parameters, parameterValues) { entry.parameter.set(value) }
    for (entry, value) in zip(walk.states, stateValues) { entry.state.set(value) }
  }
}

extension NumericArray {
  /// A real tensor as an array of a file.
  package init<Scalar: RealTensorScalar>(_ tensor: Tensor<Scalar>) {
    if let tensor = tensor as? Tensor<Float> {
      self = .float(tensor)
    } else {
      self = .double(tensor.converted(to: Double.self))
    }
  }

  /// The numbers in the precision asked for, or nil for a complex array.
  package func real<Scalar: RealTensorScalar>(_ type: Scalar.Type) -> Tensor<Scalar>? {
    if let tensor = float as? Tensor<Scalar> { return tensor }
    return double?.converted(to: Scalar.self)
  }
}

extension [String: NumericArray] {
  /// The tensor of a name, of the shape that is needed.
  func checked<Scalar: RealTensorScalar>(
    _ name: String,
    shape: [Int],
    source: String
  ) throws(NetworkError) -> Tensor<Scalar> {
    guard let array = self[name] else { throw .missingTensor(name: name, source: source) }
    guard let tensor = array.real(Scalar.self) else { throw .notReal(name: name, source: source) }
    guard tensor.shape == shape else {
      throw .wrongShape(name: name, expected: shape, actual: tensor.shape, source: source)
    }
    return tensor
  }
}
