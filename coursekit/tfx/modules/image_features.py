"""The features of an image example, and how its image is decoded: for the look and Transform."""

from __future__ import annotations

from coursekit.tfx.quiet import tf

IMAGE, LABEL = "image", "label"


def decode(image: tf.Tensor) -> tf.Tensor:
    """The grey levels of a PNG or JPEG, shape (height, width, 1), 0 to 255.

    Colours become their luminance, 16 bits become 8, and transparency is left out.
    Raises InvalidArgumentError for all other images, JPEG in CMYK among them.
    """
    return tf.io.decode_png(image, channels=1)
