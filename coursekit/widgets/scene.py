"""The picture of a race: its curves, the strip of one search's trials, and the leaderboard."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from coursekit.plots.race_strip import behind_a_curtain, sampled, swatch
from coursekit.plots.shared import wrapped
from coursekit.race import Race, report
from coursekit.widgets.panel import Markup, draw, table

ROW = 0.17  # inches of the strip for each parameter


def picture(race: Race, name: str, seed: int) -> tuple[str, dict[str, str]]:
    """The whole race as an SVG for a `Film`, and each contestant's swatch in place of a legend.

    name, seed: of the search whose trials are shown. The race has a seed that all contestants have
    run.
    """
    run, swatches = race.runs[name].get(seed), dict[str, str]()

    def paint(curves: Any, strip: Any) -> str:
        # The picture is cropped to its content; a layout as well would take half as long again.
        curves.figure.set_layout_engine(None)
        curves.figure.subplots_adjust(left=0.1, right=0.9, bottom=0, top=1, hspace=0.42)
        report.figure(race, axes=curves, spread=True)
        full = {wrapped(each): each for each in race.names}
        for line, label in zip(*curves.get_legend_handles_labels(), strict=True):
            swatches[full.get(label, label)] = swatch(line)
        curves.get_legend().remove()
        if run is None:
            strip.set_axis_off()
            strip.set_title(f"{name}, seed {seed}: not run yet", loc="left")
        else:
            sampled(race.world.space, run.configurations, run.scores, race.clock(run),
                    end=race.end(), by_trials=race.seconds is None, axes=strip)  # fmt: skip
            strip.set_title(
                f"tried by {name}, seed {seed} (score: the lighter the better)", loc="left"
            )
        for axes in (curves, strip):
            behind_a_curtain(axes)
        return report.tell(race)

    height = ROW * (len(race.world.space.parameters) + 2)
    return draw(paint, width=6.4, height=3.4 + height, rows=(2.6, height)), swatches


def leaderboard(race: Race, at: float, swatches: Mapping[str, str]) -> str:
    """Places at a moment, and the moves in the twentieth of the race before it."""
    window = max(1.0, race.end() / 20)
    unit = "trials" if race.seconds is None else "s"
    rows = []
    for place, name, best, rank, moved in race.standings(at, since=max(0.0, at - window)):
        known = place is not None
        arrow = f"{'▲' if moved > 0 else '▼'} {abs(moved)}" if moved else ""
        label = Markup(f"{swatches.get(name, '')} {escape(name)}")
        rows.append((place or "", label, race.world.shown(best) if known else "",
                     f"{rank:.2f}" if known else "", arrow))  # fmt: skip
    seeds = len(race.paired())
    caption = (
        f"Leaderboard by the median of {seeds} seed{'s' * (seeds != 1)} "
        f"(moved: in {window:,.3g} {unit})"
    )
    head = ("", "contestant", "median", "mean rank", "moved")
    return table(head, rows, caption=caption)
