"""The hybrid smoother in PyTorch: one step of training on a trajectory of 500 steps.

Two axes of position and velocity, positions observed; 100 iterations of messages from the step before, the
observation and the step after, corrected by a graph network with 48 hidden numbers a step; the loss
over all iterations, backward through them, Adam. All steps of the trajectory are one batch, module by
module, as a user writes it.
"""

import rows

options, _ = rows.arguments(__doc__)

import torch  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(options.threads)
torch.manual_seed(1)

STEPS, ITERATIONS, HIDDEN, STATES, OBSERVED = 500, 100, 48, 4, 2
STEP_SIZE, PROCESS, NOISE = 0.03, 0.16, 0.25


def edge():
    return nn.Sequential(
        nn.Linear(2 * HIDDEN + STATES, HIDDEN), nn.LeakyReLU(),
        nn.Linear(HIDDEN, HIDDEN), nn.LeakyReLU(),
    )


class Correction(nn.Module):
    """A graph network on the chain: an edge network for each kind of message, and a memory of each step."""

    def __init__(self):
        super().__init__()
        self.evidence = nn.Linear(2 * OBSERVED, HIDDEN)
        self.before, self.seen, self.after = edge(), edge(), edge()
        self.arrival = nn.Sequential(
            nn.Linear(HIDDEN, HIDDEN), nn.BatchNorm1d(HIDDEN), nn.LeakyReLU()
        )
        self.memory = nn.GRUCell(HIDDEN, HIDDEN)
        self.decoder = nn.Sequential(
            nn.Linear(HIDDEN, HIDDEN), nn.BatchNorm1d(HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, STATES)
        )
        nn.init.xavier_uniform_(self.decoder[-1].weight, gain=0.1)

    def forward(self, h, v, messages):
        first, second, third = (message.detach() for message in messages)
        zero = torch.zeros(1, HIDDEN)
        arrived = self.seen(torch.cat((h, v, second), 1))
        arrived = arrived + torch.cat((zero, self.before(torch.cat((h[1:], h[:-1], first), 1))))
        arrived = arrived + torch.cat((self.after(torch.cat((h[:-1], h[1:], third), 1)), zero))
        h = self.memory(self.arrival(arrived), h)
        return self.decoder(h), h


def changes(y):
    change = y[1:] - y[:-1]
    zero = torch.zeros(1, y.shape[1])
    return torch.cat((torch.cat((zero, change)), torch.cat((change, zero))), 1)


network = Correction()
optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
identity, shift = torch.eye(2), torch.zeros(4, 4)
shift[:2, :2] = shift[:2, 2:] = shift[2:, 2:] = identity
emission = torch.eye(OBSERVED, STATES)
truth = torch.cumsum(torch.randn(STEPS, OBSERVED), 0)
observations = truth + 0.5 * torch.randn(STEPS, OBSERVED)
weights = [2 * (i + 1) / (ITERATIONS * (ITERATIONS + 1)) for i in range(ITERATIONS)]


def loss():
    x = observations @ emission
    v = network.evidence(changes(observations))
    h = torch.zeros(STEPS, HIDDEN)
    zero = torch.zeros(1, STATES)
    total = 0
    for weight in weights:
        pull = (x[1:] - x[:-1] @ shift.T) / PROCESS
        seen = (observations - x @ emission.T) @ emission / NOISE
        messages = (-pull, seen, pull @ shift)
        correction, h = network(h, v, messages)
        arrived = seen + torch.cat((zero, messages[0])) + torch.cat((messages[2], zero))
        x = x + STEP_SIZE * (arrived + correction)
        total = total + weight * ((x[:, :OBSERVED] - truth) ** 2).mean()
    return total


def steps(count):
    for _ in range(count):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()


median, minimum = rows.measured(steps, options.repeats, options.seconds)
rows.row(
    "hybrid-smoother-train", "PyTorch eager", STEPS, median, minimum, options.repeats,
    options.threads,
)
