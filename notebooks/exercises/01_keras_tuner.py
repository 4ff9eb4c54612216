"""What the checks of lab 01 ask."""

from __future__ import annotations

from typing import Any

from coursekit.labs.exercises import Exercise, Mistake


class Hypermodel(Exercise):
    """What a function of `hp` asks, and the model that it makes of these answers."""

    seconds = 20
    tolerance = 1e-5  # Keras keeps rates as float32
    reasons = {
        "questions": "The questions to `hp`, or their values, are not those of the exercise.",
        "units": "The hidden layers have other units than those that `hp` gave.",
        "activations": "The hidden layers have other activations than asked for.",
        "dropout rate": "The model has another dropout rate than the one that `hp` gave.",
        "learning rate": "The optimizer has another learning rate than asked for.",
        "questions by layers": "`units_1` exists with two layers or more, `units_2` with three.",
    }

    @classmethod
    def question(cls, *case: Any) -> str:
        return f"{cls.answer}(hp) with " + ", ".join(f"{key}={case[0][key]!r}" for key in case[0])

    @staticmethod
    def probe(build: Any, chosen: dict[str, Any]) -> Any:
        import keras
        import keras_tuner

        def values(question: Any) -> Any:
            config = question.get_config()
            low, high, step = (config.get(name) for name in ("min_value", "max_value", "step"))
            if low is None:
                return sorted(config["values"])
            if step is None and isinstance(low, float):
                return f"any from {low} to {high}"
            count = round((high - low) / (step or 1)) + 1
            return [round(low + place * (step or 1), 9) for place in range(count)]

        hp = keras_tuner.HyperParameters()
        hp.values = dict(chosen)
        model = build(hp)
        if chosen.get("layers", 3) < 3 and "units_2" not in {each.name for each in hp.space}:
            hp.values = {"layers": 3}  # so that all of them ask
            build(hp)
            hp.values = dict(chosen)
        layers = model.layers
        dense = [layer for layer in layers if isinstance(layer, keras.layers.Dense)]
        names = [x.activation.__name__ for x in layers if hasattr(x, "activation")]
        rates = [layer.rate for layer in layers if isinstance(layer, keras.layers.Dropout)]
        report: dict[str, Any] = {
            "questions": {question.name: values(question) for question in hp.space},
            "units": [layer.units for layer in dense[:-1]],
            "activations": [name for name in names if name not in ("linear", "softmax")],
            "dropout rate": float(max(rates, default=0)),
            "learning rate": float(model.optimizer.learning_rate),
        }
        if "layers" in chosen:
            report["questions by layers"] = {}
            for depth in (1, 2, 3):
                hp.values["layers"] = depth
                active = sorted({question.name for question in hp.space if hp.is_active(question)})
                report["questions by layers"][str(depth)] = active
        return report


class Wider(Hypermodel):
    """More to tune"""

    key = "1.1"
    points = 2
    cases = [({"units": 64, "activation": "tanh", "dropout": 0.3, "learning_rate": 0.01},)]
    hidden = [({"units": 480, "activation": "relu", "dropout": 0.0, "learning_rate": 0.0001},)]
    hints = (
        "Start from a copy of `build`: two fixed decisions in it become questions to `hp`.",
        'A choice among names: `hp.Choice("activation", ["relu", "tanh"])`.',
        'A rate in steps: `hp.Float("dropout", 0.0, 0.5, step=0.1)`; hand it to the Dropout layer.',
    )
    mistakes = (
        Mistake('hp.Float("dropout", 0.0, 0.5, step=0.1)',
                '[hp.Float("dropout", 0.0, 0.5, step=0.1), 0.2][1]',
                "It asks for the dropout rate, but the layer has another one."),
        Mistake('hp.Choice("activation", ["relu", "tanh"])',
                '[hp.Choice("activation", ["relu", "tanh"]), "relu"][1]',
                "It asks for the activation, but the hidden layer has another one."),
        Mistake(", step=0.1", "", "The dropout rate goes from 0.0 to 0.5 in steps of 0.1."),
        Mistake("0.5, step", "0.9, step", "The dropout rate goes up to 0.5."),
        Mistake("Adam(learning_rate)", "Adam()",
                "The optimizer has another learning rate than the one that `hp` gave."),
    )  # fmt: skip


