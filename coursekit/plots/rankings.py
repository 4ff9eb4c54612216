"""Strategies against worlds: mean ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from coursekit.plots.shared import Runs, histories, on, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHADES = ("#14507d", "#e3edf5")  # of the best and of the worst rank; their numbers stand on them
DARK, LIGHT = "#10161c", "#ffffff"


def ranks(
    worlds: Mapping[str, Mapping[str, Runs | Sequence[float] | np.ndarray]],
    *,
    axes: Axes | None = None,
) -> Axes:
    """A heat map of mean ranks (1 is the best, ties share the mean): strategies by worlds.

    worlds: for each world its contestants, and for each contestant a History per seed, or its best
        score per seed, as in `{str(race.world): race.best() for race in races}`. Seeds are paired:
        ranks are taken seed by seed and averaged. A NaN means that nothing was found.

    Each cell holds its number, bold for the best of a world; the strategy with the best mean over
    the worlds is on top. A strategy that is missing in a world is blank there. Raises ValueError if
    the numbers of seeds differ within a world.
    """
    from matplotlib.colors import LinearSegmentedColormap

    found = {world: _mean_ranks(world, contestants) for world, contestants in worlds.items()}
    names = list(dict.fromkeys(name for each in found.values() for name in each))
    table = np.array([[each.get(name, np.nan) for each in found.values()] for name in names])
    if not table.size:
        raise ValueError("nothing to rank: give at least one world with one strategy in it")
    order = np.argsort(np.nanmean(table, axis=1), kind="stable")
    names, table = [names[place] for place in order], table[order]
    given, axes = axes, on(axes, (3.0 + 1.25 * len(found), 1.0 + 0.45 * len(names)))
    shades = LinearSegmentedColormap.from_list("ranks", SHADES)
    worst = max(len(contestants) for contestants in found.values())
    axes.imshow(table, cmap=shades, vmin=1, vmax=max(worst, 2), aspect="auto")
    for (row, column), rank in np.ndenumerate(table):
        if np.isfinite(rank):
            best = rank == np.nanmin(table[:, column])
            axes.text(
                column,
                row,
                f"{rank:.2f}",
                ha="center",
                va="center",
                color=LIGHT if (rank - 1) / max(worst - 1, 1) < 0.3 else DARK,
                weight="bold" if best else "normal",
            )
    axes.set_xticks(range(len(found)), [wrapped(world, 16) for world in found])
    axes.set_yticks(range(len(names)), [wrapped(name) for name in names])
    axes.tick_params(length=0)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.set_title("Mean rank (1 is the best)")
    if given is None:
        axes.figure.alt = describe(found)  # type: ignore[attr-defined]
    return axes


def describe(found: Mapping[str, Mapping[str, float]]) -> str:
    """Mean ranks by world in words, the best first, for screen readers."""
    parts = ["Mean ranks, 1 is the best."]
    for world, each in found.items():
        ordered = sorted(each, key=each.__getitem__)
        parts.append(f"{world}: " + ", ".join(f"{name} {each[name]:.2f}" for name in ordered) + ".")
    return " ".join(parts)


def _mean_ranks(
    world: str, contestants: Mapping[str, Runs | Sequence[float] | np.ndarray]
) -> dict[str, float]:
    from scipy.stats import rankdata

    scores = {}
    for name, runs in contestants.items():
        several = histories(runs)
        scores[name] = np.array(
            runs
            if several is None
            else [max((t.score for t in each.completed), default=np.nan) for each in several],
            dtype=float,
        )
    lengths = {name: len(values) for name, values in scores.items()}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        raise ValueError(f"{world}: ranked are paired seeds, as many for each; there are {lengths}")
    if not scores:
        return {}
    table = np.array(list(scores.values()))
    placed = rankdata(-np.where(np.isnan(table), -np.inf, table), axis=0)
    return dict(zip(scores, placed.mean(axis=1).tolist(), strict=True))
