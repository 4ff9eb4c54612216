"""TFX: seconds by component, and the cost of a pipeline against the same training without one.

Both search with the same strategy from the same seed over the same images, train the best
configuration for the same steps, and judge it on the same test split. Times are wall time, without
imports.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

STEPS = "on mnist-5k, 94 are an epoch"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--strategy", default="regularized_evolution")
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--tune-steps", type=int, default=500, help=f"in a trial ({STEPS})")
    parser.add_argument("--train-steps", type=int, default=2000, help=f"in the end ({STEPS})")
    parser.add_argument("--data", default="mnist-5k", help="an image data set of the kit's")


def run(options: argparse.Namespace) -> None:
    """Both, one after the other, and the ratio."""
    for kind in ("INTRAOP", "INTEROP"):  # a pipeline has the whole machine
        os.environ.pop(f"TF_NUM_{kind}_THREADS", None)
    os.environ.pop("OMP_NUM_THREADS", None)
    began = time.monotonic()
    import coursekit.tfx.quiet  # noqa: F401

    print(f"import of TFX: {time.monotonic() - began:.1f} s, {_megabytes():,.0f} MB")
    from coursekit.tfx import Plan, local

    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(
            data=options.data, folder=Path(folder) / "bench", strategy=options.strategy,
            trials=options.trials, tune_steps=options.tune_steps, train_steps=options.train_steps,
            threshold=0.5,
        )  # fmt: skip
        began = time.monotonic()
        outcome = local.run(plan, tell=lambda line: print(line, file=sys.stderr))
        whole = time.monotonic() - began
        print(f"{outcome}\n")
        print(f"pipeline  {whole:8.1f} s  {_megabytes():8,.0f} MB at most")
        began = time.monotonic()
        parts = bare(plan, Path(folder) / "bare")
        alone = time.monotonic() - began
    accuracy = parts.pop("accuracy")
    each = ", ".join(f"{name} {seconds:.1f}" for name, seconds in parts.items())
    print(f"without   {alone:8.1f} s  ({each})")
    judged = outcome.metrics["sparse_categorical_accuracy"]
    print(f"accuracy on the test split: pipeline {judged:.3f}, without {accuracy:.3f}")
    took = sum(step.seconds or 0 for step in outcome.steps if step.name in ("Tuner", "Trainer"))
    print(
        f"the pipeline takes {whole / alone:.2f}x; its Tuner and Trainer alone {took / alone:.2f}x"
    )


def bare(plan: Any, folder: Path) -> dict[str, float]:
    """The same search and training on arrays: seconds of each part, and the test accuracy."""
    import keras

    from coursekit.data import load
    from coursekit.tfx.modules import images, training
    from coursekit.tfx.searching import make_tuner

    dataset = load(plan.data)
    shapes = {images.IMAGE_XF: dataset.train.x.shape[1:]}

    def build(hp: Any) -> Any:
        return images.build(hp, shapes, dataset.classes)

    def fit(steps: int, patience: int, **more: Any) -> dict[str, Any]:
        stop = keras.callbacks.EarlyStopping("val_loss", patience=patience, **more)
        return {
            "x": {images.IMAGE_XF: dataset.train.x},
            "y": dataset.train.y,
            "validation_data": ({images.IMAGE_XF: dataset.validation.x}, dataset.validation.y),
            "batch_size": training.BATCH_SIZE,
            "epochs": training.epochs(steps, len(dataset.train.y)),
            "callbacks": [stop],
            "verbose": 0,
        }

    began = time.monotonic()
    tuner = make_tuner(
        plan.strategy, build, trials=plan.trials, seed=plan.seed, directory=folder,
        epochs=training.epochs(plan.tune_steps, len(dataset.train.y)),
    )  # fmt: skip
    tuner.search(**fit(plan.tune_steps, 3))
    searched = time.monotonic()
    keras.utils.set_random_seed(plan.seed)
    model = build(tuner.get_best_hyperparameters()[0])
    model.fit(**fit(plan.train_steps, 5, restore_best_weights=True))
    trained = time.monotonic()
    _, accuracy = model.evaluate({images.IMAGE_XF: dataset.test.x}, dataset.test.y, verbose=0)
    return {
        "search": searched - began,
        "training": trained - searched,
        "evaluation": time.monotonic() - trained,
        "accuracy": accuracy,
    }


def _megabytes() -> float:
    """The most memory that this process has had; macOS counts bytes, Linux kilobytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)
