"""Images: PNG or JPEG bytes and a label, classified by a perceptron."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner
from keras import layers

from coursekit.tfx.modules.feature_names import IMAGE, LABEL
from coursekit.tfx.modules.training import Shapes, Task
from coursekit.tfx.quiet import tf, tfx

IMAGE_XF, LABEL_XF = f"{IMAGE}_xf", f"{LABEL}_xf"


def preprocessing_fn(inputs: dict[str, Any], custom_config: dict[str, Any]) -> dict[str, Any]:
    """The model's inputs from raw features: grey levels in 0..1, shape (height, width).

    custom_config: "shape", [height, width] in pixels, to which every image is resized.
    """
    height, width = custom_config["shape"]

    def decode(png: tf.Tensor) -> tf.Tensor:
        image = tf.io.decode_image(png, channels=1, expand_animations=False)
        image = tf.image.resize(tf.cast(image, tf.float32) / 255, (height, width))
        return tf.ensure_shape(image[:, :, 0], (height, width))

    images = tf.map_fn(
        decode, tf.reshape(_dense(inputs[IMAGE]), [-1]), fn_output_signature=tf.float32
    )
    return {
        IMAGE_XF: tf.ensure_shape(images, (None, height, width)),
        LABEL_XF: tf.reshape(_dense(inputs[LABEL]), [-1]),
    }


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
