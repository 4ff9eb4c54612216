"""A controller, sample by sample: what it drew, what that earned, and which chances moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from coursekit.plots.shared import on
from coursekit.search import Search
from coursekit.strategies.reinforce import Reinforce
from coursekit.theme import INK, PALETTE
from coursekit.trials import Judge, Pause, Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREEN = PALETTE[:3]
MOVED = 0.005  # a chance that moves by less is left without a mark


class Draw(NamedTuple):
    """One sample of a controller.

    taken: the place of the value that each decision took, by parameter. score: of the candidate.
    baseline, advantage: what the score counted against, and as how much. before, after: chances of
    each value of each decision, without and with what this sample taught; for an LSTM after the
    decisions that this sample made earlier.
    """

    taken: Mapping[str, int]
    score: float
    baseline: float
    advantage: float
    before: Mapping[str, np.ndarray]
    after: Mapping[str, np.ndarray]

    @property
    def entropy(self) -> float:
        """Of the decisions on the way of this sample, in bits a decision, before it was learnt."""
        return bits(self.before)


def bits(chances: Mapping[str, np.ndarray]) -> float:
    """The mean entropy of a policy's decisions in bits; log2 of the number of values if even."""
    return float(np.mean([-(p * np.log2(np.maximum(p, 1e-300))).sum() for p in chances.values()]))


def draws(controller: Reinforce, judge: Judge, *, trials: int, seed: int = 0) -> list[Draw]:
    """The samples of a search with one worker; failed trials are left out."""
    search, recorded = Search(controller, seed=seed), list[Draw]()
    values = controller.values
    for _ in range(trials):
        trial = search.ask()
        if isinstance(trial, Pause):
            break
        configuration = trial.configuration
        before = controller.chances(configuration)
        search.tell(trial, judge.evaluate(trial, search.history))
        if (done := search.history[trial.number]).status is Status.COMPLETED:
            taken = {name: values[name].index(configuration[name]) for name in before}
            recorded.append(Draw(taken, done.score, controller.baseline, controller.last_advantage,
                                 before, controller.chances(configuration)))  # fmt: skip
    return recorded


def policy_map(
    chances: Mapping[str, np.ndarray],
    values: Mapping[str, Sequence[Any]],
    *,
    taken: Mapping[str, int] | None = None,
    before: Mapping[str, np.ndarray] | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Decisions by values, the darker the likelier, with the chances in percent.

    values: of each decision; they head the columns if all decisions have the same, else they stand
    in the cells. taken: the place of the value that was drawn, by parameter (framed). before:
    earlier chances; a triangle marks each that has risen or fallen since.
    """
    from matplotlib.patches import Rectangle

    axes = on(axes, (6.0, 3.0))
    names = list(chances)
    width = max(len(values[name]) for name in names)
    grid = np.full((len(names), width), np.nan)
    for row, name in enumerate(names):
        grid[row, : len(chances[name])] = chances[name]
    axes.imshow(grid, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    alike = len({tuple(map(str, values[name])) for name in names}) == 1
    for (row, column), chance in np.ndenumerate(grid):
        if np.isnan(chance):
            continue
        name, colour = names[row], "white" if chance > 0.55 else "#303030"
        text = (
            f"{100 * chance:.0f}"
            if alike
            else f"{_short(values[name][column])}: {100 * chance:.0f}"
        )
        moved = chance - before[name][column] if before else 0.0
        if abs(moved) >= MOVED:
            text += f" {'▲' if moved > 0 else '▼'}"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize="small")
        if taken and taken.get(name) == column:
            frame = Rectangle((column - 0.47, row - 0.44), 0.94, 0.88, fill=False,
                              edgecolor=ORANGE, linewidth=2.2)  # fmt: skip
            axes.add_patch(frame)
    axes.set_yticks(range(len(names)), names)
    columns = [_short(value) for value in values[names[0]]] if alike else [""] * width
    axes.set_xticks(range(width), columns)
    axes.tick_params(length=0, top=False, labelsize="small")
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return axes


def rewards(
    recorded: Sequence[Draw], *, now: int | None = None, percent: bool = True,
    axes: Axes | None = None,
) -> Axes:  # fmt: skip
    """The scores up to sample `now`, the baseline that each counted against, the advantage."""
    axes = on(axes, (6.0, 2.4))
    unit = 100 if percent else 1
    everything = unit * np.array([draw.score for draw in recorded] or [0.0, 1.0])
    low, high = np.quantile(everything, 0.1), everything.max()
    margin = 0.08 * (high - low) or 1.0
    floor = low - margin
    shown = recorded[:now]
    if shown:
        x = np.arange(1, len(shown) + 1)
        scores = unit * np.array([draw.score for draw in shown])
        baseline = unit * np.array([draw.baseline for draw in shown])
        low_ones = scores < floor
        axes.plot(x, np.maximum(scores, floor), "o", color=BLUE, markersize=3.5, label="score")
        if low_ones.any():
            axes.plot(x[low_ones], np.full(low_ones.sum(), floor), "v", color=BLUE, markersize=6,
                      label="below the scale")  # fmt: skip
        if (baseline > floor).any():
            axes.plot(x, baseline, color=INK, linestyle="-", marker="", label="baseline")
        last = shown[-1]
        good = last.advantage >= 0
        ends = max(unit * last.baseline, floor), max(unit * last.score, floor)
        axes.plot([x[-1]] * 2, ends, color=GREEN if good else ORANGE, linestyle="-", marker="",
                  linewidth=3, label="above it" if good else "below it")  # fmt: skip
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize="small")
    axes.set(xlim=(0, len(recorded) + 1), ylim=(floor - margin / 2, high + margin),
             xlabel="sample", ylabel="score, %" if percent else "score")  # fmt: skip
    return axes


def tell(
    recorded: Sequence[Draw], values: Mapping[str, Sequence[Any]], now: int, *, percent: bool = True
) -> str:
    """Sample number `now` (1 is the first) in a few sentences."""
    if not 1 <= now <= len(recorded):
        return f"Before the first sample: every value is equally likely. {len(recorded)} to come."

    def shown(score: float) -> str:
        return f"{score:.1%}" if percent else f"{score:.4g}"

    draw = recorded[now - 1]
    cell = ", ".join(f"{name} {_short(values[name][v])}" for name, v in draw.taken.items())
    moves = {(name, v): draw.after[name][v] - p[v]
             for name, p in draw.before.items() for v in range(len(p))}  # fmt: skip
    (name, value), most = max(moves.items(), key=lambda item: abs(item[1]))
    kept = max(recorded[:now], key=lambda each: each.score).score
    against = f", baseline {shown(draw.baseline)}" if draw.baseline else ", no baseline"
    text = (
        f"Sample {now} of {len(recorded)}: {cell}. Score {shown(draw.score)}{against}, "
        f"advantage {draw.advantage:+.2f}. "
    )
    if abs(most) < MOVED:
        text += "No chance moved by half a point. "
    else:
        text += (
            f"The largest move: {name} {_short(values[name][value])}, "
            f"{draw.before[name][value]:.0%} to {draw.after[name][value]:.0%}. "
        )
    return text + f"Entropy {draw.entropy:.2f} bits a decision. Best so far {shown(kept)}."


def _short(value: Any) -> str:
    """An operation or a number, short enough for a cell of the map."""
    if isinstance(value, float):
        return f"{value:g}"
    text = str(value)
    for long, short in (("nor_conv_", "conv "), ("avg_pool_", "pool "), ("skip_connect", "skip")):
        text = text.replace(long, short)
    return text
