"""The benchmark command: what it lists, and that a benchmark still runs and compares equal work."""

import argparse
import re
import subprocess
import sys

import pytest

from coursekit.benchmarks import labs, perceptrons
from coursekit.data import Dataset, load
from tests.commands import benchmark


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "coursekit.benchmarks", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_without_a_name_the_benchmarks_are_listed() -> None:
    done = process()
    assert done.returncode == 0
    assert "perceptrons" in done.stdout
    assert "model.fit" in done.stdout


def test_help_says_what_is_compared() -> None:
    done = benchmark("perceptrons", "--help")
    assert done.returncode == 0
    for word in ("keras_tuner.RandomSearch", "same order", "--repeats", "one thread"):
        assert word in done.stdout


@pytest.mark.parametrize("value", ["0", "-1", "two"])
def test_a_bad_count_is_named(value: str) -> None:
    done = benchmark("perceptrons", f"--trials={value}")
    assert done.returncode == 2
    assert f"{value!r}: give a whole number, 1 or more" in done.stderr


@pytest.mark.nightly(15)
def test_a_small_run_prints_the_table_and_the_ratios() -> None:
    done = process("perceptrons", "--trials=2", "--epochs=1", "--repeats=2")
    assert done.returncode == 0, done.stderr
    assert "2 configurations x 1 epochs on digits" in done.stdout
    rows = re.findall(
        r"^(keras-tuner|model\.fit|perceptron)( +[\d.]+){4}$", done.stdout, flags=re.MULTILINE
    )
    assert [name for name, _ in rows] == ["keras-tuner", "model.fit", "perceptron"]
    ratios = re.findall(r"against (\S+): \d+x by wall time, \d+x by CPU time", done.stdout)
    assert ratios == ["keras-tuner", "model.fit"]
    assert "perceptron, repeat 2 of 2" in done.stderr


@pytest.mark.nightly(15)
def test_all_train_what_keras_tuner_drew_in_its_order(monkeypatch) -> None:
    pytest.importorskip("keras_tuner")
    built: list[perceptrons.Configuration] = []
    build = perceptrons.build

    def record(configuration: perceptrons.Configuration, data: Dataset) -> object:
        built.append(dict(configuration))
        return build(configuration, data)

    monkeypatch.setattr(perceptrons, "build", record)
    data = load("digits", size=100)
    drawn: list[perceptrons.Configuration] = []
    tuned = list(perceptrons.keras_tuner_search(data, 3, 2, 1, drawn))
    assert len(tuned) == len(drawn) == 3
    assert built[-3:] == drawn
    assert len({tuple(configuration.items()) for configuration in drawn}) == 3
    assert set(drawn[0]) == {hp.name for hp in perceptrons.space().space}
    for others in (perceptrons.model_fit_loop, perceptrons.perceptron_loop):
        assert len(list(others(data, drawn, 2))) == 3
    assert built[-3:] == drawn
    again: list[perceptrons.Configuration] = []
    list(perceptrons.keras_tuner_search(data, 3, 1, 1, again))
    assert again == drawn


@pytest.mark.slow(15)
@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_keras_and_perceptron_build_networks_of_one_size(dropout: float) -> None:
    pytest.importorskip("keras")
    from coursekit.training.numpy.perceptron import train_perceptron

    data = load("digits", size=10)
    hp = perceptrons.space()
    for activation in ("relu", "tanh", "gelu"):
        configuration = {**hp.values, "layers": 2, "activation": activation, "dropout": dropout}
        model = perceptrons.build(configuration, data)
        ours, _ = train_perceptron(configuration, data, epochs=1, seed=0)
        assert model.count_params() == ours.parameters


@pytest.mark.slow(12)
def test_a_session_of_labs_is_measured_and_reported() -> None:
    done = process("labs", "--sessions=1")
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^(\w+, \w+) +(\d+) ms +(\d+) ms +(\d+) ms$", done.stdout, re.MULTILINE)
    assert [(name, promised) for name, *_, promised in rows] == [
        ("check, first", "100"), ("check, later", "100"), ("slider, worst", "1000"),
    ]  # fmt: skip
    assert int(rows[2][1]) > 10  # 20 epochs of the largest network
    assert "session 1 of 1" in done.stderr


def test_a_check_that_gives_no_verdict_is_no_measurement(monkeypatch) -> None:
    monkeypatch.setattr(labs, "EXERCISE", "1.99")
    with pytest.raises(RuntimeError, match=r"exercise 1\.99 was not checked"):
        labs.checks()


def test_medians_of_the_repeats_are_reported(capsys) -> None:
    runs = {
        "keras-tuner": [perceptrons.Measurement(wall, wall, 0.5) for wall in (90.0, 100.0, 900.0)],
        "model.fit": [perceptrons.Measurement(50.0, 60.0, 0.5)] * 3,
        "perceptron": [perceptrons.Measurement(0.5, 0.25, 0.5)] * 3,
    }
    perceptrons._report(runs, argparse.Namespace(trials=20, epochs=5, repeats=3))
    printed = capsys.readouterr().out
    assert "keras-tuner: 200x by wall time, 400x by CPU time" in printed
    assert "model.fit: 100x by wall time, 240x by CPU time" in printed
