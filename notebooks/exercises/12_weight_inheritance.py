"""What the checks of lab 12 ask."""

from coursekit.labs.exercises import Exercise, Mistake

SHARED = "following[origin] / copies[:, None]"


class Wider(Exercise):
    """Wider, by hand"""

    key = "12.1"
    points = 2
    call = "wider(kernel={0}, bias={1}, following={2}, origin={3})"
    cases = {
        "one copy": ([[1.0, 2.0], [3.0, -4.0]], [0.5, -0.5], [[5.0], [6.0]], [0, 1, 1]),
        "several copies of several units": (
            [[1.0, -2.0, 0.5]],
            [0.1, 0.2, 0.3],
            [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
            [0, 1, 2, 2, 2, 0],
        ),
    }
    hidden = [
        ([[2.0, 1.0], [0.0, 1.0], [1.0, 1.0]], [0.0, 1.0], [[2.0], [-3.0]], [0, 1, 0, 0, 0]),
        ([[1.0, 2.0]], [0.0, 0.0], [[1.0], [1.0]], [0, 1]),
    ]
    hints = (
        "A copy has the same column of `kernel` and the same entry of `bias`: index with `origin`.",
        "`following` has a row for each unit. The rows of all copies of a unit must add up to the "
        "row of the original, and be equal.",
        "`np.bincount(origin)[origin]` says of each new unit how many there are of its kind.",
    )
    mistakes = (
        Mistake(
            " / copies[:, None]",
            "",
            "Copies give the same output, so the next layer hears it as often as there are copies: "
            "share the weights ahead out among them.",
        ),
        Mistake("copies[:, None]", "2", "Divide by the number of copies, which may not be two."),
        Mistake(
            SHARED,
            "following[origin] / np.where(np.arange(len(origin)) < len(bias), 1, copies)[:, None]",
            "The original's own weights ahead are shared out, too: it is one of the copies.",
        ),
        Mistake(
            f"kernel[:, origin], bias[origin], {SHARED}",
            "kernel[:, origin] / copies, bias[origin] / copies, following[origin]",
            "A copy sees what its original sees: its column of `kernel` and its bias do not change.",
        ),
        Mistake(
            SHARED,
            "following[origin] * (np.arange(len(origin)) < len(bias))[:, None]",
            "The function is kept, but the copies have no say: their weights ahead are 0. "
            "Share them out in equal parts.",
        ),
        Mistake(
            "bias[origin]",
            "np.where(np.arange(len(origin)) < len(bias), bias[origin], 0)",
            "A copy has its original's bias, too.",
        ),
        Mistake(
            "[:, None]",
            "",
            "`following` has a row for each unit: `copies[:, None]` divides each row by one number.",
        ),
    )
    otherwise = (
        "Index `kernel` by columns and `following` by rows; return all three, in this order."
    )

    @staticmethod
    def probe(wider, *case):
        import numpy as np

        made = wider(*map(np.array, case))
        return [np.asarray(each, float).tolist() for each in made]


class Deeper(Exercise):
    """Deeper, by hand"""

    key = "12.2"
    call = "deeper(weights) of a network {0}"
    cases = {"one hidden layer": ([3, 4, 2],), "two hidden layers": ([2, 5, 3, 2],)}
    hidden = [([4, 2, 6],), ([1, 3, 3, 3, 3],)]
    hints = (
        "A layer that passes on what comes in: which matrix times x is x?",
        "It stands behind the last hidden layer, so in `weights` before the last kernel and bias; "
        "it is as wide as that kernel has rows.",
    )
    mistakes = (
        Mistake("np.eye(len(last))", "np.ones((len(last), len(last)))",
                "A kernel of ones adds all units up: each unit is to be passed on as it is."),
        Mistake("np.eye(len(last))", "np.zeros((len(last), len(last)))",
                "A kernel of zeros passes nothing on."),
        Mistake("np.zeros", "np.ones", "The bias is added to each unit: it must be 0."),
        Mistake("np.zeros(len(last))", "np.zeros_like(last)", "A bias has one number for each unit."),
        Mistake("[*first, np.eye(len(last)), np.zeros(len(last)), last, bias]",
                "[*weights, np.eye(len(bias)), np.zeros(len(bias))]",
                "Behind the answer, relu would cut the last layer's sums, which may be below 0. "
                "The new layer stands before the last one."),
        Mistake("[*first, np.eye(len(last)), np.zeros(len(last)), last, bias]",
                "[np.eye(len(weights[0])), np.zeros(len(weights[0])), *weights]",
                "In front, relu would cut what is below 0 in the data. The new layer stands behind "
                "a layer with relu."),
    )  # fmt: skip
    otherwise = "The new kernel and bias stand before the last kernel and bias."

    @staticmethod
    def probe(deeper, widths):
        from itertools import pairwise

        import numpy as np

        rng, weights = np.random.default_rng(1), []
        for inputs, units in pairwise(widths):
            weights += [rng.normal(size=(inputs, units)), rng.normal(size=units)]
        return [np.asarray(each, float).tolist() for each in deeper(weights)]


class Normal(Exercise):
    """Batch normalisation that changes nothing"""

    key = "12.3"
    call = "identity_normalisation(mean={0}, variance={1}, epsilon={2})"
    cases = {
        "two channels": ([0.5, -2.0], [4.0, 0.25], 0.001),
        "a variance of 0": ([0.0, 3.0, 1.0], [1.0, 0.0, 9.0], 0.01),
    }
    hidden = [([1.5], [2.0], 0.1), ([-1.0, 0.0], [0.5, 0.0], 0.001)]
    hints = (
        "Write down what the layer does to x, set it equal to x, and look at the factor of x first.",
        "The factor is `gamma / sqrt(variance + epsilon)`: it must be 1.",
        "What is then left over is `beta - mean`.",
    )
    mistakes = (
        Mistake("np.sqrt(variance + epsilon), mean", "np.ones_like(mean), np.zeros_like(mean)",
                "These are Keras's initial values: the layer then standardises what comes in."),
        Mistake(" + epsilon", "", "The layer divides by the root of variance *plus epsilon*."),
        Mistake("(variance + epsilon)", "(variance) + epsilon", "Epsilon is added below the root."),
        Mistake("np.sqrt(variance + epsilon)", "variance + epsilon",
                "The layer divides by the *root* of variance plus epsilon."),
        Mistake(", mean]", ", -mean]", "The layer subtracts the mean, so beta must add it again."),
        Mistake("np.sqrt", "1 / np.sqrt", "gamma must undo the division, not divide once more."),
        Mistake("[np.sqrt(variance + epsilon), mean]", "[mean, np.sqrt(variance + epsilon)]",
                "gamma comes first, then beta."),
    )  # fmt: skip
    otherwise = "gamma must undo the division by sqrt(variance + epsilon), beta the subtraction."

    @staticmethod
    def probe(identity, mean, variance, epsilon):
        import numpy as np

        made = identity(np.array(mean), np.array(variance), epsilon)
        return [np.asarray(each, float).tolist() for each in made]


class Flattened(Exercise):
    """Find the bug: behind a flattened image"""

    key = "12.4"
    points = 2
    call = "wider_flattened(following, origin={1}, places={2}) of {0} channels"
    cases = {"four places": (3, [0, 1, 2, 1], 4), "many copies": (2, [0, 1, 1, 1, 0], 6)}
    hidden = [(4, [0, 1, 2, 3, 3], 9), (2, [0, 1, 0], 2)]
    hints = (
        "Print `images.reshape(len(images), -1)` of an array of shape (1, 2, 2, 3) filled with 0 to "
        "11: which index changes fastest?",
        "Row `place * channels + channel` of `following` belongs to that channel at that place.",
        "The counts must follow the order of the rows: all channels of one place, then of the next.",
    )
    mistakes = (
        Mistake(
            reason="In a flattened image all channels of the first place come first, then all of "
            "the second. These rows are in another order.",
            code="""
                def wider_flattened(following, origin, places):
                    copies = np.bincount(origin)[origin]
                    rows = [c * places + place for c in origin for place in range(places)]
                    return following[rows] / np.repeat(copies, places)[:, None]
            """,
        ),
        Mistake(
            "np.tile",
            "np.repeat",
            "The rows are right, but the counts are in another order than the rows.",
        ),
        Mistake(
            " / np.tile(copies, places)[:, None]",
            "",
            "The rows are right, but they are not shared out among the copies of their channel.",
        ),
        Mistake(
            "np.tile(copies, places)[:, None]",
            "(places * np.tile(copies, places)[:, None])",
            "Share out among the copies of a channel, not among places.",
        ),
    )
    otherwise = "There is one row for each channel at each place, place by place."

    @staticmethod
    def probe(wider_flattened, channels, origin, places):
        import numpy as np

        following = np.random.default_rng(2).normal(size=(places * channels, 2))
        made = wider_flattened(following, np.array(origin), places)
        return np.asarray(made, float).tolist()


class Climb(Exercise):
    """Hill climbing with morphisms"""

    key = "12.5"
    points = 2
    call = "climb of {0} steps with {1} children each"
    cases = {"two children a step": (3, 2), "three children a step": (4, 3)}
    hidden = [(1, 1), (6, 4)]
    hints = (
        "`train` returns the trained network and its score, so `best, score = train(network)`.",
        "In each step, train the present best once more, and `children` grown copies of it.",
        "`max(trained, key=lambda done: done[1])` is the next best.",
    )
    mistakes = (
        Mistake("[grow(best)", "[grow(network)", "The children grow from the first network: take "
                "the best of the last step."),
        Mistake("[best] + ", "", "A network may be large enough already: train the present best "
                "on as it is, too."),
        Mistake("max((train(each) for each in grown), key=lambda done: done[1])",
                "[train(each) for each in grown][-1]", "That is the last candidate, not the best."),
        Mistake("max(", "min(", "That is the worst candidate, not the best."),
        Mistake("        best, score = max((train(each) for each in grown), "
                "key=lambda done: done[1])",
                "        made = [train(each) for each in grown] + [(best, score)]\n"
                "        best, score = max(made, key=lambda done: done[1])",
                "A step's best is one of its own candidates, even if an earlier score was better."),
        Mistake("((train(each) for each in grown), key=lambda done: done[1])",
                "(((each, train(each)[1]) for each in grown), key=lambda done: done[1])",
                "`train` returns the trained network: continue with that one, not with the one "
                "that you handed to it."),
        Mistake("best, score = train(network)", "best, score = network, 0",
                "Train the first network before it grows."),
    )  # fmt: skip
    reasons = {
        "trainings": "Train the start, and in each step the present best and each of its children, "
        "all of them once.",
        "growths": "Each child has a growth of its own: call `grow` once for each.",
        "children of": "All children of a step grow from the best of the step before, by score.",
        "result": "Return the best of the last step, as it was trained there.",
        "score": "The score is that of the network that you return.",
    }

    @staticmethod
    def probe(climb, steps, children):
        """Networks are tuples of what was done to them; the score is a function of that."""
        from zlib import crc32

        trained, grown = [], []

        def train(network):
            trained.append(network)
            return (*network, "trained"), crc32(repr(network).encode()) % 9973 / 9973

        def grow(network):
            grown.append(network)
            return (*network, f"growth {len(grown)}")

        best, score = climb(("start",), grow, train, steps, children)
        return {
            "trainings": len(trained),
            "growths": len(grown),
            "children of": [", ".join(network) for network in grown],
            "result": ", ".join(best),
            "score": score,
        }
