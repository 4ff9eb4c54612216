"""The records of a search: suggestions, evaluations, trials, and the history of all trials."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self, overload, runtime_checkable

from coursekit.extras import from_extras

if TYPE_CHECKING:
    import pandas


class Epoch(NamedTuple):
    """One epoch of a training run.

    score: higher is better; validation accuracy in 0..1 unless stated otherwise.
    seconds: the cost of this epoch, training and validation.
    """

    score: float
    seconds: float


class Evaluation(NamedTuple):
    """The result of judging a candidate.

    score: higher is better; NaN means that the trial failed.
    curve: the score after each trained epoch.
    cost: seconds, simulated or real.
    spread: standard deviation of the score if it is an estimate; 0 for a plain measurement.
    measures: other measurements by name (parameters, seconds for a prediction), plain numbers.
    message: why the trial failed, in words.
    """

    score: float
    curve: Sequence[float] = ()
    cost: float = 0.0
    spread: float = 0.0
    measures: Mapping[str, float] = {}
    message: str = ""

    @classmethod
    def of(cls, epochs: Sequence[Epoch]) -> Self:
        """The result of a training run: the score of its last epoch, NaN without epochs."""
        curve = tuple([epoch.score for epoch in epochs])
        score = curve[-1] if curve else math.nan
        return cls(score, curve, sum(epoch.seconds for epoch in epochs))

    def checked(self) -> Self:
        """The same with plain numbers only.

        Raises TypeError for anything but numbers, ValueError for a cost or spread that is below 0
        or not finite.
        """
        try:
            made = self._replace(
                score=_number(self.score),
                curve=tuple(map(_number, self.curve)),
                cost=_number(self.cost),
                spread=_number(self.spread),
                measures={str(name): _number(value) for name, value in self.measures.items()},
                message=str(self.message),
            )
        except (AttributeError, TypeError, ValueError):
            missing = "" if self.score is not None else " Does the function lack its `return`?"
            raise TypeError(
                f"{self!r} is not a result: give a score, or an Evaluation of a score, a curve of "
                f"scores, a cost in seconds, a spread, measures by name, and a message.{missing}"
            ) from None
        for name, value in (("cost", made.cost), ("spread", made.spread)):
            if not 0 <= value < math.inf:
                raise ValueError(f"{name}={value}: give a finite number, 0 or more")
        return made


def _number(value: Any) -> float:
    if isinstance(value, str):  # float() would accept it
        raise TypeError(f"{value!r} is a text")
    return float(value)


class Pause(Enum):
    """What a strategy returns when it has no suggestion."""

    WAIT = "wait"  # until a running trial has finished
    DONE = "done"  # the search is complete


class Status(StrEnum):
    """The state of a trial."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A candidate, and the epochs to train it.

    configuration: a value for each parameter that exists.
    budget: the most epochs; None leaves them to the estimator.
    parent: number of the trial that this one continues, or whose child it is.
    info: plain data for the strategy to remember, such as the bracket.
    """

    configuration: Mapping[str, Any]
    budget: int | None = None
    parent: int | None = None
    info: Mapping[str, Any] = field(default_factory=dict)


ALONE = -1  # number of a trial outside a search
ADDED = "added"  # in a suggestion's info: the trial was run elsewhere


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A suggestion with a number, and its result.

    score: NaN while running and when failed. cost: seconds, simulated or real. The rest is as in
    `Evaluation`. Trials are equal if all fields are; here NaN equals NaN, in any Python version.
    """

    number: int
    suggestion: Suggestion
    status: Status = Status.RUNNING
    score: float = math.nan
    curve: Sequence[float] = ()
    cost: float = 0.0
    spread: float = 0.0
    measures: Mapping[str, float] = field(default_factory=dict)
    message: str = ""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trial):
            return NotImplemented
        mine, theirs = (
            (each.number, each.suggestion, each.status, *each.evaluation) for each in (self, other)
        )
        return _same(mine, theirs)

    @classmethod
    def of(cls, asked: Trial | Suggestion) -> Trial:
        """A trial as it is; a suggestion outside a search as a trial with number -1."""
        return asked if isinstance(asked, Trial) else cls(ALONE, asked)

    def up_to(self, budget: int | None) -> Trial:
        """The same trial with another budget."""
        return replace(self, suggestion=replace(self.suggestion, budget=budget))

    def ended(self, evaluation: Evaluation) -> Trial:
        """The same trial with this result; a score that is not finite means failure."""
        score = float(evaluation.score)
        good = math.isfinite(score)
        return Trial(
            self.number,
            self.suggestion,
            Status.COMPLETED if good else Status.FAILED,
            score if good else math.nan,
            tuple(evaluation.curve),
            float(evaluation.cost),
            float(evaluation.spread),
            evaluation.measures,
            evaluation.message,
        )

    @property
    def evaluation(self) -> Evaluation:
        """The trial's result."""
        return Evaluation(
            self.score, self.curve, self.cost, self.spread, self.measures, self.message
        )

    @property
    def configuration(self) -> Mapping[str, Any]:
        """The suggestion's configuration."""
        return self.suggestion.configuration

    @property
    def added(self) -> bool:
        """Whether the trial was run elsewhere and handed in (`Search.add`)."""
        return ADDED in self.suggestion.info


