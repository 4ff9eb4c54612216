"""A pipeline as a picture: each component is lit as it runs, and shows what it read and wrote."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Protocol

import ipywidgets as w

from coursekit.tfx.picture import LOOKS, SPREAD, around, layout, pipeline
from coursekit.tfx.steps import Artifact, Step, arrows, tell
from coursekit.theme import INK
from coursekit.widgets.panel import Markup, Panel, answer_while_busy, draw, status, table

HALF, ROW, GAP = 130, 30, 18  # pixels: half a component's room, its height, below it the arrows
LONG = 120  # characters of a property that are shown
FINISHED = ("done", "reused")
# Properties that are the same for all components or mean nothing to a reader.
BOOKKEEPING = ("component_id", "pipeline_name", "pipeline_root", "run_id", "state")


class WatchedPipeline(Protocol):
    """The pipeline shown: `coursekit.tfx.interactive.Interactive`, or one with these members."""

    steps: Sequence[Step]

    def watch(self, see: Callable[[Sequence[Step]], None], /) -> None:
        """Call a function with the steps at once, and whenever one begins or ends."""


class PipelinePanel(Panel):
    """The components as buttons, from top to bottom: a click shows artifacts, properties and time.

    A running component is lit, whether a cell runs it or the panel's own buttons; these exist if
    the pipeline has a `run(name)`.

    pipeline: the one to show.
    """

    def __init__(self, pipeline: WatchedPipeline) -> None:
        self.pipeline = pipeline
        self.chosen = ""
        self._busy = False  # one of the panel's own buttons runs a component
        self._said = ""  # the last line that a component printed, or why it failed
        self.components = {step.name: self._component(step.name) for step in pipeline.steps}
        self.next_button = w.Button(description="Run next", icon="step-forward",
                                    tooltip="The next component that waits",
                                    layout=w.Layout(width="auto"))  # fmt: skip
        self.all_button = w.Button(description="Run all", icon="play",
                                   tooltip="All components that wait",
                                   layout=w.Layout(width="auto"))  # fmt: skip
        self.line = w.HTML()
        self.detail = w.HTML(layout=w.Layout(flex="1 1 300px", min_width="0", overflow="auto"))
        self.next_button.on_click(lambda _: self.run_next())
        self.all_button.on_click(lambda _: self.run_all())
        buttons = [self.next_button, self.all_button] if hasattr(pipeline, "run") else []
        self.box = w.VBox([
            w.HBox(buttons), self.line,
            w.HBox([self._picture(), self.detail],
                   layout=w.Layout(flex_flow="row wrap", align_items="flex-start")),
        ])  # fmt: skip
        answer_while_busy(*self.components.values())  # not the run buttons: one run at a time
        pipeline.watch(lambda _: self.update())
        self.update()

    @property
    def steps(self) -> Mapping[str, Step]:
        """The steps as they are now, by name."""
        return {step.name: step for step in self.pipeline.steps}

    def choose(self, name: str) -> None:
        """Show this component's details."""
        self.chosen = name
        self.update()

    def run_next(self) -> None:
        """Run the first component that has not run; a failure is shown, not raised."""
        waiting = self._waiting()
        if not waiting or self._busy:
            return
        self._busy, self._said = True, ""
        try:
            # Its output would appear below the last cell that ran.
            with contextlib.redirect_stdout(_Lines(self._say)):
                self.pipeline.run(waiting[0])  # type: ignore[attr-defined]
            self._said = ""
        except Exception as error:
            self._say(str(error))
        finally:
            self._busy = False
            self.choose(waiting[0])

    def run_all(self) -> None:
        """Run all that have not run, one after the other, until one fails."""
        while waiting := self._waiting():
            self.run_next()
            if self.steps[waiting[0]].state not in FINISHED:
                return

    def update(self) -> None:
        """Show the present state of all steps."""
        for name, step in self.steps.items():
            button, (colour, dash, width, sign) = self.components[name], LOOKS[step.state]
            took = "" if step.seconds is None else f"  {step.seconds:.1f} s"
            button.description = f"{sign}{name}{took}"
            button.tooltip = f"{name}: {step.state}; what it read and wrote"
            kind = "solid" if dash == "-" else "dashed"
            button.layout.border = f"{2 if width > 2 else 1}px {kind} {colour}"
            lit = step.state == "running"
            button.style.button_color = f"{colour}55" if lit else "transparent"
            button.style.font_weight = "bold" if lit or name == self.chosen else "normal"
        idle = not self._busy and not any(s.state == "running" for s in self.steps.values())
        self.next_button.disabled = self.all_button.disabled = not (idle and self._waiting())
        self.line.value = status(self.tell())
        self.detail.value = self._detail()

    def tell(self) -> str:
        """The pipeline's progress, in words."""
        return tell(self.pipeline.steps) + (f" {self._said}" if self._said else "")

    def _waiting(self) -> list[str]:
        return [step.name for step in self.pipeline.steps if step.state not in FINISHED]

    def _say(self, what: str) -> None:
        self._said = what.strip()
        self.line.value = status(self.tell())

    def _component(self, name: str) -> w.Button:
        button = w.Button(layout=w.Layout(width="auto", height=f"{ROW}px", margin="0 5px"),
                          style={"text_color": "var(--jp-ui-font-color1)"})  # fmt: skip
        button.on_click(lambda _: self.choose(name))
        return button

    def _picture(self) -> w.GridBox:
        """The components in a grid of half a component's width, the arrows behind them."""
        drawn, told = arrows(self.pipeline.steps), arrows(self.pipeline.steps, told=True)
        places = layout(list(self.components), [*drawn, *told])
        routes = around([*drawn, *told], places)
        columns = {name: 2 * x / SPREAD for name, (x, _) in places.items()}
        left = min(columns.values(), default=0)
        cells = {name: (round(columns[name] - left), round(-places[name][1])) for name in places}
        across = 2 + max((column for column, _ in cells.values()), default=0)
        down = 1 + max((row for _, row in cells.values()), default=0)
        for name, (column, row) in cells.items():
            self.components[name].layout.grid_area = f"{row + 1} / {column + 1} / auto / span 2"
        paths = [
            [((2 * x / SPREAD - left + 1) * HALF, ROW / 2 - y * (ROW + GAP)) for x, y in route]
            for route in routes
        ]
        reached = [x for path in paths for x, _ in path]  # arrows pass components on either side
        beside = max(0, -min(reached, default=0), max(reached, default=0) - across * HALF) + 6
        drawing = _lines(paths[: len(drawn)], paths[len(drawn) :], across, down)
        lines = w.HTML(drawing, layout=w.Layout(margin="0"))
        lines.layout.grid_area = "1 / 1 / -1 / -1"
        return w.GridBox(
            [lines, *self.components.values()],
            layout=w.Layout(
                grid_template_columns=f"repeat({across}, {HALF}px)",
                grid_template_rows=f"repeat({down}, {ROW}px)",
                grid_gap=f"{GAP}px 0",
                overflow="auto hidden",
                flex="0 1 auto",
                max_width="100%",
                padding=f"0 {beside:.0f}px",
                margin="0 16px 0 0",
            ),
        )

    def _detail(self) -> str:
        step = self.steps.get(self.chosen)
        if step is None:
            return (
                "<em>Click a component: what did it read and write, and how long did it take?</em>"
            )
        took = "" if step.seconds is None else f" in {step.seconds:.1f} s"
        rows = [
            (word, _artifact(channel, artifact))
            for word, channels in (("read", step.inputs), ("wrote", step.outputs))
            for channel, artifacts in channels.items()
            for artifact in artifacts
        ]
        parts = [f"<strong>{escape(step.name)}: {step.state}{took}</strong>"]
        if step.error:
            parts.append(status(step.error))
        if rows:
            headings = ("", "channel: type and id, and where it is")
            parts.append(table(headings, rows, caption="Artifacts", best_first=False))
        if known := _known(step.properties):
            headings = ("property", "value")
            parts.append(table(headings, known, caption="What it was told", best_first=False))
        return "".join(parts)

    def static(self) -> str:
        def paint(axes: Any) -> str:
            pipeline(self.pipeline.steps, axes)
            return f"Pipeline. {self.tell()}"

        _, rows = zip(
            *layout(
                list(self.components),
                [*arrows(self.pipeline.steps), *arrows(self.pipeline.steps, told=True)],
            ).values(),
            strict=True,
        )
        return status(self.tell()) + draw(paint, width=5.0, height=0.8 - 0.5 * min(rows))

    def __repr__(self) -> str:
        return f"PipelinePanel: {self.tell()}"


