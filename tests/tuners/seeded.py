"""A real search that may kill itself in the middle of a training; run as a program by a test."""

import os
import signal
import sys

import keras

from coursekit import data
from coursekit.tuners import Hyperband, Random

EPOCHS = 2


def build(hp):
    model = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(hp.Int("units", 8, 32), activation="relu"))
    model.add(keras.layers.Dropout(0.3))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Killed(keras.callbacks.Callback):
    """Kills the process in a batch of the training with this number, counted from 1."""

    trainings = 0

    def __init__(self, training):
        super().__init__()
        self.training = training

    def __deepcopy__(self, memo):
        return self

    def on_train_begin(self, logs=None):
        Killed.trainings += 1

    def on_train_batch_end(self, batch, logs=None):
        if Killed.trainings == self.training and batch == 2:
            os.kill(os.getpid(), signal.SIGKILL)


def search(kind, folder, training=0, seed=5):
    """The searched tuner; it ends in training number `training`, if that is above 0."""
    options = {"directory": folder, "project_name": "search", "objective": "val_loss", "seed": seed}
    if kind == "hyperband":
        tuner = Hyperband(build, max_budget=4, factor=4, **options)
    else:
        tuner = Random(build, max_trials=2, executions_per_trial=2, **options)
    digits = data.load("digits", size=200)
    tuner.search(
        *digits.train, validation_data=digits.validation, epochs=EPOCHS, batch_size=32, verbose=0,
        callbacks=[Killed(training)],
    )  # fmt: skip
    return tuner


if __name__ == "__main__":
    search(sys.argv[1], sys.argv[2], int(sys.argv[3]))
