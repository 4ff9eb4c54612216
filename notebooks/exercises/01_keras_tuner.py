"""What the checks of lab 01 ask, and how they judge."""

from __future__ import annotations

from typing import Any

from coursekit.labs.exercises import Exercise, Finding, close

# A hypermodel that every planted mistake is a variation of.
WIDER = """
def build_wider(hp):
    units = hp.Int("units", 32, 512, step=32)
    learning_rate = hp.Choice("learning_rate", [1e-2, 1e-3, 1e-4])
    activation = hp.Choice("activation", ["relu", "tanh"])
    rate = hp.Float("dropout", 0.0, 0.5, step=0.1)
    hidden = keras.layers.Dense(units, activation=activation)
    dropout = keras.layers.Dropout(rate)
    return compiled(hidden, dropout, optimizer=keras.optimizers.Adam(learning_rate))
"""

DEEP = """
def build_deep(hp):
    layers = hp.Int("layers", 1, 3)
    hidden = []
    for layer in range(3):
        with hp.conditional_scope("layers", list(range(layer + 1, 4))):
            units = hp.Int(f"units_{layer}", 16, 128, step=16)
        if layer < layers:
            hidden.append(keras.layers.Dense(units, activation="relu"))
    return compiled(*hidden)
"""


class Wider(Exercise):
    """More to tune"""

    key = "1.1"
    answer = "build_wider"
    points = 2
    returns = dict
    seconds = 20
    call = "build_wider(hp) with units={0}, activation={1!r}, dropout={2}, learning_rate={3}"
    cases = [(64, "tanh", 0.3, 0.01)]
    hidden = [(480, "relu", 0.0, 0.0001), (32, "tanh", 0.5, 0.001)]
    hints = (
        "Start from a copy of `build`: two fixed decisions in it become questions to `hp`.",
        'A choice among names: `hp.Choice("activation", ["relu", "tanh"])`.',
        'A rate in steps: `hp.Float("dropout", 0.0, 0.5, step=0.1)`; hand it to the Dropout layer.',
    )
    mistakes = {
        "asks for the dropout rate and does not use it": WIDER.replace(
            "Dropout(rate)", "Dropout(0.2)"
        ),
        "asks for the activation and does not use it": WIDER.replace(
            "activation=activation", 'activation="relu"'
        ),
        "dropout without a step": WIDER.replace("0.5, step=0.1", "0.5"),
        "dropout up to 0.9": WIDER.replace("0.0, 0.5", "0.0, 0.9"),
        "forgets the learning rate": WIDER.replace("Adam(learning_rate)", "Adam()"),
    }

    @staticmethod
    def probe(build: Any, units: int, activation: str, dropout: float, rate: float) -> Any:
        import keras
        import keras_tuner

        hp = keras_tuner.HyperParameters()
        build(hp)
        chosen = {"units": units, "activation": activation, "dropout": dropout}
        hp.values.update({**chosen, "learning_rate": rate})
        model = build(hp)
        dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
        names = [dense[0].activation.__name__]  # of the hidden layer, or of a layer of its own
        names += [x.activation.__name__ for x in model.layers if type(x) is keras.layers.Activation]
        rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]

        def range_of(h: Any) -> list[Any]:
            config = h.get_config()
            if "values" in config:
                return sorted(config["values"])
            return [config["min_value"], config["max_value"], config["step"]]

        return {
            "space": {h.name: [type(h).__name__, range_of(h)] for h in hp.space},
            "units": dense[0].units,
            "activation": [name for name in names if name != "linear"],
            "dropout": rates,
            "learning_rate": float(model.optimizer.learning_rate),
        }

    @staticmethod
    def judge(
        received: dict[str, Any], units: int, activation: str, dropout: float, rate: float
    ) -> Finding | None:
        space = received["space"]
        wanted = {
            "activation": [["Choice", ["relu", "tanh"]]],
            "dropout": [
                ["Float", [0.0, 0.5, 0.1]],
                ["Choice", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]],
            ],
            "learning_rate": [["Choice", [1e-4, 1e-3, 1e-2]]],
            "units": [["Int", [32, 512, 32]]],
        }
        if set(space) != set(wanted):
            return Finding(sorted(wanted), f"It asks for {', '.join(sorted(space))}.")
        for name, allowed in wanted.items():
            if not any(close(space[name], one) for one in allowed):
                kind, asked = allowed[0]
                return Finding(f"{kind} {asked}", f'"{name}" is {space[name][0]} {space[name][1]}.')
        if received["units"] != units:
            return Finding(f"{units} units", "The hidden layer ignores what hp says of units.")
        if received["activation"] != [activation]:
            return Finding(activation, "It asks for the activation, but the layer does not use it.")
        if not close(received["dropout"], [dropout]) and (dropout or received["dropout"]):
            return Finding([dropout], "It asks for the dropout rate, but no layer uses it.")
        if not close(received["learning_rate"], rate, 1e-5):
            return Finding(rate, "The optimizer does not use the learning rate that hp says.")
        return None


