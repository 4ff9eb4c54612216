"""A real pipeline to Pusher, what it leaves behind, and what runs after it in the same folder."""

import contextlib
import io
import json
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tfx")

import tensorflow as tf

import coursekit.tfx.local
from coursekit.data import load
from coursekit.tfx import Plan
from coursekit.tfx.examples import SPLITS, example, png
from coursekit.tfx.gate import read_anomalies
from coursekit.tfx.lineage import Lineage
from coursekit.tfx.local import PipelineFailed, run
from coursekit.tfx.metadata import Metadata
from coursekit.tfx.serving import ServedModel

pytestmark = pytest.mark.slow(10)  # times their number

ALL = [
    "BlessedBefore", "ImportExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator",
    "AnomalyGate", "Transform", "Tuner", "Trainer", "Evaluator", "Pusher",
]  # fmt: skip
# What is started in the background ignores Ctrl-C, and so do its children; these do not.
INTERRUPTIBLE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from coursekit.cli import main; sys.exit(main())
"""
# 34 steps are an epoch: digits has 1,078 training images.
small = partial(Plan, data="digits", trials=2, tune_steps=34, train_steps=340, threshold=0.5)


class Run:
    """One pipeline that all tests of this file look at, and what it said."""

    def __init__(self, folder):
        self.plan, self.said = small(folder=folder), []
        self.outcome = run(self.plan, tell=self.said.append)
        self.lineage = Lineage(folder)
        self.lineage.artifacts()  # as it is now: other tests add to it
        (self.search,) = (self.plan.folder / "searches").iterdir()

    def folder(self, channel):
        """Where this run's artifact of that name is."""
        (uri,) = (s.outputs[channel][0].uri for s in self.outcome.steps if channel in s.outputs)
        return Path(uri)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return Run(tmp_path_factory.mktemp("pipelines") / "digits")


def again(first, **changes):
    """Another run in the same folder."""
    return run(small(folder=first.plan.folder, **changes), tell=lambda line: None)


def states(outcome):
    return {step.name: step.state for step in outcome.steps}


def test_every_component_ran_and_said_so(first):
    assert sorted(states(first.outcome)) == sorted(ALL)
    assert set(states(first.outcome).values()) == {"done"}
    text = "\n".join(first.said)
    for place, step in enumerate(first.outcome.steps, 1):
        assert re.search(rf"^ ?{place} of 11  {step.name} \.\.\.$", text, re.M)
        assert re.search(rf"^ +{step.name}: [\d.]+ s$", text, re.M)
    assert len(re.findall(r"^    trial \d of 2: val_accuracy 0\.\d+$", text, re.M)) == 2
    log = (first.plan.folder / "run.log").read_text()
    assert "Component Pusher is finished" in log, "TFX's own log is in the file"


def test_the_summary_says_what_came_out(first):
    outcome, text = first.outcome, str(first.outcome)
    assert outcome.metrics["example_count"] == len(load("digits").test.y)
    assert outcome.metrics["sparse_categorical_accuracy"] > 0.5  # the threshold; chance is 0.1
    assert [score for _, score, _ in outcome.trials] == sorted(
        (score for _, score, _ in outcome.trials), reverse=True
    )
    assert len(outcome.trials) == 2
    assert f"pushed to {outcome.pushed}" in text
    assert "best of 2 trials" in text
    assert all(name in text for name in ALL)


def test_training_took_the_epochs_that_the_steps_come_to_and_logged_each(first):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    runs = first.folder("model_run")
    for kind in ("train", "validation"):
        events = EventAccumulator(str(runs / kind)).Reload()
        assert events.Tags()["tensors"].count("epoch_accuracy") == 1
        assert len(events.Tensors("epoch_accuracy")) == 10  # 340 steps of 32, 1,078 images


def test_every_trial_has_its_curves_for_tensorboard(first):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for number, score, _ in first.outcome.trials:
        (written,) = (first.search / "logs" / number).rglob("validation")
        events = EventAccumulator(str(written)).Reload()
        assert "epoch_accuracy" in events.Tags()["tensors"]
        (only,) = events.Tensors("epoch_accuracy")  # 34 steps are one epoch
        assert tf.make_ndarray(only.tensor_proto) == pytest.approx(score)


def test_png_bytes_become_the_probabilities_that_the_evaluator_judged(first):
    test = load("digits").test
    model = ServedModel(first.outcome.pushed)
    found = model.predict_images([png(image) for image in test.x])
    assert found.shape == (len(test.y), 10)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    accuracy = np.mean(found.argmax(axis=1) == test.y)
    assert accuracy == pytest.approx(first.outcome.metrics["sparse_categorical_accuracy"])
    one = model.predict([example(png(test.x[0]))])  # without a label, and alone
    np.testing.assert_allclose(one[0], found[0], rtol=1e-5)