class GridSize(Exercise):
    """How big is the space?"""

    key = "1.2"
    cases = {
        "both ends belong to the range": (32, 512, 32, 3),
        "the last step may end below high": (1, 10, 4, 2),
    }
    hidden = [(16, 128, 16, 5), (10, 10, 5, 4), (3, 11, 3, 7)]
    hints = (
        "Count the integers first: from 32 to 96 in steps of 32 there are 32, 64 and 96.",
        "Steps between the ends, plus one for the start: `(high - low) // step + 1`.",
    )
    mistakes = (
        Mistake(" + 1)", ")", "Both ends belong to the range: one more integer than steps."),
        Mistake(") * choices", ") + choices", "Every integer goes with every choice: multiply."),
        Mistake(" // step", "", "The integers lie `step` apart."),
        Mistake("//", "/", "A part of a step leads to no further integer: round down."),
        Mistake("(high - low) // step", "-((low - high) // step)", "A step that would end above `high` is not taken."),
    )  # fmt: skip
    otherwise = "Count the integers, and multiply by the choices that each of them has."


class BracketEpochs(Exercise):
    """What does a bracket cost?"""

    key = "1.3"
    points = 2
    cases = [([12, 4, 2], [2, 4, 10]), ([6, 2], [4, 10])]
    hidden = [([4], [10]), ([27, 9, 3, 1], [1, 3, 9, 27])]
    hints = (
        "The first rung trains 12 candidates for 2 epochs. The second trains from epoch 2 to 4.",
        "So rung i trains `trials[i]` candidates for `until[i] - until[i - 1]` epochs.",
    )
    mistakes = (
        Mistake("n * (stop - start)", "n * stop",
                "That trains promoted candidates from the start again."),
        Mistake("n * (stop - start)", "n", "That is the number of trials: count the epochs."),
        Mistake("n * (stop - start)", "stop - start", "That is one candidate in each rung."),
        Mistake(code="def bracket_epochs(trials, until): return trials[0] * until[-1]",
                reason="That trains every candidate to the end: most of them stop early."),
    )  # fmt: skip
    otherwise = "Add up, rung by rung: candidates times the epochs that each of them trains there."


class Deep(Hypermodel):
    """As many layers as asked"""

    key = "1.4"
    points = 3
    cases = [({"layers": 2, "units_0": 32, "units_1": 64, "units_2": 16},)]
    hidden = [({"layers": 1, "units_0": 96},)]
    hints = (
        'Ask for `"layers"` once, then go through three layers and ask for the units of each.',
        'Ask inside `with hp.conditional_scope("layers", [...]):` with the values of `"layers"` '
        "for which this layer exists.",
        "Layer 1 exists if layers is 2 or 3: its scope is `list(range(1 + 1, 4))`. Add a Dense "
        "layer only if `layer < layers`.",
    )
    mistakes = (
        Mistake('with hp.conditional_scope("layers", list(range(layer + 1, 4))):', "if True:",
                "All units exist at every depth: ask for them in a `conditional_scope` with the "
                "values of `layers` for which the layer exists."),
        Mistake("range(layer + 1, 4)", "range(layer, 4)",
                "A layer's units exist although the network has one layer too few for it."),
        Mistake('hp.Int(f"units_{layer}", 16, 128, step=16)', "64",
                "Each layer has units of its own, and `hp` is asked for them."),
        Mistake("layer < layers", "layer < layers - 1", "The network has a hidden layer too few."),
        Mistake('"layers", 1, 3', '"layers", 1, 5', "There are one to three hidden layers."),
        Mistake(", step=16", "", "The units go from 16 to 128 in steps of 16."),
        Mistake(', activation="relu"', "", "Each hidden layer has relu."),
    )  # fmt: skip


