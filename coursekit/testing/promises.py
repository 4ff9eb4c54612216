"""The promises: what every strategy keeps on every space that it supports."""

from __future__ import annotations

import inspect
import json
import math
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from coursekit.search import Search
from coursekit.spaces import Space
from coursekit.strategies.base import Strategy
from coursekit.testing.watched import (
    Broken,
    Case,
    Scorer,
    Untested,
    on_scale,
    score_of,
)
from coursekit.trials import Evaluation, Pause, Trial

# Times and plus: losses of a regression, accuracies in percent below a bar, rewards in billions.
SCALES = ((1e-6, 0.0), (100.0, -1e3), (1e9, 5e9))


def refuses_what_it_does_not_support(case: Case) -> None:
    try:
        case.build()
    except ValueError:
        return
    raise Broken("`supports` says no, but it builds: call super().__init__(space)")


def same_seed_same_trials(case: Case) -> None:
    search = case.search()
    search.drive()
    case.compare(
        search.made,
        "two searches with the same seed differ: draw only from the generator handed in",
    )


def other_seed_other_trials(case: Case) -> None:
    if case.space.count < 100:
        return  # too small to decide
    search = case.search(seed=1)
    search.drive(trials=case.length // 2)
    count = len(search.made)
    if case.build().deterministic:
        case.compare(search.made, "deterministic = True, but the seed makes a difference")
    elif search.made == case.reference[:count]:
        raise Broken(
            f"another seed gives the same {count} trials: draw from the generator handed in "
            "(or set deterministic = True on the class)"
        )


def suggest_changes_nothing(case: Case) -> None:
    def extra(search: Search) -> None:
        number, history = len(search.history), search.history
        if number % 3 == 1:
            one, other = (
                search.strategy.suggest(history, np.random.default_rng(number)) for _ in range(2)
            )
            if one != other:
                raise Broken(
                    f"asked twice for trial {number}, with generators alike, suggest answers "
                    f"{one} and {other}: remember things in observe"
                )
            search.strategy.suggest(history, np.random.default_rng(number + 1))

    search = case.search()
    search.drive(before=extra)
    case.compare(
        search.made, "extra calls of suggest change later trials: remember things in observe"
    )


def resumed_equals_uninterrupted(case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "whole"
        search = case.search(journal=journal)
        search.drive()
        search.close()
        lines = journal.read_bytes().splitlines(keepends=True)
        for share in (0.1, 0.4, 0.7, 0.95):
            cut = Path(folder) / f"{share}"
            cut.write_bytes(b"".join(lines[: 1 + int(share * (len(lines) - 1))]))
            search = case.search(journal=cut)
            search.drive(trials=search.history.count_finished + 8)
            search.close()
            case.compare(
                search.made, "a resumed search goes another way: remember things in observe"
            )


def copes_with_any_score(case: Case) -> None:

    def odd(space: Space, trial: Trial) -> Evaluation:
        phase = trial.number // 8 % 4
        scores = (math.nan, 0.5, (-1) ** trial.number * 1e12, -math.inf)
        return Evaluation(scores[phase])

    case.search().drive(workers=1, judge=odd)


def decides_alike_on_any_scale(case: Case) -> None:
    """A score may be an accuracy in percent, a negated loss, a reward."""

    def even(space: Space, trial: Trial) -> Evaluation:
        """Equal scores, a plateau: their mean is rounded, differently on another scale."""
        return score_of(space, trial)._replace(score=0.1 if trial.number % 5 else math.nan)

    plain = case.search()
    plain.drive(judge=even, trials=case.length // 2)
    for times, plus in SCALES:
        why = (
            f"told {times:g} * score {plus:+g} in place of score it goes another way: use "
            "differences of scores in proportion to others, not numbers on a scale of your own"
        )

        def scaled(space: Space, trial: Trial, judge: Scorer = score_of) -> Evaluation:
            return on_scale(judge(space, trial), times, plus)  # noqa: B023

        search = case.search()
        search.drive(judge=scaled)
        case.compare(search.made, why)
    search = case.search()
    search.drive(judge=partial(scaled, judge=even), trials=case.length // 2)
    case.compare(search.made, why, plain.made)


def copes_with_many_running(case: Case) -> None:
    search = case.search()
    running: list[Trial] = []
    while len(running) < 20 and isinstance(trial := search.ask(), Trial):
        running.append(trial)
    for trial in reversed(running):
        search.tell(trial, score_of(case.space, trial))
    search.drive(trials=len(running) + 8)


def finite_space_ends(case: Case) -> None:
    if case.space.count > 100 or case.build().repeats:
        return
    search, most = case.search(), 50 + 10 * int(case.space.count)
    if search.drive(trials=most) is not Pause.DONE:
        raise Broken(
            f"it suggests {most} trials and more in a space of {case.space.count}: answer "
            "Pause.DONE when there is nothing new"
        )
    if search.ask() is not Pause.DONE:
        raise Broken("after Pause.DONE it answers otherwise: DONE is final, WAIT is for the moment")


def checks_options(strategy: type[Strategy]) -> None:
    """Options have names and defaults, and unknown options are refused."""
    _, _, *options = inspect.signature(strategy.__init__).parameters.values()
    for option in options:
        if option.kind is option.VAR_KEYWORD:
            continue
        if option.kind is not option.KEYWORD_ONLY:
            raise Broken(f"its option {option} can do without a name: put * before it")
        if option.default is option.empty:
            raise Broken(f"its option {option} has no default: give one that works")


def same_in_a_new_process(cases: Mapping[str, Case]) -> None:
    """With another seed of Python's hashes, so that sets have another order."""
    if any(case.build.func.__module__ == "__main__" for case in cases.values()):
        raise Untested("a new process cannot import what a notebook or a script defines")
    try:
        work = pickle.dumps({name: (case.build, case.length) for name, case in cases.items()})
    except Exception as error:
        raise Untested(f"a new process cannot get it: {error}") from None
    answer = subprocess.run(
        [sys.executable, "-c", AGAIN],
        input=pickle.dumps(sys.path) + work,
        env={**os.environ, "PYTHONHASHSEED": "1" if hash("one") % 2 else "2"},
        capture_output=True,
    )
    if answer.returncode:
        raise Broken(f"in a new process it fails: {answer.stderr.decode().strip()[-500:]}")
    for name, made in json.loads(answer.stdout).items():
        cases[name].compare(made, f"a new process goes another way on {name}: sort what is a set")


AGAIN = """
import json, pickle, sys
sys.path = pickle.load(sys.stdin.buffer)
builds = pickle.load(sys.stdin.buffer)
from coursekit.testing.watched import Case
print(json.dumps({name: Case(*each).reference for name, each in builds.items()}))
"""

PROMISES = (
    same_seed_same_trials,
    other_seed_other_trials,
    suggest_changes_nothing,
    resumed_equals_uninterrupted,
    copes_with_any_score,
    decides_alike_on_any_scale,
    copes_with_many_running,
    finite_space_ends,
)
