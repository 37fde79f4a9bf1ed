"""The batch that both DetNet programs train on, made with NumPy: conference form, 20 users, 30 antennas."""

import math

import numpy

USERS, RECEIVE, LAYERS, BATCH = 20, 30, 30, 1000
INPUTS, HIDDEN, MEMORY = 5 * USERS, 8 * USERS, 2 * USERS
RESIDUAL = 0.9


def batch():
    """G, m, s and one over the squared error of least squares; G in units of mean diagonal 1."""
    generator = numpy.random.default_rng(1)
    channel = generator.standard_normal((BATCH, RECEIVE, USERS))
    symbols = numpy.sign(generator.standard_normal((BATCH, USERS)))
    received = numpy.einsum("bnk,bk->bn", channel, symbols)
    received += 2 * generator.standard_normal((BATCH, RECEIVE))
    gram = numpy.einsum("bni,bnj->bij", channel, channel)
    matched = numpy.einsum("bnk,bn->bk", channel, received)
    solution = numpy.linalg.solve(gram, matched[:, :, None])[:, :, 0]
    weights = 1 / ((symbols - solution) ** 2).sum(axis=1)
    scale = USERS / numpy.trace(gram, axis1=1, axis2=2)
    arrays = (gram * scale[:, None, None], matched * scale[:, None], symbols, weights)
    return [array.astype(numpy.float32) for array in arrays]


def weights_of_layers():
    """The weights of the layers' losses, the logarithm of their number."""
    logarithms = [math.log(layer) for layer in range(1, LAYERS + 1)]
    return [value / sum(logarithms) for value in logarithms]
