"""The ageing diagram, birth by birth: population, tournament, parent, child, and deaths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from coursekit.plots.shared import on
from coursekit.theme import INK, PALETTE
from coursekit.trials import History, Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Alive = Callable[[Sequence[Trial]], Sequence[Trial]]
BLUE, ORANGE, GREEN = PALETTE[:3]


class Birth(NamedTuple):
    """What happened when a trial completed; trials are given by their numbers.

    score: of the newborn. alive: the population after the birth, the oldest first.
    tournament, parent: empty and None for a random candidate. died: the trials that left.
    """

    number: int
    score: float
    alive: tuple[int, ...]
    tournament: tuple[int, ...]
    parent: int | None
    died: tuple[int, ...]


def births(history: History, alive: Alive) -> list[Birth]:
    """The births in a history, in order of completion.

    alive: the rule that selects the population from the completed trials, such as the method
        `alive` of `RegularizedEvolution`.
    """
    recorded, completed, before = [], history.completed, set[int]()
    for place, trial in enumerate(completed, start=1):
        numbers = sorted(each.number for each in alive(completed[:place]))
        recorded.append(
            Birth(
                trial.number,
                trial.score,
                tuple(numbers),
                tuple(trial.suggestion.info.get("tournament", ())),
                trial.suggestion.parent,
                tuple(sorted((before | {trial.number}) - set(numbers))),
            )
        )
        before = set(numbers)
    return recorded


def population(
    recorded: History | Sequence[Birth],
    alive: Alive | None = None,
    *,
    now: int | None = None,
    axes: Axes | None = None,
) -> Axes:
    """One column per birth, as high as its score, up to birth number `now` (1 is the first).

    recorded: a History together with the rule `alive`, such as the strategy's method; or the
        result of `births`. now: by default the last. Raises ValueError for a History without the
        rule.

    Living trials are filled, dead ones hollow. For the last birth: the tournament (rings), the
    parent (square), the child (diamond, with an arrow from its parent) and the trials that died
    (cross). Scores below the figure are drawn on its lower edge: some cells learn nothing at all.
    """
    axes = on(axes, (9.0, 3.4))
    if isinstance(recorded, History):
        if alive is None:
            raise ValueError(
                "alive=None: give the rule too, as in population(history, evolution.alive)"
            )
        recorded = births(recorded, alive)
    floor, ceiling = _limits([100 * birth.score for birth in recorded])
    shown = recorded[:now]
    last = shown[-1] if shown else Birth(-1, 0.0, (), (), None, ())
    spots = {
        birth.number: (column, max(100 * birth.score, floor))
        for column, birth in enumerate(shown, start=1)
    }

    def mark(numbers: Iterable[int], label: str, marker: str, size: int, **look: Any) -> None:
        known = [spots[number] for number in numbers if number in spots]
        xs, ys = [column for column, _ in known], [height for _, height in known]
        axes.scatter(xs, ys, size, marker=marker, label=label, zorder=3, **look)

    elders = [number for number in last.alive if number != last.number]
    present = {*last.alive, *last.died, last.number}
    for number, (column, height) in spots.items():
        colour = BLUE if number in present else INK
        axes.vlines(column, floor, height, color=colour, alpha=0.3, linewidth=3)
    for column, birth in enumerate(shown, start=1):
        if 100 * birth.score < floor:  # off the scale: its accuracy in words
            axes.annotate(
                f"↓ {100 * birth.score:.0f} %",
                (column, floor),
                xytext=(0, 10),
                textcoords="offset points",
                ha="center",
                rotation=90,
                fontsize="x-small",
            )
    mark(elders, "alive", "o", 24, color=BLUE)
    mark(last.tournament, "tournament", "o", 110, facecolors="none", edgecolors=ORANGE)
    mark([] if last.parent is None else [last.parent], "parent", "s", 50, color=ORANGE)
    mark([last.number], "child", "D", 40, color=GREEN)
    mark(last.died, "dies", "x", 60, color=INK, linewidths=2)
    mark(spots.keys() - present, "dead", "o", 16, facecolors="none", edgecolors=INK)
    if last.parent in spots:
        look = {"arrowstyle": "->", "color": GREEN, "shrinkA": 7, "shrinkB": 7}
        ends = spots[last.number], spots[last.parent]
        axes.annotate("", *ends, arrowprops={**look, "connectionstyle": "arc3,rad=0.2"})
    axes.set(xlabel="birth", ylabel="accuracy, %", xlim=(0, len(recorded) + 1))
    axes.set_ylim(floor, ceiling)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return axes


def _limits(scores: Sequence[float]) -> tuple[float, float]:
    """The same limits for every step, low enough for nine tenths of the scores."""
    ordered = sorted(scores) or [0.0, 100.0]
    low, high = ordered[len(ordered) // 10], ordered[-1]
    margin = 0.08 * (high - low) or 1.0
    return low - margin, high + margin


def tell(recorded: Sequence[Birth], now: int) -> str:
    """Birth number `now` in a sentence or two."""
    if not 1 <= now <= len(recorded):
        return f"Before the first birth: {len(recorded)} births to come."
    birth = recorded[now - 1]
    place = {each.number: column for column, each in enumerate(recorded, start=1)}
    score = {each.number: f"{each.score:.2%}" for each in recorded}
    text = f"Birth {now} of {len(recorded)}: "
    if birth.parent is None:
        text += f"drawn at random, {score[birth.number]}."
    else:
        drawn = ", ".join(str(place[number]) for number in sorted(birth.tournament, key=place.get))  # type: ignore[arg-type]
        text += f"from {drawn} the best, " if drawn else "of the population, "
        text += (
            f"{place[birth.parent]} ({score[birth.parent]}), has a child, {score[birth.number]}."
        )
    best = max(recorded[:now], key=lambda each: each.score)
    for number in birth.died:
        text += f" {'The child itself' if number == birth.number else place[number]} dies"
        text += (
            " although it is the best so far." if number == best.number else f" ({score[number]})."
        )
    return text
