"""What is around a run on this machine, and around the model that it leaves."""

import logging
import subprocess
import sys

import pytest

pytest.importorskip("tfx")

from absl import logging as absl_logging

import coursekit.tfx.quiet  # noqa: F401
from coursekit.tfx.local import logged
from coursekit.tfx.serving import ServedModel

LOGGERS = (logging.root, absl_logging.get_absl_logger(), logging.getLogger("tensorflow"))


def test_all_that_is_said_meanwhile_is_in_the_log_which_is_then_left_as_it_was(tmp_path, capfd):
    before = [list(each.handlers) for each in LOGGERS]
    with logged(tmp_path / "run.log"):
        print("printed")
        absl_logging.info("told by TFX")
        subprocess.run([sys.executable, "-c", "import sys; sys.stderr.write('a worker')"])
    text = (tmp_path / "run.log").read_text()
    assert all(said in text for said in ("printed", "told by TFX", "a worker"))
    assert [list(each.handlers) for each in LOGGERS] == before
    assert capfd.readouterr() == ("", "")
    print("afterwards")
    assert capfd.readouterr().out == "afterwards\n"


def test_nothing_is_served_from_a_folder_without_a_model(tmp_path):
    with pytest.raises(ValueError, match="no model was pushed there"):
        ServedModel(tmp_path)
