"""The atlas: ranks and twins agree with what is counted one by one."""

import numpy as np
import pytest

from coursekit.worlds import Cells, MLPs
from coursekit.worlds.atlas import Atlas


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    return Atlas(Cells())


def test_a_rank_counts_the_better_ones(atlas: Atlas):
    for place in range(0, len(atlas.cells), 371):
        better = int((atlas.accuracies > atlas.accuracies[place]).sum())
        assert atlas.rank(atlas.cells[place]) == better + 1
    assert atlas.rank(atlas.cells[int(np.argmax(atlas.accuracies))]) == 1


def test_twins_have_one_canonical_form_and_are_all_there(atlas: Atlas):
    space = atlas.world.space
    assert len(set(atlas.networks.tolist())) == 1_011
    for place in (0, 17, 1234, 4095):
        cell = atlas.cells[place]
        form = space.canonical(cell)
        others = [each for each in atlas.cells if space.canonical(each) == form and each != cell]
        assert atlas.twins(cell) == others
        assert all(atlas.world.accuracy(each) == atlas.world.accuracy(cell) for each in others)


def test_a_cell_whose_trainings_all_failed_is_behind_the_others():
    class Failing(Cells):
        def accuracy(self, configuration):
            if configuration["0-3"] == "none":
                return float("nan")
            return super().accuracy(configuration)

    atlas = Atlas(Failing())
    failed = next(cell for cell in atlas.cells if cell["0-3"] == "none")
    known = int(np.isfinite(atlas.accuracies).sum())
    assert known < len(atlas.cells) and atlas.rank(failed) == known + 1


def test_other_spaces_are_refused():
    with pytest.raises(TypeError, match="an atlas shows cells of edges"):
        Atlas(MLPs())
