"""Total variation and wavelet deblurring with deepinv, to the objective that graybox reaches.

    python restoration_deepinv.py --graybox PATH [--threads 1]

Makes one image of 256 by 256 pixels, blurs it (deviation 1.6, circular) with noise 0.01, and lets
`graybox infer` restore it in 100 iterations; the objective |A x - y|^2 / 2 + 0.002 phi(x) of its result is
computed here in double precision. deepinv's solvers then run with more and more iterations until theirs is no
higher. Prints one row a solver with the least time; the rows of graybox are those of `graybox bench --filter
infer` on the same extents and iterations.
"""

import os
import subprocess
import sys
import tempfile

import rows

options, rest = rows.arguments(__doc__)
import numpy
import torch
import deepinv

torch.set_num_threads(options.threads)
PENALTY, EXTENT = 0.002, 256
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


def objective(x, y, transfer):
    """The value that both minimise."""
    x = numpy.asarray(x, float).reshape(EXTENT, EXTENT)
    seen = numpy.fft.ifft2(transfer * numpy.fft.fft2(x)).real
    return 0.5 * ((seen - y) ** 2).sum() + PENALTY * variation(x)


def ours(y, weights):
    """graybox's estimate."""
    with tempfile.TemporaryDirectory() as folder:
        data, out = os.path.join(folder, "data.npz"), os.path.join(folder, "out.npz")
        numpy.savez(data, observations=y, kernel=weights)
        subprocess.run(
            [graybox, "infer", "tv", "--data", data, "--out", out]
            + ["--set", f"penalty={PENALTY}", "--set", "stop_after=100"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return numpy.load(out)["estimates"]


def main():
    stream = numpy.random.default_rng(1)
    image, weights = scene(stream), kernel()
    transfer = spectrum(weights)
    y = numpy.fft.ifft2(transfer * numpy.fft.fft2(image)).real
    y = (y + 0.01 * stream.standard_normal(y.shape)).astype(numpy.float32)
    goal = objective(ours(y, weights), y, transfer)
    print(f"objective of graybox after 100 iterations: {goal:.6f}", file=sys.stderr)

    seen = torch.from_numpy(y)[None, None]
    physics = deepinv.physics.BlurFFT(
        img_size=(1, EXTENT, EXTENT), filter=torch.from_numpy(weights).float()[None, None]
    )
    fidelity = deepinv.optim.data_fidelity.L2()
    for name, inner in (("FISTA", 10), ("FISTA", 30), ("ADMM", 10), ("ADMM", 30)):
        for count in (25, 50, 100, 200, 400, 800):
            prior = deepinv.optim.prior.TVPrior(n_it_max=inner)
            solver = getattr(deepinv.optim, name)(
                data_fidelity=fidelity,
                prior=prior,
                lambda_reg=PENALTY,
                stepsize=1.0 if name == "FISTA" else 10.0,
                max_iter=count,
                early_stop=False,
            )

            def call(times):
                for _ in range(times):
                    call.result = solver(seen, physics)

            with torch.no_grad():
                call(1)
                value = objective(call.result.numpy(), y, transfer)
                print(f"{name}, {inner} inner, {count}: {value:.6f}", file=sys.stderr)
                if value > goal * (1 + 1e-4):
                    continue
                median, least = rows.measured(call, 3, 0.0)
            rows.row(
                "tv-infer", f"deepinv {name}", 1, median, least, 3, options.threads,
                iterations=count, inner=inner, objective=value, goal=goal,
            )
            break


if __name__ == "__main__":
    main()
