"""A plan for a cluster: the same pipeline, specified for Kubeflow Pipelines or Vertex AI."""

from __future__ import annotations

import re
from pathlib import Path

from coursekit.extras import from_extras
from coursekit.tfx.components import Places, pipeline
from coursekit.tfx.examples import prepare
from coursekit.tfx.local import held
from coursekit.tfx.plan import Plan, remote
from coursekit.tfx.quiet import tfx

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,127}")


def compile(plan: Plan, path: str | Path, *, root: str, image: str) -> Path:
    """Write a plan's pipeline as a Kubeflow Pipelines v2 specification, and load it as a check.

    path: of the file, `*.yaml`. root: an address that the cluster reads and writes, such as
    "gs://bucket/pipeline"; the examples must be in `root/data`. image: a container image that runs
    every component, with coursekit[tfx] and your own module functions and tuners.

    The data is checked here first. Raises ValueError for a plan that cannot work on a cluster,
    and while a pipeline runs in the plan's folder.
    """
    path = Path(path)
    if path.suffix not in (".yaml", ".yml"):
        raise ValueError(f"{path}: a specification is a .yaml file")
    if not remote(root):
        raise ValueError(f"root={root!r} is not an address: give one such as gs://bucket/pipeline")
    if not NAME.fullmatch(plan.folder.name):
        raise ValueError(
            f"folder={plan.folder.name!r}: the pipeline is named after it, and a name on a cluster "
            "has only small letters, digits and hyphens: take a folder such as 'my-pipeline'"
        )
    for name, given in (("schema", plan.schema), ("hyperparameters", plan.hyperparameters)):
        if given and (plan.imports or name == "schema") and not remote(given):
            raise ValueError(
                f"{name}={given!r} is on this machine: copy it to {root} and give that"
            )
    with held(plan.folder):
        examples = prepare(plan.data, plan.folder / "data", label=plan.label, classes=plan.classes)
    root = root.rstrip("/")
    places = Places(root, f"{root}/data", f"{root}/served")
    made = pipeline(plan, examples, places, local=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    config = tfx.orchestration.experimental.KubeflowV2DagRunnerConfig(default_image=image)
    tfx.orchestration.experimental.KubeflowV2DagRunner(
        config, output_dir=str(path.parent), output_filename=path.name
    ).run(made)
    with from_extras():
        from kfp import components as kubeflow

    kubeflow.load_component_from_file(str(path))
    return path
