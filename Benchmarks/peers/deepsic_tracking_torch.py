"""The block-fading protocol of DeepSIC in PyTorch: 100 blocks, total seconds and mean error rates.

Four users and four antennas, H_ij = exp(-|i - j|) with column j times 0.8 + 0.2 cos(2 pi block / p_j),
p = (51, 39, 33, 21), BPSK, 12 dB. Each block: 500 pilots; 5 iterations of 4 ReLU classifiers 7-128-2, each
trained by 300 full-batch Adam steps (rate 5e-3) on what the iteration before gives, weights carried over from
block to block; then 10,000 vectors. `--blocks N` runs the first N.
"""

import math
import time

import rows

options, rest = rows.arguments(__doc__)

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(options.threads)
torch.manual_seed(1)
generator = np.random.default_rng(1)

BLOCKS = int(rest[rest.index("--blocks") + 1]) if "--blocks" in rest else 100
USERS, ITERATIONS, PILOTS, VECTORS, STEPS = 4, 5, 500, 10_000, 300
PERIODS = np.array([51, 39, 33, 21])
PLAIN = np.exp(-np.abs(np.subtract.outer(np.arange(USERS), np.arange(USERS))))


def drawn(block, count):
    """Bits and observations."""
    channel = PLAIN * (0.8 + 0.2 * np.cos(2 * math.pi * block / PERIODS))
    bits = generator.integers(0, 2, (count, USERS))
    noise = 10 ** (-12 / 20) * generator.standard_normal((count, USERS))
    observations = (2.0 * bits - 1) @ channel.T + noise
    return torch.tensor(bits), torch.tensor(observations, dtype=torch.float32)


def seen(observations, beliefs, user):
    others = [k for k in range(USERS) if k != user]
    return torch.cat([observations, beliefs[:, others]], dim=1)


networks = [
    [nn.Sequential(nn.Linear(7, 128), nn.ReLU(), nn.Linear(128, 2)) for _ in range(USERS)]
    for _ in range(ITERATIONS)
]
loss_of = nn.CrossEntropyLoss()


def refined(stage, observations, beliefs):
    with torch.no_grad():
        columns = [
            torch.softmax(stage[user](seen(observations, beliefs, user)), dim=1)[:, 1]
            for user in range(USERS)
        ]
    return torch.stack(columns, dim=1)


def trained(network, inputs, labels):
    optimiser = torch.optim.Adam(network.parameters(), lr=5e-3)
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss_of(network(inputs), labels).backward()
        optimiser.step()


bit_rates, vector_rates = [], []
training = detection = 0.0
began = time.perf_counter_ns()
for block in range(BLOCKS):
    bits, pilots = drawn(block, PILOTS)
    start = time.perf_counter()
    beliefs = torch.full((PILOTS, USERS), 0.5)
    for number, stage in enumerate(networks):
        given = bits.float() if number == 0 else beliefs
        for user in range(USERS):
            trained(stage[user], seen(pilots, given, user), bits[:, user])
        beliefs = refined(stage, pilots, beliefs)
    training += time.perf_counter() - start
    bits, observations = drawn(block, VECTORS)
    start = time.perf_counter()
    beliefs = torch.full((VECTORS, USERS), 0.5)
    for stage in networks:
        beliefs = refined(stage, observations, beliefs)
    wrong = (beliefs > 0.5).long() != bits
    detection += time.perf_counter() - start
    bit_rates.append(float(wrong.float().mean()))
    vector_rates.append(float(wrong.any(dim=1).float().mean()))
total = time.perf_counter_ns() - began

rows.row(
    "deepsic-tracking", "PyTorch eager", BLOCKS, total, total, 1, options.threads,
    bit_error_rate=round(sum(bit_rates) / BLOCKS, 5),
    vector_error_rate=round(sum(vector_rates) / BLOCKS, 5),
    training_seconds=round(training, 2), detection_seconds=round(detection, 2),
)
