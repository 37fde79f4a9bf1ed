"""Adam in JAX operations, so that no second library is needed."""

import jax
import jax.numpy as jnp


def stepped(loss_of, rate):
    """A step (state, *batch) -> state of Adam on `loss_of(parameters, *batch)`."""

    def step(state, *batch):
        parameters, first, second, count = state
        gradient = jax.grad(loss_of)(parameters, *batch)
        count = count + 1
        tree = jax.tree_util.tree_map
        first = tree(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = tree(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        scale1 = 1 / (1 - 0.9**count)
        scale2 = 1 / (1 - 0.999**count)
        parameters = tree(
            lambda p, m, v: p - rate * (m * scale1) / (jnp.sqrt(v * scale2) + 1e-8),
            parameters, first, second,
        )
        return parameters, first, second, count

    return step


def started(parameters):
    """The state before the first step."""
    zeros = jax.tree_util.tree_map(jnp.zeros_like, parameters)
    return parameters, zeros, jax.tree_util.tree_map(jnp.copy, zeros), jnp.float32(0)
