"""A walk through a Keras model's graph that rebuilds it with other widths or further layers, and
tracks for each tensor which old channel each new channel copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import layers

from coursekit.training.keras.blend import Blend
from coursekit.training.remapping import Remapping

# Takes the output of a layer, its input, and whether the output is 0 or more everywhere.
Insert = Callable[[Any, Any, bool], Any]

CONVOLUTIONS = (layers.Conv1D, layers.Conv2D, layers.Conv3D)
# Each input channel makes one output channel.
CHANNEL_WISE = (
    layers.Dropout, layers.SpatialDropout1D, layers.SpatialDropout2D, layers.SpatialDropout3D,
    layers.GaussianNoise, layers.GaussianDropout, layers.ReLU, layers.LeakyReLU, layers.ELU,
    layers.Activation, layers.MaxPooling1D, layers.MaxPooling2D, layers.MaxPooling3D,
    layers.AveragePooling1D, layers.AveragePooling2D, layers.AveragePooling3D,
    layers.GlobalMaxPooling1D, layers.GlobalMaxPooling2D, layers.GlobalMaxPooling3D,
    layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D, layers.GlobalAveragePooling3D,
    layers.ZeroPadding1D, layers.ZeroPadding2D, layers.ZeroPadding3D,
    layers.UpSampling1D, layers.UpSampling2D, layers.UpSampling3D, layers.Identity,
)  # fmt: skip
MERGES = (layers.Add, layers.Average, layers.Maximum, layers.Minimum, layers.Multiply,
          layers.Subtract, Blend)  # fmt: skip
CHANGE_SIGNS = (layers.GaussianNoise, layers.LeakyReLU, layers.ELU, layers.Activation,
                layers.Subtract, Blend)  # fmt: skip
NEVER_NEGATIVE = {"relu", "relu6", "sigmoid", "hard_sigmoid", "softplus", "softmax", "exponential"}


class Walk:
    """Rebuilds a model.

    widths: the remapping of each layer that gets another width. inserted: what to insert after a
    layer. noise, rng: as in `Remapping.leaving`, for the layers in `widths`.
    """

    def __init__(
        self,
        model: keras.Model,
        widths: Mapping[str, Remapping] | None = None,
        inserted: Mapping[str, Insert] | None = None,
        *,
        noise: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.model, self.widths, self.inserted = graph_of(model), widths or {}, inserted or {}
        self.original, self.noise, self.rng = model, noise, rng
        self.maps: dict[int, Remapping] = {}  # of tensors; absent where nothing has changed
        self.positive: set[int] = set()
        self.kept: list[Any] = []  # keeps the tensors alive, so that no id repeats
        self.old: dict[int, Any] = {}  # layers of the new model, by id
        self.plans: dict[str, tuple[Any, Any, Remapping | None, Remapping | None]] = {}

    def rebuild(self, changes: Mapping[str, Mapping[str, Any]] | None = None) -> keras.Model:
        """The new model with its weights. changes: updates of layers' configurations, by name."""

        def clone(old: Any) -> Any:
            if not isinstance(old, layers.Layer):
                return old  # an operation without a state
            config = {**old.get_config(), **(changes or {}).get(old.name, {})}
            new = type(old).from_config(config)
            self.old[id(new)] = old
            return new

        made = keras.models.clone_model(
            self.model, clone_function=clone, call_function=self._call, recursive=False
        )
        for output in made.outputs:
            if id(output) in self.maps:
                raise ValueError(
                    f"{self._widened()} cannot be wider: its units are the model's output "
                    f"{output.name!r}; widen a hidden layer"
                )
        for new, old, entering, leaving in self.plans.values():
            if old.weights:
                new.set_weights(self._weights(old, entering, leaving))
        return self._as_it_was(made)

    def _call(self, new: Any, *args: Any, **kwargs: Any) -> Any:
        old = self.old.get(id(new), new)
        inputs = [each for each in keras.tree.flatten((args, kwargs)) if keras_tensor(each)]
        maps = [self.maps.get(id(each)) for each in inputs]
        leaving = self.widths.get(old.name) or self._follow(old, inputs, maps)
        before = self.plans.get(old.name)
        if before and (any(maps) or leaving or any(before[2:])):
            raise refused(old, "is used in two places", CURE)
        output = new(*args, **kwargs)
        self.kept += [*inputs, output]
        entering = next((each for each in maps if each), None)
        if old.name in self.widths:
            self._check_width(old)
        self.plans[old.name] = (new, old, entering, leaving)
        positive = never_negative(old, [id(each) in self.positive for each in inputs])
        if old.name in self.inserted:
            output = self.inserted[old.name](output, args[0], positive)
            self.kept.append(output)
            positive = positive and not isinstance(output, Blend)
        if leaving is not None and keras_tensor(output):
            self.maps[id(output)] = leaving
        if positive and keras_tensor(output):
            self.positive.add(id(output))
        return output

    def _follow(self, old: Any, inputs: list[Any], maps: list[Remapping | None]) -> Any:
        """The remapping of a layer's output, given those of its inputs."""
        if not any(maps):
            return None
        found = maps[0]
        if isinstance(old, (layers.Dense, *CONVOLUTIONS)):
            if getattr(old, "groups", 1) > 1 or channels_first(old):
                raise refused(old, "has groups, or channels that come first", CURE)
            return None  # its own units are unchanged
        if softmax(old):
            raise refused(old, "is a softmax over channels that would be wider", CURE)
        if isinstance(old, CHANNEL_WISE) and not channels_first(old):
            return found
        if isinstance(old, layers.BatchNormalization) and old.axis in (
            -1,
            len(inputs[0].shape) - 1,
        ):
            return found
        if isinstance(old, layers.Flatten) and found is not None and not channels_first(old):
            places = inputs[0].shape[1:-1]
            if None in places:
                raise refused(old, "flattens images of unknown size", "give the model's input one")
            return found.repeated(int(np.prod(places)))
        if isinstance(old, MERGES):
            if all(each is not None and each.equals(maps[0]) for each in maps):  # type: ignore[arg-type]
                return found
            raise refused(old, "merges it with a layer that is not wider", CURE)
        if isinstance(old, layers.Concatenate) and old.axis in (-1, len(inputs[0].shape) - 1):
            parts = [
                m or Remapping.same(int(x.shape[-1])) for m, x in zip(maps, inputs, strict=True)
            ]
            joined = parts[0]
            for part in parts[1:]:
                joined = joined.beside(part)
            return joined
        raise refused(old, f"is a {type(old).__name__}, which widening cannot follow", CURE)

    def _check_width(self, old: Any) -> None:
        if softmax(old):
            raise refused(old, "has a softmax over its units", "widen a hidden layer")
        if getattr(old, "groups", 1) > 1 or channels_first(old):
            raise refused(old, "has groups, or channels that come first", CURE)

    def _weights(
        self, old: Any, entering: Remapping | None, leaving: Remapping | None
    ) -> list[np.ndarray]:
        own = leaving if old.name in self.widths else None
        found = []
        for weight in old.weights:
            value = np.asarray(weight)
            if isinstance(old, layers.BatchNormalization):
                value = leaving.leaving(value) if leaving else value
            elif weight.name == "kernel":
                value = entering.entering(value) if entering else value
                value = own.leaving(value, self.rng, self.noise) if own else value
            elif weight.name == "bias" and own:
                value = own.leaving(value)
            found.append(value)
        return found

    def _widened(self) -> str:
        return " and ".join(f"layer {name!r}" for name in self.widths)

    def _as_it_was(self, made: keras.Model) -> keras.Model:
        """The new model, Sequential if the old one was and it is still a chain; compiled if the
        old one was."""
        if isinstance(self.original, keras.Sequential):
            first, *others = made.layers
            if not any(isinstance(layer, MERGES) for layer in others):
                given = keras.Input(batch_shape=first.batch_shape, dtype=first.dtype)
                made = keras.Sequential([given, *others], name=self.original.name)
        if self.original.compiled and not made.compiled:
            made.compile_from_config(self.original.get_compile_config())
        return made


