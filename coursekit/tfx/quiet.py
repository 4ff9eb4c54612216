"""TFX and what belongs to it, loaded without pages of warnings and scripts from the network.

Whatever else here needs TFX or TensorFlow takes it from this module, which therefore loads first.
"""

from __future__ import annotations

import logging
import sys

from coursekit.loading import quietly

with quietly():
    import tensorflow as tf
    import tensorflow_model_analysis as tfma
    from tfx import v1 as tfx

__all__ = ["tf", "tfma", "tfx"]

# What TFX calls is deprecated here and there.
logging.getLogger("tensorflow").setLevel(logging.ERROR)

if "ipykernel" in sys.modules:
    # Beam greets a notebook with a script that loads jQuery from the network.
    from apache_beam.runners.interactive import interactive_environment
    from IPython.utils.capture import capture_output

    with capture_output():
        interactive_environment.current_env()
