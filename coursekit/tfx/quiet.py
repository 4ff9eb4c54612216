"""Loads TFX and its libraries without pages of warnings or scripts from the network.

All other modules here import TFX and TensorFlow from this one, which therefore loads first.
"""

from __future__ import annotations

import logging
import sys

from coursekit.extras import from_extras
from coursekit.loading import quietly

with from_extras("tfx"), quietly():
    import tensorflow as tf
    import tensorflow_model_analysis as tfma
    from absl import logging as absl_logging
    from apache_beam.io.filesystem import CompressionTypes
    from tensorflow_metadata.proto.v0 import anomalies_pb2
    from tfx import v1 as tfx
    from tfx_bsl.coders.csv_decoder import ColumnType, ColumnTypeInferrer

__all__ = [
    "ColumnType",
    "ColumnTypeInferrer",
    "CompressionTypes",
    "absl_logging",
    "anomalies_pb2",
    "tf",
    "tfma",
    "tfx",
]

# TFX calls some deprecated functions.
logging.getLogger("tensorflow").setLevel(logging.ERROR)

if "ipykernel" in sys.modules:
    # Beam greets a notebook with a script that loads jQuery from the network.
    from apache_beam.runners.interactive import interactive_environment
    from IPython.utils.capture import capture_output

    with capture_output():
        interactive_environment.current_env()
