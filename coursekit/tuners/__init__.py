"""Keras Tuner: watching its searches, and what they are going to cost."""
