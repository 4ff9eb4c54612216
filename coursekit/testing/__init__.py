"""Conformance: what every strategy and every estimator promises, put to the test.

from coursekit.testing import conform, conform_estimator
conform(MyStrategy)
conform_estimator(MyEstimator)
"""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from textwrap import fill
from typing import Any

from coursekit import guard
from coursekit.estimators import Estimator, Trains
from coursekit.spaces import BlockCells, Boolean, Chain, Choice, EdgeCells, Float, Integer, Space
from coursekit.strategies.base import Strategy
from coursekit.testing import estimates
from coursekit.testing.promises import (
    PROMISES,
    checks_options,
    refuses_what_it_does_not_support,
    same_in_a_new_process,
)
from coursekit.testing.watched import LENGTH, Broken, Case, Untested
from coursekit.worlds import Cells, Live, MLPs, NASBench201

__all__ = [
    "SPACES",
    "WORLDS",
    "Broken",
    "Report",
    "conform",
    "conform_estimator",
    "examine",
    "examine_estimator",
]

SPACES: Mapping[str, Space] = {
    "mixed": Space(
        {
            "units": Integer(8, 512, log=True),
            "layers": Integer(1, 4),
            "learning_rate": Float(1e-4, 1e-1, log=True),
            "momentum": Float(0, 0.9, step=0.1),
            "batch": Choice([16, 32, 64], ordered=True),
            "activation": Choice(["relu", "tanh", "gelu"]),
            "bias": Boolean(),
        }
    ),
    "conditional": Space(
        {
            "optimizer": Choice(["sgd", "adam"]),
            "nesterov": Boolean().when(optimizer="sgd"),
            "momentum": Float(0, 0.99).when(nesterov=True),
            "depth": Integer(1, 3),
            "units_2": Integer(8, 64, step=8).when(depth=[2, 3]),
            "units_3": Integer(8, 64, step=8).when(depth=3),
        }
    ),
    "continuous": Space({"x": Float(-1, 1), "y": Float(0, 1), "z": Float(1e-3, 1, log=True)}),
    "small": Space({"a": Choice(list("xyz")), "b": Integer(1, 3), "c": Boolean().when(a="x")}),
    "single": Space({"only": Choice(["one"])}),
    "cells": EdgeCells(),
    "small cells": EdgeCells(("none", "skip_connect"), nodes=3),
    "blocks": BlockCells(("conv_3x3", "max_pool_3x3", "skip_connect"), blocks=(1, 3)),
    "chains": Chain({"dense": {"units": Integer(8, 64, log=True)}, "dropout": {}}, skips=True),
}

WORLDS: Mapping[str, Callable[[], Trains]] = {
    "mlps": lambda: MLPs(seed=0),
    "cells": lambda: Cells(seed=0),
    "nasbench201": NASBench201,
    "live mlps": lambda: Live("mlps", seed=0).at("quarter data"),
}

A = {"strategy": "a strategy", "estimator": "an estimator"}
OTHER = {"suggest": "evaluate", "evaluate": "suggest"}  # methods of strategies and estimators
LIMIT = 60  # seconds for one promise on one space
# For promises that concern no single space or world.
ANY, ALL, ANYWHERE = "any space", "all spaces", "any world"


@dataclass
class Report:
    """The result of each promise: of a strategy on each space, or an estimator in each world."""

    subject: str
    kept: list[tuple[str, str]] = field(default_factory=list)  # space or world, check
    broken: list[tuple[str, str, str]] = field(default_factory=list)  # and what happened
    unsupported: dict[str, str] = field(default_factory=dict)  # space or world: why
    untested: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        nowhere = {*self.unsupported, ANY, ALL, ANYWHERE}
        spaces = dict.fromkeys(space for space, _ in self.kept if space not in nowhere)
        count = len(self.broken)
        lines = [
            f"{self.subject} breaks {count} promise{'s' * (count > 1)}:"
            if count
            else fill(f"{self.subject} keeps its promises on {', '.join(spaces)}.", 74)
        ]
        lines += [f"- {check} ({space}): {what}" for space, check, what in self.broken]
        lines += [f"Not supported: {space} ({why})" for space, why in self.unsupported.items()]
        lines += [f"Not tested: {what}" for what in self.untested]
        return "\n".join(lines)


