"""The conformance suite finds planted faults, and says what to mend."""

from __future__ import annotations

import numpy as np
import pytest

import coursekit.testing
from coursekit.estimators import FullTraining
from coursekit.spaces import Choice, Integer, Space
from coursekit.strategies import Random, RegularizedEvolution, Strategy
from coursekit.testing import SPACES, conform, conform_estimator, examine
from coursekit.trials import Pause, Suggestion

SMALL = {name: SPACES[name] for name in ("mixed", "small")}


class MutatesInSuggest(Random):
    """Counts its calls of suggest, and every third goes elsewhere."""

    def __init__(self, space):
        super().__init__(space)
        self.calls = 0

    def suggest(self, history, rng):
        self.calls += 1
        if self.calls % 3 == 0:
            rng.random()
        return super().suggest(history, rng)


class IgnoresTheSeed(Random):
    def suggest(self, history, rng):
        return super().suggest(history, np.random.default_rng(len(history)))


class UsesTheGlobalGenerator(Random):
    def suggest(self, history, rng):
        return super().suggest(history, np.random.default_rng(np.random.randint(2**31)))  # noqa: NPY002


class LeavesTheSpace(Random):
    def suggest(self, history, rng):
        suggestion = super().suggest(history, rng)
        if isinstance(suggestion, Pause) or "layers" not in suggestion.configuration:
            return suggestion
        return Suggestion({**suggestion.configuration, "layers": 5})


class ForgetsRunningTrials(RegularizedEvolution):
    """Knows the finished trials only, and so suggests again what is running."""

    def fresh(self, history, rng, draw=None):
        known = {self.space.key(trial.configuration) for trial in history.finished}
        draw = draw or (lambda: next(self.space.enumerate()))
        for _ in range(100):
            made = draw()
            if self.space.key(made) not in known:
                return made
        return super().fresh(history, rng)


class NeverEnds(Random):
    def suggest(self, history, rng):
        suggestion = super().suggest(history, rng)
        return Suggestion(self.space.sample(rng)) if suggestion is Pause.DONE else suggestion


class WaitsForNobody(Random):
    def suggest(self, history, rng):
        return Pause.WAIT if len(history) > 20 else super().suggest(history, rng)


class GivesNumPyScalars(Random):
    def suggest(self, history, rng):
        suggestion = super().suggest(history, rng)
        if isinstance(suggestion, Pause) or "layers" not in suggestion.configuration:
            return suggestion
        layers = np.int64(suggestion.configuration["layers"])
        return Suggestion({**suggestion.configuration, "layers": layers})


class StumblesOverFailures(Strategy):
    """Takes for granted that something has completed."""

    def suggest(self, history, rng):
        if len(history) - len(history.running) > 3:
            min(trial.score for trial in history.completed[-2:])
            if len(history.completed) < history.count_finished / 2:
                raise IndexError("list index out of range")
        found = self.fresh(history, rng)
        return Pause.DONE if found is None else Suggestion(found)


class RemembersOutsideObserve(Random):
    """A list that suggest fills: a resumed search begins with an empty one."""

    def __init__(self, space):
        super().__init__(space)
        self.made = []

    def suggest(self, history, rng):
        if len(self.made) > 10 and len(history) % 2:
            rng.random()
        suggestion = super().suggest(history, rng)
        if len(self.made) <= len(history):
            self.made.append(suggestion)
        return suggestion


class SortsTheHistory(RegularizedEvolution):
    def observe(self, trial, rng):
        self.seen = trial

    def suggest(self, history, rng):
        history.completed.sort(key=lambda trial: trial.score)
        return super().suggest(history, rng)


class DrawsForEver(Random):
    """Looks for a new point without end; a limit is set so that the test need not wait."""

    def suggest(self, history, rng):
        seen = {self.space.key(trial.configuration) for trial in history}
        while True:
            found = self.space.sample(rng)
            if self.space.key(found) not in seen:
                return Suggestion(found)


class GoesBySets(Random):
    """Draws by the order of a set of strings: of 7 names, so that two processes agree in 0.02 %."""

    def suggest(self, history, rng):
        if "batch" in (names := {p.name for p in self.space.parameters}):
            rng = np.random.default_rng([int(rng.integers(2**32)), *"".join(names).encode()])
        return super().suggest(history, rng)


