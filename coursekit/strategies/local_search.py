"""Local search (White et al., 2021, UAI, arXiv:2005.02960; `white2021exploring`)."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from coursekit.spaces import Configuration, Space
from coursekit.strategies.base import Strategy
from coursekit.trials import History, Pause, Status, Suggestion, Trial

FIRST, FINEST = 0.2, 0.01  # steps in numbers, in parts of their range


class LocalSearch(Strategy):
    """Tries the neighbours of the best so far in random order, and moves to the first better one.

    (The paper tries all neighbours and moves to the best, which takes more trials per step.)
    When no neighbour is better, steps in numbers of many values are halved (a pattern search, Hooke
    and Jeeves, 1961; `hooke1961direct`), unless all neighbours are equal: a plateau. When steps
    are too fine, the climb ends and another starts at a random configuration, with long steps.
    Known neighbours are not tried again: if one is better, the climb moves there at once.
    With parallel workers, none waits: when every neighbour is handed out, the next suggestion is a
    random start for a later climb, and the next climb begins at the best finished start.
    """

    def __init__(self, space: Space) -> None:
        super().__init__(space)
        self._known: dict[Hashable, Trial] = {}  # finished, failed ones too
        self._starts: list[Trial] = []  # finished, not climbed from yet
        self._climb: int | None = None  # the number of its start
        self._centre: Trial | None = None  # where the climb is
        self._step = FIRST
        self._open: dict[Hashable, Configuration] = {}  # the centre's neighbours without a result

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        seen = self._seen(history)
        around = [near for key, near in self._open.items() if key not in seen]
        if around and self._centre is not None:
            return Suggestion(
                around[int(rng.integers(len(around)))],
                parent=self._centre.number,
                info={"climb": self._climb},
            )
        start = self.fresh(history, rng)
        return Pause.DONE if start is None else Suggestion(start)

    def observe(self, trial: Trial, rng: np.random.Generator) -> None:
        key = self.space.key(trial.configuration)
        self._known[key] = trial
        self._open.pop(key, None)
        if trial.status is Status.COMPLETED:
            climb = trial.suggestion.info.get("climb")
            if climb is None:
                self._starts.append(trial)
            elif climb == self._climb and self._centre and trial.score > self._centre.score:
                self._move(trial)  # a neighbour of the centre, or a late one of an earlier centre
        while not self._open:
            if self._centre and self._step / 2 >= FINEST and not self._flat(self._centre):
                self._step /= 2
                self._move(self._centre)
            elif self._starts:
                best = max(self._starts, key=lambda start: start.score)
                self._starts.remove(best)
                self._climb, self._step = best.number, FIRST
                self._move(best)
            else:
                break

    def _around(self, trial: Trial) -> dict[Hashable, Configuration]:
        near = self.space.neighbours(trial.configuration, self._step)
        return {self.space.key(each): each for each in near}

    def _flat(self, centre: Trial) -> bool:
        return all(self._known[key].score == centre.score for key in self._around(centre))

    def _move(self, trial: Trial) -> None:
        """Make this the centre, or the trial that known better neighbours lead to."""
        known = self._known
        while True:
            around = self._around(trial)
            best = max(
                (known[key] for key in around if key in known and known[key].score > trial.score),
                key=lambda each: each.score,
                default=None,
            )
            if best is None:
                break
            trial = best
        self._centre = trial
        self._open = {key: near for key, near in around.items() if key not in known}