class GridSize(Exercise):
    """How big is the space?"""

    key = "1.2"
    answer = "grid_size"
    returns = int
    cases = [(32, 512, 32, 3), (1, 3, 1, 2)]
    hidden = [(16, 128, 16, 5), (10, 10, 5, 4), (1, 10, 4, 2)]
    hints = (
        "Count the integers first: from 32 to 96 in steps of 32 there are 32, 64 and 96.",
        "Steps between the ends, plus one for the start: `(high - low) // step + 1`.",
    )
    mistakes = {
        "forgets that the end is included": "def grid_size(low, high, step, choices): return (high - low) // step * choices",
        "adds where it should multiply": "def grid_size(low, high, step, choices): return (high - low) // step + 1 + choices",
        "ignores the step": "def grid_size(low, high, step, choices): return (high - low + 1) * choices",
    }

    @staticmethod
    def judge(received: int, low: int, high: int, step: int, choices: int) -> Finding | None:
        integers = (high - low) // step + 1
        expected = integers * choices
        if received == expected:
            return None
        if received == (integers - 1) * choices:
            return Finding(expected, "Both ends belong to the range: one more integer than steps.")
        if received == integers + choices:
            return Finding(expected, "Every integer goes with every choice: multiply, do not add.")
        return Finding(expected, f"There are {integers} integers and {choices} choices for each.")


class BracketEpochs(Exercise):
    """What does a bracket cost?"""

    key = "1.3"
    answer = "bracket_epochs"
    points = 2
    returns = int
    cases = [([12, 4, 2], [2, 4, 10]), ([6, 2], [4, 10])]
    hidden = [([4], [10]), ([27, 9, 3, 1], [1, 3, 9, 27])]
    hints = (
        "The first rung trains 12 candidates for 2 epochs. The second goes on from epoch 2 to 4.",
        "So rung i trains `trials[i]` candidates for `until[i] - until[i - 1]` epochs.",
    )
    mistakes = {
        "starts promoted trials again": "def bracket_epochs(trials, until): return sum(n * e for n, e in zip(trials, until))",
        "counts trials, not epochs": "def bracket_epochs(trials, until): return sum(trials)",
        "every candidate to the end": "def bracket_epochs(trials, until): return trials[0] * until[-1]",
    }

    @staticmethod
    def judge(received: int, trials: list[int], until: list[int]) -> Finding | None:
        starts = [0, *until[:-1]]
        expected = sum(n * (e - s) for n, s, e in zip(trials, starts, until, strict=True))
        if received == expected:
            return None
        if received == sum(n * e for n, e in zip(trials, until, strict=True)):
            return Finding(expected, "That trains promoted candidates from the start again.")
        if received == sum(trials):
            return Finding(expected, "That is the number of trials; the epochs are asked for.")
        return Finding(expected, "Add up, rung by rung: candidates times the epochs they go on.")


