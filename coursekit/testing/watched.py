"""A search that checks every suggestion of the strategy that it runs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from coursekit.search import Search
from coursekit.spaces import Space
from coursekit.strategies.base import Strategy
from coursekit.trials import Evaluation, Pause, Status, Suggestion, Trial

LENGTH = 40  # trials of a search

Scorer = Callable[[Space, Trial], Evaluation]


class Broken(AssertionError):
    """A strategy or an estimator breaks a promise; the message says how."""


class Untested(Exception):
    """A promise that cannot be tested here."""


def score_of(space: Space, trial: Trial) -> Evaluation:
    """A smooth score with its best in a corner; one trial in five fails, one in four is estimated.

    Scores are multiples of 2^-16, so that 100 * score - 1,000 is exact: equal scores stay equal,
    and different ones stay different.
    """
    if trial.number % 5 == 3:
        return Evaluation(math.nan, cost=1.0)
    u = space.encode(trial.configuration)
    smooth = float(np.nanmean(u)) + 1e-3 * (trial.suggestion.budget or 0)
    score = round(smooth * 2**16) / 2**16
    spread = 2**-5 if trial.number % 4 == 1 else 0.0
    return Evaluation(score, curve=(score / 2, score), cost=1.0, spread=spread)


def on_scale(made: Evaluation, times: float, plus: float) -> Evaluation:
    """An evaluation with times * score + plus in place of each score."""
    return made._replace(
        score=times * made.score + plus,
        curve=tuple([times * score + plus for score in made.curve]),
        spread=times * made.spread,
    )


class Watched(Search):
    """A search that checks every suggestion. length: of trials, when it is driven."""

    def __init__(
        self,
        strategy: Strategy,
        *,
        seed: int = 0,
        journal: Path | None = None,
        length: int = LENGTH,
    ) -> None:
        super().__init__(strategy, seed=seed, journal=journal)
        self.length = length
        self.made = [plainly(trial.suggestion) for trial in self.history]
        self._order = [trial.number for trial in self.history.completed]
        self._earlier: dict[Any, int] = {}

    def ask(self) -> Trial | Pause:
        trial = super().ask()
        if isinstance(trial, Trial) and trial.number == len(self.made):
            self._check(trial)
            self.made.append(plainly(trial.suggestion))
        return trial

    def tell(
        self,
        trial: Trial | int,
        evaluation: Evaluation | float,
        *,
        more: Mapping[str, Any] = {},
    ) -> Trial:
        done = super().tell(trial, evaluation, more=more)
        self._order += [done.number] * (done.status is Status.COMPLETED)
        if [each.number for each in self.history.completed] != self._order:
            raise Broken("it changed history.completed: sort or cut a copy")
        if plainly(done.suggestion) != self.made[done.number]:
            raise Broken(f"it changed trial {done.number} after it had suggested it: copy it")
        return done

    def drive(
        self,
        *,
        trials: int | None = None,
        workers: int = 3,
        judge: Scorer = score_of,
        before: Callable[[Search], None] = lambda search: None,
    ) -> Pause | None:
        """Run trials as several workers would, out of order; the pause that ended it, or None.

        trials: by default the search's length.
        The order depends only on the running trials, so that a resumed search repeats it.
        """
        running: list[Trial] = []
        while self.history.count_finished < (self.length if trials is None else trials):
            pause = None
            while len(running) < workers and pause is None:
                before(self)
                asked = self.ask()
                if isinstance(asked, Pause):
                    pause = asked
                else:
                    running.append(asked)
            if not running:
                if pause is Pause.WAIT:
                    raise Broken("it answers Pause.WAIT though no trial runs: that would never end")
                return pause
            trial = min(running, key=lambda trial: (trial.number * 5 % 7, trial.number))
            running.remove(trial)
            self.tell(trial, judge(self.strategy.space, trial))
        return None

    def _check(self, trial: Trial) -> None:
        strategy, made, which = self.strategy, trial.suggestion, f"trial {trial.number}"
        try:
            strategy.space.check(made.configuration)
        except ValueError as error:
            raise Broken(f"{which} is not in the space: {error}") from None
        for name, value in made.configuration.items():
            if type(value) not in (bool, int, float, str):
                raise Broken(
                    f"{which} has {name}={value!r} of type {type(value).__name__}: "
                    "plain Python values only (.item() makes them of NumPy's)"
                )
        try:
            same = json.loads(json.dumps(dict(made.info))) == made.info
        except TypeError:
            same = False
        if not same:
            raise Broken(f"{which} has info={made.info!r}: strings, numbers and lists only")
        self._check_budget(made, which)
        key = (strategy.space.key(made.configuration), made.budget)
        first = self._earlier.setdefault(key, trial.number)
        if first != trial.number and not strategy.repeats:
            state = self.history[first].status.value
            cure = "`self.fresh(history, rng)` gives what is new"
            if not strategy.budgeted and len(self._earlier) >= strategy.space.count:
                cure = f"all {strategy.space.count} are tried, so answer Pause.DONE"
            raise Broken(
                f"{which} repeats trial {first}, which is {state}: {cure} (repeats = True on the "
                "strategy allows it)"
            )

    def _check_budget(self, made: Suggestion, which: str) -> None:
        strategy, budget = self.strategy, made.budget
        if not strategy.budgeted and budget is not None:
            raise Broken(f"{which} has {budget=}: set budgeted = True on the class")
        if strategy.budgeted:
            least, most = (getattr(strategy, name, None) for name in ("min_budget", "max_budget"))
            if type(budget) is not int or not (least or 1) <= budget <= (most or budget):
                raise Broken(f"{which} has {budget=}: an int from {least or 1} to {most}")
        if made.parent is None:
            return
        known = type(made.parent) is int and 0 <= made.parent < len(self.history) - 1
        if not known or self.history[made.parent].status is not Status.COMPLETED:
            raise Broken(
                f"{which} has parent={made.parent!r}, which is not the number of a completed trial"
            )
        parent = self.history[made.parent].suggestion
        promoted = parent.configuration == made.configuration
        if promoted and (budget or 0) <= (parent.budget or 0):
            raise Broken(f"{which} promotes trial {made.parent} from {parent.budget} to {budget}")


def plainly(suggestion: Suggestion) -> str:
    """A suggestion as text; different suggestions have different texts."""
    record = dict(suggestion.configuration), suggestion.budget, suggestion.parent, suggestion.info
    return json.dumps(record, default=repr)


@dataclass
class Case:
    """A strategy on a space: `build` is the class with the space and its options.

    length: trials of its searches.
    """

    build: partial[Strategy]
    length: int = LENGTH

    @property
    def space(self) -> Space:
        found: Space = self.build.args[0]
        return found

    def search(self, seed: int = 0, journal: Path | None = None) -> Watched:
        """A new search, watched."""
        return Watched(self.build(), seed=seed, journal=journal, length=self.length)

    @cached_property
    def reference(self) -> list[str]:
        """The suggestions of one search, to compare others with."""
        search = self.search()
        search.drive()
        return search.made

    def compare(self, made: list[str], why: str, reference: list[str] | None = None) -> None:
        """Raise Broken if suggestions differ from the reference, up to the shorter of the two.

        reference: what to compare with; by default the suggestions of the plain search.
        """
        reference = self.reference if reference is None else reference
        for number, (one, other) in enumerate(zip(reference, made, strict=False)):
            if one != other:
                raise Broken(f"{why}; trial {number} is {other}, not {one}")
