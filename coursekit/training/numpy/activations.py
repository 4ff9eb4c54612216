"""Activations. GELU: Hendrycks and Gimpel, 2016, arXiv:1606.08415; `hendrycks2016gaussian`."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Array = np.ndarray  # float32, unless said otherwise
Slope = Callable[[], Array]

# Each activation returns its output and a function for its slope there, called only in training.


def relu(z: Array) -> tuple[Array, Slope]:
    output = np.maximum(z, 0)
    return output, lambda: output > 0


def tanh(z: Array) -> tuple[Array, Slope]:
    output = np.tanh(z)
    return output, lambda: 1 - output * output


def gelu(z: Array) -> tuple[Array, Slope]:
    from scipy.special import ndtr  # the normal distribution function, Phi in the paper

    share = ndtr(z)
    density = 1 / math.sqrt(2 * math.pi)
    return z * share, lambda: share + z * np.exp(-0.5 * z * z) * density


ACTIVATIONS = {"relu": relu, "tanh": tanh, "gelu": gelu}
