"""Adam (Kingma and Ba, 2015, ICLR, arXiv:1412.6980; `kingma2015adam`), algorithm 1."""

from __future__ import annotations

import numpy as np

Weights = dict[str, np.ndarray]


class AdamState:
    """Gradient descent in which past gradients scale the step of each weight.

    learning_rate: alpha in the paper. decays: beta_1 and beta_2.
    """

    def __init__(
        self, learning_rate: float, decays: tuple[float, float] = (0.9, 0.999), tiny: float = 1e-8
    ) -> None:
        self.learning_rate, self.decays, self.tiny = learning_rate, decays, tiny
        self._steps = 0
        self._first: Weights = {}
        self._second: Weights = {}

    def step(self, weights: Weights, gradients: Weights) -> None:
        """Change the weights in place."""
        self._steps += 1
        one, two = self.decays
        rate = self.learning_rate * (1 - two**self._steps) ** 0.5 / (1 - one**self._steps)
        for name, gradient in gradients.items():
            if name not in self._first:
                self._first[name], self._second[name] = np.zeros((2, *gradient.shape))
            m, v = self._first[name], self._second[name]
            m += (1 - one) * (gradient - m)
            v += (1 - two) * (gradient**2 - v)
            weights[name] -= rate * m / (np.sqrt(v) + self.tiny)
