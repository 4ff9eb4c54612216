"""Module functions, which TFX calls by their import paths: one file for each kind of data."""

import coursekit.tfx.quiet  # noqa: F401  (before its modules load Keras)