def conform(
    strategy: type[Strategy],
    *,
    spaces: Mapping[str, Space] = SPACES,
    length: int = LENGTH,
    **options: Any,
) -> None:
    """Print that a strategy keeps its promises, or raise AssertionError with the broken ones.

    strategy: the class; options are handed to it. spaces: those to try, by name. length: trials
    of each search that is compared with another.
    """
    report = examine(strategy, spaces=spaces, length=length, **options)
    if report.broken:
        raise Broken(str(report))
    print(report)


def examine(
    strategy: type[Strategy],
    *,
    spaces: Mapping[str, Space] = SPACES,
    length: int = LENGTH,
    **options: Any,
) -> Report:
    """Test a strategy's promises on every space, as `conform`; nothing is printed or raised."""
    _is_class(strategy, "suggest", "strategy")
    report = Report(strategy.__name__)
    cases: dict[str, Case] = {}
    for name, space in spaces.items():
        case = Case(partial(strategy, space, **options), length)
        if not strategy.supports(space):
            report.unsupported[name] = strategy.needs()
            _try(report, name, refuses_what_it_does_not_support, case)
        elif _try(report, name, suggests, case):
            cases[name] = case
            for promise in PROMISES:
                _try(report, name, promise, case)
    _try(report, ANY, checks_options, strategy)
    _try(report, ALL, same_in_a_new_process, cases)
    return report


def conform_estimator(
    estimator: type[Estimator],
    *,
    worlds: Mapping[str, Callable[[], Trains]] = WORLDS,
    **options: Any,
) -> None:
    """Print that an estimator keeps its promises, or raise AssertionError with the broken ones.

    estimator: the class; options are handed to it. worlds: what builds those to try, by name.
    """
    report = examine_estimator(estimator, worlds=worlds, **options)
    if report.broken:
        raise Broken(str(report))
    print(report)


def examine_estimator(
    estimator: type[Estimator],
    *,
    worlds: Mapping[str, Callable[[], Trains]] = WORLDS,
    **options: Any,
) -> Report:
    """Test an estimator's promises in every world; nothing is printed or raised."""
    _is_class(estimator, "evaluate", "estimator")
    report = Report(estimator.__name__)
    for name, world in worlds.items():
        case = estimates.Judging(partial(estimator, **options), world)
        if estimator.supports(world()):
            for promise in estimates.PROMISES:
                _try(report, name, promise, case)
        else:
            report.unsupported[name] = estimator.needs()
            _try(report, name, estimates.refuses_worlds_that_it_does_not_support, case)
    _try(report, ANYWHERE, checks_options, estimator)
    return report


def _is_class(given: object, method: str, kind: str) -> None:
    """TypeError unless it is a class of that kind."""
    name = getattr(given, "__name__", type(given).__name__)
    if not isinstance(given, type):
        raise TypeError(f"{given!r}: give the class of the {kind}, not an object")
    if not hasattr(given, method):
        other = "conform_estimator" if kind == "strategy" else "conform"
        cure = f": {other}({name})?" if hasattr(given, OTHER[method]) else ""
        raise TypeError(f"{name} has no method {method}, so it is not {A[kind]}{cure}")


def suggests(case: Case) -> None:
    if not case.reference:
        raise Broken("it suggests nothing at all")


def _try(report: Report, space: str, promise: Callable[[Any], None], subject: object) -> bool:
    """Whether the promise is kept. In a lab's check, that check's time limit applies."""
    if signal.getitimer(signal.ITIMER_REAL)[0]:
        return _kept(report, space, promise, subject)
    outcome = guard.run(_kept, report, space, promise, subject, seconds=LIMIT)
    if outcome.stopped == "time":
        title = promise.__name__.replace("_", " ")
        report.broken.append((space, title, f"no answer within {LIMIT} s: does it ever end?"))
    elif outcome.stopped:
        raise KeyboardInterrupt
    return bool(outcome.value)


def _kept(report: Report, space: str, promise: Callable[[Any], None], subject: object) -> bool:
    title = promise.__name__.replace("_", " ")
    try:
        promise(subject)
    except Broken as found:
        report.broken.append((space, title, str(found)))
    except Untested as why:
        report.untested.append(f"{title} ({why})")
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}, line {last.lineno}"
        report.broken.append((space, title, f"{type(error).__name__}: {error} ({where})"))
    else:
        report.kept.append((space, title))
        return True
    return False