class Deep(Exercise):
    """As many layers as asked"""

    key = "1.4"
    answer = "build_deep"
    points = 3
    returns = dict
    seconds = 20
    call = "build_deep(hp) with layers={0}, units {1}"
    cases = [(2, [32, 64, 16])]
    hidden = [(3, [16, 128, 48]), (1, [96, 16, 16])]
    hints = (
        'Ask for `"layers"` once, then go through three layers and ask for the units of each.',
        'Ask inside `with hp.conditional_scope("layers", [...]):` with the values of `"layers"` '
        "for which this layer exists.",
        "Layer 1 exists if layers is 2 or 3: its scope is `list(range(1 + 1, 4))`. Add a Dense "
        "layer only if `layer < layers`.",
    )
    mistakes = {
        "units without a condition": DEEP.replace(
            'with hp.conditional_scope("layers", list(range(layer + 1, 4))):', "if True:"
        ),
        "every layer exists at every depth": DEEP.replace("range(layer + 1, 4)", "range(1, 4)"),
        "one width for all layers": DEEP.replace(
            'hp.Int(f"units_{layer}", 16, 128, step=16)', "64"
        ),
        "a layer too few": DEEP.replace("if layer < layers", "if layer < layers - 1"),
        "up to five layers": DEEP.replace('"layers", 1, 3', '"layers", 1, 5'),
        "units without a step": DEEP.replace(", step=16", ""),
        "layers without an activation": DEEP.replace(', activation="relu"', ""),
    }

    @staticmethod
    def probe(build: Any, layers: int, units: list[int]) -> Any:
        import keras
        import keras_tuner

        def build_with(depth: int, widths: list[int]) -> tuple:
            hp = keras_tuner.HyperParameters()
            hp.values = {"layers": depth, **{f"units_{i}": w for i, w in enumerate(widths)}}
            return hp, build(hp)

        def range_of(h: Any) -> list:
            config = h.get_config()
            return [type(h).__name__, *(config.get(k) for k in ("min_value", "max_value", "step"))]

        space, _ = build_with(3, [16, 16, 16])
        _, model = build_with(layers, units)
        dense = [x for x in model.layers if isinstance(x, keras.layers.Dense)]
        active = {}
        for depth in (1, 2, 3):
            space.values["layers"] = depth
            active[str(depth)] = sorted({h.name for h in space.space if space.is_active(h)})
        return {
            "space": {h.name: range_of(h) for h in space.space},
            "active": active,
            "widths": [x.units for x in dense[:-1]],
            "activations": [
                x.activation.__name__ for x in model.layers if hasattr(x, "activation")
            ],
            "learning_rate": float(model.optimizer.learning_rate),
        }

    @staticmethod
    def judge(received: dict[str, Any], layers: int, units: list[int]) -> Finding | None:
        names = ["layers", "units_0", "units_1", "units_2"]
        if sorted(received["space"]) != names:
            asked = ", ".join(sorted(received["space"]))
            return Finding(names, f"With three layers it asks for {asked}.")
        for name, found in received["space"].items():
            wanted = ["Int", 1, 3, 1] if name == "layers" else ["Int", 16, 128, 16]
            if found[:3] != wanted[:3] or (found[3] or 1) != wanted[3]:
                low, high, step = wanted[1:]
                return Finding(
                    f"an Int from {low} to {high} in steps of {step}",
                    f'"{name}" is a {found[0]} with {found[1:]}.',
                )
        if received["widths"] != units[:layers]:
            widths = received["widths"]
            return Finding(units[:layers], f"The hidden layers have {widths} units.")
        for depth, active in received["active"].items():
            if active != names[: int(depth) + 1]:
                reason = f"With layers={depth} these exist: {', '.join(active)}."
                return Finding(names[: int(depth) + 1], reason)
        hidden = [name for name in received["activations"] if name not in ("linear", "softmax")]
        if hidden != ["relu"] * layers:
            return Finding(["relu"] * layers, "Each hidden layer should have relu.")
        if not close(received["learning_rate"], 0.001, 1e-5):
            return Finding(0.001, "The learning rate should stay at its default.")
        return None


