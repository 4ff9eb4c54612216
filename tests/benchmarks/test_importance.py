"""The benchmark of importance: its errors by hand, and that it runs."""

import re

import pytest

from coursekit.benchmarks.__main__ import main
from coursekit.benchmarks.importance import agreement, error


def test_the_error_is_the_share_at_wrong_parameters():
    truth = {"a": 0.6, "b": 0.3, "c": 0.1}
    assert error(truth, truth) == 0 and agreement(truth, truth) == pytest.approx(1)
    assert error({"a": 0.3, "b": 0.6, "c": 0.1}, truth) == pytest.approx(0.3)
    assert error({"a": 0, "b": 0, "c": 1}, {"a": 1, "b": 0, "c": 0}) == pytest.approx(1)
    assert agreement({"a": 0.1, "b": 0.3, "c": 0.6}, truth) == pytest.approx(-1)


def test_a_small_run_prints_the_error_against_the_truth(capsys):
    sizes = ["--tables=mlps", "--strategies=random", "--seeds=3", "--trials", "200", "50"]
    assert main(["importance", *sizes]) == 0
    out = capsys.readouterr().out
    assert "truth: layers 1.3%, units 58.9%" in out
    rows = re.findall(r"^random +(\d+) +([\d.]+) % +(-?[\d.]+) +(\d+)%$", out, re.M)
    assert [row[0] for row in rows] == ["50", "200"]
    errors = [float(row[1]) for row in rows]
    equal = float(re.search(r"equal shares +([\d.]+) %", out)[1])
    assert errors[1] < errors[0] < equal / 2