CURE = "widen another layer, or build a new, wider model"


def graph_of(model: keras.Model) -> keras.Model:
    """The functional model behind a model; TypeError or ValueError if there is none."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"{model!r} is not a Keras model")
    if isinstance(model, keras.Sequential):
        if not model.built:
            raise ValueError(
                f"model {model.name!r} has no weights yet: start it with keras.Input(shape)"
            )
        return keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    if not isinstance(model, keras.src.models.Functional):
        raise TypeError(
            f"model {model.name!r} is a {type(model).__name__}, whose graph is hidden in its code: "
            "make it functional, keras.Model(inputs, outputs), or Sequential"
        )
    return model


def layer_of(model: keras.Model, name: str) -> Any:
    """The layer of that name; ValueError if there is none."""
    graph_of(model)
    inner = [layer for layer in model.layers if not isinstance(layer, layers.InputLayer)]
    for layer in inner:
        if layer.name == name:
            return layer
    names = ", ".join(repr(layer.name) for layer in inner)
    raise ValueError(f"no layer {name!r} in model {model.name!r}: it has {names}")


def refused(layer: Any, why: str, cure: str) -> ValueError:
    """An error about a layer where a morphism cannot keep the function."""
    return ValueError(f"layer {layer.name!r} {why}, so the function could not be kept: {cure}")


def keras_tensor(value: Any) -> bool:
    """Whether this is a symbolic tensor of the graph."""
    return isinstance(value, keras.KerasTensor)


def channels_first(layer: Any) -> bool:
    """Whether its channel axis comes before the spatial axes."""
    return getattr(layer, "data_format", None) == "channels_first"


def softmax(layer: Any) -> bool:
    """Whether it applies a softmax over its channels."""
    name = getattr(getattr(layer, "activation", None), "__name__", "")
    return isinstance(layer, layers.Softmax) or name in ("softmax", "log_softmax", "sparsemax")


def never_negative(layer: Any, inputs: list[bool]) -> bool:
    """Whether its output is 0 or more everywhere. inputs: whether each input is."""
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    if isinstance(layer, layers.ReLU):
        return not layer.negative_slope and not layer.threshold
    if isinstance(layer, (layers.Dense, layers.Activation, *CONVOLUTIONS)):
        through = isinstance(layer, layers.Activation) and activation == "linear" and all(inputs)
        return activation in NEVER_NEGATIVE or through
    passing = (*CHANNEL_WISE, *MERGES, layers.Flatten, layers.Concatenate)
    return isinstance(layer, passing) and not isinstance(layer, CHANGE_SIGNS) and all(inputs)
