"""Which unit of an old network each unit of a new one is a copy of, and what that does to weights.

Net2Net (Chen, Goodfellow, Shlens, 2016, ICLR, arXiv:1511.05641): the mapping g of
Net2WiderNet, and the weights U that it makes of W.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coursekit.arguments import whole_number

COPY_NOISE = 0.05  # by which copies of units differ, so that training parts them

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Remapping:
    """Takes the weights of a layer of `old` units to a layer of as many units as `origin` has.

    origin: for each new unit the old one that it copies: g in the paper, shape (new,).
    old: how many units there were.
    """

    origin: Array
    old: int

    @classmethod
    def same(cls, units: int) -> Remapping:
        """Each unit is its own copy."""
        return cls(np.arange(units), units)

    @classmethod
    def wider(cls, old: int, new: int, rng: np.random.Generator) -> Remapping:
        """All old units stay, each further one is a copy of one that is drawn: g(j) = j for
        the first, any for the others."""
        _at_least("new", new, old)
        return cls(np.concatenate([np.arange(old), rng.integers(old, size=new - old)]), old)

    @classmethod
    def narrower(cls, importance: Array, new: int) -> Remapping:
        """The most important units stay, in their old order; this changes the function.

        importance: a number for each old unit, shape (old,).
        """
        old = len(importance)
        if not 1 <= new <= old:
            raise ValueError(f"new={new}: of {old} units 1 to {old} can stay")
        return cls(np.sort(np.argsort(-np.asarray(importance), kind="stable")[:new]), old)

    @property
    def new(self) -> int:
        """How many units there are now."""
        return len(self.origin)

    @property
    def changed(self) -> bool:
        """Whether the new units are not simply the old ones."""
        return self.new != self.old or bool((self.origin != np.arange(self.old)).any())

    @property
    def copies(self) -> Array:
        """How many new units copy the same old one as this one does, shape (new,)."""
        return np.bincount(self.origin, minlength=self.old)[self.origin]

    def leaving(
        self, weights: Array, rng: np.random.Generator | None = None, noise: float = 0.0
    ) -> Array:
        """Weights with a number for each unit in their last axis, such as a kernel or a bias.

        noise: how much the copies differ from their originals, as a share of the standard
        deviation of these weights; the rng draws it. The first copy of each unit gets none.
        """
        made = weights[..., self.origin]
        if noise and rng is not None:
            first = np.zeros(self.new, bool)
            first[np.unique(self.origin, return_index=True)[1]] = True
            drawn = rng.normal(0, noise * float(weights.std()), made.shape)
            made = made + np.where(first, 0.0, drawn)
        return made.astype(weights.dtype)

    def entering(self, kernel: Array) -> Array:
        """The kernel of a layer that these units feed, shape (..., units, outputs): each weight is
        shared out among the copies, so that their sum stays what it was."""
        made: Array = kernel[..., self.origin, :] / self.copies[:, None]
        return made.astype(kernel.dtype)

    def repeated(self, times: int) -> Remapping:
        """What remains of it when so many places of each unit are laid out in a row (flattened)."""
        places = np.arange(times)[:, None]
        return Remapping((places * self.old + self.origin).ravel(), times * self.old)

    def beside(self, other: Remapping) -> Remapping:
        """Of two layers that are concatenated, this one first."""
        return Remapping(np.concatenate([self.origin, self.old + other.origin]),
                         self.old + other.old)  # fmt: skip

    def equals(self, other: Remapping) -> bool:
        """Whether both do the same."""
        return self.old == other.old and np.array_equal(self.origin, other.origin)


def _at_least(name: str, value: int, least: int) -> None:
    if whole_number(name, value) < least:
        raise ValueError(f"{name}={value}: there are {least} units already; give more")
