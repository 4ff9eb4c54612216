"""Race: strategies against each other in one world, over the same seeds and at equal budget."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

import numpy as np

from coursekit.arguments import positive, whole_number
from coursekit.processes import spread
from coursekit.race import significance
from coursekit.race.contestants import Build, build, fitted
from coursekit.race.runs import Limits, Run, Task, run
from coursekit.race.significance import Comparison
from coursekit.race.standings import Standing, standings
from coursekit.status_line import Line
from coursekit.trials import Suggestion
from coursekit.worlds import World


@dataclass
class Race:
    """What a race brought: runs by strategy and seed.

    seeds: how many were wanted. trials, seconds: the limits of each search. stopped: whether it
    was interrupted; what compares strategies takes the seeds that all of them have run.
    """

    world: World
    names: list[str]
    seeds: int
    trials: int | None
    seconds: float | None
    runs: dict[str, dict[int, Run]] = field(default_factory=dict, repr=False)
    stopped: bool = False

    @property
    def done(self) -> int:
        """How many searches have ended."""
        return sum(len(runs) for runs in self.runs.values())

    def paired(self) -> list[int]:
        """The seeds that every strategy has run."""
        return sorted(set.intersection(*(set(self.runs[name]) for name in self.names)))

    def end(self) -> float:
        """The limit, in seconds if there is one in seconds, else in trials."""
        return float(self.seconds if self.seconds is not None else self.trials or 0)

    def axis(self) -> np.ndarray:
        """Where to look at the whole of it: after each trial, or at 400 points of its seconds."""
        if self.seconds is None:
            return np.arange(1.0, self.end() + 1)
        return np.linspace(0, self.end(), 400)

    def clock(self, run: Run) -> np.ndarray:
        """When each trial of a run had finished, in what limits the race: seconds or trials."""
        return np.cumsum(run.costs) if self.seconds is not None else 1 + np.arange(len(run.scores))

    def curves(self, name: str, at: Sequence[float] | np.ndarray) -> np.ndarray:
        """Best score so far, shape (paired seeds, len(at)); -inf before the first result.

        at: seconds if the race had a limit in seconds, else numbers of trials.
        """
        rows = []
        for seed in self.paired():
            run = self.runs[name][seed]
            best = np.maximum.accumulate(np.where(np.isnan(run.scores), -np.inf, run.scores))
            done = np.searchsorted(self.clock(run), at, side="right")
            rows.append(np.concatenate([[-np.inf], best])[done])
        return np.array(rows, dtype=float).reshape(len(rows), len(at))

    def best(self, at: float | None = None) -> dict[str, np.ndarray]:
        """Each strategy's best score by then, by default at the end: one value a paired seed."""
        when = [self.end() if at is None else at]
        return {name: self.curves(name, when)[:, 0] for name in self.names}

    def standings(self, at: float | None = None, since: float | None = None) -> list[Standing]:
        """Who leads at that time, by default at the end, and who has moved up or down `since`.

        Places go by mean rank over the paired seeds; nobody has one before the first result.
        """
        then = None if since is None else self.best(since)
        return standings(self.best(at), then)

    def snapshot(self) -> Race:
        """The race as it is, to look at while it goes on."""
        return replace(self, runs={name: dict(runs) for name, runs in self.runs.items()})

    def ranks(self) -> dict[str, float]:
        """Mean rank of each strategy at the end; 1 is the best."""
        return significance.mean_ranks(self._comparable())

    def comparisons(self) -> list[Comparison]:
        """All pairs at the end, the surest difference first."""
        return significance.compare(self._comparable())

    def _comparable(self) -> dict[str, np.ndarray]:
        """The best of each at the end; ValueError if somebody has nothing."""
        found = self.best()
        for name, scores in found.items():
            if not len(scores):
                raise ValueError("nothing to compare: no seed was run by every strategy")
            if not np.isfinite(scores).all():
                costs = np.concatenate([run.costs for run in self.runs[name].values()])
                raise ValueError(
                    f"{name} has no result by {self.end():g}: give more than that; a trial costs "
                    f"{costs.mean():.0f} s"
                )
        return found


