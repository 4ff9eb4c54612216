"""Optimizers: gradient steps, exactly as in Keras 3.

An optimizer has no state. `start` begins a run: it returns the step, a function that takes one
gradient and moves the weights in place. Weights and gradient are single vectors, float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from coursekit.arguments import positive, probability

Update = Callable[[np.ndarray], None]


class Optimizer(Protocol):
    def start(self, weights: np.ndarray) -> Update:
        """Begin a run: returns the step, which takes a gradient and moves the weights."""
        ...


@dataclass(frozen=True)
class SGD:
    """Gradient descent with momentum (Polyak, 1964; `polyak1964some`), in Keras's form."""

    learning_rate: float = 0.01
    momentum: float = 0.9

    def __post_init__(self) -> None:
        positive("learning_rate", self.learning_rate)
        probability("momentum", self.momentum, below_1=True)

    def start(self, weights: np.ndarray) -> Update:
        velocity = np.zeros_like(weights)
        change = np.empty_like(weights)

        def step(gradient: np.ndarray) -> None:
            nonlocal velocity, weights
            np.multiply(gradient, self.learning_rate, out=change)
            velocity *= self.momentum
            velocity -= change
            weights += velocity

        return step


@dataclass(frozen=True)
class Adam:
    """Steps scaled by running means of the gradient and its square (Kingma and Ba, 2015, ICLR).

    arXiv:1412.6980; `kingma2015adam`: algorithm 1 in the faster form at the end of section 2:
    epsilon is the paper's "epsilon hat", with Keras's default.
    """

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        positive("learning_rate", self.learning_rate)

    def start(self, weights: np.ndarray) -> Update:
        mean = np.zeros_like(weights)  # m in the paper
        square = np.zeros_like(weights)  # v
        change = np.empty_like(weights)
        steps = 0  # t

        def step(gradient: np.ndarray) -> None:
            nonlocal mean, square, change, steps, weights
            steps += 1
            # m += (1 - beta_1) (g - m)
            np.subtract(gradient, mean, out=change)
            change *= 1 - self.beta_1
            mean += change
            # v += (1 - beta_2) (g^2 - v)
            np.multiply(gradient, gradient, out=change)
            change -= square
            change *= 1 - self.beta_2
            square += change
            # w -= alpha m / (sqrt(v) + epsilon); alpha corrects for means that start at 0
            alpha = (
                self.learning_rate * math.sqrt(1 - self.beta_2**steps) / (1 - self.beta_1**steps)
            )
            np.sqrt(square, out=change)
            change += self.epsilon
            np.divide(mean, change, out=change)
            change *= alpha
            weights -= change

        return step


OPTIMIZERS: dict[str, Callable[[float], Optimizer]] = {"adam": Adam, "sgd": SGD}
