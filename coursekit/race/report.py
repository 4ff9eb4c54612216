"""Reports of races: tables, statements in words, figures, and every trial as CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.extras import from_extras
from coursekit.race.contest import Race
from coursekit.race.contestants import FULL
from coursekit.race.significance import LEVEL, seeds_needed
from coursekit.worlds import World

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 74  # characters: what JupyterLab shows without a break on a screen of 1024 pixels


def checkpoints(race: Race) -> list[float]:
    """A quarter, a half and the whole of the race, in trials or seconds."""
    shares = [race.end() * share for share in (0.25, 0.5, 1)]
    return shares if race.seconds is not None else sorted({max(1, int(share)) for share in shares})


def table(race: Race) -> str:
    """The worth of the incumbents, mean and standard deviation over the seeds; best rank first.

    ms/trial is the time of strategy and estimator, without the trainings. Where estimators race for
    equally many trials, which cost them different times, training is the mean of their seconds.
    """
    ranks, world = race.ranks(), race.world
    points = checkpoints(race)
    unit = "s" if race.seconds is not None else "trials"
    heads = [f"{_count(point)} {'trial' if unit == 'trials' and point == 1 else unit}"
             for point in points]  # fmt: skip
    width = max(len("optimum"), *(len(name) for name in race.names))
    found = [race.best(point) for point in points]
    cells = {name: [_spread(world, values[name]) for values in found] for name in race.names}
    column = 2 + max(map(len, (*heads, *(cell for row in cells.values() for cell in row))))

    def row(name: str, texts: Sequence[str]) -> str:
        return f"{name:{width}}" + "".join(f"{text:>{column}}" for text in texts)

    unequal = _unequal(race)
    lines = [
        f"{world}: {_measure(race)}, {_seeds(race)}",
        f"{row('', heads)}{'rank':>6}{'ms/trial':>9}{'training' if unequal else '':>11}".rstrip(),
    ]
    for name in sorted(race.names, key=ranks.__getitem__):
        runs = [race.runs[name][seed] for seed in race.paired()]
        pace = np.median([1000 * run.overhead / max(1, len(run.scores)) for run in runs])
        trained = np.mean([sum(run.costs) for run in runs])
        cost = f"{_count(trained)} s" if unequal else ""
        lines.append(f"{row(name, cells[name])}{ranks[name]:6.2f}{pace:9.2f}{cost:>11}".rstrip())
    if np.isfinite(world.optimum):
        best = _number(world, world.optimum) + " " * len("±0.00")  # below the means
        lines.append(row("optimum", [*[""] * (len(points) - 1), best]).rstrip())
    lines += [f"left out: {name}: {reason}" for name, reason in race.left_out.items()]
    return "\n".join(lines)


def matrix(races: Sequence[Race]) -> str:
    """Mean ranks at the end, contestants by worlds, and their mean over the worlds; best first."""
    ranks = [race.ranks() for race in races]
    names = list(dict.fromkeys(name for found in ranks for name in found))
    mean = {name: float(np.mean([r[name] for r in ranks if name in r])) for name in names}
    heads = [str(race.world) for race in races]
    width, columns = max(map(len, names)), [max(8, len(head) + 2) for head in heads]
    lines = [
        "mean rank at the end (1 is the best)",
        " " * width + "".join(f"{h:>{c}}" for h, c in zip(heads, columns, strict=True)) + "   mean",
    ]
    for name in sorted(names, key=mean.__getitem__):
        cells = [f"{found[name]:.2f}" if name in found else "-" for found in ranks]
        row = "".join(f"{cell:>{c}}" for cell, c in zip(cells, columns, strict=True))
        lines.append(f"{name:{width}}{row}{mean[name]:7.2f}")
    return "\n".join(lines)


def _unequal(race: Race) -> bool:
    """Whether contestants had equally many trials that cost them different training times."""
    return race.seconds is None and len({e.estimator_name for e in race.contestants.values()}) > 1


def _measure(race: Race) -> str:
    """The measure compared; "fully trained" is added if searches may have seen other scores."""
    estimated = race.noisy or any(each.estimator_name != FULL for each in race.contestants.values())
    # Some strategies, such as Hyperband, train in part by themselves: their incumbents change
    # for better scores so far, and may be worth less.
    for runs in race.runs.values():
        for worth in (run.found() for run in runs.values()):
            estimated = estimated or bool((worth[1:] < worth[:-1]).any())
    text = "incumbent's " if estimated else "best "
    text += race.world.measure + (", fully trained" if estimated else "")
    return f"{text}, in percent" if race.world.percent else text


def _seeds(race: Race) -> str:
    seeds = len(race.paired())
    return f"{seeds} seed{'s' * (seeds != 1)}"


def _number(world: World, score: float) -> str:
    return world.shown(score).removesuffix(" %")


def _spread(world: World, values: np.ndarray) -> str:
    if not np.isfinite(values).all():
        return "-"
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return f"{_number(world, float(values.mean()))}±{_number(world, spread).lstrip('-')}"


def _lead(world: World, difference: float) -> str:
    on_average = " on average, but better on most seeds" if difference < 0 else ""
    text = _number(world, difference)
    return f"{text if text.startswith('-') else f'+{text}'}{on_average}"


def statement(race: Race) -> str:
    """Which differences at the end are significant, in words."""
    found, seeds = race.comparisons(), len(race.paired())
    if not found:
        return "One contestant alone: nothing to compare."
    pairs = f"{len(found)} pairs" if len(found) > 1 else "one pair"
    unit = "points" if race.world.percent else race.world.measure
    lines = [
        f"Differences at the end, in {unit} (Wilcoxon, {seeds} paired seeds; Holm, {pairs}; "
        f"level {LEVEL}):"
    ]
    ranks = race.ranks()
    for name in sorted(race.names, key=ranks.__getitem__):
        beaten = sorted((c for c in found if c.significant and c.better == name), key=lambda c: c.p)
        if beaten:
            texts = [f"{c.worse} ({_lead(race.world, c.difference)}, {_p(c.p)})" for c in beaten]
            lines.append(f"{name} is ahead of " + ", ".join(texts))
    alike = [f"{c.better} and {c.worse} ({_p(c.p)})" for c in found if not c.significant]
    if alike:
        lines.append("not told apart: " + "; ".join(alike))
    if _unequal(race):
        lines.append(
            "estimators save training time, not trials, and all had the same number of trials: "
            "give seconds to compare at equal training time"
        )
    if seeds < (needed := seeds_needed(len(race.names))):
        lines.append(
            f"{_seeds(race)} cannot show anything at this level: take {needed} or more, and 20 if "
            "the differences are small"
        )
    return "\n".join(
        part
        for number, line in enumerate(lines)
        for part in wrap(re.sub(" ([=<]) ", "\xa0\\1\xa0", line), WIDTH, break_long_words=False,
                         initial_indent="  " if number else "", subsequent_indent="    ")
    ).replace("\xa0", " ")  # fmt: skip


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"


def tell(race: Race, at: float | None = None) -> str:
    """The leader by the median at that time (default: the end), in a sentence."""
    at = race.end() if at is None else at
    unit = "seconds of training" if race.seconds is not None else "trials"
    ahead = [each for each in race.standings(at) if each.place is not None]
    if not ahead:
        return f"No result yet: {_count(race.end() - at)} {unit} to go."
    leaders = [each for each in ahead if each.place == 1]
    names = " and ".join(filter(None, [
        ", ".join(each.name for each in leaders[:-1]), leaders[-1].name
    ]))  # fmt: skip
    text, best = f"After {_count(at)} of {_count(race.end())} {unit}: ", leaders[0].best
    if len(ahead) == len(leaders) > 1:
        return f"{text}all are level, median {race.world.shown(best)}."
    text += f"{names} {'lead' if len(leaders) > 1 else 'leads'}, median {race.world.shown(best)}"
    rest = ahead[len(leaders) :]
    return (
        f"{text}; {rest[0].name} follows, {race.world.shown(rest[0].best)}." if rest else f"{text}."
    )


def _count(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= 100 or amount == int(amount) else f"{amount:.3g}"


def drawn(race: Race, values: np.ndarray) -> np.ndarray:
    """Scores as heights in a figure, in percent where usual; higher stays better."""
    return 100 * values if race.world.percent else values


def _height(world: World, y: float) -> str:
    return f"{0 - y if world.minimised else y:.4g}"


def looks(races: Sequence[Race]) -> dict[str, tuple[int, int]] | None:
    """Colour and marker by strategy, dash by estimator; None with a single estimator."""
    all_of_them = {name: each for race in races for name, each in race.contestants.items()}
    strategies = list(dict.fromkeys(each.strategy_name for each in all_of_them.values()))
    estimators = list(dict.fromkeys(each.estimator_name for each in all_of_them.values()))
    if len(estimators) == 1:
        return None
    return {
        name: (strategies.index(each.strategy_name), estimators.index(each.estimator_name))
        for name, each in all_of_them.items()
    }


def figure(
    race: Race,
    axes: Axes | None = None,
    *,
    among: Sequence[Race] | None = None,
    spread: bool | None = None,
) -> Axes:
    """The incumbents' worth at any time, median and quartiles over the seeds.

    among: the races shown beside this one; a contestant looks the same in all of them.
    spread: whether to leave out the start and contestants far below (see `spread_out`); by default
        if estimators race: a cheap one has its first, bad result long before the others.
    """
    from coursekit.plots.anytime_curves import anytime
    from coursekit.plots.race_strip import spread_out

    world, shared = race.world, looks([race] if among is None else among)
    at, unit = race.axis(), "finished trials" if race.seconds is None else "seconds of training"
    curves = {name: drawn(race, race.curves(name, at)) for name in race.names}
    axes = anytime(
        curves,
        at,
        optimum=float(drawn(race, np.array(world.optimum))) if np.isfinite(world.optimum) else None,
        unit=unit,
        name=_measure(race).replace(", in percent", ", %").replace(", fully trained", ""),
        looks=shared,
        axes=axes,
    )
    if spread or (spread is None and shared is not None):
        spread_out(axes, curves, "{:.1f}".format if world.percent else lambda y: _height(world, y))
    if world.minimised:  # drawn with better values up, labelled with the measure's own sign
        axes.yaxis.set_major_formatter(lambda y, _: _height(world, y))
    seeds = _seeds(race)
    axes.set_title(f"{world}: {seeds if seeds == '1 seed' else f'median and quartiles of {seeds}'}")
    return axes


def panels(races: Sequence[Race]) -> Figure:
    """One figure for races in several worlds: a panel for each, one legend for all."""
    with from_extras():
        import matplotlib.pyplot as plt

    from coursekit.plots.shared import wrapped

    names = list(dict.fromkeys(name for race in races for name in race.names))
    height = max(2.9 * len(races), 0.5 + 0.26 * len(names))
    made, rows = plt.subplots(
        len(races), 1, figsize=(9.0, height), layout="constrained", squeeze=False
    )
    handles: dict[str, Any] = {}
    full = {wrapped(name): name for name in names}
    for race, axes in zip(races, rows[:, 0], strict=True):
        figure(race, axes, among=races)
        lines, labels = axes.get_legend_handles_labels()
        handles |= {full.get(label, label): line for label, line in zip(labels, lines, strict=True)}
        axes.get_legend().remove()
    made.legend(
        [handles[name] for name in names], names, loc="outside right upper", frameon=False,
        handlelength=4,
    )  # fmt: skip
    made.alt = " ".join(f"{race.world}: {tell(race)}" for race in races)  # type: ignore[attr-defined]
    return made


def write_csv(races: Race | Sequence[Race], path: str | Path) -> None:
    """The `rows` of one race or several; a column is present if any of them has it."""
    rows = [row for race in ([races] if isinstance(races, Race) else races) for row in race.rows()]
    columns = dict.fromkeys(name for row in rows for name in row)
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(columns))
        writer.writeheader()
        writer.writerows(rows)
