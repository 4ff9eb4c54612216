"""Lower fidelity: fewer epochs, less data, smaller images, thinner networks.

Zela, Klein, Falkner and Hutter (2018, arXiv:1807.06906; `zela2018towards`) study whether that keeps
the ranking.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Self

import numpy as np

from coursekit.arguments import whole_number
from coursekit.estimators.agreement import Agreement, agreement
from coursekit.estimators.base import LEAST, Estimator, Trains, least_spread
from coursekit.trials import Epoch, Evaluation, History, Suggestion, Trial

SHARE = 4  # by default a quarter of the epochs, in a world without other fidelities


class LowerFidelity(Estimator):
    """Trains a cheaper version of the candidate and answers with its score.

    The world offers fidelities: "quarter data", "half resolution"; a live world also "half width",
    and several at once ("quarter data and half width"). Fewer epochs can be combined with these.

    fidelity: one of the world's; by default the first below the full one, if it has one.
    epochs: the most epochs of a training; by default all, or a quarter of them if the world has no
        other fidelity. A suggestion's budget may be smaller.
    agreement: of such scores with full ones, from `compare`. Its spread becomes the spread of the
        evaluations. Without it, the spread is the noise in the curve's last steps, which is
        smaller.

    Raises ValueError for a fidelity that the world does not have, for epochs below 1 or above the
    world's, and if nothing would be cheaper than a full training.
    """

    def __init__(
        self,
        world: Trains,
        *,
        fidelity: str | None = None,
        epochs: int | None = None,
        agreement: Agreement | None = None,
    ) -> None:
        super().__init__(world)
        others = [name for name in world.fidelities if name != world.fidelity]
        if fidelity is None:
            fidelity = others[0] if others and epochs is None else world.fidelity
        if epochs is None:
            cut = fidelity == world.fidelity
            epochs = max(1, world.epochs // SHARE) if cut else world.epochs
        epochs = whole_number("epochs", epochs, 1, world.epochs)
        if fidelity == world.fidelity and epochs == world.epochs:
            raise ValueError(f"fidelity={fidelity!r}, epochs={epochs}: that is a full training")
        self.full, self.world = world, world.at(fidelity)
        self.fidelity, self.epochs, self.agreement = fidelity, epochs, agreement

    @classmethod
    def supports(cls, world: Trains) -> bool:
        return world.early or len(world.fidelities) > 1

    @classmethod
    def needs(cls) -> str:
        return "it needs scores before the last epoch, or fidelities below the full one"

    def train(self, trial: Trial | Suggestion, history: History | None = None) -> Iterator[Epoch]:
        trial = Trial.of(trial)
        asked = trial.suggestion.budget
        budget = self.epochs if asked is None else min(asked, self.epochs)
        whole = budget == self.world.epochs  # then also where the world cannot stop before the end
        return self.world.train(trial.up_to(None if whole else budget), history)

    def evaluate(self, trial: Trial | Suggestion, history: History | None = None) -> Evaluation:
        with self.training(trial, history) as epochs:
            return self.finished(list(epochs))

    def finished(self, done: Sequence[Epoch]) -> Evaluation:
        made = super().finished(done)
        if math.isnan(made.score):
            return made
        least = least_spread(made, self.bounds, LEAST)
        spread = self.agreement.spread if self.agreement else max(wobble(made.curve), least)
        return made._replace(spread=spread)

    def compare(self, suggestions: Sequence[Suggestion]) -> Agreement:
        """Train each of them both ways and measure the agreement; failed ones are left out.

        Raises ValueError if fewer than three are left.
        """
        cheap = [self.evaluate(suggestion) for suggestion in suggestions]
        whole = (replace(suggestion, budget=None) for suggestion in suggestions)
        full = [Evaluation.of(list(self.full.train(suggestion))) for suggestion in whole]
        return agreement(cheap, full)

    def at(self, fidelity: str) -> Self:
        if fidelity == self.fidelity:
            return self
        return type(self)(self.full, **{**self.options, "fidelity": fidelity})


def check_finalists(
    trials: Sequence[Trial],
    world: Trains,
    *,
    finalists: int | None = None,
    seconds: float = math.inf,
) -> list[Trial]:
    """Train the best of a cheap search in full, and return these trials in the order of training.

    The winner is the one with the best score among what is returned: cheap scores and full ones
    cannot be compared. Isomorphic candidates are trained once.

    trials: of the cheap search; those without a score are left out. world: at full fidelity.
    finalists: how many are trained, by default as many as the seconds allow. seconds: of training;
    the training that would end later is the last one, and is left out.
    """
    if finalists is not None:
        whole_number("finalists", finalists)
    scored = [trial for trial in trials if math.isfinite(trial.score)]
    checked, known, spent = list[Trial](), set[Hashable](), 0.0
    for trial in sorted(scored, key=lambda trial: -trial.score):
        if len(checked) == finalists:
            break
        model = world.space.canonical(trial.configuration)
        if model in known:
            continue
        known.add(model)
        made = Evaluation.of(list(world.train(trial.up_to(None))))
        spent += made.cost
        if spent > seconds:
            break
        checked.append(trial.up_to(None).ended(made))
    return checked


def wobble(curve: Sequence[float]) -> float:
    """The noise of a score, estimated from the last steps of its curve; 0 if they show none."""
    steps = np.diff(np.asarray(curve, dtype=float)[-6:])
    return float(steps.std() / math.sqrt(2)) if len(steps) > 1 else 0.0
