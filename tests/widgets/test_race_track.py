"""The race track, without a browser: real races on small budgets."""

import re
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from coursekit.race import race
from coursekit.spaces import Choice, Space
from coursekit.strategies import Random
from coursekit.trials import Epoch
from coursekit.widgets import RaceTrack, race_track
from coursekit.widgets.film import Film
from coursekit.worlds import MLPs, World

FIVE = ("random", "grid", "local_search", "regularized_evolution", "tpe")


class Digits(World):
    """A world of 256 points: the score is the mean of four digits; a trial costs ten seconds."""

    datasets = ("digits",)
    early = False

    def __init__(self, dataset: str = "digits") -> None:
        self.dataset, self.epochs, self.optimum = dataset, 4, 1.0
        self.space = Space({name: Choice((0, 1, 2, 3)) for name in "abcd"})

    def __str__(self) -> str:
        return "four digits"

    def train(self, trial, history=None):
        yield Epoch(sum(trial.configuration.values()) / 12, 10.0)


@pytest.fixture
def track() -> RaceTrack:
    return RaceTrack(Digits(), FIVE, trials=30, seeds=3, workers=1)


def curtain(svg: str) -> list[float]:
    """The widths of the clipping rectangles."""
    return [float(width) for width in re.findall(r'<clipPath.*?width="([\d.]+)"', svg, re.DOTALL)]


def test_a_race_runs_beside_the_kernel_and_comes_to_its_end(track: RaceTrack):
    track.start_button.click()
    track._thread.join()
    assert "Done: 15 searches, 450 trials" in track.line.value
    assert track.bar.value == 1 and track.stop_button.disabled and not track.start_button.disabled
    same = race(Digits(), FIVE, trials=30, seeds=3, workers=1)
    for name in FIVE:
        assert np.array_equal(track.race.runs[name][2].scores, same.runs[name][2].scores)
    assert "After 30 of 30 trials" in track.told.value
    assert [row.count("<td") for row in track.board.value.split("<tr>")[2:]] == [5] * 5


def test_the_kernel_goes_on_while_it_races(track: RaceTrack):
    """One search of the race waits until the test has moved the slider."""
    go_on, waits = threading.Event(), threading.Event()

    class Patient(Random):
        def suggest(self, history, rng):
            if len(seen) >= 30:  # the first seed is done
                waits.set()
                assert go_on.wait(60)
            seen.append(1)
            return super().suggest(history, rng)

    seen: list[int] = []
    slow = RaceTrack(Digits(), {"random": "random", "patient": Patient}, trials=30, seeds=2)
    slow.start()
    assert waits.wait(60)
    assert slow.running and slow.start_button.disabled and not slow.stop_button.disabled
    slow.start()  # does nothing: one race at a time
    slow.moment.value = 10
    assert (
        "After 10 of 30" in slow.told.value
        and "Leaderboard by the median of 1 seed (" in slow.board.value
    )
    slow.stop_button.click()
    go_on.set()
    slow._thread.join()
    assert "Stopped: 4 of 4" in slow.line.value or "Done: 4" in slow.line.value


def test_stop_keeps_what_is_done():
    def count(race) -> None:
        if race.done == 3:
            track.stop()
        watch(race)

    track = RaceTrack(Digits(), ("random", "grid"), trials=10, seeds=5, workers=1)
    watch, track._watch = track._watch, count
    found = track.run()
    assert found.stopped and found.done == 3 and found.paired() == [0]
    assert "Stopped: 3 of 10 searches" in track.line.value
    assert "Leaderboard by the median of 1 seed (" in track.board.value


def test_stop_ends_processes_in_the_middle_of_their_searches():
    track = RaceTrack("cells", ("random(repeats=True)",), trials=10**8, seeds=2, workers=2)
    track.start()
    track.stop()
    track._thread.join(60)
    assert not track.running and "Stopped: 0 of 2" in track.line.value


def test_a_kernel_that_ends_takes_the_race_with_it():
    """One that waited for its processes would be killed by Jupyter, and leave them behind."""
    program = (
        "import threading\n"
        "from coursekit.widgets import RaceTrack\n"
        "if __name__ == '__main__':\n"
        "    names = ['grid', 'random(repeats=True)']  # one comes to its end, the other never\n"
        "    track = RaceTrack('cells', names, trials=10**8, seeds=1, workers=2)\n"
        "    under_way = threading.Event()\n"
        "    track.bar.observe(lambda change: under_way.set() if change['new'] else 0, 'value')\n"
        "    track.start()\n"
        "    print(under_way.wait(100), flush=True)\n"
    )
    # Ends only when every worker has let go of the pipes.
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120)
    assert ended.stdout == b"True\n" and ended.returncode == 0 and not ended.stderr


