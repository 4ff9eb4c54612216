"""Where a model comes from, asked of a database that is written by hand: no pipeline runs."""

import json
import re

import pytest

pytest.importorskip("tfx")

import ml_metadata
from ml_metadata.proto import metadata_store_pb2 as proto

from coursekit.tfx.lineage import Lineage
from coursekit.tfx.metadata import Metadata
from coursekit.tfx.picture import pipeline as picture

KINDS = {"ImportExampleGen": "examples", "SchemaGen": "schema", "Transform": "transform_graph"}


class Remembered:
    """A database in memory, and a line for each execution."""

    def __init__(self):
        config = proto.ConnectionConfig()
        config.fake_database.SetInParent()
        self.store = ml_metadata.MetadataStore(config)
        node = self.store.put_context_type(proto.ContextType(name="node"))
        self.node = lambda name: proto.Context(type_id=node, name=f"digits.{name}")

    def execution(self, name, reads, writes, **told):
        """Artifacts by channel: those that it reads, and types and addresses of new ones."""
        of = self.store.put_execution_type(proto.ExecutionType(name=f"tfx.components.{name}"))
        execution = proto.Execution(type_id=of, last_known_state=proto.Execution.COMPLETE)
        for key, value in told.items():
            execution.custom_properties[key].string_value = value
        channels = [(each, channel, proto.Event.INPUT) for channel, each in reads.items()]
        made = {}
        for channel, (kind, uri) in writes.items():
            known = self.store.put_artifact_type(proto.ArtifactType(name=kind))
            artifact = proto.Artifact(type_id=known, uri=uri)
            (artifact.id,) = self.store.put_artifacts([artifact])
            made[channel] = artifact
            channels.append((artifact, channel, proto.Event.OUTPUT))
        written = []
        for artifact, channel, way in channels:
            event = proto.Event(type=way)
            event.path.steps.add().key = channel
            written.append((artifact, event))
        found = self.store.get_context_by_type_and_name("node", f"digits.{name}")
        self.store.put_execution(execution, written, [found or self.node(name)])
        return made


def pipeline(memory, data, code, *, best=None, baseline=None):
    """From the data to a pushed model, which is compared with a baseline if there is one."""
    made = {}
    for name, channel in KINDS.items():
        told = {"preprocessing_fn": "m.preprocessing_fn"} if name == "Transform" else {}
        settings = json.dumps({"code": code})
        reads = {key: made[key] for key in made}
        uri = f"{data}/{channel}"
        made |= memory.execution(
            name, reads, {channel: (channel, uri)}, custom_config=settings, **told
        )
    given = made | ({"hyperparameters": best} if best else {})
    told = {"run_fn": "m.run_fn", "custom_config": json.dumps({"code": code})}
    trained = memory.execution("Trainer", given, {"model": ("Model", f"{data}/model")}, **told)
    return made, trained["model"], push(memory, trained["model"], made["examples"], baseline)


def push(memory, model, examples, baseline=None):
    judged = {"model": model, "examples": examples}
    judged |= {"baseline_model": baseline} if baseline else {}
    blessing = memory.execution("Evaluator", judged, {"blessing": ("ModelBlessing", "b")})
    given = {"model": model, "model_blessing": blessing["blessing"]}
    pushed = memory.execution("Pusher", given, {"pushed_model": ("PushedModel", "p")})
    return pushed["pushed_model"].id


def test_the_code_of_a_baseline_is_not_the_code_of_the_model():
    """An earlier model, trained again from the cache, is pushed after a later one."""
    memory = Remembered()
    made, early, _ = pipeline(memory, "monday", "c0de-1")
    _, late, _ = pipeline(memory, "tuesday", "c0de-2", baseline=early)
    pushed = push(memory, early, made["examples"], baseline=late)
    origin = Lineage(Metadata(memory.store)).origin(pushed)
    assert origin.code == {
        "Transform": "m.preprocessing_fn c0de-1",
        "Trainer": "m.run_fn c0de-1",
    }
    assert (origin.data, origin.schema) == ("monday/examples", "monday/schema")


def test_a_tuner_of_a_baseline_is_not_behind_a_model_of_defaults(tmp_path):
    memory = Remembered()
    (tmp_path / "best_hyperparameters.txt").write_text('{"values": {"units": 32}}')
    (tmp_path / "tuner_results.json").write_text('[{"trial_id": "0", "score": 0.5, "units": 32}]')
    found = memory.execution(
        "Tuner", {},
        {"best_hyperparameters": ("HyperParameters", str(tmp_path)),
         "tuner_results": ("TunerResults", str(tmp_path))},
        tuner_fn="m.tuner_fn",
    )  # fmt: skip
    _, tuned, first = pipeline(memory, "here", "c0de", best=found["best_hyperparameters"])
    _, _, second = pipeline(memory, "here", "c0de", baseline=tuned)
    lineage = Lineage(Metadata(memory.store))
    assert set(lineage.origin(first).code) == {"Transform", "Tuner", "Trainer"}
    assert (lineage.origin(first).trial, lineage.origin(first).imported) == ("0", "")
    assert set(lineage.origin(second).code) == {"Transform", "Trainer"}
    assert lineage.origin(second).trial is None


