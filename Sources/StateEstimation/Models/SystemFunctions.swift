internal import Autodiff
package import Tensors

/// A transition that settings can name; one type for all, so that a filter is compiled once.
package enum SystemTransition<Scalar: RealTensorScalar>: VectorFunction {
  case linear(LinearFunction<Scalar>)
  case sinusoidal(SinusoidalTransition<Scalar>)
  case lorenz(LorenzTransition<Scalar>)
  case pendulum(PendulumTransition<Scalar>)

  package var inputs: Int {
    switch self {
    case .linear(let f): f.inputs
    case .sinusoidal(let f): f.inputs
    case .lorenz(let f): f.inputs
    case .pendulum(let f): f.inputs
    }
  }

  package var outputs: Int {
    switch self {
    case .linear(let f): f.outputs
    case .sinusoidal(let f): f.outputs
    case .lorenz(let f): f.outputs
    case .pendulum(let f): f.outputs
    }
  }

  package func evaluate(_ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>) {
    switch self {
    case .linear(let f): f.evaluate(x, into: y)
    case .sinusoidal(let f): f.evaluate(x, into: y)
    case .lorenz(let f): f.evaluate(x, into: y)
    case .pendulum(let f): f.evaluate(x, into: y)
    }
  }

  package func jacobian(_ x: UnsafePointer<Scalar>, into matrix: UnsafeMutablePointer<Scalar>) {
    switch self {
    case .linear(let f): f.jacobian(x, into: matrix)
    case .sinusoidal(let f): f.jacobian(x, into: matrix)
    case .lorenz(let f): f.jacobian(x, into: matrix)
    case .pendulum(let f): f.jacobian(x, into: matrix)
    }
  }

  package func stateDependentMatrix(
    _ x: UnsafePointer<Scalar>,
    into matrix: UnsafeMutablePointer<Scalar>
  ) {
    switch self {
    case .linear(let f): f.stateDependentMatrix(x, into: matrix)
    case .sinusoidal(let f): f.stateDependentMatrix(x, into: matrix)
    case .lorenz(let f): f.stateDependentMatrix(x, into: matrix)
    case .pendulum(let f): f.stateDependentMatrix(x, into: matrix)
    }
  }

  package func applied(to x: Tensor<Scalar>) -> Tensor<Scalar> {
    switch self {
    case .linear(let f): f.applied(to: x)
    case .sinusoidal(let f): f.applied(to: x)
    case .lorenz(let f): f.applied(to: x)
    case .pendulum(let f): f.applied(to: x)
    }
  }

  package func jacobians(at x: Tensor<Scalar>) -> Tensor<Scalar> {
    switch self {
    case .linear(let f): f.jacobians(at: x)
    case .sinusoidal(let f): f.jacobians(at: x)
    case .lorenz(let f): f.jacobians(at: x)
    case .pendulum(let f): f.jacobians(at: x)
    }
  }

  package func pulledBack(_ slopes: Tensor<Scalar>, at x: Tensor<Scalar>) -> Tensor<Scalar> {
    switch self {
    case .linear(let f): f.pulledBack(slopes, at: x)
    case .sinusoidal(let f): f.pulledBack(slopes, at: x)
    case .lorenz(let f): f.pulledBack(slopes, at: x)
    case .pendulum(let f): f.pulledBack(slopes, at: x)
    }
  }
}

/// An emission that settings can name.
package enum SystemEmission<Scalar: RealTensorScalar>: VectorFunction {
  case linear(LinearFunction<Scalar>)
  case quadratic(QuadraticEmission<Scalar>)
  case spherical(SphericalEmission<Scalar>)

  package var inputs: Int {
    switch self {
    case .linear(let h): h.inputs
    case .quadratic(let h): h.inputs
    case .spherical(let h): h.inputs
    }
  }

  package var outputs: Int {
    switch self {
    case .linear(let h): h.outputs
    case .quadratic(let h): h.outputs
    case .spherical(let h): h.outputs
    }
  }

  package func evaluate(_ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>) {
    switch self {
    case .linear(let h): h.evaluate(x, into: y)
    case .quadratic(let h): h.evaluate(x, into: y)
    case .spherical(let h): h.evaluate(x, into: y)
    }
  }

  package func jacobian(_ x: UnsafePointer<Scalar>, into matrix: UnsafeMutablePointer<Scalar>) {
    switch self {
    case .linear(let h): h.jacobian(x, into: matrix)
    case .quadratic(let h): h.jacobian(x, into: matrix)
    case .spherical(let h): h.jacobian(x, into: matrix)
    }
  }

  package func applied(to x: Tensor<Scalar>) -> Tensor<Scalar> {
    switch self {
    case .linear(let h): h.applied(to: x)
    case .quadratic(let h): h.applied(to: x)
    case .spherical(let h): h.applied(to: x)
    }
  }

  package func jacobians(at x: Tensor<Scalar>) -> Tensor<Scalar> {
    switch self {
    case .linear(let h): h.jacobians(at: x)
    case .quadratic(let h): h.jacobians(at: x)
    case .spherical(let h): h.jacobians(at: x)
    }
  }
}

/// A model that settings can name.
package typealias SystemModel<Scalar: RealTensorScalar> = StateSpaceModel<
  SystemTransition<Scalar>, SystemEmission<Scalar>
>
