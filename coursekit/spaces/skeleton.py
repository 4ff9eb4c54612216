"""Skeletons: what cells are stacked on to make a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from coursekit.arguments import whole_number


class Part(NamedTuple):
    """A part of a network: "stem", "cell" or "reduction"; how many channels come out of it."""

    kind: str
    channels: int


@dataclass(frozen=True)
class Skeleton:
    """What cells are stacked on: the stem, and stages of cells with a reduction between two.

    stem: channels of the first convolution; they double with each reduction.
    stride: of the first convolution; 2 halves height and width at once.
    cells: how many of them a stage has (N in the papers).
    stages: how many there are.
    reduction: what halves height and width: a "residual" block, or the "cell" with stride 2.
    """

    stem: int = 16
    cells: int = 5
    stages: int = 3
    reduction: Literal["residual", "cell"] = "residual"
    stride: int = 1

    def __post_init__(self) -> None:
        for name in ("stem", "cells", "stages", "stride"):
            whole_number(name, getattr(self, name))
        if self.reduction not in ("residual", "cell"):
            raise ValueError(f"reduction={self.reduction!r}: there are 'residual' and 'cell'")

    def parts(self) -> list[Part]:
        """The network's parts from input to output, without its head."""
        made = [Part("stem", self.stem)]
        for stage in range(self.stages):
            channels = self.stem * 2**stage
            made += [Part("reduction", channels)] * (stage > 0)
            made += [Part("cell", channels)] * self.cells
        return made
