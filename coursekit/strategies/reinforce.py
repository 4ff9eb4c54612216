"""REINFORCE (Zoph and Le, 2017, ICLR, arXiv:1611.01578; `zoph2017neural`): a controller learns.

With `policy="tabular"` the controller is NATS-Bench's (Dong et al., 2021, arXiv:2009.00437;
`dong2021natsbench`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from coursekit.arguments import positive, whole_number
from coursekit.spaces import Space
from coursekit.strategies.base import Strategy
from coursekit.surrogates.adam_state import AdamState
from coursekit.surrogates.decisions import Decisions, Sampler
from coursekit.surrogates.moving_baseline import MovingBaseline
from coursekit.surrogates.policies import Policy, RecurrentPolicy, TabularPolicy
from coursekit.trials import History, Pause, Status, Suggestion, Trial

RATES = {"lstm": 0.02, "tabular": 0.1}  # the usual learning rates


class Reinforce(Strategy):
    """Samples from a policy, and makes decisions that scored above the average more likely.

    policy: "lstm", a controller that reads the earlier decisions, or "tabular", one softmax per
        decision; NATS-Bench uses learning_rate=0.01, entropy_weight=0, repeats=True.
    learning_rate: of Adam, one step per trial; by default 0.02 for the LSTM and 0.1 for the table,
        for hundreds of trials, not thousands.
    baseline_decay: of the moving average b of the scores; rewards count as R - b, in units of
        their own moving spread, so that nothing depends on the scale of the scores.
    entropy_weight: weight of the bonus for the policy's entropy.
    units: width of the LSTM (one layer). resolution: the most values of a number's decision.
    repeats: sample with replacement; the search then never ends.

    Inactive parameters (their condition does not hold) are not sampled and get no gradient.
    """

    def __init__(
        self,
        space: Space,
        *,
        policy: Literal["lstm", "tabular"] = "lstm",
        learning_rate: float | None = None,
        baseline_decay: float = 0.9,
        entropy_weight: float = 0.1,
        units: int = 35,
        resolution: int = 10,
        repeats: bool = False,
    ) -> None:
        super().__init__(space)
        if policy not in RATES:
            raise ValueError(f"policy={policy!r}: there are 'lstm' and 'tabular'")
        rate = RATES[policy] if learning_rate is None else positive("learning_rate", learning_rate)
        if not entropy_weight >= 0:
            raise ValueError(f"entropy_weight={entropy_weight!r} is 0 or more")
        self.policy, self.repeats, self.entropy_weight = policy, repeats, entropy_weight
        self.units = whole_number("units", units)
        self.moving = MovingBaseline(baseline_decay)
        self.last_advantage = 0.0  # of the trial that it learnt from last
        self._decisions = Decisions(space, whole_number("resolution", resolution))
        self._policy: Policy = TabularPolicy(self._decisions.choices)
        self._sampler = Sampler(self._decisions, self._policy)
        self._adam = AdamState(rate)

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        if self.repeats:
            return Suggestion(self._sampler.draw(rng))
        drawn = self.fresh(history, rng, lambda: self._sampler.draw(rng))
        return Pause.DONE if drawn is None else Suggestion(drawn)

    def chances(self, configuration: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The policy: the probability of each value of each decision, by parameter.

        Given the configuration's earlier decisions, without inactive ones, ordered as `values`.
        """
        made = tuple(self._decisions.made(configuration))
        return {
            self.space.parameters[decision].name: self._sampler.chances(
                decision, made[:place]
            ).copy()
            for place, (decision, _) in enumerate(made)
        }

    @property
    def values(self) -> dict[str, list[Any]]:
        """The values between which each decision is made, by parameter."""
        names = [parameter.name for parameter in self.space.parameters]
        return dict(zip(names, map(list, self._decisions.values), strict=True))

    @property
    def baseline(self) -> float:
        """The moving average of the scores; NaN before the first."""
        return self.moving.value

    def advantage(self, score: float) -> float:
        """What one more score counts: R - b, in units of its moving spread; moves both averages."""
        return self.moving.advantage(score)

    def observe(self, trial: Trial, rng: np.random.Generator) -> None:
        if trial.status is not Status.COMPLETED:
            return
        if self.policy == "lstm" and isinstance(self._policy, TabularPolicy):
            self._policy = RecurrentPolicy(self._decisions.choices, self.units, rng)  # even, too
            self._sampler = Sampler(self._decisions, self._policy)
        self.last_advantage = advantage = self.advantage(trial.score)
        made = tuple(self._decisions.made(trial.configuration))
        path, dlogits = [], []
        for place, (decision, value) in enumerate(made):
            chances = self._sampler.chances(decision, made[:place])
            logs = np.log(chances + 1e-30)
            entropy = -(chances @ logs)
            # Down the gradient of -(R - b) log p(value) - weight * entropy.
            slope = advantage * chances + self.entropy_weight * chances * (logs + entropy)
            slope[value] -= advantage
            path.append((decision, self._sampler.state(made[:place])))
            dlogits.append(slope)
        self._adam.step(self._policy.weights, self._policy.backward(path, dlogits))
        self._sampler = Sampler(self._decisions, self._policy)
