"""Candidates as models that train: one score for each epoch. Importing this loads no Keras."""
