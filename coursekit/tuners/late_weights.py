"""Weights for a model that has none yet: only the data of its training tell its inputs' shapes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras


def before_fit(model: Any, begin: Callable[[Any], None]) -> None:
    """Build the model when its `fit` is called, and call `begin(inputs)` before it trains.

    inputs: symbolic tensors in the structure of the data; None for data that cannot be looked at,
    such as a generator. The model is then not built.
    """
    fit = model.fit

    @functools.wraps(fit)
    def build_and_fit(*args: Any, **options: Any) -> Any:
        del model.__dict__["fit"]  # again the class's own
        inputs = _symbolic(args[0] if args else options.get("x"))
        if inputs is not None:
            model(inputs)
        begin(inputs)
        return fit(*args, **options)

    model.__dict__["fit"] = build_and_fit  # not an attribute that Keras tracks


def _symbolic(x: Any) -> Any:
    """The inputs of a model as symbolic tensors, from what `fit` gets."""
    if isinstance(x, keras.utils.PyDataset):
        x = x[0][0]
    elif hasattr(x, "element_spec"):  # tf.data
        x = x.element_spec[0] if isinstance(x.element_spec, tuple) else x.element_spec
    if x is None or any(not hasattr(each, "shape") for each in keras.tree.flatten(x)):
        return None
    return keras.tree.map_structure(_tensor, x)


def _tensor(array: Any) -> Any:
    dtype = getattr(array.dtype, "name", str(array.dtype)) if hasattr(array, "dtype") else None
    return keras.KerasTensor((None, *array.shape[1:]), dtype or keras.config.floatx())
