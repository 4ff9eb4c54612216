"""Recipes: how the configurations of a space are trained, for tables and live training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from coursekit import data
from coursekit.data import SOURCES, Dataset
from coursekit.spaces import Choice, EdgeCells, Integer, Skeleton, Space
from coursekit.training.candidates import Candidate, FastPerceptron, keras_cells, keras_perceptron
from coursekit.worlds.base import FULL

FIDELITIES: tuple[str, ...] = (FULL, "quarter data", "half resolution")
LIVE = (*FIDELITIES, "half width")  # those of the tables, and one for live training only
AND = " and "  # joins several fidelities

Make = Callable[..., Candidate]


@dataclass(frozen=True)
class Recipe:
    """How the configurations of a space are trained.

    title: for figures. data: name of a data set. epochs: of each training.
    seeds: trainings of each configuration and fidelity. engines: functions by name, the first of
    which made the table. Each makes a candidate from a configuration, a shape (height, width), a
    number of classes and, for "half width", the share of its units or channels.
    """

    title: str
    space: Space
    data: str
    epochs: int
    seeds: int
    engines: Mapping[str, Make]

    def load(self, fidelity: str = FULL) -> Dataset:
        """The data at a fidelity: whole, with a quarter of the training images, or with half the
        height and width. Validation and test keep all their images."""
        _, quarter, half, _ = _asked(fidelity)
        resolution = SOURCES[self.data].shape[0] // 2 if half else None
        return _load(self.data, 0.25 if quarter else None, resolution)

    def candidate(
        self,
        configuration: Mapping[str, Any],
        data: Dataset,
        engine: str | None = None,
        fidelity: str = FULL,
    ) -> Candidate:
        """A configuration's model for this data; ValueError if the space does not have it."""
        self.space.check(configuration)
        make = self.engines[self.check(engine)]
        about = (configuration, data.train.x.shape[1:], data.classes)
        *_, thin = _asked(fidelity)
        return make(*about, 0.5) if thin else make(*about)

    def check(self, engine: str | None) -> str:
        """The engine's name, by default the first; ValueError for an unknown name."""
        if engine not in (None, *self.engines):
            raise ValueError(f"no engine {engine!r}: there are {', '.join(self.engines)}")
        return next(iter(self.engines)) if engine is None else engine


def _asked(fidelity: str) -> list[bool]:
    """Which of `LIVE` a fidelity is or combines; ValueError for any other name."""
    names = fidelity.split(AND)
    if not set(names) <= set(LIVE if len(names) == 1 else LIVE[1:]):
        raise ValueError(
            f"no fidelity {fidelity!r}: there are {', '.join(LIVE)}, and together for instance "
            f"{LIVE[1] + AND + LIVE[-1]!r}"
        )
    return [each in names for each in LIVE]


@cache
def _load(name: str, size: float | None, resolution: int | None) -> Dataset:
    return data.load(name, size=size, resolution=resolution)


MLPS = Space(
    {
        "layers": Integer(1, 3),
        "units": Integer(2, 64, step=2, log=True),
        "activation": Choice(["relu", "tanh"]),
        "dropout": Choice([0.0, 0.2, 0.4], ordered=True),
        "learning_rate": Choice([1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1], ordered=True),
        "batch_size": Integer(64, 256, step=2, log=True),
        "optimizer": Choice(["adam", "sgd"]),
    }
)
CELLS = EdgeCells(
    ("none", "skip_connect", "nor_conv_3x3", "avg_pool_3x3"),
    skeleton=Skeleton(stem=16, cells=1, stages=1, stride=3),
)


def _shape(
    configuration: Mapping[str, Any], shape: tuple[int, int], classes: int, width: float = 1.0
) -> FastPerceptron:
    chosen = dict(configuration)
    units = [chosen.pop(f"units{layer}") for layer in range(1, chosen["layers"] + 1)]
    trained = {"units": units, "learning_rate": 0.002, "batch_size": 256}
    return FastPerceptron({**chosen, **trained}, shape, classes, width)


# Without a table: only the shape of the network varies, not its training; `Live(SHAPES)`.
SHAPES = Recipe(
    "shapes of perceptrons on rotated MNIST-5k",
    Space(
        {
            "layers": Integer(1, 3),
            "units1": Integer(4, 64),
            "units2": Integer(4, 64).when(layers=[2, 3]),
            "units3": Integer(4, 64).when(layers=3),
            "dropout": Choice([0.0, 0.1, 0.2, 0.3, 0.4, 0.5], ordered=True),
        }
    ),
    "mnist-5k-rotated",
    epochs=80,
    seeds=1,
    engines={"numpy": _shape},
)

RECIPES: Mapping[str, Recipe] = {
    "mlps": Recipe(
        "perceptrons on digits",
        MLPS,
        "digits",
        epochs=40,
        seeds=3,
        engines={"numpy": FastPerceptron, "keras": keras_perceptron},
    ),
    "cells": Recipe(
        "cells on rotated MNIST-5k",
        CELLS,
        "mnist-5k-rotated",
        epochs=12,
        seeds=2,
        engines={
            "keras": lambda configuration, shape, classes, width=1.0: keras_cells(
                CELLS, configuration, classes, epochs=12, width=width
            )
        },
    ),
}
