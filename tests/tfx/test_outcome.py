"""What a summary says."""

import pytest

pytest.importorskip("tfx")

from coursekit.tfx.outcome import Outcome
from coursekit.tfx.steps import Step


def test_a_pipeline_that_has_not_come_to_its_pusher_has_not_refused_a_model():
    trainer, pusher = Step("Trainer", state="done"), Step("Pusher", state="done")
    assert "not pushed" not in str(Outcome([trainer]))
    assert "not pushed:\n  too bad" in str(Outcome([trainer, pusher], refused=["too bad"]))
