"""What the checks of lab 02 ask."""

from coursekit.labs.exercises import Exercise, Mistake

WRITTEN = {1: 10, 2: 11, 3: 12, 4: 12, 5: 13, 6: 14, 7: 15}
READS = {10: [], 11: [1], 12: [1, 2], 13: [3], 14: [4, 99], 15: [6, 2]}
IN_A_CIRCLE = {1: 3, 2: 2, 3: 1, 4: 0}, {3: [], 2: [1], 1: [2, 1], 0: [3, 2]}


class Tighten(Exercise):
    """What you know about the label"""

    key = "2.1"
    call = "tighten(schema, {0}): the range of label, and whether the rest is as before"
    cases = [(10,)]
    hidden = [(3,), (100,)]
    hints = (
        "With ten classes the labels are 0 to 9.",
        '`tfdv.set_domain(schema, "label", schema_pb2.IntDomain(min=0, max=classes - 1))`',
        "`set_domain` changes the schema that it is given; return that one.",
    )
    mistakes = (
        Mistake("classes - 1", "classes",
                "The last label is one less than the number of classes: labels begin at 0."),
        Mistake("min=0, max=classes - 1", "min=1, max=classes", "Labels begin at 0, not at 1."),
        Mistake("min=0, ", "", "The range is open at its lower end: say that labels begin at 0."),
        Mistake("    return", "    del schema.feature[0]\n    return",
                "The schema of the image has changed, too."),
        Mistake(code="""
            def tighten(schema, classes):
                return schema_pb2.IntDomain(min=0, max=classes - 1)
        """, reason="Return the schema itself, changed."),
    )  # fmt: skip
    reasons = {
        "returned": "Return the schema itself, changed.",
        "the rest is as before": "Only the range of `label` should change.",
    }
    otherwise = "The range of `label` is 0 to `classes` - 1."

    @staticmethod
    def probe(tighten, classes):
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
        low = high = None
        for label in after.feature:
            if label.name == "label" and label.HasField("int_domain"):
                low = label.int_domain.min if label.int_domain.HasField("min") else None
                high = label.int_domain.max if label.int_domain.HasField("max") else None
                label.ClearField("int_domain")
        same = after == before
        return {"returned": "Schema", "the rest is as before": same, "from": low, "to": high}


class EpochsFor(Exercise):
    """Steps and epochs"""

    key = "2.2"
    cases = {
        "the last, smaller batch is a step as well": (500, 3000, 32),
        "the closest whole number": (530, 3000, 32),
        "at least one": (20, 3000, 32),
        "small data": (160, 100, 32),
    }
    hidden = [(376, 3000, 32), (1, 10, 100), (90, 96, 32), (33, 100, 16)]
    hints = (
        "100 examples in batches of 32 are four steps: 32, 32, 32 and 4.",
        "`-(-examples // batch_size)` divides and rounds up (`math.ceil` does it, too).",
        "`round(steps / steps_per_epoch)`, and `max(1, ...)` around it.",
    )
    mistakes = (
        Mistake("-(-examples // batch_size)", "examples // batch_size",
                "The last, smaller batch of an epoch is a step as well: round up."),
        Mistake("round(steps / steps_per_epoch)", "steps // steps_per_epoch",
                "That rounds down; the closest whole number of epochs is asked for."),
        Mistake("round(steps / steps_per_epoch)", "-(-steps // steps_per_epoch)",
                "That rounds up; the closest whole number of epochs is asked for."),
        Mistake("max(1, round(steps / steps_per_epoch))", "round(steps / steps_per_epoch)",
                "At least one epoch: without any the model is not trained."),
        Mistake("steps / steps_per_epoch", "steps / examples",
                "A step is a batch, not an example."),
    )  # fmt: skip
    otherwise = "Divide the steps by the steps of an epoch, and round to the closest."


