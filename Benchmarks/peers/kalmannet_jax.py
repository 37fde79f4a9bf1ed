"""KalmanNet's second architecture in JAX: a training step with the time in `lax.scan`, and one step of
streaming inference, one compiled call a step.

Thirty sequences of 100 steps, m states and as many observed numbers, the loss on every step, Adam. The
recursion is x = F x + K (y - F x).
"""

import rows

options, _ = rows.arguments(__doc__)

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

import adam_jax  # noqa: E402

BATCH, TIME = 30, 100


def layer(key, inputs, outputs):
    bound = inputs**-0.5
    keys = jax.random.split(key)
    return (
        jax.random.uniform(keys[0], (inputs, outputs), minval=-bound, maxval=bound),
        jax.random.uniform(keys[1], (outputs,), minval=-bound, maxval=bound),
    )


def unit(key, inputs, hidden):
    keys = jax.random.split(key)
    return layer(keys[0], inputs, 3 * hidden) + layer(keys[1], hidden, 3 * hidden)


def started(m, n):
    keys = jax.random.split(jax.random.PRNGKey(1), 11)
    mm, nn = m * m, n * n
    return {
        "noise": unit(keys[0], 5 * m, mm),
        "predicted": unit(keys[1], mm + 5 * m, mm),
        "innovation": unit(keys[2], nn + 10 * n, nn),
        "projection": layer(keys[3], mm, nn),
        "hidden": layer(keys[4], mm + nn, 40 * (mm + nn)),
        "gain": layer(keys[5], 40 * (mm + nn), m * n),
        "reduction": layer(keys[6], nn + m * n, mm),
        "update": layer(keys[7], 2 * mm, mm),
        "update_feature": layer(keys[8], m, 5 * m),
        "estimate_feature": layer(keys[9], m, 5 * m),
        "observation_feature": layer(keys[10], 2 * n, 10 * n),
    }


def linear(parameters, x):
    return x @ parameters[0] + parameters[1]


def dense(parameters, x):
    return jax.nn.relu(linear(parameters, x))


def recur(parameters, x, h):
    w, b, u, c = parameters
    r, z, a = jnp.split(x @ w + b, 3, axis=1)
    hr, hz, ha = jnp.split(h @ u + c, 3, axis=1)
    r, z = jax.nn.sigmoid(r + hr), jax.nn.sigmoid(z + hz)
    return (1 - z) * jnp.tanh(a + r * ha) + z * h


def unit_rows(x):
    # The root of a sum that is never 0 has a derivative.
    square = jnp.sum(x * x, axis=1, keepdims=True)
    return jnp.where(square > 1e-24, x * jax.lax.rsqrt(jnp.maximum(square, 1e-24)), 0)


def advance(parameters, transition, m, carry, y):
    state, previous, predicted, earlier, q, p, s = carry
    guess = state @ transition.T
    f1, f2 = unit_rows(y - earlier), unit_rows(y - guess)
    f3, f4 = unit_rows(state - previous), unit_rows(state - predicted)
    q = recur(parameters["noise"], dense(parameters["update_feature"], f4), q)
    seen = jnp.concatenate((q, dense(parameters["estimate_feature"], f3)), axis=1)
    p = recur(parameters["predicted"], seen, p)
    seen = dense(parameters["observation_feature"], jnp.concatenate((f1, f2), axis=1))
    seen = jnp.concatenate((dense(parameters["projection"], p), seen), axis=1)
    s = recur(parameters["innovation"], seen, s)
    k = dense(parameters["hidden"], jnp.concatenate((p, s), axis=1))
    k = linear(parameters["gain"], k)
    left = dense(parameters["reduction"], jnp.concatenate((s, k), axis=1))
    p = dense(parameters["update"], jnp.concatenate((p, left), axis=1))
    move = jnp.einsum("bij,bj->bi", k.reshape(-1, m, m), y - guess)
    return (guess + move, state, guess, y, q, p, s)


def beginning(batch, m):
    zero = jnp.zeros((batch, m))
    identity = jnp.broadcast_to(jnp.eye(m).flatten(), (batch, m * m))
    return (zero, zero, zero, zero, identity, identity, identity)


for m in (2, 3, 5):
    transition = jnp.eye(m).at[0].set(1) / m
    keys = jax.random.split(jax.random.PRNGKey(2))
    targets = jax.random.normal(keys[0], (TIME, BATCH, m))
    observations = targets + 0.1 * jax.random.normal(keys[1], (TIME, BATCH, m))

    def loss_of(parameters, observations, targets):
        def body(carry, y):
            carry = advance(parameters, transition, m, carry, y)
            return carry, carry[0]

        _, estimates = jax.lax.scan(body, beginning(BATCH, m), observations)
        return jnp.mean((estimates - targets) ** 2)

    compiled = jax.jit(adam_jax.stepped(loss_of, rate=1e-4), donate_argnums=0)
    state = adam_jax.started(started(m, m))

    def calls(count):
        global state
        for _ in range(count):
            state = compiled(state, observations, targets)
        jax.block_until_ready(state)

    median, minimum = rows.measured(calls, options.repeats, options.seconds)
    rows.row(
        f"kalmannet-train-{m}", "JAX lax.scan", BATCH, median, minimum, options.repeats,
        options.threads,
    )

if options.threads == 1:
    parameters, transition = started(3, 3), jnp.eye(3)
    one = jax.jit(lambda carry, y: advance(parameters, transition, 3, carry, y))
    y = jax.random.normal(jax.random.PRNGKey(3), (1, 3))
    carry = beginning(1, 3)

    def stream(count):
        global carry
        for _ in range(count):
            carry = one(carry, y)
            jax.block_until_ready(carry)

    median, minimum = rows.measured(stream, options.repeats, options.seconds)
    rows.row(
        "kalmannet-infer", "JAX jit, one call a step", 1, median, minimum, options.repeats, 1,
    )
