"""Race: strategies and estimators against each other, over the same seeds and at equal budget."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.arguments import positive, whole_number
from coursekit.extras import from_extras
from coursekit.processes import spread
from coursekit.race import significance
from coursekit.race.contestants import Build, Contestant, JudgeIn, contestants
from coursekit.race.runs import Entry, Limits, Run, run
from coursekit.race.significance import Comparison
from coursekit.race.standings import Standing, standings
from coursekit.status_line import Line
from coursekit.trials import Suggestion
from coursekit.worlds import World

if TYPE_CHECKING:
    import pandas

Strategies = Sequence[str] | Mapping[str, str | Build]
Estimators = Sequence[str] | Mapping[str, str | JudgeIn]


@dataclass
class Race:
    """The results of a race: runs by contestant and seed.

    contestants: those that race, by name. seeds: how many were asked for. trials, seconds: the
    limits of each search. noisy: whether each candidate had one training. left_out: pairs that
    cannot race in this world, and why. stopped: whether the race was interrupted; comparisons use
    the seeds that all contestants have run.
    """

    world: World
    contestants: Mapping[str, Contestant]
    seeds: int
    trials: int | None
    seconds: float | None
    runs: dict[str, dict[int, Run]] = field(default_factory=dict, repr=False)
    noisy: bool = False
    left_out: Mapping[str, str] = field(default_factory=dict)
    stopped: bool = False

    @property
    def names(self) -> list[str]:
        """The contestants' names, such as "tpe" and "tpe + extrapolation"."""
        return list(self.contestants)

    @property
    def done(self) -> int:
        """How many searches have ended."""
        return sum(len(runs) for runs in self.runs.values())

    def paired(self) -> list[int]:
        """The seeds that every contestant has run."""
        return sorted(set.intersection(*(set(self.runs[name]) for name in self.names)))

    def end(self) -> float:
        """The limit: of seconds if the race has one, else of trials."""
        return float(self.seconds if self.seconds is not None else self.trials or 0)

    def axis(self) -> np.ndarray:
        """The times for figures of the whole race: after each trial, or 400 points in seconds."""
        if self.seconds is None:
            return np.arange(1.0, self.end() + 1)
        return np.linspace(0, self.end(), 400)

    def clock(self, run: Run) -> np.ndarray:
        """When each trial of a run finished, in the unit of the race's limit: seconds or trials."""
        return np.cumsum(run.costs) if self.seconds is not None else 1 + np.arange(len(run.scores))

    def curves(self, name: str, at: Sequence[float] | np.ndarray) -> np.ndarray:
        """The worth of the incumbents, shape (paired seeds, len(at)); -inf before the first.

        at: seconds if the race had a limit in seconds, else numbers of trials.
        """
        rows = []
        for seed in self.paired():
            run = self.runs[name][seed]
            done = np.searchsorted(self.clock(run), at, side="right")
            rows.append(np.concatenate([[-np.inf], run.found()])[done])
        return np.array(rows, dtype=float).reshape(len(rows), len(at))

    def best(self, at: float | None = None) -> dict[str, np.ndarray]:
        """The worth of each incumbent at that time (default: the end), by paired seed."""
        when = [self.end() if at is None else at]
        return {name: self.curves(name, when)[:, 0] for name in self.names}

    def standings(self, at: float | None = None, since: float | None = None) -> list[Standing]:
        """The standings at that time (default: the end), and the moves up or down `since`.

        Places follow the median over the paired seeds; a contestant without one has no place.
        """
        then = None if since is None else self.best(since)
        return standings(self.best(at), then)

    def snapshot(self) -> Race:
        """A copy of the present state, to read while the race continues."""
        return replace(self, runs={name: dict(runs) for name, runs in self.runs.items()})

    def ranks(self) -> dict[str, float]:
        """Mean rank of each contestant at the end; 1 is the best."""
        return significance.mean_ranks(self._comparable())

    def comparisons(self) -> list[Comparison]:
        """All pairs at the end, the most significant difference first."""
        return significance.compare(self._comparable())

    def _comparable(self) -> dict[str, np.ndarray]:
        """The best of each at the end; ValueError if a contestant has no result."""
        found = self.best()
        for name, values in found.items():
            if not len(values):
                raise ValueError("nothing to compare: no seed was run by every contestant")
            if not np.isfinite(values).all():
                costs = np.concatenate([run.costs for run in self.runs[name].values()])
                raise ValueError(
                    f"{name} has no result by {self.end():g}: give more than that; a trial costs "
                    f"{costs.mean():.3g} s"
                )
        return found

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every finished trial of every search, unpaired seeds included, as plain values.

        Scores and worth have the sign of the user's measure. `message` and the measures are present
        if any trial has one; a measure with the name of another column becomes "measure.score".
        """
        sign = -1 if self.world.minimised else 1
        runs = [each for of_one in self.runs.values() for each in of_one.values()]
        told = any(any(each.messages) for each in runs)
        measures = dict.fromkeys(n for each in runs for found in each.measures for n in found)
        for name, contestant in self.contestants.items():
            for seed, searched in sorted(self.runs[name].items()):
                clock, worth = np.cumsum(searched.costs), searched.found()
                for trial, score in enumerate(searched.scores):
                    row: dict[str, Any] = {
                        "world": str(self.world),
                        "strategy": contestant.strategy_name,
                        "estimator": contestant.estimator_name,
                        "seed": seed,
                        "trial": trial,
                        "score": round(float(sign * score), 6),
                        "cost": round(float(searched.costs[trial]), 6),
                        "worth": round(float(sign * worth[trial]), 6),
                        "seconds": round(float(clock[trial]), 6),
                    }
                    if told:
                        row["message"] = searched.messages[trial] if searched.messages else ""
                    found = searched.measures[trial] if searched.measures else {}
                    yield row | {
                        f"measure.{each}" if each in row else each: found.get(each)
                        for each in measures
                    }

    def frame(self) -> pandas.DataFrame:
        """The `rows` as a table. Needs `coursekit[widgets]`."""
        with from_extras():
            import pandas

        return pandas.DataFrame(self.rows())


def race(
    world: World,
    strategies: Strategies,
    estimators: Estimators | None = None,
    *,
    trials: int | None = 200,
    seconds: float | None = None,
    seeds: int = 20,
    noisy: bool = False,
    workers: int | None = None,
    progress: bool | None = None,
    watch: Callable[[Race], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Race:
    """Search the world with each strategy and estimator from seeds 0, 1, ...

    A race compares what each search would return at each moment: the incumbent by the search's own
    scores, judged by `world.worth`, a full training (from a table: the mean over its trainings).
    An estimator's score may be a forecast, or come from less data; here it only chooses the
    incumbent. The full training is charged to no contestant, since each would need it. A live world
    really runs it, for each new incumbent, which takes time.

    A search is the same in any race with the same seeds and limits.

    strategies: names, optionally with options, such as "random" or
        "regularized_evolution(population_size=10)"; or a mapping from display names to such texts,
        or to a callable that makes a strategy from a space, such as its class. Named strategies
        with budgets get the judge's epochs as `max_budget`, unless the text sets it.
    estimators: the same, such as "full", "extrapolation(delta=0.1)", "lower_fidelity(epochs=10)",
        or a callable that makes a judge from a world. Each strategy races with each of them. None:
        the world's own scores, which equal those of "full". A pair that cannot race here is left
        out and named in `Race.left_out`; ValueError if a strategy or an estimator has no pair left.
    trials, seconds: when a search ends; seconds are those of the trainings that the estimator has
        run, simulated in a replay. Estimators save seconds, so races with estimators need a limit
        in seconds to be fair.
    noisy: each search trains each candidate once, as `world.seeded(seed)` does, instead of reading
        the mean over a table's trainings.
    workers: processes, by default one per core. They import the script that races, so the script
        needs the race under `if __name__ == "__main__":`. A strategy defined in a notebook exists
        only in this process, so the whole race then runs in it.
    progress: show a line after the first second; by default on a terminal and in a notebook.
    watch: called after each search with the race, which the next search changes.
    stop: asked several times a second (with one worker: between searches) whether to end the race.

    Ctrl-C ends the race as `stop` does; the race then holds the finished searches. Raises
    ValueError for strategies and estimators that do not exist or cannot race in this world and for
    limits out of range, TypeError for a number of trials, seeds or workers that is not whole.
    """
    limits = _limits(trials, seconds, seeds, workers, noisy)
    (lineup,) = lineups([world], contestants(strategies, estimators))
    return _race(world, *lineup, limits, seeds, workers, progress, watch, stop)


def races(
    worlds: Sequence[World],
    strategies: Strategies,
    estimators: Estimators | None = None,
    *,
    trials: int | None = 200,
    seconds: float | Sequence[float] | None = None,
    seeds: int = 20,
    noisy: bool = False,
    workers: int | None = None,
    progress: bool | None = None,
) -> list[Race]:
    """The same contestants in several worlds, one race after the other; other arguments as `race`.

    seconds: one limit for all worlds, or one for each.

    A pair that cannot race in one world is left out there. Ctrl-C ends the current race, which is
    then the last one. Raises ValueError as `race` does.
    """
    if not worlds:
        raise ValueError("worlds: give at least one")
    several = [*seconds] if isinstance(seconds, Sequence) else [seconds] * len(worlds)
    if len(several) != len(worlds):
        raise ValueError(f"seconds={seconds!r}: give one number, or one for each of the worlds")
    limits = [_limits(trials, each, seeds, workers, noisy) for each in several]
    found = list[Race]()
    for world, lineup, limit in zip(
        worlds, lineups(worlds, contestants(strategies, estimators)), limits, strict=True
    ):
        found.append(_race(world, *lineup, limit, seeds, workers, progress))
        if found[-1].stopped:
            break
    return found


def _race(
    world: World,
    entered: Mapping[str, Contestant],
    left_out: Mapping[str, str],
    limits: Limits,
    seeds: int,
    workers: int | None,
    progress: bool | None,
    watch: Callable[[Race], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Race:
    # Seed by seed, so that a stopped race has complete seeds to compare.
    entries = [Entry(each, seed) for seed in range(seeds) for each in entered.values()]
    workers = min(workers or os.cpu_count() or 1, len(entries)) if _can_travel(entered) else 1
    result = Race(
        world, entered, seeds, limits.trials, limits.seconds, {name: {} for name in entered},
        limits.noisy, left_out,
    )  # fmt: skip
    line = Line(progress)
    try:
        with closing(spread(run, (world, limits), entries, workers, stop)) as done:
            for entry, found in done:
                result.runs[entry.contestant.name][entry.seed] = found
                line.show(lambda seconds: _progress(result.done, len(entries), seconds))
                if watch:
                    watch(result)
        result.stopped = result.done < len(entries)
    except KeyboardInterrupt:
        result.stopped = True
    finally:
        line.end()
    return result


def lineups(
    worlds: Sequence[World], entered: Mapping[str, Contestant]
) -> list[tuple[dict[str, Contestant], dict[str, str]]]:
    """For each world the contestants that race there, and the others with the reason.

    Raises ValueError if a strategy or an estimator can race in none of the worlds, or if a world
    has no contestant, TypeError for what is not a world.
    """
    found = []
    for world in worlds:
        if not isinstance(world, World):
            made = f"{world.__name__}()" if isinstance(world, type) else "MLPs()"
            raise TypeError(
                f"{world!r} is not a world to race in: give an instance of a World, as in {made}; "
                "an estimator goes into estimators=, your own judge derives from World"
            )
        reasons = {name: each.refusal(world) for name, each in entered.items()}
        left_out = {name: reason for name, reason in reasons.items() if reason is not None}
        found.append(({n: each for n, each in entered.items() if n not in left_out}, left_out))
    for part in ("strategy_name", "estimator_name"):
        racing = {getattr(each, part) for kept, _ in found for each in kept.values()}
        for name, each in entered.items():
            if getattr(each, part) not in racing:
                reason = found[0][1][name]
                raise ValueError(f"{name}: {reason}; leave {getattr(each, part)} out")
    for world, (kept, left_out) in zip(worlds, found, strict=True):
        if not kept:
            reasons_text = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
            raise ValueError(f"no contestant can race in {world} ({reasons_text}): leave it out")
    return found


def _progress(done: int, total: int, seconds: float) -> str:
    left = seconds / done * (total - done)
    return f"{done} of {total} searches, {seconds:.0f} s, {left:.0f} s to go"


def _can_travel(entered: Mapping[str, Contestant]) -> bool:
    """Whether another process can make these contestants: not if a notebook defines them."""
    try:
        return b"__main__" not in pickle.dumps(dict(entered))
    except (pickle.PicklingError, AttributeError, TypeError):
        return False


def _limits(
    trials: int | None, seconds: float | None, seeds: int, workers: int | None, noisy: bool
) -> Limits:
    if trials is None and seconds is None:
        raise ValueError("a race needs an end: give trials or seconds")
    whole_number("seeds", seeds)
    for name, value in (("trials", trials), ("workers", workers)):
        if value is not None:
            whole_number(name, value)
    if seconds is not None:
        positive("seconds", seconds)
    return Limits(trials, seconds, noisy)


def price(world: World, samples: int = 20) -> float:
    """Seconds of a full training: the mean over fixed random configurations."""
    rng = np.random.default_rng(0)
    asked = (Suggestion(world.space.sample(rng)) for _ in range(samples))
    return float(np.mean([world.evaluate(suggestion).cost for suggestion in asked]))
