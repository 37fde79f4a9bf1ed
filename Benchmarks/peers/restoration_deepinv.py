"""Total variation and wavelet deblurring with deepinv, to the objectives that graybox reaches.

    DEEPINV=1 Benchmarks/peers/setup.sh
    Benchmarks/peers/.venv-deepinv/bin/python restoration_deepinv.py --graybox PATH [--threads 1]

Makes one image of 256 by 256 pixels, blurs it (deviation 1.6, circular) with noise 0.01, and lets `graybox infer` restore
it in 100 iterations; the objective |A x - y|^2 / 2 + 0.002 phi(x) of its result is computed here in double precision, phi
being the total variation, or the magnitudes of Haar's details over three levels. deepinv's solvers then run with more and
more iterations until theirs is no higher; a solver that does not get there prints no row. The time of graybox is that of
nine equal images less that of one, over eight: whole processes, files read and written.
"""

import os
import subprocess
import sys
import tempfile
import time

import rows

options, rest = rows.arguments(__doc__)
import numpy
import torch
import deepinv

torch.set_num_threads(options.threads)
PENALTY, EXTENT, LEVELS = 0.002, 256, 3
graybox = rest[rest.index("--graybox") + 1]


def scene(stream):
    """Flat and shaded shapes on a shaded ground."""
    y, x = numpy.mgrid[0:EXTENT, 0:EXTENT] / EXTENT
    image = 0.3 + 0.3 * x
    for _ in range(60):
        u, v = stream.uniform(0, 1, 2)
        a, b = stream.uniform(0.02, 0.2, 2)
        inside = ((x - u) / a) ** 2 + ((y - v) / b) ** 2 < 1
        image = numpy.where(inside, stream.uniform(0, 1) + 0.2 * (x - u), image)
    return numpy.clip(image, 0, 1)


def kernel(deviation=1.6):
    """A Gaussian out to four deviations."""
    reach = int(numpy.ceil(4 * deviation))
    line = numpy.exp(-numpy.arange(-reach, reach + 1) ** 2 / (2 * deviation**2))
    line /= line.sum()
    return numpy.outer(line, line)


def spectrum(weights):
    """The kernel's transfer function, its middle at the origin."""
    reach = weights.shape[0] // 2
    response = numpy.zeros((EXTENT, EXTENT))
    response[: weights.shape[0], : weights.shape[1]] = weights
    return numpy.fft.fft2(numpy.roll(response, (-reach, -reach), (0, 1)))


def variation(x):
    """Isotropic, forward differences, 0 beyond the rim."""
    across, down = numpy.zeros_like(x), numpy.zeros_like(x)
    across[:, :-1] = x[:, 1:] - x[:, :-1]
    down[:-1] = x[1:] - x[:-1]
    return numpy.sqrt(across**2 + down**2).sum()


def details(x):
    """Magnitudes of Haar's details; means are not counted."""
    total = 0.0
    for _ in range(LEVELS):
        a, b, c, d = x[::2, ::2], x[::2, 1::2], x[1::2, ::2], x[1::2, 1::2]
        for detail in (a - b + c - d, a + b - c - d, a - b - c + d):
            total += numpy.abs(detail).sum() / 2
        x = (a + b + c + d) / 2
    return total


def objective(x, y, transfer, penalised):
    """The value that both minimise."""
    x = numpy.asarray(x, float).reshape(EXTENT, EXTENT)
    seen = numpy.fft.ifft2(transfer * numpy.fft.fft2(x)).real
    return 0.5 * ((seen - y) ** 2).sum() + PENALTY * penalised(x)


