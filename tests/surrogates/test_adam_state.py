"""Adam, held to the paper's algorithm step by step."""

import numpy as np

from coursekit.surrogates.adam_state import AdamState


def test_adam_is_algorithm_1() -> None:
    weights = {"w": np.array([1.0, -2.0])}
    adam = AdamState(0.1)
    m, v, w = np.zeros(2), np.zeros(2), weights["w"].copy()
    for t, gradient in enumerate(([1.0, 4.0], [-0.5, 4.0], [2.0, 0.0]), start=1):
        g = np.array(gradient)
        adam.step(weights, {"w": g})
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w -= 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        np.testing.assert_allclose(weights["w"], w, rtol=1e-6)