def test_hyperparameters_of_another_pipeline_are_said_to_be_imported(tmp_path):
    memory = Remembered()
    (tmp_path / "best_hyperparameters.txt").write_text('{"values": {"units": 32}}')
    kind = ("HyperParameters", str(tmp_path))
    best = memory.execution("ImportedHyperparameters", {}, {"result": kind})["result"]
    _, _, pushed = pipeline(memory, "here", "c0de", best=best)
    origin = Lineage(Metadata(memory.store)).origin(pushed)
    assert (origin.trial, origin.imported, origin.hyperparameters) == (
        None, str(tmp_path), {"units": 32},
    )  # fmt: skip
    assert f"of another pipeline: {tmp_path}" in str(origin)


@pytest.mark.parametrize("tuned", [True, False])
@pytest.mark.parametrize("place", ["gs://bucket/best", "/gone/best"])
def test_hyperparameters_that_cannot_be_read_are_said_to_be_where_they_are(place, tuned):
    memory = Remembered()
    kind = ("HyperParameters", place)
    results = {"tuner_results": ("TunerResults", place)}
    if tuned:
        found = memory.execution("Tuner", {}, {"best_hyperparameters": kind} | results)
    else:
        found = memory.execution("ImportedHyperparameters", {}, {"best_hyperparameters": kind})
    _, _, pushed = pipeline(memory, "here", "c0de", best=found["best_hyperparameters"])
    origin = Lineage(Metadata(memory.store)).origin(pushed)
    assert (origin.trial, origin.hyperparameters, origin.unread) == (None, {}, place)
    assert origin.imported == ("" if tuned else place)
    assert re.search(
        rf"^hyperparameters +at {place}, which cannot be read from here$", str(origin), re.M
    )
    trial = "unknown" if tuned else f"of another pipeline: {place}"
    assert re.search(rf"^trial +{trial}$", str(origin), re.M)


def test_the_code_of_a_tuner_of_your_own_is_named_with_that_of_the_function(tmp_path):
    memory = Remembered()
    (tmp_path / "best_hyperparameters.txt").write_text('{"values": {"units": 32}}')
    (tmp_path / "tuner_results.json").write_text("[]")
    settings = {"code": "c0de", "strategy": "my_module.MyTuner", "strategy_code": "d1ge57"}
    found = memory.execution(
        "Tuner", {},
        {"best_hyperparameters": ("HyperParameters", str(tmp_path)),
         "tuner_results": ("TunerResults", str(tmp_path))},
        tuner_fn="m.tuner_fn", custom_config=json.dumps(settings),
    )  # fmt: skip
    _, _, pushed = pipeline(memory, "here", "c0de", best=found["best_hyperparameters"])
    code = Lineage(Metadata(memory.store)).origin(pushed).code
    assert code["Tuner"] == "m.tuner_fn c0de, with my_module.MyTuner d1ge57"


@pytest.fixture
def pushed():
    """A pipeline's lineage, and the id of the model that it pushed."""
    memory = Remembered()
    *_, number = pipeline(memory, "here", "c0de")
    return Lineage(Metadata(memory.store)), number


def test_lineage_as_a_drawing_has_each_step_and_this_artifact(pushed):
    lineage, number = pushed
    axes = lineage.draw(number)
    texts = [text.get_text() for text in axes.texts]
    assert any(f"PushedModel {number}" in text for text in texts)
    for component in (*KINDS, "Trainer", "Evaluator", "Pusher"):
        assert any(component in text for text in texts)
    assert f"Lineage of PushedModel {number}" in axes.figure.alt


def test_a_pipeline_as_a_picture_has_its_components_below_what_they_need(pushed):
    steps = pushed[0].metadata.steps()
    axes = picture(steps)
    pairs = [(before, step.name) for step in steps for before in step.after]
    assert {("SchemaGen", "Trainer"), ("Evaluator", "Pusher")} < set(pairs)
    for before, name in pairs:
        assert axes.places[before][1] > axes.places[name][1]


def test_what_is_no_artifact_or_no_model_is_refused(pushed):
    lineage, _ = pushed
    with pytest.raises(ValueError, match="no artifact has the id 1000000"):
        lineage.find(10**6)
    with pytest.raises(ValueError, match="no artifact is there"):
        lineage.find("/nowhere")
    with pytest.raises(ValueError, match="and no Trainer made it"):
        lineage.origin(1)
    with pytest.raises(ValueError, match="way='up': give one of back, forth, both"):
        lineage.frame(1, way="up")


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "metadata.sqlite").write_text("no database at all, though long enough")
    with pytest.raises(ValueError, match=r"metadata\.sqlite is not an SQLite database"):
        Lineage(tmp_path)
