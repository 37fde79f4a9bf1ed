"""A 16-state Viterbi detector, vectorised over batch and states, in NumPy and in PyTorch.

200 sequences of 1,000 symbols with Gaussian costs, traceback included; the time is that of one call
on all 200,000 symbols.
"""

import rows

options, _ = rows.arguments(__doc__)

import numpy as np  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(options.threads)

BATCH, TIME, MEMORY = 200, 1_000, 4
STATES = 2**MEMORY
TAPS = np.exp(-0.5 * np.arange(MEMORY)).astype(np.float32)
generator = np.random.default_rng(1)

levels = 2.0 * ((np.arange(STATES)[:, None] >> np.arange(MEMORY)) & 1) - 1
means = (levels @ TAPS).astype(np.float32)
bits = generator.integers(0, 2, (BATCH, TIME + MEMORY - 1))
symbols = 2.0 * bits - 1
clean = sum(TAPS[k] * symbols[:, MEMORY - 1 - k : MEMORY - 1 - k + TIME] for k in range(MEMORY))
observations = (clean + 10**-0.5 * generator.standard_normal(clean.shape)).astype(np.float32)
sources = np.array([[s >> 1, (s >> 1) | (1 << (MEMORY - 1))] for s in range(STATES)])


def with_numpy():
    path = np.zeros((BATCH, STATES), np.float32)
    choices = np.empty((TIME, BATCH, STATES), bool)
    for i in range(TIME):
        zero, one = path[:, sources[:, 0]], path[:, sources[:, 1]]
        choices[i] = one < zero
        path = np.minimum(zero, one) + np.square(observations[:, i, None] - means)
    state = path.argmin(axis=1)
    decided = np.empty((BATCH, TIME), np.int8)
    every = np.arange(BATCH)
    for i in range(TIME - 1, -1, -1):
        decided[:, i] = state & 1
        state = sources[state, choices[i, every, state].astype(np.int64)]
    return decided


torch_observations = torch.from_numpy(observations)
torch_means = torch.from_numpy(means)
torch_sources = torch.from_numpy(sources)


@torch.no_grad()
def with_torch():
    path = torch.zeros(BATCH, STATES)
    choices = torch.empty(TIME, BATCH, STATES, dtype=torch.bool)
    for i in range(TIME):
        zero, one = path[:, torch_sources[:, 0]], path[:, torch_sources[:, 1]]
        choices[i] = one < zero
        path = torch.minimum(zero, one) + (torch_observations[:, i, None] - torch_means).square()
    state = path.argmin(dim=1)
    decided = torch.empty(BATCH, TIME, dtype=torch.int8)
    every = torch.arange(BATCH)
    for i in range(TIME - 1, -1, -1):
        decided[:, i] = state & 1
        state = torch_sources[state, choices[i, every, state].long()]
    return decided.numpy()


truth = bits[:, MEMORY - 1 :]
for peer, call in (("NumPy", with_numpy), ("PyTorch eager", with_torch)):
    rate = float(np.mean(call() != truth))

    def calls(count):
        for _ in range(count):
            call()

    median, minimum = rows.measured(calls, options.repeats, options.seconds)
    rows.row(
        "viterbi-infer", peer, BATCH * TIME, median, minimum, options.repeats, options.threads,
        symbol_error_rate=round(rate, 5),
    )
