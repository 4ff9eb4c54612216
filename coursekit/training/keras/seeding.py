"""Seeds of trainings: the same trial of the same search trains alike, whatever ran before it."""

from __future__ import annotations

import keras
import numpy as np

TRAIN = 2  # this role's generator, beside those of `coursekit.search` for suggestions and results


def seed_training(seed: int, trial: int, execution: int = 0, attempt: int = 0) -> None:
    """Seed what a training draws from: initial weights, shuffling, dropout.

    Keras draws from global generators, so this seeds those of Python, NumPy, TensorFlow and Keras,
    for the calling thread. Call it before a model is built, and after `keras.utils.clear_session`,
    which drops Keras's own generator.

    seed: the search's. trial: its number. execution: which training of this trial, from 0.
    attempt: how often the trial has failed before.
    """
    sequence = np.random.SeedSequence((seed, trial, TRAIN, execution, attempt))
    keras.utils.set_random_seed(int(sequence.generate_state(1)[0]))
