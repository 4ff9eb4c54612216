"""The benchmark of the tuner classes runs, and compares equal numbers of trials."""

import re

import pytest

from coursekit.benchmarks.__main__ import main


def test_a_small_run_prints_every_contestant(capsys):
    pytest.importorskip("keras_tuner")
    assert main(["tuners", "--strategies=random,tpe", "--trials=3,6", "--repeats=2"]) == 0
    out, err = capsys.readouterr()
    rows = re.findall(r"^(\S+) +(\d+)((?: +[\d.]+){2}) +[\d.]+, [\d.]+$", out, re.MULTILINE)
    assert [row[:2] for row in rows] == [
        (name, trials) for trials in ("3", "6") for name in ("kt.RandomSearch", "random", "tpe")
    ]
    assert "1.00, 1.00" in out and "6 trials, repeat 2 of 2" in err


@pytest.mark.parametrize("argument", ["--strategies=magic", "--trials=0", "--repeats=x"])
def test_a_bad_argument_is_named(argument, capsys):
    with pytest.raises(SystemExit):
        main(["tuners", argument])
    assert repr(argument.partition("=")[2]) in capsys.readouterr().err
