"""TFX pipelines with the kit's strategies in their Tuner, from raw data to a pushed model.

`Plan` describes a run, and refuses what cannot work before anything slow begins. The same plan runs
on this machine (`coursekit.tfx.local.run`, `coursekit pipeline run`), component by component in a
notebook (`coursekit.tfx.interactive`), and on a cluster (`coursekit.tfx.cluster.compile`,
`coursekit pipeline compile`). `coursekit.tfx.lineage` finds a model's origin in the metadata,
`coursekit.tfx.serving` gets predictions from a pushed model.

Importing this package does not import TFX, which takes ten seconds; importing its modules does.
"""

from coursekit.tfx.plan import Plan

__all__ = ["Plan"]
