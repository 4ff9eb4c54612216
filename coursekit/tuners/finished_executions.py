"""A trial's finished trainings, kept so that an interrupted trial does not repeat them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from coursekit.tuners import project

NAME = "executions.json"


class Executions:
    """The finished executions of one trial, in its folder, until the trial has ended.

    folder: the trial's. checkpoint: the file of its best weights so far, kept with each execution:
        the next one may be killed while it overwrites the file.
    values: the trial's hyperparameters. run: what else must be equal for an execution to count,
        such as the number of epochs, as plain data.

    Executions count again only if the trial has the same values, besides what was discovered since.

    seconds_before: the time that the executions took that had finished when this was made.
    """

    def __init__(
        self, folder: Path, checkpoint: Path, values: Mapping[str, Any], run: Mapping[str, Any]
    ) -> None:
        self.folder, self.checkpoint = folder, checkpoint
        self._file = folder / NAME
        self._record: dict[str, Any] = {"values": dict(values), "run": dict(run), "finished": []}
        found = self._read()
        if found and found.get("run") == self._record["run"]:
            known = found.get("values", {}).items()
            if all(name in values and values[name] == value for name, value in known):
                self._record = found
        self.seconds_before = sum(each["seconds"] for each in self._record["finished"])

    def _read(self) -> dict[str, Any] | None:
        try:
            return dict(json.loads(self._file.read_bytes()))
        except (OSError, TypeError, ValueError):  # none, or not from here
            return None

    def __len__(self) -> int:
        return len(self._record["finished"])

    def result(self, number: int) -> Any:
        """The result of a finished execution, as `HyperModel.fit` returned it."""
        told = self._record["finished"][number]["result"]
        if "history" not in told:
            return told["value"]
        made = keras.callbacks.History()
        made.history, made.epoch = told["history"], told["epoch"]
        return made

    def restore(self) -> float | None:
        """Put the best weights of the finished executions back; returns their objective."""
        last = self._record["finished"][-1]
        if last["weights"] is not None:
            shutil.copyfile(self.folder / last["weights"], self.checkpoint)
        return last["best"]

    def keep(self, number: int, result: Any, seconds: float, best: float | None) -> None:
        """Keep the result of execution `number`; one that is not plain data is not kept."""
        if isinstance(result, keras.callbacks.History):
            told: dict[str, Any] = {"history": _plain(result.history), "epoch": result.epoch}
        else:
            told = {"value": _plain(result)}
        try:
            json.dumps(told)
        except (TypeError, ValueError):
            return
        if number != len(self):
            return
        weights = None
        if self.checkpoint.exists():
            weights = f"execution_{number}.weights.h5"
            shutil.copyfile(self.checkpoint, self.folder / weights)
        self._record["finished"].append(
            {"result": told, "seconds": seconds, "best": best, "weights": weights}
        )
        project.write(self._file, self._record)
        self._delete_weights(all_but=weights)

    def forget(self) -> None:
        """Delete what was kept: the trial has ended."""
        self._file.unlink(missing_ok=True)
        self._delete_weights()

    def _delete_weights(self, all_but: str | None = None) -> None:
        for path in self.folder.glob("execution_*.weights.h5"):
            if path.name != all_but:
                path.unlink(missing_ok=True)


def _plain(value: Any) -> Any:
    """Results with Python's numbers in place of NumPy's."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.item() if hasattr(value, "item") else value
