"""TFX without its pages of warnings and scripts from the network: import this before TFX."""

from __future__ import annotations

import logging
import os
import sys
import warnings

# Read when TensorFlow is loaded; 3 leaves its fatal errors.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    handlers = list(logging.root.handlers)
    logging.disable(logging.WARNING)  # Beam says what it misses
    import tfx.v1  # noqa: F401

    logging.disable(logging.NOTSET)
    logging.root.handlers[:] = handlers

logging.getLogger("tensorflow").setLevel(
    logging.ERROR
)  # what TFX calls is deprecated here and there

if "ipykernel" in sys.modules:
    # Beam greets a notebook with a script that loads jQuery from the network.
    from apache_beam.runners.interactive import interactive_environment
    from IPython.utils.capture import capture_output

    with capture_output():
        interactive_environment.current_env()
