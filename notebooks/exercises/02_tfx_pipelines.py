"""What the checks of lab 02 ask, and how they judge."""

from __future__ import annotations

import math
from typing import Any

from coursekit.labs.exercises import Exercise, Finding

# Functions that every planted mistake is a variation of.
TIGHTEN = """
def tighten(schema, classes):
    tfdv.set_domain(schema, "label", schema_pb2.IntDomain(min=0, max=classes - 1))
    return schema
"""

EPOCHS = """
def epochs_for(steps, examples, batch_size):
    steps_per_epoch = -(-examples // batch_size)
    return max(1, round(steps / steps_per_epoch))
"""

TUNER = """
def tuner_fn(arguments):
    task = Task(arguments, images.LABEL_XF)
    tuner = Random(
        lambda hp: images.build(hp, task.shapes, task.classes),
        objective="val_accuracy",
        max_trials=task.settings["trials"],
        seed=task.settings["seed"],
        directory=arguments.working_dir,
    )
    fitting = {"x": task.train, "validation_data": task.validation, "epochs": task.epochs}
    return tfx.components.TunerFnResult(tuner=tuner, fit_kwargs=fitting)
"""

FIT = """
def fit(model, task):
    stop = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    fitting = {"validation_data": task.validation, "callbacks": [stop], "verbose": 0}
    model.fit(task.train, epochs=task.epochs, **fitting)
"""

ANSWER = """
def answer(served, pictures):
    asked = tf.constant([example(picture) for picture in pictures])
    probabilities = served.signatures["serving_default"](examples=asked)["probabilities"]
    return np.argmax(probabilities, axis=1).tolist()
"""

CAME_FROM = """
def came_from(artifact, written_by, reads):
    behind, waiting = set(), [artifact]
    while waiting:
        execution = written_by.get(waiting.pop())
        if execution is not None and execution not in behind:
            behind.add(execution)
            waiting += reads[execution]
    return sorted(behind)
"""


class Tighten(Exercise):
    """What you know about the label"""

    key = "2.1"
    answer = "tighten"
    returns = dict
    call = "tighten(schema, {0}): the range of label, and what else has changed"
    cases = [(10,)]
    hidden = [(3,), (100,)]
    hints = (
        "With ten classes the labels are 0 to 9.",
        '`tfdv.set_domain(schema, "label", schema_pb2.IntDomain(min=0, max=classes - 1))`',
        "`set_domain` changes the schema that it is given; return that one.",
    )
    mistakes = {
        "takes the number of classes for the last label": TIGHTEN.replace("classes - 1", "classes"),
        "counts labels from one": TIGHTEN.replace("min=0, max=classes - 1", "min=1, max=classes"),
        "leaves the lower end open": TIGHTEN.replace("min=0, ", ""),
        "drops the image": TIGHTEN.replace("    return", "    del schema.feature[0]\n    return"),
        "returns nothing": TIGHTEN.replace("    return schema\n", ""),
    }

    @staticmethod
    def probe(tighten: Any, classes: int) -> Any:
        from google.protobuf import text_format
        from tensorflow_metadata.proto.v0 import schema_pb2

        text = """
            feature { name: "image" type: BYTES presence { min_fraction: 1 min_count: 1 }
                      shape { dim { size: 1 } } }
            feature { name: "label" type: INT presence { min_fraction: 1 min_count: 1 }
                      shape { dim { size: 1 } } }
        """
        before = text_format.Parse(text, schema_pb2.Schema())
        after = tighten(text_format.Parse(text, schema_pb2.Schema()), classes)
        if not isinstance(after, schema_pb2.Schema):
            return after if after is None else {"returned": type(after).__name__}
        label = next((each for each in after.feature if each.name == "label"), None)
        low = high = None
        if label is not None and label.HasField("int_domain"):
            domain = label.int_domain
            low = domain.min if domain.HasField("min") else None
            high = domain.max if domain.HasField("max") else None
            label.ClearField("int_domain")
        return {"min": low, "max": high, "the rest is as before": after == before}

    @staticmethod
    def judge(received: dict[str, Any], classes: int) -> Finding | None:
        expected = {"min": 0, "max": classes - 1, "the rest is as before": True}
        if received == expected:
            return None
        if "returned" in received:
            kind = received["returned"]
            return Finding("a Schema", "Return the schema itself, changed.", kind)
        if not received["the rest is as before"]:
            return Finding(expected, "Only the range of `label` should change.")
        if received["max"] == classes:
            return Finding(
                expected,
                f"With {classes} classes the last label is {classes - 1}: labels begin at 0.",
            )
        if received["min"] is None or received["max"] is None:
            return Finding(expected, "The range of `label` is open at one end, or at both.")
        return Finding(expected, "That range is not 0 to `classes` - 1.")


