"""One training step of LISTA-CP (16 layers, 250 measurements, 500 unknowns) in JAX, with Adam.

One compiled call a step. Layer k is
s = shrink(s + (x - s A') W_k, theta_k); the loss is the mean squared error of the last one.
"""

import rows

options, _ = rows.arguments(__doc__)

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

import adam_jax  # noqa: E402

LAYERS, MEASUREMENTS, UNKNOWNS, BATCH = 16, 250, 500, 64

keys = jax.random.split(jax.random.PRNGKey(1), 3)
dictionary = jax.random.normal(keys[0], (MEASUREMENTS, UNKNOWNS))
dictionary = dictionary / jnp.linalg.norm(dictionary, axis=0)
size = 1 / jnp.linalg.norm(dictionary, 2) ** 2
signals = jax.random.normal(keys[1], (BATCH, UNKNOWNS)) * (
    jax.random.uniform(keys[2], (BATCH, UNKNOWNS)) < 0.1
)
observations = signals @ dictionary.T


def loss_of(parameters, observations, signals):
    matrices, thresholds = parameters
    estimate = None
    for matrix, threshold in zip(matrices, thresholds):
        if estimate is None:
            moved = observations @ matrix
        else:
            moved = estimate + (observations - estimate @ dictionary.T) @ matrix
        estimate = jnp.sign(moved) * jax.nn.relu(jnp.abs(moved) - threshold)
    return jnp.mean((estimate - signals) ** 2)


step = adam_jax.stepped(loss_of, rate=1e-4)


compiled = jax.jit(step, donate_argnums=0)
parameters = (
    [jnp.array(size * dictionary) for _ in range(LAYERS)],
    [jnp.array(0.5 * size) for _ in range(LAYERS)],
)
state = adam_jax.started(parameters)


def calls(count):
    global state
    for _ in range(count):
        state = compiled(state, observations, signals)
    jax.block_until_ready(state)


median, minimum = rows.measured(calls, options.repeats, options.seconds)
rows.row(
    "lista-cp-train", "JAX jit, one call a step", BATCH, median, minimum, options.repeats,
    options.threads,
)
