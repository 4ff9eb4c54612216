"""The surrogate panel and its game, without a browser."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from coursekit.search import Search
from coursekit.strategies import Bayesian
from coursekit.widgets import Surrogate
from coursekit.widgets import panel as panel_module
from coursekit.widgets.probing import EI, HAND, LENGTHS, NOISES, PI, THOMPSON, UCB, Probing
from coursekit.worlds import Landscape

PLACES = {"flat ground": Landscape("needle"), "a map": Landscape("hills", dimensions=2)}


@pytest.fixture
def game() -> Probing:
    return Probing(Landscape("hills"), points=6, seed=1)


@pytest.fixture
def panel() -> Surrogate:
    return Surrogate({"hills": Landscape("hills"), **PLACES}, points=5)


def test_the_rival_is_the_kit_s_bayesian_optimization_and_begins_alike(game: Probing) -> None:
    search = Search(Bayesian(game.world.space, initial=2), seed=1)
    history = search.run(game.world, trials=6, progress=False)
    assert [each.score for each in game.rival] == [each.score for each in history]
    assert [probe.score for probe in game.found] == [each.score for each in game.rival[:2]]
    assert {probe.by for probe in game.found} == {"given"}


def test_both_are_compared_at_the_same_number_of_points_by_true_heights() -> None:
    game = Probing(Landscape("hills", noise=0.3), points=4)
    x = np.linspace(0, 1, 1001)[:, None]
    summit = x[np.argmax(game.world.heights(x))]
    for _ in range(5):
        game.place(summit)  # the same measurement each time
    assert game.over and len(game.found) == 4 and game.found[-1].by == HAND
    mine, other = game.worths()
    best = max(game.found, key=lambda probe: probe.score)
    assert mine == pytest.approx(game.world.heights(best.place[None])[0])
    assert other <= game.world.optimum and mine <= game.world.optimum
    game.reset()
    assert len(game.found) == 2 and not game.over
    leader = max(game.rival[:2], key=lambda trial: trial.score)
    assert game.worths()[1] == game.world.worth(leader.configuration)


def test_length_and_noise_are_those_of_the_process(game: Probing) -> None:
    process = game.process(0.2, 0.3)
    weight, signal, noise = np.exp(process.hyperparameters)
    assert (weight, signal, noise) == pytest.approx((25.0, 1.0, 0.09))
    best = max(
        (game.likelihood(length, noise), length, noise) for length in LENGTHS for noise in NOISES
    )
    assert game.likeliest() == best[1:]


def test_acquisitions_choose_as_they_are_defined(game: Probing) -> None:
    process = game.process(0.1, 0.0)
    mean, variance = process.posterior(game.asked)
    assert np.argmax(game.promise(UCB, process, 0.0)) == np.argmax(mean)
    np.testing.assert_allclose(game.promise(UCB, process, 3.0), mean + 3 * np.sqrt(variance))
    peak = game.asked[np.argmax(mean), 0]
    near, far = (
        abs(game.asked[np.argmax(game.promise(PI, process, exploration)), 0] - peak)
        for exploration in (0.0, 5.0)
    )
    assert near < 0.05 and far > near  # without a margin it looks beside the best
    greedy, bold = (np.argmax(game.promise(EI, process, e)) for e in (0.0, 5.0))
    assert variance[bold] >= variance[greedy]
    one, same = (game.promise(THOMPSON, process, 0.0) for _ in range(2))
    assert one.tolist() == same.tolist()  # until the next point
    game.place(np.array([0.5]))
    assert game.promise(THOMPSON, game.process(0.1, 0.0), 0.0).tolist() != one.tolist()


def test_points_are_placed_by_hand_and_by_the_acquisition(panel: Surrogate) -> None:
    assert "2 of 5 points" in panel.line.value and "aria-live" in panel.line.value
    before = panel.figure.value
    panel.across.value = 0.25
    assert panel.figure.value != before
    panel.place_button.click()
    assert "3 of 5 points" in panel.line.value and "by hand" in panel.line.value
    assert panel.game.found[-1].place.tolist() == [0.25]
    panel.choose_button.click()
    assert panel.game.found[-1].by == EI and "expected improvement" in panel.line.value
    assert "the function" not in panel.figure.value
    panel.show.value = True
    assert ">the function<" in panel.figure.value
    panel.show.value = False
    panel.choose_button.click()
    assert panel.place_button.disabled and panel.choose_button.disabled
    assert "The end" in panel.line.value and "1 of 3 placed by hand" in panel.line.value
    assert ">the function<" in panel.figure.value  # revealed
    panel.reset_button.click()
    assert "2 of 5 points" in panel.line.value and not panel.place_button.disabled


def test_another_game_lies_elsewhere_and_other_functions_keep_theirs(panel: Surrogate) -> None:
    panel.choose()
    begun = panel.game
    panel.another()
    assert panel.game.world.moved != begun.world.moved and len(panel.game.found) == 2
    here = panel.game
    panel.pick.value = "flat ground"
    assert panel.game is not here and panel.game.world.dataset == "needle"
    panel.pick.value = "hills"
    assert panel.game is here


def test_sliders_move_the_model_and_most_likely_sets_them(panel: Surrogate) -> None:
    for x in (0.3, 0.6):
        panel.across.value = x
        panel.place()
    before = panel.figure.value
    panel.length.value = 1.0
    assert panel.figure.value != before
    panel.fit_button.click()
    assert (panel.length.value, panel.noise.value) == panel.game.likeliest()
    likely = panel.game.likelihood(*panel.game.likeliest())
    assert f"Log likelihood of the scores: {likely:.1f}" in panel.line.value


def test_each_acquisition_brings_its_usual_exploration(panel: Surrogate) -> None:
    panel.rule.value = UCB
    assert panel.exploration.value == 2.0 and not panel.exploration.disabled
    assert UCB in panel.figure.value
    panel.rule.value = THOMPSON
    assert panel.exploration.disabled
    panel.rule.value = EI
    assert panel.exploration.value == 0.0 and not panel.exploration.disabled


def test_two_dimensions_are_maps_with_a_second_slider(panel: Surrogate) -> None:
    assert panel.up.layout.display == "none"
    panel.pick.value = "a map"
    assert panel.up.layout.display == ""
    panel.across.value, panel.up.value = 0.25, 0.75
    panel.place()
    assert panel.game.found[-1].place.tolist() == [0.25, 0.75]
    assert panel.figure.value.count("<image") == 3
    panel.show.value = True
    assert panel.figure.value.count("<image") == 4


def test_games_outlive_their_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel_module, "cell", lambda: "cell 7")
    first = Surrogate(PLACES)
    first.pick.value = "a map"
    first.place()
    again = Surrogate(PLACES)
    assert again.pick.value == "a map" and len(again.game.found) == 3
    assert len(Surrogate(PLACES, seed=1).game.found) == 2


def test_the_stand_in_needs_no_widgets(panel: Surrogate) -> None:
    bundle = panel._repr_mimebundle_()
    html = bundle["text/html"]
    assert "2 of 5 points" in html and "2 of 5 points" in bundle["text/plain"]
    ET.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])  # well-formed


def test_three_dimensions_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="'deep' has 3 dimensions: draw one or two"):
        Surrogate({"deep": Landscape("hills", dimensions=3)})
