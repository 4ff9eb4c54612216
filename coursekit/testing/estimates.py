"""The promises of estimators, in every world that they support, on any scale of its scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from coursekit.estimators import Estimator, FullTraining, Trains
from coursekit.search import Search
from coursekit.strategies import Hyperband, RegularizedEvolution
from coursekit.testing.promises import SCALES
from coursekit.testing.watched import Broken
from coursekit.trials import Epoch, Evaluation, History, Suggestion, Trial

TRIALS = 5
CLOSE = 1e-4  # tolerance between scores on two scales: forecasts find a quantile to 2e-6

Bounds = tuple[float, float]


@dataclass
class Count:
    """What a world has trained: epochs, their seconds, and runs that were left open."""

    epochs: int = 0
    seconds: float = 0.0
    running: int = 0


class Told:
    """A world that reports changed scores and counts what it trains.

    change: maps the world's score to the reported one. bounds: of the reported scores.
    """

    def __init__(
        self,
        world: Trains,
        change: Callable[[float], float],
        bounds: Bounds | None,
        count: Count | None = None,
    ) -> None:
        self.world, self.change, self.bounds = world, change, bounds
        self.count = Count() if count is None else count
        self.space, self.epochs, self.early = world.space, world.epochs, world.early
        self.fidelity, self.fidelities = world.fidelity, world.fidelities
        if hasattr(world, "train_from"):
            self.train_from = self._train_from

    def train(self, trial: Trial | Suggestion, history: History | None = None) -> Iterator[Epoch]:
        run = self.world.train(trial, history)
        self.count.running += 1
        try:
            for epoch in run:
                yield self._told(epoch)
        finally:
            self.count.running -= 1

    def _train_from(self, *arguments: Any) -> ToldRun:
        self.count.running += 1
        return ToldRun(self, self.world.train_from(*arguments))  # type: ignore[attr-defined]

    def _told(self, epoch: Epoch) -> Epoch:
        self.count.epochs += 1
        self.count.seconds += epoch.seconds
        return epoch._replace(score=self.change(epoch.score))

    def finished(self, done: Sequence[Epoch]) -> Evaluation:
        return Evaluation.of(done)

    def at(self, fidelity: str) -> Self:
        return type(self)(self.world.at(fidelity), self.change, self.bounds, self.count)


class ToldRun:
    """A training run with weights, as `Told` reports it."""

    def __init__(self, world: Told, run: Any) -> None:
        self.world, self.run, self.open = world, run, True

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Epoch:
        return self.world._told(next(self.run))

    def close(self) -> None:
        self.run.close()
        self.world.count.running -= self.open
        self.open = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.run, name)


def told_on_scale(world: Trains, times: float = 1.0, plus: float = 0.0, known: bool = True) -> Told:
    """The world with times * score + plus in place of each score, its bounds changed the same way.

    known: whether the bounds are kept; False makes them None.
    """

    def change(score: float) -> float:
        return times * score + plus

    bounds = world.bounds if known else None
    return Told(world, change, bounds and (change(bounds[0]), change(bounds[1])))


@dataclass
class Judging:
    """An estimator in a world: `build` is the class with its options."""

    build: Callable[[Trains], Estimator]
    world: Callable[[], Trains]

    def search(self, world: Trains) -> History:
        """A few generations of evolution: with parents, so that there is something to inherit."""
        strategy = RegularizedEvolution(world.space, population_size=3, sample_size=3)
        return Search(strategy, seed=0).run(self.build(world), trials=TRIALS)


def refuses_worlds_that_it_does_not_support(case: Judging) -> None:
    try:
        case.build(case.world())
    except ValueError:
        return
    raise Broken("`supports` says no, but it builds: call super().__init__(world)")


def judges_alike_each_time(case: Judging) -> None:
    one, other = ([_without_cost(trial) for trial in case.search(case.world())] for _ in range(2))
    if one != other:
        raise Broken("two searches with the same seed differ: take randomness only from the world")


def says_what_is_measured(case: Judging) -> None:
    """Only a score at the end of a full training has a spread of 0."""
    for trial in case.search(case.world()):
        if not (math.isfinite(trial.score) and trial.cost > 0 and 0 <= trial.spread < math.inf):
            raise Broken(
                f"trial {trial.number} has score={trial.score}, cost={trial.cost}, "
                f"spread={trial.spread}: a finite score, seconds above 0, a spread of 0 or more"
            )
        if trial.spread == 0:
            full = list(case.world().train(trial.suggestion))
            if trial.score != full[-1].score:
                raise Broken(
                    f"trial {trial.number} has spread 0 and score {trial.score}, but a full "
                    f"training comes to {full[-1].score}: give what is estimated a spread"
                )


def accounts_for_what_it_trains(case: Judging) -> None:
    world = told_on_scale(case.world())
    estimator, rng, history = case.build(world), np.random.default_rng(1), History()
    for _ in range(TRIALS):
        trial, before = history.add(Suggestion(world.space.sample(rng))), world.count
        epochs, seconds = before.epochs, before.seconds
        made = estimator.evaluate(trial, history)
        history.finish(trial.number, made)
        epochs, seconds = world.count.epochs - epochs, world.count.seconds - seconds
        if world.count.running:
            raise Broken("it leaves a training running: use `with self.training(...)`")
        if epochs > world.epochs:
            raise Broken(f"it trains {epochs} epochs for a trial, a full training {world.epochs}")
        if made.cost < seconds * (1 - 1e-9):
            raise Broken(f"it costs {made.cost:g} s, but trainings took {seconds:g} s")


def copes_with_trainings_that_fail(case: Judging) -> None:
    world = Told(case.world(), lambda score: math.nan, case.world().bounds)
    for trial in case.search(world):
        if not math.isnan(trial.score):
            raise Broken(f"a training has failed, and it says score={trial.score}: that is NaN")


def judges_alike_on_any_scale(case: Judging) -> None:
    """With known bounds, and without."""
    for known in (True, False):
        plain = case.search(told_on_scale(case.world(), known=known))
        reach = max(t.score for t in plain) - min(t.score for t in plain)
        for times, plus in SCALES:
            scaled = case.search(told_on_scale(case.world(), times, plus, known))
            for one, other in zip(plain, scaled, strict=True):
                off = abs(other.score - (times * one.score + plus))
                wide = abs(other.spread - times * one.spread)
                if (
                    one.suggestion != other.suggestion
                    or len(one.curve) != len(other.curve)
                    or off > CLOSE * times * reach
                    or wide > CLOSE * times * max(reach, one.spread)
                ):
                    raise Broken(
                        f"told {times:g} * score {plus:+g} in place of score it judges otherwise: "
                        f"trial {one.number} has score {other.score} ± {other.spread:g} after "
                        f"{len(other.curve)} epochs, not {times * one.score + plus} ± "
                        f"{times * one.spread:g} after {len(one.curve)}"
                    )


def is_a_world_for_others(case: Judging) -> None:
    inner = case.build(case.world())
    if not isinstance(inner, Trains):
        raise Broken("it cannot be used as a world: call super().__init__(world)")
    outer = FullTraining(inner)
    made = outer.evaluate(Suggestion(outer.space.sample(np.random.default_rng(0))))
    if not math.isfinite(made.score):
        raise Broken(f"as the world of another estimator it comes to score={made.score}")


def keeps_to_budgets(case: Judging) -> None:
    world = told_on_scale(case.world())
    if not world.early:
        return
    strategy = Hyperband(world.space, max_budget=min(9, world.epochs))
    for trial in Search(strategy, seed=0).run(case.build(world), trials=TRIALS):
        if len(trial.curve) > (trial.suggestion.budget or 0):
            raise Broken(
                f"trial {trial.number} has a budget of {trial.suggestion.budget}, and it trains "
                f"{len(trial.curve)} epochs"
            )


def _without_cost(trial: Trial) -> tuple[Any, ...]:
    return trial.suggestion, trial.status, trial.score, tuple(trial.curve), trial.spread


PROMISES = (
    judges_alike_each_time,
    says_what_is_measured,
    accounts_for_what_it_trains,
    copes_with_trainings_that_fail,
    judges_alike_on_any_scale,
    is_a_world_for_others,
    keeps_to_budgets,
)
