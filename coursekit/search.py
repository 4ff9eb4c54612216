"""Search: asks a strategy, tells it results, and loses nothing that has finished.

search = Search(RegularizedEvolution(space), seed=0, journal="search.jsonl")
history = search.run(estimate, trials=200)
"""

from __future__ import annotations

import math
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Self

import numpy as np

from coursekit.estimators.base import Estimator
from coursekit.journal import Journal
from coursekit.status_line import Line
from coursekit.strategies.base import Strategy
from coursekit.trials import Evaluation, History, Pause, Suggestion, Trial

Estimate = Callable[[Suggestion], Evaluation | float]

SUGGEST, OBSERVE = 0, 1  # roles of the generators


class Search:
    """One strategy at work: `run` it, or `ask` and `tell`; `history` holds all trials.

    In a `with` block the journal is given free at its end; otherwise `close` does that.

    strategy: a strategy of a space, such as `Random(space)`.
    seed: with the trial's number it seeds every generator, so that a search can be repeated.
    journal: a file that takes every suggestion and result before the search goes on. If it exists
        the search goes on where it ended: for the same order of completion, trial for trial as if
        it had never stopped. ValueError if it belongs to another strategy, space or seed.
    """

    def __init__(
        self, strategy: Strategy, *, seed: int = 0, journal: str | Path | None = None
    ) -> None:
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
            raise ValueError(f"seed={seed!r}: a seed is a whole number, 0 or more")
        if not isinstance(strategy, Strategy):
            raise TypeError(f"strategy={strategy!r}: give a strategy of a space, as Random(space)")
        self.strategy = strategy
        self.seed = int(seed)
        self.history = History()
        self.spent = 0.0  # seconds of all finished trials
        self._again: deque[Trial] = deque()  # interrupted trials, to be handed out as recorded
        self._undivided = _Undivided()
        self._journal: Journal | None = None
        if journal is not None:
            self._journal = Journal(Path(journal), strategy, self.seed)
            self.replay(self._journal.events())
            self._again.extend(self.history.running)

    def __repr__(self) -> str:
        return f"<Search by {type(self.strategy).__name__}, seed {self.seed}: {self.history!r}>"

    def _generator(self, number: int, role: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, number, role))

    def replay(self, events: Iterable[Suggestion | tuple[int, Evaluation]]) -> None:
        """Take in suggestions and results (a trial's number and evaluation) that others made."""
        for event in events:
            if isinstance(event, Suggestion):
                self.history.add(event)
            else:
                self._finish(*event)

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
                f"{type(self.strategy).__name__}.suggest answered {suggestion!r}: give a "
                "Suggestion(configuration), or Pause.WAIT or Pause.DONE"
            )
        with self._undivided.handling(self._journal is not None), self._undivided:
            if self._journal:
                self._journal.suggested(len(self.history), suggestion)
            self._again.append(self.history.add(suggestion))
        return self._again.popleft()

    def tell(self, trial: Trial | int, evaluation: Evaluation | float) -> Trial:
        """Record what became of a running trial: its score, or more as an `Evaluation`.

        A score that is not finite says that it failed. Raises TypeError if there are no numbers
        in it, ValueError if the trial does not run or its cost is below 0; nothing is recorded.
        """
        number = trial.number if isinstance(trial, Trial) else trial
        evaluation = _plain(evaluation)
        with self._undivided.handling(self._journal is not None), self._undivided:
            if self._journal:
                self.history.check_running(number)
                self._journal.finished(number, evaluation)
            return self._finish(number, evaluation)

    def _finish(self, number: int, evaluation: Evaluation) -> Trial:
        done = self.history.finish(number, evaluation)
        self.spent += done.cost
        # A generator takes longer to make than the rest of a step: none for who does not look.
        if getattr(self.strategy.observe, "__func__", None) is not Strategy.observe:
            self.strategy.observe(done, self._generator(number, OBSERVE))
        return done

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the journal free; the search is over."""
        if self._journal:
            self._journal.close()

    def run(
        self,
        estimate: Estimate,
        *,
        trials: int | None = None,
        seconds: float | None = None,
        catch: type[Exception] | tuple[type[Exception], ...] = (),
        progress: bool | None = None,
    ) -> History:
        """Run trials, one after the other, until so many have finished or so much is spent.

        estimate: takes a `Suggestion`, trains its `configuration`, for `budget` epochs if that is
            not None (budgeted strategies such as Hyperband set it), and returns an `Evaluation`
            or, for short, the score: higher is better.
        trials, seconds: of the whole search, what a journal brought included; seconds are the
            estimates' own cost, simulated or real. Without either, until the strategy is done.
        catch: exceptions of `estimate` that make a trial a failed one; others end the run.
        progress: a line on stderr from the second second on; by default on a terminal only.

        Ctrl-C ends the run: what has finished is kept, the interrupted trial is run again by the
        next call.
        """
        for name, value in (("trials", trials), ("seconds", seconds)):
            if value is not None and not value >= 0:
                raise ValueError(f"{name}={value!r}: give 0 or more")
        if isinstance(estimate, Estimator):
            estimate.follow(self.history)
        line = Line(progress)
        elsewhere = {each.number for each in self.history.running}
        elsewhere -= {each.number for each in self._again}
        try:
            with self._undivided.handling():
                while (trials is None or self.history.count_finished < trials) and (
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
                    self.tell(trial, _outcome(estimate, trial.suggestion, catch))
                    line.show(lambda seconds: self._progress(trials, seconds))
        except BaseException:
            left = (each for each in self.history.running if each.number not in elsewhere)
            self._again = deque(left)
            raise
        finally:
            line.end()
        return self.history

    def _progress(self, trials: int | None, seconds: float) -> str:
        of = "" if trials is None else f"/{trials}"
        best = f", best {self.history.best().score:.4f}" if self.history.completed else ""
        return f"{self.history.count_finished}{of} trials{best}, {seconds:.0f} s"


def _plain(evaluation: Evaluation | float) -> Evaluation:
    """With plain numbers alone, before any of it is written down."""
    score, curve, cost, spread = (
        evaluation if isinstance(evaluation, Evaluation) else Evaluation(evaluation)
    )
    try:
        scores = tuple(map(float, curve))
        made = Evaluation(float(score), scores, float(cost), float(spread))
    except (TypeError, ValueError):
        raise TypeError(
            f"{evaluation!r} is no result: give a score, or an Evaluation of a score, a curve of "
            "scores, a cost in seconds and a spread"
        ) from None
    for name, value in (("cost", made.cost), ("spread", made.spread)):
        if not 0 <= value < math.inf:
            raise ValueError(f"{name}={value}: it is 0 or more, and finite")
    return made


def _outcome(
    estimate: Estimate,
    suggestion: Suggestion,
    catch: type[Exception] | tuple[type[Exception], ...],
) -> Evaluation | float:
    try:
        return estimate(suggestion)
    except catch:
        return Evaluation(float("nan"))


_NOTHING = nullcontext()


class _Undivided:
    """Ctrl-C waits for the end of the block, so that journal and history tell the same.

    That takes a handler, which is dear for each block: `handling` sets one for many.
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
