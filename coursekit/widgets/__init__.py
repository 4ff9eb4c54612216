"""Interactive panels: thin ipywidgets on top of functions that work without them.

Each is imported when it is first used: some need Keras Tuner, which is slow to import.
"""

from typing import TYPE_CHECKING

from coursekit.extras import from_extras
from coursekit.lazy import lazily

with from_extras():
    import ipywidgets  # noqa: F401  (its modules import it)

if TYPE_CHECKING:
    from coursekit.widgets.beam import Beam
    from coursekit.widgets.cell_builder import CellBuilder
    from coursekit.widgets.controller import Controller
    from coursekit.widgets.explorer import Explorer
    from coursekit.widgets.fidelity import Fidelity
    from coursekit.widgets.forecast_panel import ForecastPanel
    from coursekit.widgets.growing import Growing
    from coursekit.widgets.leaderboards import Leaderboards
    from coursekit.widgets.monitor import SearchMonitor
    from coursekit.widgets.pipeline import PipelinePanel
    from coursekit.widgets.population import Population
    from coursekit.widgets.race_track import RaceTrack
    from coursekit.widgets.rung_panel import Rungs
    from coursekit.widgets.shadows import Shadows
    from coursekit.widgets.surrogate import Surrogate

_HOMES = {
    "Beam": "beam",
    "CellBuilder": "cell_builder",
    "Controller": "controller",
    "Explorer": "explorer",
    "Fidelity": "fidelity",
    "ForecastPanel": "forecast_panel",
    "Growing": "growing",
    "Leaderboards": "leaderboards",
    "PipelinePanel": "pipeline",
    "Population": "population",
    "RaceTrack": "race_track",
    "Rungs": "rung_panel",
    "SearchMonitor": "monitor",
    "Shadows": "shadows",
    "Surrogate": "surrogate",
}
__all__ = [
    "Beam", "CellBuilder", "Controller", "Explorer", "Fidelity", "ForecastPanel",
    "Growing", "Leaderboards", "PipelinePanel", "Population", "RaceTrack", "Rungs",
    "SearchMonitor", "Shadows", "Surrogate",
]  # fmt: skip

if not TYPE_CHECKING:
    __getattr__ = lazily(__name__, _HOMES, __all__)
