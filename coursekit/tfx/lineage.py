"""Lineage: which trial, data, schema and code made a model, and what was made from an artifact.

ML Metadata records which execution read and wrote which artifact. From any artifact, this leads
backwards to its ancestors and forwards to its descendants.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.extras import from_extras
from coursekit.tfx.metadata import Metadata
from coursekit.tfx.outcome import read_trials
from coursekit.tfx.picture import Box, flow
from coursekit.tfx.steps import Artifact

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

WAYS = ("back", "forth", "both")


@dataclass(frozen=True)
class Origin:
    """The origin of a model.

    trial: the number of the trial that gave its hyperparameters; None if nothing was tuned, if they
    were imported from another pipeline, or if they are unreadable. score: of that trial, on the
    validation split. hyperparameters: empty for the defaults, or if they are unreadable. data: the
    raw examples. fingerprint: TFX's, of their files. schema: its place. code: for each component
    that runs module functions, their import path and the digest of the code. imported: the place of
    another pipeline's hyperparameters. unread: the place of hyperparameters that cannot be read
    from here: an address, or a deleted folder.
    """

    model: str
    trial: str | None
    score: float | None
    hyperparameters: Mapping[str, Any]
    data: str
    fingerprint: str
    schema: str
    code: Mapping[str, str]
    imported: str = ""
    unread: str = ""

    def __str__(self) -> str:
        chosen = ", ".join(f"{name} {value}" for name, value in self.hyperparameters.items())
        fingerprint = hashlib.sha256(self.fingerprint.encode()).hexdigest()[:12]  # TFX's is long
        unread = self.unread and f"at {self.unread}, which cannot be read from here"
        trial = "unknown" if self.unread else "none"
        if self.imported:
            trial = f"of another pipeline: {self.imported}"
        if self.trial is not None:
            trial = f"{self.trial}, score {self.score:.4f}"
        rows = {
            "model": self.model,
            "trial": trial,
            "hyperparameters": chosen or unread or "the defaults",
            "data": f"{self.data} (fingerprint {fingerprint})",
            "schema": self.schema,
            "code": f"\n{'':17}".join(f"{name}: {what}" for name, what in self.code.items()),
        }
        return "\n".join(f"{name:16} {value}" for name, value in rows.items())


class Lineage:
    """The ancestors and descendants of artifacts in a metadata database.

    source: as in `Metadata`, such as the folder of a plan.
    """

    def __init__(self, source: Any) -> None:
        self.metadata = source if isinstance(source, Metadata) else Metadata(source)

    def find(self, what: int | str | Path | Artifact | None = None) -> Artifact:
        """An artifact by its id or its place (also the folder that a model was pushed to).

        None: the last pushed model. Raises ValueError if there is no such artifact.
        """
        known = self.metadata.artifacts
        if isinstance(what, Artifact):
            what = what.id
        if what is None:
            pushed = [
                each for each in known.values()
                if each.type == "PushedModel" and each.properties.get("pushed")
            ]  # fmt: skip
            if not pushed:
                raise ValueError("no model was pushed yet: give an artifact's id or folder")
            return pushed[-1]
        if isinstance(what, int):
            if what in known:
                return known[what]
            raise ValueError(f"no artifact has the id {what}; ids are 1 to {max(known, default=0)}")
        path = str(Path(what).absolute())
        for each in reversed(known.values()):
            if path in (each.uri, each.properties.get("pushed_destination")):
                return each
        raise ValueError(f"{what}: no artifact is there; `frame()` lists them")

    def frame(self, what: Any = None, way: str = "back") -> pd.DataFrame:
        """One row for each execution on the paths from an artifact, the nearest first.

        way: "back" to its ancestors, "forth" to its descendants, or "both". Columns: distance (in
        steps, negative is back), component, execution (its id), reads and writes (ids of
        artifacts), when it began (UTC).
        """
        with from_extras():
            import pandas as pd

        rows = [
            {
                "distance": distance,
                "component": self.metadata.name(number),
                "execution": number,
                "reads": self._ids(self.metadata.inputs(number)),
                "writes": self._ids(self.metadata.outputs(number)),
                "when": pd.Timestamp(
                    self.metadata.executions[number].create_time_since_epoch, unit="ms"
                ),
            }
            for number, distance in self._near(self.find(what), way).items()
        ]
        return pd.DataFrame(
            rows, columns=["distance", "component", "execution", "reads", "writes", "when"]
        ).sort_values("distance", key=abs, kind="stable", ignore_index=True)

    def artifacts(self) -> pd.DataFrame:
        """All artifacts: id, type, the component that wrote each, and its place."""
        with from_extras():
            import pandas as pd

        return pd.DataFrame(
            [
                {
                    "id": each.id,
                    "type": each.type,
                    "component": "" if (p := self.metadata.producer(each.id)) is None
                    else self.metadata.name(p),
                    "uri": each.uri,
                }
                for each in self.metadata.artifacts.values()
            ],
            columns=["id", "type", "component", "uri"],
        )  # fmt: skip

    def draw(self, what: Any = None, way: str = "back", axes: Axes | None = None) -> Axes:
        """`frame` as a drawing: executions are boxes, artifacts are round, this one has a frame."""
        found = self.find(what)
        numbers = self._near(found, way)
        boxes: dict[str, Box] = {}
        arrows = []
        kept = {found.id} | {
            each.id
            for number in numbers
            for channel in (
                *self.metadata.inputs(number).values(), *self.metadata.outputs(number).values()
            )
            for each in channel
            if self._between(each.id, numbers) or each.id == found.id
        }  # fmt: skip
        for number in numbers:
            boxes[f"x{number}"] = Box(self.metadata.name(number))
        for number in sorted(kept):
            artifact = self.metadata.artifacts[number]
            look = "chosen" if number == found.id else "artifact"
            boxes[f"a{number}"] = Box(f"{artifact.type} {number}", look, round=True)
        for execution, artifact_id, written, _ in self.metadata.events:
            if execution in numbers and artifact_id in kept:
                pair = (f"x{execution}", f"a{artifact_id}")
                arrows.append(pair if written else pair[::-1])
        axes = flow(boxes, arrows, axes)
        axes.figure.alt = f"Lineage of {found.type} {found.id}: " + ", ".join(  # type: ignore[attr-defined]
            f"{row.component} ({row.distance})" for row in self.frame(found, way).itertuples()
        )
        return axes

    def origin(self, model: Any = None) -> Origin:
        """Which trial, data, schema and code made a model; None: the last pushed one.

        Raises ValueError for an artifact without a Trainer among its ancestors.
        """
        found = self.find(model)
        number = next((n for n in self._near(found, "back") if self._is(n, "Trainer")), None)
        if number is None:
            raise ValueError(f"artifact {found.id} is a {found.type}, and no Trainer made it")
        trainer = self.metadata.step(number, ())
        # Without its Evaluator's ancestors: among them is the model that it was compared with.
        behind = self._near(trainer.outputs["model"][0], "back")
        trial: tuple[str | None, float | None, dict[str, Any]] = (None, None, {})
        imported = unread = ""
        if "hyperparameters" in trainer.inputs:
            best = trainer.inputs["hyperparameters"][0]
            imported = best.uri if self._tuner(best) is None else ""
            file = Path(best.uri) / "best_hyperparameters.txt"
            if not file.is_file():  # this includes addresses such as gs://bucket/best
                unread = best.uri
            else:
                trial = self._trial(best, json.loads(file.read_text())["values"])
        raw = next(
            each
            for number in behind
            if self._is(number, "ExampleGen")
            for each in self.metadata.outputs(number)["examples"]
        )
        code = {}
        for number in sorted(
            behind, key=lambda n: (behind[n], n)
        ):  # the nearest comes last and wins
            known = self.metadata.step(number, ()).properties
            for name in ("preprocessing_fn", "tuner_fn", "run_fn"):
                if known.get(name):
                    settings = known.get("custom_config") or {}
                    told = f"{known[name]} {settings.get('code', '')}"
                    if "strategy_code" in settings:
                        told += f", with {settings['strategy']} {settings['strategy_code']}"
                    code[self.metadata.name(number)] = told
        return Origin(
            found.uri,
            *trial,
            raw.uri,
            str(raw.properties.get("input_fingerprint", "")),
            trainer.inputs["schema"][0].uri,
            code,
            imported,
            unread,
        )

    def _is(self, execution: int, kind: str) -> bool:
        return bool(self.metadata.executions[execution].type.endswith(kind))

    def _trial(
        self, best: Artifact, chosen: dict[str, Any]
    ) -> tuple[str | None, float | None, dict[str, Any]]:
        """The trial that gave these hyperparameters, from the results that the Tuner wrote."""
        tuner = self._tuner(best)
        if tuner is not None:
            (results,) = self.metadata.outputs(tuner)["tuner_results"]
            for number, score, configuration in read_trials(Path(results.uri)):
                if configuration == chosen:
                    return number, score, chosen
        return None, None, chosen

    def _tuner(self, best: Artifact) -> int | None:
        """The Tuner that wrote these hyperparameters, also if they were imported."""
        for each in self.metadata.artifacts.values():
            number = self.metadata.producer(each.id) if each.uri == best.uri else None
            if number is not None and "tuner_results" in self.metadata.outputs(number):
                return number
        return None

    def _near(self, found: Artifact, way: str) -> dict[int, int]:
        """Executions on the paths from an artifact, and the distance of each in steps."""
        if way not in WAYS:
            raise ValueError(f"way={way!r}: give one of {', '.join(WAYS)}")
        near: dict[int, int] = {}
        if way in ("back", "both"):
            self._walk(found.id, near, -1)
        if way in ("forth", "both"):
            self._walk(found.id, near, 1)
        return near

    def _walk(self, start: int, near: dict[int, int], sign: int) -> None:
        """Breadth first; a reused result counts once, as the execution that did the work."""
        now, distance = [start], 0
        while now:
            distance += sign
            following: list[int] = []
            for artifact in now:
                if sign < 0:
                    producer = self.metadata.producer(artifact)
                    found = [] if producer is None else [producer]
                else:
                    found = [n for n in self.metadata.consumers(artifact) if self._worked(n)]
                for number in found:
                    if number not in near:
                        near[number] = distance
                        read = self.metadata.inputs if sign < 0 else self.metadata.outputs
                        following += [a.id for each in read(number).values() for a in each]
            now = following

    def _worked(self, execution: int) -> bool:
        return self.metadata.step(execution, ()).state != "reused"

    def _between(self, artifact: int, numbers: Mapping[int, int]) -> bool:
        """Whether one of these executions wrote it and another read it."""
        events = [e for e in self.metadata.events if e[1] == artifact and e[0] in numbers]
        return any(e[2] for e in events) and any(not e[2] for e in events)

    @staticmethod
    def _ids(channels: Mapping[str, Any]) -> list[int]:
        return [each.id for channel in channels.values() for each in channel]
