"""Climbs: local searches from one given start, to compare with a climb by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coursekit.search import Search
from coursekit.strategies.local_search import LocalSearch
from coursekit.trials import History
from coursekit.worlds import World


def climbs(
    world: World, start: Mapping[str, Any], *, trials: int = 60, seeds: int = 20
) -> list[History]:
    """The histories of local searches from seeds 0, 1, ...; each begins with `start`.

    trials: of each search, the start included.
    """
    found = []
    for seed in range(seeds):
        search = Search(LocalSearch(world.space), seed=seed)
        search.add(start, world.worth(start))
        found.append(search.run(world, trials=trials - 1))
    return found
