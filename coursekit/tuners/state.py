"""Keras Tuner's own records: trials in its form, and the files that others read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner.engine import hyperparameters as kt
from keras_tuner.engine.trial import Trial, TrialStatus
from keras_tuner.src.engine.metrics_tracking import MetricsTracker

from coursekit import atomic


def with_values(
    hyperparameters: keras_tuner.HyperParameters, values: Mapping[str, Any]
) -> keras_tuner.HyperParameters:
    """The same hyperparameters, set to these values.

    Keras Tuner's `copy` writes all of them out and reads them in again; they never change.
    """
    made = keras_tuner.HyperParameters()
    made._space = list(hyperparameters.space)
    for hp in made._space:
        made._hps[hp.name].append(hp)
    made.values = dict(values)
    return made


def from_configs(configs: Sequence[Mapping[str, Any]]) -> keras_tuner.HyperParameters:
    """Hyperparameters from what `get_config()["space"]` gave."""
    made = keras_tuner.HyperParameters()
    made.merge([kt.deserialize(config) for config in configs])
    return made


def merged(
    known: keras_tuner.HyperParameters, present: keras_tuner.HyperParameters
) -> keras_tuner.HyperParameters:
    """What is known and then what only the present program has.

    Raises ValueError if the present program has other values for what is known.
    """
    made = with_values(known, known.values)
    for hp in present.space:
        same = [each for each in known._hps.get(hp.name, ()) if each.conditions == hp.conditions]
        if not same:
            made.merge([hp])
        elif same[0].get_config() | {"default": None} != hp.get_config() | {"default": None}:
            raise ValueError(
                f"the search so far had {same[0]!r}, now it is {hp!r}: overwrite=True starts "
                "anew, another project_name goes beside it"
            )
    return made


def record(trial: Trial, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the journal keeps of a finished trial beside its score.

    values: those that it was given; others are written down.
    """
    made: dict[str, Any] = {"metrics": trial.metrics.get_config()["metrics"]}
    if trial.message:
        made["message"] = trial.message
    if trial.hyperparameters.values != values:
        made["values"] = trial.hyperparameters.values
    return made


def revive(trial: Trial, found: Mapping[str, Any]) -> None:
    """Give a trial what `record` wrote down of it; the journal's score tells if it completed."""
    trial.metrics = MetricsTracker.from_config({"metrics": found.get("metrics", {})})
    trial.message = found.get("message")
    trial.status = TrialStatus.FAILED if found["score"] is None else TrialStatus.COMPLETED


def write(path: Path, state: Mapping[str, Any]) -> None:
    """Write JSON so that a reader finds either the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write_json(path, state)


def damaged(path: Path, expected: Mapping[str, Any]) -> bool | None:
    """Whether a file is unreadable or says something else than expected; None if it is missing."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return True
    if not isinstance(found, dict):
        return True
    return any(name not in found or not _same(found[name], expected[name]) for name in expected)


def _same(one: Any, other: Any) -> bool:
    both_nan = isinstance(one, float) and isinstance(other, float) and math.isnan(one + other)
    return bool(one == other) or both_nan
