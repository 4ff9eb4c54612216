"""Run a plan component by component in a notebook, with TFX's interactive context.

notebook = Interactive(Plan(folder="my-pipeline"))
notebook.run("StatisticsGen")
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from coursekit.tfx.components import components
from coursekit.tfx.examples import prepare
from coursekit.tfx.local import PipelineFailed, Progress, check_place, failing, held, logged, reason
from coursekit.tfx.metadata import Metadata, waiting
from coursekit.tfx.outcome import Outcome, outcome
from coursekit.tfx.plan import Plan
from coursekit.tfx.quiet import tfx
from coursekit.tfx.steps import Artifact, Step


class Interactive:
    """The components of a plan's pipeline, which you run by name.

    plan: as in `coursekit.tfx.local.run`. The folder may be the same: results there are reused.
    Raises ValueError for data that no pipeline could use. The folder is held while a component
    runs: another run in it is refused meanwhile, with ValueError.

    components: TFX's own, by name. steps: the state of each, for `picture` and the widget.
    context: TFX's `InteractiveContext`, for everything else.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        with held(plan.folder):
            check_place(plan)
            self.examples = prepare(
                plan.data, plan.folder / "data", label=plan.label, classes=plan.classes
            )
        self.components: dict[str, Any] = components(plan, self.examples)
        with logged(plan.folder / "run.log"):
            from tfx.orchestration.experimental.interactive.interactive_context import (
                InteractiveContext,
            )

            self.context = InteractiveContext(
                pipeline_name=plan.folder.name,
                pipeline_root=str(plan.folder / "artifacts"),
                metadata_connection_config=(
                    tfx.orchestration.metadata.sqlite_metadata_connection_config(str(plan.metadata))
                ),
                beam_pipeline_args=list(plan.beam),
            )
        self.steps: list[Step] = waiting(list(self.components.values()))
        self._watchers: list[Callable[[Sequence[Step]], None]] = []

    def watch(self, see: Callable[[Sequence[Step]], None]) -> None:
        """Call a function with the steps whenever a step begins or ends."""
        self._watchers.append(see)
        see(self.steps)

    def run(self, *names: str, cache: bool = True) -> Step:
        """Run components in this order, or all that have not run; returns the last one.

        cache: whether to reuse the results of an earlier run with the same inputs. (Without it, a
        finished search is still read from its journal; a plan with another seed searches again.)
        Raises ValueError for a name that no component has, PipelineFailed if one fails.
        """
        for name in names:
            if name not in self.components:
                raise ValueError(
                    f"no component is called {name!r}; there are {', '.join(self.components)}"
                )
        waiting = [step.name for step in self.steps if step.state not in ("done", "reused")]
        for name in names or waiting:
            self._run(name, cache)
        last = names[-1] if names else self.steps[-1].name
        return next(step for step in self.steps if step.name == last)

    def run_to(self, name: str, cache: bool = True) -> Step:
        """Run a component and, before it, all that it needs and that have not run.

        Arguments, return value and errors are those of `run`.
        """
        wanted = {name}
        for step in reversed(self.steps):  # each step comes after those that it needs
            if step.name in wanted and step.state not in ("done", "reused"):
                wanted.update(step.after)
        done = {step.name for step in self.steps if step.state in ("done", "reused")}
        before = [s.name for s in self.steps if s.name in wanted - done - {name}]
        return self.run(*before, name, cache=cache)

    def _run(self, name: str, cache: bool) -> None:
        before = {step.name: step.state for step in self.steps}
        missing = [
            each
            for step in self.steps
            if step.name == name
            for each in step.after
            if before[each] not in ("done", "reused")
        ]
        if missing:
            raise ValueError(f"{name} needs the output of {' and '.join(missing)}: run that first")
        if name == "Evaluator":
            self._no_model_is_its_own_baseline()
        began = time.monotonic()
        component = self.components[name]
        channels = dict(component.outputs)
        with held(self.plan.folder) as log:
            self._set(Step(name, state="running"))
            progress = Progress(partial(print, file=sys.stdout, flush=True), [], log)
            progress.running = name
            try:
                with failing(progress):
                    self.context.run(component, enable_cache=cache)
            except BaseException as error:
                cause = error.__cause__ if isinstance(error, PipelineFailed) else error
                self._set(Step(name, state="failed", error=reason(cause or error)))
                raise
        for (
            key,
            channel,
        ) in channels.items():  # an importer makes a new channel, which no component reads
            if component.outputs[key] is not channel:
                channel.set_artifacts(component.outputs[key].get())
        metadata = self.metadata()
        (done,) = metadata.plan([component], None)
        if done.state == "waiting":  # a resolver records no execution here
            done = Step(name, state="done", seconds=time.monotonic() - began)
        if not done.outputs:  # nor an importer its imported artifacts
            done = replace(done, outputs={
                key: [metadata.artifacts[each.id] for each in channel.get()]
                for key, channel in channels.items()
                if channel.get()
            })  # fmt: skip
        self._set(done)

    def _no_model_is_its_own_baseline(self) -> None:
        """The interactive context's database refuses an artifact that is read twice at once."""
        baseline = self.components["BlessedBefore"].outputs["model"]
        model = self.components["Trainer"].outputs["model"]
        if {each.id for each in baseline.get()} & {each.id for each in model.get()}:
            baseline.set_artifacts([])

    def _set(self, step: Step) -> None:
        self.steps = [
            replace(step, after=each.after, waits=each.waits) if each.name == step.name else each
            for each in self.steps
        ]
        for see in self._watchers:
            see(self.steps)

    def artifact(self, component: str, channel: str) -> Artifact:
        """The artifact that a component wrote to a channel, such as ("SchemaGen", "schema").

        Raises ValueError if the component has not run or has no such channel.
        """
        step = next((step for step in self.steps if step.name == component), None)
        if step is None or channel not in step.outputs:
            wrote = ", ".join(step.outputs) if step and step.outputs else "nothing yet"
            raise ValueError(f"{component!r} wrote no {channel!r} (it wrote {wrote})")
        return step.outputs[channel][0]

    def folder(self, component: str, channel: str) -> Path:
        """The folder of an artifact's files."""
        return Path(self.artifact(component, channel).uri)

    def metadata(self) -> Metadata:
        """A snapshot of this pipeline's metadata."""
        return Metadata(self.plan.metadata)

    def outcome(self) -> Outcome:
        """The results so far."""
        return outcome(self.metadata(), [s for s in self.steps if s.state != "waiting"])