class Incumbent(Exercise):
    """The incumbent"""

    ROWS = [
        {"trial": "0", "status": "COMPLETED", "score": 0.91},
        {"trial": "1", "status": "FAILED", "score": 0.99},
        {"trial": "2", "status": "COMPLETED", "score": 0.95},
        {"trial": "3", "status": "COMPLETED", "score": 0.93},
        {"trial": "4", "status": "RUNNING", "score": None},
    ]
    OTHERS = [
        {"trial": "a", "status": "INVALID", "score": 0.01},
        {"trial": "b", "status": "COMPLETED", "score": 0.4},
        {"trial": "c", "status": "COMPLETED", "score": 0.2},
        {"trial": "d", "status": "COMPLETED", "score": 0.3},
    ]

    key = "1.5"
    answer = "incumbent"
    points = 2
    returns = str
    or_none = True
    call = "incumbent(trials, {1!r}) for {0}"
    cases = [(ROWS, "max"), (ROWS, "min")]
    hidden = [(OTHERS, "min"), (OTHERS, "max"), ([ROWS[1], ROWS[4]], "max"), ([], "min")]
    hints = (
        'Keep the rows whose `"status"` is `"COMPLETED"`, then look for the best.',
        '`max(rows, key=lambda row: row["score"])`; `min` for the other direction.',
        "`default=None` is what `max` returns for an empty list.",
    )
    mistakes = {
        "counts trials that failed": """
def incumbent(trials, direction):
    rows = [row for row in trials if row["score"] is not None]
    pick = max if direction == "max" else min
    return pick(rows, key=lambda row: row["score"])["trial"]
""",
        "always takes the highest score": """
def incumbent(trials, direction):
    rows = [row for row in trials if row["status"] == "COMPLETED"]
    return max(rows, key=lambda row: row["score"])["trial"]
""",
        "takes the last completed trial": """
def incumbent(trials, direction):
    return [row["trial"] for row in trials if row["status"] == "COMPLETED"][-1]
""",
    }

    @staticmethod
    def probe(incumbent: Any, trials: list[dict[str, Any]], direction: str) -> Any:
        return incumbent([dict(row) for row in trials], direction)

    @staticmethod
    def judge(received: str | None, trials: list[dict[str, Any]], direction: str) -> Finding | None:
        completed = [row for row in trials if row["status"] == "COMPLETED"]
        pick = max if direction == "max" else min
        best = pick(completed, key=lambda row: row["score"], default=None)
        expected = best["trial"] if best else None
        if received == expected:
            return None
        status = next((row["status"] for row in trials if row["trial"] == received), None)
        if status is None:
            return Finding(expected, "Return the trial of a row, or None if none is completed.")
        if status != "COMPLETED":
            return Finding(expected, f"Trial {received} is {status}: its score means nothing.")
        return Finding(expected, f"For {direction!r} another completed trial is better.")


