"""Load TensorFlow, Keras and TFX without the pages of output that they print."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """For imports of TensorFlow and libraries on top of it: hides warnings and log lines.

    TensorFlow's native code bypasses Python and writes to descriptor 2, which leads to a file
    meanwhile. If an import fails, the file's text is shown with the exception. If the process
    crashes, the traceback still appears.
    """
    # TensorFlow reads this when it is loaded; 3 shows only fatal errors.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    handlers, disabled = list(logging.root.handlers), logging.root.manager.disable
    with _descriptor_aside(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(max(logging.WARNING, disabled))  # Beam logs missing packages
        try:
            yield
        finally:
            logging.disable(disabled)
            logging.root.handlers[:] = handlers


@contextlib.contextmanager
def _descriptor_aside() -> Iterator[None]:
    """Redirects descriptor 2 to a file, whose text goes to the real one if the block fails."""
    try:
        usual = os.dup(2)
    except OSError:  # closed, as in a daemon
        yield
        return
    with tempfile.TemporaryFile() as file, os.fdopen(usual, "wb", buffering=0) as shown:
        if sys.stderr is not None:
            sys.stderr.flush()
        watched = faulthandler.is_enabled()
        if not watched:
            faulthandler.enable(shown)
        os.dup2(file.fileno(), 2)
        try:
            yield
        except BaseException:
            file.seek(0)
            shown.write(file.read())
            raise
        finally:
            if sys.stderr is not None:
                sys.stderr.flush()
            os.dup2(shown.fileno(), 2)
            if not watched:
                faulthandler.disable()
