"""Each widget as a learner meets it, in a notebook of a few cells: buttons, sliders, keys.

What it computes is tested in tests/widgets, and what a lab says of it by the lab's claims.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Notebook

pytestmark = pytest.mark.slow(15)
Written = Callable[..., Notebook]
SEARCH = """
import keras, keras_tuner as kt
from coursekit import data
from coursekit.widgets import SearchMonitor

images = data.load("digits")

def build(hp):
    hidden = keras.layers.Dense(hp.Int("units", 8, 64), "relu")
    model = keras.Sequential([keras.layers.Flatten(), hidden, keras.layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

random = kt.RandomSearch(build, "val_accuracy", max_trials=3, directory="tuning", overwrite=True)
SearchMonitor(random)
random.search(*images.train, validation_data=images.validation, epochs=8, batch_size=32)
"""
PIPELINE = """
from coursekit.tfx import Plan
from coursekit.widgets import PipelinePanel

pipeline = Interactive(Plan("mnist-5k", folder="my-pipeline", strategy="random", trials=2))
PipelinePanel(pipeline)
"""
FORECAST = """
import numpy as np
from coursekit.widgets import ForecastPanel

epochs = np.arange(40)
rising = {"good": 0.95 - 0.5 * np.exp(-epochs / 8), "poor": 0.45 - 0.3 * np.exp(-epochs / 4)}
ForecastPanel(rising, seen=10)
"""

LEADERBOARDS = """
import pandas
from coursekit.cloud.this_machine import Local
from coursekit.cloud.vendor import Request
from coursekit.data import titanic
from coursekit.widgets import Leaderboards

table = pandas.read_csv(titanic())[["pclass", "sex", "age", "survived"]]
vendors = {name: Local(strategy=name) for name in ("random", "tpe")}
Leaderboards(vendors, Request(table, "survived", "two", max_candidates=None), every=0.1)
"""


def test_the_explorer_trains_what_a_slider_says(written: Written):
    notebook = written("explorer", 'from coursekit.widgets import Explorer\nExplorer("digits")')
    cell = notebook.cell(0)
    notebook.run(cell)
    status, figure = cell.get_by_role("status"), cell.locator("svg[role=img]")
    expect(status).to_contain_text("Attempt 1 ")
    before = figure.get_attribute("aria-label")
    assert before and "Learning curves of 1 attempt" in before
    units = cell.locator(".widget-slider", has_text="units a layer")
    units.locator(".noUi-handle").focus()
    notebook.page.keyboard.press("ArrowRight")  # the keyboard will do
    expect(status).to_contain_text("Attempt 2 (you)")
    assert "Learning curves of 2 attempts" in (figure.get_attribute("aria-label") or "")
    expect(units).to_contain_text("32")
    handle = units.get_by_role("slider", name="units a layer")
    expect(handle).to_have_attribute("aria-valuetext", "32")  # ipywidgets: its position, 2
    cell.get_by_role("button", name="Tuner's turn").click()
    expect(status).to_contain_text("random search")
    expect(cell.get_by_role("row")).to_have_count(4)  # a heading, the start, an attempt of each
    assert notebook.errors() == []


def test_a_search_is_stopped_while_a_trial_trains_and_resumed(written: Written):
    notebook = written("monitor", SEARCH)
    cell = notebook.cell(0)
    notebook.run(cell, wait=False)
    status = cell.get_by_role("status")
    expect(status).to_contain_text("trials 1 of 3", timeout=120_000)  # the second trial trains now
    cell.get_by_role("button", name="Stop").click()
    notebook.wait(cell, seconds=60)
    expect(status).to_contain_text("stopped")
    assert "stopped · trials 3" not in status.inner_text()
    cell.get_by_role("button", name="Resume").click()
    expect(status).to_contain_text("finished · trials 3 of 3", timeout=180_000)
    expect(cell.locator("svg[role=img]")).to_have_attribute("aria-label", status.inner_text())
    assert notebook.errors() == []


def test_a_pipeline_runs_lights_up_and_tells_what_it_wrote(alone: Written):
    imports = "from coursekit.tfx.interactive import Interactive\nfrom tfx import v1 as tfx"
    notebook = alone("pipeline", imports, PIPELINE, 'pipeline.run("StatisticsGen")')
    assert notebook.run(notebook.cell(0), seconds=120) == ""  # not a word, and no script
    cell = notebook.cell(1)
    notebook.run(cell)
    line = cell.get_by_role("status").first
    expect(line).to_contain_text("0 of 11 components have run")
    cell.get_by_role("button", name="Run next").click()
    expect(line).to_contain_text("1 of 11 components have run")
    source = cell.get_by_role("button", name="ImportExampleGen")
    expect(source).to_contain_text("✓")
    expect(cell).to_contain_text("ImportExampleGen: done in")
    expect(cell.get_by_role("table").first).to_contain_text("my-pipeline/artifacts")

    notebook.run(notebook.cell(2), wait=False)  # lit by a cell as well, while that runs
    expect(line).to_contain_text("StatisticsGen is running")
    expect(cell.get_by_role("button", name="Run next")).to_be_disabled()
    expect(line).to_contain_text("2 of 11 components have run")
    chosen = cell.get_by_role("button", name="StatisticsGen")
    chosen.focus()
    chosen.press("Enter")
    expect(cell).to_contain_text("StatisticsGen: done in")
    expect(cell.get_by_role("table").first).to_contain_text("ExampleStatistics")
    assert notebook.errors() == []


def test_the_population_is_stepped_through_and_played(written: Written):
    imports = "from coursekit.widgets import Population\nfrom coursekit.worlds import Cells"
    strip = "Population(Cells(), population_size=10, sample_size=3)"
    notebook = written("population", f"{imports}\n{strip}")
    cell = notebook.cell(0)
    notebook.run(cell)
    line, figure = cell.get_by_role("status"), cell.locator("svg[role=img]")
    expect(line).to_contain_text("60 births to come")
    step = cell.get_by_role("button", name="Step")
    for _ in range(12):
        step.click()
    expect(line).to_contain_text(re.compile("Birth 12 of 60.*dies"))
    expect(figure).to_have_attribute("aria-label", re.compile("Birth 12 of 60"))
    cell.get_by_role("button", name="Play").click()
    expect(line).to_contain_text(re.compile(r"Birth (1[3-9]|[2-6]\d) of 60"))
    cell.get_by_role("button", name="Pause").click()
    expect(cell.get_by_role("button", name="Play")).to_be_visible()
    tournament = cell.locator(".widget-slider", has_text="tournament")
    tournament.locator(".noUi-handle").press("ArrowLeft")
    expect(tournament).to_contain_text("2")
    cell.get_by_role("button", name="Reset").click()
    expect(line).to_contain_text("60 births to come")
    assert notebook.errors() == []


def test_a_controller_is_stepped_through_played_and_changed(written: Written):
    imports = "from coursekit.widgets import Controller\nfrom coursekit.worlds import NASBench201"
    notebook = written("controller", f"{imports}\nController(NASBench201(), trials=40)")
    cell = notebook.cell(0)
    notebook.run(cell)
    line, figure = cell.get_by_role("status"), cell.locator("svg[role=img]")
    expect(line).to_contain_text("40 to come")
    for _ in range(3):
        cell.get_by_role("button", name="Step").click()
    expect(line).to_contain_text("Sample 3 of 40")
    expect(figure).to_have_attribute("aria-label", re.compile("policy.*Sample 3 of 40"))
    drawn = line.inner_text()
    rate = cell.locator(".widget-slider", has_text="learning rate")
    rate.locator(".noUi-handle").press("ArrowRight")
    expect(line).not_to_have_text(drawn)  # other steps, another third sample or advantage
    expect(line).to_contain_text("Sample 3 of 40")
    cell.get_by_label("policy", exact=True).select_option(index=1)
    expect(line).to_contain_text("Sample 3 of 40")
    cell.get_by_role("button", name="Play").click()
    expect(line).to_contain_text(re.compile(r"Sample ([4-9]|[1-4]\d) of 40"))
    cell.get_by_role("button", name="Pause").click()
    cell.get_by_role("button", name="Reset").click()
    expect(line).to_contain_text("40 to come")
    assert notebook.errors() == []


def test_rungs_are_stepped_through_and_changed(written: Written):
    imports = "from coursekit.widgets import Rungs\nfrom coursekit.worlds import MLPs"
    notebook = written("rungs", f"{imports}\nRungs(MLPs())")
    cell = notebook.cell(0)
    notebook.run(cell)
    line, figure = cell.get_by_role("status"), cell.locator("svg[role=img]")
    expect(line).to_contain_text("Planned: 27 to epoch 1")
    cell.get_by_role("button", name="Step").click()
    expect(line).to_contain_text("4 candidates have started, 3 train")
    cell.get_by_role("button", name="To the end").click()
    expect(line).to_contain_text("1 are trained in full")
    expect(figure).to_have_attribute("aria-label", re.compile("1 are trained in full"))
    workers = cell.locator(".widget-slider", has_text="workers")
    workers.get_by_role("slider", name="workers").press("ArrowRight")
    expect(line).to_contain_text("Planned")  # another search, from its beginning
    cell.get_by_label("search", exact=True).select_option("ASHA")
    expect(line).to_contain_text("One in 3 is promoted")
    assert notebook.errors() == []


def test_leaderboards_fill_and_are_stopped_one_by_one(written: Written):
    notebook = written("leaderboards", LEADERBOARDS)
    cell = notebook.cell(0)
    notebook.run(cell)
    states = cell.get_by_role("status")
    expect(states.first).to_contain_text("Nothing is submitted")
    cell.get_by_role("button", name="Submit to all").click()
    for place in (1, 2):
        expect(states.nth(place)).to_contain_text(re.compile(r"running, [1-9]\d* candidates"))
    expect(cell.get_by_role("columnheader", name="auc")).to_have_count(2)
    cell.get_by_role("button", name="Stop").nth(1).click()  # after "Stop all"
    expect(states.nth(1)).to_contain_text("stopped")
    expect(states.nth(2)).to_contain_text("running")
    expect(states.first).to_contain_text("1 of 2 jobs have ended")
    cell.get_by_role("button", name="Stop all").click()
    expect(states.nth(2)).to_contain_text("stopped")
    expect(states.first).to_contain_text("2 of 2 jobs have ended")
    assert notebook.errors() == []


def test_the_forecast_follows_what_is_seen_and_which_curve_it_is(written: Written):
    notebook = written("forecast", FORECAST)
    cell = notebook.cell(0)
    notebook.run(cell)
    line, verdict = cell.get_by_role("status"), cell.locator(".coursekit-verdict")
    expect(line).to_contain_text("10 of 40 epochs seen")
    first = verdict.inner_text()
    seen = cell.locator(".widget-slider", has_text="seen").locator(".noUi-handle")
    seen.press("ArrowRight")
    expect(line).to_contain_text("11 of 40 epochs seen")
    cell.locator("select").select_option("poor")
    expect(verdict).to_contain_text("Stop")
    assert "Stop" not in first
    expect(cell.locator("svg[role=img]")).to_have_attribute("aria-label", re.compile("Stop"))
    cell.locator("select").select_option("my own")
    expect(cell.locator(".widget-slider", has_text="noise")).to_be_visible()
    assert notebook.errors() == []


def test_a_network_is_grown_by_clicks(written: Written):
    imports = "from coursekit import data\nfrom coursekit.widgets import Growing"
    notebook = written("growing", f'{imports}\nGrowing(data.load("digits"))')
    cell = notebook.cell(0)
    notebook.run(cell)
    line, figure = cell.get_by_role("status"), cell.locator("svg[role=img]")
    expect(line).to_contain_text("Hidden units 4, 310 weights, 0 epochs")
    cell.get_by_role("button", name="Train 5 epochs").click()
    expect(line).to_contain_text("5 epochs")
    cell.get_by_role("button", name="Widen").click()
    expect(line).to_contain_text(re.compile(r"Hidden units 8,.*moved by more than \d\.\de-0\d;"))
    cell.get_by_role("button", name="Deepen").click()
    expect(line).to_contain_text("Step 2, layer 2 is new: 8 units")
    cell.get_by_role("button", name="Train 5 epochs").click()
    expect(line).to_contain_text("10 epochs")
    cell.get_by_label("beside it: from scratch").check()
    expect(figure).to_have_attribute("aria-label", re.compile("From scratch: "))
    noise = cell.get_by_role("slider", name="noise")
    for _ in range(3):
        noise.press("ArrowRight")
    expect(noise).to_have_attribute("aria-valuetext", "0.15")  # ipywidgets: 0.15000000000000002
    cell.get_by_role("button", name="Reset").click()
    expect(line).to_contain_text("It has not grown yet")
    assert notebook.errors() == []


CELLS = """
from coursekit.widgets import CellBuilder
from coursekit.worlds import Cells
from coursekit.worlds.atlas import Atlas

atlas = Atlas(Cells())
start = atlas.world.space.parse("|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|")
"""


def test_a_cell_is_changed_by_a_list_or_by_a_click_on_its_edge(written: Written):
    notebook = written("builder", CELLS, "CellBuilder(atlas, start=start, trials=9)")
    notebook.run(notebook.cell(0))
    cell = notebook.cell(1)
    notebook.run(cell)
    line, drawing = cell.get_by_role("status"), cell.locator(".coursekit-drawn svg[role=img]")
    expect(line).to_contain_text("1 of 6 edges carry something to the output")
    lists = cell.locator("select")
    lists.nth(0).select_option("nor_conv_3x3")  # 0 to 1, which leads nowhere yet
    expect(line).to_contain_text("2 cells trained")
    expect(drawing).to_have_attribute("aria-label", re.compile("0 to 1: nor_conv_3x3"))
    expect(line).to_contain_text("the same network as in training 1")
    cell.locator('[id="name-1-3"]').click()  # the next operation after "none"
    expect(line).to_contain_text("3 of 6 edges")
    expect(lists.nth(4)).to_have_value("skip_connect")
    cell.get_by_role("button", name="Start over").click()
    expect(line).to_contain_text("1 cell trained")
    expect(lists.nth(0)).to_have_value("none")
    assert notebook.errors() == []


def test_a_guess_comes_before_the_accuracy(written: Written):
    notebook = written("guess", CELLS, "CellBuilder(atlas, guess=True, start=start)")
    notebook.run(notebook.cell(0))
    cell = notebook.cell(1)
    notebook.run(cell)
    line, show = cell.get_by_role("status"), cell.get_by_role("button", name="Show")
    expect(line).to_contain_text("Accuracy and rank are hidden")
    entry = cell.get_by_label("your guess, %")
    entry.fill("75")
    entry.press("Enter")
    show.click()
    expect(line).to_contain_text(re.compile(r"Accuracy \d\d\.\d\d %, rank .* 1 guess, off by"))
    expect(show).to_be_disabled()
    expect(cell.get_by_role("table").first).to_contain_text("75.0 %")
    assert notebook.errors() == []


def test_shadows_follow_the_sliders(written: Written):
    panel = "Shadows(x=1.0, y=0.0, count=9)"
    notebook = written("shadows", f"from coursekit.widgets import Shadows\n{panel}")
    cell = notebook.cell(0)
    notebook.run(cell)
    line, figure = cell.get_by_role("status"), cell.locator("svg[role=img]")
    expect(line).to_contain_text(re.compile(r"9 points, hill 0.*grid \d+%"))
    expect(figure).to_have_attribute("aria-label", re.compile("Shadows of three designs. 9 points"))
    best = cell.get_by_role("row").nth(1)  # below the heading
    expect(best).to_contain_text("Sobol")
    points = cell.get_by_role("slider", name="points")
    points.press("ArrowRight")
    expect(line).to_contain_text("16 points, hill 0")
    expect(points).to_have_attribute("aria-valuetext", "16")
    cell.get_by_role("slider", name="seed").press("ArrowRight")
    expect(line).to_contain_text("16 points, hill 1")
    weight = cell.get_by_role("slider", name="importance of y")
    weight.press("End")  # as important as x, so the even cover of a grid leads
    expect(best).to_contain_text("grid")
    assert notebook.errors() == []


def test_a_fidelity_is_chosen_by_kind_and_amount(written: Written):
    notebook = written("fidelity", "from coursekit.widgets import Fidelity\nFidelity()")
    cell = notebook.cell(0)
    notebook.run(cell)
    line, figure = cell.get_by_role("status"), cell.locator("svg[role=img]")
    expect(line).to_contain_text(re.compile(r"half resolution, 12/12 epochs: 64% of the seconds"))
    kind = cell.get_by_role("slider", name="kind")
    kind.press("ArrowLeft")
    expect(kind).to_have_attribute("aria-valuetext", "¼ data")
    expect(line).to_contain_text(re.compile(r"quarter data, 12/12 epochs.*Regret of its choice"))
    cell.get_by_role("slider", name="finalists").press("ArrowRight")
    expect(line).to_contain_text("the best of its 2 finalists")
    cell.get_by_label("table", exact=True).select_option("perceptrons")
    expect(line).to_contain_text("perceptrons, quarter data, 40/40 epochs")
    expect(figure).to_have_attribute("aria-label", re.compile("over all 4,536"))
    expect(cell.get_by_role("row")).to_have_count(5)  # the heading, and four settings
    assert notebook.errors() == []


def test_points_are_placed_by_hand_and_by_the_model_until_the_game_ends(written: Written):
    notebook = written("surrogate", "from coursekit.widgets import Surrogate\nSurrogate(points=5)")
    cell = notebook.cell(0)
    notebook.run(cell)
    line, figure = cell.get_by_role("status"), cell.locator("svg[role=img]")
    expect(line).to_contain_text("2 of 5 points")
    across = cell.get_by_role("slider", name="x", exact=True)
    across.press("ArrowRight")
    expect(across).to_have_attribute("aria-valuetext", "0.51")
    cell.get_by_role("button", name="Place here").click()
    expect(line).to_contain_text(re.compile(r"3 of 5 points.*by hand: .* at 0\.51"))
    cell.get_by_role("button", name="Let it choose").click()
    expect(line).to_contain_text(re.compile("4 of 5 points.*expected improvement"))
    cell.get_by_role("button", name="Most likely").click()
    cell.get_by_label("acquisition", exact=True).select_option("upper confidence bound")
    expect(figure).to_have_attribute("aria-label", re.compile("4 of 5 points"))
    expect(cell.locator(".widget-slider", has_text="exploration")).to_contain_text("2.00")
    cell.get_by_role("button", name="Let it choose").click()
    expect(line).to_contain_text(re.compile("The end, .*1 of 3 placed by hand"))
    expect(cell.get_by_role("button", name="Place here")).to_be_disabled()
    cell.get_by_label("function", exact=True).select_option("hills in two dimensions")
    expect(line).to_contain_text("2 of 5 points")
    expect(cell.get_by_role("slider", name="y", exact=True)).to_be_visible()
    expect(figure.locator("image")).to_have_count(3)
    assert notebook.errors() == []


def test_the_beam_is_stepped_through_and_a_candidate_is_clicked(written: Written):
    imports = "from coursekit.widgets import Beam\nfrom coursekit.worlds import Cells"
    notebook = written("beam", f"{imports}\nBeam(Cells(), beam_width=4)")
    cell = notebook.cell(0)
    notebook.run(cell)
    line, about = cell.get_by_role("status").first, cell.get_by_role("status").last
    expect(line).to_contain_text("Round 1 of 3, expanded")
    step = cell.get_by_role("button", name="Step")
    for told in ("Round 1 of 3, trained", "Round 2 of 3, expanded", "Round 2 of 3, ranked"):
        step.click()
        expect(line).to_contain_text(told)
    expect(about).to_contain_text("Click a candidate")
    cell.locator('g[id="beam-1-2"]').click()
    expect(about).to_contain_text("A cell of round 2, trained. Predicted: place 3 of")
    cell.get_by_role("slider", name="step").press("End")
    expect(line).to_contain_text("Round 3 of 3, dropped")
    expect(about).to_contain_text("A cell of round 2, trained")  # it stays
    assert notebook.errors() == []


def test_a_prediction_is_entered_and_shown_beside_what_was_measured(written: Written):
    notebook = written(
        "prediction",
        "from coursekit.labs import measured, predict",
        'predict("browser-lead", "How far will it lead?", unit="points")',
        'measured("browser-lead", 1.25)',
    )
    notebook.run(notebook.cell(0))
    notebook.run(notebook.cell(1))
    number = notebook.cell(1).get_by_label("Your prediction, in points:")
    number.fill("1")
    number.press("Enter")
    told = notebook.run(notebook.cell(2))
    assert re.search(r"You predicted 1 points? · measured 1\.25 points", told), told
    assert notebook.errors() == []


def test_an_exercise_is_solved_by_typing(lab: Callable[[str], Notebook]):
    """In a real lab: the editor indents by itself, the verdicts are cards, progress is counted."""
    notebook = lab("01_keras_tuner.ipynb")
    notebook.run(notebook.code("from coursekit.labs"))
    stub, check = notebook.code("def grid_size"), notebook.code('check("1.2")')
    notebook.run(stub)
    assert "Not yet" in notebook.run(check)
    head = "def grid_size(low, high, step, choices):\n"
    notebook.type(stub, f"{head}return (high - low) // step * choices")
    notebook.run(stub)
    assert "Not right" in notebook.run(check)
    notebook.type(stub, f"{head}return ((high - low) // step + 1) * choices")
    notebook.run(stub)
    assert "Right" in notebook.run(check)
    assert "1 of " in notebook.run(notebook.code("progress()"))
    assert notebook.errors() == []
