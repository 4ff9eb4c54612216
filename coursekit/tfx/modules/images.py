"""Images: PNG or JPEG bytes and a label, classified by a perceptron."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner
from keras import layers

from coursekit.tfx.modules.image_features import IMAGE, LABEL, decode
from coursekit.tfx.modules.training import Shapes, Task
from coursekit.tfx.quiet import tf, tfx

IMAGE_XF, LABEL_XF = f"{IMAGE}_xf", f"{LABEL}_xf"


def preprocessing_fn(inputs: dict[str, Any], custom_config: dict[str, Any]) -> dict[str, Any]:
    """The model's inputs from raw features: grey levels in 0..1, shape (height, width).

    custom_config: "shape", [height, width] in pixels, to which every image is resized; and
    "labels", the label of each class, ascending, unless labels are 0, 1, ... (None).
    """
    height, width = custom_config["shape"]

    def resized(image: tf.Tensor) -> tf.Tensor:
        levels = tf.image.resize(tf.cast(decode(image), tf.float32) / 255, (height, width))
        return tf.ensure_shape(levels[:, :, 0], (height, width))

    images = tf.map_fn(
        resized, tf.reshape(_dense(inputs[IMAGE]), [-1]), fn_output_signature=tf.float32
    )
    label = tf.reshape(_dense(inputs[LABEL]), [-1])
    if known := custom_config.get("labels"):
        label = _classes(label, known)
    return {IMAGE_XF: tf.ensure_shape(images, (None, height, width)), LABEL_XF: label}


def _classes(labels: tf.Tensor, known: list[int]) -> tf.Tensor:
    """The position of each label, shape (examples,), among the known ones; -1 if it is not there.

    known: ascending.
    """
    places = tf.minimum(tf.searchsorted(tf.constant(known, tf.int64), labels), len(known) - 1)
    found = tf.gather(tf.constant(known, tf.int64), places) == labels
    return tf.where(found, tf.cast(places, tf.int64), tf.constant(-1, tf.int64))


def _dense(feature: Any) -> tf.Tensor:
    return tf.sparse.to_dense(feature) if isinstance(feature, tf.SparseTensor) else feature


def build(hp: keras_tuner.HyperParameters, shapes: Shapes, classes: int) -> keras.Model:
    """The model of lab 01: one hidden layer; its width and the learning rate are tuned."""
    image = keras.Input(shapes[IMAGE_XF], name=IMAGE_XF)
    x = layers.Flatten()(image)
    x = layers.Dense(hp.Int("units", 32, 512, step=32), activation="relu")(x)
    x = layers.Dropout(0.2)(x)
    model = keras.Model({IMAGE_XF: image}, layers.Dense(classes, activation="softmax")(x))
    model.compile(
        keras.optimizers.Adam(hp.Choice("learning_rate", [1e-2, 1e-3, 1e-4])),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def tuner_fn(arguments: tfx.components.FnArgs) -> tfx.components.TunerFnResult:
    """For the Tuner: the search that `custom_config` describes."""
    return Task(arguments, LABEL_XF).search(build)


def run_fn(arguments: tfx.components.FnArgs) -> None:
    """For the Trainer: trains a model and saves it so that it takes raw examples."""
    task = Task(arguments, LABEL_XF)
    task.save(task.fit(build), LABEL)
