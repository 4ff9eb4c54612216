"""Local searches from one start."""

import numpy as np

from coursekit.race.climbs import climbs
from coursekit.worlds import Cells


def test_every_climb_begins_at_the_start_and_steps_to_its_neighbours():
    world = Cells()
    start = world.space.sample(np.random.default_rng(3))
    near = {world.space.key(each) for each in world.space.neighbours(start)}
    found = climbs(world, start, trials=12, seeds=5)
    assert [len(history) for history in found] == [12] * 5
    for history in found:
        assert history[0].configuration == start
        assert history[0].score == world.accuracy(start)
        assert world.space.key(history[1].configuration) in near
    assert len({world.space.key(history[1].configuration) for history in found}) > 1
