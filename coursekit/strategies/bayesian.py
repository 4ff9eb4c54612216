"""Bayesian optimization (Snoek et al., 2012, NIPS 25, arXiv:1206.2944; `snoek2012practical`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from coursekit.arguments import whole_number
from coursekit.spaces import Configuration, Space
from coursekit.strategies.base import Strategy
from coursekit.surrogates.acquisition import log_augmentation, log_expected_improvement
from coursekit.surrogates.axes import Axes
from coursekit.surrogates.observations import Observations
from coursekit.surrogates.warped_process import WarpedProcess
from coursekit.trials import History, Pause, Suggestion, Trial

SAMPLED = 200  # candidates at which a function is drawn where scores are noisy


class Bayesian(Strategy):
    """Fits a Gaussian process to the scores and suggests where its acquisition is highest.

    initial: random trials before the first model-based one.
    acquisition: "ei", expected improvement (Jones et al., 1998; `jones1998efficient`), augmented
        for noisy scores (Huang et al., 2006; `huang2006global`); the noisier they are, the more
        suggestions are the best of one function from the posterior, among the candidates with the
        highest improvement. "ucb", upper confidence bound (Srinivas et al., 2010;
        `srinivas2010gaussian`). "thompson", the best of one function among all candidates
        (Thompson, 1933; `thompson1933likelihood`).
    exploration: sqrt(beta) of "ucb", how many standard deviations count.
    candidates: points at which the acquisition is evaluated: half random, half mutations of the
        ten best trials by the mean; all points of a space with at most that many.
    most: how many trials the model sees; with more trials, half of these are the best and half the
        latest.

    The model sees scores through `warp`, or as they are, whichever makes them likelier. A running
    trial enters with the mean that the model predicts for it, a failed one with the worst score;
    the best so far is the highest mean, not a lucky score. The hyperparameters are fitted again
    whenever the number of trials has grown by a tenth.
    """

    def __init__(
        self,
        space: Space,
        *,
        initial: int = 10,
        acquisition: Literal["ei", "ucb", "thompson"] = "ei",
        exploration: float = 2.0,
        candidates: int = 1000,
        most: int = 400,
    ) -> None:
        super().__init__(space)
        if acquisition not in ("ei", "ucb", "thompson"):
            raise ValueError(f"acquisition={acquisition!r}: there are 'ei', 'ucb' and 'thompson'")
        if not exploration >= 0:
            raise ValueError(f"exploration={exploration!r} is 0 or more")
        self.acquisition, self.exploration = acquisition, exploration
        self.initial, self.most = whole_number("initial", initial), whole_number("most", most)
        self.candidates = whole_number("candidates", candidates, 2)
        self._axes, self._observed = Axes(space), Observations(space)
        self._learnt = WarpedProcess(self._axes, self._observed, first=initial, most=most)
        few = space.count <= candidates
        self._everything = [space.encode(each) for each in space.enumerate()] if few else None

    def observe(self, trial: Trial, rng: np.random.Generator) -> None:
        self._observed.add(trial)

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        if len(history) >= self.initial and self._learnt.differ():
            seen = self._seen(history)
            for found in self._best_first(history, rng):
                if self.space.key(found) not in seen:
                    return Suggestion(found)
        drawn = self.fresh(history, rng)
        return Pause.DONE if drawn is None else Suggestion(drawn)

    def _best_first(self, history: History, rng: np.random.Generator) -> Iterator[Configuration]:
        process, points = self._learnt()
        known, noise, share = points, process.noise, process.noise_share
        if history.running:
            running = np.array([self.space.encode(each.configuration) for each in history.running])
            process, known = process.believing(running), np.concatenate((points, running))
        means = process.posterior(known)[0]
        best = float(means.max())

        def promise(asked: np.ndarray) -> np.ndarray:
            if self.acquisition == "thompson":
                return process.sample(asked, 1, rng)[0]
            mean, variance = process.posterior(asked)
            if self.acquisition == "ucb":
                return mean + self.exploration * np.sqrt(variance)
            deviation = np.sqrt(variance)
            improvement = log_expected_improvement(mean, deviation, best)
            if rng.random() >= share:
                return improvement + log_augmentation(deviation, noise)
            # Under noise the improvement is flat, and its highest point stays in one place.
            top = np.argsort(-np.round(improvement, 6), kind="stable")[:SAMPLED]
            drawn = np.full(len(asked), -np.inf)
            drawn[top] = process.sample(asked[top], 1, rng)[0]
            return drawn

        if self._everything is not None:
            asked = np.array(self._everything)
        else:
            half = self.candidates // 2
            top = points[np.argsort(-np.round(means[: len(points)], 6), kind="stable")[:10]]
            mutated = self._axes.mutate(top[rng.integers(len(top), size=half)], rng)
            drawn = rng.random((self.candidates - half, len(self._axes)))
            asked = np.concatenate((mutated, self._axes.settle(drawn)))
        # Rounded: candidates may tie, and the last bits differ between processors.
        for row in np.argsort(-np.round(promise(asked), 6), kind="stable"):
            yield self.space.decode(asked[row])