def test_the_origin_of_the_pushed_model_is_the_best_trial(first):
    origin = first.lineage.origin()
    number, score, configuration = first.outcome.trials[0]
    assert (origin.trial, origin.score, origin.hyperparameters) == (number, score, configuration)
    folder = first.plan.folder
    search = (first.search / "search" / "journal.jsonl").read_text()
    journal = [json.loads(line) for line in search.splitlines()]
    told = {line["finish"]: line for line in journal if "finish" in line}
    assert len(told) == 2, "the trial that it names is one in the search's journal"
    assert int(origin.trial) in told
    assert Path(origin.data).is_dir()
    assert "split:train,num_files:1" in origin.fingerprint
    assert (Path(origin.schema) / "schema.pbtxt").is_file()
    assert set(origin.code) == {"Transform", "Tuner", "Trainer"}
    assert all(re.fullmatch(r"coursekit\S+_fn [0-9a-f]{12}", each) for each in origin.code.values())
    assert first.lineage.origin(first.outcome.pushed) == origin
    assert str(folder) in str(origin)


def test_lineage_goes_back_to_the_data_and_forth_to_the_model(first):
    lineage = first.lineage
    back = lineage.frame()
    assert list(back.component[:1]) == ["Pusher"]
    assert list(back.distance) == sorted(back.distance, reverse=True)
    assert set(back.component) == set(ALL) - {"BlessedBefore", "ExampleValidator", "AnomalyGate"}
    raw = next(int(row.id) for row in lineage.artifacts().itertuples() if row.component == ALL[1])
    forth = lineage.frame(raw, "forth")
    assert {"Pusher", "Trainer", "ExampleValidator"} <= set(forth.component)
    assert "ImportExampleGen" not in set(forth.component)
    assert set(lineage.frame(raw, "back").component) == {"ImportExampleGen"}
    both = set(lineage.frame(raw, "both").component)
    assert both == set(forth.component) | {"ImportExampleGen"}


def test_a_second_run_reuses_all_that_would_come_out_the_same(first):
    found = states(again(first))
    assert sorted(found) == sorted(ALL)
    # A model had been blessed by now: there may be something else to compare with.
    anew = {name for name, state in found.items() if state != "reused"}
    assert {"BlessedBefore"} <= anew <= {"BlessedBefore", "Evaluator", "Pusher"}
    newest = max(first.plan.served.iterdir(), key=lambda folder: int(folder.name))
    assert ServedModel(first.plan.served).folder == newest


def test_the_readme_s_example_runs(first, tmp_path):
    readme = (Path(coursekit.__file__).parent.parent / "README.md").read_text()
    (block,) = (b for b in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if ".tfx" in b)
    plan = (
        f'Plan(data="digits", folder="{first.plan.folder}", trials=2, tune_steps=34, '
        "train_steps=340, threshold=0.5)"
    )
    here, changed = re.subn(r"Plan\(.*\)\)", f"{plan})", block)
    assert changed == 1
    here = here.replace('"digits-pipeline"', f'"{first.plan.folder}"')
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(here, {})
    # Other tests may have pushed a better model before.
    assert re.search(r"^(pushed to|not pushed:\n) .*\nmodel +/", printed.getvalue(), re.M)


def test_a_model_below_the_threshold_is_not_pushed_and_the_run_says_why(first):
    before = sorted(first.plan.served.iterdir())
    outcome = again(first, threshold=1.0)
    assert outcome.pushed is None
    assert sorted(first.plan.served.iterdir()) == before
    measured = outcome.metrics["sparse_categorical_accuracy"]
    reason = f"sparse_categorical_accuracy is {measured:.4f}, at least 1 is required"
    assert reason in outcome.refused
    assert re.search(rf"^not pushed:\n(  .*\n)?  {re.escape(reason)}", str(outcome), re.M)


def test_hyperparameters_of_an_earlier_run_are_imported(first):
    best = first.folder("best_hyperparameters")
    outcome = again(first, hyperparameters=str(best), train_steps=34)
    assert "Tuner" not in states(outcome)
    assert states(outcome)["Trainer"] == "done"
    (model,) = (s.outputs["model"][0] for s in outcome.steps if s.name == "Trainer")
    origin = Lineage(first.plan.folder).origin(model)  # which need not be as good as the last
    assert origin.hyperparameters == first.outcome.trials[0][2]
    assert origin.trial == first.outcome.trials[0][0], "found where they were imported from"


def test_a_worse_model_than_the_last_blessed_one_is_not_pushed(first):
    outcome = again(first, hyperparameters="defaults", train_steps=1, threshold=0.01)
    measured = outcome.metrics["sparse_categorical_accuracy_diff"]
    assert measured < -0.01
    steps = {step.name: step for step in outcome.steps}
    (baseline,) = steps["Evaluator"].inputs["baseline_model"]
    assert steps["BlessedBefore"].inputs["model"] == [baseline]
    (blessing,) = (each.properties for each in steps["BlessedBefore"].inputs["model_blessing"])
    assert (blessing["blessed"], blessing["current_model_id"]) == (1, baseline.id)
    why = f"sparse_categorical_accuracy is {measured:+.4f} compared with the last blessed model"
    assert (outcome.pushed, list(outcome.refused)) == (None, [why])


