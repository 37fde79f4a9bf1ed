"""One training step of the 1-100-50-16 classifier in JAX with Adam: one call a step, and scanned.

In the scanned form 100 steps are one compiled call; its time is divided by 100.
"""

import rows

options, _ = rows.arguments(__doc__)

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

import adam_jax  # noqa: E402

SCANNED = 100


def started(key):
    sizes = (1, 100, 50, 16)
    parameters = []
    for inner, outer in zip(sizes, sizes[1:]):
        key, one, two = jax.random.split(key, 3)
        bound = inner**-0.5
        parameters.append(
            (
                jax.random.uniform(one, (inner, outer), minval=-bound, maxval=bound),
                jax.random.uniform(two, (outer,), minval=-bound, maxval=bound),
            )
        )
    return parameters


def loss_of(parameters, inputs, labels):
    (w1, b1), (w2, b2), (w3, b3) = parameters
    hidden = jax.nn.sigmoid(inputs @ w1 + b1)
    hidden = jax.nn.relu(hidden @ w2 + b2)
    chosen = jax.nn.log_softmax(hidden @ w3 + b3)
    return -jnp.mean(jnp.take_along_axis(chosen, labels[:, None], axis=1))


step = adam_jax.stepped(loss_of, rate=0.01)


def scanned(state, inputs, labels):
    return jax.lax.scan(
        lambda carry, _: (step(carry, inputs, labels), None), state, None, length=SCANNED
    )[0]


for batch in (1, 32, 256, 4096):
    key = jax.random.PRNGKey(1)
    parameters = started(key)
    inputs = jax.random.normal(key, (batch, 1))
    labels = jax.random.randint(key, (batch,), 0, 16)
    fresh = adam_jax.started(parameters)

    for peer, compiled, each in (
        ("JAX jit, one call a step", jax.jit(step, donate_argnums=0), 1),
        ("JAX lax.scan", jax.jit(scanned, donate_argnums=0), SCANNED),
    ):
        state = jax.tree_util.tree_map(jnp.copy, fresh)

        def calls(count):
            global state
            for _ in range(count):
                state = compiled(state, inputs, labels)
            jax.block_until_ready(state)

        median, minimum = rows.measured(calls, options.repeats, options.seconds)
        rows.row(
            "viterbinet-train", peer, batch, median / each, minimum / each, options.repeats,
            options.threads,
        )
