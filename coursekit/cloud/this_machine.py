"""Local: the protocol of the vendors over the kit's own strategies, on this machine.

Bayesian optimization over pipelines of scikit-learn, with races over the folds: as SMAC does
(Hutter et al., 2011, LION 5; `hutter2011sequential`), a candidate is given up when it is worse than
the best one was on the same folds.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from coursekit import atomic
from coursekit.arguments import as_path, whole_number
from coursekit.cloud.pipelines import METRICS, Pipelines
from coursekit.cloud.prices import Estimate, estimate
from coursekit.cloud.table import check, read
from coursekit.cloud.table_search import TableSearch, Tried
from coursekit.cloud.vendor import (
    CloudJob,
    JobProgress,
    LeaderboardRow,
    Request,
    UnsupportedOperation,
    Vendor,
)  # fmt: skip
from coursekit.estimators.base import Estimator, least_spread
from coursekit.search import Search
from coursekit.strategies import make
from coursekit.trials import Epoch, Evaluation, History, Suggestion, Trial

if TYPE_CHECKING:
    import numpy as np
    import pandas


class FoldRace(Estimator):
    """Gives a candidate up after a fold when its mean is below that of the best on these folds.

    Its score is then the best one's, less the difference on the folds that both have seen.

    least: folds before it may be given up.
    """

    def __init__(self, world: Pipelines, *, least: int = 2) -> None:
        super().__init__(world)
        self.least = whole_number("least", least)

    def evaluate(self, trial: Trial | Suggestion, history: History | None = None) -> Evaluation:
        whole = [t for t in history.completed if not t.spread] if history else []
        best = max(whole, key=lambda t: t.score, default=None)
        done = list[Epoch]()
        with self.training(trial, history) as folds:
            for fold in folds:
                done.append(fold)
                if best is None or not self.least <= len(done) < len(best.curve):
                    continue
                behind = best.curve[len(done) - 1] - fold.score
                if behind > 0:
                    made = self.finished(done)
                    spread = least_spread(made, self.bounds, 0.0)
                    return made._replace(score=best.score - behind, spread=spread)
        return self.finished(done)


class Local(Vendor):
    """AutoML on this machine, without an account and without a bill.

    folder: keeps tables and journals, from which a killed search resumes; None keeps nothing.
    strategy: one of the kit's. folds: of the cross-validation. seed: of the search and the folds.
    """

    name = "local"
    title = "coursekit on this machine"
    metrics: ClassVar[Mapping[str, str]] = {name: name for name in METRICS}
    higher: ClassVar[Mapping[str, bool]] = {name: metric.higher for name, metric in METRICS.items()}

    def __init__(
        self,
        *,
        folder: str | Path | None = None,
        strategy: str = "bayesian",
        folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.folder = None if folder is None else as_path("folder", folder)
        self.strategy, self.folds, self.seed = strategy, whole_number("folds", folds, 2), seed
        self._searches: dict[str, tuple[CloudJob, TableSearch]] = {}
        self._closing = threading.Event()
        self._lock = threading.RLock()

    @property
    def simulated(self) -> bool:
        return False

    def submit(self, request: Request) -> CloudJob:
        self.own_metric(request.metric)
        check(request, self.name)
        with self._lock:
            found = self.find(request.name)
            if found is not None:
                return found
            told = {
                "target": request.target,
                "metric": request.metric,
                "max_candidates": request.max_candidates,
                "max_minutes": request.max_minutes,
                "strategy": self.strategy,
                "folds": self.folds,
                "seed": self.seed,
            }
            table = request.table.to_csv(index=False).encode()
            if self.folder is not None:
                self.folder.mkdir(parents=True, exist_ok=True)
                atomic.write(self.folder / f"{request.name}.csv", table)
                atomic.write_json(self.folder / f"{request.name}.json", told)
            return self._begin(request.name, table, told)

    def find(self, name: str) -> CloudJob | None:
        with self._lock:
            if name in self._searches:
                return self._searches[name][0]
            if self.folder is None or not (self.folder / f"{name}.json").is_file():
                return None
            told = json.loads((self.folder / f"{name}.json").read_text())
            return self._begin(name, (self.folder / f"{name}.csv").read_bytes(), told)

    def _begin(self, name: str, table: bytes, told: Mapping[str, Any]) -> CloudJob:
        world = Pipelines(
            read(table), told["target"], told["metric"], folds=told["folds"], seed=told["seed"]
        )
        journal = None if self.folder is None else self.folder / f"{name}.jsonl"
        search = Search(make(told["strategy"], world.space), seed=told["seed"], journal=journal)
        made = TableSearch(
            name,
            world,
            search,
            judge=FoldRace(world),
            max_candidates=told["max_candidates"],
            max_minutes=told["max_minutes"],
        )
        job = CloudJob(self.name, name, name, False, dict(told))
        self._searches[name] = job, made
        if told.get("stopped"):
            made.stop()
        made.start(closing=self._closing)
        return job

    def _search(self, job: CloudJob) -> TableSearch:
        if self.find(job.name) is None:
            raise ValueError(f"there is no search {job.name} here: submit it first")
        return self._searches[job.name][1]

    def wait(
        self, job: CloudJob, candidates: int | None = None, *, seconds: float = 600.0
    ) -> JobProgress:
        """Wait until the job has that many candidates or ends; TimeoutError after `seconds`."""
        self._search(job).wait(candidates, seconds=seconds)
        return self.status(job)

    def status(self, job: CloudJob) -> JobProgress:
        search = self._search(job)
        return JobProgress(search.state, len(search.candidates), search.seconds, search.message)

    def leaderboard(self, job: CloudJob) -> Sequence[LeaderboardRow]:
        search = self._search(job)
        higher = METRICS[search.metric].higher
        return [self._candidate(tried, search.metric, higher) for tried in search.ranked]

    def _candidate(self, tried: Tried, metric: str, higher: bool) -> LeaderboardRow:
        details = {"given up early": tried.early, **tried.configuration}
        return LeaderboardRow(
            tried.name, tried.score, metric, higher, tried.algorithm, tried.seconds, details
        )

    def stop(self, job: CloudJob) -> None:
        search = self._search(job)
        ended = search.state.ended
        search.stop()
        _join(search)
        if self.folder is not None and not ended:
            told = {**self._searches[job.name][0].details, "stopped": True}
            atomic.write_json(self.folder / f"{job.name}.json", told)

    def predict(self, job: CloudJob, rows: pandas.DataFrame) -> np.ndarray:
        return self._search(job).predictions(rows)

    def disclosed(self, job: CloudJob) -> Mapping[str, Any]:
        search = self._search(job)
        best = search.best
        if best is None:
            raise ValueError(f"job {job.name} has no finished candidate yet: ask again later")
        return {
            "pipeline": str(search.world.build(best.configuration)),
            "configuration": dict(best.configuration),
            "strategy": type(search.search.strategy).__name__,
            "folds": search.world.epochs,
            "candidates": len(search.candidates),
            "space": str(search.world.space),
        }

    def estimate_cost(self, request: Request) -> Estimate:
        return estimate(self.name, "this machine", 0.0, request.max_minutes / 60, simulated=False)

    def spent(self, job: CloudJob) -> Estimate:
        hours = self._search(job).seconds / 3600
        return estimate(self.name, "this machine", hours, simulated=False)

    def console_url(self, job: CloudJob) -> str:
        raise UnsupportedOperation(f"{self.title} has no page: leaderboard(job) shows all there is")

    def close(self) -> None:
        """End all threads; with a folder, the same job continues where it was found again."""
        self._closing.set()
        for _, search in self._searches.values():
            _join(search)
            search.search.close()
        self._searches.clear()


def _join(search: TableSearch) -> None:
    """Wait until its candidate is done, so that its journal is complete."""
    if search.thread is not None:
        search.thread.join()
