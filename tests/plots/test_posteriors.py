"""A surrogate drawn: mean, bands, points, acquisition and maps."""

import numpy as np
import pytest

from coursekit.plots import posterior
from coursekit.plots.posteriors import acquisition, grid, plane
from coursekit.spaces import Float, Space
from coursekit.surrogates.axes import Axes
from coursekit.surrogates.gaussian_process import GaussianProcess

pytest.importorskip("matplotlib")


def test_mean_and_bands_are_the_process_s_own() -> None:
    from matplotlib.figure import Figure

    x, y = np.array([[0.2], [0.7]]), np.array([1.0, 3.0])
    process = GaussianProcess(Axes(Space({"x": Float(0, 1)})), x, y)
    mean, variance = process.posterior(grid(1))
    observed = {"given": (x[:1], y[:1]), "by hand": (x[1:], y[1:])}
    axes = posterior(process, observed, truth=mean - 1, axes=Figure().subplots())
    lines = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
    np.testing.assert_allclose(lines["mean of the model"], mean)
    np.testing.assert_allclose(lines["the function"], mean - 1)
    assert lines["given"] == [1.0] and lines["by hand"] == [3.0]
    heights = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert heights.max() == pytest.approx((mean + 2 * np.sqrt(variance)).max())
    assert heights.min() == pytest.approx((mean - 2 * np.sqrt(variance)).min())


def test_an_acquisition_and_its_choice() -> None:
    from matplotlib.figure import Figure

    values = -((grid(1)[:, 0] - 0.4) ** 2)
    axes = acquisition(values, 0.4, name="gain", axes=Figure().subplots())
    curve, choice = axes.get_lines()
    assert curve.get_label() == "gain" and curve.get_ydata().tolist() == values.tolist()
    assert list(choice.get_xdata()) == [0.4, 0.4]


def test_a_map_shows_x0_across_and_x1_upwards() -> None:
    from matplotlib.figure import Figure

    values = grid(2)[:, 0]  # rises with x0 alone
    observed = {"given": np.array([[0.1, 0.9]])}
    chosen = np.array([0.5, 0.6])
    axes = plane(values, observed=observed, chosen=chosen, axes=Figure().subplots())
    picture = axes.get_images()[0].get_array()
    assert picture[0, -1] == picture[-1, -1] == 1 and picture[-1, 0] == 0
    given, choice = axes.get_lines()
    assert (*given.get_xdata(), *given.get_ydata()) == (0.1, 0.9)
    assert (*choice.get_xdata(), *choice.get_ydata()) == (0.5, 0.6)
