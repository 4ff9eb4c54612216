"""The LSTM: its steps are the published equations, its gradients those of finite differences."""

from collections.abc import Callable

import numpy as np

from coursekit.surrogates.adam_state import Weights
from coursekit.surrogates.lstm import LSTM

STEP = 1e-6


def differences(loss: Callable[[], float], weights: Weights) -> Weights:
    """Central finite differences of a loss, weight by weight."""
    found = {}
    for name, value in weights.items():
        found[name] = np.zeros_like(value)
        for place in np.ndindex(value.shape):
            before = value[place]
            value[place] = before + STEP
            above = loss()
            value[place] = before - STEP
            found[name][place] = (above - loss()) / (2 * STEP)
            value[place] = before
    return found


def test_a_step_is_the_published_equations() -> None:
    rng = np.random.default_rng(0)
    layer = LSTM(3, 2, rng)
    layer.weights["U"] += rng.standard_normal((2, 8))
    x, h, c = rng.standard_normal(3), rng.standard_normal(2), rng.standard_normal(2)
    after = layer.step(x, layer.start()._replace(h=h, c=c)).after
    w, u, b = (layer.weights[name].reshape(-1, 4, 2) for name in ("W", "U", "b"))
    for unit in range(2):
        i, f, o, g = (x @ w[:, k, unit] + h @ u[:, k, unit] + b[0, k, unit] for k in range(4))
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        cell = f * c[unit] + i * np.tanh(g)
        np.testing.assert_allclose(after.c[unit], cell)
        np.testing.assert_allclose(after.h[unit], o * np.tanh(cell))


def test_backprop_through_time_is_the_gradient() -> None:
    rng = np.random.default_rng(1)
    layer = LSTM(3, 4, rng)
    for value in layer.weights.values():
        value += rng.standard_normal(value.shape)
    xs, pull = rng.standard_normal((5, 3)), rng.standard_normal((5, 4))

    def run() -> list:
        steps, state = [], layer.start()
        for x in xs:
            steps.append(layer.step(x, state))
            state = steps[-1].after
        return steps

    def loss() -> float:
        return float(sum(step.after.h @ row for step, row in zip(run(), pull, strict=True)))

    gradients = layer.backward(run(), pull)
    for name, expected in differences(loss, layer.weights).items():
        np.testing.assert_allclose(gradients[name], expected, atol=1e-7)
