"""Long short-term memory (Hochreiter and Schmidhuber, 1997; `hochreiter1997long`), one layer.

With the forget gate of Gers, Schmidhuber and Cummins (2000, Neural Computation 12(10);
`gers2000learning`), in NumPy, one sequence at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from coursekit.surrogates.adam_state import Weights


class State(NamedTuple):
    """The state between steps: output h and cell c, shape (units,) each."""

    h: np.ndarray
    c: np.ndarray


class LSTMStep(NamedTuple):
    """What `backward` needs of one step."""

    x: np.ndarray
    before: State
    gates: np.ndarray  # input i, forget f, output o, candidate g; shape (4, units)
    after: State


class LSTM:
    """i, f, o = sigmoid(.), g = tanh(.) of x W + h U + b; c' = f c + i g; h' = o tanh(c').

    inputs: width of x. units: width of h and c. rng: draws the weights, uniform in +-0.08 as in
    Zoph and Le; forget biases start at 1, so that an untrained layer remembers.
    """

    def __init__(self, inputs: int, units: int, rng: np.random.Generator) -> None:
        self.units = units
        bias = np.zeros(4 * units)
        bias[units : 2 * units] = 1.0
        self.weights: Weights = {
            "W": rng.uniform(-0.08, 0.08, (inputs, 4 * units)),
            "U": rng.uniform(-0.08, 0.08, (units, 4 * units)),
            "b": bias,
        }

    def start(self) -> State:
        """The state before the first step: zeros."""
        return State(np.zeros(self.units), np.zeros(self.units))

    def step(self, x: np.ndarray, before: State) -> LSTMStep:
        """One step from x, shape (inputs,)."""
        w = self.weights
        pre = (x @ w["W"] + before.h @ w["U"] + w["b"]).reshape(4, self.units)
        gates = np.empty_like(pre)
        gates[:3] = 0.5 + 0.5 * np.tanh(0.5 * pre[:3])  # the sigmoid, without overflow
        gates[3] = np.tanh(pre[3])
        i, f, o, g = gates
        c = f * before.c + i * g
        return LSTMStep(x, before, gates, State(o * np.tanh(c), c))

    def backward(self, steps: Sequence[LSTMStep], dh: np.ndarray) -> Weights:
        """Gradients of the weights, from those of each step's h: dh, shape (steps, units)."""
        w = self.weights
        gradients = {name: np.zeros_like(value) for name, value in w.items()}
        dh_next, dc_next = np.zeros(self.units), np.zeros(self.units)
        for (x, before, (i, f, o, g), after), dh_here in zip(
            reversed(steps), dh[::-1], strict=True
        ):
            dh_all = dh_here + dh_next
            squashed = np.tanh(after.c)
            dc = dc_next + dh_all * o * (1 - squashed**2)
            dpre = np.concatenate(
                (
                    dc * g * i * (1 - i),
                    dc * before.c * f * (1 - f),
                    dh_all * squashed * o * (1 - o),
                    dc * i * (1 - g**2),
                )
            )
            gradients["W"] += x[:, None] * dpre
            gradients["U"] += before.h[:, None] * dpre
            gradients["b"] += dpre
            dh_next, dc_next = w["U"] @ dpre, dc * f
        return gradients
