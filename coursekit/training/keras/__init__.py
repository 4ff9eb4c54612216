"""Candidates as Keras models: training loop, morphisms, transfer of weights.

Importing the package loads Keras and TensorFlow and hides what they print while loading.
"""

from coursekit.extras import from_extras
from coursekit.loading import quietly

with from_extras(), quietly():
    import keras  # noqa: F401
    import tensorflow  # noqa: F401
