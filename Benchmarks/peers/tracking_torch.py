"""The block-fading protocol of ViterbiNet in PyTorch: 100 blocks, total seconds and mean error rate.

Memory 4, taps exp(-0.5 k) (0.8 + 0.2 cos(2 pi block / p_k)) with p = (51, 39, 33, 21), BPSK, 10 dB.
Each block: 200 pilots, 500 full-batch Adam steps (rate 5e-3) of a 1-75-16 ReLU classifier whose
weights are carried over from block to block, then 10,000 symbols through a trellis whose steps are
vectorised over the states, with traceback. Fresh noise in every block.
"""

import math
import time

import rows

options, _ = rows.arguments(__doc__)

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(options.threads)
torch.manual_seed(1)
generator = np.random.default_rng(1)

BLOCKS, PILOTS, SYMBOLS, STEPS, MEMORY = 100, 200, 10_000, 500, 4
STATES = 2**MEMORY
PERIODS = np.array([51, 39, 33, 21])


def taps_of(block):
    k = np.arange(MEMORY)
    return np.exp(-0.5 * k) * (0.8 + 0.2 * np.cos(2 * math.pi * block / PERIODS))


def drawn(block, count):
    """Bits, states (the newest symbol is the lowest bit) and observations."""
    bits = generator.integers(0, 2, count + MEMORY - 1)
    symbols = 2.0 * bits - 1
    taps = taps_of(block)
    clean = np.convolve(symbols, taps)[MEMORY - 1 : MEMORY - 1 + count]
    noise = 10 ** (-10 / 20) * generator.standard_normal(count)
    states = sum(bits[MEMORY - 1 - k : MEMORY - 1 - k + count] << k for k in range(MEMORY))
    observations = torch.tensor(clean + noise, dtype=torch.float32)[:, None]
    return bits[MEMORY - 1 :], torch.tensor(states), observations


# State s can follow from s >> 1 with either value of the bit that has left the memory.
SOURCES = torch.tensor([[s >> 1, (s >> 1) | (1 << (MEMORY - 1))] for s in range(STATES)])


def decided(costs):
    """Bits of the cheapest path through the trellis; costs: [time, states]."""
    path = torch.zeros(STATES)
    choices = torch.empty(costs.shape, dtype=torch.int64)
    for i in range(costs.shape[0]):
        least, choices[i] = path[SOURCES].min(dim=1)
        path = least + costs[i]
    sources = SOURCES.tolist()
    back = choices.tolist()
    state = int(path.argmin())
    bits = np.empty(costs.shape[0], dtype=np.int64)
    for i in range(costs.shape[0] - 1, -1, -1):
        bits[i] = state & 1
        state = sources[state][back[i][state]]
    return bits


network = nn.Sequential(nn.Linear(1, 75), nn.ReLU(), nn.Linear(75, STATES))
loss_of = nn.CrossEntropyLoss()
rates = []
training = detection = 0.0
began = time.perf_counter_ns()
for block in range(BLOCKS):
    _, states, pilots = drawn(block, PILOTS)
    start = time.perf_counter()
    optimiser = torch.optim.Adam(network.parameters(), lr=5e-3)
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss_of(network(pilots), states).backward()
        optimiser.step()
    training += time.perf_counter() - start
    bits, _, observations = drawn(block, SYMBOLS)
    start = time.perf_counter()
    with torch.no_grad():
        estimates = decided(-torch.log_softmax(network(observations), dim=1))
    detection += time.perf_counter() - start
    rates.append(float(np.mean(estimates != bits)))
total = time.perf_counter_ns() - began

rows.row(
    "viterbinet-tracking", "PyTorch eager", BLOCKS, total, total, 1, options.threads,
    symbol_error_rate=round(sum(rates) / BLOCKS, 5), training_seconds=round(training, 2),
    detection_seconds=round(detection, 2),
)
