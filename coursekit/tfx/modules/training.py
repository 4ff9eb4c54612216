"""The common part of both tasks' module functions: reading, searching, training, serving.

TFX calls three functions by their import paths: `preprocessing_fn` (Transform), `tuner_fn` (Tuner)
and `run_fn` (Trainer). The last two get `FnArgs`; the module decides what `train_steps` means. Here
they are optimizer steps, converted to whole epochs over finite data (`epochs`), so that every epoch
ends with a validation and early stopping can act.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import tensorflow_transform as tft

from coursekit.tfx.plan import remote
from coursekit.tfx.quiet import tf, tfx
from coursekit.tfx.searching import EpochReport, ReportEpochs, make_tuner

BATCH_SIZE = 32
SMALL = 1 << 28  # most bytes of transformed examples that are kept in memory, decoded
HISTORY = "history.json"
Shapes = dict[str, tuple[int, ...]]
# Makes a compiled model from hyperparameters, the shape of each feature, and the number of classes.
Build = Callable[[keras_tuner.HyperParameters, Shapes, int], keras.Model]


def batches(
    patterns: list[str], transformed: tft.TFTransformOutput, label: str, *, shuffle: bool
) -> tuple[tf.data.Dataset, int]:
    """One pass over transformed examples in batches of (features, label), and their number.

    patterns: of the TFRecord files of a split. label: the transformed label's name. shuffle: in
    every epoch, in an order that Python's global generator gives, from which Keras draws as well:
    what seeds a training seeds its order, whatever was trained before in this process.
    Raises ValueError if no file matches, or if the files hold no example.
    """
    files = sorted(path for pattern in patterns for path in tf.io.gfile.glob(pattern))
    records = tf.data.TFRecordDataset(files, compression_type="GZIP")
    count = int(records.reduce(0, lambda total, _: total + 1)) if files else 0
    if not count:
        raise ValueError(f"{', '.join(patterns)}: no examples; is that split of ExampleGen empty?")
    features = transformed.transformed_feature_spec()

    def parse(batch: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        parsed = tf.io.parse_example(batch, features)
        return parsed, parsed.pop(label)

    data = records.batch(1024).map(parse, num_parallel_calls=tf.data.AUTOTUNE).unbatch()
    if sum(tf.io.gfile.stat(path).length for path in files) < SMALL:
        data = data.cache()
    if shuffle:
        data = _shuffled(data, min(count, 10_000))
    known = tf.data.experimental.assert_cardinality(math.ceil(count / BATCH_SIZE))
    return data.batch(BATCH_SIZE).apply(known).prefetch(tf.data.AUTOTUNE), count


def _shuffled(data: tf.data.Dataset, buffer: int) -> tf.data.Dataset:
    def in_order(seed: tf.Tensor) -> tf.data.Dataset:
        tf.random.set_seed(1)  # of this graph alone, in which the order depends on `seed` alone
        return data.shuffle(buffer, seed=seed)

    drawn = tf.data.Dataset.from_generator(  # once an epoch
        lambda: [random.getrandbits(31)], output_signature=tf.TensorSpec((), tf.int64)
    )
    return drawn.flat_map(in_order)


def epochs(steps: int | None, examples: int) -> int:
    """The number of whole epochs that is closest to `steps`, at least one.

    steps: of the optimizer, one for each batch; None (no `num_steps`) is one epoch.
    """
    return max(1, round((steps or 0) / math.ceil(examples / BATCH_SIZE)))


class Task:
    """One task's data, for the Tuner and the Trainer.

    arguments: TFX's, of a module function. label: the transformed label's name.
    """

    def __init__(self, arguments: tfx.components.FnArgs, label: str) -> None:
        self.arguments, self.label = arguments, label
        self.settings: dict[str, Any] = arguments.custom_config or {}
        self.transformed = tft.TFTransformOutput(arguments.transform_graph_path)
        self.train, examples = batches(arguments.train_files, self.transformed, label, shuffle=True)
        self.validation, _ = batches(arguments.eval_files, self.transformed, label, shuffle=False)
        self.epochs = epochs(arguments.train_steps, examples)
        features = self.transformed.transformed_feature_spec()
        del features[label]
        self.shapes: Shapes = {name: tuple(spec.shape) for name, spec in features.items()}
        self.classes = int(self.settings.get("classes") or self._vocabulary())

    def _vocabulary(self) -> int:
        return int(self.transformed.vocabulary_size_by_name(self.label))

    @cached_property
    def directory(self) -> str:
        """A folder on this machine for the search's journal, for a tuner's `directory`.

        "searches" in `custom_config` is the parent of such folders, one for each combination of
        data and settings, so that a killed search resumes. Without it, this is the component's own
        `working_dir` or, if that is an address (on a cluster), a new folder on the container's
        disk; a later run finds neither.
        """
        if searches := self.settings.get("searches"):
            what = json.dumps([self.settings, self.arguments.train_files, self.epochs])
            return str(Path(searches) / hashlib.sha256(what.encode()).hexdigest()[:12])
        here = str(self.arguments.working_dir)
        return tempfile.mkdtemp() if remote(here) else here

    def search(self, build: Build) -> tfx.components.TunerFnResult:
        """The result of `tuner_fn`: the tuner that `custom_config` describes, and its arguments.

        custom_config: "strategy", "options", "trials" and "seed" as in `make_tuner`, and "searches"
        as in `directory`. TensorBoard's logs of the trials, with their hyperparameters, are in
        `logs` in that folder.

        Seed and trial number seed each training, so that a trial of a resumed search scores as in
        an uninterrupted one: on one machine, on its CPU, with as many threads. On a GPU, and
        elsewhere, sums are added in another order, and scores may differ from the last digits on.
        """
        tuner = make_tuner(
            self.settings.get("strategy", "random"),
            lambda hp: build(hp, self.shapes, self.classes),
            trials=self.settings.get("trials", 10),
            epochs=self.epochs,
            seed=self.settings.get("seed", 0),
            options=self.settings.get("options"),
            directory=self.directory,
        )
        stop = keras.callbacks.EarlyStopping("val_loss", patience=3)
        board = keras.callbacks.TensorBoard(f"{self.directory}/logs", write_graph=False)
        return tfx.components.TunerFnResult(
            tuner=tuner,
            fit_kwargs={
                "x": self.train,
                "validation_data": self.validation,
                "epochs": self.epochs,
                "callbacks": [stop, board, ReportEpochs(tuner)],
                "verbose": 0,
            },
        )

    def fit(self, build: Build) -> keras.Model:
        """Train the model of the given hyperparameters, or of their defaults.

        `train_steps` set the most epochs. Training ends five epochs after the lowest validation
        loss, with the weights of that epoch. TensorBoard's logs are in `model_run_dir`.
        """
        keras.utils.set_random_seed(self.settings.get("seed", 0))
        given = self.arguments.hyperparameters
        hp = keras_tuner.HyperParameters.from_config(given) if given else None
        model = build(hp or keras_tuner.HyperParameters(), self.shapes, self.classes)
        stop = keras.callbacks.EarlyStopping("val_loss", patience=5, restore_best_weights=True)
        board = keras.callbacks.TensorBoard(self.arguments.model_run_dir, write_graph=False)
        model.fit(
            self.train,
            validation_data=self.validation,
            epochs=self.epochs,
            callbacks=[stop, board, EpochReport(self.epochs)],
            verbose=0,
        )
        return model

    def save(self, model: keras.Model, raw_label: str) -> None:
        """Write a SavedModel that takes raw, serialized examples to `serving_model_dir`.

        Its signatures: `serving_default` (examples -> probabilities, shape (examples, classes))
        and `transform_features` (examples -> transformed features and label), for the Evaluator.
        The metrics of each epoch go to `history.json` in `model_run_dir`.
        An example to predict needs only what `preprocessing_fn` uses, and no label.
        Raises ValueError for a model that was not trained, and for a label that is not among the
        raw features.
        """
        if model.history is None:
            raise ValueError("this model was never trained: call fit before save")
        # Not pathlib: on a cluster this is an address.
        tf.io.gfile.makedirs(self.arguments.model_run_dir)
        with tf.io.gfile.GFile(f"{self.arguments.model_run_dir}/{HISTORY}", "w") as file:
            file.write(json.dumps(model.history.history))
        served = Served(model, self.transformed, raw_label)
        tf.saved_model.save(
            served,
            self.arguments.serving_model_dir,
            signatures={
                "serving_default": served.probabilities,
                "transform_features": served.features,
            },
        )


class Served(tf.Module):
    """A model with the transformation of raw examples that it was trained on.

    Without TFT's layer, which is a Keras 2 model, and without autograph: saving both takes ten
    times as long.
    """

    def __init__(self, model: keras.Model, transformed: tft.TFTransformOutput, label: str) -> None:
        super().__init__()
        self.model = model
        self.loaded = tf.saved_model.load(transformed.transform_savedmodel_dir)
        transform = self.loaded.transform_fn
        transform = getattr(transform, "concrete_functions", [transform])[0]
        raw = transformed.raw_feature_spec()
        if label not in raw:
            raise ValueError(f"{label!r} is not among the raw features: {', '.join(sorted(raw))}")
        # Also what no training reads, such as the name of an image's file.
        unlabelled = {name: _optional(feature) for name, feature in raw.items()}
        examples = tf.TensorSpec([None], tf.string, name="examples")

        def features_of(examples: tf.Tensor, specification: dict[str, Any]) -> dict[str, tf.Tensor]:
            parsed = tf.io.parse_example(examples, specification)
            return dict(transform(*tf.nest.flatten(parsed, expand_composites=True)))

        @tf.function(input_signature=[examples], autograph=False)
        def probabilities(examples: tf.Tensor) -> dict[str, tf.Tensor]:
            features = features_of(examples, unlabelled)
            wanted = {name: features[name] for name in model.input}
            return {"probabilities": model(wanted, training=False)}

        @tf.function(input_signature=[examples], autograph=False)
        def features(examples: tf.Tensor) -> dict[str, tf.Tensor]:
            return features_of(examples, raw)

        self.probabilities, self.features = probabilities, features


def _optional(feature: Any) -> Any:
    """The same feature, with a default of zero (or empty) for examples that lack it."""
    if not isinstance(feature, tf.io.FixedLenFeature):
        return feature
    zero = tf.zeros(feature.shape, feature.dtype)
    return tf.io.FixedLenFeature(feature.shape, feature.dtype, zero)
