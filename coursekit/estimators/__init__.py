"""Estimators: one file for each way to judge candidates at a part of the cost, and one line in the
registry."""

from __future__ import annotations

from coursekit.estimators.base import Estimator, Trains
from coursekit.estimators.extrapolation import Extrapolation
from coursekit.estimators.full_training import FullTraining
from coursekit.estimators.inheritance import Inheritance
from coursekit.estimators.lower_fidelity import LowerFidelity

ESTIMATORS: dict[str, type[Estimator]] = {
    "full_training": FullTraining,
    "lower_fidelity": LowerFidelity,
    "extrapolation": Extrapolation,
    "inheritance": Inheritance,
}


def make(name: str, world: Trains, **options: object) -> Estimator:
    """The estimator of that name, built around a world."""
    if name not in ESTIMATORS:
        raise ValueError(f"no estimator {name!r}: there are {', '.join(ESTIMATORS)}")
    return ESTIMATORS[name](world, **options)


__all__ = [
    "ESTIMATORS",
    "Estimator",
    "Trains",
    "make",
    *(cls.__name__ for cls in ESTIMATORS.values()),
]
