"""A plan's components and their pipeline: one definition for every way to run it.

Module functions are given by import path, so no wheel is built. TFX's cache does not see their
code; a digest among the settings makes a component run again when the code has changed.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursekit.tfx.code import check_function, digest
from coursekit.tfx.examples import PATTERNS, SHARES, SPLITS, Examples
from coursekit.tfx.gate import AnomalyGate
from coursekit.tfx.modules import images, tables
from coursekit.tfx.plan import TUNE, Plan, remote
from coursekit.tfx.quiet import tfma, tfx

MODULES = {"images": images.__name__, "table": tables.__name__}
LABELS = {"images": images.LABEL_XF, "table": tables.LABEL_XF}
WORSE = 0.01  # a loss of accuracy against the last blessed model that may be chance


@dataclass(frozen=True)
class Places:
    """Where a pipeline reads and writes: paths on this machine, or addresses on a cluster.

    root: all artifacts. examples: the raw examples. served: pushed models. searches: the journals
    of searches, which need a file system; None ends each search with its Tuner. schemas: copies of
    a given schema, named by a digest of their content; None makes no copy.
    """

    root: str
    examples: str
    served: str
    searches: str | None = None
    schemas: str | None = None

    @classmethod
    def here(cls, plan: Plan, examples: Examples) -> Places:
        """All inside the plan's folder."""
        folder = plan.folder
        return cls(
            str(folder / "artifacts"),
            str(examples.folder),
            str(plan.served),
            str(folder / "searches"),
            str(folder / "schemas"),
        )


def components(plan: Plan, examples: Examples, places: Places | None = None) -> dict[str, Any]:
    """The pipeline's components by name, in an order in which they can run.

    examples: from `examples.prepare`. places: inside the plan's folder by default.
    Raises ValueError for a module function that cannot be found.
    """
    places = places or Places.here(plan, examples)
    made = _data(plan, examples, places)
    source, schema, transform = made[0], made[2], made[-1]
    transformed = {
        "examples": transform.outputs["transformed_examples"],
        "transform_graph": transform.outputs["transform_graph"],
        "schema": schema.outputs["schema"],
    }
    best: dict[str, Any] = {}
    if plan.hyperparameters == TUNE:
        tuner = _tuner(plan, examples, transformed, places)
        made.append(tuner)
        best = {"hyperparameters": tuner.outputs["best_hyperparameters"]}
    elif plan.imports:
        importer = tfx.dsl.Importer(
            source_uri=plan.hyperparameters,
            artifact_type=tfx.types.standard_artifacts.HyperParameters,
        ).with_id("ImportedHyperparameters")
        made.append(importer)
        best = {"hyperparameters": importer.outputs["result"]}
    run_fn, settings = _function(plan, examples, "run_fn")
    trainer = tfx.components.Trainer(
        **transformed,
        **best,
        run_fn=run_fn,
        train_args=tfx.proto.TrainArgs(num_steps=plan.train_steps),
        eval_args=tfx.proto.EvalArgs(),
        custom_config=settings | {"seed": plan.seed},
    )
    made += [trainer, *_judged(plan, examples, source, trainer, places)]
    return {component.id: component for component in made}


def _data(plan: Plan, examples: Examples, places: Places) -> list[Any]:
    """The components from raw to transformed examples; the schema comes third, Transform last."""
    kinds = {
        "images": tfx.components.ImportExampleGen,
        "table": tfx.components.CsvExampleGen,
    }
    source = kinds[examples.kind](input_base=places.examples, **_splits(examples))
    statistics = tfx.components.StatisticsGen(examples=source.outputs["examples"])
    if plan.schema is None:
        schema = tfx.components.SchemaGen(
            statistics=statistics.outputs["statistics"],
            infer_feature_shape=examples.kind == "images",  # a table's values may be missing
            exclude_splits=["eval", "test"],
        )
    else:
        schema = tfx.components.ImportSchemaGen(schema_file=_copied(plan.schema, places))
    validator = tfx.components.ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    gate = AnomalyGate(anomalies=validator.outputs["anomalies"], tolerant=int(plan.tolerant))
    preprocessing_fn, settings = _function(plan, examples, "preprocessing_fn")
    transform = tfx.components.Transform(
        examples=source.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn=preprocessing_fn,
        custom_config=settings,
        disable_statistics=True,
    )
    transform.add_upstream_node(gate)
    return [source, statistics, schema, validator, gate, transform]


def _copied(schema: str, places: Places) -> str:
    """The path of a copy, which changes with the content: TFX's cache compares only paths."""
    if places.schemas is None or remote(schema):
        return schema
    content = Path(schema).read_bytes()
    copy = Path(places.schemas, f"{hashlib.sha256(content).hexdigest()[:12]}.pbtxt")
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(schema, copy)
    return str(copy)


