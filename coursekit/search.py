"""Search: asks a strategy for trials, tells it results, and loses no finished trial.

search = Search(RegularizedEvolution(space), seed=0, journal="search.jsonl")
history = search.run(world, trials=200)
"""

from __future__ import annotations

import inspect
import math
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from coursekit import arguments
from coursekit.journal import Event, Journal, describe, header
from coursekit.spaces import Configuration, Space
from coursekit.spaces.domains import plain
from coursekit.status_line import Line
from coursekit.strategies.base import Strategy
from coursekit.trials import ADDED, Evaluation, History, Judge, Pause, Suggestion, Trial

Function = Callable[..., Evaluation | float]  # takes a suggestion, or a trial and the history

SUGGEST, OBSERVE = 0, 1  # roles of the generators


class Search:
    """A search with one strategy: `run` it, or `ask` and `tell`; `history` holds all trials.

    A `with` block releases the journal at its end; otherwise `close` does.

    strategy: a strategy of a space, such as `Random(space)`.
    seed: seeds every generator, together with the trial's number, so that a search is repeatable.
    journal: a file (or an open `Journal`) that receives every suggestion and result before the
        search continues. If it exists, the search resumes and reproduces the same trials as
        without the interruption, if trials finish in the same order. ValueError if it belongs to
        another strategy, space or seed.
    minimise: whether a lower score is better, such as a loss. The search then changes the sign of
        scores, so that strategies, `history` and the journal see higher for better;
        `history.frame()` shows yours.
    """

    def __init__(
        self,
        strategy: Strategy,
        *,
        seed: int = 0,
        journal: str | Path | Journal | None = None,
        minimise: bool = False,
    ) -> None:
        if not isinstance(strategy, Strategy):
            raise TypeError(
                f"strategy={strategy!r}: give a strategy of a space, such as Random(space)"
            )
        self.strategy = strategy
        self.seed = arguments.seed(seed)
        self.minimise = arguments.truth("minimise", minimise)
        self.history = History(minimised=self.minimise)
        self.spent = 0.0  # seconds of all finished trials, without those that were added
        self._again: deque[Trial] = deque()  # interrupted trials, to hand out as recorded
        self._undivided = _Undivided()
        self._journal: Journal | None = None
        if journal is not None:
            opened = journal if isinstance(journal, Journal) else Journal(journal)
            try:
                opened.begin(self._header())
                for event in opened.events():
                    with opened.blamed():
                        self.check(event)
                    self.replay([event])
            except BaseException:
                opened.close()
                raise
            self._journal = opened
            self._again.extend(self.history.running)

    def _header(self) -> dict[str, Any]:
        made = header(type(self.strategy), self.strategy.options, self.seed)
        made["space"] = describe(self.strategy.space)
        return made | ({"minimise": True} if self.minimise else {})

    def __repr__(self) -> str:
        return f"<Search by {type(self.strategy).__name__}, seed {self.seed}: {self.history!r}>"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_journal": None}  # a copy does not write into the same file

    @property
    def journal(self) -> Journal | None:
        """The journal that takes suggestions and results; None if there is none, or in a copy."""
        return self._journal

    def attach(self, journal: Journal | None) -> None:
        """From now on write into this journal, whose events are already replayed."""
        self._journal = journal

    def grow(
        self,
        strategy: Strategy,
        complete: Callable[[Mapping[str, Any]], Configuration],
        told: list[Any] | None = None,
    ) -> None:
        """Continue with a strategy of a larger space, as if it had made all trials so far.

        complete: turns a configuration of the old space into one of the new.
        told: the journal's description of the new space; None writes none.
        """
        with self._undivided.handling(self._journal is not None), self._undivided:
            if self._journal and told is not None:
                self._journal.grown(told)
            before, self.strategy = self.history, strategy
            self.history, self.spent = History(minimised=self.minimise), 0.0
            for trial in before:
                s = trial.suggestion
                self.replay([replace(s, configuration=complete(s.configuration))])
            self.replay((trial.number, trial.evaluation) for trial in before.finished)

    def retry(self, number: int) -> None:
        """Journal that a running trial was attempted and must run again."""
        self.history.check_running(number)
        if self._journal:
            self._journal.retried(number)

    def _generator(self, number: int, role: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, number, role))

    def check(self, event: Event) -> None:
        """Raise ValueError if an event is a suggestion that the space lacks."""
        space: Space | None = getattr(self.strategy, "space", None)
        if isinstance(event, Suggestion) and space is not None:
            space.check(event.configuration)

    def replay(self, events: Iterable[Event | tuple[int, Evaluation]]) -> None:
        """Apply recorded suggestions and results (a trial's number and evaluation).

        Nothing is journaled, and the sign of scores stays: higher is better.
        """
        for event in events:
            if isinstance(event, Suggestion):
                self.history.add(event)
            elif isinstance(event, tuple) and len(event) > 1:
                number, evaluation = event[:2]
                self._finish(number, evaluation)

    def ask(self) -> Trial | Pause:
        """The next trial to run, or a pause.

        After a resume the interrupted trials come first, as they were recorded.
        """
        if self._again:
            return self._again.popleft()
        suggestion = self.strategy.suggest(
            self.history, self._generator(len(self.history), SUGGEST)
        )
        if isinstance(suggestion, Pause):
            return suggestion
        if not isinstance(suggestion, Suggestion):
            raise TypeError(
                f"{type(self.strategy).__name__}.suggest returned {suggestion!r}: give a "
                "Suggestion(configuration), or Pause.WAIT or Pause.DONE"
            )
        with self._undivided.handling(self._journal is not None), self._undivided:
            if self._journal:
                self.check(suggestion)  # what is refused later would lose the search
                self._journal.suggested(len(self.history), suggestion)
            self._again.append(self.history.add(suggestion))
        return self._again.popleft()

    def tell(
        self,
        trial: Trial | int,
        evaluation: Evaluation | float,
        *,
        more: Mapping[str, Any] = {},
    ) -> Trial:
        """Record the result of a running trial: its score, or more as an `Evaluation`.

        more: plain data that the journal keeps beside the result.

        A score that is not finite means that the trial failed. Raises TypeError for a result
        without numbers, ValueError if the trial does not run or its cost is below 0; nothing is
        recorded then.
        """
        number = trial.number if isinstance(trial, Trial) else trial
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)):
            raise TypeError(f"trial={trial!r}: give the trial that `ask` returned, or its number")
        evaluation = self._inside(evaluation)
        with self._undivided.handling(self._journal is not None), self._undivided:
            if self._journal:
                self.history.check_running(number)
                self._journal.finished(number, evaluation, more)
            return self._finish(number, evaluation)

    def add(
        self,
        configuration: Mapping[str, Any],
        score: Evaluation | float,
        *,
        curve: Sequence[float] = (),
        cost: float = 0.0,
        budget: int | None = None,
        more: Mapping[str, Any] = {},
    ) -> Trial:
        """Hand in a trial that was run elsewhere, before or during the search.

        configuration: a value for each parameter that exists. score: as in `tell`, with your own
            sign; an `Evaluation` has its own curve and cost.
        curve: the score after each epoch. cost: seconds; these count for the history's curves over
            time only.
        budget: the epochs that it was trained, for strategies that compare trials of one budget.

        The strategy learns from it, and the journal keeps it. It does not count in `run`'s limits
        of trials and seconds, and has no place in a bracket of Hyperband. The same configuration
        with the same result is added once, so a program that adds its trials and then runs can
        resume. Raises ValueError, or TypeError as `tell` does, for a configuration that the space
        lacks; nothing is recorded then.
        """
        if not isinstance(score, Evaluation):
            score = Evaluation(score, curve, cost)
        elif curve or cost:
            raise TypeError("curve and cost belong into the Evaluation, beside its score")
        evaluation = self._inside(score)
        made = self._configuration(configuration)
        if budget is not None:
            budget = arguments.whole_number("budget", budget)
        suggestion = Suggestion(made, budget, info={ADDED: True})
        for known in self.history.added:
            same = known.configuration == made  # the cheap half of the comparison
            if same and known == Trial(known.number, suggestion).ended(evaluation):
                return known
        number = len(self.history)
        with self._undivided.handling(self._journal is not None), self._undivided:
            if self._journal:
                self._journal.added(number, suggestion, evaluation, more)
            self.history.add(suggestion)
            return self._finish(number, evaluation)

    def enqueue(self, configuration: Mapping[str, Any]) -> Trial:
        """Have a configuration run next, after those that were enqueued before.

        The trial is like a suggestion of the strategy's, which learns from its result; it counts in
        `run`'s limits. A configuration that the history holds already is not enqueued again, so a
        program that enqueues and then runs can resume. For a start from an earlier search:
        `for trial in earlier.history.top(5): search.enqueue(trial.configuration)`.

        Raises ValueError for a configuration that the space lacks, and for a strategy that sets
        budgets, since the trial has no place in its plan: `add` its result to that.
        """
        made = self._configuration(configuration)
        if self.strategy.budgeted:
            raise ValueError(
                f"{type(self.strategy).__name__} plans the budget of each trial: run the "
                "configuration yourself, and hand in its result with `add`"
            )
        if known := self.find(made):
            return known
        suggestion = Suggestion(made)
        with self._undivided.handling(self._journal is not None), self._undivided:
            if self._journal:
                self._journal.suggested(len(self.history), suggestion)
            self._again.append(self.history.add(suggestion))
        return self._again[-1]

    def learn_from(self, history: History) -> int:
        """Hand in all finished trials of another search (`add`); returns how many.

        For a search that continues with other options or another strategy, in a journal of its
        own: `Search(TPE(space), journal="second.jsonl").learn_from(first.history)`. Trials that
        are known already are not added again, so such a program can resume.

        Raises ValueError for a trial whose configuration this space lacks, and if one search
        minimises and the other does not; nothing is recorded then.
        """
        for suggestion, result in self.results_of(history):
            self.add(suggestion.configuration, result, budget=suggestion.budget)
        return history.count_finished

    def results_of(self, history: History) -> list[tuple[Suggestion, Evaluation]]:
        """All finished trials of another search, as `add` takes them; raises as `learn_from`."""
        for trial in history.finished:
            self.strategy.space.check(trial.configuration)
        if history.minimised != self.minimise:
            raise ValueError(
                f"the other search has minimise={history.minimised}, this one {self.minimise}: "
                "their scores mean different things"
            )
        return [(trial.suggestion, self._signed(trial.evaluation)) for trial in history.finished]

    def find(self, configuration: Mapping[str, Any]) -> Trial | None:
        """The first trial of a configuration; None if there is none.

        Raises ValueError for a configuration that the space lacks.
        """
        key = self.strategy.space.key
        wanted = key(self._configuration(configuration))
        return next((t for t in self.history if key(t.configuration) == wanted), None)

    def _configuration(self, given: Mapping[str, Any]) -> Configuration:
        """A user's configuration in plain values, checked."""
        if not isinstance(given, Mapping):
            raise TypeError(f"configuration={given!r}: give each parameter's value by name")
        made = {str(name): plain(value) for name, value in given.items()}
        self.strategy.space.check(made)
        return made

    def _inside(self, result: Evaluation | float) -> Evaluation:
        """A user's result, checked, with a score that is higher for better."""
        return self._signed(
            (result if isinstance(result, Evaluation) else Evaluation(result)).checked()
        )

    def _signed(self, made: Evaluation) -> Evaluation:
        """From a user's sign to the search's, or back."""
        if not self.minimise:
            return made
        return made._replace(score=-made.score, curve=tuple([-score for score in made.curve]))

    def _finish(self, number: int, evaluation: Evaluation) -> Trial:
        done = self.history.finish(number, evaluation)
        if not done.added:
            self.spent += done.cost
        # Skipped when `observe` is not overridden: a generator costs more than the rest of a step.
        if getattr(self.strategy.observe, "__func__", None) is not Strategy.observe:
            self.strategy.observe(done, self._generator(number, OBSERVE))
        return done

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the journal; the search is over."""
        if self._journal:
            self._journal.close()

    def run(
        self,
        judge: Judge | Function,
        *,
        trials: int | None = None,
        seconds: float | None = None,
        catch: type[Exception] | tuple[type[Exception], ...] = (),
        progress: bool | None = None,
    ) -> History:
        """Run trials, one after the other, until `trials` have finished or `seconds` are spent.

        judge: evaluates candidates. Anything with `evaluate(trial, history)`, such as a world or an
            estimator; or a function of the suggestion (or of trial and history), which trains its
            `configuration`, for `budget` epochs if that is not None (budgeted strategies such as
            Hyperband set it). It returns an `Evaluation`, or only the score.
        trials, seconds: limits of the whole search, including trials from the journal, but not
            those that were added; seconds are the evaluations' own cost, simulated or real. Without
            limits, the strategy ends the run.
        catch: exceptions of the judge that make a trial failed; its `message` keeps the reason.
            Others end the run.
        progress: a line after the first two seconds; by default on a terminal and in a notebook.

        Ctrl-C ends the run: finished trials are kept, and the next call runs the interrupted trial
        again.
        """
        if trials is not None:
            trials = arguments.whole_number("trials", trials, 0)
        if seconds is not None and not seconds >= 0:
            raise ValueError(f"seconds={seconds!r}: give 0 or more")
        for kind in catch if isinstance(catch, tuple) else (catch,):
            if not (isinstance(kind, type) and issubclass(kind, Exception)):
                raise TypeError(f"catch={catch!r}: give a class of exceptions, or a tuple of them")
        evaluate, line = _evaluate(judge), Line(progress)
        elsewhere = {each.number for each in self.history.running}
        elsewhere -= {each.number for each in self._again}
        try:
            with self._undivided.handling():
                while (trials is None or self._done < trials) and (
                    seconds is None or self.spent < seconds
                ):
                    trial = self.ask()
                    if trial is Pause.DONE:
                        break
                    if not isinstance(trial, Trial):
                        raise RuntimeError(
                            f"{type(self.strategy).__name__} waits for running trials in a run of "
                            "one at a time; not told yet: "
                            f"{[each.number for each in self.history.running]}"
                        )
                    # In a separate function: an interrupt at a nested `try` escapes the outer one.
                    self.tell(trial, _caught(evaluate, trial, self.history, catch))
                    line.show(lambda seconds: self._progress(trials, seconds))
        except BaseException:
            left = (each for each in self.history.running if each.number not in elsewhere)
            self._again = deque(left)
            raise
        finally:
            line.end()
        return self.history

    @property
    def _done(self) -> int:
        """The number of finished trials, without those that were added."""
        return self.history.count_finished - len(self.history.added)

    def _progress(self, trials: int | None, seconds: float) -> str:
        of, sign = "" if trials is None else f"/{trials}", -1 if self.minimise else 1
        done = self.history.completed
        best = f", best {sign * self.history.best().score:.4f}" if done else ""
        return f"{self._done}{of} trials{best}, {seconds:.0f} s"


def _evaluate(judge: Judge | Function) -> Callable[[Trial, History], Evaluation | float]:
    """The one call for all kinds of judges: `evaluate(trial, history)`."""
    if isinstance(judge, type):
        raise TypeError(f"judge={judge!r} is a class: make an instance first, {judge.__name__}()")
    if isinstance(judge, Judge):
        return judge.evaluate
    if not callable(judge):
        raise TypeError(
            f"judge={judge!r}: give a world, an estimator, or a function of a suggestion"
        )
    try:
        parameters = list(inspect.signature(judge).parameters.values())
    except ValueError:  # a built-in without a signature
        parameters = []
    needed = [
        each
        for each in parameters
        if each.default is each.empty
        and each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
    return judge if len(needed) > 1 else lambda trial, history: judge(trial.suggestion)


def _caught(
    evaluate: Callable[[Trial, History], Evaluation | float],
    trial: Trial,
    history: History,
    catch: type[Exception] | tuple[type[Exception], ...],
) -> Evaluation | float:
    try:
        return evaluate(trial, history)
    except catch as error:
        return Evaluation(math.nan, message=f"{type(error).__name__}: {error}".rstrip(": "))


_NOTHING = nullcontext()


class _Undivided:
    """Ctrl-C waits for the end of the block, so that journal and history stay equal.

    This needs a signal handler, which is slow to set for each block: `handling` sets one for many.
    """

    def __init__(self) -> None:
        self._inside = self._came = self._handling = False

    def handling(self, wanted: bool = True) -> AbstractContextManager[None]:
        main = threading.main_thread()
        if not wanted or self._handling or threading.current_thread() is not main:
            return _NOTHING  # another thread is never interrupted
        return self._handle()

    @contextmanager
    def _handle(self) -> Iterator[None]:
        usual = signal.getsignal(signal.SIGINT)
        if not callable(usual):
            yield
            return

        def handle(*event: Any) -> None:
            if self._inside:
                self._came = True
            else:
                usual(*event)

        self._came, self._inside = False, True
        signal.signal(signal.SIGINT, handle)
        try:
            self._handling = True
            try:
                self.__exit__()
                yield
            finally:
                self._inside = True
        finally:
            self._handling = False
            signal.signal(signal.SIGINT, usual)
            self.__exit__()

    def __enter__(self) -> None:
        self._inside = True

    def __exit__(self, *error: object) -> None:
        self._inside = False
        if self._came:
            self._came = False
            signal.raise_signal(signal.SIGINT)
