"""Full training with early stopping (Prechelt, 1998; `prechelt1998early`).

The reference for cheaper estimators.
"""

from __future__ import annotations

import math

from coursekit.arguments import whole_number
from coursekit.estimators.base import Estimator, Trains
from coursekit.trials import Epoch, Evaluation, History, Suggestion, Trial


class FullTraining(Estimator):
    """Trains to the budget, or until the score has stopped improving.

    patience: stop after this many epochs in a row without a better score, and answer with the best
        one, as if its weights had been restored; None trains to the end and answers with the last.
    """

    estimates = False

    def __init__(self, world: Trains, *, patience: int | None = None) -> None:
        super().__init__(world)
        self.patience = None if patience is None else whole_number("patience", patience)

    def evaluate(self, trial: Trial | Suggestion, history: History | None = None) -> Evaluation:
        done: list[Epoch] = []
        best, since = -math.inf, 0
        with self.training(trial, history) as epochs:
            for epoch in epochs:
                done.append(epoch)
                best, since = (epoch.score, 0) if epoch.score > best else (best, since + 1)
                if since == self.patience:
                    break
        made = self.finished(done)
        failed = math.isnan(made.score)
        return made if failed or self.patience is None else made._replace(score=best)
