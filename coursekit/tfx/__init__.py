"""TFX pipelines with the kit's strategies in their Tuner, from raw data to a pushed model.

`Plan` says what is to be run, and refuses what cannot work before anything slow begins. The same
plan runs on this machine (`coursekit.tfx.local.run`, `coursekit pipeline run`), component by
component in a notebook (`coursekit.tfx.interactive`), and on a cluster
(`coursekit.tfx.cluster.compile`, `coursekit pipeline compile`). `coursekit.tfx.lineage` asks the
metadata where a model comes from, `coursekit.tfx.serving` asks the model.

Importing this package imports no TFX, which takes ten seconds: its modules do.
"""

from coursekit.tfx.plan import Plan

__all__ = ["Plan"]
