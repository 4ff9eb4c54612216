"""The tables: what a file holds, that nothing is lost in it, and that damage is told."""

import numpy as np
import pytest

from coursekit.data import DataError
from coursekit.shipped import shipped
from coursekit.spaces import EdgeCells
from coursekit.worlds import trained_tables
from coursekit.worlds.recipes import FIDELITIES, RECIPES
from coursekit.worlds.trained_tables import Table, entries, pack, read, share, unpack

NAMES = list(RECIPES)


def small(rng: np.random.Generator, failed: float = 0.1) -> Table:
    """A table of the right shapes: 7 entries, 3 fidelities, 2 seeds, 5 epochs, 250 images."""
    shape = (7, 3, 2)
    lengths = np.where(rng.random(shape) < failed, rng.integers(5, size=shape), 5)
    validation = rng.integers(251, size=(*shape, 5)) / np.float32(250)
    validation[np.arange(5) >= lengths[..., None]] = np.nan
    test = np.where(lengths == 5, rng.integers(1001, size=shape) / np.float32(1000), np.nan)
    about = {"version": trained_tables.VERSION, "validation images": 250, "test images": 1000}
    seconds = rng.random((7, 3)).astype(np.float32)
    return Table(validation, test, seconds, rng.integers(10**6, size=(7, 3)), about)


@pytest.mark.parametrize("seed", range(20))
def test_a_file_gives_back_what_was_packed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table, shared = small(rng, failed=0.5), rng.integers(7, size=30).astype(np.uint16)
    again, shared_again = unpack(pack(table, shared))
    for name, one, other in zip(Table._fields[:4], table, again, strict=False):
        np.testing.assert_allclose(one, other, rtol=1e-6, err_msg=name)
    np.testing.assert_array_equal(shared, shared_again)
    assert again.about == table.about


def test_another_version_of_the_format_is_refused() -> None:
    table = small(np.random.default_rng(0))
    other = table._replace(about={**table.about, "version": trained_tables.VERSION + 1})
    with pytest.raises(DataError, match=f"version {trained_tables.VERSION + 1}: this code reads"):
        unpack(pack(other, np.zeros(3, np.uint16)))


@pytest.mark.parametrize("name", NAMES)
def test_a_table_is_whole(name: str) -> None:
    recipe, (table, _) = RECIPES[name], read(name)
    count = len(entries(recipe.space))
    shape = (count, len(FIDELITIES), recipe.seeds)
    assert table.validation.shape == (*shape, recipe.epochs)
    assert table.test.shape == shape
    assert table.seconds.shape == table.parameters.shape == shape[:2]
    for accuracies in (table.validation, table.test):
        assert np.nanmin(accuracies) >= 0
        assert np.nanmax(accuracies) <= 1
    assert (table.seconds > 0).all()
    assert (table.parameters > 0).all()
    # A training that has diverged stays so, and has no test accuracy.
    failed = np.isnan(table.validation)
    assert (failed[..., 1:] >= failed[..., :-1]).all()
    np.testing.assert_array_equal(np.isnan(table.test), failed[..., -1])
    assert table.about["data"] == recipe.data
    data = recipe.load()
    assert table.about["validation images"] == len(data.validation.y)
    assert table.about["test images"] == len(data.test.y)


def test_the_sizes_that_the_issue_of_tables_is_about() -> None:
    """At least 500 cells that are not isomorphic, 12 epochs, 2 seeds; 4,000 MLPs, 40 epochs, 3."""
    cells, mlps = (read(name)[0].validation.shape for name in ("cells", "mlps"))
    assert cells == (1011, 3, 2, 12)
    assert mlps == (4536, 3, 3, 40)
    files = [shipped("data") / f"{name}.npz" for name in NAMES]
    assert sum(file.stat().st_size for file in files) < 15e6


@pytest.mark.parametrize("name", NAMES)
def test_the_scores_are_spread(name: str) -> None:
    """Quartiles at least 3 points apart; the best is ahead of the median by 10 seeds' noise."""
    ends = read(name)[0].validation[:, 0, :, -1]
    low, middle, high = np.nanquantile(np.nanmean(ends, axis=1), (0.25, 0.5, 0.75))
    assert high - low >= 0.03
    noise = np.nanmedian(np.std(ends, axis=1, ddof=1))
    assert np.nanmax(np.nanmean(ends, axis=1)) - middle > 10 * noise


def test_isomorphic_cells_share_an_entry() -> None:
    """0-1 and 0-2 may change places with all that hangs on them, if nothing lies between them."""
    space, shared = RECIPES["cells"].space, read("cells")[1]
    assert isinstance(space, EdgeCells)
    np.testing.assert_array_equal(shared, share(space))
    by_name = dict(zip(map(space.key, space.enumerate()), shared.tolist(), strict=True))
    rng, twins = np.random.default_rng(0), 0
    for _ in range(300):
        cell = {**space.sample(rng), "1-2": "none"}
        twin = {**cell, "0-1": cell["0-2"], "0-2": cell["0-1"],
                "1-3": cell["2-3"], "2-3": cell["1-3"]}  # fmt: skip
        twins += twin != cell
        assert by_name[space.key(cell)] == by_name[space.key(twin)]
    assert twins > 200
    assert len(set(shared.tolist())) == 1011 < space.count == 4096


@pytest.mark.parametrize("name", NAMES)
def test_damaged_and_missing_files_name_file_and_cure(name, tmp_path, monkeypatch) -> None:
    content = bytearray((shipped("data") / f"{name}.npz").read_bytes())
    content[len(content) // 2] ^= 1
    monkeypatch.setattr(trained_tables, "shipped", lambda folder: tmp_path)
    fresh = read.__wrapped__
    with pytest.raises(DataError, match=rf"data/{name}\.npz is missing: .git checkout"):
        fresh(name)
    (tmp_path / f"{name}.npz").write_bytes(content)
    with pytest.raises(DataError, match=rf"{name}\.npz is damaged .*git checkout .*install"):
        fresh(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_documents_each_table(name: str) -> None:
    readme = (shipped("data") / "README.md").read_text()
    assert trained_tables.SHA256[name] in readme
    assert f"coursekit tables build {name}" in readme
