"""Predictions of a pushed model, as from a server such as TensorFlow Serving."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from coursekit.tfx.examples import example
from coursekit.tfx.quiet import tf


class ServedModel:
    """A pushed SavedModel, which takes raw, serialized examples.

    folder: of one model, or the folder of pushed models, of which the newest is loaded. Raises
    ValueError if there is none.
    """

    def __init__(self, folder: str | Path) -> None:
        folder = Path(folder)
        if not (folder / "saved_model.pb").is_file():
            versions = [int(p.name) for p in folder.glob("*/") if p.name.isdigit()]
            if not versions:
                raise ValueError(f"{folder}: no model was pushed there")
            folder = folder / str(max(versions))
        self.folder = folder
        self.model = tf.saved_model.load(str(folder))

    def predict(self, examples: Sequence[bytes]) -> np.ndarray:
        """Class probabilities, shape (examples, classes), of serialized `tf.train.Example`s."""
        answer = self.model.signatures["serving_default"](examples=tf.constant(list(examples)))
        return np.asarray(answer["probabilities"])

    def predict_images(self, images: Sequence[bytes]) -> np.ndarray:
        """Class probabilities, shape (images, classes), of encoded images (PNG or JPEG bytes)."""
        return self.predict([example(image) for image in images])
