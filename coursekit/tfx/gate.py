"""A component that stops the pipeline if the data does not conform to the schema.

ExampleValidator only records anomalies and lets the pipeline continue.
"""
# No postponed annotations here: TFX reads them when the component is defined.

from coursekit.tfx.quiet import anomalies_pb2, tf, tfx


class AnomaliesFound(ValueError):
    """The data does not conform to the schema; the message lists every anomaly."""


@tfx.dsl.components.component
def AnomalyGate(
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
    """(split, feature, description) for each anomaly in an ExampleValidator's output."""
    # Not pathlib: on a cluster this is an address.
    return [
        (path.split("/")[-2].removeprefix("Split-"), feature, what.description)
        for path in sorted(tf.io.gfile.glob(f"{uri}/Split-*/SchemaDiff.pb"))
        for feature, what in _anomalies(path).items()
    ]


def _anomalies(path: str) -> dict[str, anomalies_pb2.AnomalyInfo]:
    """The anomalies by feature; the data set as a whole may have one, such as too few examples."""
    with tf.io.gfile.GFile(path, "rb") as file:
        found = anomalies_pb2.Anomalies.FromString(file.read())
    named = {feature or "an example": what for feature, what in found.anomaly_info.items()}
    if found.HasField("dataset_anomaly_info"):
        named["the data set"] = found.dataset_anomaly_info
    return named
