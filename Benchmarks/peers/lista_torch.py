"""One training step of LISTA-CP (16 layers, 250 measurements, 500 unknowns) in PyTorch, with Adam.

With the optimiser's standard setting, and with its fused kernel. Layer k is
s = shrink(s + (x - s A') W_k, theta_k); the loss is the mean squared error of the last one.
"""

import rows

options, _ = rows.arguments(__doc__)

import torch  # noqa: E402

torch.set_num_threads(options.threads)
torch.manual_seed(1)

LAYERS, MEASUREMENTS, UNKNOWNS, BATCH = 16, 250, 500, 64

dictionary = torch.randn(MEASUREMENTS, UNKNOWNS)
dictionary /= dictionary.norm(dim=0)
step = 1 / torch.linalg.matrix_norm(dictionary, 2) ** 2
signals = torch.randn(BATCH, UNKNOWNS) * (torch.rand(BATCH, UNKNOWNS) < 0.1)
observations = signals @ dictionary.T

for peer, fused in (("PyTorch eager", None), ("PyTorch eager, fused Adam", True)):
    matrices = [(step * dictionary).clone().requires_grad_() for _ in range(LAYERS)]
    thresholds = [(0.5 * step).clone().requires_grad_() for _ in range(LAYERS)]
    optimiser = torch.optim.Adam(matrices + thresholds, lr=1e-4, fused=fused)

    def loss_of():
        estimate = None
        for matrix, threshold in zip(matrices, thresholds):
            if estimate is None:
                moved = observations @ matrix
            else:
                moved = estimate + (observations - estimate @ dictionary.T) @ matrix
            estimate = torch.sign(moved) * torch.relu(torch.abs(moved) - threshold)
        return ((estimate - signals) ** 2).mean()

    def steps(count):
        for _ in range(count):
            optimiser.zero_grad()
            loss_of().backward()
            optimiser.step()

    median, minimum = rows.measured(steps, options.repeats, options.seconds)
    rows.row("lista-cp-train", peer, BATCH, median, minimum, options.repeats, options.threads)
