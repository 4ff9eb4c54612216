"""Building a table: every entry trained for real, from every seed, at every fidelity."""

from __future__ import annotations

import math
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from coursekit import atomic
from coursekit.log import Log
from coursekit.processes import spread
from coursekit.spaces import Configuration
from coursekit.worlds.recipes import FIDELITIES, RECIPES, Recipe
from coursekit.worlds.trained_tables import VERSION, Table, entries, pack, share

Measured = dict[str, Any]  # the results of one entry, as plain lists


def measure(name: str, configuration: Mapping[str, Any]) -> Measured:
    """Train one entry at each fidelity from each seed.

    Returns validation (fidelities, seeds, epochs) and test (fidelities, seeds), accuracies as
    nested lists, None where a training diverged; seconds of an epoch and parameters (fidelities).
    Seconds are CPU time, the median over epochs and seeds, so that neither the tracing of a model
    nor a busy machine counts.
    """
    recipe = RECIPES[name]
    found: Measured = {"validation": [], "test": [], "seconds": [], "parameters": []}
    candidate = None
    for fidelity in FIDELITIES:
        data = recipe.load(fidelity)
        if candidate is None or candidate.shape not in (None, data.train.x.shape[1:]):
            candidate = recipe.candidate(configuration, data)
        curves, tests, seconds = [], [], list[float]()
        for seed in range(recipe.seeds):
            scores, begun = list[float](), time.process_time()
            for epoch in candidate.fit(data, epochs=recipe.epochs, seed=seed):
                scores.append(epoch.score)
                now = time.process_time()
                seconds.append(now - begun)
                begun = now
            curves.append(_kept([*scores, *[math.nan] * (recipe.epochs - len(scores))]))
            tests.append(math.nan if math.isnan(scores[-1]) else candidate.accuracy(data.test))
        found["validation"].append(curves)
        found["test"].append(_kept(tests))
        found["seconds"].append(round(statistics.median(seconds), 6))
        found["parameters"].append(candidate.parameters)
    return found


def _kept(scores: Iterable[float]) -> list[float | None]:
    return [None if math.isnan(score) else round(score, 6) for score in scores]


def build(
    name: str, folder: Path, *, part: Path, workers: int, tell: Callable[[str], None]
) -> Path:
    """Build a whole table; returns its file in the folder.

    part: a file that keeps each finished entry; if it exists, the building resumes from it.
    workers: processes, one thread each. tell: is called with the progress, in words.

    Ctrl-C stops it; finished entries are kept. Raises ValueError if `part` belongs to another
    table, or if another process builds with it.
    """
    recipe, listed = RECIPES[name], entries(RECIPES[name].space)
    head = _head(name, recipe, len(listed))
    with closing(
        Log(part, first="version", cure="give another file with --part", user="building of a table")
    ) as log:
        done = _resume(log, head)
        missing = [entry for entry in _order(len(listed)) if entry not in done]
        tasks = [(entry, listed[entry]) for entry in missing]
        begun, shown = time.monotonic(), 0.0
        with closing(spread(_measure, name, tasks, workers)) as results:
            for (entry, _), found in results:
                done[entry] = found
                log.append({"entry": entry, "measured": found}, sync=True)
                now = time.monotonic() - begun
                trained = len(done) - (len(listed) - len(missing))
                if now - shown > 1 or len(done) == len(listed):
                    shown = now
                    left = now / trained * (len(listed) - len(done)) / 60
                    tell(f"{len(done)} of {len(listed)} entries, {left:.0f} min to go")
    about = {**head, "built": date.today().isoformat(), **versions(recipe)}
    path = folder / f"{name}.npz"
    atomic.write(path, pack(assemble([done[entry] for entry in range(len(listed))], about),
                          share(recipe.space)))  # fmt: skip
    return path


def _measure(name: str, task: tuple[int, Configuration]) -> Measured:
    found = measure(name, task[1])
    if "keras" in sys.modules:
        keras = sys.modules["keras"]
        keras.utils.clear_session()  # without this, each model's graph stays in memory
    return found


def sample(name: str, count: int) -> list[int]:
    """The indices of `count` entries, spread over the table."""
    return sorted(_order(len(entries(RECIPES[name].space)))[:count])


def _order(count: int) -> list[int]:
    """A shuffled order, so that half a table is a fair sample and the time left a fair estimate."""
    return [int(entry) for entry in np.random.default_rng(0).permutation(count)]


def _head(name: str, recipe: Recipe, count: int) -> dict[str, Any]:
    data = recipe.load()
    return {
        "version": VERSION,
        "name": name,
        "data": recipe.data,
        "entries": count,
        "fidelities": list(FIDELITIES),
        "seeds": recipe.seeds,
        "epochs": recipe.epochs,
        "validation images": len(data.validation.y),
        "test images": len(data.test.y),
    }


def _resume(log: Log, head: Mapping[str, Any]) -> dict[int, Measured]:
    """The entries that are finished; a new log gets its first line."""
    if not log.records:
        log.append(head, sync=True)
        return {}
    (_, first), *lines = log.records
    if first != head:
        raise ValueError(f"{log.path} belongs to another table: remove it to begin again")
    for number, line in lines:
        if line.keys() != {"entry", "measured"}:
            raise log.damaged(number, "no entry with its measurements")
    return {line["entry"]: line["measured"] for _, line in lines}


def assemble(found: Sequence[Measured], about: Mapping[str, Any]) -> Table:
    """The entries, in order, as one table."""

    def column(key: str) -> np.ndarray:
        return np.array([entry[key] for entry in found], dtype=float)  # None becomes NaN

    return Table(
        column("validation").astype(np.float32),
        column("test").astype(np.float32),
        column("seconds"),
        column("parameters"),
        about,
    )


def versions(recipe: Recipe) -> dict[str, str]:
    """The versions of the software that the trainings ran on."""
    packages = ("numpy", "keras", "tensorflow") if recipe.check(None) == "keras" else ("numpy",)
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}
