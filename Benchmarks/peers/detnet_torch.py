"""One training step of DetNet (conference form, 20 users, 30 layers, batch 1000) in PyTorch, with Adam.

With the optimiser's standard setting, and with its fused kernel. Layer q is
u = relu([m, s, G s, v] W1 + b1), s = 0.1 clip((u W2 + b2) / |t|) + 0.9 s, v = 0.1 (u W3 + b3) + 0.9 v;
the loss is the log-weighted sum over layers of the mean of |s - s_q|^2 / |s - s_LS|^2.
"""

import rows

options, _ = rows.arguments(__doc__)

import detnet_problem as problem  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(options.threads)
torch.manual_seed(1)

gram, matched, symbols, weights = (torch.from_numpy(array) for array in problem.batch())
shares = problem.weights_of_layers()
keep = problem.RESIDUAL


def layer():
    def normal(*shape):
        return (0.01 * torch.randn(*shape)).requires_grad_()

    return (
        normal(problem.INPUTS, problem.HIDDEN), normal(problem.HIDDEN),
        normal(problem.HIDDEN, problem.USERS), normal(problem.USERS),
        normal(problem.HIDDEN, problem.MEMORY), normal(problem.MEMORY),
        torch.tensor(0.1).requires_grad_(),
    )


for peer, fused in (("PyTorch eager", None), ("PyTorch eager, fused Adam", True)):
    layers = [layer() for _ in range(problem.LAYERS)]
    optimiser = torch.optim.Adam([p for each in layers for p in each], lr=1e-4, fused=fused)

    def loss_of():
        s = torch.zeros(problem.BATCH, problem.USERS)
        v = torch.zeros(problem.BATCH, problem.MEMORY)
        total = 0.0
        for (w1, b1, w2, b2, w3, b3, t), share in zip(layers, shares):
            product = torch.bmm(gram, s[:, :, None])[:, :, 0]
            u = torch.relu(torch.addmm(b1, torch.cat([matched, s, product, v], dim=1), w1))
            s = (1 - keep) * torch.clamp(torch.addmm(b2, u, w2) / t.abs(), -1, 1) + keep * s
            v = (1 - keep) * torch.addmm(b3, u, w3) + keep * v
            if share > 0:
                total = total + share * (((s - symbols) ** 2).sum(dim=1) * weights).mean()
        return total

    def steps(count):
        for _ in range(count):
            optimiser.zero_grad()
            loss_of().backward()
            optimiser.step()

    median, minimum = rows.measured(steps, options.repeats, options.seconds)
    rows.row(
        "detnet-conference-train", peer, problem.BATCH, median, minimum, options.repeats,
        options.threads,
    )