def test_time_is_scrubbed_stepped_and_reset(track: RaceTrack):
    track.run()
    whole = curtain(track.figure.value)
    track.moment.value = 15
    half = curtain(track.figure.value)
    assert len(whole) == 2 and half == pytest.approx([width / 2 for width in whole], abs=0.01)
    assert "After 15 of 30 trials" in track.told.value
    assert 'aria-label="After 15 of 30 trials' in track.figure.value
    track.step_button.click()
    assert track.moment.value == 16
    track.reset_button.click()
    assert "No result yet: 30 trials to go" in track.told.value
    assert curtain(track.figure.value) == [0, 0]
    track.moment.value = 30
    assert track.step_button.disabled


def test_the_leaderboard_reshuffles(track: RaceTrack):
    track.run()

    def order(at: int) -> list[str]:
        track.moment.value = at
        return re.findall(r"</svg> (\w+)", track.board.value)

    shown = {at: order(at) for at in (1, 10, 30)}
    for at, names in shown.items():
        assert names == [each.name for each in track.race.standings(at)]
        # The sentence, the board and the curves go by one measure.
        medians = {name: np.median(best) for name, best in track.race.best(at).items()}
        assert medians[names[0]] == max(medians.values())
        track.moment.value = at
        assert f"median {medians[names[0]]:.4g}" in track.told.value
    assert len({tuple(names) for names in shown.values()}) > 1


def test_moves_are_marked_with_arrows(track: RaceTrack):
    track.run()
    marks = set()
    for at in range(31):
        track.moment.value = at
        marks |= set(re.findall("[▲▼] [1-4]", track.board.value))
    assert {mark[0] for mark in marks} == {"▲", "▼"}


def test_play_goes_on_from_here_pauses_and_ends(track: RaceTrack):
    track.run()
    track.play_button.click()  # from its end: anew
    assert track.play_clock.playing and track.moment.value == 0
    assert track.play_button.description == "Pause"
    track.play_clock.value = 50  # a tick from the browser, others were dropped
    assert track.moment.value == 15
    track.play_button.click()
    track.play_clock.value = 51  # one that was on its way
    assert not track.play_clock.playing and track.moment.value == 15
    track.play()
    assert track.play_clock.value == 50
    track.play_clock.value = 100
    assert track.moment.value == 30 and not track.play_clock.playing


def test_a_strategy_shows_what_it_has_tried(track: RaceTrack):
    track.run()
    assert "tried by random, seed 0" in track.figure.value
    before = re.search(r'xlink:href="data:image/png;base64,\s*(\S+)"', track.figure.value)[1]
    track.shown.value = "grid"
    assert "tried by grid, seed 0" in track.figure.value
    after = re.search(r'xlink:href="data:image/png;base64,\s*(\S+)"', track.figure.value)[1]
    assert after != before
    track.seed.value = 2
    assert "tried by grid, seed 2" in track.figure.value
    same = re.search(r'xlink:href="data:image/png;base64,\s*(\S+)"', track.figure.value)[1]
    assert same == after  # a grid is a grid


def test_a_race_in_seconds():
    track = RaceTrack(Digits(), ("random", "grid"), trials=30, seeds=2, workers=1)
    track.entries.unit.value = "seconds of training"
    assert track.entries.budget.value == 300
    track.run()
    assert track.race.seconds == 300 and track.moment.max == 300
    track.moment.value = 99
    assert "After 99 of 300 seconds of training" in track.told.value
    track.entries.budget.value = 150
    track.entries.unit.value = "trials"
    assert track.entries.budget.value == 15
    track.run()
    assert track.race.trials == 15 and track.moment.max == 15


def test_who_cannot_search_a_world_is_told_so():
    track = RaceTrack(Digits(), ("random",), trials=5, seeds=2, workers=1)
    picks = track.entries.picks
    refused = {name for name, pick in picks.items() if pick.disabled}
    assert refused == {"successive_halving", "asha", "hyperband", "bohb", "progressive", "cma_es"}
    assert "has only the end of each training" in track.entries.refused.value
    judges = track.entries.judges
    assert not judges["full"].disabled and judges["full"].value
    assert {name for name, pick in judges.items() if pick.disabled} == {
        "lower_fidelity", "extrapolation", "inheritance"
    }  # fmt: skip
    assert "trains candidates in part" in picks["hyperband"].tooltip
    assert "needs one in which candidates grow" in picks["progressive"].tooltip
    track.entries.choice.value = "cells on mnist-5k-rotated"
    assert {name for name, pick in picks.items() if pick.disabled} == {"cma_es"}
    assert "needs an order in every choice" in picks["cma_es"].tooltip
    assert "candidates" not in track.entries.refused.value
    assert not judges["extrapolation"].disabled
    assert "; inheritance: " in track.entries.refused.value  # no weights in a table
    picks["hyperband"].value = True
    track.entries.choice.value = "four digits"
    assert not picks["hyperband"].value
    track.entries.choice.value = "mlps on digits"
    assert picks["hyperband"].value and picks["progressive"].disabled
    assert list(track.entries.strategies()) == ["random", "hyperband"]


