"""Progressive neural architecture search (Liu et al., 2018, ECCV; `liu2018progressive`).

arXiv:1712.00559.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from itertools import islice
from typing import cast

import numpy as np

from coursekit.arguments import whole_number
from coursekit.spaces import Space
from coursekit.spaces.incremental import Incremental
from coursekit.strategies.base import Strategy
from coursekit.surrogates.rank_ensemble import Ranked, RankEnsemble
from coursekit.trials import History, Pause, Status, Suggestion, Trial


class Progressive(Strategy):
    """Simple candidates first; a surrogate learns from them which more complex ones to train.

    A round is `beam_width` results. The first round trains the simplest candidates: all of them in
    the paper, here a random sample if there are more. After each round, its candidates grow by one
    step in every way, and a surrogate fitted to all results chooses which children to train. With
    parallel workers, none waits: the surrogate's next candidates are handed out. The space defines
    what a step adds: in block cells a block, as in the paper; in NAS-Bench-201 cells a node with
    its edges from earlier nodes and to the output; in chains a layer at the end.

    The paper ends when candidates are fully grown. Here rounds continue, with neighbours of the
    best trials, left-over candidates and random ones. They are ranked by the prediction plus noise
    as wide as the members disagree (as in BANANAS, White et al., 2021, arXiv:1910.11858;
    `white2021bananas`); without the noise the rounds repeat themselves.

    `ranking` holds the candidates of the present round, the first to be trained first; what is
    behind the beam when the round ends is dropped. A trial carries its prediction as
    `suggestion.info["predicted"]`.

    beam_width: K in the paper (256 there, for a budget of a thousand).
    members: perceptrons in the surrogate, which predicts ranks (see `RankEnsemble`).
    resolution: the most values per numeric parameter when a candidate grows.
    pool_size: the most candidates that a round chooses from; a random sample if there are more.
    """

    def __init__(
        self,
        space: Space,
        *,
        beam_width: int = 10,
        members: int = 5,
        resolution: int = 3,
        pool_size: int = 5000,
    ) -> None:
        super().__init__(space)
        self.beam_width = whole_number("beam_width", beam_width)
        self.resolution = whole_number("resolution", resolution)
        self.pool_size = whole_number("pool_size", pool_size)
        self._surrogate = RankEnsemble(space, whole_number("members", members))
        self.growing = cast(Incremental, space)
        self._stage = self.growing.smallest  # complexity that is trained now
        self._trained: list[Trial] = []
        self._known: set[Hashable] = set()  # canonical forms of finished trials
        simplest = map(Ranked, self.growing.grow(resolution=self.resolution))
        self.ranking = self._new(islice(simplest, self.pool_size))  # after round one, best first
        self._round: list[Trial] = []

    @classmethod
    def supports(cls, space: Space) -> bool:
        return isinstance(space, Incremental) and space.smallest < space.largest

    @classmethod
    def needs(cls) -> str:
        return "it needs one in which candidates grow, such as Chain, EdgeCells or BlockCells"

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        seen, pool = self._seen(history), self.ranking
        if not self._trained:
            pool = [pool[index] for index in rng.permutation(len(pool)).tolist()]
        for configuration, parent, predicted, _ in pool:
            if self.space.key(configuration) not in seen:
                told = {} if math.isnan(predicted) else {"predicted": predicted}
                return Suggestion(dict(configuration), parent=parent, info=told)
        new = self.fresh(history, rng)
        return Pause.DONE if new is None else Suggestion(new)

    def observe(self, trial: Trial, rng: np.random.Generator) -> None:
        self._known.add(self.space.canonical(trial.configuration))
        self._round.append(trial)
        if len(self._round) < min(self.beam_width, len(self.ranking)):
            return
        done = [each for each in self._round if each.status is Status.COMPLETED]
        self._round, self._trained = [], self._trained + done
        last = self._stage == self.growing.largest
        if self._trained:
            pool = self._new(self._candidates(done, last, rng))
            self.ranking = self._surrogate.order(self._trained, pool, rng, explore=last)
        self._stage = min(self._stage + 1, self.growing.largest)

    def _candidates(self, done: list[Trial], last: bool, rng: np.random.Generator) -> list[Ranked]:
        """The candidates after a round: its trials grown by a step; after the last stage, more."""
        grow, finer = self.growing.grow, self.resolution
        found = [Ranked(grown, trial.number) for trial in done
                 for grown in grow(trial.configuration, resolution=finer)]  # fmt: skip
        if last:
            best = sorted(self._trained, key=lambda trial: -trial.score)[: self.beam_width]
            found += [Ranked(near, trial.number) for trial in best
                      for near in self.space.neighbours(trial.configuration)]  # fmt: skip
            found += self.ranking
            found += [Ranked(self.space.sample(rng)) for _ in range(self.pool_size // 10)]
        drawn = rng.permutation(len(found))[: self.pool_size]
        return [found[index] for index in drawn.tolist()]

    def _new(self, found: Iterable[Ranked]) -> list[Ranked]:
        """Untrained candidates; the last one of those that build the same model."""
        new = {self.space.canonical(each.configuration): each for each in found}
        return [each for form, each in new.items() if form not in self._known]