class EpochsFor(Exercise):
    """Steps and epochs"""

    key = "2.2"
    answer = "epochs_for"
    returns = int
    cases = [(500, 3000, 32), (530, 3000, 32), (20, 3000, 32), (160, 100, 32)]
    hidden = [(376, 3000, 32), (1, 10, 100), (90, 96, 32), (33, 100, 16)]
    hints = (
        "100 examples in batches of 32 are four steps: 32, 32, 32 and 4.",
        "`-(-examples // batch_size)` divides and rounds up (`math.ceil` does it, too).",
        "`round(steps / steps_per_epoch)`, and `max(1, ...)` around it.",
    )
    mistakes = {
        "forgets the last, smaller batch": EPOCHS.replace(
            "-(-examples // batch_size)", "examples // batch_size"
        ),
        "rounds down": EPOCHS.replace("round(steps / steps_per_epoch)", "steps // steps_per_epoch"),
        "rounds up": EPOCHS.replace(
            "round(steps / steps_per_epoch)", "-(-steps // steps_per_epoch)"
        ),
        "may train not at all": EPOCHS.replace(
            "max(1, round(steps / steps_per_epoch))", "round(steps / steps_per_epoch)"
        ),
        "takes a step for an example": EPOCHS.replace(
            "steps / steps_per_epoch", "steps / examples"
        ),
    }

    @staticmethod
    def judge(received: int, steps: int, examples: int, batch_size: int) -> Finding | None:
        an_epoch = math.ceil(examples / batch_size)
        exact = steps / an_epoch
        expected = max(1, round(exact))
        if received == expected:
            return None
        if received < 1:
            return Finding(expected, "At least one epoch: a model that is not trained is none.")
        told = f"An epoch has {an_epoch} steps here, so {steps} steps are {exact:.2f} epochs"
        if received in (math.floor(exact), math.ceil(exact)):
            return Finding(expected, f"{told}; the closest whole number is asked for.")
        if examples % batch_size and received == max(1, round(steps / (examples // batch_size))):
            return Finding(expected, f"{told}: the last, smaller batch is a step as well.")
        return Finding(expected, f"{told}.")


class TunerFunction(Exercise):
    """The function that the Tuner calls"""

    key = "2.3"
    answer = "tuner_fn"
    points = 3
    returns = dict
    seconds = 30
    call = "tuner_fn with {0} trials, seed {1}, {2} steps, 64 training and 24 validation images"
    cases = [(5, 3, 7)]
    hidden = [(2, 11, 4), (3, 1, 1)]
    hints = (
        "Begin with `task = Task(arguments, images.LABEL_XF)`.",
        "`Random(lambda hp: images.build(hp, task.shapes, task.classes), ...)`, with "
        '`max_trials=task.settings["trials"]`.',
        '`fit_kwargs={"x": task.train, "validation_data": task.validation, '
        '"epochs": task.epochs, "verbose": 0}`',
    )
    mistakes = {
        "takes steps for epochs": TUNER.replace("task.epochs", "arguments.train_steps"),
        "validates on what it trains on": TUNER.replace("task.validation", "task.train"),
        "validates not at all": TUNER.replace('"validation_data": task.validation, ', ""),
        "leaves the number of trials to Keras Tuner": TUNER.replace(
            '        max_trials=task.settings["trials"],\n', ""
        ),
        "leaves the seed to chance": TUNER.replace('        seed=task.settings["seed"],\n', ""),
        "searches in the working folder of the notebook": TUNER.replace(
            "        directory=arguments.working_dir,\n", '        directory="search",\n'
        ),
        "chooses by the training accuracy": TUNER.replace('"val_accuracy"', '"accuracy"'),
        "returns the tuner alone": TUNER.replace(
            "tfx.components.TunerFnResult(tuner=tuner, fit_kwargs=fitting)", "tuner"
        ),
    }

    @staticmethod
    def probe(tuner_fn: Any, trials: int, seed: int, steps: int) -> Any:
        import tempfile
        from pathlib import Path

        import keras_tuner
        import tensorflow as tf
        from tfx import v1 as tfx

        from coursekit.tuners import Random

        schema = """
            feature { name: "image_xf" type: FLOAT presence { min_fraction: 1 }
                      shape { dim { size: 28 } dim { size: 28 } } }
            feature { name: "label_xf" type: INT presence { min_fraction: 1 }
                      shape { dim { size: 1 } } }
        """

        def record(label: int) -> bytes:
            features = {
                "image_xf": tf.train.Feature(
                    float_list=tf.train.FloatList(value=[label / 10] * 784)
                ),
                "label_xf": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
            }
            whole = tf.train.Example(features=tf.train.Features(feature=features))
            return whole.SerializeToString()

        def seen(data: Any) -> int:
            return sum(len(y) for _, y in data) if data is not None else 0

        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "graph" / "transformed_metadata").mkdir(parents=True)
            (folder / "graph" / "transformed_metadata" / "schema.pbtxt").write_text(schema)
            for split, count in (("train", 64), ("eval", 24)):
                with tf.io.TFRecordWriter(str(folder / f"{split}.gz"), "GZIP") as writer:
                    for number in range(count):
                        writer.write(record(number % 10))
            result = tuner_fn(
                tfx.components.FnArgs(
                    working_dir=str(folder / "work"),
                    train_files=[str(folder / "train.gz")],
                    eval_files=[str(folder / "eval.gz")],
                    train_steps=steps,
                    eval_steps=None,
                    transform_graph_path=str(folder / "graph"),
                    custom_config={
                        "classes": 10, "shape": [28, 28], "trials": trials, "seed": seed,
                        "strategy": "random",
                    },
                )
            )  # fmt: skip
            if result is None:
                return None
            if not isinstance(result, tfx.components.TunerFnResult):
                return {"returned": type(result).__name__}
            tuner, fitting = result.tuner, result.fit_kwargs
            oracle = tuner.oracle
            below = Path(tuner.project_dir).is_relative_to(folder / "work")
            return {
                "returned": "TunerFnResult",
                "random search": isinstance(tuner, Random | keras_tuner.RandomSearch),
                "objective": oracle.objective.name,
                "trials": oracle.max_trials,
                "seed": oracle.seed,
                "asks for": sorted(hp.name for hp in oracle.get_space().space),
                "below working_dir": below,
                "epochs": fitting.get("epochs"),
                "training images": seen(fitting.get("x")),
                "validation images": seen(fitting.get("validation_data")),
            }

    @staticmethod
    def judge(received: dict[str, Any], trials: int, seed: int, steps: int) -> Finding | None:
        expected = {
            "returned": "TunerFnResult",
            "random search": True,
            "objective": "val_accuracy",
            "trials": trials,
            "seed": seed,
            "asks for": ["learning_rate", "units"],
            "below working_dir": True,
            "epochs": max(1, round(steps / 2)),
            "training images": 64,
            "validation images": 24,
        }
        reasons = {
            "returned": "Return a `tfx.components.TunerFnResult`.",
            "random search": "The tuner should be a `Random`, or a `kt.RandomSearch`.",
            "objective": 'The objective is `"val_accuracy"`: choose on images not trained on.',
            "trials": "The number of trials is in `task.settings`.",
            "seed": "The seed is in `task.settings`.",
            "asks for": "The hypermodel is `images.build`, with the task's shapes and classes.",
            "below working_dir": "Search in `arguments.working_dir`, which is new each time: "
            "elsewhere the next search finds the finished trials of this one.",
            "epochs": "Steps are no epochs: `task.epochs` has turned them round.",
            "training images": "`x` should be `task.train`.",
            "validation images": "`validation_data` should be `task.validation`, of the eval split.",
        }
        for name, reason in reasons.items():
            if received.get(name) != expected[name]:
                came = {name: received.get(name)}
                return Finding({name: expected[name]}, reason, str(came))
        return None


class OneEpoch(Exercise):
    """Find the bug: a Trainer of one epoch"""

    key = "2.4"
    answer = "fit"
    points = 2
    returns = dict
    seconds = 60
    call = "fit(model, task) with {0} epochs of 8 steps, {1} validation labels"
    cases = [(3, "right"), (60, "wrong")]
    hidden = [(2, "right"), (50, "wrong")]
    hints = (
        "What does Keras take for an epoch if `steps_per_epoch` is given? And how many of them does "
        "`fit` train unless told?",
        "Data that ends needs no `steps_per_epoch`: an epoch is once through.",
        "`model.fit(task.train, epochs=task.epochs, **fitting)`",
    )
    mistakes = {
        "counts steps as epochs": FIT.replace("task.epochs", "task.arguments.train_steps"),
        "as many epochs, each of all steps": FIT.replace(
            "task.train,", "task.train.repeat(), steps_per_epoch=task.arguments.train_steps,"
        ),
        "repeats the data without an end": FIT.replace("task.train,", "task.train.repeat(),"),
        "keeps the last weights": FIT.replace(", restore_best_weights=True", ""),
        "does not stop early": FIT.replace('"callbacks": [stop], ', ""),
        "watches the training loss": FIT.replace(
            "EarlyStopping(", 'EarlyStopping(monitor="loss", '
        ),
        "is patient for five epochs": FIT.replace("patience=2", "patience=5"),
    }

    @staticmethod
    def probe(fit: Any, epochs: int, labels: str) -> Any:
        from types import SimpleNamespace

        import keras
        import numpy as np
        import tensorflow as tf

        rng = np.random.default_rng(0)
        x = rng.normal(size=(96, 8)).astype("float32")
        y = (x[:, 0] > 0).astype("int64")
        held = y[64:] if labels == "right" else 1 - y[64:]  # then learning makes it worse
        task = SimpleNamespace(
            train=tf.data.Dataset.from_tensor_slices((x[:64], y[:64])).batch(8),
            validation=tf.data.Dataset.from_tensor_slices((x[64:], held)).batch(8),
            epochs=epochs,
            arguments=SimpleNamespace(train_steps=8 * epochs, eval_steps=None),
        )
        keras.utils.set_random_seed(0)

        class Watched(keras.Sequential):
            """Tells at once what Keras itself would try for ever."""

            def fit(self, x: Any = None, *args: Any, **given: Any) -> Any:
                endless = getattr(x, "cardinality", int)() == tf.data.INFINITE_CARDINALITY
                if endless and given.get("steps_per_epoch") is None:
                    raise ValueError(
                        "the first epoch would never end, since repeat() makes data without an end "
                        "and nothing says how many steps an epoch has"
                    )
                return super().fit(x, *args, **given)

        model = Watched([keras.Input((8,)), keras.layers.Dense(2, "softmax")])
        model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
        fit(model, task)
        losses = model.history.history.get("val_loss", [])
        now = model.evaluate(task.validation, verbose=0)
        return {
            "epochs": len(model.history.epoch),
            "validations": len(losses),
            "steps": int(model.optimizer.iterations.numpy()),
            "best epoch": int(np.argmin(losses)) + 1 if losses else 0,
            "weights of the best epoch": bool(losses) and bool(np.isclose(now, min(losses))),
        }

    @staticmethod
    def judge(received: dict[str, Any], epochs: int, labels: str) -> Finding | None:
        trained, best = received["epochs"], received["best epoch"]
        came = f"{trained} epochs"
        if received["validations"] != trained:
            reason = "Nothing is validated after an epoch."
            return Finding("a validation after each epoch", reason, came + " without one")
        if trained and received["steps"] != 8 * trained:
            each = received["steps"] // trained
            return Finding(
                "8 steps an epoch",
                f"An epoch takes {each} steps, but once through the data are 8.",
                f"{each} steps an epoch",
            )
        if labels == "right" and trained != epochs:
            reason = f"`task.epochs` is {epochs}, and it still learns."
            return Finding(f"{epochs} epochs", reason, came)
        if labels == "wrong" and trained != best + 2:
            reason = (
                f"The validation loss was lowest after epoch {best}, and {trained} were trained."
            )
            return Finding(f"{best + 2} epochs", reason, came)
        if not received["weights of the best epoch"]:
            reason = (
                "The weights are those of another epoch. Are the best ones restored, and is it "
                "`task.validation` that tells which are the best?"
            )
            return Finding(f"the weights after epoch {best}", reason, "other weights")
        return None


class AnswerPictures(Exercise):
    """From PNG bytes to a digit"""

    key = "2.5"
    answer = "answer"
    points = 2
    returns = list
    seconds = 30
    call = "answer(served, pictures) for pictures of the classes {0}"
    cases = [([3, 0, 9, 3],), ([5],)]
    hidden = [([7, 7, 1],), ([2, 4, 6, 8, 0, 1, 3, 5, 7, 9, 9, 0],)]
    hints = (
        "`tf.constant([example(picture) for picture in pictures])` is what is asked.",
        '`served.signatures["serving_default"](examples=asked)["probabilities"]`',
        "`np.argmax(probabilities, axis=1)` runs along the classes; `.tolist()` makes whole "
        "numbers of it.",
    )
    mistakes = {
        "looks for the best picture of each class": ANSWER.replace("axis=1", "axis=0"),
        "returns how sure it is": ANSWER.replace("np.argmax", "np.max"),
        "answers for the first picture only": ANSWER.replace("in pictures]", "in pictures[:1]]"),
        "takes the least probable": ANSWER.replace("argmax", "argmin"),
        "sends bare PNGs": ANSWER.replace("[example(picture) for picture in pictures]", "pictures"),
        "returns probabilities": ANSWER.replace(
            "np.argmax(probabilities, axis=1).tolist()", "probabilities.numpy().tolist()"
        ),
    }

    @staticmethod
    def probe(answer: Any, classes: list[int]) -> Any:
        import tempfile

        import numpy as np
        import tensorflow as tf

        class Brightness(tf.Module):
            """Class 0 is black, class 9 white."""

            @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
            def probabilities(self, examples: Any) -> Any:
                wanted = {"image": tf.io.FixedLenFeature([], tf.string)}
                pictures = tf.io.parse_example(examples, wanted)["image"]
                grey = tf.map_fn(
                    lambda each: tf.reduce_mean(tf.cast(tf.io.decode_png(each, 1), tf.float32)),
                    pictures,
                    fn_output_signature=tf.float32,
                )
                distance = grey[:, None] * 9 / 255 - tf.range(10.0)[None, :]
                return {"probabilities": tf.nn.softmax(-(distance**2))}

        module = Brightness()
        with tempfile.TemporaryDirectory() as folder:
            signatures = {"serving_default": module.probabilities}
            tf.saved_model.save(module, folder, signatures=signatures)
            served = tf.saved_model.load(folder)
        pictures = [
            tf.io.encode_png(np.full((4, 4, 1), round(255 * each / 9), np.uint8)).numpy()
            for each in classes
        ]
        return answer(served, pictures)

    @staticmethod
    def judge(received: list[Any], classes: list[int]) -> Finding | None:
        if received == classes:
            return None
        if len(received) == 10 != len(classes):
            return Finding(classes, "Ten answers, one for each class: look along the other axis.")
        if len(received) != len(classes):
            return Finding(classes, f"{len(classes)} pictures need {len(classes)} answers.")
        if any(isinstance(each, list) for each in received):
            return Finding(classes, "These are all probabilities: which digit has the highest?")
        if any(isinstance(each, float) for each in received):
            return Finding(classes, "That is how probable it is; *which* digit is asked for.")
        return Finding(classes, "Another digit has the highest probability.")


class CameFrom(Exercise):
    """Backwards"""

    WRITTEN = {1: 10, 2: 11, 3: 12, 4: 12, 5: 13, 6: 14, 7: 15}
    READS = {10: [], 11: [1], 12: [1, 2], 13: [3], 14: [4, 99], 15: [6, 2]}

    key = "2.6"
    answer = "came_from"
    points = 2
    returns = list
    cases = [(7, WRITTEN, READS), (5, WRITTEN, READS)]
    hidden = [
        (1, WRITTEN, READS),
        (99, WRITTEN, READS),
        (4, {1: 3, 2: 2, 3: 1, 4: 0}, {3: [], 2: [1], 1: [2, 1], 0: [3, 2]}),
    ]
    hints = (
        "The execution that wrote the artifact is the first; what *that* read leads further back.",
        "Keep two things: a set of executions found, and a list of artifacts still to be looked up.",
        "`written_by.get(artifact)` is None for an artifact from outside; 0 is an execution, too.",
    )
    mistakes = {
        "goes back one step only": """
def came_from(artifact, written_by, reads):
    return [written_by[artifact]]
""",
        "takes whatever ran before": """
def came_from(artifact, written_by, reads):
    return [execution for execution in sorted(reads) if execution <= written_by[artifact]]
""",
        "gives the artifacts": """
def came_from(artifact, written_by, reads):
    behind, waiting = set(), [artifact]
    while waiting:
        now = waiting.pop()
        if now in written_by and now not in behind:
            behind.add(now)
            waiting += reads[written_by[now]]
    return sorted(behind)
""",
        "follows the first input only": CAME_FROM.replace(
            "reads[execution]", "reads[execution][:1]"
        ),
        "counts some of them twice": """
def came_from(artifact, written_by, reads):
    if artifact not in written_by:
        return []
    execution = written_by[artifact]
    further = [came_from(each, written_by, reads) for each in reads[execution]]
    return sorted([execution, *(each for one in further for each in one)])
""",
        "stumbles over artifacts from outside": CAME_FROM.replace(
            "written_by.get(waiting.pop())", "written_by[waiting.pop()]"
        ),
    }

    @staticmethod
    def judge(
        received: list[int], artifact: int, written_by: dict[int, int], reads: dict[int, list[int]]
    ) -> Finding | None:
        behind: set[int] = set()
        waiting = [artifact]
        while waiting:
            execution = written_by.get(waiting.pop())
            if execution is not None and execution not in behind:
                behind.add(execution)
                waiting += reads[execution]
        expected = sorted(behind)
        if received == expected:
            return None
        if missing := sorted(behind - set(received)):
            return Finding(
                expected, f"Execution {missing[0]} is missing: it wrote what a later one read."
            )
        if extra := sorted(set(received) - behind):
            return Finding(
                expected,
                f"{extra[0]} is too much: nothing leads from there to artifact {artifact}.",
            )
        return Finding(expected, "Each execution once, the smallest number first.")
