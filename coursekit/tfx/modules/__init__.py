"""Module functions, which TFX calls by their import paths: one file for each kind of data."""