class Incumbent(Exercise):
    """The incumbent"""

    ROWS = [
        {"trial": str(number), "status": status, "score": score}
        for number, (status, score) in enumerate(
            [("COMPLETED", 0.91), ("FAILED", 0.99), ("COMPLETED", 0.95), ("INVALID", 0.05),
             ("COMPLETED", 0.93), ("RUNNING", None)])
    ]  # fmt: skip
    OTHERS = [{**ROWS[0], "trial": "a", "score": 0.4}, {**ROWS[0], "trial": "b", "score": 0.2},
              {**ROWS[0], "trial": "c", "score": 0.3}, {**ROWS[3], "trial": "d", "score": 0.01}]  # fmt: skip

    key = "1.5"
    points = 2
    call = "incumbent(trials, {1!r}) for {0}"
    cases = {
        "the highest score of those completed": (ROWS, "max"),
        "the lowest score of those completed": (ROWS, "min"),
        "none is completed": (ROWS[1::2], "max"),
        "there is no trial": ([], "min"),
    }
    hidden = [(OTHERS, "min"), (OTHERS, "max"), (OTHERS[3:], "max"), (ROWS[5:], "min")]
    hints = (
        'Keep the rows whose `"status"` is `"COMPLETED"`, then look for the best.',
        '`max(rows, key=lambda row: row["score"])`; `min` for the other direction.',
        "`default=None` is what `max` returns for an empty list.",
    )
    mistakes = (
        Mistake('row["status"] == "COMPLETED"', 'row["score"] is not None',
                "That trial is not completed: its score means nothing."),
        Mistake('max if direction == "max" else min', "max",
                'For `"min"` the lowest score is the best.'),
        Mistake('pick(completed, key=lambda row: row["score"], default=None)',
                "completed[-1] if completed else None",
                "Another completed trial has a better score: the last is not always the best."),
        Mistake(", default=None", "", "If no trial is completed, the answer is `None`."),
        Mistake('best and best["trial"]', "best",
                'Return the `"trial"` of the row, not the whole row.'),
        Mistake('best["trial"]', 'best["score"]', "That is its score: return its `\"trial\"`."),
    )  # fmt: skip
    otherwise = "Of the completed trials, the one with the best score is the incumbent."


class SlowDown(Exercise):
    """Find the bug: an old recipe"""

    key = "1.6"
    points = 2
    tolerance = 1e-5
    call = "slow_down(model, {1}) with learning rate {0}"
    cases = [(0.02, 10)]
    hidden = [(0.5, 4)]
    hints = (
        "Run it on `baseline` and read the error: which attribute does Keras 3 not have?",
        "The optimizer's attribute is called `learning_rate`. Reading and setting it works.",
    )
    mistakes = (
        Mistake("model.optimizer.learning_rate =", "model.learning_rate =",
                "The optimizer's learning rate is the same as before: set it there."),
        Mistake("= model.optimizer.learning_rate /", "= 1 /",
                "Divide the former learning rate by the factor."),
        Mistake("/ factor", "* factor", "Now it trains faster: divide by the factor."),
    )  # fmt: skip
    reasons = {"the model comes back": "Return the model that was handed in."}
    otherwise = "It should be the former learning rate divided by the factor."

    @staticmethod
    def probe(slow_down: Any, rate: float, factor: float) -> Any:
        import keras

        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(rate), "mse")
        returned = slow_down(model, factor)
        return {
            "the model comes back": returned is model,
            "learning rate": float(model.optimizer.learning_rate),
        }


class SeededOracle(Exercise):
    """Find the bug: a seed that is ignored"""

    key = "1.7"
    points = 2

    call = "the first proposals of seeded_oracle, for seeds from {0} to {1}"
    cases = [(0, 100)]
    hidden = [(92, 99)]
    hints = (
        "`seed or random.randint(1, 10000)`: what is `0 or 5` in Python?",
        "Never hand Keras Tuner a 0, and let no two seeds meet: shift them all.",
    )
    mistakes = (
        Mistake("seed + 1", "seed or 1",
                "Seed 0 gives the proposals of seed 1: change the others, too."),
        Mistake("seed + 1", "42", "All seeds give the same proposals."),
        Mistake("seed + 1", "seed // 2 + 1", "Pairs of seeds give the same proposals."),
    )  # fmt: skip
    reasons = {
        "seeds with other proposals the second time": "The same seed gave different proposals.",
        "seeds with the same proposals": "Two different seeds give the same proposals.",
    }

    @staticmethod
    def probe(seeded_oracle: Any, first: int, last: int) -> Any:
        import keras_tuner

        hp = keras_tuner.HyperParameters()
        hp.Int("units", 0, 10**12)

        def proposal(seed: int) -> int:
            oracle = seeded_oracle(seed)
            oracle.update_space(hp)
            return oracle.populate_space("0")["values"]["units"]

        # Any two seeds from 0 to 100 lie as far apart as two of these.
        seeds = [*range(first, min(first + 16, last) + 1), *range(first + 32, last, 16), last]
        proposals = {seed: proposal(seed) for seed in seeds}
        earlier = {units: seed for seed, units in reversed(proposals.items())}
        same = [
            [earlier[units], seed] for seed, units in proposals.items() if earlier[units] < seed
        ]
        ends = (first, first + 3, last)
        return {
            "seeds with other proposals the second time": [
                seed for seed in ends if proposal(seed) != proposals[seed]
            ],
            "seeds with the same proposals": same[:3],
        }


