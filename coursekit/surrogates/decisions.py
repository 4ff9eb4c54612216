"""A configuration as a sequence of decisions between few values, and how a policy makes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from coursekit.spaces import Configuration, Space
from coursekit.surrogates.policies import Policy, softmax

Made = tuple[tuple[int, int], ...]  # decisions and the indices of their values, in order


class Decisions:
    """The parameters of a space in order, each a decision between some of its values.

    resolution: the most values of a decision about a number.
    """

    def __init__(self, space: Space, resolution: int) -> None:
        self.space = space
        self.values = [list(p.domain.values(resolution)) for p in space.parameters]
        self.choices = [len(values) for values in self.values]
        self._places = [
            np.array([p.domain.where(value) for value in values])
            for p, values in zip(space.parameters, self.values, strict=True)
        ]

    def made(self, configuration: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
        """The decisions behind a configuration, in order, with the index of the nearest value.

        Parameters that do not exist in it are skipped.
        """
        for decision in self.space.existing(configuration):
            parameter = self.space.parameters[decision]
            where = parameter.domain.where(configuration[parameter.name])
            yield decision, int(np.argmin(np.abs(self._places[decision] - where)))


class Sampler:
    """Draws configurations from a policy as it is now; make another one when the policy changes.

    What the policy answers after the same earlier decisions is computed once.
    """

    def __init__(self, decisions: Decisions, policy: Policy) -> None:
        self._decisions, self._policy = decisions, policy
        self._states: dict[Made, Any] = {(): policy.start()}
        self._chances: dict[tuple[int, Made], np.ndarray] = {}
        self._ladders: dict[tuple[int, Made], np.ndarray] = {}

    def draw(self, rng: np.random.Generator) -> Configuration:
        """One configuration; parameters that do not exist are not drawn."""
        drawn: Configuration = {}
        made: Made = ()
        for decision, parameter in enumerate(self._decisions.space.parameters):
            if parameter.name not in drawn and parameter.exists(drawn):
                value = int(self._ladder(decision, made).searchsorted(rng.random(), side="right"))
                drawn[parameter.name] = self._decisions.values[decision][value]
                made = *made, (decision, value)
        return drawn

    def state(self, made: Made) -> Any:
        """The policy's state after these decisions."""
        if made not in self._states:
            self._states[made] = self._policy.read(self.state(made[:-1]), *made[-1])
        return self._states[made]

    def chances(self, decision: int, made: Made) -> np.ndarray:
        """The probabilities of a decision's values after these decisions."""
        if (decision, made) not in self._chances:
            logits = self._policy.logits(self.state(made), decision)
            self._chances[decision, made] = softmax(logits)
        return self._chances[decision, made]

    def _ladder(self, decision: int, made: Made) -> np.ndarray:
        """The cumulated probabilities of a decision's values."""
        if (decision, made) not in self._ladders:
            ladder = self.chances(decision, made).cumsum()
            self._ladders[decision, made] = ladder / ladder[-1]
        return self._ladders[decision, made]
