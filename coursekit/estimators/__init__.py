"""Estimators judge candidates at a part of the cost: one file each, and one registry line."""

from __future__ import annotations

from coursekit import lookup
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
SHORT = {"full": "full_training"}  # short names, which texts may use


def find(name: str) -> type[Estimator]:
    """The class of an estimator. Raises ValueError for an unknown name; it lists the known ones."""
    return lookup.find("estimator", name, _texts())


def make(text: str, world: Trains, **options: object) -> Estimator:
    """The estimator with that name, built around a world; the text may have options, such as
    "extrapolation(delta=0.1)".

    Raises ValueError for an unknown name or option, for a value that the estimator refuses, and
    for a world that it does not support.
    """
    return lookup.make("estimator", text, _texts(), world, **options)


def _texts() -> dict[str, type[Estimator]]:
    return ESTIMATORS | {short: ESTIMATORS[name] for short, name in SHORT.items()}


__all__ = [
    "ESTIMATORS", "SHORT", "Estimator", "Extrapolation", "FullTraining", "Inheritance",
    "LowerFidelity", "Trains", "find", "make",
]  # fmt: skip
