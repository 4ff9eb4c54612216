"""Skeletons: how cells are stacked into a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from coursekit.arguments import whole_number


class Part(NamedTuple):
    """A part of a network ("stem", "cell" or "reduction") and its output channels."""

    kind: str
    channels: int


@dataclass(frozen=True)
class Skeleton:
    """A network around cells: a stem, then stages of cells with a reduction between stages.

    stem: channels of the first convolution; they double with each reduction.
    cells: cells in a stage (N in the papers).
    stages: number of stages.
    reduction: what halves height and width: a "residual" block, or the "cell" with stride 2.
    stride: of the first convolution; 2 halves height and width there.
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
            raise ValueError(f"reduction={self.reduction!r}: choose 'residual' or 'cell'")

    def parts(self) -> list[Part]:
        """The network's parts from input to output, without its head."""
        made = [Part("stem", self.stem)]
        for stage in range(self.stages):
            channels = self.stem * 2**stage
            made += [Part("reduction", channels)] * (stage > 0)
            made += [Part("cell", channels)] * self.cells
        return made
