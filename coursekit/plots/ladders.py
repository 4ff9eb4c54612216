"""Budgeted searches: candidates as curves that are promoted or stopped, and their workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.plots.shared import on
from coursekit.theme import INK, PALETTE
from coursekit.trials import History
from coursekit.worlds.clock import Job, waiting

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREEN = PALETTE[:3]


def ladder(
    history: History,
    jobs: Sequence[Job],
    budgets: Sequence[int],
    *,
    now: float | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Each candidate's scores over its epochs, as far as they were known `now`, in seconds.

    jobs: of a simulated search (`coursekit.worlds.clock.simulate`) with that history, whose trials
    hold their curves. budgets: the epochs of the rungs, drawn as vertical lines.

    Curves that grow now are blue, and end with a dot. Those that have reached a rung and were not
    promoted yet are grey, with a dash at their end. The best at the largest budget so far is green.
    Trials that the simulation left running have no curve to draw.
    """
    from matplotlib.collections import LineCollection

    axes, shown = on(axes, (9.0, 3.6)), [job for job in jobs if now is None or job.start < now]
    begun = {job.trial: job for job in shown}
    promoted = {history[number].suggestion.parent for number in begun}
    done = [number for number, job in begun.items() if now is None or job.end <= now]
    ranked = [
        ((trial.suggestion.budget or 0, trial.score), number)
        for number in done
        if np.isfinite((trial := history[number]).score)
    ]
    best = {max(ranked)[1]} if ranked else set()
    while parents := {history[number].suggestion.parent for number in best} - best - {None}:
        best |= {number for number in parents if number is not None}
    lines = dict[str, list[Any]]({INK: [], BLUE: [], GREEN: []})
    dots, bars = list[Any](), list[Any]()
    for number, job in begun.items():
        trial = history[number]
        if not trial.curve:
            continue
        parent, budget = trial.suggestion.parent, trial.suggestion.budget or len(trial.curve)
        start = 1 if parent is None else history[parent].suggestion.budget or 1
        share = 1.0 if now is None else min(1.0, (now - job.start) / (job.end - job.start))
        end = start + (budget - start) * share
        epochs = np.append(np.arange(start, int(end) + 1), end)
        heights = np.interp(epochs, np.arange(1, len(trial.curve) + 1), trial.curve)
        colour = GREEN if number in best else BLUE if share < 1 else INK
        lines[colour].append(np.column_stack([epochs, heights]))
        if share < 1:
            dots.append((end, heights[-1]))
        elif number not in promoted:
            bars.append((end, heights[-1]))
    for colour, width, alpha in ((INK, 1.2, 0.4), (BLUE, 1.5, 1.0), (GREEN, 2.0, 1.0)):
        drawn = LineCollection(lines[colour], colors=colour, linewidths=width, alpha=alpha)
        axes.add_collection(drawn)
    for places, marker, colour in ((bars, "_", INK), (dots, "o", BLUE)):
        axes.plot(*np.reshape(places, (-1, 2)).T, marker=marker, color=colour, linestyle="")
    for budget in budgets:
        axes.axvline(budget, color=INK, linewidth=0.8, linestyle=":")
    axes.set(xlabel="epoch", ylabel="score", xscale="log", xlim=(0.93, 1.08 * max(budgets)))
    scores = [score for trial in history.completed for score in trial.curve]
    low, high = min(scores, default=0.0), max(scores, default=1.0)  # the same at any moment
    axes.set_ylim(low - 0.03 * (high - low), high + 0.03 * (high - low) or None)
    axes.set_xticks(list(budgets), [str(budget) for budget in budgets])
    axes.minorticks_off()
    return axes


def timeline(
    history: History,
    jobs: Sequence[Job],
    workers: int,
    *,
    now: float | None = None,
    end: float | None = None,
    axes: Axes | None = None,
) -> Axes:
    """What each worker trains when, as one bar for each trial up to `now`; gaps are waiting.

    end: of the axis, in seconds; by default that of the last job.

    The darker a bar, the higher its rung; its number of epochs stands in it if there is room. The
    share of waiting is at the right of each worker.
    """
    axes = on(axes, (9.0, 0.6 + 0.35 * workers))
    end = max((job.end for job in jobs), default=1.0) if end is None else end
    until = end if now is None else now
    budgets = sorted({trial.suggestion.budget or 0 for trial in history})
    begun = [job for job in jobs if job.start < until]
    for rung, budget in enumerate(budgets):
        here = [job for job in begun if (history[job.trial].suggestion.budget or 0) == budget]
        widths = [min(job.end, until) - job.start for job in here]
        axes.barh([job.worker + 1 for job in here], widths, left=[job.start for job in here],
                  height=0.8, color=BLUE, edgecolor="white", linewidth=0.5,
                  alpha=0.25 + 0.75 * rung / max(1, len(budgets) - 1))  # fmt: skip
        for job, width in zip(here, widths, strict=True):
            if width > 0.03 * end:
                axes.text(job.start + width / 2, job.worker + 1, str(budget), ha="center",
                          va="center", fontsize="x-small", color="black")  # fmt: skip
    if until > 0:
        for worker, share in enumerate(waiting(jobs, workers, until), start=1):
            axes.text(
                1.01 * end, worker, f"waits {100 * share:.0f} %", va="center", fontsize="small"
            )
    axes.set(xlabel="seconds on the clock", ylabel="worker", xlim=(0, end),
             ylim=(workers + 0.6, 0.4), yticks=range(1, workers + 1))  # fmt: skip
    axes.grid(visible=False)
    return axes
