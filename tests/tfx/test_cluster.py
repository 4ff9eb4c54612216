"""A plan as a specification for a cluster."""

import pytest

pytest.importorskip("tfx")

from kfp import components as kubeflow

from coursekit.tfx import Plan
from coursekit.tfx.cluster import compile

COMPONENTS = [
    "ImportExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator", "AnomalyGate",
    "Transform", "Tuner", "Trainer", "Evaluator", "Pusher",
]  # fmt: skip


def test_a_specification_for_kubeflow_loads_and_has_every_component(tmp_path):
    beam = ("--runner=FlinkRunner", "--flink_master=a:1")
    plan = Plan("digits", folder=tmp_path / "digits", beam=beam)
    path = compile(plan, tmp_path / "p.yaml", root="gs://bucket/digits", image="me/kit:1")
    loaded = kubeflow.load_component_from_file(str(path)).pipeline_spec
    assert set(COMPONENTS) <= set(loaded.components)
    text = path.read_text()
    containers = loaded.deployment_spec["executors"]
    assert containers["Transform_executor"]["container"]["image"] == "me/kit:1"
    arguments = list(containers["Transform_executor"]["container"]["args"])
    assert "--runner=FlinkRunner" in arguments, "Beam options reach Transform"
    assert "--flink_master=a:1" in list(containers["Evaluator_executor"]["container"]["args"])
    assert "gs://bucket/digits/data" in text
    assert str(plan.folder) not in text, "nothing of this machine is in it"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"root": "/tmp/here"}, "root='/tmp/here' is not an address"),
        ({"path": "p.json"}, "a specification is a .yaml file"),
    ],
)
def test_what_no_cluster_can_run_is_refused(tmp_path, options, said):
    given = {"path": tmp_path / "p.yaml", "root": "gs://b/c", "image": "i"} | options
    with pytest.raises(ValueError, match=said):
        compile(Plan("digits", folder=tmp_path / "digits"), **given)


def test_a_local_schema_is_no_use_on_a_cluster(tmp_path):
    schema = tmp_path / "schema.pbtxt"
    schema.touch()
    plan = Plan("digits", folder=tmp_path / "digits", schema=str(schema))
    with pytest.raises(ValueError, match=r"schema=.* is on this machine: copy it to gs://b/c"):
        compile(plan, tmp_path / "p.yaml", root="gs://b/c", image="i")