class EpochsToTarget(Exercise):
    """Epochs to a target"""

    key = "1.8"
    points = 2
    cases = {
        "the first epoch at or above the target": ([0.5, 0.8, 0.91, 0.9, 0.95], 0.9),
        "a target that is met exactly": ([0.3, 0.6], 0.6),
        "a target that is never reached": ([0.1, 0.2], 0.9),
    }
    hidden = [([0.95, 0.2], 0.9), ([0.1, 0.2, 0.3], 0.9), ([0.2, 0.9, 0.1, 0.92], 0.9)]
    hints = (
        "Go through the curve and stop at the first value that is at least the target.",
        "`enumerate(curve, start=1)` counts epochs from one.",
    )
    mistakes = (
        Mistake("start=1", "start=0", "The first value is the accuracy after one epoch, not zero."),
        Mistake(">=", ">", "A value that equals the target reaches it."),
        Mistake(code="def epochs_to_target(curve, target): return curve.index(max(curve)) + 1",
                reason="That is the best epoch: the *first* one at the target is asked for."),
        Mistake("), None)", "))", "If the curve never reaches the target, the answer is `None`."),
        Mistake("), None)", "), len(curve))", "This curve never reaches the target: `None`."),
    )  # fmt: skip
    otherwise = "The first epoch at or above the target is asked for."


class ParetoFront(Exercise):
    """The front"""

    key = "1.9"
    points = 3
    cases = {
        "one cost": ([(1.0, 0.8), (3.0, 0.85), (2.0, 0.9), (2.0, 0.7)],),
        "two costs": ([(1.0, 300, 0.9), (2.0, 200, 0.9), (3.0, 100, 0.9), (3.0, 300, 0.8)],),
        "equal candidates": ([(2.0, 50, 0.7), (1.0, 50, 0.7), (1.0, 50, 0.7)],),
    }
    hidden = [
        ([(1.0, 100, 0.9), (1.0, 100, 0.9), (2.0, 100, 0.9)],),
        ([(5.0, 0.5)],),
        ([(3.0, 30, 0.7), (1.0, 10, 0.7), (2.0, 5, 0.6), (0.5, 50, 0.65)],),
        ([(3.0, 3, 8.0, 0.7), (3.0, 4, 7.0, 0.7), (4.0, 4, 8.0, 0.7)],),
    ]
    hints = (
        "Write `dominates(a, b)` first: nowhere worse, somewhere better.",
        "With the sign of the accuracy changed, lower is better everywhere.",
        "For tuples of costs: `all(x <= y for x, y in zip(a, b)) and a != b`.",
    )
    mistakes = (
        Mistake("-accuracy", "accuracy", "It takes a low accuracy for better."),
        Mistake("(*costs, -accuracy)", "(costs[0], -accuracy)", "All costs count, not only the first."),
        Mistake("other != one for other", "other is not one for other",
                "Equal candidates do not dominate each other: both stay."),
        Mistake("a <= b", "a < b",
                "One that is better in something and nowhere worse dominates, even if it is equal "
                "in the rest."),
        Mistake("all(a <= b", "any(a <= b", "Better in one thing is not enough: nowhere worse."),
        Mistake(code="""
            def pareto_front(candidates):
                return [max(range(len(candidates)), key=lambda each: candidates[each][-1])]
        """, reason="The most accurate is on the front, and so are cheaper ones."),
        Mistake("[index for", "[candidates[index] for", "Return indices, not the candidates."),
    )  # fmt: skip
    otherwise = "On the front is what no other equals everywhere and betters somewhere."
