"""What the checks of lab 12 ask, and how they judge."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from coursekit.labs.exercises import Exercise, Finding, close

# What every planted mistake is a variation of.
WIDER = """
def wider(kernel, bias, following, origin):
    copies = np.bincount(origin)[origin]
    return [kernel[:, origin], bias[origin], following[origin] / copies[:, None]]
"""
DEEPER = """
def deeper(weights):
    *first, last, bias = weights
    return [*first, np.eye(len(last)), np.zeros(len(last)), last, bias]
"""
NORMAL = """
def identity_normalisation(mean, variance, epsilon):
    return [np.sqrt(variance + epsilon), mean]
"""
FLATTENED = """
def wider_flattened(following, origin, places):
    channels = len(following) // places
    copies = np.bincount(origin)[origin]
    rows = [place * channels + channel for place in range(places) for channel in origin]
    return following[rows] / np.tile(copies, places)[:, None]
"""
CLIMB = """
def climb(network, grow, train, steps, children):
    best, score = train(network)
    for _ in range(steps):
        grown = [best] + [grow(best) for _ in range(children)]
        best, score = max((train(each) for each in grown), key=lambda done: done[1])
    return best, score
"""


class Wider(Exercise):
    """Wider, by hand"""

    key = "12.1"
    answer = "wider"
    points = 2
    returns = dict
    call = "wider(kernel, bias, following, origin={3})"
    cases = [
        ([[1.0, 2.0], [3.0, -4.0]], [0.5, -0.5], [[5.0], [6.0]], [0, 1, 1]),
        (
            [[1.0, -2.0, 0.5]],
            [0.1, 0.2, 0.3],
            [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
            [0, 1, 2, 2, 2, 0],
        ),
    ]
    hidden = [
        ([[2.0, 1.0], [0.0, 1.0], [1.0, 1.0]], [0.0, 1.0], [[2.0], [-3.0]], [0, 1, 0, 0, 0]),
        ([[1.0, 2.0]], [0.0, 0.0], [[1.0], [1.0]], [0, 1]),
    ]
    hints = (
        "A copy gets the same column of `kernel` and the same entry of `bias`: index with `origin`.",
        "`following` has a row a unit. Two copies both pass their output on: what must the two rows "
        "add up to?",
        "`np.bincount(origin)[origin]` says of each new unit how many there are of its kind.",
    )
    mistakes = {
        "does not share out the weights ahead": WIDER.replace(" / copies[:, None]", ""),
        "halves them whatever the count": WIDER.replace("copies[:, None]", "2"),
        "shares out only the new copies' weights": """
def wider(kernel, bias, following, origin):
    copies = np.bincount(origin)[origin].astype(float)
    copies[: len(following)] = 1
    return [kernel[:, origin], bias[origin], following[origin] / copies[:, None]]
""",
        "shares out what comes in": """
def wider(kernel, bias, following, origin):
    copies = np.bincount(origin)[origin]
    return [kernel[:, origin] / copies, bias[origin] / copies, following[origin]]
""",
        "gives new units nothing to say": """
def wider(kernel, bias, following, origin):
    old = len(bias)
    silent = following[origin] * (np.arange(len(origin)) < old)[:, None]
    return [kernel[:, origin], bias[origin], silent]
