"""The results of a run, read from its metadata: the summary that `coursekit pipeline` prints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coursekit.tfx.metadata import Metadata
from coursekit.tfx.quiet import tfma
from coursekit.tfx.steps import Step


@dataclass(frozen=True)
class Outcome:
    """The summary of a run.

    steps: the components. trials: (number, score, configuration), the best first; empty if nothing
    was tuned. metrics: of the Evaluator, on the test split. refused: the reasons why the model was
    not pushed. pushed: the model's folder; None if it was not pushed.
    """

    steps: Sequence[Step]
    trials: Sequence[tuple[str, float, Mapping[str, Any]]] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    refused: Sequence[str] = ()
    pushed: Path | None = None

    def __str__(self) -> str:
        lines = [f"{'component':24}{'':>8}{'s':>8}"]
        for step in self.steps:
            took = "" if step.seconds is None else f"{step.seconds:.1f}"
            lines.append(f"{step.name:24}{step.state:>8}{took:>8}")
        total = sum(step.seconds or 0 for step in self.steps)
        lines.append(f"{'all':24}{'':>8}{total:>8.1f}")
        if self.trials:
            number, score, chosen = self.trials[0]
            settings = ", ".join(f"{name} {value}" for name, value in chosen.items())
            lines.append(f"best of {len(self.trials)} trials: {number}, {score:.3f} ({settings})")
        if self.metrics:
            lines.append(
                "on the test split: "
                + ", ".join(f"{name} {value:.4g}" for name, value in self.metrics.items())
            )
        if self.pushed:
            lines.append(f"pushed to {self.pushed}")
        elif any(step.name == "Pusher" for step in self.steps):
            lines += ["not pushed:", *(f"  {reason}" for reason in self.refused)]
        return "\n".join(lines)


def outcome(metadata: Metadata, steps: Sequence[Step] | None = None) -> Outcome:
    """The results of these steps, or of the latest run."""
    steps = metadata.steps() if steps is None else steps
    uris = {
        channel: Path(artifacts[0].uri)
        for step in steps
        for channel, artifacts in step.outputs.items()
        if artifacts
    }
    pushed = [
        artifact.properties.get("pushed_destination")
        for step in steps
        for artifact in step.outputs.get("pushed_model", ())
        if artifact.properties.get("pushed")
    ]
    evaluation = uris.get("evaluation")
    return Outcome(
        steps,
        read_trials(uris["tuner_results"]) if "tuner_results" in uris else (),
        read_metrics(evaluation) if evaluation else {},
        read_refusals(evaluation) if evaluation else (),
        Path(pushed[0]) if pushed and pushed[0] else None,
    )


def read_trials(folder: Path) -> list[tuple[str, float, dict[str, Any]]]:
    """(number, score, configuration) of a TunerResults artifact, the best first."""
    rows = json.loads((folder / "tuner_results.json").read_text())
    return [
        (
            row["trial_id"],
            row["score"],
            {k: v for k, v in row.items() if k not in ("trial_id", "score")},
        )
        for row in rows
    ]


def read_history(folder: Path) -> dict[str, list[float]]:
    """The training in a ModelRun artifact: for each metric, its value after each epoch."""
    found: dict[str, list[float]] = json.loads((folder / "history.json").read_text())
    return found


def read_metrics(folder: Path) -> dict[str, float]:
    """The metrics over all examples of a ModelEvaluation artifact."""
    result = tfma.load_eval_result(str(folder))
    found: dict[str, float] = {}
    for slice_key, metrics in result.slicing_metrics:
        if not slice_key:
            for name, value in metrics[""][""].items():
                found[name] = next(iter(value.values()))
    return found


def read_refusals(folder: Path) -> list[str]:
    """The reasons against the model in a ModelEvaluation artifact; empty if it was good enough."""
    result = tfma.load_validation_result(str(folder))
    if result is None or result.validation_ok:
        return []
    reasons = list((result.missing_slices and ["slices are missing"]) or [])
    for each in result.metric_validations_per_slice:
        for failure in each.failures:
            name = failure.metric_key.name
            value = failure.metric_value.double_value.value
            threshold = failure.metric_threshold
            if failure.metric_key.is_diff:
                reasons.append(f"{name} is {value:+.4f} compared with the last blessed model")
            else:
                least = threshold.value_threshold.lower_bound.value
                reasons.append(f"{name} is {value:.4f}, at least {least:g} is required")
    return reasons
