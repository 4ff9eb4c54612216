"""Progressive search, round by round: what was expanded, ranked, trained and dropped."""

import itertools

import numpy as np
import pytest

from coursekit.plots.progression import (
    PHASES,
    PLACES,
    Moment,
    Round,
    about,
    moments,
    predictions,
    rounds,
    shown,
    tau,
    tell,
    tree,
)
from coursekit.search import Search
from coursekit.spaces import EdgeCells
from coursekit.strategies import Progressive
from coursekit.trials import Evaluation, History, Trial

matplotlib = pytest.importorskip("matplotlib")


class Convolutions:
    """A world that scores the share of 3x3 convolutions."""

    space = EdgeCells()

    def worth(self, configuration) -> float:
        return sum(value == "nor_conv_3x3" for value in configuration.values()) / 6

    def evaluate(self, trial: Trial, history: History) -> Evaluation:
        return Evaluation(self.worth(trial.configuration))


@pytest.fixture(scope="module")
def found() -> list[Round]:
    return rounds(Progressive(Convolutions.space, beam_width=6), Convolutions(), count=4, seed=1)


def test_rounds_are_those_of_the_search(found: list[Round]) -> None:
    world = Convolutions()
    history = Search(Progressive(world.space, beam_width=6), seed=1).run(world, trials=23)
    trained = [trial.configuration for each in found for trial in each.trained]
    assert trained == [trial.configuration for trial in history]
    assert [len(each.trained) for each in found] == [5, 6, 6, 6]
    assert [each.complexity for each in found] == [1, 2, 3, 3]
    assert [each.seen for each in found] == [0, 5, 11, 17]
    for each in found[1:]:
        assert [one.configuration for one in each.beam] == [
            trial.configuration for trial in each.trained
        ]
        assert each.beam == each.ranking[:6] and each.dropped == each.ranking[6:]
    assert not found[0].dropped


def test_moments_leave_out_what_did_not_happen(found: list[Round]) -> None:
    listed = moments(found[:2])
    assert listed == [Moment(0, "expanded"), Moment(0, "trained"), *[Moment(1, p) for p in PHASES]]


def test_each_moment_is_told_and_drawn(found: list[Round]) -> None:
    truth = Convolutions().worth
    told = [tell(found, moment, truth) for moment in moments(found)]
    assert len(set(told)) == len(told)
    assert "all 5 cells of size 1" in told[0] and "5 cells of 5" in told[1]
    assert "55 new cells of size 2" in told[2] and "the 5 trainings so far" in told[3]
    assert "the first 6 of 55" in told[4] and "49 cells" in told[5]
    assert "would have reached 50.00%, the best that was trained 33.33%" in told[5]
    assert "full size" in told[10]
    for moment in moments(found):
        figure = matplotlib.figure.Figure()
        axes = tree(found, moment, axes=figure.subplots())
        marks = {line.get_gid() for line in axes.get_lines()} - {None}
        last = moment.round - (moment.phase == "expanded" and moment.round > 0)
        assert marks == {
            f"beam-{index}-{place}"
            for index in range(last + 1)
            for place in range(len(shown(found[index])))
        }
        filled = [line for line in axes.get_lines() if line.get_gid() and
                  line.get_markerfacecolor() != "none"]  # fmt: skip
        reached = PHASES.index(moment.phase) >= PHASES.index("trained")
        assert len(filled) == sum(len(each.trained) for each in found[: moment.round + reached])


def test_a_large_round_shows_the_beam_and_counts_the_rest(found: list[Round]) -> None:
    each = found[2]
    assert len(shown(each)) == PLACES < len(each.ranking)
    assert shown(each)[:6] == [*each.beam]
    figure = matplotlib.figure.Figure()
    axes = tree(found, Moment(2, "dropped"), chosen=each.beam[0], axes=figure.subplots())
    texts = [text.get_text() for text in axes.texts]
    assert f"and {len(each.ranking) - PLACES:,} more" in texts


def test_lines_lead_from_the_parent(found: list[Round]) -> None:
    for before, now in itertools.pairwise(found[:3]):
        numbers = {trial.number for trial in before.trained}
        assert {one.parent for one in now.ranking} <= numbers
    figure = matplotlib.figure.Figure()
    axes = tree(found, Moment(2, "trained"), axes=figure.subplots())
    lines = [line for line in axes.get_lines() if line.get_linestyle() == "-"]
    assert len(lines) == 12  # one for each trained child


def test_one_candidate_in_words_and_in_the_scatter(found: list[Round]) -> None:
    truth = Convolutions().worth
    chosen = found[1].beam[0]
    told = about(found, 1, chosen, truth)
    assert "round 2, trained" in told and "place 1 of 55" in told
    assert f"True: {truth(chosen.configuration):.2%}" in told
    assert "dropped" in about(found, 1, found[1].dropped[0], truth)
    assert "Predicted" not in about(found, 0, found[0].ranking[0], truth)
    figure = matplotlib.figure.Figure()
    axes = predictions(found[1], truth, chosen=chosen, axes=figure.subplots())
    drawn = {line.get_label(): len(line.get_xdata()) for line in axes.get_lines()}
    assert drawn == {"dropped": 49, "trained": 6, "chosen": 1}


def test_agreement_is_kendalls_tau(found: list[Round]) -> None:
    truth = Convolutions().worth
    assert np.isnan(tau(found[0], truth))
    each = found[1]
    right = each._replace(ranking=tuple(
        one._replace(predicted=truth(one.configuration)) for one in each.ranking
    ))  # fmt: skip
    assert tau(right, truth) == pytest.approx(1.0)
    assert -1 < tau(each, truth) < 1
