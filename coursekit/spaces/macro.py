"""Macro search spaces: whole networks as chains of layers.

As in Zoph and Le (2017, ICLR, arXiv:1611.01578; `zoph2017neural`), where skip connections are the
anchor points of section 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from coursekit.spaces.domains import Boolean, Choice, Conditional, Domain
from coursekit.spaces.incremental import Incremental, check_bounds, from_size


@dataclass(frozen=True)
class Layer:
    """One layer of a chain.

    type: one of the space's types. parameters: the layer's own, such as its width.
    inputs: the layers that it reads, in order: 0 is the chain's input, 1 its first layer.
    """

    type: str
    parameters: Mapping[str, Any]
    inputs: tuple[int, ...]


class Chain(Incremental):
    """Layers in sequence: their number, the type of each, its parameters.

    layers: the parameters of each type of layer, {} if it has none:
        `{"dense": {"units": Integer(16, 256, log=True)}, "normalisation": {}}`.
    depth: the fewest and the most layers, or one number for both.
    skips: each layer also chooses which outputs it reads besides that of the layer before it.

    A configuration has "depth" (if it varies) and for each layer, from 1 on, "layer1_type" and
    parameters such as "layer1_units". With skips, "layer3_from1" says whether layer 3 reads layer
    1 (0: the input). A parameter that several types share by name and values keeps its value
    when the type changes. `grow` adds a layer at the end.

    Raises ValueError or TypeError for layers or a depth that cannot make a chain.
    """

    def __init__(
        self,
        layers: Mapping[str, Mapping[str, Domain]],
        depth: int | tuple[int, int] = (1, 4),
        *,
        skips: bool = False,
    ) -> None:
        self.types = {name: dict(own) for name, own in layers.items()}
        if not self.types:
            raise ValueError("a chain needs at least one type of layer")
        for name, own in self.types.items():
            for key, domain in own.items():
                if not isinstance(domain, Domain):
                    raise TypeError(f"{name}: {key}={domain!r} is not an unconditional domain")
                if key == "type" or key.startswith("from"):
                    raise ValueError(f"{name}: a layer's parameter cannot be called {key!r}")
        self.skips = skips
        bounds = check_bounds("depth", depth)
        every = range(1, bounds[1] + 1)
        super().__init__("depth", bounds, [pair for i in every for pair in self._layer(i, bounds)])

    def _layer(self, i: int, bounds: tuple[int, int]) -> Iterator[tuple[str, Conditional]]:
        yield f"layer{i}_type", from_size(Choice(list(self.types)), "depth", i, bounds)
        owners: dict[tuple[str, Domain], list[str]] = {}
        for name, own in self.types.items():
            for key, domain in own.items():
                owners.setdefault((key, domain), []).append(name)
        for (key, domain), names in owners.items():
            yield f"layer{i}_{key}", domain.when({f"layer{i}_type": names})
        for j in range(i - 1 if self.skips else 0):
            yield f"layer{i}_from{j}", from_size(Boolean(), "depth", i, bounds)

    def layers(self, configuration: Mapping[str, Any]) -> list[Layer]:
        """The layers of a configuration, from input to output; the configuration is checked."""
        self.check(configuration)
        chain = []
        for i in range(1, self.complexity(configuration) + 1):
            kind = configuration[f"layer{i}_type"]
            own = {key: configuration[f"layer{i}_{key}"] for key in self.types[kind]}
            read = (j for j in range(i - 1) if configuration.get(f"layer{i}_from{j}"))
            chain.append(Layer(kind, own, (*read, i - 1)))
        return chain
