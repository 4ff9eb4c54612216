"""Strategy: proposes candidates and learns from their results."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from itertools import islice
from typing import ClassVar

import numpy as np

from coursekit.arguments import KeepsOptions
from coursekit.spaces import Configuration, Space
from coursekit.trials import History, Pause, Suggestion, Trial

LISTED_POINTS = 10_000  # larger spaces are listed in part: a tenth of this number


class Strategy(KeepsOptions, ABC):
    """Proposes a candidate, with a budget where the method sets one; never evaluates.

    `suggest` changes nothing observable: an extra call changes no later answer. The state of a
    strategy is a fold of `observe` over finished trials, and randomness comes from the generator
    handed in. A search therefore resumes by replaying its trials; no strategy saves or loads.

    space: what to search; ValueError if the strategy does not support it.
    options: keyword arguments only, each with a default that works; kept as `options`.
    """

    budgeted: ClassVar[bool] = False  # whether its suggestions carry a budget
    deterministic: ClassVar[bool] = False  # whether the seed makes no difference
    repeats: bool = False  # whether it may suggest a configuration again

    def __init__(self, space: Space) -> None:
        if not isinstance(space, Space):
            raise TypeError(f"space={space!r}: give a Space, as Space({{'units': Integer(1, 9)}})")
        if not self.supports(space):
            raise ValueError(f"{type(self).__name__} cannot search {space!r}: {self.needs()}")
        self.space = space
        self._seen = Seen(space)

    @classmethod
    def supports(cls, space: Space) -> bool:
        """Whether the strategy can search this space; by default it can search any."""
        return True

    @classmethod
    def needs(cls) -> str:
        """What the strategy requires of a space, for the error message."""
        return "it supports any space"

    @abstractmethod
    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        """The next candidate; WAIT until a running trial has finished; or DONE, which is final."""

    def observe(self, trial: Trial, rng: np.random.Generator) -> None:
        """Learn from a finished trial, completed or failed; called once for each."""

    def fresh(
        self,
        history: History,
        rng: np.random.Generator,
        draw: Callable[[], Configuration] | None = None,
    ) -> Configuration | None:
        """A configuration that the history does not hold; None when the space is exhausted.

        draw: makes candidates (default: sampling). After 100 known candidates in a row, the space
            is sampled; after 100 more, the candidate is drawn from a list of all untried
            configurations, or of a thousand of them if the space has more than 10,000 points.
        """
        seen, space = self._seen(history), self.space
        if len(seen) >= space.count:
            return None
        for make in (draw, lambda: space.sample(rng)):
            for _ in range(100 if make else 0):
                configuration = make()  # type: ignore[misc]
                if space.key(configuration) not in seen:
                    return configuration
        # Most draws are already known: list the untried ones, the first of them in a large space.
        few = space.count <= LISTED_POINTS
        listed = space.enumerate() if few else space.enumerate(len(seen) + 2)
        unknown = (found for found in listed if space.key(found) not in seen)
        rest = list(unknown if few else islice(unknown, LISTED_POINTS // 10))
        return rest[int(rng.integers(len(rest)))] if rest else None


class Seen:
    """The keys of all configurations in a history: a memo that grows with it."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._history: History | None = None
        self._keys: set[Hashable] = set()
        self._read = self._learnt = 0

    def __call__(self, history: History) -> set[Hashable]:
        if history is not self._history or self._space.learnt != self._learnt:
            self._history, self._keys, self._read = history, set(), 0
            self._learnt = self._space.learnt
        while self._read < len(history):
            self._keys.add(self._space.key(history[self._read].configuration))
            self._read += 1
        return self._keys
