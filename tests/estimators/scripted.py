"""A world whose curves are written down, and which counts what was trained and closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from coursekit.spaces import Choice, Space
from coursekit.trials import Epoch, Suggestion


class Scripted:
    """Each configuration follows the same curve, or the one of its "curve"; an epoch takes 1 s.

    cheaper: curves at other fidelities, where an epoch takes a quarter of a second.
    """

    early = True

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

    def train(self, suggestion: Suggestion) -> Iterator[Epoch]:
        self.running.append(self._train(suggestion))
        return self.running[-1]

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
