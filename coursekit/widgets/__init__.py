"""What people touch: thin ipywidgets above functions that work without them."""

import importlib
from typing import Any

_HOMES = {
    "Explorer": "explorer",
    "ForecastPanel": "forecast",
    "Growing": "growing",
    "Population": "population",
    "RaceTrack": "race",
    "SearchMonitor": "monitor",
}
# Loaded on first use: Keras Tuner is slow.
__all__ = ["Explorer", "ForecastPanel", "Growing", "Population", "RaceTrack", "SearchMonitor"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"coursekit.widgets has no {name!r}; there is {', '.join(_HOMES)}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
