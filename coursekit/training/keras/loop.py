"""An epoch loop for Keras models with little overhead: one traced function call for each epoch,
where `model.fit` crosses from Python to TensorFlow for each batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from coursekit.data import Split
from coursekit.trials import Epoch

TOO_LARGE = (MemoryError, tf.errors.ResourceExhaustedError)


class Loop:
    """Trains a Keras model that turns images into logits, epoch by epoch, any number of times.

    optimizer: a Keras optimizer that no other model uses, with a number as learning rate.
    batch_size: images in a step; an epoch's last minibatch may be smaller.

    The functions are traced once (about a second), whatever the size of the data.
    """

    def __init__(
        self, model: keras.Model, optimizer: keras.optimizers.Optimizer, *, batch_size: int = 64
    ) -> None:
        self.model, self.optimizer, self.batch_size = model, optimizer, batch_size
        optimizer.build(model.trainable_variables)
        self._fresh = [variable.numpy() for variable in optimizer.variables]
        self._learning_rate = float(optimizer.learning_rate.numpy())
        self._epoch, self._accuracy = _traced(model, optimizer, batch_size)

    def fit(
        self,
        train: Split,
        validation: Split,
        *,
        epochs: int,
        schedule: Callable[[int], float] | None = None,
        patience: int | None = None,
        restore_best: bool = False,
        rng: np.random.Generator,
    ) -> Iterator[Epoch]:
        """Train the model from its present weights with a fresh optimizer; yields each epoch.

        schedule: the learning rate's factor in epoch 0, 1, ...; None keeps the rate constant.
        patience: stop after this many epochs in a row without a better score.
        restore_best: end with the weights of the best epoch instead of the last.
        rng: shuffles the images in every epoch.

        A run that diverges, or that runs out of memory, yields one score of NaN and ends. To stop
        the training, stop iterating.
        """
        for variable, value in zip(self.optimizer.variables, self._fresh, strict=True):
            variable.assign(value)
        given = [tf.constant(part) for split in (train, validation) for part in split]
        best, best_epoch, best_weights = -math.inf, 0, None
        try:
            for epoch in range(epochs):
                start = perf_counter()
                if schedule is not None:
                    self.optimizer.learning_rate = self._learning_rate * schedule(epoch)
                try:
                    self._epoch(*given[:2], tf.constant(rng.permutation(len(train.x))))
                    score = float(self._accuracy(*given[2:]))
                except TOO_LARGE:
                    score = math.nan
                if score > best:
                    best, best_epoch = score, epoch
                    best_weights = self.model.get_weights() if restore_best else None
                yield Epoch(score, perf_counter() - start)
                if math.isnan(score) or (patience and epoch - best_epoch >= patience):
                    return
        finally:
            if best_weights is not None:
                self.model.set_weights(best_weights)

    def accuracy(self, split: Split) -> float:
        """The share of images whose most probable class is correct; NaN after a divergence."""
        return float(self._accuracy(tf.constant(split.x), tf.constant(split.y)))


def cosine(epochs: int) -> Callable[[int], float]:
    """Falls from 1 to 0 over `epochs` (Loshchilov and Hutter, 2017, ICLR; `loshchilov2017sgdr`)."""
    return lambda epoch: 0.5 * (1 + math.cos(math.pi * epoch / epochs))


def _traced(model: keras.Model, optimizer: Any, batch_size: int) -> tuple[Any, Any]:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    images = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
    labels = tf.TensorSpec((None,), tf.int64)

    @tf.function(input_signature=(images, labels, labels))
    def epoch(x: Any, y: Any, order: Any) -> None:
        for first in tf.range(0, tf.shape(order)[0], batch_size):
            batch = order[first : first + batch_size]
            with tf.GradientTape() as tape:
                value = loss(tf.gather(y, batch), model(tf.gather(x, batch), training=True))
            gradients = tape.gradient(value, model.trainable_variables)
            optimizer.apply(gradients, model.trainable_variables)

    @tf.function(input_signature=(images, labels))
    def accuracy(x: Any, y: Any) -> Any:
        logits = model(x, training=False)
        right = tf.cast(tf.argmax(logits, axis=1) == y, tf.float32)
        finite = tf.reduce_all(tf.math.is_finite(logits))
        return tf.where(finite, tf.reduce_mean(right), math.nan)

    return epoch, accuracy