def test_estimators_race_beside_strategies():
    track = RaceTrack("mlps", ("random", "grid"), ("full", "lower_fidelity"), trials=8, seeds=2,
                      workers=1)  # fmt: skip
    names = ["random", "random + lower_fidelity", "grid", "grid + lower_fidelity"]
    assert [*track.shown.options] == names
    found = track.run()
    assert found.names == names and "Done: 8 searches" in track.line.value
    board = re.findall(r"</svg> ([\w+ ]+)<", track.board.value)
    assert sorted(board) == sorted(names)
    assert len(set(re.findall(r"stroke-dasharray=\"(.*?)\"", track.board.value))) == 2
    track.entries.judges["lower_fidelity"].value = False
    track.entries.judges["extrapolation"].value = True
    assert track.run().names == ["random", "random + extrapolation", "grid", "grid + extrapolation"]
    for pick in track.entries.judges.values():
        pick.value = False
    track.run()
    assert "No race: a race needs at least one estimator" in track.line.value


def test_a_pair_that_cannot_race_is_said_when_it_is_left_out():
    class Halving(Random):
        budgeted = True

    class Blunt:
        """Judges as the world does, and has no scores before the end."""

        early = False

        def __init__(self, world):
            self.evaluate = world.evaluate

    track = RaceTrack("mlps", {"random": "random", "halving": Halving},
                      {"full": "full", "blunt": Blunt}, trials=3, seeds=1, workers=1)  # fmt: skip
    assert len(track.run().names) == 3
    assert "Left out: halving + blunt: it trains candidates in part" in track.line.value


def test_a_world_that_the_registry_has_is_listed_once():
    once = RaceTrack(MLPs(), ("random",), trials=2, seeds=1, workers=1)
    options = [*once.entries.choice.options]
    assert once.entries.choice.value == "mlps on digits" and len(options) == len({*options})
    assert not any("perceptrons" in each for each in options)
    other = RaceTrack(MLPs(seed=3), ("random",), trials=2, seeds=1, workers=1)
    assert other.entries.choice.value.startswith("MLPs(seed=")  # another one: two are listed
    assert "mlps on digits" in other.entries.choice.options


def test_strategies_with_budgets_race_in_a_world_that_knows_them():
    track = RaceTrack("mlps", ("hyperband", "bohb(factor=4)"), trials=20, seeds=2, workers=1)
    assert track.run().done == 4


def test_what_makes_no_race_is_said_without_a_traceback(track: RaceTrack):
    for name in FIVE:
        track.entries.picks[name].value = False
    track.run()
    assert "No race: a race needs at least one strategy" in track.line.value
    assert track.race is None and not track.start_button.disabled
    track.entries.picks["grid"].value = True
    track.entries.budget.value = 0
    track.run()
    assert "No race: trials=0: give a whole number, 1 or more" in track.line.value
    track.entries.budget.value = 3
    track.run()
    assert "Done: 3 searches" in track.line.value and "grid" in track.board.value


def test_a_strategy_that_fails_is_reported():
    class Broken(Random):
        def suggest(self, history, rng):
            raise RuntimeError("out of ideas")

    track = RaceTrack(Digits(), {"broken": Broken}, trials=5, seeds=2)
    track.run()
    assert "No race: out of ideas" in track.line.value


def test_misuse_is_named_at_once():
    with pytest.raises(ValueError, match="no strategy 'rnadom'"):
        RaceTrack(Digits(), ("rnadom",))
    with pytest.raises(ValueError, match="no world 'moon'"):
        RaceTrack("moon")
    with pytest.raises(TypeError, match="give a list"):
        RaceTrack(Digits(), "random")


def test_the_stand_in_needs_no_widgets_and_no_race_before(track: RaceTrack, monkeypatch):
    monkeypatch.setattr(race_track, "PATIENCE", 600.0)  # however slow this machine is
    bundle = track._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"} <= set(bundle)
    html = bundle["text/html"]
    assert "After 30 of 30 trials" in html and "Leaderboard" in html
    ET.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])  # well-formed
    assert all(width > 0 for width in curtain(html))
    assert "3 seeds to begin with" in track.line.value and "not run yet" not in repr(track)


def test_a_film_narrows_every_curtain_and_says_what_is_seen():
    clip = '<clipPath id="{}">\n <rect x="9" y="9" width="200" height="50"/>\n</clipPath>'
    film = Film(
        f'<svg aria-label="all">{clip.format("a")}{clip.format("b")}<rect width="7"/></svg>'
    )
    frame = film.frame(0.25, "a & b")
    assert curtain(frame) == [50, 50] and '<rect width="7"/>' in frame
    assert 'aria-label="a &amp; b"' in frame and "all" not in frame
    assert curtain(film.frame(1.0, "")) == [200, 200]