""",
        "leaves the bias of copies out": WIDER.replace(
            "bias[origin]", "np.where(np.arange(len(origin)) < len(bias), bias[origin], 0)"
        ),
    }

    @staticmethod
    def probe(
        wider: Any, kernel: list[Any], bias: list[Any], following: list[Any], origin: list[int]
    ) -> Any:
        import numpy as np

        old = [np.array(each) for each in (kernel, bias, following)]
        given = [each.copy() for each in old]
        made = wider(*given, np.array(origin))
        if made is None or len(made) != 3:
            return made if made is None else {"arrays": len(made)}
        new = [np.asarray(each, float) for each in made]
        units, outputs = len(origin), len(following[0])
        if [each.shape for each in new] != [(len(kernel), units), (units,), (units, outputs)]:
            return {"shapes": [each.shape for each in new]}
        x = np.random.default_rng(0).normal(size=(20, len(kernel)))
        out = [np.tanh(x @ k + b) @ f for k, b, f in (old, new)]  # relu would forgive a factor
        return {
            "shapes": [each.shape for each in new],
            "difference": float(np.abs(out[1] - out[0]).max()),
            "changed the parent": not all(map(np.array_equal, given, old)),
            "incoming": bool(np.array_equal(new[0], old[0][:, origin])),
            "bias": bool(np.array_equal(new[1], old[1][origin])),
            "silent": bool((new[2] == 0).all(axis=1).any()),
        }

    @staticmethod
    def judge(
        received: dict[str, Any],
        kernel: list[Any],
        bias: list[Any],
        following: list[Any],
        origin: list[int],
    ) -> Finding | None:
        units, outputs = len(origin), len(following[0])
        shapes = [[len(kernel), units], [units], [units, outputs]]
        if "arrays" in received:
            reason = "Return the new kernel, bias and following, in this order."
            return Finding("a list of three arrays", reason, f"{received['arrays']}, not three")
        if received["shapes"] != shapes:
            wrong = next(n for n in range(3) if received["shapes"][n] != shapes[n])
            reason = (
                "`kernel` has a column for each unit: index its columns, `[:, ...]`.",
                "`bias` has an entry for each unit.",
                "`following` has a row for each unit. Dividing each row by a number of its own "
                "takes a column of numbers: `[:, None]` makes one.",
            )[wrong]
            came = f"arrays of the shapes {received['shapes']}"
            return Finding(f"arrays of the shapes {shapes}", reason, came)
        if received["changed the parent"]:
            reason = "Make new arrays: the parent is still in use."
            return Finding("the parent as it was", reason, "a parent with other weights")
        if received["difference"] > 1e-9:
            if not received["incoming"]:
                reason = "A copy sees what its original sees: columns of `kernel` go unchanged."
            elif not received["bias"]:
                reason = "A copy has its original's bias, too, as it is."
            else:
                reason = (
                    "Copies say the same, so what is ahead hears it as often as there are copies: "
                    "share the original's weights out among all of them, the original included."
                )
            came = f"outputs that are off by up to {received['difference']:.3g}"
            return Finding("the same outputs as before", reason, came)
        if received["silent"] and units > len(following):
            return Finding(
                "copies that take part",
                "The function is kept, but a unit whose weights ahead are 0 learns nothing from "
                "them at first: share the weights out.",
                "copies whose weights ahead are 0",
            )
        return None


class Deeper(Exercise):
    """Deeper, by hand"""

    key = "12.2"
    answer = "deeper"
    returns = dict
    call = "deeper(weights) of a network {0}"
    cases = [([3, 4, 2],), ([2, 5, 3, 2],)]
    hidden = [([4, 2, 6],), ([1, 3, 3, 3, 3],)]
    hints = (
        "A layer that passes on what comes in: which matrix times x is x?",
        "It goes behind the last hidden layer, so in `weights` before the last kernel and bias; "
        "it is as wide as that kernel has rows.",
    )
    mistakes = {
        "a kernel of ones": DEEPER.replace("np.eye(len(last))", "np.ones((len(last), len(last)))"),
        "behind the last layer": """
def deeper(weights):
    classes = len(weights[-1])
    return [*weights, np.eye(classes), np.zeros(classes)]
""",
        "a bias of ones": DEEPER.replace("np.zeros", "np.ones"),
        "changes the parent": """
def deeper(weights):
    units = len(weights[-2])
    weights[-2:-2] = [np.eye(units), np.zeros(units)]
    return weights
""",
        "a bias for each weight": DEEPER.replace("np.zeros(len(last))", "np.zeros_like(last)"),
        "a layer that says nothing": DEEPER.replace(
            "np.eye(len(last))", "np.zeros((len(last), len(last)))"
        ),
        "before the first layer": """
def deeper(weights):
    inputs = len(weights[0])
    return [np.eye(inputs), np.zeros(inputs), *weights]
