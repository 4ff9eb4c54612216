"""What libraries write while they are loaded is left out; errors are not."""

import logging
import os
import subprocess
import sys
import warnings
from importlib.util import find_spec

import pytest

from coursekit.loading import quietly

WITH = "from coursekit.loading import quietly\nwith quietly():\n    "
NATIVE = "import os, sys; os.write(2, b'All log messages before absl\\n'); "


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


def test_what_native_code_writes_is_left_out():
    done = run(
        WITH + NATIVE + "\nprint('afterwards', file=sys.stderr)\nos.write(2, b'and past Python\\n')"
    )
    assert (done.stdout, done.stderr) == ("", "afterwards\nand past Python\n")


def test_a_failed_import_shows_what_was_written():
    done = run(
        "from coursekit.loading import quietly\nwith quietly():\n    " + NATIVE + "import nowhere_"
    )
    assert "All log messages before absl" in done.stderr
    assert "ModuleNotFoundError: No module named 'nowhere_'" in done.stderr and done.returncode == 1


def test_a_crash_is_seen_with_its_place():
    done = run("from coursekit.loading import quietly\nimport os\nwith quietly():\n    os.abort()")
    assert done.returncode == -6 and "Fatal Python error: Aborted" in done.stderr
    assert 'File "<string>", line 4' in done.stderr


def test_it_works_without_a_descriptor_2():
    done = run("import os; os.close(2)\nfrom coursekit.loading import quietly\n"
               "with quietly():\n    print('loaded')")  # fmt: skip
    assert done.stdout == "loaded\n"


def test_warnings_and_log_lines_are_as_before(caplog, capfd):
    handlers = list(logging.root.handlers)
    with quietly(), quietly():
        warnings.warn("deprecated", stacklevel=1)
        logging.getLogger("beam").warning("what it misses")
        logging.getLogger("beam").error("broken")
        logging.root.addHandler(logging.NullHandler())
        os.write(2, b"native")
    assert logging.root.handlers == handlers and logging.root.manager.disable == logging.NOTSET
    assert [record.getMessage() for record in caplog.records] == ["broken"]
    assert "native" not in capfd.readouterr().err
    with pytest.warns(UserWarning, match="seen"):
        warnings.warn("seen", stacklevel=1)


@pytest.mark.parametrize(
    "module",
    [
        *(pytest.param(module, marks=pytest.mark.slow(15)) for module in ("tuners.internals",)),
        *(
            pytest.param(module, marks=pytest.mark.nightly(15))
            for module in (
                "training.keras.models",
                "tfx.interactive",
                "tfx.examples",
                "tfx.modules.images",
                "tfx.cluster",
            )
        ),
    ],
)
def test_modules_that_need_tensorflow_load_without_a_word(module: str):
    if not find_spec("tfx" if module.startswith("tfx") else "keras_tuner"):
        pytest.skip("an extra that is not installed")
    environment = {key: value for key, value in os.environ.items() if "TF_CPP" not in key}
    command = [sys.executable, "-c", f"import coursekit.{module}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
