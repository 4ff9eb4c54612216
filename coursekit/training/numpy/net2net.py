"""A perceptron starts with the weights of another one, of any widths and depth.

Net2Net (Chen, Goodfellow and Shlens, 2016, ICLR, arXiv:1511.05641; `chen2016net2net`), on plain
arrays.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coursekit.training.remapping import Remapping

Array = np.ndarray
# How a layer approximates the identity: f(stretch x) * back is x, or near it.
# relu: exactly, for x >= 0. tanh: within 0.03 for x in -1..1. gelu: within 0.13
# for x in -0.17..1, mostly below 0.
PASSING = {"relu": (1.0, 1.0), "tanh": (0.5, 2.12), "gelu": (4.0, 0.25)}


def widen(
    weights: Sequence[Array],
    layer: int,
    units: int,
    *,
    rng: np.random.Generator,
    noise: float = 0.0,
) -> list[Array]:
    """A hidden layer with more units; the function stays, up to the noise.

    weights: [kernel, bias, kernel, bias, ...], kernels of shape (inputs, outputs). layer: the index
    of a hidden layer, from 0. units, rng, noise: as in `Remapping.wider` and `leaving`.
    """
    hidden = len(weights) // 2 - 1
    if not 0 <= layer < hidden:
        raise ValueError(f"layer={layer}: hidden layers are 0 to {hidden - 1}")
    made = list(weights)
    kernel, bias, following = weights[2 * layer : 2 * layer + 3]
    wider = Remapping.wider(len(bias), units, rng)
    made[2 * layer : 2 * layer + 3] = (
        wider.leaving(kernel, rng, noise),
        wider.leaving(bias),
        wider.entering(following),
    )
    return made


def deepen(weights: Sequence[Array], *, activation: str = "relu") -> list[Array]:
    """One more hidden layer before the last; the function stays for relu.

    For tanh and gelu it stays nearly (see `PASSING`). ValueError without a hidden layer: the new
    layer would read the data, which may be negative.
    """
    if len(weights) < 4:
        raise ValueError("the network has no hidden layer: give it one before you deepen it")
    stretch, back = PASSING[activation]
    *first, last, bias = weights
    units = np.eye(len(last), dtype=last.dtype)
    made = [stretch * units, np.zeros(len(last)), back * last]
    return [*first, *(part.astype(last.dtype) for part in made), bias]


def inherit(
    parent: Sequence[Array],
    fresh: Sequence[Array],
    *,
    activation: str = "relu",
    rng: np.random.Generator,
    noise: float = 0.0,
) -> tuple[list[Array], float]:
    """The child's initial weights, and the parent's share in them, 0..1.

    parent, fresh: both [kernel, bias, ...]. The fresh weights set the child's shapes, and stay
    where the parent has none that fit. activation: the child's.

    Wider and deeper children are morphisms. A narrower layer keeps the units with the largest
    outgoing weights; a shallower child keeps the first layers and a fresh last one. A parent with
    another number of inputs or classes gives nothing.
    """
    parent_hidden, hidden = len(parent) // 2 - 1, len(fresh) // 2 - 1
    if (
        len(parent[0]) != len(fresh[0])
        or parent[-1].shape != fresh[-1].shape
        or (min(parent_hidden, hidden) < 1 and parent_hidden != hidden)
    ):
        return list(fresh), 0.0
    theirs, made = list(parent), list(fresh)
    for _ in range(hidden - parent_hidden):
        theirs = deepen(theirs, activation=activation)
    arriving = Remapping.same(len(parent[0]))
    for layer in range(hidden):
        kernel, bias, ahead = theirs[2 * layer : 2 * layer + 3]
        units = len(fresh[2 * layer + 1])
        if units >= len(bias):
            leaving = Remapping.wider(len(bias), units, rng)
        else:
            leaving = Remapping.narrower(np.abs(ahead).sum(axis=1), units)
        made[2 * layer] = leaving.leaving(arriving.entering(kernel), rng, noise)
        made[2 * layer + 1] = leaving.leaving(bias)
        arriving = leaving
    taken = 2 * hidden
    if parent_hidden <= hidden:
        made[-2:], taken = [arriving.entering(theirs[-2]), theirs[-1].copy()], len(fresh)
    total = sum(part.size for part in fresh)
    return made, sum(part.size for part in made[:taken]) / total
