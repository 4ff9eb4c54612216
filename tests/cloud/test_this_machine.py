"""Local: the protocol over the kit's own strategies."""

from pathlib import Path

import numpy as np
import pandas
import pytest

from coursekit.cloud.connect import connect
from coursekit.cloud.pipelines import Pipelines, measure
from coursekit.cloud.this_machine import FoldRace, Local
from coursekit.cloud.vendor import (
    CloudJob,
    JobState,
    Request,
    UnsupportedMetric,
    UnsupportedOperation,
)
from coursekit.search import Search
from coursekit.strategies import Random


def table(rows: int = 300) -> pandas.DataFrame:
    """A table whose target depends on a number and a word."""
    rng = np.random.default_rng(0)
    made = pandas.DataFrame({"x": rng.normal(size=rows), "port": rng.choice(["a", "b"], rows)})
    noise = rng.normal(size=rows) / 3
    made["won"] = np.where(made.x + (made.port == "a") + noise > 0.5, "yes", "no")
    made["sum"] = made.x + (made.port == "a") + noise
    return made


def request(name: str = "a", **more: object) -> Request:
    told = {"table": table().drop(columns="sum"), "target": "won", "max_candidates": 5}
    return Request(name=name, **{**told, **more})  # type: ignore[arg-type]


def test_a_job_from_submission_to_predictions():
    local = connect("local")
    assert isinstance(local, Local)
    job = local.submit(request())
    assert local.submit(request()) == job == local.find("a") and local.find("b") is None
    assert local.wait(job).state is JobState.COMPLETED
    board = local.leaderboard(job)
    scores = [candidate.score for candidate in board]
    assert len(board) == 5 and scores == sorted(scores, reverse=True)
    assert local.best(job) == board[0] and not board[0].details["given up early"]
    found = local.predict(job, table().drop(columns=["won", "sum"]))
    assert found.shape == (300, 2)
    assert measure("auc", table().won, found, np.array(["no", "yes"])) > 0.9
    assert board[0].algorithm in str(local.disclosed(job)["configuration"])
    spent = local.spent(job)
    assert spent.low == spent.high == 0 and "nobody" not in str(spent)
    with pytest.raises(UnsupportedOperation, match="no page"):
        local.console_url(job)
    with pytest.raises(ValueError, match="lack the columns port"):
        local.predict(job, table()[["x"]])
    local.close()


def test_losses_rank_the_other_way_round():
    local = Local(strategy="random", folds=2)
    numbers = table().drop(columns="won")
    job = local.submit(request(table=numbers, target="sum", metric="rmse"))
    local.wait(job)
    scores = [candidate.score for candidate in local.leaderboard(job)]
    assert scores == sorted(scores) and scores[0] > 0
    assert local.predict(job, numbers.drop(columns="sum")).shape == (300,)
    local.close()


def test_refusals_come_before_any_search():
    local = Local()
    with pytest.raises(UnsupportedMetric, match="f1"):
        local.submit(request(metric="f1"))
    with pytest.raises(ValueError, match="lost"):
        local.submit(request(target="lost"))
    assert local.find("a") is None
    with pytest.raises(ValueError, match="no search nobody here"):
        local.status(CloudJob("local", "nobody", "nobody", False))
    with pytest.raises(TypeError, match="no address"):
        connect("local", simulated="http://127.0.0.1:1")
    local.close()


def test_a_search_continues_from_its_folder(tmp_path: Path):
    first = Local(folder=tmp_path, folds=2)
    job = first.submit(request(max_candidates=6))
    first.wait(job, candidates=2)
    first.close()
    second = Local(folder=tmp_path, folds=2)
    assert second.submit(request(max_candidates=6)) == job
    assert second.wait(job).done == 6
    whole = Local(folds=2)
    whole.wait(whole.submit(request(max_candidates=6)))
    same = [[(c.name, c.score) for c in each.leaderboard(job)] for each in (second, whole)]
    assert same[0] == same[1]
    second.close()

    third = Local(folder=tmp_path, folds=2)
    other = third.submit(request("b", max_candidates=None))
    third.wait(other, candidates=1)
    third.stop(other)
    third.close()
    fourth = Local(folder=tmp_path)
    assert fourth.status(other).state is JobState.STOPPED
    fourth.close()


def test_the_race_over_folds_gives_up_what_is_behind_and_never_the_best():
    world = Pipelines(table().drop(columns="sum"), "won", folds=4)
    raced = Search(Random(world.space), seed=0).run(FoldRace(world), trials=12)
    early = [trial for trial in raced if trial.spread]
    assert early and all(2 <= len(trial.curve) < 4 for trial in early)
    assert not raced.best().spread
    for trial in early:
        before = [t for t in raced[: trial.number] if not t.spread]
        best = max(before, key=lambda t: t.score)
        behind = best.curve[len(trial.curve) - 1] - trial.curve[-1]
        assert behind > 0 and trial.score == pytest.approx(best.score - behind)
