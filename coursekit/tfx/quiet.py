"""TFX without its pages of warnings: import this before TFX."""

from __future__ import annotations

import logging
import os
import warnings

# Read when TensorFlow is loaded; 3 leaves its fatal errors.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    before = logging.root.level, list(logging.root.handlers)
    logging.disable(logging.WARNING)  # Beam says what it misses
    import tfx.v1  # noqa: F401

    logging.disable(logging.NOTSET)
    logging.root.handlers[:] = before[1]