class _Lines(io.TextIOBase):
    """Hands on each line that is written."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say

    def write(self, text: str) -> int:
        if text.strip():
            self.say(text)
        return len(text)


def _lines(
    arrows: Sequence[Sequence[tuple[float, float]]],
    told: Sequence[Sequence[tuple[float, float]]],
    across: int,
    down: int,
) -> str:
    """The arrows as SVG, from their points in the grid's own pixels; `told` are dashed."""
    drawn = []
    for routes, dash in ((arrows, ""), (told, ' stroke-dasharray="4 3"')):
        lines = "".join("M" + "L".join(f"{x:.0f},{y:.0f}" for x, y in route) for route in routes)
        heads = "".join(
            f"M{x - 4:.0f},{y - 6:.0f}L{x:.0f},{y:.0f}L{x + 4:.0f},{y - 6:.0f}"
            for *_, (x, y) in routes
        )
        drawn += [f'<path d="{lines}"{dash}/>', f'<path d="{heads}"/>']
    width, height = across * HALF, down * (ROW + GAP) - GAP
    return (
        f'<svg aria-hidden="true" width="{width}" height="{height}" '
        f'style="display:block;overflow:visible" fill="none" stroke="{INK}">{"".join(drawn)}</svg>'
    )


def _artifact(channel: str, artifact: Artifact) -> Markup:
    """The artifact, and below it its path, relative to the working directory if inside."""
    where = artifact.uri
    with contextlib.suppress(ValueError):
        where = str(Path(where).relative_to(Path.cwd()))
    what = f"{channel}: {artifact.type} {artifact.id}"
    return Markup(f"{escape(what)}<br><small>{_wrapping(where)}</small>")


def _wrapping(text: str) -> Markup:
    """Text that may break anywhere: paths have no spaces and would make the table too wide."""
    style = "white-space:normal;overflow-wrap:anywhere"
    return Markup(f'<span style="{style}">{escape(text)}</span>')


def _known(properties: Mapping[str, Any]) -> list[tuple[str, Markup]]:
    """A component's properties, without the empty ones."""
    texts = {name: " ".join(str(value).split()) for name, value in properties.items()}
    return [
        (name, _wrapping(text if len(text) <= LONG else text[:LONG] + " …"))
        for name, text in texts.items()
        if text not in ("", "None", "0") and name not in BOOKKEEPING
    ]
