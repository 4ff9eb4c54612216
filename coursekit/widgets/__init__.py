"""What people touch: thin ipywidgets above functions that work without them."""

import importlib
from typing import Any

_HOMES = {
    "Explorer": "explorer",
    "ForecastPanel": "forecast_panel",
    "Growing": "growing",
    "PipelinePanel": "pipeline",
    "Population": "population",
    "RaceTrack": "race_track",
    "SearchMonitor": "monitor",
}
# Loaded on first use: Keras Tuner is slow.
__all__ = [
    "Explorer", "ForecastPanel", "Growing", "PipelinePanel", "Population", "RaceTrack",
    "SearchMonitor",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"coursekit.widgets has no {name!r}; there is {', '.join(_HOMES)}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
