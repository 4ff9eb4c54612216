"""What is around a run on this machine, and around the model that it leaves."""

import logging
import subprocess
import sys

import pytest

pytest.importorskip("tfx")

from absl import logging as absl_logging

from coursekit.tfx.local import logged, reason
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


OWN = """
import json

def tuner_fn(arguments):
    return {"epochs": arguments["max_epoch"]}

def read(text):
    return json.loads(text)
"""


def test_why_a_component_failed_names_the_line_of_your_own_code(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "own_failing.py").write_text(OWN)
    import own_failing

    told = []
    for call in (lambda: own_failing.tuner_fn({}), lambda: own_failing.read("{")):
        try:
            call()
        except Exception as error:
            told.append(reason(error).splitlines())
    assert told[0] == [
        "KeyError: 'max_epoch'",
        f'{tmp_path / "own_failing.py"}, line 5: return {{"epochs": arguments["max_epoch"]}}',
    ]
    # Raised in Python's own code, by a line of yours; a ValueError speaks for itself.
    assert told[1][0].startswith("Expecting property name") and "line 8: return json" in told[1][1]
    assert reason(KeyError("'rate'")) == "KeyError: \"'rate'\"" and reason(OSError()) == "OSError"


def test_nothing_is_served_from_a_folder_without_a_model(tmp_path):
    with pytest.raises(ValueError, match="no model was pushed there"):
        ServedModel(tmp_path)
