"""What every world answers about a choice, and how people read its scores."""

import pytest

from coursekit.trials import Suggestion
from coursekit.worlds import Cells, Live, MLPs
from tests.race.worlds import Crossing, Loss, Sum

BEST = {"n": 8}


def test_worth_is_a_full_training_at_any_fidelity() -> None:
    world = Crossing()
    assert world.worth(BEST) == world.at("quarter data").worth(BEST) == pytest.approx(0.9)
    assert world.at("quarter data").evaluate(Suggestion(BEST)).score == pytest.approx(0.89)


@pytest.mark.parametrize("cls", [Cells, MLPs])
def test_a_table_s_worth_is_the_mean_over_its_trainings(cls) -> None:
    world = cls(seed=3, fidelity="quarter data")
    for configuration in list(world.space.enumerate())[:20]:
        assert world.worth(configuration) == world.accuracy(configuration)


def test_a_live_world_trains_to_know_it() -> None:
    world = Live("mlps", fidelity="quarter data")
    configuration = next(iter(world.space.enumerate()))
    full = Live("mlps").evaluate(Suggestion(configuration)).score
    assert world.worth(configuration) == pytest.approx(full)


@pytest.mark.parametrize("world", [MLPs(fidelity="quarter data"), Live("mlps"), Crossing()])
def test_a_seed_draws_one_training_and_changes_nothing_else(world) -> None:
    other = world.seeded(5)
    assert getattr(other, "seed", 5) == 5 and other.fidelity == world.fidelity
    assert other.dataset == world.dataset and type(other) is type(world)


def test_scores_are_read_in_the_world_s_own_unit_and_sign() -> None:
    assert MLPs.measure == Live.measure == "validation accuracy"
    assert Crossing().shown(0.98765) == "98.77 %"
    assert Crossing().shown(0.98765, digits=0) == "99 %"
    assert Loss().shown(-0.123456) == "0.1235" and Sum().shown(8) == "8"
