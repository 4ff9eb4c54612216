"""Progressive search as a tree: what was expanded, ranked, trained and dropped, round by round."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from coursekit.estimators.agreement import kendall
from coursekit.plots.shared import on
from coursekit.search import Search
from coursekit.strategies.progressive import Progressive
from coursekit.surrogates.rank_ensemble import Ranked
from coursekit.theme import INK, PALETTE
from coursekit.trials import Judge, Pause, Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PHASES = ("expanded", "ranked", "trained", "dropped")
PLACES = 20  # the most candidates of a round that are drawn one by one
DOTS = 200  # the most candidates in a scatter
BLUE, ORANGE, GREEN = PALETTE[:3]
Truth = Callable[[Mapping[str, Any]], float]


class Round(NamedTuple):
    """One round of a progressive search.

    complexity: of its candidates. ranking: all of them, the first to be trained first; the first
    round is not ranked. trained: those that were trained, with their results, in the same order.
    seen: how many trainings the surrogate had learnt from.
    """

    complexity: int
    ranking: tuple[Ranked, ...]
    trained: tuple[Trial, ...]
    seen: int

    @property
    def beam(self) -> tuple[Ranked, ...]:
        """The candidates that were trained, as they were ranked."""
        keys = [tuple(sorted(trial.configuration.items())) for trial in self.trained]
        known = {tuple(sorted(each.configuration.items())): each for each in self.ranking}
        return tuple(known[key] for key in keys if key in known)

    @property
    def dropped(self) -> tuple[Ranked, ...]:
        """The candidates that were not trained."""
        beam = {id(each) for each in self.beam}
        return tuple(each for each in self.ranking if id(each) not in beam)


class Moment(NamedTuple):
    """A round by its index, and one of its `PHASES`."""

    round: int
    phase: str


def rounds(strategy: Progressive, judge: Judge, *, count: int = 3, seed: int = 0) -> list[Round]:
    """The first rounds of a search with a strategy that has seen nothing yet.

    judge: a world or an estimator. count: of rounds. seed: of the search.
    """
    search, found = Search(strategy, seed=seed), list[Round]()
    for _ in range(count):
        ranking, seen = strategy.ranking, len(search.history.completed)
        trained = list[Trial]()
        while strategy.ranking is ranking:
            asked = search.ask()
            if isinstance(asked, Pause):
                break
            search.tell(asked, judge.evaluate(asked, search.history))
            trained.append(search.history[asked.number])
        if not trained:
            break
        size = strategy.growing.complexity(trained[0].configuration)
        found.append(Round(size, tuple(ranking), tuple(trained), seen))
    return found


def moments(found: Sequence[Round]) -> list[Moment]:
    """All moments in order; a round without a ranking is not ranked, one that is whole not cut."""
    found_in = [
        {"expanded", "trained", "ranked" * bool(each.seen), "dropped" * bool(each.dropped)}
        for each in found
    ]
    return [
        Moment(i, phase) for i, held in enumerate(found_in) for phase in PHASES if phase in held
    ]


def shown(each: Round) -> list[Ranked]:
    """The candidates of a round that are drawn one by one: the beam first, then the next ones."""
    return [*each.beam, *each.dropped][: max(PLACES, len(each.beam))]


def tell(found: Sequence[Round], moment: Moment, truth: Truth) -> str:
    """A moment in a sentence or two. truth: the accuracy of any candidate, trained or not."""
    index, phase = moment
    each = found[index]
    text = f"Round {index + 1} of {len(found)}, {phase}: "
    count = len(each.ranking)
    if phase == "expanded":
        if not index:
            return (
                f"{text}all {count} cells of size {each.complexity}, the simplest that there are."
            )
        if each.complexity == found[index - 1].complexity:
            return (
                f"{text}all cells have their full size now. {count:,} candidates: neighbours of "
                "the best, what was left over, and random ones."
            )
        parents = len({one.parent for one in each.ranking} - {None})
        return (
            f"{text}{parents} trained cells have grown by a step, in all ways: {count:,} new cells "
            f"of size {each.complexity}, without twins."
        )
    if phase == "ranked":
        return (
            f"{text}the surrogate has learnt from the {each.seen} trainings so far. It predicts a "
            f"rank for each of the {count:,}."
        )
    best = max((trial.score for trial in each.trained), default=np.nan)
    if phase == "trained":
        first = f"the first {len(each.trained)}" if each.seen else f"{len(each.trained)} cells"
        return f"{text}{first} of {count:,}; the best of them reaches {best:.2%}."
    lost = max(truth(one.configuration) for one in each.dropped)
    return (
        f"{text}{len(each.dropped):,} cells are not trained. The best among them would have "
        f"reached {lost:.2%}, the best that was trained {best:.2%}: a real search cannot know this."
    )


def about(found: Sequence[Round], index: int, chosen: Ranked, truth: Truth) -> str:
    """One candidate in words: what was predicted, what is true."""
    each = found[index]
    place = [id(one) for one in each.ranking].index(id(chosen)) + 1
    accuracies = np.array([truth(one.configuration) for one in each.ranking])
    accuracy = truth(chosen.configuration)
    rank = int((accuracies > accuracy).sum()) + 1
    told = "trained" if any(one is chosen for one in each.beam) else "dropped"
    text = f"A cell of round {index + 1}, {told}. "
    if each.seen:
        text += (
            f"Predicted: place {place:,} of {len(accuracies):,} (rank {chosen.predicted:.2f} ± "
            f"{chosen.spread:.2f} among those trained before, 1 the best). "
        )
    return f"{text}True: {accuracy:.2%}, place {rank:,} of {len(accuracies):,} in this round."


def tree(
    found: Sequence[Round],
    moment: Moment,
    *,
    chosen: Ranked | None = None,
    axes: Axes | None = None,
) -> Axes:
    """A column for each round up to a moment, the candidates in the order of their ranking.

    Trained cells are filled, with their accuracy in percent and a line from the parent; others are
    hollow; those behind the first `PLACES` are counted. The chosen one has a ring. In an SVG the
    mark of candidate 3 of round 2 (both from 0) has the id "beam-2-3".
    """
    axes = on(axes, (6.4, 4.6))
    spots: dict[int, tuple[float, float]] = {}  # of trained cells, by trial
    for index, each in enumerate(found[: moment.round + 1]):
        reached = PHASES.index(moment.phase) if index == moment.round else len(PHASES)
        _column(axes, each, index, reached, spots, chosen)
    axes.set_xlim(-0.3, len(found) - 0.45)
    axes.set_ylim(PLACES + 2.2, -1.2)
    axes.set_xticks(
        range(len(found)),
        [f"round {i + 1}: size {each.complexity}" for i, each in enumerate(found)],
    )
    axes.set_yticks([1, 5, 10, 15, 20])
    axes.set_ylabel("place in the ranking")
    axes.grid(False)
    return axes


def _column(
    axes: Axes,
    each: Round,
    index: int,
    reached: int,
    spots: dict[int, tuple[float, float]],
    chosen: Ranked | None,
) -> None:
    """One round, as far as it has reached in `PHASES`."""
    drawn, count = shown(each), len(each.ranking)
    if reached == 0 and index:  # not in order yet: a fan from each parent
        children: dict[int, int] = {}
        for one in each.ranking:
            if one.parent is not None:
                children[one.parent] = children.get(one.parent, 0) + 1
        for parent, number in children.items():
            x, y = spots[parent]
            axes.fill(
                [x + 0.27, x + 0.72, x + 0.72], [y, y - 0.42, y + 0.42], color=ORANGE, alpha=0.6
            )
            axes.text(x + 0.75, y, str(number), va="center", fontsize="x-small")
        axes.text(index, -0.5, f"{count:,} children", ha="center", fontsize="small")
        return
    trained = {id(one): trial for one, trial in zip(each.beam, each.trained, strict=False)}
    for place, one in enumerate(drawn, start=1):
        trial = trained.get(id(one)) if reached >= PHASES.index("trained") else None
        look: dict[str, Any] = {"marker": "o", "linestyle": "", "gid": f"beam-{index}-{place - 1}"}
        if trial is not None:
            if one.parent in spots:
                x, y = spots[one.parent]
                axes.plot([x + 0.26, index - 0.05], [y, place], "-", color=INK, alpha=0.45,
                          linewidth=0.9, marker="", zorder=1)  # fmt: skip
            spots[trial.number] = (index, place)
            axes.plot(index, place, markersize=8, color=BLUE, **look)
            axes.text(
                index + 0.06, place, f"{100 * trial.score:.1f}", va="center", fontsize="x-small"
            )
        else:
            gone = reached >= PHASES.index("dropped") and each.dropped
            axes.plot(index, place, markersize=6, markerfacecolor="none", markeredgecolor=INK,
                      alpha=0.45 if gone else 1.0, **look)  # fmt: skip
        if one is chosen:
            axes.plot(index, place, "o", markersize=14, markerfacecolor="none",
                      markeredgecolor=ORANGE, markeredgewidth=2)  # fmt: skip
    if count > len(drawn):
        axes.text(index, len(drawn) + 1.2, f"and {count - len(drawn):,} more", ha="center",
                  va="center", fontsize="small")  # fmt: skip


def predictions(
    each: Round, truth: Truth, *, chosen: Ranked | None = None, axes: Axes | None = None
) -> Axes:
    """What the surrogate predicted for the candidates of a round, against what is true.

    At most `DOTS` of the dropped ones are drawn, evenly from the ranking.
    """
    axes = on(axes, (4.4, 2.4))
    step = max(1, len(each.dropped) // DOTS)
    groups = (("dropped", each.dropped[::step], INK, 3.0), ("trained", each.beam, BLUE, 6.0),
              ("chosen", [chosen] if chosen else [], ORANGE, 9.0))  # fmt: skip
    for label, ones, colour, size in groups:
        axes.plot(
            [one.predicted for one in ones],
            [100 * truth(one.configuration) for one in ones],
            "o",
            color=colour,
            markersize=size,
            markerfacecolor="none" if label == "chosen" else colour,
            alpha=0.4 if label == "dropped" else 1,
            label=label,
        )
    axes.set(xlabel="predicted rank (1 is the best)", ylabel="accuracy, %")
    return axes


def tau(each: Round, truth: Truth) -> float:
    """Kendall's tau-b between predictions and truth in a round; NaN for the first round."""
    true = [truth(one.configuration) for one in each.ranking]
    return kendall([one.predicted for one in each.ranking], true)
