"""`coursekit pipeline`: run a TFX pipeline, compile it, or show a model's origin."""

from __future__ import annotations

import argparse
import ast
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from coursekit.tfx.plan import NAMES, Plan

EXAMPLES = """\
examples:
  coursekit pipeline run
      mnist-5k to a pushed model: statistics, schema, tuning with 6 trials, training, evaluation.
      The same command resumes a killed run, and reuses results that would be the same.
  coursekit pipeline run --data penguins --strategy tpe --trials 20 --folder penguins
  coursekit pipeline run --data my-images --threshold 0.95 --strategy keras_tuner.Hyperband
      your own folder of *.tfrecord (image, label) or *.csv
  coursekit pipeline run --strategy my_module.MyTuner --option patience=3
      your own subclass of keras_tuner.Tuner, in my_module.py in this folder; its constructor
      gets those of max_trials, max_epochs, max_budget and seed that it takes, and the options
  coursekit pipeline run --hyperparameters my-pipeline/artifacts/Tuner/best_hyperparameters/8
      no tuning: hyperparameters of an earlier run (or `defaults`)
  coursekit pipeline run --beam-runner DirectRunner \\
      --beam direct_running_mode=multi_processing --beam direct_num_workers=2
  coursekit pipeline origin
      which trial, data, schema and code made the last pushed model
  coursekit pipeline compile --for kubeflow --root gs://bucket/digits --image me/coursekit:1
"""
DEFAULTS = {each.name: each.default for each in fields(Plan)}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `coursekit pipeline` to its parser."""
    parser.epilog = EXAMPLES
    commands = parser.add_subparsers(metavar="run | compile | origin", required=True)
    described: dict[str, Any] = {
        "formatter_class": argparse.RawDescriptionHelpFormatter,
        "epilog": EXAMPLES,
    }

    text = "run a pipeline on this machine, from the data to a pushed model"
    runner = commands.add_parser("run", help=text, description=_sentence(text), **described)
    _plan_options(runner)
    runner.set_defaults(run=_run)

    text = "write a pipeline as a specification for a cluster"
    compiler = commands.add_parser("compile", help=text, description=_sentence(text), **described)
    _plan_options(compiler)
    compiler.add_argument("--for", choices=["kubeflow"], default="kubeflow", dest="target",
                          help="Kubeflow Pipelines v2, also for Vertex AI")  # fmt: skip
    compiler.add_argument("--root", required=True, metavar="URI",
                          help="where the cluster keeps artifacts, such as gs://bucket/name; the "
                          "examples must be in URI/data")  # fmt: skip
    compiler.add_argument("--image", required=True,
                          help="a container image whose `python` has coursekit[tfx] and your own "
                          "module functions and tuners")  # fmt: skip
    compiler.add_argument("--output", type=Path, default=Path("pipeline.yaml"), metavar="FILE",
                          help="where to write the specification (pipeline.yaml)")  # fmt: skip
    compiler.set_defaults(run=_compile)

    text = "say which trial, data, schema and code made a model"
    asker = commands.add_parser("origin", help=text, description=_sentence(text), **described)
    asker.add_argument("model", nargs="?", help="its folder or id; by default the last pushed one")
    _folder(asker)
    asker.set_defaults(run=_origin)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folder", type=Path, default=DEFAULTS["folder"], metavar="DIR",
                        help=f"the pipeline's folder ({DEFAULTS['folder']})")  # fmt: skip


def _plan_options(parser: argparse.ArgumentParser) -> None:
    def add(name: str, metavar: str, text: str, kind: type = str) -> None:
        default = DEFAULTS[name]
        shown = "" if default is None else f" ({default})"
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=kind, default=default, metavar=metavar,
            help=text + shown,
        )  # fmt: skip

    _folder(parser)
    add("data", "DATA", "mnist-5k, digits, penguins, or a folder of *.tfrecord or *.csv files")
    add("strategy", "NAME", "one of the kit's; or the import path of any keras_tuner.Tuner: "
        "keras_tuner.Hyperband, my_module.MyTuner")  # fmt: skip
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE",
                        help="an option of the strategy or its tuner; repeatable")  # fmt: skip
    add("trials", "N", "most configurations to try (not for a tuner without max_trials, such as "
        "keras_tuner.Hyperband)", int)  # fmt: skip
    add("tune_steps", "N", "most optimizer steps in a trial", int)
    add("train_steps", "N", "most optimizer steps in the final training", int)
    add("hyperparameters", "FROM", "`tune`, a best_hyperparameters folder, or `defaults`")
    add("threshold", "SHARE", "accuracy on the test split below which no model is pushed", float)
    add("schema", "FILE", "schema.pbtxt that the data must conform to, instead of an inferred one")
    parser.add_argument("--tolerant", action="store_true", help="continue in spite of anomalies")
    add("label", "COLUMN", "the label's column in a table")
    add("classes", "N", "classes of your own images; counted by default", int)
    add("seed", "N", "of the search and the weights", int)
    parser.add_argument("--beam-runner", metavar="NAME",
                        help="FlinkRunner, DataflowRunner, ...: runs statistics, Transform and "
                        "Evaluator (DirectRunner)")  # fmt: skip
    parser.add_argument("--beam", action="append", default=[], metavar="OPTION=VALUE",
                        help="an option for the Beam runner; repeatable")  # fmt: skip
    for name in ("preprocessing", "tuner", "run"):
        parser.add_argument(f"--{name}-fn", metavar="PATH", help=f"your own {name}_fn, by its "
                            f"import path from this folder: my_module.{name}_fn")  # fmt: skip


def _plan(options: argparse.Namespace) -> Plan:
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` does: for your own code
    if "." in options.strategy:
        _load()  # the check of a class imports it, and Keras, which would print warnings
    beam = [f"--{each.removeprefix('--')}" for each in options.beam]
    if options.beam_runner:
        beam.insert(0, f"--runner={options.beam_runner}")
    own = ("beam", "options")
    given = {
        each.name: getattr(options, each.name) for each in fields(Plan) if each.name not in own
    }
    return Plan(**given, beam=tuple(beam), options=dict(map(_option, options.option)))


def _option(text: str) -> tuple[str, object]:
    """A name, and a value: a Python literal or a word."""
    name, sign, value = text.partition("=")
    if not sign:
        raise ValueError(f"--option {text}: give NAME=VALUE, such as population_size=8")
    try:
        return name, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return name, value


def _load() -> None:
    if "coursekit.tfx.quiet" in sys.modules:
        return
    print("loading TFX ...", file=sys.stderr, flush=True)
    import coursekit.tfx.quiet  # noqa: F401  (whatever comes next loads it)


def _run(options: argparse.Namespace) -> int:
    """0 if a model was pushed, 1 if not, 130 if the run was stopped."""
    plan = _plan(options)
    _load()
    from coursekit.tfx.local import PipelineFailed, run

    try:
        outcome = run(plan)
    except PipelineFailed as error:
        print(f"coursekit pipeline: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; finished work is kept: the same command resumes", file=sys.stderr)
        return 130
    print(f"\n{outcome}")
    return 0 if outcome.pushed else 1


def _compile(options: argparse.Namespace) -> int:
    plan = _plan(options)
    _load()
    from coursekit.tfx.cluster import compile

    path = compile(plan, options.output, root=options.root, image=options.image)
    examples = plan.folder / "data" / plan.data if plan.data in NAMES else plan.data
    print(f"{path}: upload it to Kubeflow Pipelines or Vertex AI, and the files in {examples} to "
          f"{options.root.rstrip('/')}/data")  # fmt: skip
    return 0


def _origin(options: argparse.Namespace) -> int:
    _load()
    from coursekit.tfx.lineage import Lineage

    model = options.model
    print(Lineage(options.folder).origin(int(model) if model and model.isdigit() else model))
    return 0