class TunerFunction(Exercise):
    """The function that the Tuner calls"""

    key = "2.3"
    points = 3
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
    mistakes = (
        Mistake("task.epochs", "arguments.train_steps",
                "Steps are not epochs: `task.epochs` has converted them."),
        Mistake("task.validation", "task.train",
                "`validation_data` is `task.validation`: data that is not trained on."),
        Mistake('"validation_data": task.validation, ', "",
                "Without `validation_data` there is no `val_accuracy` to choose by."),
        Mistake('        max_trials=task.settings["trials"],\n', "",
                "The number of trials is in `task.settings`."),
        Mistake('        seed=task.settings["seed"],\n', "", "The seed is in `task.settings`."),
        Mistake("directory=arguments.working_dir", 'directory="search"',
                "Search in `arguments.working_dir`, which is new each time: elsewhere the next "
                "search finds the finished trials of this one."),
        Mistake('"val_accuracy"', '"accuracy"',
                'The objective is `"val_accuracy"`: choose on images that are not trained on.'),
        Mistake("tfx.components.TunerFnResult(tuner=tuner, fit_kwargs=fitting)", "tuner",
                "Return a `tfx.components.TunerFnResult`, which holds the tuner."),
        Mistake('"epochs": task.epochs}', '"epochs": task.epochs, "steps_per_epoch": 1}',
                "`steps_per_epoch` cuts each epoch short: the data ends by itself."),
    )  # fmt: skip
    reasons = {
        "returned": "Return a `tfx.components.TunerFnResult`.",
        "random search": "The tuner should be a `Random`, or a `kt.RandomSearch`.",
        "objective": 'The objective is `"val_accuracy"`.',
        "trials": "The number of trials is in `task.settings`.",
        "seed": "The seed is in `task.settings`.",
        "asks for": "The hypermodel is `images.build`, with the task's shapes and classes.",
        "below working_dir": "Search in `arguments.working_dir`, which is new each time.",
        "epochs": "Steps are not epochs: `task.epochs` has converted them.",
        "training images": "`x` should be `task.train`.",
        "validation images": "`validation_data` should be `task.validation`, of the eval split.",
        "more in fit_kwargs": "`fit_kwargs` holds more than is asked for; the data ends by itself.",
    }

    @staticmethod
    def probe(tuner_fn, trials, seed, steps):
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

        def record(label):
            whole = tf.train.Example()
            whole.features.feature["image_xf"].float_list.value.extend([label / 10] * 784)
            whole.features.feature["label_xf"].int64_list.value.append(label)
            return whole.SerializeToString()

        def seen(data):
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
            known = {"x", "validation_data", "epochs", "verbose", "callbacks"}
            return {
                "returned": "TunerFnResult",
                "random search": isinstance(tuner, Random | keras_tuner.RandomSearch),
                "objective": oracle.objective.name,
                "trials": oracle.max_trials,
                "seed": oracle.seed,
                "asks for": sorted(hp.name for hp in oracle.get_space().space),
                "below working_dir": Path(tuner.project_dir).is_relative_to(folder / "work"),
                "epochs": fitting.get("epochs"),
                "training images": seen(fitting.get("x")),
                "validation images": seen(fitting.get("validation_data")),
                "more in fit_kwargs": sorted(fitting.keys() - known),
            }


class OneEpoch(Exercise):
    """Find the bug: a Trainer of one epoch"""

    key = "2.4"
    points = 2
    seconds = 60
    call = "fit(model, task) with {0} epochs of 2 steps, {1} validation labels"
    cases = {
        "as many epochs as `task.epochs` says, while it learns": (3, "right"),
        "it ends two epochs after the best validation loss": (20, "wrong"),
        "a loss that still falls does not end it": (9, "right"),
    }
    hidden = [(2, "right"), (16, "wrong")]
    hints = (
        "What does Keras take for an epoch if `steps_per_epoch` is given? And how many of them does "
        "`fit` train unless told?",
        "Data that ends needs no `steps_per_epoch`: an epoch is once through.",
        "`model.fit(task.train, epochs=task.epochs, **fitting)`",
    )
    mistakes = (
        Mistake("task.epochs", "task.arguments.train_steps",
                "These are steps; `task.epochs` says how many epochs to train at most."),
        Mistake("task.train,",
                "task.train.repeat(), steps_per_epoch=task.arguments.train_steps,",
                "Each of these epochs takes all steps: an epoch is once through the data."),
        Mistake("task.train,", "task.train.repeat(),",
                "`repeat()` makes data without an end, so the first epoch would never end."),
        Mistake(", restore_best_weights=True", "",
                "The weights are those of the last epoch: restore the best ones."),
        Mistake('"callbacks": [stop], ', "",
                "Nothing ends it while the validation loss rises: is the callback used, and does it "
                "watch `val_loss`?"),
        Mistake("EarlyStopping(", 'EarlyStopping(monitor="val_accuracy", ',
                "It watches the accuracy, which stands still while the validation loss falls."),
        Mistake("patience=2", "patience=5", "It waits for five epochs; two are asked for."),
    )  # fmt: skip
    reasons = {
        "validations": "Nothing is validated after an epoch.",
        "steps an epoch": "Once through the data are 2 steps, and an epoch takes another number.",
        "epochs": "`task.epochs` are the most, and training ends two epochs after the best "
        "validation loss.",
        "the best weights": "The weights are those of another epoch. Are the best ones restored, "
        "and does `task.validation` tell which are the best?",
    }

    @staticmethod
    def probe(fit, epochs, labels):
        from types import SimpleNamespace

        import keras
        import numpy as np
        import tensorflow as tf

        rng = np.random.default_rng(0)
        x = rng.normal(size=(96, 8)).astype("float32")
        y = (x[:, 0] > 0).astype("int64")
        held = y[64:] if labels == "right" else 1 - y[64:]  # then learning makes it worse
        task = SimpleNamespace(
            train=tf.data.Dataset.from_tensor_slices((x[:64], y[:64])).batch(32),
            validation=tf.data.Dataset.from_tensor_slices((x[64:], held)).batch(32),
            epochs=epochs,
            arguments=SimpleNamespace(train_steps=2 * epochs, eval_steps=None),
        )
        keras.utils.set_random_seed(0)

        class Watched(keras.Sequential):
            """Tells at once what Keras itself would try for ever."""

            def fit(self, x=None, *args, **given):
                endless = getattr(x, "cardinality", int)() == tf.data.INFINITE_CARDINALITY
                if endless and given.get("steps_per_epoch") is None:
                    raise ValueError(
                        "the first epoch would never end, since repeat() makes data without an end "
                        "and nothing says how many steps an epoch has"
                    )
                return super().fit(x, *args, **given)

        model = Watched([keras.Input((8,)), keras.layers.Dense(2, "softmax")])
        rate = keras.optimizers.SGD(0.1)
        model.compile(
            rate, "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True
        )
        fit(model, task)
        losses = model.history.history.get("val_loss", [])
        now = model.evaluate(task.validation, verbose=0, return_dict=True)["loss"]
        trained = len(model.history.epoch)
        return {
            "validations": "one an epoch" if len(losses) == trained else "not one an epoch",
            "steps an epoch": int(model.optimizer.iterations.numpy()) / max(trained, 1),
            "epochs": trained,
            "the best weights": bool(losses) and bool(np.isclose(now, min(losses), rtol=1e-4)),
        }


