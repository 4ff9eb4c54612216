"""What a race says: a table, a statement in words, a figure, and every trial as CSV."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coursekit.race.contest import Race
from coursekit.race.significance import LEVEL, seeds_needed

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def checkpoints(race: Race) -> list[float]:
    """A quarter, a half and the whole of the race, in trials or seconds."""
    shares = [race.end() * share for share in (0.25, 0.5, 1)]
    return shares if race.seconds is not None else sorted({max(1, int(share)) for share in shares})


def table(race: Race) -> str:
    """Best scores in percent, mean and standard deviation over the seeds; the best rank first."""
    ranks = race.ranks()
    points = checkpoints(race)
    unit = "s" if race.seconds is not None else "trials"
    heads = [f"{point:,.0f} {unit}" for point in points]
    width = max(len("optimum"), *(len(name) for name in race.names))
    lines = [
        f"{race.world}: best validation accuracy in percent, {len(race.paired())} seeds",
        f"{'':{width}}" + "".join(f"{head:>16}" for head in heads) + f"{'rank':>8}{'ms/trial':>10}",
    ]
    scores = [race.best(point) for point in points]
    for name in sorted(race.names, key=ranks.__getitem__):
        runs = [race.runs[name][seed] for seed in race.paired()]
        pace = np.median([1000 * run.overhead / max(1, len(run.scores)) for run in runs])
        cells = "".join(f"{_spread(100 * found[name]):>16}" for found in scores)
        lines.append(f"{name:{width}}{cells}{ranks[name]:8.2f}{pace:10.2f}")
    if np.isfinite(race.world.optimum):
        lines.append(
            f"{'optimum':{width}}"
            + " " * 16 * (len(points) - 1)
            + f"{100 * race.world.optimum:9.2f}"
        )
    return "\n".join(lines)


def _spread(values: np.ndarray) -> str:
    if not np.isfinite(values).all():
        return "-"
    return f"{values.mean():.2f} ± {values.std(ddof=1) if len(values) > 1 else 0:.2f}"


def _lead(difference: float) -> str:
    on_average = " on average, but better on most seeds" if difference < 0 else ""
    return f"{100 * difference:+.2f}{on_average}"


def statement(race: Race) -> str:
    """Which differences at the end are significant, in words."""
    found, seeds = race.comparisons(), len(race.paired())
    if not found:
        return "One strategy alone: nothing to compare."
    pairs = f"{len(found)} pairs" if len(found) > 1 else "one pair"
    lines = [
        f"Differences at the end, in points (Wilcoxon over {seeds} paired seeds, Holm over "
        f"{pairs}, level {LEVEL}):"
    ]
    ranks = race.ranks()
    for name in sorted(race.names, key=ranks.__getitem__):
        beaten = sorted((c for c in found if c.significant and c.better == name), key=lambda c: c.p)
        if beaten:
            texts = [f"{c.worse} ({_lead(c.difference)}, {_p(c.p)})" for c in beaten]
            lines.append(f"  {name} is ahead of " + ", ".join(texts))
    alike = [f"{c.better} and {c.worse} ({_p(c.p)})" for c in found if not c.significant]
    if alike:
        lines.append("  not told apart: " + "; ".join(alike))
    if seeds < (needed := seeds_needed(len(race.names))):
        lines.append(
            f"  {seeds} seeds cannot show anything at this level: take {needed} or more, and 20 if "
            "the differences are small"
        )
    return "\n".join(lines)


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"


def tell(race: Race, at: float | None = None) -> str:
    """Who leads at that time, by default at the end, in a sentence."""
    at = race.end() if at is None else at
    unit = "seconds of training" if race.seconds is not None else "trials"
    ahead = [each for each in race.standings(at) if each.place is not None]
    if not ahead:
        return f"No result yet: {_count(race.end() - at)} {unit} to go."
    leaders = [each for each in ahead if each.place == 1]
    names = " and ".join(filter(None, [
        ", ".join(each.name for each in leaders[:-1]), leaders[-1].name
    ]))  # fmt: skip
    text = f"After {_count(at)} of {_count(race.end())} {unit}: "
    if len(ahead) == len(leaders) > 1:
        return f"{text}all are level, {leaders[0].best:.2%} in the median."
    text += (
        f"{names} {'lead' if len(leaders) > 1 else 'leads'}, {leaders[0].best:.2%} in the median"
    )
    rest = ahead[len(leaders) :]
    return f"{text}; {rest[0].name} follows, {rest[0].best:.2%}." if rest else f"{text}."


def _count(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= 100 or amount == int(amount) else f"{amount:.3g}"


def figure(race: Race, axes: Axes | None = None) -> Axes:
    """The anytime curves with bands."""
    from coursekit.plots.anytime_curves import anytime

    at, unit = race.axis(), "finished trials" if race.seconds is None else "seconds of training"
    axes = anytime(
        {name: 100 * race.curves(name, at) for name in race.names},
        at,
        optimum=100 * race.world.optimum if np.isfinite(race.world.optimum) else None,
        unit=unit,
        name="best validation accuracy, %",
        axes=axes,
    )
    seeds = len(race.paired())
    axes.set_title(f"{race.world}: median and quartiles of {seeds} seed{'s' * (seeds != 1)}")
    return axes


def write_csv(race: Race, path: str | Path) -> None:
    """Every finished trial of every search, also of those that have no pair."""
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["strategy", "seed", "trial", "score", "cost", "best", "seconds"])
        for name, runs in race.runs.items():
            for seed, run in sorted(runs.items()):
                best = np.fmax.accumulate(run.scores)
                clock = np.cumsum(run.costs)
                for trial, row in enumerate(zip(run.scores, run.costs, best, clock, strict=True)):
                    score, cost, incumbent, seconds = (round(float(value), 6) for value in row)
                    rows.writerow([name, seed, trial, score, cost, incumbent, seconds])