class SlowDown(Exercise):
    """Find the bug: an old recipe"""

    key = "1.6"
    answer = "slow_down"
    points = 2
    returns = dict
    call = "slow_down(model, {1}) with learning rate {0}"
    cases = [(0.01, 10)]
    hidden = [(0.5, 2), (0.001, 4)]
    hints = (
        "Run it on `baseline` and read the error: which attribute does Keras 3 not have?",
        "The optimizer's attribute is called `learning_rate`. Reading and setting it works.",
    )
    mistakes = {
        "sets an attribute that nobody reads": """
def slow_down(model, factor):
    model.learning_rate = model.optimizer.learning_rate / factor
    return model
""",
        "takes one over the factor as the rate": """
def slow_down(model, factor):
    model.optimizer.learning_rate = 1 / factor
    return model
""",
        "speeds up": """
def slow_down(model, factor):
    model.optimizer.learning_rate = model.optimizer.learning_rate * factor
    return model
""",
    }

    @staticmethod
    def probe(slow_down: Any, rate: float, factor: float) -> Any:
        import keras

        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(rate), "mse")
        returned = slow_down(model, factor)
        return {
            "learning_rate": float(model.optimizer.learning_rate),
            "returns the model": returned is model,
        }

    @staticmethod
    def judge(received: dict[str, Any], rate: float, factor: float) -> Finding | None:
        expected = {"learning_rate": rate / factor, "returns the model": True}
        if not received["returns the model"]:
            return Finding(expected, "The model that was handed in should come back.")
        if close(received["learning_rate"], rate / factor, 1e-5):
            return None
        if close(received["learning_rate"], rate, 1e-5):
            return Finding(expected, "The optimizer's learning rate has not changed.")
        return Finding(expected, "Divide the former learning rate by the factor.")


class SeededOracle(Exercise):
    """Find the bug: the seed that is none"""

    key = "1.7"
    answer = "seeded_oracle"
    points = 2
    returns = dict
    call = "proposals of seeded_oracle({0}), twice, and of all seeds from 0 to 1,000"
    cases = [(0,), (3,)]
    hidden = [(1,), (1000,)]
    hints = (
        "`seed or random.randint(1, 10000)`: what is `0 or 5` in Python?",
        "Never hand Keras Tuner a 0, and let no two seeds meet: shift them all.",
    )
    mistakes = {
        "replaces 0 by 1, so two seeds are one": """
def seeded_oracle(seed):
    return kt.oracles.RandomSearchOracle("val_accuracy", max_trials=8, seed=seed or 1)
""",
        "ignores the seed": """
def seeded_oracle(seed):
    return kt.oracles.RandomSearchOracle("val_accuracy", max_trials=8, seed=42)
""",
        "replaces 0 by another seed of the range": """
def seeded_oracle(seed):
    return kt.oracles.RandomSearchOracle("val_accuracy", max_trials=8, seed=seed or 42)
""",
        "lets two seeds meet": """
def seeded_oracle(seed):
    return kt.oracles.RandomSearchOracle("val_accuracy", max_trials=8, seed=abs(seed) // 2 + 1)
""",
    }

    @staticmethod
    def probe(seeded_oracle: Any, seed: int) -> Any:
        import keras_tuner

        def proposals(seed: int) -> list[int]:
            oracle = seeded_oracle(seed)
            hp = keras_tuner.HyperParameters()
            hp.Int("units", 0, 10**9)
            oracle.update_space(hp)
            return [oracle.populate_space(str(trial))["values"]["units"] for trial in range(3)]

        first = proposals(seed)
        return {
            "first": first,
            "second": proposals(seed),
            "the same": [s for s in range(1001) if s != seed and proposals(s) == first],
        }

    @staticmethod
    def judge(received: dict[str, Any], seed: int) -> Finding | None:
        if received["first"] != received["second"]:
            return Finding(
                "the same proposals twice", f"Seed {seed} gave different proposals each time."
            )
        if same := received["the same"]:
            others = f"seed {same[0]}" if len(same) == 1 else f"{len(same)} other seeds"
            reason = f"Seed {seed} and {others} give the same proposals."
            return Finding("other proposals for other seeds", reason)
        return None