""",
    }

    @staticmethod
    def probe(deeper: Any, widths: list[int]) -> Any:
        from itertools import pairwise

        import numpy as np

        rng, weights = np.random.default_rng(1), []
        for a, b in pairwise(widths):
            weights += [rng.normal(size=(a, b)), rng.normal(size=b)]
        x = rng.normal(size=(40, widths[0]))

        def answer(parts: Any) -> Any:
            y = x
            for place in range(0, len(parts) - 2, 2):
                y = np.maximum(y @ parts[place] + parts[place + 1], 0)
            return y @ parts[-2] + parts[-1]

        before, length = answer(weights), len(weights)
        given = list(weights)
        made = deeper(given)
        if made is None:
            return None
        kernels = [list(np.shape(part)) for part in made[::2]]
        biases = [list(np.shape(part)) for part in made[1::2]]
        chained = [[a, b] for a, b in pairwise([*widths[:-1], widths[-2], widths[-1]])]
        fits = kernels == chained and biases == [[b] for _, b in chained]
        return {
            "arrays": len(made),
            "kernels": kernels,
            "biases": biases,
            "difference": float(np.abs(answer(made) - before).max()) if fits else 0.0,
            "changed": len(given) != length,
        }

    @staticmethod
    def judge(received: dict[str, Any], widths: list[int]) -> Finding | None:
        arrays = 2 * len(widths)
        if received["arrays"] != arrays:
            reason = "One kernel and one bias are to come in."
            return Finding(f"a list of {arrays} arrays", reason, f"{received['arrays']} of them")
        longer = [*widths[:-1], widths[-2], widths[-1]]
        kernels = [list(pair) for pair in pairwise(longer)]
        if received["kernels"] != kernels:
            reason = (
                "The new layer goes between the last hidden layer and the answer, kernel first; "
                "its kernel has a row and a column for each unit of that hidden layer."
            )
            if received["kernels"][-1] == [widths[-1]] * 2:
                reason = (
                    "Behind the answer it would put relu on the last layer's sums, which may be "
                    "below 0. It goes before the last layer."
                )
            elif received["kernels"][0] == [widths[0]] * 2:
                reason = (
                    "In front there is the data, and relu would cut what is below 0 in it. It goes "
                    "behind a layer with relu."
                )
            came = f"kernels of the shapes {received['kernels']}"
            return Finding(f"kernels of the shapes {kernels}", reason, came)
        biases = [[width] for width in longer[1:]]
        if received["biases"] != biases:
            came = f"biases of the shapes {received['biases']}"
            reason = "A bias is one row of numbers, one for each unit of its layer."
            return Finding(f"biases of the shapes {biases}", reason, came)
        if received["changed"]:
            reason = "Make a new list: the parent is still in use."
            return Finding("the parent as it was", reason, "a parent with another layer")
        if received["difference"] > 1e-9:
            came = f"outputs that are off by up to {received['difference']:.3g}"
            reason = "The new layer has to pass on each unit as it is."
            return Finding("the same outputs", reason, came)
        return None


class Normal(Exercise):
    """Batch normalisation that changes nothing"""

    key = "12.3"
    answer = "identity_normalisation"
    returns = list
    call = "identity_normalisation(mean={0}, variance={1}, epsilon={2})"
    cases = [([0.5, -2.0], [4.0, 0.25], 0.001), ([0.0, 3.0, 1.0], [1.0, 0.0, 9.0], 0.01)]
    hidden = [([1.5], [2.0], 0.1), ([-1.0, 0.0], [0.5, 0.0], 0.001)]
    hints = (
        "Write down what the layer does to x, set it equal to x, and look at the factor of x first.",
        "The factor is `gamma / sqrt(variance + epsilon)`: it has to be 1.",
        "What is then left over is `beta - mean`.",
    )
    mistakes = {
        "keeps Keras's initial values": """
def identity_normalisation(mean, variance, epsilon):
    return [np.ones_like(mean), np.zeros_like(mean)]
""",
        "forgets epsilon": NORMAL.replace(" + epsilon", ""),
        "forgets the root": NORMAL.replace("np.sqrt(variance + epsilon)", "variance + epsilon"),
        "turns the mean's sign": NORMAL.replace(", mean]", ", -mean]"),
        "divides once more": NORMAL.replace("np.sqrt", "1 / np.sqrt"),
    }

    @staticmethod
    def probe(identity: Any, mean: list[float], variance: list[float], epsilon: float) -> Any:
        import numpy as np

        made = identity(np.array(mean), np.array(variance), epsilon)
        return made if made is None else [np.asarray(each, float) for each in made]

    @staticmethod
    def judge(
        received: list[Any], mean: list[float], variance: list[float], epsilon: float
    ) -> Finding | None:
        roots = [(each + epsilon) ** 0.5 for each in variance]
        expected = f"gamma {[round(r, 4) for r in roots]}, beta {mean}"
        lengths = [len(each) if isinstance(each, list) else 0 for each in received]
        if lengths != [len(mean), len(mean)]:
            reason = "Two arrays, gamma and beta, each with a number for each channel."
            return Finding(expected, reason)
        gamma, beta = received
        if close(gamma, roots, relative=1e-9) and close(beta, mean, relative=1e-9):
            return None
        if close(gamma, [each**0.5 for each in variance], relative=1e-9):
            return Finding(expected, "The layer divides by the root of variance *plus epsilon*.")
        if close(gamma, [1.0] * len(mean)) and close(beta, [0.0] * len(mean)):
            return Finding(
                expected, "That is how Keras begins: the layer then standardises what comes in."
            )
        if close(beta, roots, relative=1e-9):
            return Finding(expected, "gamma comes first, then beta.")
        if close(gamma, [each**0.5 + epsilon for each in variance], relative=1e-9):
            return Finding(expected, "Epsilon is added to the variance, below the root.")
        if close(gamma, roots, relative=1e-9):
            return Finding(expected, "The mean is taken off, so beta has to put it back.")
        return Finding(expected, "gamma has to undo the division by sqrt(variance + epsilon).")


class Flattened(Exercise):
    """Find the bug: behind a flattened image"""

    key = "12.4"
    answer = "wider_flattened"
    points = 2
    returns = dict
    call = "wider_flattened(following, origin={1}, places={2})"
    cases = [(3, [0, 1, 2, 1], 4), (2, [0, 1, 1, 1, 0], 6)]
    hidden = [(4, [0, 1, 2, 3, 3], 9), (2, [0, 1, 0], 2)]
    hints = (
        "Print `images.reshape(len(images), -1)` of an array of shape (1, 2, 2, 3) filled with 0 to "
        "11: which index changes fastest?",
        "Row `place * channels + channel` of `following` belongs to that channel at that place.",
        "The counts have to follow the same order as the rows: one whole set of channels a place.",
    )
    mistakes = {
        "as if channels came first": """