def _same(one: Any, other: Any) -> bool:
    """Whether two values are equal, where NaN equals NaN, also in sequences and mappings."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[each], other[each]) for each in one)
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other or (one != one and other != other))


class History(Sequence[Trial]):
    """All trials of a search by number, which is the order of suggestion.

    `completed` and `finished` (which includes failed trials) are in order of completion, from which
    strategies learn.

    minimised: whether these scores, in which higher is better, are the negatives of the user's;
        `frame` shows the user's.
    """

    def __init__(self, *, minimised: bool = False) -> None:
        self.minimised = minimised
        self._trials: list[Trial] = []
        self._running: dict[int, None] = {}
        self._finished: list[int] = []
        self._completed: list[Trial] = []
        self._added: list[Trial] = []

    def __len__(self) -> int:
        return len(self._trials)

    @overload
    def __getitem__(self, index: int) -> Trial: ...
    @overload
    def __getitem__(self, index: slice) -> list[Trial]: ...
    def __getitem__(self, index: int | slice) -> Trial | list[Trial]:
        return self._trials[index]

    def __iter__(self) -> Iterator[Trial]:
        return iter(self._trials)

    def __repr__(self) -> str:
        return (
            f"<History of {len(self)} trials: {len(self._completed)} completed, "
            f"{len(self._finished) - len(self._completed)} failed, {len(self._running)} running>"
        )

    def add(self, suggestion: Suggestion) -> Trial:
        """Number a suggestion; its trial is running from now on."""
        trial = Trial(len(self._trials), suggestion)
        self._trials.append(trial)
        self._running[trial.number] = None
        return trial

    def finish(self, number: int, evaluation: Evaluation) -> Trial:
        """Record a running trial's result; a score that is not finite means failure."""
        self.check_running(number)
        trial = self._trials[number].ended(evaluation)
        good = trial.status is Status.COMPLETED
        self._trials[number] = trial
        del self._running[number]
        self._finished.append(number)
        if trial.added:
            self._added.append(trial)
        if good:
            self._completed.append(trial)
        return trial

    def check_running(self, number: int) -> None:
        """Raise ValueError unless this trial is running."""
        if number not in self._running:
            known = 0 <= number < len(self._trials)
            why = "has finished already" if known else "was never suggested"
            raise ValueError(f"trial {number} {why}: running are {list(self._running)[:10]}")

    @property
    def running(self) -> list[Trial]:
        """Trials without a result, in order of number."""
        return [self._trials[number] for number in self._running]

    @property
    def completed(self) -> Sequence[Trial]:
        """Trials with a score, in order of completion (a live list; do not change it)."""
        return self._completed

    @property
    def finished(self) -> list[Trial]:
        """Completed and failed trials, in order of completion."""
        return [self._trials[number] for number in self._finished]

    @property
    def count_finished(self) -> int:
        """The number of completed and failed trials."""
        return len(self._finished)

    @property
    def added(self) -> Sequence[Trial]:
        """Trials that were run elsewhere and handed in (a live list; do not change it)."""
        return self._added

    def best(self) -> Trial:
        """The completed trial with the highest score, the earliest among equals."""
        if not self._completed:
            raise ValueError("no trial has completed yet: run some first")
        return max(self._completed, key=lambda trial: trial.score)

    def top(self, count: int) -> list[Trial]:
        """The completed trials with the highest scores, one of each configuration, best first; of
        equal scores the earliest."""
        made: list[Trial] = []
        for trial in sorted(self._completed, key=lambda each: (-each.score, each.number)):
            if len(made) == count:
                break
            if all(trial.configuration != known.configuration for known in made):
                made.append(trial)
        return made

    def anytime(self) -> list[tuple[float, float]]:
        """(seconds spent, best score so far) after each finished trial; NaN before the first."""
        seconds, best, curve = 0.0, math.nan, []
        for trial in self.finished:
            seconds += trial.cost
            best = trial.score if not best >= trial.score and trial.score == trial.score else best
            curve.append((seconds, best))
        return curve

    def regret(self, optimum: float) -> list[tuple[float, float]]:
        """(seconds spent, optimum - best score so far) after each finished trial."""
        return [(seconds, optimum - best) for seconds, best in self.anytime()]

    def frame(self) -> pandas.DataFrame:
        """The trials as a table with one row for each; scores and curves have the user's sign.

        Columns: status, score, spread, cost, budget, parent, curve, info, message, then each
        measure, then each parameter. A measure or parameter with the name of another column is
        called, for instance, "measure.score" or "parameter.score". Needs `coursekit[widgets]`.
        """
        with from_extras():
            import pandas

        sign = -1 if self.minimised else 1
        columns = {
            "status": [trial.status.value for trial in self],
            "score": [sign * trial.score for trial in self],
            "spread": [trial.spread for trial in self],
            "cost": [trial.cost for trial in self],
            "budget": [trial.suggestion.budget for trial in self],
            "parent": [trial.suggestion.parent for trial in self],
            "curve": [tuple([sign * score for score in trial.curve]) for trial in self],
            "info": [dict(trial.suggestion.info) for trial in self],
            "message": [trial.message for trial in self],
        }
        taken = {"trial", *columns}
        for kind, rows in (
            ("measure", [trial.measures for trial in self]),
            ("parameter", [trial.configuration for trial in self]),
        ):
            names = list(dict.fromkeys(name for row in rows for name in row))
            for name in names:
                column = f"{kind}.{name}" if name in taken else name
                columns[column] = [row.get(name) for row in rows]
            taken |= set(names)
        table = pandas.DataFrame(columns, index=pandas.RangeIndex(len(self), name="trial"))
        return table.astype({"budget": "Int64", "parent": "Int64"})  # with missing values


@runtime_checkable
class Judge(Protocol):
    """An evaluator of candidates: a world, an estimator, or your own class."""

    def evaluate(self, trial: Trial, history: History) -> Evaluation: ...
