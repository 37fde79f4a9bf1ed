"""One training step of DetNet (conference form, 20 users, 30 layers, batch 1000) in JAX, with Adam.

One compiled call a step. Layer q is
u = relu([m, s, G s, v] W1 + b1), s = 0.1 clip((u W2 + b2) / |t|) + 0.9 s, v = 0.1 (u W3 + b3) + 0.9 v;
the loss is the log-weighted sum over layers of the mean of |s - s_q|^2 / |s - s_LS|^2.
"""

import rows

options, _ = rows.arguments(__doc__)

import detnet_problem as problem  # noqa: E402
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

import adam_jax  # noqa: E402

batch = [jnp.asarray(array) for array in problem.batch()]
shares = problem.weights_of_layers()
keep = problem.RESIDUAL


def layer(key):
    keys = jax.random.split(key, 6)
    shapes = (
        (problem.INPUTS, problem.HIDDEN), (problem.HIDDEN,), (problem.HIDDEN, problem.USERS),
        (problem.USERS,), (problem.HIDDEN, problem.MEMORY), (problem.MEMORY,),
    )
    normal = [0.01 * jax.random.normal(k, shape) for k, shape in zip(keys, shapes)]
    return (*normal, jnp.array(0.1))


def loss_of(layers, gram, matched, symbols, weights):
    s = jnp.zeros((problem.BATCH, problem.USERS))
    v = jnp.zeros((problem.BATCH, problem.MEMORY))
    total = 0.0
    for (w1, b1, w2, b2, w3, b3, t), share in zip(layers, shares):
        product = jnp.einsum("bij,bj->bi", gram, s)
        u = jax.nn.relu(jnp.concatenate([matched, s, product, v], axis=1) @ w1 + b1)
        s = (1 - keep) * jnp.clip((u @ w2 + b2) / jnp.abs(t), -1, 1) + keep * s
        v = (1 - keep) * (u @ w3 + b3) + keep * v
        if share > 0:
            total = total + share * jnp.mean(((s - symbols) ** 2).sum(axis=1) * weights)
    return total


compiled = jax.jit(adam_jax.stepped(loss_of, rate=1e-4), donate_argnums=0)
keys = jax.random.split(jax.random.PRNGKey(1), problem.LAYERS)
state = adam_jax.started([layer(key) for key in keys])


def calls(count):
    global state
    for _ in range(count):
        state = compiled(state, *batch)
    jax.block_until_ready(state)


median, minimum = rows.measured(calls, options.repeats, options.seconds)
rows.row(
    "detnet-conference-train", "JAX jit, one call a step", problem.BATCH, median, minimum,
    options.repeats, options.threads,
)
