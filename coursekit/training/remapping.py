"""Which old unit each unit of a new network copies, and the weights that follow from it.

Net2Net (Chen, Goodfellow and Shlens, 2016, ICLR, arXiv:1511.05641; `chen2016net2net`): the mapping
g of Net2WiderNet, and the weights U that it makes from W.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coursekit.arguments import whole_number

COPY_NOISE = 0.05  # makes copies of units differ, so that training can separate them

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Remapping:
    """Maps the weights of a layer with `old` units to a layer with len(origin) units.

    origin: for each new unit, the old unit that it copies: g in the paper, shape (new,).
    old: the number of old units.
    """

    origin: Array
    old: int

    @classmethod
    def same(cls, units: int) -> Remapping:
        """The identity: each unit copies itself."""
        return cls(np.arange(units), units)

    @classmethod
    def wider(cls, old: int, new: int, rng: np.random.Generator) -> Remapping:
        """All old units stay, and each new one copies a random old one: g(j) = j for j < old, and
        random for the others."""
        _at_least("new", new, old)
        return cls(np.concatenate([np.arange(old), rng.integers(old, size=new - old)]), old)

    @classmethod
    def narrower(cls, importance: Array, new: int) -> Remapping:
        """The most important units stay, in their old order; this changes the function.

        importance: a number for each old unit, shape (old,).
        """
        old = len(importance)
        if not 1 <= new <= old:
            raise ValueError(f"new={new}: the layer has {old} units, keep 1 to {old}")
        return cls(np.sort(np.argsort(-np.asarray(importance), kind="stable")[:new]), old)

    @property
    def new(self) -> int:
        """The number of new units."""
        return len(self.origin)

    @property
    def changed(self) -> bool:
        """Whether the new units differ from the old ones."""
        return self.new != self.old or bool((self.origin != np.arange(self.old)).any())

    @property
    def copies(self) -> Array:
        """For each new unit, how many new units copy the same old one, shape (new,)."""
        return np.bincount(self.origin, minlength=self.old)[self.origin]

    def leaving(
        self, weights: Array, rng: np.random.Generator | None = None, noise: float = 0.0
    ) -> Array:
        """The new weights of an array whose last axis is the units, such as a kernel or a bias.

        noise: the standard deviation of the noise on copies, as a share of that of these weights;
        the rng draws it. The first copy of each unit gets none.
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
        divided among the copies, so that their sum stays the same."""
        made: Array = kernel[..., self.origin, :] / self.copies[:, None]
        return made.astype(kernel.dtype)

    def repeated(self, times: int) -> Remapping:
        """The remapping after flattening an array with `times` positions of each unit."""
        places = np.arange(times)[:, None]
        return Remapping((places * self.old + self.origin).ravel(), times * self.old)

    def beside(self, other: Remapping) -> Remapping:
        """The remapping of two concatenated layers, this one first."""
        return Remapping(np.concatenate([self.origin, self.old + other.origin]),
                         self.old + other.old)  # fmt: skip

    def equals(self, other: Remapping) -> bool:
        """Whether both map the same units."""
        return self.old == other.old and np.array_equal(self.origin, other.origin)


def _at_least(name: str, value: int, least: int) -> None:
    if whole_number(name, value) < least:
        raise ValueError(f"{name}={value}: the layer already has {least} units; give at least that")
