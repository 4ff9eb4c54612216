"""What the benchmark of pipelines compares with: the same search and training on arrays."""

import pytest

pytest.importorskip("tfx")

from coursekit.benchmarks.__main__ import main
from coursekit.benchmarks.tfx import bare
from coursekit.tfx import Plan


@pytest.mark.slow(15)
def test_the_training_without_a_pipeline_is_timed_by_its_parts(tmp_path):
    plan = Plan(data="digits", folder=tmp_path / "plan", trials=2, tune_steps=34, train_steps=340)
    parts = bare(plan, tmp_path / "bare")
    assert list(parts) == ["search", "training", "evaluation", "accuracy"]
    assert parts["accuracy"] > 0.5  # chance is 0.1
    journal = (tmp_path / "bare" / "search" / "journal.jsonl").read_text()
    assert journal.count('"finish"') == 2


def test_help_says_what_is_compared(capsys):
    with pytest.raises(SystemExit):
        main(["tfx", "--help"])
    text = capsys.readouterr().out
    assert "same training without one" in text
    assert "--train-steps" in text
