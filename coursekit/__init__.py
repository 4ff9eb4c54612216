"""Finding good models in production: the package behind the course, and what stays after it.

from coursekit import Float, Integer, Search, Space, strategies
space = Space({"units": Integer(8, 256, log=True), "learning_rate": Float(1e-4, 1e-1, log=True)})
history = Search(strategies.TPE(space), seed=0).run(score, trials=50)

What is named here is loaded when it is first asked for: `import coursekit` itself takes no time.
"""

from typing import TYPE_CHECKING

from coursekit.lazy import lazily

if TYPE_CHECKING:
    from coursekit import (
        cloud,
        data,
        estimators,
        forecasting,
        importance,
        labs,
        plots,
        race,
        spaces,
        strategies,
        surrogates,
        testing,
        tfx,
        training,
        tuners,
        widgets,
        worlds,
    )
    from coursekit.search import Search
    from coursekit.spaces import Boolean, Chain, Choice, EdgeCells, Float, Integer, Space
    from coursekit.strategies import Strategy
    from coursekit.testing import conform
    from coursekit.trials import Evaluation, History, Pause, Suggestion, Trial

__version__ = "0.1.0"

_HOMES = {
    "Boolean": "spaces", "Chain": "spaces", "Choice": "spaces", "EdgeCells": "spaces",
    "Evaluation": "trials", "Float": "spaces", "History": "trials", "Integer": "spaces",
    "Pause": "trials", "Search": "search", "Space": "spaces", "Strategy": "strategies",
    "Suggestion": "trials", "Trial": "trials", "conform": "testing",
}  # fmt: skip
__all__ = [
    "Boolean", "Chain", "Choice", "EdgeCells", "Evaluation", "Float", "History", "Integer", "Pause",
    "Search", "Space", "Strategy", "Suggestion", "Trial", "cloud", "conform", "data", "estimators",
    "forecasting", "importance", "labs", "plots", "race", "spaces", "strategies", "surrogates",
    "testing", "tfx", "training", "tuners", "widgets", "worlds",
]  # fmt: skip


if not TYPE_CHECKING:  # which would take any name for one that there is
    __getattr__ = lazily(__name__, _HOMES, __all__)

    def __dir__() -> list[str]:
        return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])
