"""A world whose curves are written down, and which counts what was trained and closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from coursekit.estimators import Estimator
from coursekit.spaces import Choice, Space
from coursekit.trials import Epoch, Evaluation, History, Suggestion, Trial


class Scripted:
    """Each configuration follows the same curve, or the one of its "curve"; an epoch takes 1 s.

    cheaper: curves at other fidelities, where an epoch takes a quarter of a second.
    """

    early = True
    bounds = (0.0, 1.0)

    def __init__(
        self,
        curve: Sequence[float] | Mapping[str, Sequence[float]],
        *,
        fidelity: str = "full",
        cheaper: Mapping[str, Sequence[float]] | None = None,
        space: Space | None = None,
    ) -> None:
        self.curve, self.cheaper, self.fidelity = curve, cheaper or {}, fidelity
        self.fidelities = ("full", *self.cheaper)
        self.space = space or Space(
            {"curve": Choice(list(curve if isinstance(curve, Mapping) else "a"))}
        )
        self.epochs = len(self.curve_of({}) if fidelity == "full" else self.cheaper[fidelity])
        self.trained = self.closed = 0
        self.running: list[Iterator[Epoch]] = []  # held, so that no garbage collection closes them

    def curve_of(self, configuration: Mapping[str, str]) -> Sequence[float]:
        if self.fidelity != "full":
            return self.cheaper[self.fidelity]
        if isinstance(self.curve, Mapping):
            return self.curve[configuration.get("curve", next(iter(self.curve)))]
        return self.curve

    def train(self, trial: Trial | Suggestion, history: History | None = None) -> Iterator[Epoch]:
        self.running.append(self._train(Trial.of(trial).suggestion))
        return self.running[-1]

    def finished(self, done: Sequence[Epoch]) -> Evaluation:
        return Evaluation.of(done)

    def _train(self, suggestion: Suggestion) -> Iterator[Epoch]:
        try:
            for score in self.curve_of(suggestion.configuration)[: suggestion.budget]:
                self.trained += 1
                yield Epoch(score, 1.0 if self.fidelity == "full" else 0.25)
        finally:
            self.closed += 1

    def at(self, fidelity: str) -> Scripted:
        if fidelity == self.fidelity:
            return self
        if fidelity not in self.fidelities:
            raise ValueError(f"no fidelity {fidelity!r}")
        return Scripted(self.curve, fidelity=fidelity, cheaper=self.cheaper, space=self.space)


def judged(estimator: Estimator, *suggestions: Suggestion) -> list[Evaluation]:
    """What an estimator says of them, one after the other, in one search."""
    history, found = History(), []
    for suggestion in suggestions:
        trial = history.add(suggestion)
        found.append(estimator.evaluate(trial, history))
        history.finish(trial.number, found[-1])
    return found