def narrow_schema(first, tmp_path):
    """A schema in which the digits end at 5."""
    text = (first.folder("schema") / "schema.pbtxt").read_text()
    path = tmp_path / "schema.pbtxt"
    path.write_text(text.replace("type: INT", "type: INT\n  int_domain {min: 0 max: 5}"))
    assert path.read_text() != text
    return str(path)


def test_data_that_does_not_conform_stops_the_pipeline_before_the_slow_part(first, tmp_path):
    schema = narrow_schema(first, tmp_path)
    with pytest.raises(PipelineFailed) as caught:
        again(first, schema=schema)
    text = str(caught.value)
    assert text.startswith("AnomalyGate failed: the data does not conform to the schema:\n")
    for split in SPLITS:
        assert re.search(rf"^  {split}: label: .*9", text, re.M)
    assert f"the whole log: {first.plan.folder / 'run.log'}" in text
    steps = Metadata(first.plan.metadata).steps()
    assert [step.name for step in steps if step.state == "failed"] == ["AnomalyGate"]
    assert "Transform" not in {step.name for step in steps}


@pytest.mark.nightly(30)
def test_who_is_tolerant_goes_on_in_spite_of_anomalies(first, tmp_path):
    schema = narrow_schema(first, tmp_path)
    outcome = again(first, schema=schema, tolerant=True, hyperparameters="defaults", threshold=0.1)
    assert states(outcome)["AnomalyGate"] == states(outcome)["Trainer"] == "done"
    (anomalies,) = (s.outputs["anomalies"][0] for s in outcome.steps if "Validator" in s.name)
    assert ("test", "label") in {(split, name) for split, name, _ in read_anomalies(anomalies.uri)}


def test_a_pipeline_that_was_moved_is_refused_but_not_one_with_two_names(first, tmp_path):
    """Its results are recorded by their paths: TFX would read what is there now, or fail."""
    folder = first.plan.folder
    (tmp_path / "link").symlink_to(folder)
    coursekit.tfx.local.check_place(replace(first.plan, folder=tmp_path / "link"))
    folder.rename(tmp_path / "moved")
    try:
        for there in (False, True):
            if there:
                (folder / "artifacts").mkdir(parents=True)
            with pytest.raises(ValueError, match=f"moved: .* those of {folder}: move it back"):
                run(replace(first.plan, folder=tmp_path / "moved"))
    finally:
        shutil.rmtree(folder)
        (tmp_path / "moved").rename(folder)
    assert states(again(first))["Transform"] == "reused"


@pytest.mark.parametrize(
    "stop", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.nightly(40))]
)
def test_a_run_that_was_stopped_goes_on_after_its_last_finished_trial(first, stop):
    """What had finished is kept; the trial that ran is trained anew."""
    options = {"seed": int(stop), "trials": 3}
    command = [
        sys.executable, "-c", INTERRUPTIBLE, "pipeline", "run", "--data=digits",
        f"--folder={first.plan.folder}", "--tune-steps=34", "--train-steps=340", "--threshold=0.5",
        *(f"--{name}={value}" for name, value in options.items()),
    ]  # fmt: skip
    journal = None
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        for line in run.stdout:
            if "trial 1 of 3" in line:
                before = set((first.plan.folder / "searches").glob("*/search/journal.jsonl"))
                journal = max(before, key=lambda path: path.stat().st_mtime_ns)
                while '"suggest":1' not in journal.read_text():  # the first is then on the disk
                    assert run.poll() is None
                run.send_signal(stop)
                break
        said = run.stderr.read()
    assert run.returncode == (-signal.SIGKILL if stop == signal.SIGKILL else 130), said
    if stop == signal.SIGINT:
        assert said.endswith("stopped; finished work is kept: the same command resumes\n")
    done = [line for line in journal.read_text().splitlines() if '"finish"' in line]
    assert 1 <= len(done) < 3

    said = []
    plan = small(folder=first.plan.folder, **options)
    outcome = coursekit.tfx.local.run(plan, tell=said.append)
    lines = journal.read_text().splitlines()
    assert [line for line in lines if '"finish"' in line][: len(done)] == done
    assert len([line for line in lines if '"finish"' in line]) == len(outcome.trials) == 3
    numbers = re.findall(r"^    trial (\d) of 3", "\n".join(said), re.M)
    assert numbers == [str(number) for number in range(len(done) + 1, 4)], "only what was missing"
    found = states(outcome)
    assert (found["Transform"], found["Tuner"], found["Trainer"]) == ("reused", "done", "done")
    assert outcome.pushed or outcome.refused
