"""A learnt mixture of two paths (Elsken et al., 2017, arXiv:1711.04528; `elsken2017simple`)."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers


@keras.saving.register_keras_serializable("coursekit")
class Blend(layers.Layer):
    """l y + (1 - l) z of two tensors [y, z] of equal shape, with one learnt l, initially 1.

    So the output is y at first. The gradient reaches l at once, and z's weights after one step.
    """

    def build(self, input_shape: Any) -> None:
        """Create l."""
        self.share = self.add_weight(name="share", shape=(), initializer="ones")
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        """The mixture."""
        kept, other = inputs
        return self.share * kept + (1 - self.share) * other

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The first input's shape."""
        return input_shape[0]