def wider_flattened(following, origin, places):
    copies = np.bincount(origin)[origin]
    rows = [channel * places + place for channel in origin for place in range(places)]
    return following[rows] / np.repeat(copies, places)[:, None]
""",
        "counts in another order than rows": FLATTENED.replace("np.tile", "np.repeat"),
        "steps by the new number of channels": FLATTENED.replace(
            "place * channels", "place * len(origin) % len(following)"
        ).replace("+ channel for", "+ channel - len(following) for"),
        "shares out among places, too": FLATTENED.replace(
            "np.tile(copies, places)[:, None]", "(places * np.tile(copies, places)[:, None])"
        ),
    }

    @staticmethod
    def probe(wider_flattened: Any, channels: int, origin: list[int], places: int) -> Any:
        import numpy as np

        rng = np.random.default_rng(2)
        images = rng.normal(size=(10, places, channels))
        following = rng.normal(size=(places * channels, 3))
        kept = following.copy()
        made = wider_flattened(following, np.array(origin), places)
        if made is None:
            return None
        made = np.asarray(made, float)
        before = images.reshape(10, -1) @ kept
        fits = made.shape == (places * len(origin), 3)
        after = images[:, :, origin].reshape(10, -1) @ made if fits else before
        wanted = kept.reshape(places, channels, 3)[:, origin].reshape(-1, 3)
        shares = made / wanted if fits else made
        return {
            "shape": list(made.shape),
            "difference": float(np.abs(after - before).max()),
            "rows": bool(np.ptp(shares, axis=1).max() < 1e-9),
            "changed": not np.array_equal(following, kept),
        }

    @staticmethod
    def judge(
        received: dict[str, Any], channels: int, origin: list[int], places: int
    ) -> Finding | None:
        shape = [places * len(origin), 3]
        if received["shape"] != shape:
            came = f"shape {received['shape']}"
            return Finding(f"shape {shape}", "A row for each channel at each place.", came)
        if received["changed"]:
            return Finding("the parent as it was", "Make a new array.", "other weights in it")
        if received["difference"] > 1e-9:
            reason = (
                "Rows of other channels or places: in a flattened image all channels of the first "
                "place come first, then all of the second."
            )
            if received["rows"]:
                reason = (
                    "Each row is the right one, but shared out among the wrong number: it is that "
                    "of its channel's copies, in the order of the rows."
                )
            came = f"outputs that are off by up to {received['difference']:.3g}"
            return Finding("the same outputs", reason, came)
        return None


class Climb(Exercise):
    """Hill climbing with morphisms"""

    key = "12.5"
    answer = "climb"
    points = 2
    returns = dict
    call = "climb of {0} steps with {1} children each"
    cases = [(3, 2), (4, 3)]
    hidden = [(1, 1), (6, 4)]
    hints = (
        "`train` returns the trained network and its score, so `best, score = train(network)`.",
        "In each step, train the present best once more and `children` grown copies of it.",
        "`max(trained, key=lambda done: done[1])` is the next best.",
    )
    mistakes = {
        "grows the first network for ever": """
def climb(network, grow, train, steps, children):
    best, score = train(network)
    for _ in range(steps):
        grown = [best] + [grow(network) for _ in range(children)]
        best, score = max((train(each) for each in grown), key=lambda done: done[1])
    return best, score
""",
        "does not train the present best on": CLIMB.replace("[best] + ", ""),
        "takes the last, not the best": """
