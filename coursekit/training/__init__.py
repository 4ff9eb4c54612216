"""Candidates as models that train: one score an epoch. Importing this loads no Keras."""
