"""Configurations as Keras models: the layers, the sums and the seeds that they stand for."""

import numpy as np
import pytest

from coursekit.data import load
from coursekit.spaces import BlockCells, EdgeCells, Skeleton
from coursekit.training.keras.models import cell_network, perceptron_network
from coursekit.training.numpy.perceptron import train_perceptron

keras = pytest.importorskip("keras")

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
SPACE = EdgeCells(OPERATIONS, skeleton=Skeleton(stem=4, cells=1, stages=1))
IMAGES = np.random.default_rng(0).random((5, 12, 12), np.float32)


def cell(text: str, space: EdgeCells = SPACE):
    """The network of a cell, its operations told by first letters in the order of the edges."""
    known = {"n": "none", "s": "skip_connect", "1": "nor_conv_1x1", "3": "nor_conv_3x3"}
    known["a"] = "avg_pool_3x3"
    chosen = {edge: known[letter] for edge, letter in zip(space.edges, text, strict=True)}
    return cell_network(space, chosen, 10, rng=np.random.default_rng(1))


def below(model, images: np.ndarray) -> np.ndarray:
    """What the cells hand to the last ReLU."""
    last = next(layer for layer in model.layers if isinstance(layer, keras.layers.ReLU)).input
    for layer in model.layers:
        if isinstance(layer, keras.layers.ReLU):
            last = layer.input
    return np.asarray(keras.Model(model.input, last)(images))


def convolutions(model) -> list[tuple[int, ...]]:
    kinds = (layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D))
    return sorted(tuple(layer.kernel.shape) for layer in kinds)


# Edges in order: 0-1, 0-2, 1-2, 0-3, 1-3, 2-3.
def test_skips_pass_through_and_sums_add_up() -> None:
    alone = below(cell("nnnsnn"), IMAGES)  # the input itself
    np.testing.assert_allclose(below(cell("snnsss"), IMAGES), 2 * alone, rtol=1e-5)
    # node 1 = x, node 2 = x + x, node 3 = x + x + 2 x
    np.testing.assert_allclose(below(cell("ssssss"), IMAGES), 4 * alone, rtol=1e-5)


def test_pooling_averages_the_pixels_that_exist() -> None:
    x = below(cell("nnnsnn"), IMAGES)
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=np.nan)
    around = [padded[:, i : i + 12, j : j + 12] for i in range(3) for j in range(3)]
    np.testing.assert_allclose(below(cell("nnnann"), IMAGES), np.nanmean(around, 0), atol=1e-5)


def test_convolutions_are_there_that_the_output_needs_and_no_others() -> None:
    stem = (3, 3, 1, 4)
    assert convolutions(cell("nnn3nn")) == [stem, (3, 3, 4, 4)]
    assert convolutions(cell("3nn1nn")) == [(1, 1, 4, 4), stem]  # node 1 leads nowhere
    assert convolutions(cell("n3n1n3")) == [(1, 1, 4, 4), stem, (3, 3, 4, 4), (3, 3, 4, 4)]


def test_a_cell_whose_output_is_cut_off_gives_every_image_the_same() -> None:
    logits = np.asarray(cell("3nnnnn")(IMAGES))
    np.testing.assert_array_equal(logits, np.repeat(logits[:1], 5, axis=0))


def test_stages_double_the_channels_and_halve_the_pixels() -> None:
    space = EdgeCells(OPERATIONS, skeleton=Skeleton(stem=4, cells=2, stages=2, stride=2))
    model = cell("nnn3nn", space)
    # Stem; two cells of 4; the residual block (two convolutions, one beside them); two of 8.
    shapes = [(1, 1, 4, 8), (3, 3, 1, 4), *[(3, 3, 4, 4)] * 2, (3, 3, 4, 8), *[(3, 3, 8, 8)] * 3]
    assert convolutions(model) == shapes
    assert below(model, IMAGES).shape == (5, 3, 3, 8)


def test_any_resolution_is_the_same_model() -> None:
    model = cell("n3as1n")
    assert np.asarray(model(IMAGES)).shape == np.asarray(model(IMAGES[:, :7, :7])).shape == (5, 10)


def test_the_generator_alone_draws_the_weights() -> None:
    def weights(seed: int) -> list[np.ndarray]:
        chosen = dict.fromkeys(SPACE.edges, "nor_conv_3x3")
        return cell_network(SPACE, chosen, 10, rng=np.random.default_rng(seed)).get_weights()

    for one, same, other in zip(weights(3), weights(3), weights(4), strict=True):
        np.testing.assert_array_equal(one, same)
        assert one.ndim < 2 or np.abs(one - other).max() > 0.01
    kernels = [weight for weight in weights(3) if weight.shape == (3, 3, 4, 4)]
    assert len({kernel.tobytes() for kernel in kernels}) == 6  # no two alike


def test_other_spaces_and_configurations_are_refused() -> None:
    with pytest.raises(ValueError, match="0-1 is missing"):
        cell_network(SPACE, {}, 10, rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match="only cells with operations on their edges"):
        cell_network(BlockCells(), {}, 10, rng=np.random.default_rng(0))  # type: ignore[arg-type]


def test_a_perceptron_is_the_one_that_numpy_trains() -> None:
    configuration = {"layers": 2, "units": 12, "activation": "tanh", "dropout": 0.3}
    model = perceptron_network(configuration, (8, 8), 10, rng=np.random.default_rng(0))
    twin, _ = train_perceptron(configuration, load("digits"), epochs=1, seed=0)
    assert [weight.shape for weight in model.get_weights()] == [w.shape for w in twin.weights]
    model.set_weights(twin.weights)
    x = load("digits").test.x[:20]
    probabilities = np.asarray(keras.ops.softmax(model(x)))
    np.testing.assert_allclose(probabilities, twin.predict(x), atol=1e-5)
    assert sum(isinstance(layer, keras.layers.Dropout) for layer in model.layers) == 2
    with pytest.raises(ValueError, match="unknown: momentum"):
        perceptron_network({"momentum": 1}, (8, 8), 10, rng=np.random.default_rng(0))
