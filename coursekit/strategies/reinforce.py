"""REINFORCE (Zoph and Le, 2017, ICLR, arXiv:1611.01578; `zoph2017neural`): a controller learns.

With `policy="tabular"` the controller is NATS-Bench's (Dong et al., 2021, arXiv:2009.00437;
`dong2021natsbench`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from coursekit.arguments import whole_number
from coursekit.spaces import Configuration, Space
from coursekit.strategies.base import Strategy
from coursekit.surrogates.adam_state import AdamState
from coursekit.surrogates.policies import Policy, RecurrentPolicy, TabularPolicy, softmax
from coursekit.trials import History, Pause, Status, Suggestion, Trial

Taken = tuple[tuple[int, int], ...]  # decisions and the places of their values, in order


class Reinforce(Strategy):
    """Samples from a policy, and makes decisions that scored above the average more likely.

    policy: "lstm", a controller that reads the earlier decisions, or "tabular", one softmax per
        decision; NATS-Bench uses learning_rate=0.01, entropy_weight=0, repeats=True.
    learning_rate: of Adam, one step per trial; large, for hundreds of trials, not thousands.
    baseline_decay: of the moving average b of the scores; rewards count as R - b, in units of
        their own moving spread, so that nothing depends on the scale of the scores.
    entropy_weight: weight of the bonus for the policy's entropy.
    units: width of the LSTM (one layer).
    resolution: the most values per numeric parameter; decisions are discrete.
    repeats: sample with replacement; the search then never ends.

    Inactive parameters (their condition does not hold) are not sampled and get no gradient.
    """

    def __init__(
        self,
        space: Space,
        *,
        policy: Literal["lstm", "tabular"] = "lstm",
        learning_rate: float = 0.02,
        baseline_decay: float = 0.9,
        entropy_weight: float = 0.1,
        units: int = 35,
        resolution: int = 10,
        repeats: bool = False,
    ) -> None:
        super().__init__(space)
        if policy not in ("lstm", "tabular"):
            raise ValueError(f"policy={policy!r}: there are 'lstm' and 'tabular'")
        if not learning_rate > 0:
            raise ValueError(f"learning_rate={learning_rate!r} is above 0")
        if not 0 <= baseline_decay < 1:
            raise ValueError(f"baseline_decay={baseline_decay!r} is from 0 to below 1")
        if not entropy_weight >= 0:
            raise ValueError(f"entropy_weight={entropy_weight!r} is 0 or more")
        self.policy, self.repeats = policy, repeats
        self.baseline_decay, self.entropy_weight = baseline_decay, entropy_weight
        self.units = whole_number("units", units)
        whole_number("resolution", resolution)
        self._values = [list(p.domain.values(resolution)) for p in space.parameters]
        self._places = [
            np.array([p.domain.where(value) for value in values])
            for p, values in zip(space.parameters, self._values, strict=True)
        ]
        self._policy: Policy = TabularPolicy([len(values) for values in self._values])
        self._adam = AdamState(learning_rate)
        self._origin: float | None = None  # the first score: rewards R are measured from it
        self._rewards = np.zeros(3)  # decayed sums of 1, R and (R - b)^2
        self.spread = 1.0  # of the rewards around b; never 0, and not a rounding error
        self.last_advantage = 0.0  # of the trial that it learnt from last
        self._ladders: dict[tuple[int, Taken], np.ndarray] = {}
        self._states: dict[Taken, Any] = {}

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        if self.repeats:
            return Suggestion(self._sample(rng))
        drawn = self.fresh(history, rng, lambda: self._sample(rng))
        return Pause.DONE if drawn is None else Suggestion(drawn)

    def chances(self, configuration: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The policy: the probability of each value of each decision, by parameter.

        Each decision follows those that the configuration made before it; inactive ones are left
        out. Values are in the order of `values`.
        """
        found, here = {}, self._policy.start()
        for decision in self.space.existing(configuration):
            name = self.space.parameters[decision].name
            found[name] = softmax(self._policy.logits(here, decision))
            here = self._policy.read(here, decision, self._nearest(decision, configuration))
        return found

    @property
    def values(self) -> dict[str, list[Any]]:
        """The values between which each decision is made, by parameter."""
        return {p.name: list(v) for p, v in zip(self.space.parameters, self._values, strict=True)}

    @property
    def baseline(self) -> float:
        """The moving average of the scores; NaN before the first."""
        if self._origin is None:
            return math.nan
        return float(self._origin + self._rewards[1] / self._rewards[0])

    def _sample(self, rng: np.random.Generator) -> Configuration:
        made: Configuration = {}
        taken: Taken = ()
        for decision, parameter in enumerate(self.space.parameters):
            if parameter.name not in made and parameter.exists(made):
                value = int(self._ladder(decision, taken).searchsorted(rng.random(), side="right"))
                made[parameter.name] = self._values[decision][value]
                taken = *taken, (decision, value)
        return made

    def _ladder(self, decision: int, taken: Taken) -> np.ndarray:
        """The cumulated probabilities of a decision's values, kept until the policy learns."""
        if (decision, taken) not in self._ladders:
            if not taken:
                self._states[taken] = self._policy.start()
            elif taken not in self._states:
                self._states[taken] = self._policy.read(self._states[taken[:-1]], *taken[-1])
            ladder = softmax(self._policy.logits(self._states[taken], decision)).cumsum()
            self._ladders[decision, taken] = ladder / ladder[-1]
        return self._ladders[decision, taken]

    def observe(self, trial: Trial, rng: np.random.Generator) -> None:
        if trial.status is not Status.COMPLETED:
            return
        if self.policy == "lstm" and isinstance(self._policy, TabularPolicy):
            choices = [len(values) for values in self._values]
            self._policy = RecurrentPolicy(choices, self.units, rng)  # as even as the table was
        self._ladders, self._states = {}, {}
        self.last_advantage = advantage = self.advantage(trial.score)
        path, dlogits = [], []
        here = self._policy.start()
        for decision in self.space.existing(trial.configuration):
            value = self._nearest(decision, trial.configuration)
            chances = softmax(self._policy.logits(here, decision))
            logs = np.log(chances + 1e-30)
            entropy = -(chances @ logs)
            # Down the gradient of -(R - b) log p(value) - weight * entropy.
            slope = advantage * chances + self.entropy_weight * chances * (logs + entropy)
            slope[value] -= advantage
            path.append((decision, here))
            dlogits.append(slope)
            here = self._policy.read(here, decision, value)
        self._adam.step(self._policy.weights, self._policy.backward(path, dlogits))

    def advantage(self, score: float) -> float:
        """What one more score counts: R - b, in units of its moving spread; moves both averages."""
        if self._origin is None:
            self._origin = score
        reward = score - self._origin  # a shift of all scores makes no difference
        count, total, squares = self.baseline_decay * self._rewards
        count, total = count + 1, total + reward
        squares += (reward - total / count) ** 2
        self._rewards = np.array((count, total, squares))
        self.spread = max((squares / count) ** 0.5, 1e-9 * abs(reward)) or 1.0
        return float((reward - total / count) / self.spread)

    def _nearest(self, decision: int, configuration: Mapping[str, Any]) -> int:
        parameter = self.space.parameters[decision]
        where = parameter.domain.where(configuration[parameter.name])
        return int(np.argmin(np.abs(self._places[decision] - where)))