class EpochsToTarget(Exercise):
    """Epochs to a target"""

    key = "1.8"
    answer = "epochs_to_target"
    points = 2
    returns = int
    or_none = True
    cases = [([0.5, 0.8, 0.91, 0.9, 0.95], 0.9), ([0.3, 0.6], 0.6)]
    hidden = [([0.95, 0.2], 0.9), ([0.1, 0.2, 0.3], 0.9), ([0.2, 0.9, 0.1, 0.92], 0.9)]
    hints = (
        "Go through the curve and stop at the first value that is at least the target.",
        "`enumerate(curve, start=1)` counts epochs from one.",
    )
    mistakes = {
        "counts from zero": """
def epochs_to_target(curve, target):
    return next((i for i, score in enumerate(curve) if score >= target), None)
""",
        "asks for more than the target": """
def epochs_to_target(curve, target):
    return next((i for i, score in enumerate(curve, 1) if score > target), None)
""",
        "takes the best epoch": """
def epochs_to_target(curve, target):
    return curve.index(max(curve)) + 1
""",
    }

    @staticmethod
    def probe(epochs_to_target: Any, curve: list[float], target: float) -> Any:
        return epochs_to_target(list(curve), target)

    @staticmethod
    def judge(received: int | None, curve: list[float], target: float) -> Finding | None:
        expected = next((i for i, score in enumerate(curve, 1) if score >= target), None)
        if received == expected:
            return None
        if expected is None:
            return Finding(expected, "The curve never reaches the target.")
        if received == expected - 1:
            return Finding(expected, "The first value is the accuracy after one epoch, not zero.")
        if received is None:
            return Finding(expected, "You returned None, but the curve reaches the target exactly.")
        return Finding(expected, "The *first* epoch at or above the target is asked for.")


FRONT = """
def pareto_front(candidates):
    costs = [(s, p, -a) for s, p, a in candidates]
    def dominated(one):
        return any(all(a <= b for a, b in zip(other, one)) and other != one for other in costs)
    return [i for i, one in enumerate(costs) if not dominated(one)]
"""


class ParetoFront(Exercise):
    """The front"""

    key = "1.9"
    answer = "pareto_front"
    points = 3
    returns = list
    cases = [
        ([(1.0, 100, 0.8), (2.0, 200, 0.9), (3.0, 300, 0.85)],),
        ([(1.0, 300, 0.9), (2.0, 200, 0.9), (3.0, 100, 0.9), (3.0, 300, 0.8)],),
        ([(2.0, 50, 0.7), (1.0, 50, 0.7), (1.0, 50, 0.7)],),
    ]
    hidden = [
        ([(1.0, 100, 0.9), (1.0, 100, 0.9), (2.0, 100, 0.9)],),
        ([(5.0, 10, 0.5)],),
        ([(3.0, 30, 0.7), (1.0, 10, 0.7), (2.0, 5, 0.6), (0.5, 50, 0.65)],),
    ]
    hints = (
        "Write `dominates(a, b)` first: nowhere worse, somewhere better.",
        "With the sign of the accuracy turned round, lower is better in all three.",
        "For tuples of costs: `all(x <= y for x, y in zip(a, b)) and a != b`.",
    )
    mistakes = {
        "ignores the size": FRONT.replace("(s, p, -a)", "(s, 0, -a)"),
        "takes a low accuracy for better": FRONT.replace("-a)", "a)"),
        "drops equal candidates": FRONT.replace(
            "and other != one for other in costs",
            "for i, other in enumerate(costs) if other is not one",
        ),
        "only the most accurate": """
def pareto_front(candidates):
    return [max(range(len(candidates)), key=lambda i: candidates[i][2])]
""",
    }

    @staticmethod
    def judge(received: list[int], candidates: list[tuple[float, int, float]]) -> Finding | None:
        costs = [(seconds, size, -accuracy) for seconds, size, accuracy in candidates]

        def dominates(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
            return all(x <= y for x, y in zip(a, b, strict=True)) and a != b

        expected = [
            i for i, one in enumerate(costs) if not any(dominates(other, one) for other in costs)
        ]
        if received == expected:
            return None
        if missing := [i for i in expected if i not in received]:
            return Finding(
                expected,
                f"Candidate {missing[0]} is missing: no other is at least as good in all three and "
                "better in one.",
            )
        if extra := [i for i in received if i not in expected]:
            return Finding(
                expected,
                f"Candidate {extra[0]} is dominated: another is at least as good in all three and "
                "better in one.",
            )
        return Finding(expected, "The indices should be sorted, each once.")
