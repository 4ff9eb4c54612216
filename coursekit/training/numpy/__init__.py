"""Perceptrons in NumPy: training, optimizers, and Net2Net on their weights."""
