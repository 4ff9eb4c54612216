"""REINFORCE (Zoph and Le, 2017, ICLR, arXiv:1611.01578; `zoph2017neural`): a controller learns.

With `policy="tabular"` the controller is NATS-Bench's (Dong et al., 2021, arXiv:2009.00437;
`dong2021natsbench`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from coursekit.arguments import whole_number
from coursekit.spaces import Configuration, Space
from coursekit.strategies.base import Strategy
from coursekit.surrogates.adam_state import AdamState
from coursekit.surrogates.policies import Policy, RecurrentPolicy, TabularPolicy, softmax
from coursekit.trials import History, Pause, Status, Suggestion, Trial


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

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        if self.repeats:
            return Suggestion(self._sample(rng))
        drawn = self.fresh(history, rng, lambda: self._sample(rng))
        return Pause.DONE if drawn is None else Suggestion(drawn)

    def _sample(self, rng: np.random.Generator) -> Configuration:
        made: Configuration = {}
        here = self._policy.start()
        for decision, parameter in enumerate(self.space.parameters):
            if parameter.name not in made and parameter.exists(made):
                chances = softmax(self._policy.logits(here, decision))
                value = int(rng.choice(len(chances), p=chances))
                made[parameter.name] = self._values[decision][value]
                here = self._policy.read(here, decision, value)
        return made

    def observe(self, trial: Trial, rng: np.random.Generator) -> None:
        if trial.status is not Status.COMPLETED:
            return
        if self.policy == "lstm" and isinstance(self._policy, TabularPolicy):
            choices = [len(values) for values in self._values]
            self._policy = RecurrentPolicy(choices, self.units, rng)  # as even as the table was
        advantage = self._advantage(trial.score)
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

    def _advantage(self, score: float) -> float:
        if self._origin is None:
            self._origin = score
        reward = score - self._origin  # a shift of all scores makes no difference
        count, total, squares = self.baseline_decay * self._rewards
        count, total = count + 1, total + reward
        squares += (reward - total / count) ** 2
        self._rewards = np.array((count, total, squares))
        spread = max((squares / count) ** 0.5, 1e-9 * abs(reward))  # not a rounding error
        return (reward - total / count) / (spread or 1.0)

    def _nearest(self, decision: int, configuration: Mapping[str, Any]) -> int:
        parameter = self.space.parameters[decision]
        where = parameter.domain.where(configuration[parameter.name])
        return int(np.argmin(np.abs(self._places[decision] - where)))
