"""One training step of the 1-100-50-16 classifier in PyTorch, eager, with Adam.

With the optimiser's standard setting, and with its fused kernel.
"""

import rows

options, _ = rows.arguments(__doc__)

import torch  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(options.threads)
torch.manual_seed(1)

for batch in (1, 32, 256, 4096):
    for peer, fused in (("PyTorch eager", None), ("PyTorch eager, fused Adam", True)):
        network = nn.Sequential(
            nn.Linear(1, 100), nn.Sigmoid(), nn.Linear(100, 50), nn.ReLU(), nn.Linear(50, 16)
        )
        loss_of = nn.CrossEntropyLoss()
        optimiser = torch.optim.Adam(network.parameters(), lr=0.01, fused=fused)
        inputs = torch.randn(batch, 1)
        labels = torch.randint(0, 16, (batch,))

        def steps(count):
            for _ in range(count):
                optimiser.zero_grad()
                loss_of(network(inputs), labels).backward()
                optimiser.step()

        median, minimum = rows.measured(steps, options.repeats, options.seconds)
        rows.row(
            "viterbinet-train", peer, batch, median, minimum, options.repeats, options.threads
        )
