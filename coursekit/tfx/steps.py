"""Pipelines as data: components, their states, and what they read and wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

STATES = ("waiting", "running", "done", "reused", "failed")


@dataclass(frozen=True)
class Artifact:
    """A result that a step read or wrote: a type such as "Model", its place, its properties."""

    id: int
    type: str
    uri: str
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One component of a pipeline, and its state.

    after: names of the steps before it. state: one of STATES ("reused": an earlier run had the same
    result). seconds: its duration, None if it has not run. inputs, outputs: artifacts by the names
    of its channels ("model"). properties: its settings. error: why it failed.
    """

    name: str
    after: tuple[str, ...] = ()
    state: str = "waiting"
    seconds: float | None = None
    inputs: Mapping[str, Sequence[Artifact]] = field(default_factory=dict)
    outputs: Mapping[str, Sequence[Artifact]] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


def arrows(steps: Sequence[Step]) -> list[tuple[str, str]]:
    """(before, after) for steps that follow directly, without those that a longer path connects."""
    known = {step.name for step in steps}
    return _direct([(before, s.name) for s in steps for before in s.after if before in known])


def tell(steps: Sequence[Step]) -> str:
    """The progress of a pipeline, in a sentence or two."""
    finished = [step for step in steps if step.state in ("done", "reused")]
    reused = sum(step.state == "reused" for step in finished)
    seconds = sum(step.seconds or 0 for step in finished)
    text = f"{len(finished)} of {len(steps)} components have run, in {seconds:.1f} s"
    text += f" ({reused} taken from an earlier run)." if reused else "."
    for state, words in (("running", "is running"), ("failed", "failed")):
        names = [step.name for step in steps if step.state == state]
        text += f" {' and '.join(names)} {words}." if names else ""
    return text


def _direct(arrows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The arrows that no longer path replaces (the transitive reduction)."""
    after: dict[str, list[str]] = {}
    for start, end in arrows:
        after.setdefault(start, []).append(end)

    def leads(start: str, end: str) -> bool:
        return start == end or any(leads(each, end) for each in after.get(start, ()))

    return [
        (start, end)
        for start, end in arrows
        if not any(other != end and leads(other, end) for other in after[start])
    ]