class AnswerPictures(Exercise):
    """From PNG bytes to a digit"""

    key = "2.5"
    points = 2
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
    mistakes = (
        Mistake("axis=1", "axis=0", "Ten answers, one for each class: look along the other axis."),
        Mistake("np.argmax", "np.max",
                "That is how probable the digit is; *which* digit is asked for."),
        Mistake("in pictures]", "in pictures[:1]]", "Each picture needs an answer."),
        Mistake("argmax", "argmin", "That is the least probable digit."),
        Mistake("[example(picture) for picture in pictures]", "pictures",
                "The signature wants serialized examples, and these are bare PNGs: "
                "`example(picture)` makes one."),
        Mistake("np.argmax(probabilities, axis=1).tolist()", "probabilities.numpy().tolist()",
                "These are all probabilities: which digit has the highest?"),
    )  # fmt: skip
    otherwise = "For each picture, the digit with the highest probability."

    @staticmethod
    def probe(answer, classes):
        import tempfile

        import numpy as np
        import tensorflow as tf

        class Brightness(tf.Module):
            """Class 0 is black, class 9 white."""

            @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
            def probabilities(self, examples):
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
        return np.asarray(answer(served, pictures)).tolist()  # arrays and tensors are lists, too


class CameFrom(Exercise):
    """Backwards"""

    key = "2.6"
    points = 2
    cases = {
        "all executions behind it, however many steps back": (7, WRITTEN, READS),
        "only what leads to it": (5, WRITTEN, READS),
        "an execution may have the number 0, and each is listed once": (4, *IN_A_CIRCLE),
        "nothing is behind an artifact from outside": (99, WRITTEN, READS),
    }
    hidden = [(1, WRITTEN, READS), (3, *IN_A_CIRCLE), (6, WRITTEN, READS)]
    hints = (
        "The execution that wrote the artifact is the first; what *that* read leads further back.",
        "Keep two things: a set of executions found, and a list of artifacts still to be looked up.",
        "`written_by.get(artifact)` is None for an artifact from outside; 0 is an execution, too.",
    )
    mistakes = (
        Mistake("waiting += reads[execution]", "continue",
                "That is one step back: what this execution read was written by others."),
        Mistake("return sorted(behind)",
                "return [each for each in sorted(reads) if behind and each <= max(behind)]",
                "That is whatever ran before. Follow what each execution read."),
        Mistake("sorted(behind)", "sorted(each for each, by in written_by.items() if by in behind)",
                "Executions are asked for, not artifacts."),
        Mistake("reads[execution]", "reads[execution][:1]",
                "An execution may read several artifacts: follow all of them."),
        Mistake("set(), [artifact]", "[], [artifact]",
                "Some executions are listed twice: each counts once.",
                also={" and execution not in behind": " and len(behind) < 9",
                      "behind.add": "behind.append"}),
        Mistake("written_by.get(waiting.pop())", "written_by[waiting.pop()]",
                "An artifact from outside is not in `written_by`: use `.get`."),
        Mistake("execution is not None", "execution",
                "0 is an execution, too: compare with None."),
        Mistake("waiting += reads[execution]",
                "reads[execution] += waiting\n            waiting = reads[execution]",
                "`reads` belongs to the caller: add to a list of your own."),
    )  # fmt: skip
    otherwise = "Each execution that leads to the artifact, once, the smallest number first."
