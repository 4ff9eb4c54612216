"""A component that ends the pipeline at data that does not conform to the schema.

ExampleValidator writes down what is wrong with the data and lets the pipeline go on.
"""
# No postponed annotations here: TFX reads them when the component is defined.

from pathlib import Path

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import v1 as tfx
from tfx.dsl.component.experimental.decorators import component


class AnomaliesFound(ValueError):
    """The data does not conform to the schema; the message lists every anomaly."""


@component
def AnomalyGate(  # noqa: N802
    anomalies: tfx.dsl.components.InputArtifact[tfx.types.standard_artifacts.ExampleAnomalies],
    tolerant: tfx.dsl.components.Parameter[int] = 0,
) -> None:
    """Raises AnomaliesFound if there are anomalies, unless `tolerant` is 1."""
    found = read_anomalies(anomalies.uri)
    if found and not tolerant:
        raise AnomaliesFound(
            "the data does not conform to the schema:\n"
            + "\n".join(f"  {split}: {feature}: {what}" for split, feature, what in found)
        )


def read_anomalies(uri: str) -> list[tuple[str, str, str]]:
    """(split, feature, what is wrong) for each anomaly in an ExampleValidator's output."""
    return [
        (path.parent.name.removeprefix("Split-"), feature or "the data set", anomaly.description)
        for path in sorted(Path(uri).glob("Split-*/SchemaDiff.pb"))
        for feature, anomaly in _parsed(path).anomaly_info.items()
    ]


def _parsed(path: Path) -> anomalies_pb2.Anomalies:
    return anomalies_pb2.Anomalies.FromString(path.read_bytes())
