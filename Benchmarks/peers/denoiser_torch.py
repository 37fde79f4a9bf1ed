"""One training step of the DnCNN denoiser in PyTorch, eager, with Adam.

17 layers of 3 by 3, 64 channels, batch normalisation in the middle, 32 patches of 40 by 40; with the
images' channels first, as PyTorch has them, and last.
"""

import rows

options, _ = rows.arguments(__doc__)

import torch  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(options.threads)
torch.manual_seed(1)

BATCH, EXTENT, CHANNELS, LAYERS = 32, 40, 64, 17


def network():
    """Conv + ReLU, fifteen of Conv + BN + ReLU, Conv."""
    layers = [nn.Conv2d(1, CHANNELS, 3, padding=1), nn.ReLU(inplace=True)]
    for _ in range(LAYERS - 2):
        layers += [
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False),
            nn.BatchNorm2d(CHANNELS),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers, nn.Conv2d(CHANNELS, 1, 3, padding=1))


for peer, memory_format in (
    ("PyTorch eager", torch.contiguous_format),
    ("PyTorch eager, channels last", torch.channels_last),
):
    model = network().to(memory_format=memory_format)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    clean = torch.rand(BATCH, 1, EXTENT, EXTENT).contiguous(memory_format=memory_format)
    noise = 0.1 * torch.randn_like(clean)

    def steps(count):
        for _ in range(count):
            optimiser.zero_grad()
            (model(clean + noise) - noise).square().mean().backward()
            optimiser.step()

    median, minimum = rows.measured(steps, options.repeats, options.seconds)
    rows.row("denoiser-train", peer, BATCH, median, minimum, options.repeats, options.threads)