class ThinksThatScoresAreAccuracies(RegularizedEvolution):
    """Below one half it starts again at random."""

    def suggest(self, history, rng):
        if history.completed and history.best().score < 0.5:
            return Suggestion(self.fresh(history, rng))
        return super().suggest(history, rng)


class AddsAMillionth(Random):
    """Guards a division by a number that is small beside accuracies only."""

    def suggest(self, history, rng):
        scores = [trial.score for trial in history.completed] or [0.0]
        share = (max(scores) - min(scores)) / (max(scores) - min(scores) + 1e-6)
        return super().suggest(
            history, np.random.default_rng([len(history), int(1e4 * share), int(rng.integers(99))])
        )


class Positional(Random):
    def __init__(self, space, repeats=False):
        super().__init__(space, repeats=repeats)


class NoDefault(Random):
    def __init__(self, space, *, repeats):
        super().__init__(space, repeats=repeats)


class SaysNothingOfItsBudgets(Random):
    def suggest(self, history, rng):
        suggestion = super().suggest(history, rng)
        if isinstance(suggestion, Pause):
            return suggestion
        return Suggestion(suggestion.configuration, budget=3)


class RefusesWithoutAReason(Random):
    @classmethod
    def supports(cls, space):
        return space.count < 100

    def __init__(self, space):
        self.space = space


FAULTS = {
    MutatesInSuggest: "suggest changes nothing",
    IgnoresTheSeed: "other seed other trials",
    UsesTheGlobalGenerator: "same seed same trials",
    LeavesTheSpace: "layers",
    ForgetsRunningTrials: "which is running",
    NeverEnds: "all 12 are tried, so answer Pause.DONE",
    WaitsForNobody: "no trial runs",
    GivesNumPyScalars: "int64",
    StumblesOverFailures: "copes with any score",
    RemembersOutsideObserve: "resumed equals uninterrupted",
    SortsTheHistory: "changed history.completed",
    GoesBySets: "same in a new process",
    ThinksThatScoresAreAccuracies: "decides alike on any scale",
    AddsAMillionth: "decides alike on any scale",
    Positional: "checks options",
    SaysNothingOfItsBudgets: "budgeted = True",
    RefusesWithoutAReason: "refuses what it does not support",
}


@pytest.mark.parametrize("faulty", FAULTS, ids=lambda faulty: faulty.__name__)
def test_finds(faulty):
    with pytest.raises(AssertionError, match=faulty.__name__) as found:
        conform(faulty, spaces=SMALL)
    assert FAULTS[faulty] in str(found.value)


def test_names_only_the_fault():
    report = examine(NeverEnds, spaces={"mixed": SPACES["mixed"], "small": SPACES["small"]})
    assert {space for space, _, _ in report.broken} == {"small"}
    assert "Pause.DONE" in str(report)


def test_prints_what_is_kept(capsys):
    conform(RegularizedEvolution, spaces=SMALL, population_size=4, sample_size=2)
    assert "RegularizedEvolution keeps its promises on mixed, small" in capsys.readouterr().out


def test_own_spaces_and_what_cannot_be_tested():
    own = {"own": Space({"rate": Integer(1, 9), "kind": Choice(list("ab"))})}
    local = type("Local", (Random,), {"__module__": "__main__"})
    report = examine(local, spaces=own)
    assert not report.broken
    assert report.untested == [
        "same in a new process (a new process cannot import what a notebook or a script defines)"
    ]


def test_options_need_defaults():
    report = examine(NoDefault, spaces=SMALL, repeats=False)
    assert [what for *_, what in report.broken] == [
        "its option repeats has no default: give one that works"
    ]


def test_allowed_repeats():
    assert not examine(Random, spaces=SMALL, repeats=True).broken


def test_finds_what_never_answers(monkeypatch):
    monkeypatch.setattr(coursekit.testing, "LIMIT", 1)
    report = examine(DrawsForEver, spaces={"small": SPACES["small"]})
    assert any("no answer within 1 s" in what for _, _, what in report.broken)


def test_what_is_no_class_of_the_kind_is_refused_in_words():
    with pytest.raises(TypeError, match="give the class of the strategy, not an object"):
        conform(Random(SPACES["small"]))
    with pytest.raises(TypeError, match=r"so it is not a strategy: conform_estimator\(Full"):
        conform(FullTraining)
    with pytest.raises(TypeError, match=r"so it is not an estimator: conform\(Random\)"):
        conform_estimator(Random)
