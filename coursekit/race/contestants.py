"""Contestants: a strategy, and the estimator that judges its candidates.

Both are given as texts such as "regularized_evolution(population_size=10)" and
"extrapolation(delta=0.1)", which a command line and another process can read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from coursekit import estimators, lookup, strategies
from coursekit.spaces import Space
from coursekit.strategies import Strategy
from coursekit.trials import Judge
from coursekit.worlds import World

Build = Callable[[Space], Strategy]
JudgeIn = Callable[[World], Judge]
FULL = "full"  # full trainings: the world's own answers
FULL_TEXTS = (FULL, estimators.SHORT[FULL])
ONE = {"strategies": "strategy", "estimators": "estimator"}


class Contestant(NamedTuple):
    """A strategy and an estimator, each with the name that tables show.

    estimator: a text, or a callable that makes a judge from a world, such as an estimator's class.
        None: the world itself judges.
    """

    strategy_name: str
    strategy: str | Build
    estimator_name: str = FULL
    estimator: str | JudgeIn | None = None

    @property
    def name(self) -> str:
        """For example "tpe" with full trainings, else "tpe + extrapolation"."""
        plain = self.estimator_name == FULL
        return self.strategy_name if plain else f"{self.strategy_name} + {self.estimator_name}"

    def judge(self, world: World) -> Any:
        """The judge, whose scores the search sees; ValueError if it cannot judge in this world."""
        if self.estimator is None:
            return world
        if isinstance(self.estimator, str):
            return estimators.make(self.estimator, world)
        return self.estimator(world)

    def make(self, world: World, trials: int | None = None) -> tuple[Strategy, Any]:
        """Strategy and judge for one search; ValueError if they cannot search this world.

        trials: how many the race gives to each, if it is known.
        """
        judge = self.judge(world)
        return build(fitted(self.strategy, judge, trials), world.space), judge

    def refusal(self, world: World) -> str | None:
        """Why it cannot race in a world, in words; None if it can.

        Raises ValueError for an unknown name or option.
        """
        for text, kind, find in (
            (self.strategy, "strategy", strategies.find),
            (self.estimator, "estimator", estimators.find),
        ):
            if isinstance(text, str):
                name, options = lookup.parse(kind, text)
                lookup.check_options(name, find(name), options)  # type: ignore[operator]
        try:
            strategy, judge = self.make(world)
        except ValueError as error:
            return str(error)
        if strategy.budgeted and not getattr(judge, "early", True):
            return f"it trains candidates in part, and {world} has only the end of each training"
        return None


def contestants(
    strategies: Iterable[str] | Mapping[str, str | Build],
    estimators: Iterable[str] | Mapping[str, str | JudgeIn] | None = None,
) -> dict[str, Contestant]:
    """Each strategy with each estimator, by name; without estimators the world judges.

    Raises TypeError for a text instead of a list, ValueError for an empty list and for duplicate
    names.
    """
    found = dict[str, Contestant]()
    judges = {FULL: None} if estimators is None else named("estimators", estimators)
    for strategy_name, strategy in named("strategies", strategies).items():
        for estimator_name, estimator in judges.items():
            made = Contestant(strategy_name, strategy, estimator_name, estimator)
            if made.name in found:
                raise ValueError(f"{made.name!r} is the name of two contestants: rename one")
            found[made.name] = made
    return found


def named(what: str, given: Iterable[str] | Mapping[str, Any]) -> dict[str, Any]:
    """A list of texts as a mapping, each under its own text; a mapping unchanged."""
    if isinstance(given, str):
        raise TypeError(f"{what}={given!r}: give a list, as in [{given!r}]")
    if isinstance(given, Mapping):
        found = dict(given)
    else:
        texts = [*given]
        for text in texts:
            if not isinstance(text, str):
                name = getattr(text, "__name__", "name")
                raise TypeError(f"{what}=[{text!r}]: give it a name, as in {{'{name}': ...}}")
        found = {FULL if text in FULL_TEXTS else text: text for text in texts}
        if len(found) < len(texts):
            raise ValueError(f"each of the {what} starts once: {', '.join(map(str, texts))}")
    if not found:
        raise ValueError(f"a race needs at least one {ONE[what]}")
    return found


def build(strategy: str | Build, space: Space) -> Strategy:
    """The strategy that a text names, or that a class or function makes from a space.

    Raises ValueError for an unknown name or option, and for a space that it cannot search.
    """
    return strategies.make(strategy, space) if isinstance(strategy, str) else strategy(space)


def fitted(strategy: str | Build, judge: Any, trials: int | None = None) -> str | Build:
    """A text gets what its strategy wants to know and the text does not say.

    That is the judge's epochs as `max_budget`, and the race's trials as `expected_trials`.
    """
    if not isinstance(strategy, str):
        return strategy
    known = {"expected_trials": trials} if trials else {}
    if getattr(judge, "early", False):
        known["max_budget"] = judge.epochs
    name, options = lookup.parse("strategy", strategy)
    wanted = known.keys() & lookup.options_of(strategies.find(name)).keys() - options.keys()
    return lookup.text(name, options | {each: known[each] for each in sorted(wanted)})
