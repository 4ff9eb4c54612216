"""Reads ML Metadata: which components ran, and what they read and wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from coursekit.extras import from_extras
from coursekit.tfx.plan import check_database
from coursekit.tfx.steps import Artifact, Step

with from_extras("tfx"):
    import ml_metadata
    from ml_metadata.proto import metadata_store_pb2 as proto

STATES = {
    proto.Execution.NEW: "waiting",
    proto.Execution.RUNNING: "running",
    proto.Execution.COMPLETE: "done",
    proto.Execution.CACHED: "reused",
}


class Metadata:
    """A snapshot of a metadata database.

    source: the database's file, its folder, or an open `ml_metadata.MetadataStore`, such as from a
    notebook's `context.metadata_connection_config`. Raises ValueError for a file that is missing,
    or is not a database.
    """

    def __init__(self, source: str | Path | ml_metadata.MetadataStore) -> None:
        if isinstance(source, str | Path):
            path = Path(source)
            if path.is_dir():
                path /= "metadata.sqlite"
            if not path.is_file():
                raise ValueError(f"{path}: no metadata; has the pipeline run?")
            check_database(path)
            config = proto.ConnectionConfig()
            config.sqlite.filename_uri = str(path)
            config.sqlite.connection_mode = proto.SqliteMetadataSourceConfig.READWRITE
            source = ml_metadata.MetadataStore(config)
        self.store = source

    @cached_property
    def artifacts(self) -> dict[int, Artifact]:
        """All artifacts by id."""
        return {
            each.id: Artifact(each.id, each.type, each.uri, properties(each))
            for each in self.store.get_artifacts()
        }

    @cached_property
    def executions(self) -> dict[int, Any]:
        """All executions by id, in the order in which they began."""
        return {each.id: each for each in self.store.get_executions()}

    @cached_property
    def events(self) -> list[tuple[int, int, bool, str]]:
        """(execution, artifact, whether it was written, channel) for each read and write."""
        if not self.executions:
            return []
        made = (proto.Event.OUTPUT, proto.Event.DECLARED_OUTPUT)
        return [
            (
                event.execution_id,
                event.artifact_id,
                event.type in made,
                event.path.steps[0].key if event.path.steps else "",
            )
            for event in self.store.get_events_by_execution_ids(list(self.executions))
        ]

    @cached_property
    def _contexts(self) -> dict[int, dict[str, str]]:
        """For each execution, the names of its contexts (such as run and node) by type."""
        return {
            number: {each.type: each.name for each in self.store.get_contexts_by_execution(number)}
            for number in self.executions
        }

    def name(self, execution: int) -> str:
        """The component's name in its pipeline."""
        node = self._contexts[execution].get("node", "")
        kind = self.executions[execution].type
        return node.rpartition(".")[2] or kind.rpartition(".")[2]

    def runs(self) -> list[str]:
        """The names of the runs, the latest last."""
        return list(dict.fromkeys(self._run(each) for each in self.executions))

    def steps(self, run: str | None = None) -> list[Step]:
        """A run's components as steps; None: the latest run."""
        if not self.executions:
            return []
        run = self.runs()[-1] if run is None else run
        chosen = [n for n in self.executions if self._run(n) == run]
        return [self.step(number, chosen) for number in chosen]

    def plan(self, components: Sequence[Any], run: str | None = "") -> list[Step]:
        """A pipeline's components as steps; "waiting" if the run has not reached one.

        components: of TFX, in their order. run: "" takes the latest run; None takes for each
        component the latest execution in any run (in a notebook, each execution is a run).
        """
        if run == "":
            numbers = [n for n in self.executions if self._run(n) == self.runs()[-1]]
        else:
            numbers = [n for n in self.executions if run is None or self._run(n) == run]
        latest = {self.name(number): number for number in numbers}
        return [
            replace(self.step(latest[step.name], ()), after=step.after, waits=step.waits)
            if step.name in latest
            else step
            for step in waiting(components)
        ]

    def _run(self, number: int) -> str:
        return self._contexts[number].get("pipeline_run", "")

    def step(self, number: int, among: Sequence[int]) -> Step:
        """One execution as a step, after those of the others whose outputs it read."""
        execution = self.executions[number]
        inputs, outputs = self.inputs(number), self.outputs(number)
        read = {each.id for channel in inputs.values() for each in channel}
        before = [
            self.name(other)
            for other in among
            if other != number
            and any(e == other and written and a in read for e, a, written, _ in self.events)
        ]
        state = STATES.get(execution.last_known_state, "failed")
        took = execution.last_update_time_since_epoch - execution.create_time_since_epoch
        return Step(
            self.name(number),
            tuple(before),
            state,
            took / 1000 if state == "done" else None,
            inputs,
            outputs,
            properties(execution),
        )

    def inputs(self, execution: int) -> dict[str, list[Artifact]]:
        """The artifacts that an execution read, by channel."""
        return self._channels(execution, written=False)

    def outputs(self, execution: int) -> dict[str, list[Artifact]]:
        """The artifacts that an execution wrote, by channel."""
        return self._channels(execution, written=True)

    def _channels(self, execution: int, *, written: bool) -> dict[str, list[Artifact]]:
        found: dict[str, list[Artifact]] = {}
        for number, artifact, wrote, channel in self.events:
            if number == execution and wrote == written and artifact in self.artifacts:
                found.setdefault(channel, []).append(self.artifacts[artifact])
        return found

    def producer(self, artifact: int) -> int | None:
        """The execution that first wrote an artifact, not those that reused it."""
        return min(
            (e for e, a, written, _ in self.events if a == artifact and written), default=None
        )

    def consumers(self, artifact: int) -> Iterator[int]:
        """The executions that read an artifact."""
        return (e for e, a, written, _ in self.events if a == artifact and not written)


def waiting(components: Sequence[Any]) -> list[Step]:
    """A pipeline's components as steps that have not run yet."""
    found = []
    for each in components:
        read = {getattr(channel, "producer_component_id", None) for channel in each.inputs.values()}
        before = [one.id for one in components if one.id in read or one in each.upstream_nodes]
        found.append(Step(each.id, tuple(before), waits=tuple(n for n in before if n not in read)))
    return found


def properties(each: Any) -> dict[str, Any]:
    """The properties of an artifact or execution, as plain Python values."""
    found = {}
    for name, value in [*each.properties.items(), *each.custom_properties.items()]:
        kind = value.WhichOneof("value")
        if kind in ("int_value", "double_value", "bool_value"):
            found[name] = getattr(value, kind)
        elif kind == "string_value":
            found[name] = _read(value.string_value)
    return found


def _read(text: str) -> Any:
    """A property's value: TFX writes all but numbers and words as JSON."""
    if text[:1] in ("{", "[") or text == "null":
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