def _tuner(
    plan: Plan, examples: Examples, transformed: dict[str, Any], places: Places
) -> tfx.components.Tuner:
    tuner_fn, settings = _function(plan, examples, "tuner_fn")
    search = {
        "strategy": plan.strategy,
        "options": dict(plan.options),
        "trials": plan.trials,
        "seed": plan.seed,
        "searches": places.searches,
    }
    if "." in plan.strategy:
        search["strategy_code"] = digest(plan.strategy)
    return tfx.components.Tuner(
        **transformed,
        tuner_fn=tuner_fn,
        train_args=tfx.proto.TrainArgs(num_steps=plan.tune_steps),
        eval_args=tfx.proto.EvalArgs(),
        custom_config=settings | search,
    )


def _judged(plan: Plan, examples: Examples, source: Any, trainer: Any, places: Places) -> list[Any]:
    """The components that judge a model, and push a good one unless the last was better."""
    baseline = tfx.dsl.Resolver(
        strategy_class=tfx.dsl.experimental.LatestBlessedModelStrategy,
        model=tfx.dsl.Channel(type=tfx.types.standard_artifacts.Model),
        model_blessing=tfx.dsl.Channel(type=tfx.types.standard_artifacts.ModelBlessing),
    ).with_id("BlessedBefore")
    evaluator = tfx.components.Evaluator(
        examples=source.outputs["examples"],
        model=trainer.outputs["model"],
        baseline_model=baseline.outputs["model"],
        eval_config=judging(LABELS[examples.kind], plan.threshold),
        example_splits=["test"],
    )
    pusher = tfx.components.Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=tfx.proto.PushDestination(
            filesystem=tfx.proto.PushDestination.Filesystem(base_directory=places.served)
        ),
    )
    return [baseline, evaluator, pusher]


def _function(plan: Plan, examples: Examples, name: str) -> tuple[str, dict[str, Any]]:
    """The import path of a module function, and its settings."""
    path = getattr(plan, name) or f"{MODULES[examples.kind]}.{name}"
    check_function(path)
    settings: dict[str, Any] = {"code": digest(path)}
    if examples.kind == "images":
        settings |= {"classes": examples.classes, "shape": list(examples.shape or ())}
        if examples.labels is not None:
            settings["labels"] = list(examples.labels)
    else:
        settings["label"] = plan.label
    return path, settings


def pipeline(
    plan: Plan,
    examples: Examples,
    places: Places | None = None,
    *,
    local: bool = True,
) -> tfx.dsl.Pipeline:
    """The components as a pipeline for any of TFX's runners.

    local: keeps metadata in SQLite; a cluster has its own. The other arguments are those of
    `components`.
    """
    places = places or Places.here(plan, examples)
    metadata = tfx.orchestration.metadata.sqlite_metadata_connection_config(str(plan.metadata))
    return tfx.dsl.Pipeline(
        pipeline_name=plan.folder.name,
        pipeline_root=places.root,
        components=list(components(plan, examples, places).values()),
        metadata_connection_config=metadata if local else None,
        enable_cache=True,
        beam_pipeline_args=list(plan.beam),
    )


def _splits(examples: Examples) -> dict[str, Any]:
    """The folder's own splits, or 6 : 2 : 2 by a hash of each example."""
    split = tfx.proto.Input.Split
    pattern = PATTERNS[examples.kind]
    if examples.splits:
        own = [split(name=name, pattern=f"{name}/{pattern}") for name in SPLITS]
        return {"input_config": tfx.proto.Input(splits=own)}
    buckets = tfx.proto.SplitConfig.Split
    dealt = [buckets(name=name, hash_buckets=n) for name, n in zip(SPLITS, SHARES, strict=True)]
    return {
        "input_config": tfx.proto.Input(splits=[split(name="all", pattern=pattern)]),
        "output_config": tfx.proto.Output(split_config=tfx.proto.SplitConfig(splits=dealt)),
    }


def judging(label: str, threshold: float) -> tfma.EvalConfig:
    """What the Evaluator measures, and requires of a model before it is pushed.

    The accuracy on raw test examples, which no choice has used, must be at least the threshold, and
    at most WORSE below that of the last blessed model.
    """
    enough = tfma.MetricThreshold(
        value_threshold=tfma.GenericValueThreshold(lower_bound={"value": threshold}),
        change_threshold=tfma.GenericChangeThreshold(
            direction=tfma.MetricDirection.HIGHER_IS_BETTER, absolute={"value": -WORSE}
        ),
    )
    metrics = [
        tfma.MetricConfig(class_name="SparseCategoricalAccuracy", threshold=enough),
        tfma.MetricConfig(class_name="SparseCategoricalCrossentropy"),
        tfma.MetricConfig(class_name="ExampleCount"),
    ]
    return tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(
                signature_name="serving_default",
                label_key=label,
                preprocessing_function_names=["transform_features"],
            )
        ],
        slicing_specs=[tfma.SlicingSpec()],
        metrics_specs=[tfma.MetricsSpec(metrics=metrics)],
    )
