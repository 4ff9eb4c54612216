"""The controller panel and what it shows, without a browser."""

import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from coursekit.plots.policy_maps import bits, draws
from coursekit.spaces import Choice, Float, Space
from coursekit.strategies import Reinforce
from coursekit.trials import Evaluation, History, Trial
from coursekit.widgets import Controller
from coursekit.widgets.controller import WithoutBaseline


class Hits:
    """A world that answers at once: the share of decisions that are "b"."""

    space = Space({f"g{i}": Choice(list("abc")) for i in range(3)})
    percent = True

    def evaluate(self, trial: Trial, history: History) -> Evaluation:
        return Evaluation(list(trial.configuration.values()).count("b") / 3)

    def __str__(self) -> str:
        return "hits"


@pytest.fixture
def panel() -> Controller:
    return Controller(Hits(), trials=40)


def test_a_sample_is_told_and_drawn(panel: Controller) -> None:
    assert "Before the first sample" in panel.line.value and "aria-live" in panel.line.value
    before = panel.figure.value
    panel.step_button.click()
    panel.moment.value = 7
    assert "Sample 7 of 40" in panel.line.value and "advantage" in panel.line.value
    assert panel.figure.value != before and "Sample 7 of 40" in panel.figure.value
    panel.moment.value = 40
    assert panel.step_button.disabled
    panel.reset_button.click()
    assert panel.moment.value == 0 and "equally likely" in panel.line.value


def test_what_is_shown_is_what_the_strategy_does(panel: Controller) -> None:
    for earlier, later in zip(panel.draws, panel.draws[1:], strict=False):
        for name, chances in earlier.after.items():
            np.testing.assert_array_equal(chances, later.before[name])  # a table: one policy
    first = panel.draws[0]
    assert first.advantage == 0 and first.entropy == pytest.approx(math.log2(3))
    assert panel.draws[-1].entropy < first.entropy
    late = np.mean([draw.score for draw in panel.draws[-10:]])
    assert late > 0.6  # an even policy: a third +- 0.09


def test_an_advantage_moves_what_was_drawn() -> None:
    controller = Reinforce(Hits.space, policy="tabular", learning_rate=0.1, repeats=True)
    seen = next(each for each in draws(controller, Hits(), trials=20) if each.advantage)
    for name, value in seen.taken.items():
        moved = seen.after[name][value] - seen.before[name][value]
        assert moved * seen.advantage > 0
        assert sum(seen.after[name]) == pytest.approx(1)


def test_an_lstm_s_chances_are_those_after_the_decisions_before(panel: Controller) -> None:
    panel.policy.value = "lstm"
    panel.learning_rate.value = 0.03
    draw = panel.draws[-1]
    assert set(draw.before) == {"g0", "g1", "g2"}
    assert len(panel.draws) == 40 and "Sample" not in panel.line.value


def test_without_a_baseline_every_reward_counts(panel: Controller) -> None:
    panel.moment.value = 9
    panel.baseline_decay.value = "none"
    assert panel.moment.value == 9 and "no baseline" in panel.line.value
    assert min(draw.advantage for draw in panel.draws) >= 0
    controller = WithoutBaseline(Hits.space, policy="tabular")
    controller.advantage(3.0)
    assert controller.advantage(5.0) == pytest.approx(5.0 / controller.moving.spread)


def test_sliders_search_again_and_stay_at_the_sample(panel: Controller) -> None:
    panel.moment.value = 30
    undecided = panel.draws[29].entropy
    panel.entropy_weight.value = 1.0
    assert panel.moment.value == 30 and panel.draws[29].entropy > undecided
    panel.entropy_weight.value = 0.0
    panel.learning_rate.value = 1.0
    assert panel.draws[29].entropy < undecided


def test_inactive_decisions_are_left_out() -> None:
    class Conditional(Hits):
        space = Space(
            {
                "optimizer": Choice(["sgd", "adam"]),
                "momentum": Float(0, 1).when(optimizer="sgd"),
            }
        )

        def evaluate(self, trial: Trial, history: History) -> Evaluation:
            return Evaluation(float(trial.configuration["optimizer"] == "adam"))

    shown = Controller(Conditional(), trials=30)
    rows = {frozenset(draw.before) for draw in shown.draws}
    assert rows == {frozenset({"optimizer"}), frozenset({"optimizer", "momentum"})}
    alone = next(place for place, draw in enumerate(shown.draws, 1) if len(draw.before) == 1)
    shown.moment.value = alone
    assert "optimizer adam. Score" in shown.line.value and ">momentum<" not in shown.figure.value


def test_play_shows_sample_after_sample(panel: Controller) -> None:
    panel.play_button.click()
    assert panel.clock.playing
    panel.clock.value = 1  # a tick from the browser
    assert panel.moment.value == 1 and "Sample 1 of 40" in panel.line.value
    panel.moment.value = 40
    assert not panel.clock.playing


def test_a_setting_without_a_place_on_its_slider_is_refused() -> None:
    with pytest.raises(ValueError, match=r"learning_rate=0.2: there are 0.003, 0.01"):
        Controller(Hits(), learning_rate=0.2)
    with pytest.raises(ValueError, match="policy='gru': there are tabular, lstm"):
        Controller(Hits(), policy="gru")


def test_the_stand_in_needs_no_widgets(panel: Controller) -> None:
    html = panel._repr_mimebundle_()["text/html"]
    assert "Sample 40 of 40" in html  # not the even beginning
    ET.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])  # well-formed
    assert panel.moment.value == 0


def test_bits_of_an_even_policy() -> None:
    assert bits({"a": np.full(4, 0.25), "b": np.array([1.0, 0.0])}) == pytest.approx(1.0)