def race(
    world: World,
    strategies: Sequence[str] | Mapping[str, str | Build],
    *,
    trials: int | None = 200,
    seconds: float | None = None,
    seeds: int = 20,
    workers: int | None = None,
    progress: bool | None = None,
    watch: Callable[[Race], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Race:
    """Search the world with each strategy from seeds 0, 1, ...; a search is the same in any race.

    strategies: names, with options if need be, such as "random" or
        "regularized_evolution(population_size=10)"; or a mapping from the names to show to such
        texts, or to whatever makes a strategy of a space, as its class does. Named strategies
        with budgets get the world's epochs as `max_budget`, unless the text says otherwise.
    trials, seconds: when a search ends; seconds are simulated, those of the trainings.
    workers: processes, by default one a core; they import the script that races, which for that
        has the race under `if __name__ == "__main__":`. A strategy that was written in a notebook
        lives in this process alone, so the whole race stays in it.
    progress: a line from the second second on; by default on a terminal and in a
        notebook.
    watch: is called after each search with the race, which the next search changes.
    stop: asked several times a second (with one worker between searches) whether to end the race.

    Ctrl-C ends the race as `stop` does; it then holds the searches that were done. Raises
    ValueError for strategies that do not exist or cannot search this world, and for limits that
    make no sense.
    """
    if isinstance(strategies, str):
        raise TypeError(f"strategies={strategies!r}: give a list, as in [{strategies!r}]")
    texts = strategies if isinstance(strategies, Mapping) else {text: text for text in strategies}
    _check(world, texts, len(strategies), trials, seconds, seeds, workers)
    texts = {name: fitted(contestant, world) for name, contestant in texts.items()}
    # Seed by seed, so that a race that is stopped has whole seeds to compare.
    tasks = [Task(name, texts[name], seed) for seed in range(seeds) for name in texts]
    workers = min(workers or os.cpu_count() or 1, len(tasks)) if _can_travel(texts) else 1
    result = Race(world, list(texts), seeds, trials, seconds, {name: {} for name in texts})
    line = Line(progress)
    try:
        shared = world, Limits(trials, seconds)
        with closing(spread(run, shared, tasks, workers, stop)) as done:
            for task, found in done:
                result.runs[task.name][task.seed] = found
                line.show(lambda seconds: _progress(result.done, len(tasks), seconds))
                if watch:
                    watch(result)
        result.stopped = result.done < len(tasks)
    except KeyboardInterrupt:
        result.stopped = True
    finally:
        line.end()
    return result


def _progress(done: int, total: int, seconds: float) -> str:
    left = seconds / done * (total - done)
    return f"{done} of {total} searches, {seconds:.0f} s, {left:.0f} s to go"


def _can_travel(texts: Mapping[str, str | Build]) -> bool:
    """Whether another process can make these strategies: not if they live in a notebook."""
    try:
        return b"__main__" not in pickle.dumps(dict(texts))
    except (pickle.PicklingError, AttributeError, TypeError):
        return False


def _check(
    world: World,
    texts: Mapping[str, str | Build],
    wanted: int,
    trials: int | None,
    seconds: float | None,
    seeds: int,
    workers: int | None,
) -> None:
    if not texts:
        raise ValueError("a race needs at least one strategy")
    if len(texts) < wanted:
        raise ValueError(f"each strategy starts once: {', '.join(texts)} are named {wanted} times")
    if trials is None and seconds is None:
        raise ValueError("a race needs an end: give trials or seconds")
    whole_number("seeds", seeds)
    for name, value in (("trials", trials), ("workers", workers)):
        if value is not None:
            whole_number(name, value)
    if seconds is not None:
        positive("seconds", seconds)
    for name, contestant in texts.items():
        reason = refusal(world, contestant)
        if reason:
            raise ValueError(f"{name} {reason}: leave it out")


def refusal(world: World, contestant: str | Build) -> str | None:
    """Why a strategy cannot race in a world, as a predicate; None if it can.

    Raises ValueError if it cannot even be made, which says why.
    """
    if build(fitted(contestant, world), world.space).budgeted and not world.early:
        return f"trains candidates in part, and {world} knows the end of each training alone"
    return None


def price(world: World, samples: int = 20) -> float:
    """Seconds of a full training: the mean over some random configurations, always the same."""
    rng = np.random.default_rng(0)
    asked = (Suggestion(world.space.sample(rng)) for _ in range(samples))
    return float(np.mean([world.evaluate(suggestion).cost for suggestion in asked]))
