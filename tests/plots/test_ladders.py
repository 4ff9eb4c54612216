"""Ladders and timelines: what is drawn at a moment is what was known then."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from coursekit.plots.ladders import ladder, timeline
from coursekit.search import Search
from coursekit.strategies import SuccessiveHalving
from coursekit.worlds import MLPs
from coursekit.worlds.clock import Continued, simulate

WORLD = MLPs()


@pytest.fixture(scope="module")
def bracket():
    search = Search(SuccessiveHalving(WORLD.space, max_budget=9, iterations=1), seed=2)
    return search.history, simulate(search, Continued(WORLD), workers=3, seconds=1e9)


def segments(axes) -> list[np.ndarray]:
    return [segment for each in axes.collections for segment in each.get_segments()]


def test_at_the_end_every_curve_is_whole(bracket):
    history, jobs = bracket
    axes = ladder(history, jobs, [1, 3, 9])
    drawn = segments(axes)
    assert len(drawn) == len(history) == 13
    assert sorted(segment[-1, 0] for segment in drawn) == [1] * 9 + [3] * 3 + [9]
    for segment in drawn:
        assert segment[-1, 1] in {trial.score for trial in history}
    _grey, blue, green = axes.collections
    assert len(green.get_segments()) == 3 and not blue.get_segments()  # 0-1, 1-3, 3-9
    dashes, dots = axes.lines[:2]
    assert len(dashes.get_xdata()) == 9 and len(dots.get_xdata()) == 0  # where nine have ended
    plt.close("all")


def test_at_a_moment_only_what_was_known_then(bracket):
    history, jobs = bracket
    promoted = [job for job in jobs if history[job.trial].suggestion.budget == 9]
    job = promoted[0]
    half = (job.start + job.end) / 2
    axes = ladder(history, jobs, [1, 3, 9], now=half)
    (growing,) = axes.collections[1].get_segments()
    assert growing[0, 0] == 3 and growing[-1, 0] == pytest.approx(6)
    curve = history[job.trial].curve
    assert growing[-1, 1] == pytest.approx(curve[5])
    begun = sum(each.start < jobs[4].start for each in jobs)
    few = ladder(history, jobs, [1, 3, 9], now=jobs[4].start)
    assert len(segments(few)) == begun < 13
    plt.close("all")


def test_the_timeline_has_a_bar_for_each_job_and_counts_waiting(bracket):
    history, jobs = bracket
    axes = timeline(history, jobs, 3)
    bars = [bar for bar in axes.patches if bar.get_width() > 0]
    assert len(bars) == 13
    assert sum(bar.get_width() for bar in bars) == pytest.approx(sum(t.cost for t in history))
    end = max(job.end for job in jobs)
    for worker in range(3):
        busy = sum(job.end - job.start for job in jobs if job.worker == worker)
        assert f"waits {100 * (1 - busy / end):.0f} %" in {text.get_text() for text in axes.texts}
    cut = timeline(history, jobs, 3, now=jobs[5].start)
    assert max(bar.get_x() + bar.get_width() for bar in cut.patches) <= jobs[5].start + 1e-9
    plt.close("all")
