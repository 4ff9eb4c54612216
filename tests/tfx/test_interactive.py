"""A plan run component by component, as in a notebook."""

import builtins
import json
import sys
from dataclasses import replace
from pathlib import Path

import keras_tuner
import pytest

pytest.importorskip("tfx")

import tensorflow as tf

from coursekit.tfx import Plan
from coursekit.tfx.interactive import Interactive
from coursekit.tfx.outcome import read_history

pytestmark = pytest.mark.slow(25)
DATA = ["CsvExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator", "AnomalyGate"]


@pytest.fixture(autouse=True)
def notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """TFX's interactive context runs nothing where this is not set."""
    monkeypatch.setattr(builtins, "__IPYTHON__", True, raising=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("interactive") / "my-pipeline"


@pytest.fixture
def plan(folder: Path) -> Plan:
    return Plan("penguins", folder=folder, train_steps=20)


def states(pipeline: Interactive) -> dict[str, str]:
    return {step.name: step.state for step in pipeline.steps}


def test_what_leads_there_runs_first_and_is_seen(plan: Plan):
    pipeline = Interactive(plan)
    seen: list[tuple[str, str]] = []
    pipeline.watch(lambda steps: seen.extend((s.name, s.state) for s in steps))
    del seen[:]
    assert pipeline.run_to("ExampleValidator").state == "done"
    assert [name for name, state in seen if state == "running"] == DATA[:4]
    assert {name for name, state in states(pipeline).items() if state == "done"} == set(DATA[:4])
    assert pipeline.folder("SchemaGen", "schema").joinpath("schema.pbtxt").is_file()
    again = Interactive(plan)
    again.run_to("ExampleValidator")
    assert [states(again)[name] for name in DATA[:4]] == 4 * ["reused"]
    with pytest.raises(ValueError, match="Transform needs the output of AnomalyGate"):
        again.run("Transform")
    with pytest.raises(ValueError, match="no component is called 'Trainr'"):
        again.run_to("Trainr")


def test_a_schema_whose_content_has_changed_is_imported_anew(plan: Plan, tmp_path: Path):
    first = Interactive(plan)
    first.run_to("SchemaGen")
    schema = tmp_path / "my-schema.pbtxt"
    schema.write_text((first.folder("SchemaGen", "schema") / "schema.pbtxt").read_text())
    given = replace(plan, schema=str(schema))
    for expected in ("done", "reused"):
        assert Interactive(given).run("ImportSchemaGen").state == expected
    schema.write_text(schema.read_text() + "# another one\n")
    assert Interactive(given).run("ImportSchemaGen").state == "done"


@pytest.mark.nightly(60)
def test_imported_hyperparameters_reach_the_trainer(plan: Plan, tmp_path: Path):
    hp = keras_tuner.HyperParameters()
    hp.Int("layers", 1, 2)
    hp.values["layers"] = 2
    best = tmp_path / "best"
    best.mkdir()
    (best / "best_hyperparameters.txt").write_text(json.dumps(hp.get_config()))
    pipeline = Interactive(replace(plan, hyperparameters=str(best)))
    trainer = pipeline.run_to("Trainer")
    assert trainer.state == "done" and "Tuner" not in states(pipeline)
    (given,) = trainer.inputs["hyperparameters"]
    assert Path(given.uri) == best
    assert pipeline.folder("ImportedHyperparameters", "result") == best
    history = read_history(pipeline.folder("Trainer", "model_run"))
    assert len(history["val_loss"]) == len(history["loss"]) > 1  # each epoch, and more than one


PREPROCESSING = """
from own_factor import FACTOR

def preprocessing_fn(inputs, custom_config):
    year = inputs["year"]
    return {"year_xf": year.with_values(year.values * FACTOR)}
"""


@pytest.mark.nightly(40)
def test_what_a_module_of_your_own_imports_is_not_served_from_the_cache_once_it_has_changed(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Nor from what this process has imported, a notebook's kernel say."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a file is written twice in a second
    (tmp_path / "own_preprocessing.py").write_text(PREPROCESSING)
    own = replace(plan, preprocessing_fn="own_preprocessing.preprocessing_fn")
    for factor, state in ((2, "done"), (2, "reused"), (3, "done")):
        (tmp_path / "own_factor.py").write_text(f"FACTOR = {factor}\n")
        pipeline = Interactive(own)
        assert pipeline.run_to("Transform").state == state
        folder = pipeline.folder("Transform", "transformed_examples") / "Split-train"
        files = [str(path) for path in folder.glob("*.gz")]
        record = next(iter(tf.data.TFRecordDataset(files, "GZIP"))).numpy()
        (year,) = tf.train.Example.FromString(record).features.feature["year_xf"].int64_list.value
        assert year / factor in (2007, 2008, 2009)