def climb(network, grow, train, steps, children):
    best, score = train(network)
    for _ in range(steps):
        grown = [best] + [grow(best) for _ in range(children)]
        for each in grown:
            done = train(each)
        best, score = done
    return best, score
""",
        "takes the worst": CLIMB.replace("max(", "min("),
        "clings to a better score of an earlier step": """
def climb(network, grow, train, steps, children):
    best, score = train(network)
    for _ in range(steps):
        for each in [best] + [grow(best) for _ in range(children)]:
            trained, reached = train(each)
            if reached > score:
                best, score = trained, reached
    return best, score
""",
        "climbs within a step": """
def climb(network, grow, train, steps, children):
    best, score = train(network)
    for _ in range(steps):
        best, score = train(best)
        for _ in range(children):
            trained, reached = train(grow(best))
            if reached > score:
                best, score = trained, reached
    return best, score
""",
        "goes on from what is not trained": CLIMB.replace(
            "(train(each) for each in grown), key=lambda done: done[1])",
            "((each, train(each)[1]) for each in grown), key=lambda done: done[1])",
        ),
        "never trains the first": CLIMB.replace(
            "best, score = train(network)", "best, score = network, 0"
        ),
    }

    @staticmethod
    def probe(climb: Any, steps: int, children: int) -> Any:
        """Networks are tuples of what was done to them; every training and growth is noted."""
        done: list[Any] = []

        def train(network: Any) -> Any:
            trained = (*network, "t")
            score = (sum(map(len, trained)) * 7919 + len(done) * 104729) % 13 / 4
            done.append([list(network), score])
            return trained, score

        grown: list[Any] = []

        def grow(network: Any) -> Any:
            grown.append(list(network))
            return (*network, f"g{len(grown)}")

        found = climb((), grow, train, steps, children)
        if (
            not isinstance(found, tuple | list)
            or len(found) != 2
            or not isinstance(found[0], tuple)
        ):
            return None if found is None else {"pair": False}
        best, score = found
        return {"pair": True, "best": best, "score": score, "trained": done, "grown": grown}

    @staticmethod
    def judge(received: dict[str, Any], steps: int, children: int) -> Finding | None:
        if not received["pair"]:
            reason = "Return two things: the best network, and its score."
            return Finding("a network and a score", reason, "something else")
        trained, grown = received["trained"], received["grown"]
        wanted = 1 + steps * (children + 1)
        if not trained or trained[0][0] != []:
            reason = "Train the first network before it grows."
            return Finding("a trained start", reason, "one that is not trained")
        if len(trained) != wanted:
            return Finding(
                f"{wanted} trainings",
                "Train the start, and in each step the present best, once more, and each of its "
                "children, all of them once.",
                f"{len(trained)}",
            )
        if len(grown) != steps * children:
            reason = "Each child is a growth of its own: call `grow` once for each."
            return Finding(f"{steps * children} growths", reason, f"{len(grown)}")
        best = [*trained[0][0], "t"]
        for step in range(steps):
            first = 1 + step * (children + 1)
            parents = grown[step * children : (step + 1) * children]
            if any(parent != best for parent in parents):
                reason = (
                    "All children of a step are those of the best of the step before, by score."
                )
                earlier = [
                    [*network, "t"] for network, _ in trained[: max(0, first - children - 1)]
                ]
                if any([*parent, "t"] == best for parent in parents):
                    reason = (
                        "`train` returns the trained network: go on from that one, not from the "
                        "one that you have handed to it."
                    )
                elif any(parent in earlier for parent in parents):
                    reason = (
                        "Go on from the best of the last step's candidates, though an earlier "
                        "step had a better score: that network is trained on, as one of them."
                    )
                came = f"children of: {_told(parents[0])}"
                return Finding(f"children of: {_told(best)}", reason, came)
            networks = trained[first : first + children + 1]
            if [*best] not in [network for network, _ in networks]:
                reason = "A network may be large enough already: train it on as it is, too."
                return Finding("the best trained on, too", reason, "its children only")
            winner = max(networks, key=lambda done: done[1])
            best, score = [*winner[0], "t"], winner[1]
        if received["best"] != best or received["score"] != score:
            came = f"{_told(received['best'])}; score {received['score']}"
            reason = "Return the best of the last step, as it was trained there, and its score."
            return Finding(f"{_told(best)}; score {score}", reason, came)
        return None


def _told(network: list[str]) -> str:
    """What was done to a network, in words."""
    done = ("trained" if each == "t" else each.replace("g", "growth ") for each in network)
    return ", ".join(["the start", *done])