def ours(method, settings, y, weights):
    """graybox's estimate, and the nanoseconds of an image: median and least of the repeats."""
    with tempfile.TemporaryDirectory() as folder:

        def run(count):
            data, out = os.path.join(folder, "data.npz"), os.path.join(folder, f"out{count}.npz")
            numpy.savez(data, observations=numpy.repeat(y[None], count, 0), kernel=weights)
            command = [graybox, "infer", method, "--data", data, "--out", out]
            command += ["--threads", str(options.threads)]
            for key, value in dict(settings, penalty=PENALTY, stop_after=100).items():
                command += ["--set", f"{key}={value}"]
            began = time.perf_counter_ns()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            return time.perf_counter_ns() - began, numpy.load(out)["estimates"][0]

        pairs = [(run(1), run(9)) for _ in range(options.repeats)]
        times = sorted((nine[0] - one[0]) / 8 for one, nine in pairs)
        return pairs[0][1][1], times[len(times) // 2], times[0]


def gradient(x):
    """Forward differences along both axes, as two channels."""
    across, down = torch.zeros_like(x), torch.zeros_like(x)
    across[..., :-1] = x[..., 1:] - x[..., :-1]
    down[..., :-1, :] = x[..., 1:, :] - x[..., :-1, :]
    return torch.cat((across, down), 1)


def divergence(u):
    """The adjoint of the gradient."""
    across, down = u[:, :1], u[:, 1:]
    x = torch.zeros_like(across)
    x[..., 1:] += across[..., :-1]
    x[..., :-1] -= across[..., :-1]
    x[..., 1:, :] += down[..., :-1, :]
    x[..., :-1, :] -= down[..., :-1, :]
    return x


def primal_dual(fidelity, count):
    """Chambolle and Pock's algorithm, the gradient as the operator of the dual."""
    step = 0.02
    return deepinv.optim.PDCP(
        K=gradient,
        K_adjoint=divergence,
        data_fidelity=fidelity,
        prior=deepinv.optim.prior.L12Prior(l2_axis=1),
        lambda_reg=PENALTY,
        stepsize=1 / (8 * step),
        stepsize_dual=step,
        g_first=True,
        max_iter=count,
        early_stop=False,
        custom_init=lambda y, physics: {"est": (y, y, torch.zeros_like(gradient(y)))},
    )


def solvers(fidelity):
    """Name, objective, settings of graybox, and a maker of deepinv's solver by iterations."""

    def standard(name, prior, step):
        return lambda count: getattr(deepinv.optim, name)(
            data_fidelity=fidelity, prior=prior, lambda_reg=PENALTY, stepsize=step, max_iter=count, early_stop=False
        )

    for inner in (10, 30):
        for name, step in (("FISTA", 1.0), ("ADMM", 10.0)):
            prior = deepinv.optim.prior.TVPrior(n_it_max=inner)
            yield "tv", f"{name}, {inner} inner", standard(name, prior, step)
    yield "tv", "PDCP", lambda count: primal_dual(fidelity, count)
    for name, step in (("FISTA", 1.0), ("ADMM", 10.0), ("ADMM", 50.0)):
        prior = deepinv.optim.prior.WaveletPrior(level=LEVELS, wv="haar")
        yield "wavelet", f"{name}, step {step:g}", standard(name, prior, step)


PROBLEMS = {
    "tv": (variation, {}),
    "wavelet": (details, {"wavelet": "haar", "levels": LEVELS, "shifts": 1, "coupling": 0.02}),
}


def main():
    stream = numpy.random.default_rng(1)
    image, weights = scene(stream), kernel()
    transfer = spectrum(weights)
    y = numpy.fft.ifft2(transfer * numpy.fft.fft2(image)).real
    y = (y + 0.01 * stream.standard_normal(y.shape)).astype(numpy.float32)
    goals = {}
    for method, (penalised, settings) in PROBLEMS.items():
        estimate, median, least = ours(method, settings, y, weights)
        goals[method] = objective(estimate, y, transfer, penalised)
        rows.row(
            f"{method}-infer", "graybox", 1, median, least, options.repeats, options.threads,
            iterations=100, objective=goals[method],
        )

    seen = torch.from_numpy(y)[None, None]
    physics = deepinv.physics.BlurFFT(
        img_size=(1, EXTENT, EXTENT), filter=torch.from_numpy(weights).float()[None, None]
    )
    for method, name, made in solvers(deepinv.optim.data_fidelity.L2()):
        for count in (25, 50, 100, 200, 400, 800):
            solver = made(count)

            def call(times):
                for _ in range(times):
                    call.result = solver(seen, physics)

            with torch.no_grad():
                call(1)
                value = objective(call.result.numpy(), y, transfer, PROBLEMS[method][0])
                print(f"{method}, {name}, {count}: {value:.6f}", file=sys.stderr)
                if value > goals[method] * (1 + 1e-4):
                    continue
                median, least = rows.measured(call, 3, 0.0)
            rows.row(
                f"{method}-infer", f"deepinv {name}", 1, median, least, 3, options.threads,
                iterations=count, objective=value, goal=goals[method],
            )
            break


if __name__ == "__main__":
    main()
