"""KalmanNet's second architecture in PyTorch: a training step, and one step of streaming inference.

Thirty sequences of 100 steps, m states and as many observed numbers, the loss on every step, Adam; module
by module a time step, as a user writes it. The recursion is x = F x + K (y - F x).
"""

import rows

options, _ = rows.arguments(__doc__)

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

torch.set_num_threads(options.threads)
torch.manual_seed(1)

BATCH, TIME = 30, 100


def dense(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, outputs), nn.ReLU())


class Gain(nn.Module):
    def __init__(self, m, n):
        super().__init__()
        self.m, self.n = m, n
        mm, nn_ = m * m, n * n
        self.noise = nn.GRU(5 * m, mm)
        self.predicted = nn.GRU(mm + 5 * m, mm)
        self.innovation = nn.GRU(nn_ + 10 * n, nn_)
        self.projection = dense(mm, nn_)
        self.gain = nn.Sequential(
            nn.Linear(mm + nn_, 40 * (mm + nn_)), nn.ReLU(), nn.Linear(40 * (mm + nn_), m * n)
        )
        self.reduction = dense(nn_ + m * n, mm)
        self.update = dense(2 * mm, mm)
        self.update_feature = dense(m, 5 * m)
        self.estimate_feature = dense(m, 5 * m)
        self.observation_feature = dense(2 * n, 10 * n)

    def start(self, batch):
        def identity(size):
            return torch.eye(size).flatten().expand(1, batch, size * size).contiguous()

        return identity(self.m), identity(self.m), identity(self.n)

    def forward(self, f1, f2, f3, f4, carry):
        f1, f2, f3, f4 = (
            functional.normalize(f, p=2, dim=1, eps=1e-12).unsqueeze(0) for f in (f1, f2, f3, f4)
        )
        q, p, s = carry
        out_q, q = self.noise(self.update_feature(f4), q)
        out_p, p = self.predicted(torch.cat((out_q, self.estimate_feature(f3)), 2), p)
        seen = self.observation_feature(torch.cat((f1, f2), 2))
        out_s, s = self.innovation(torch.cat((self.projection(out_p), seen), 2), s)
        k = self.gain(torch.cat((out_p, out_s), 2))
        p = self.update(torch.cat((out_p, self.reduction(torch.cat((out_s, k), 2))), 2))
        return k.reshape(-1, self.m, self.n), (q, p, s)


def filtered(network, transition, observations):
    """[batch, time, m] from [batch, time, m]."""
    batch = observations.shape[0]
    state = previous = predicted = torch.zeros(batch, network.m)
    earlier = torch.zeros(batch, network.m)
    carry = network.start(batch)
    estimates = []
    for t in range(observations.shape[1]):
        y = observations[:, t]
        guess = state @ transition.T
        k, carry = network(y - earlier, y - guess, state - previous, state - predicted, carry)
        previous, predicted, earlier = state, guess, y
        state = guess + torch.bmm(k, (y - guess).unsqueeze(2)).squeeze(2)
        estimates.append(state)
    return torch.stack(estimates, 1)


for m in (2, 3, 5):
    transition = torch.eye(m)
    transition[0] = 1
    transition = transition / m
    network = Gain(m, m)
    targets = torch.randn(BATCH, TIME, m)
    observations = targets + 0.1 * torch.randn(BATCH, TIME, m)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-4)

    def steps(count):
        for _ in range(count):
            optimiser.zero_grad()
            loss = functional.mse_loss(filtered(network, transition, observations), targets)
            loss.backward()
            optimiser.step()

    median, minimum = rows.measured(steps, options.repeats, options.seconds)
    rows.row(
        f"kalmannet-train-{m}", "PyTorch eager", BATCH, median, minimum, options.repeats,
        options.threads,
    )

if options.threads == 1:
    network = Gain(3, 3)
    transition = torch.eye(3)
    one = torch.randn(1, 200, 3)

    def stream(count):
        with torch.no_grad():
            for _ in range(count):
                filtered(network, transition, one)

    median, minimum = rows.measured(stream, options.repeats, options.seconds)
    rows.row(
        "kalmannet-infer", "PyTorch eager", 1, median / 200, minimum / 200, options.repeats, 1,
    )
