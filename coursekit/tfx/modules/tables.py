"""Tables: numbers and words in columns, one of which is the label, classified by a perceptron."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner
import tensorflow_transform as tft
from keras import layers

from coursekit.tfx.modules.training import Shapes, Task
from coursekit.tfx.quiet import tf, tfx

LABEL_XF = "label_xf"
WORDS = 10  # only a column's 10 most frequent words get their own features


def preprocessing_fn(inputs: dict[str, Any], custom_config: dict[str, Any]) -> dict[str, Any]:
    """Numbers become z-scores, words one-hot; missing values become zeros.

    custom_config: "label", the label's column; its words become 0, 1, ... by their frequency.
    """
    outputs = {}
    for number, (name, column) in enumerate(sorted(inputs.items())):
        if name == custom_config["label"]:
            words = column if column.dtype == tf.string else _each(tf.strings.as_string, column)
            label = tft.compute_and_apply_vocabulary(words, vocab_filename=LABEL_XF)
            outputs[LABEL_XF] = _dense(label, tf.constant(-1, tf.int64))
        elif column.dtype == tf.string:
            file = f"words_of_column_{number}"  # TFT makes one file name of "a b" and "a:b"
            index = tft.compute_and_apply_vocabulary(column, top_k=WORDS, vocab_filename=file)
            outputs[f"{name}_xf"] = tf.one_hot(_dense(index, tf.constant(-1, tf.int64)), WORDS)
        else:
            scores = tft.scale_to_z_score(_each(lambda x: tf.cast(x, tf.float32), column))
            outputs[f"{name}_xf"] = _dense(scores, tf.constant(0.0))
    return outputs


def _each(function: Any, column: Any) -> Any:
    if isinstance(column, tf.SparseTensor):
        return column.with_values(function(column.values))
    return function(column)


def _dense(column: Any, missing: tf.Tensor) -> tf.Tensor:
    """One value for each example, shape (examples,)."""
    if isinstance(column, tf.SparseTensor):
        rows = column.dense_shape[0]
        column = tf.sparse.to_dense(tf.sparse.reset_shape(column, [rows, 1]), missing)
    return tf.reshape(column, [-1])


def build(hp: keras_tuner.HyperParameters, shapes: Shapes, classes: int) -> keras.Model:
    """One or two hidden layers over all columns, concatenated."""
    columns = {name: keras.Input(shape, name=name) for name, shape in sorted(shapes.items())}
    x = layers.Concatenate()(
        [each if len(each.shape) > 1 else layers.Reshape((1,))(each) for each in columns.values()]
    )
    for _ in range(hp.Int("layers", 1, 2)):
        x = layers.Dense(hp.Int("units", 4, 64, sampling="log"), activation="relu")(x)
    model = keras.Model(columns, layers.Dense(classes, activation="softmax")(x))
    model.compile(
        keras.optimizers.Adam(hp.Float("learning_rate", 1e-3, 1e-1, sampling="log")),
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
    task.save(task.fit(build), task.settings["label"])
