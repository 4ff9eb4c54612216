"""Worlds judge candidates: replays of tables of real trainings, live training, and functions."""

from __future__ import annotations

from coursekit import lookup
from coursekit.worlds.base import World
from coursekit.worlds.landscapes import Landscape
from coursekit.worlds.live import Live
from coursekit.worlds.nasbench201 import NASBench201
from coursekit.worlds.replay import Cells, MLPs, Replay

WORLDS: dict[str, type[World]] = {"nasbench201": NASBench201, "cells": Cells, "mlps": MLPs}


def make(name: str, dataset: str | None = None) -> World:
    """The world of that name, on one of its data sets (by default the first)."""
    cls = lookup.find("world", name, WORLDS)
    return cls(cls.datasets[0] if dataset is None else dataset)


__all__ = [
    "WORLDS", "Cells", "Landscape", "Live", "MLPs", "NASBench201", "Replay", "World", "make",
]  # fmt: skip
