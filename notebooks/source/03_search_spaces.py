# %% [markdown]
# # Lab 03. Search spaces, macro and micro
#
# Before any search, somebody writes down what may be chosen. This list is short and seldom reviewed, and it decides more than the strategy that later searches in it. What the space lacks is never found. What is useless in it is tried all the same. And the way in which candidates are written decides which of them are neighbours. In this lab you build spaces of both kinds, count them, find out how many of their members are really different, walk through them, and measure what a good space is worth.
#
# **After it you can**
# - write a macro space (a chain of layers) and a micro space (a cell), and count both, by hand too;
# - say which edges of a cell matter, and when two cells are the same network;
# - change a candidate without making an impossible one;
# - measure whether an encoding keeps good candidates together, and what a bad one costs;
# - compare spaces fairly: the same images, the same number of trainings;
# - move a space to Keras Tuner and back.
#
# **It takes** about 60 seconds of computing on two cores (all cells), and an hour or two of your time. **Budget:** 30 small perceptrons are trained for 20 epochs on 3,000 images, and 40 for 40 epochs on 1,078; everything else is replayed from tables. No GPU, no network connection.
#
# **How it works:** predict before you run; change whatever can be clicked; write code where it says so, then run the check below it. Stuck? `hint("3.1")`, and again for more; after a try, `solution("3.1")`.

# %% tags=["setup"]
from dataclasses import replace
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import spearmanr

from coursekit import plots, theme
from coursekit.labs import check, hint, measured, predict, progress, recall, solution
from coursekit.race import luck, race
from coursekit.search import Search
from coursekit.spaces import BlockCells, Boolean, Chain, Choice, EdgeCells, Float, Integer, Space
from coursekit.strategies import LocalSearch, Random
from coursekit.training.candidates import FastPerceptron
from coursekit.widgets import CellBuilder
from coursekit.worlds import Cells, Live, MLPs, NASBench201
from coursekit.worlds.atlas import Atlas
from coursekit.worlds.recipes import SHAPES, Recipe

theme.use()  # figures follow JupyterLab's theme

# %% [markdown]
# ## 1. A macro space: the whole network, layer by layer
# In a **macro** space each layer of a network is decided by itself (Zoph and Le 2017). Here is one: between one and six layers, each of them a convolution or a pooling. A convolution has a number of channels and a size, a pooling has neither.

# %%
convolution = {"channels": Choice([8, 16, 32], ordered=True), "size": Choice([1, 3], ordered=True)}
chains = Chain({"convolution": convolution, "pooling": {}}, depth=(1, 6))
network = chains.sample(np.random.default_rng(3))
network

# %% [markdown]
# A configuration is a dictionary of decisions, and some of them **exist only beside others**: `layer2_size` exists if `depth` is at least 2 and `layer2_type` is a convolution. The space knows the conditions:

# %%
for parameter in chains.parameters[:6]:
    print(parameter.name, parameter.domain.describe(), dict(parameter.conditions))

# %% [markdown]
# How large is it? A layer has 3 × 2 settings as a convolution and one as a pooling, and there may be one to six layers.

# %%
predict("03-count", "Chains of one to six such layers", unit="chains")

# %% [markdown]
# ### Exercise 3.1. Count a conditional space
# Write `count(settings, fewest, most)`, the number of different chains. `settings` has, for each type of layer, the number of its settings, such as `{"convolution": 6, "pooling": 1}`. A chain has at least `fewest` and at most `most` layers, each of any type.


# %% exercise="3.1"
def count(settings, fewest, most):
    ### BEGIN SOLUTION
    layer = sum(settings.values())
    return sum(layer**depth for depth in range(fewest, most + 1))
    ### END SOLUTION


# %% check="3.1"
check("3.1")

# %%
measured("03-count", chains.count)

# %% [markdown]
# `space.count` counts any space of the kit without listing it, conditions included. Now add **one** decision to each layer, with or without batch normalisation say, and look at what it multiplies:

# %%
more = {**convolution, "normalised": Boolean()}
for most in (2, 4, 6, 8):
    plain = Chain({"convolution": convolution, "pooling": {}}, (1, most)).count
    richer = Chain({"convolution": more, "pooling": {}}, (1, most)).count
    print(f"up to {most} layers: {plain:,} chains, {richer:,} with it: {richer / plain:.1f} times")

# %% claim="137,256 chains; a yes or no for each convolution multiplies six layers by more than 40"
assert chains.count == sum(7**depth for depth in range(1, 7)) == 137_256
wide = Chain({"convolution": more, "pooling": {}}, (1, 6)).count
assert wide == sum(13**depth for depth in range(1, 7)) and 35 < wide / chains.count < 45

# %% [markdown]
# Each decision looks harmless. Together they multiply, and a search pays for all of them with the same few dozen trainings.
#
# **Scales** are a part of the space, too. A learning rate between 0.0001 and 0.1 on a linear scale: how many of the draws exceed 0.01?

# %%
predict("03-scale", "Share of random draws above 0.01 on a linear scale", unit="%")

# %%
for rate in (Float(1e-4, 1e-1), Float(1e-4, 1e-1, log=True)):
    drawn = np.array([rate.at(u) for u in np.linspace(0, 1, 1001)])
    print(
        f"log={rate.log}: {np.mean(drawn > 0.01):.0%} above 0.01, {np.mean(drawn < 1e-3):.1%} below 0.001"
    )
measured("03-scale", round(100 * (0.1 - 0.01) / (0.1 - 0.0001)))

# %% claim="On a linear scale nine of ten draws exceed 0.01, on a log scale one of three"
for log, above in ((False, 0.9), (True, 1 / 3)):
    scale = Float(1e-4, 1e-1, log=log)
    assert abs(np.mean([scale.at(u) > 0.01 for u in np.linspace(0, 1, 10_001)]) - above) < 0.005

# %% [markdown]
# On the log scale each factor of ten gets a third. Take it for whatever acts by factors: rates, widths, batch sizes.

# %%
recall(
    "03-conditions",
    "Why does a space have conditions, and not simply all six `size` decisions at all times?",
    answer="A decision that nothing uses is a false difference: configurations that build the same network would count as different, and a search would try both.",
)

# %% [markdown]
# ## 2. A micro space: one cell, used again and again
# In a **micro** space a small **cell** is decided, and copies of it are stacked on a fixed skeleton (Zoph et al. 2018). Our example is NAS-Bench-201 (Dong and Yang 2020). Its cell has four nodes, an edge between any two of them, and on each of the six edges one of five operations:
# - `none`: nothing passes;
# - `skip_connect`: the input passes unchanged;
# - `nor_conv_1x1`, `nor_conv_3x3`: a convolution of that size, normalised;
# - `avg_pool_3x3`: the mean over a window of 3x3.
#
# A node is the **sum** of what its edges bring.

# %%
world = NASBench201("cifar100")
cell = world.space.parse(
    "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2|"
)
plots.cell(world.space, cell)
plt.show()

# %% [markdown]
# Dotted edges carry nothing to the output. The skeleton stacks this cell fifteen times, in three stages, with a fixed block between them that halves the image:

# %%
print([f"{part.kind} {part.channels}" for part in world.space.skeleton.parts()])

# %% [markdown]
# Six decisions with five values each: 5⁶ = 15,625 cells. All of them were trained for 200 epochs, so here each accuracy can be looked up. An **atlas** holds them all.

# %%
atlas = Atlas(world)
print(
    f"{len(atlas.cells):,} cells; the best has {atlas.accuracies.max():.2%}, the median {np.median(atlas.accuracies):.2%}"
)

# %% [markdown]
# ### Exercise 3.2. Live paths
# Write `paths(cell, nodes)`, which returns all paths from node 0 to the last node (`nodes - 1`) over edges that are not `none`, each as the list of its nodes. An edge from node 0 to node 1 is `cell["0-1"]`, and edges lead from lower to higher numbers. The order of the paths is free; if there is no path the answer is an empty list.


# %% exercise="3.2"
def paths(cell, nodes):
    ### BEGIN SOLUTION
    found, open_ends = [], [[0]]
    while open_ends:
        path = open_ends.pop()
        if path[-1] == nodes - 1:
            found.append(path)
            continue
        for target in range(path[-1] + 1, nodes):
            if cell[f"{path[-1]}-{target}"] != "none":
                open_ends.append([*path, target])
    return found
    ### END SOLUTION


# %% check="3.2"
check("3.2")

# %%
predict("03-dead", "Cells of the 15,625 that carry nothing to the output", unit="cells")

# %%
dead = np.array([not world.space.graph(each).used() for each in atlas.cells])
print(f"their accuracy: {atlas.accuracies[dead].min():.1%} to {atlas.accuracies[dead].max():.1%}")
measured("03-dead", int(dead.sum()))

# %% [markdown]
# Those cells are valid: the space has them, they were built and trained for hours, and they guess one class of a hundred. A space can forbid such candidates, or a search can skip them by this look at the graph, which costs a microsecond.

# %% claim="341 cells carry nothing; they guess one class of a hundred"
assert dead.sum() == 341 and np.all(np.abs(atlas.accuracies[dead] - 0.01) < 0.0005)

# %% [markdown]
# ## 3. Build one yourself
# Change the operation of an edge, in its list or by a click on the drawing (on its arrow or its name). Then guess the accuracy before you show it. Guess at least five cells: which operations carry a network, and which do not? The line tells how far off you are, beside somebody who always guesses the median.

# %%
CellBuilder(atlas, guess=True)

# %% [markdown]
# ## 4. How many are really different?
# Two cells can be written differently and be the same network: nodes 1 and 2 may change places, a skip can stand before a convolution or behind it, an edge to nowhere can hold anything. Such cells are **isomorphic**. To tell, write each cell in a **canonical form**, which is equal for equal networks.

# %%
predict("03-different", "How many of the 15,625 cells are really different?", unit="cells")

# %% [markdown]
# ### Exercise 3.3. A canonical form
# Write `formula(cell, nodes)`: what the last node holds, as a text, with `x` for node 0. It must be the same for cells that compute the same sum.
# - An edge with `none` brings nothing, and neither does an edge from a node that holds nothing.
# - `skip_connect` brings all terms that its source holds; so `x` can be there twice.
# - Any other operation brings **one** term, such as `conv(x + pool(x))`.
# - The order of a sum does not matter: sort its terms.
#
# Only which cells get equal texts is judged, not what the texts look like. An example by hand: with three nodes, `0-1` = `conv`, `0-2` = `skip_connect`, `1-2` = `skip_connect`: node 1 holds `conv(x)`, node 2 holds `conv(x) + x`.


# %% exercise="3.3"
def formula(cell, nodes):
    ### BEGIN SOLUTION
    sums = [["x"]]
    for target in range(1, nodes):
        brought = []
        for source, terms in enumerate(sums):
            operation = cell[f"{source}-{target}"]
            if operation == "skip_connect":
                brought += terms
            elif operation != "none" and terms:
                brought.append(f"{operation}({' + '.join(sorted(terms))})")
        sums.append(brought)
    return " + ".join(sorted(sums[-1]))
    ### END SOLUTION


# %% check="3.3"
check("3.3")

# %% [markdown]
# The kit's own form, `space.canonical(cell)`, is a little stricter than a formula. In a formula `conv(x)` may occur twice, and it does not say whether one convolution is read twice or two convolutions are read once each. These are two networks: each convolution has its own weights.

# %%
different = len(set(atlas.networks.tolist()))
measured("03-different", different)

# %% claim="15,625 cells, 5,425 networks, 4,930 formulas; 6,466 by the authors' own texts"
from coursekit.labs.exercises import find

assert len(atlas.cells) == 15_625 and different == 5_425
names = {}
exec(find("3.3")[1].solution, names)
formulas = [names["formula"](each, 4) for each in atlas.cells]
assert len(set(formulas)) == 4_930
assert len(set(zip(formulas, atlas.networks.tolist()))) == 5_425  # the kit's form is the stricter


def text(cell):  # the authors': a dead edge leaves a mark
    held = ["0"]
    for target in range(1, 4):
        brought = []
        for source, what in enumerate(held):
            operation = cell[f"{source}-{target}"]
            nothing = operation == "none" or what == "#"
            taken = what if operation == "skip_connect" else f"({what})@{operation}"
            brought.append("#" if nothing else taken)
        held.append("+".join(sorted(brought)))
    return held[-1]


assert len({text(each) for each in atlas.cells}) == 6_466

# %% [markdown]
# So there are about a third as many networks as cells. The benchmark's authors count 6,466 (6.5 thousand in Dong et al. 2021), and both numbers are right: their texts keep a mark for each edge that brings nothing, so they separate cells that are the same network, and like our formulas they do not tell one shared convolution from two. *Really different* has to be defined before it is counted.
#
# Twins are useful, since the benchmark has trained each cell by itself. How far apart are the accuracies of one network, and how far apart are those of all cells?

# %%
groups = {}
for network, accuracy in zip(atlas.networks.tolist(), atlas.accuracies):
    groups.setdefault(network, []).append(accuracy)
apart = [np.std(group, ddof=1) for group in groups.values() if len(group) > 1]
print(
    f"between twins {100 * np.median(apart):.2f} points (median), between all cells {100 * atlas.accuracies.std():.1f}"
)

# %% claim="Twins differ by about a quarter of a point, all cells by twelve"
assert 0.002 < np.median(apart) < 0.0035 and 0.11 < atlas.accuracies.std() < 0.13

# %% [markdown]
# The first number is the noise of training. A search that does not know twins trains some networks again. How many of 200 random cells are a network that was drawn before?

# %%
drawn = np.random.default_rng(0).choice(atlas.networks, 200)
print(f"{200 - len(set(drawn.tolist()))} of 200 random cells are networks that were drawn before")

# %% claim="About one random cell in four is the network of an earlier one"
repeated = [
    200 - len(set(np.random.default_rng(seed).choice(atlas.networks, 200).tolist()))
    for seed in range(20)
]
assert 44 < np.mean(repeated) < 56 and min(repeated) >= 30

# %% [markdown]
# ### Cells of blocks
# NASNet's cells (Zoph et al. 2018) are written in another manner: a cell is a list of **blocks**. A block takes two inputs, puts an operation on each and adds the results; later blocks may read earlier ones, and what no block reads is the output. The inputs of the first block are the outputs of the two cells before this one.

# %%
blocks = BlockCells(blocks=(1, 5))
plots.cell(blocks, blocks.sample(np.random.default_rng(7)))
plt.show()
for number in range(1, 6):
    print(f"blocks: {number}, cells: {BlockCells(blocks=number).count:,}")

# %% [markdown]
# One block with eight operations and two inputs: (2 × 8)² = 256 cells, and 136 of them are different, since the two sides of a block may be swapped. Five blocks: 5.6 × 10¹⁴. The progressive search of a later lab (Liu et al. 2018) begins with one block for this reason.

# %% claim="256 cells of one block, 136 of them different; 5.6e14 of five"
one = BlockCells(blocks=1)
assert one.count == (2 * 8) ** 2 == 256
assert len({one.canonical(each) for each in one.enumerate()}) == 136
assert round(BlockCells(blocks=5).count / 1e14, 1) == 5.6

# %%
recall(
    "03-twins",
    "A colleague counts 6,466 different cells, you count 5,425. Who is wrong?",
    answer="Nobody, if both say what they count: texts in which dead edges leave a mark, or networks that differ in more than their numbering.",
)

# %% [markdown]
# ## 5. Neighbours, and changes that stay possible
# Most strategies move: they change **one decision** of a candidate. In a cell that is easy, for its six decisions always exist, and each cell has 6 × 4 = 24 neighbours. In a macro space a change can make other decisions appear, or make them meaningless.
#
# ### Exercise 3.4. Mutate without making the impossible
# A perceptron has a `depth` and a width for each of its layers: `{"depth": 2, "units1": 16, "units2": 64}`. Write `mutate(network, depths, widths, rng)`, which returns a **new** dictionary in which **one** decision has changed.
# - Each decision that the network has is as likely to change as any other, and each **other** value of it as likely as any other.
# - A shallower network loses the widths of the layers that it no longer has. A deeper one gets a width for each new layer, each of the `widths` as likely as any other. All other widths stay.
# - All randomness comes from `rng`, a `numpy.random.Generator`.


# %% exercise="3.4"
def mutate(network, depths, widths, rng):
    ### BEGIN SOLUTION
    name = list(network)[rng.integers(len(network))]
    values = depths if name == "depth" else widths
    others = [value for value in values if value != network[name]]
    changed = {**network, name: others[rng.integers(len(others))]}
    child = {"depth": changed["depth"]}
    for layer in range(1, changed["depth"] + 1):
        fresh = widths[rng.integers(len(widths))]
        child[f"units{layer}"] = changed.get(f"units{layer}", fresh)
    return child
    ### END SOLUTION


# %% check="3.4"
check("3.4")

# %% [markdown]
# The kit's spaces do this for any conditions: `space.mutate(configuration, rng)`, and `space.neighbours(configuration)` lists all that are one step away. Now climb by hand: begin with the cell below, change one edge at a time, and keep what is better (**Back to the best** takes you there). Each cell that you look at is a training. Twenty local searches begin with the same cell. Can you be ahead of their median after 15 trainings?

# %%
CellBuilder(atlas, seed=3)

# %% [markdown]
# Your advantage: you have seen in section 3 what carries a network, and you see at once which cells are twins. Local search (White et al. 2021) knows nothing but the scores.
#
# ## 6. Good and bad encodings
# Moving by small steps helps only if a small step is a small change of the score. Take a **random walk**: begin anywhere, change one decision at random, again and again, and write the scores down. How alike are scores that are k steps apart? Their **correlation** says it (over ranks, since a few cells that learn nothing would dominate otherwise).
#
# ### Exercise 3.5. Correlation along a walk
# Write `correlation(scores, steps)`, for the list of the scores along one walk: the correlation (Pearson's) between the score at a place and the score `steps` places later, over all places for which both exist. `steps` may be 0, then it is 1.


# %% exercise="3.5"
def correlation(scores, steps):
    ### BEGIN SOLUTION
    scores = np.asarray(scores, dtype=float)
    return float(np.corrcoef(scores[: len(scores) - steps], scores[steps:])[0, 1])
    ### END SOLUTION


# %% check="3.5"
check("3.5")

# %% [markdown]
# The same cells can be written in other ways. Say somebody numbers them from 0 to 15,624, and hands a search the fourteen **bits** of the number, 14 yes or no decisions, as genetic algorithms once did. One step then flips one bit. No cell has a number above 15,624, so there the walk does not move.

# %%
predict("03-walk", "Correlation of the ranks one step apart, over bits", least=-1, most=1)

# %%
order = np.argsort(atlas.accuracies, kind="stable")
ranks = np.argsort(order, kind="stable") / len(atlas.cells)
place = {world.space.key(each): row for row, each in enumerate(atlas.cells)}


def walk(step, start, length, rng):
    """The ranks of the cells along a random walk; `step` makes a row from a row."""
    rows = [start]
    for _ in range(length):
        rows.append(step(rows[-1], rng))
    return ranks[rows]


def by_edge(row, rng):
    return place[world.space.key(world.space.mutate(atlas.cells[row], rng))]


def by_bit(row, rng):
    flipped = row ^ (1 << int(rng.integers(14)))
    return flipped if flipped < len(atlas.cells) else row


# %%
steps = range(1, 11)
for name, step in (("six edges", by_edge), ("fourteen bits", by_bit)):
    scores = walk(step, 5000, 20_000, np.random.default_rng(0))
    plt.plot(steps, [np.corrcoef(scores[:-k], scores[k:])[0, 1] for k in steps], label=name)
plt.title("Random walks through the same 15,625 cells")
plt.xlabel("steps apart")
plt.ylabel("correlation of the ranks")
plt.ylim(0, 1)
plt.legend()
plt.show()
measured("03-walk", round(float(np.corrcoef(scores[:-1], scores[1:])[0, 1]), 2))

# %% [markdown]
# About 0.7 over edges, and a quarter over bits. A flipped bit changes three or four operations at once, on average: the thirteenth bit, for instance, stands for 4,096, which is 112341 to the base of five. Such a step is nearly a random draw.

# %% claim="After one step 0.70 with edges and a quarter with bits, exactly; the walks say the same"
table = ranks.reshape((5,) * 6) - ranks.mean()
moved = sum((table.sum(axis=axis, keepdims=True) - table) / 4 for axis in range(6)) / 6
exact = {"edges": (table * moved).mean() / table.var()}
flat, rows = table.ravel(), np.arange(15_625)
flips = [np.where((rows ^ (1 << bit)) < 15_625, rows ^ (1 << bit), rows) for bit in range(14)]
exact["bits"] = np.mean([flat * flat[flip] for flip in flips]) / flat.var()
assert abs(exact["edges"] - 0.70) < 0.005 and abs(exact["bits"] - 0.25) < 0.005
digits = np.array([rows // 5**power % 5 for power in range(6)])
changed = np.mean([(digits[:, flip != rows] != digits[:, flip[flip != rows]]).sum(axis=0).mean()
                   for flip in flips])  # fmt: skip
assert 3 < changed < 4 and int("112341", 5) == 4096
for seed in range(3):
    for name, step in (("edges", by_edge), ("bits", by_bit)):
        seen = walk(step, 100 * seed, 20_000, np.random.default_rng(seed))
        assert abs(np.corrcoef(seen[:-1], seen[1:])[0, 1] - exact[name]) < 0.05

# %% [markdown]
# What does that cost a search? Local search with each encoding, and random search, which has no steps and so no encoding: 100 trials, twenty seeds each.

# %%
bits = Space({f"bit{power}": Boolean() for power in range(14)})


def score_of_bits(suggestion):
    row = sum(2**power for power in range(14) if suggestion.configuration[f"bit{power}"])
    return atlas.accuracies[row] if row < len(atlas.cells) else float("nan")  # no such cell


def score_of_edges(suggestion):
    return world.accuracy(suggestion.configuration)


# %%
predict(
    "03-encoding",
    "Local search over bits, after 100 trials, is",
    options=["close to local search over edges", "in the middle", "close to random search"],
)

# %%
contest = {
    "local search, edges": (LocalSearch, world.space, score_of_edges),
    "local search, bits": (LocalSearch, bits, score_of_bits),
    "random search": (Random, world.space, score_of_edges),
}
runs = {
    name: [Search(strategy(space), seed=seed).run(score, trials=100) for seed in range(20)]
    for name, (strategy, space, score) in contest.items()
}
plots.anytime(runs, name="best accuracy so far")
plt.show()

# %%
ends = {name: np.array([run.best().score for run in each]) for name, each in runs.items()}
print({name: f"{100 * found.mean():.2f} %" for name, found in ends.items()})
measured("03-encoding", "close to random search")

# %% [markdown]
# The cells, their accuracies and the strategy are the same; only the way of writing has changed, and nearly all of the strategy's advantage is gone.

# %% claim="Local search over bits keeps less than a third of its advantage over random search"
drawn = luck.best_of(atlas.accuracies, 100)
for seeds in (range(20), range(100, 120), range(200, 220)):
    mean = {
        name: np.mean([Search(strategy(space), seed=seed).run(score, trials=100).best().score
                       for seed in seeds])
        for name, (strategy, space, score) in contest.items() if strategy is LocalSearch
    }  # fmt: skip
    gain = {name: mean[f"local search, {name}"] - drawn for name in ("edges", "bits")}
    assert gain["edges"] > 0.012 and gain["bits"] < gain["edges"] / 3

# %% [markdown]
# ### Exercise 3.6. Find the bug: choices in an order
# Models that predict accuracy need numbers in place of operations, and they rely on **distances**: what is near should score alike. A colleague's `encode` gives each operation its place in the list, so `none` and `avg_pool_3x3` are four times as far apart as `none` and `skip_connect`. Nobody has decided that. Repair it: return a list of numbers in which any two cells that differ on **one** edge are equally far apart, whatever the two operations are, and cells that differ on more edges are farther apart. `operations` is the list to choose from, and `cell` has one of them on each edge.


# %% exercise="3.6"
def encode(cell, operations):
    ### BEGIN SOLUTION
    #: return [operations.index(operation) / (len(operations) - 1) for operation in cell.values()]
    return [float(operation == each) for operation in cell.values() for each in operations]
    ### END SOLUTION


# %% check="3.6"
check("3.6")

# %% [markdown]
# Does it matter? Train nothing, predict: the accuracy of a cell is guessed as the mean of its three nearest among 200 known cells. The order of the list is the colleague's; a second order is as arbitrary; the third one is by what an operation can do, which is knowledge.

# %%
operations = world.space.operations
orders = {
    "as listed": operations,
    "another order": ("nor_conv_1x1", "avg_pool_3x3", "nor_conv_3x3", "none", "skip_connect"),
    "by what it can do": ("none", "avg_pool_3x3", "skip_connect", "nor_conv_1x1", "nor_conv_3x3"),
}
codes = np.array([[operations.index(each) for each in cell.values()] for cell in atlas.cells])
features = {"no order": np.eye(5)[codes].reshape(len(codes), -1)}
for name, order in orders.items():
    features[name] = np.array([order.index(each) for each in operations])[codes] / 4


def agreement(points, seed):
    """Spearman's correlation of guesses and accuracies, for 1,000 cells and 200 known ones."""
    chosen = np.random.default_rng(seed).choice(len(points), 1200, replace=False)
    known, asked = chosen[:200], chosen[200:]
    distance = ((points[asked][:, None] - points[known]) ** 2).sum(axis=2)
    near = np.argsort(distance, axis=1, kind="stable")[:, :3]
    return spearmanr(atlas.accuracies[known][near].mean(axis=1), atlas.accuracies[asked])[0]


# %%
predict(
    "03-order",
    "Which encoding gives the best guesses?",
    options=["no order", *orders],
)

# %%
found = {
    name: np.mean([agreement(points, seed) for seed in range(5)])
    for name, points in features.items()
}
print({name: round(float(value), 2) for name, value in found.items()})
measured("03-order", max(found, key=found.get))

# %% [markdown]
# An order is a claim about the world. If it is true it helps (`Choice(..., ordered=True)` says so, for widths and batch sizes for instance). If it is an accident of typing it does harm, and how much is an accident, too.

# %% claim="A true order is ahead of no order, and no order is ahead of the two accidental ones"
for seed in range(3):
    seen = {name: agreement(points, seed) for name, points in features.items()}
    assert seen["by what it can do"] > seen["no order"] + 0.05
    assert seen["no order"] > seen["as listed"] + 0.1 > seen["another order"] + 0.2

# %%
recall(
    "03-encoding",
    "Another encoding changes nothing for random search. Why?",
    answer="It draws each cell with the same chance, however the cell is written, and uses no neighbours. Only strategies that use neighbours or distances can lose by an encoding.",
)

# %% [markdown]
# ## 7. Macro against micro, for equal trainings
# Which kind is better? Compare them on the same images (handwritten digits, rotated by up to 45 degrees), with the same optimizer and 20 epochs for each training. The layers are dense.
# - **Macro:** one to three layers, and each has a width of its own, 4 to 64 units.
# - **Micro:** one width is decided, and the layer is repeated one to three times: the layer is the cell.
#
# Both also choose the dropout. Both get fifteen random candidates, trained now.

# %%
few = dict(epochs=20, data="mnist-5k-rotated", seeds=1)
repeated = Space({name: SHAPES.space.parameters[place].domain for place, name in
                  ((0, "layers"), (1, "units"), (4, "dropout"))})  # fmt: skip


def build(configuration, shape, classes):
    training = {"learning_rate": 0.002, "batch_size": 256}
    return FastPerceptron({**configuration, **training}, shape, classes)


kinds = {
    "macro": Live(replace(SHAPES, epochs=20)),
    "micro": Live(Recipe("one width", repeated, engines={"numpy": build}, **few)),
}
print({name: f"{kind.space.count:,} candidates" for name, kind in kinds.items()})

# %%
predict(
    "03-macro",
    "The best of fifteen will be found by",
    options=["macro, by more than 2 points", "micro, by more than 2 points", "neither"],
)

# %%
trained = {
    name: Search(Random(kind.space), seed=0).run(kind, trials=15) for name, kind in kinds.items()
}
for name, trials in trained.items():
    scores = [trial.score for trial in trials]
    print(f"{name}: best {max(scores):.1%}, mean {np.mean(scores):.1%}, worst {min(scores):.1%}")

# %%
lead = 100 * (trained["macro"].best().score - trained["micro"].best().score)
ahead = f"{'macro' if lead > 0 else 'micro'}, by more than 2 points"
measured("03-macro", ahead if abs(lead) > 2 else "neither")

# %% [markdown]
# Macro has 1.4 million candidates and holds every one of micro's 1,098, so with a training for each of them it cannot lose. With fifteen trainings its freedom finds nothing better. (One search each is one draw of luck; lab 13 is about that. So look at the reason, too.) A network is limited by its narrowest layer:

# %%
narrow, wide = [], []
for trial in [*trained["macro"], *trained["micro"]]:
    units = [value for name, value in trial.configuration.items() if name.startswith("units")]
    (narrow if min(units) < 16 else wide).append(trial.score)
print(f"narrowest layer below 16 units: mean {np.mean(narrow):.1%}, else {np.mean(wide):.1%}")

# %% [markdown]
# Of several widths that are drawn one by one some are narrow: 34 % of the macro candidates have a layer of less than 16 units, against 20 % of the micro ones.
#
# And both lack something that no width can replace. The cells of `Cells` were trained on the same images for 12 epochs (with another optimizer), and their list of operations has a convolution:

# %%
cells = Cells()
accuracies = np.array([cells.accuracy(each) for each in cells.space.enumerate()])
print(f"cells: best of 15 {luck.best_of(accuracies, 15):.1%}, mean {accuracies.mean():.1%}")

# %% claim="Macro holds micro and is not ahead; 34 % of it has a layer below 16 units, of micro 20 %"
counts = [kind.space.count for kind in kinds.values()]
assert counts[0] > 1.3e6 and counts[1] == 1_098
assert lead < 2  # three more searches of 15 each: macro minus micro 0.8, -2.5 and -3.3 points
chance = (64 - 16 + 1) / (64 - 4 + 1)
shares = [1 - np.mean([chance**layers for layers in (1, 2, 3)]), 1 - chance]
assert abs(shares[0] - 0.34) < 0.01 and abs(shares[1] - 0.2) < 0.01
assert len(narrow) >= 3 and np.mean(narrow) < np.mean(wide) - 0.05

# %% claim="The best of fifteen random cells is ahead of both kinds of dense networks"
assert luck.best_of(accuracies, 15) > max(run.best().score for run in trained.values()) + 0.01

# %%
recall(
    "03-macro",
    "One network for one data set and a month of training; or ten data sets with a day each. Which kind of space for which?",
    answer="For the one, a macro space: it may hold what no cell can express. For the ten, a micro space: the cell is searched once, on something small, and stacked for each data set.",
)

# %% [markdown]
# ## 8. The space decides more than the strategy
# Two of the five operations are left out, and random search draws from the rest: 3⁶ = 729 cells. There are ten such lists. Beside them, four strategies search with all five operations. All have 50 trials.

# %%
predict(
    "03-lists",
    "Which matters more: the three operations that are kept, or the strategy?",
    options=["the operations", "the strategy", "both alike"],
)

# %%
lists = {}
for kept in combinations(operations, 3):
    found = [world.accuracy(each) for each in EdgeCells(kept).enumerate()]
    lists[", ".join(each.removeprefix("nor_") for each in kept)] = found
expected = {name: luck.best_of(found, 50) for name, found in lists.items()}
contest = ["random", "tpe", "regularized_evolution", "local_search"]
strategies = race(world, contest, trials=50, seeds=20).best()
whole = {name: found.mean() for name, found in strategies.items()}

# %%
names = sorted({**expected, **whole}, key={**expected, **whole}.get)
axes = plt.subplots(figsize=(7, 4.4))[1]
for part, label, mark in ((expected, "three operations", "o"), (whole, "all five", "s")):
    found, rows = [100 * value for value in part.values()], [names.index(name) for name in part]
    axes.plot(found, rows, mark, label=label, markersize=8)
axes.set_yticks(range(len(names)), names)
axes.set(xlabel="best accuracy of 50 trials, mean, %", title="Which operations, which strategy")
axes.legend(loc="upper left")
plt.show()

# %%
spread = [100 * (max(each.values()) - min(each.values())) for each in (expected, whole)]
print(f"from list to list {spread[0]:.1f} points, from strategy to strategy {spread[1]:.1f}")
measured("03-lists", "the operations" if spread[0] > spread[1] else "the strategy")

# %% [markdown]
# The lists are 14 points apart, the strategies less than two. With the best list random search finds as much as the best of these strategies with all operations. With a bad list no strategy could help, since the good cells are not in it: without the convolution of 3x3 at least three points are lost. Which list is good? Here knowledge of the subject says it: a convolution learns, `none` and pooling do not. Where such knowledge is wrong, it costs as much as it gains here.

# %% claim="Lists are 14 points apart, strategies less than two; no list without 3x3 comes near"
assert spread[0] > 14 and spread[1] < 2
top = max(expected.values())
assert "conv_1x1, conv_3x3" in max(expected, key=expected.get)
assert whole["tpe"] == max(whole.values()) and abs(whole["tpe"] - top) < 0.006
without = [value for name, value in expected.items() if "3x3" not in name.replace("pool_3x3", "")]
assert len(without) == 4 and max(without) < min(whole.values()) - 0.03

# %% claim="The best strategy in the whole space is as good as the best list, with other seeds too" tags=["nightly"]
more = race(world, ["tpe"], trials=50, seeds=40).best()["tpe"]
assert abs(more[20:].mean() - max(expected.values())) < 0.006

# %% [markdown]
# ### Good, careless, huge
# Now hyperparameters, and three people who write down a space for a small perceptron on digits.
# - The **careless** one takes everything the table has: 4,536 configurations.
# - The **good** one knows the subject, and no result of this table: Adam, with the rates that are usual for it; not less than 16 units; little dropout in a small network. 324 configurations.
# - The **huge** one wants to miss nothing: up to six layers, 1 to 128 units, any dropout, rates from a millionth to ten.

# %%
mlps = MLPs()
kept = {
    "optimizer": ["adam"], "learning_rate": [1e-3, 3e-3, 1e-2],
    "units": [16, 32, 64], "dropout": [0.0, 0.2],
}  # fmt: skip
good = Space({p.name: Choice(kept.get(p.name, p.domain.items)) for p in mlps.space.parameters})
huge = Space(
    {
        "layers": Integer(1, 6),
        "units": Integer(1, 128, log=True),
        "activation": Choice(["relu", "tanh", "gelu"]),
        "dropout": Float(0, 0.9),
        "learning_rate": Float(1e-6, 10, log=True),
        "batch_size": Integer(64, 1024, log=True),
        "optimizer": Choice(["adam", "sgd"]),
    }
)
print(f"{good.count} good, {mlps.space.count:,} careless, {huge.count} huge")

# %%
predict("03-useful", "Share of the huge space that reaches 90 %", unit="%")

# %% [markdown]
# Nobody has a table of the huge one, so 40 of its members are trained here.

# %%
live = Live(
    Recipe("a huge space", huge, "digits", epochs=40, seeds=1, engines={"numpy": FastPerceptron})
)
draws = Search(Random(huge), seed=0).run(live, trials=40)
scores = {
    "good": [mlps.accuracy(each) for each in good.enumerate()],
    "careless": [mlps.accuracy(each) for each in mlps.space.enumerate()],
    "huge": [trial.score for trial in draws],
}
scores = {name: np.nan_to_num(np.array(found)) for name, found in scores.items()}  # failed: 0
print({name: f"{np.mean(found > 0.9):.0%} reach 90 %" for name, found in scores.items()})
measured("03-useful", round(100 * float(np.mean(scores["huge"] > 0.9))))

# %% [markdown]
# What random search finds on average follows from the scores exactly, without a search (`luck.best_of`; for the huge space from its 40). In the careless space, four strategies search beside it.

# %%
predict(
    "03-catch",
    "Trials until the best of the strategies in the careless space is ahead",
    unit="trials",
)

# %%
contest = ["tpe", "bayesian", "regularized_evolution", "local_search"]
careful = race(mlps, contest, trials=60, seeds=20)
at = np.arange(1, 61)
curves = {
    f"random, {name}": np.array([[luck.best_of(found, n) for n in at]])
    for name, found in scores.items()
}
curves |= {f"{name}, careless": careful.curves(name, at) for name in contest}

# %%
for place, (name, found) in enumerate(curves.items()):
    missing = 100 * (mlps.optimum - found.mean(axis=0))
    look = dict(color=theme.PALETTE[place % 6], linestyle=theme.DASHES[place % 4], marker="")
    plt.semilogy(at, missing, label=name, linewidth=3 if place == 0 else 1.4, **look)
plt.title("How many points the best so far lies below the best of the table")
plt.xlabel("trials")
plt.yticks([0.3, 1, 3, 10, 30, 100], ["0.3", "1", "3", "10", "30", "100"])
plt.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %%
ahead = curves["random, good"][0]
rivals = np.max([curves[f"{name}, careless"].mean(axis=0) for name in contest], axis=0)
catch = int(at[np.argmax(rivals > ahead)])
measured("03-catch", catch)
print(
    f"random search in the careless space needs {luck.draws_for(scores['careless'], ahead[9])} trials for what the good one gives in 10"
)

# %% [markdown]
# With one trial: 96 against 59 %, on average. With ten, random search in the good space is ahead of every strategy in the careless one by more than a point. The best of them, the Bayesian one, needs more than thirty trials to catch up, and at sixty the two are about equal. Until then the strategies learn what the good space has known from the beginning: that rates of a tenth and of a ten-thousandth are useless here. In the huge space one draw of twenty reaches 90 %, and a search begins with many candidates that learn nothing.
#
# Was it fair? The good space has been written by somebody who knows perceptrons, not by somebody who knows this table; but the author of a lab can look at a table. So do the test on your own problem: draw ten from your space, and see how many of them are useful.

# %% claim="One draw: 96 against 59 %; ten: a point ahead of every strategy; equal at sixty"
assert (
    abs(curves["random, good"][0, 0] - 0.96) < 0.01 > abs(curves["random, careless"][0, 0] - 0.59)
)
for name in contest:
    for part in (slice(0, 10), slice(10, 20)):
        found = curves[f"{name}, careless"][part].mean(axis=0)
        assert ahead[9] - found[9] > 0.005 and np.all(ahead[:15] > found[:15] - 0.001)
assert ahead[9] - rivals[9] > 0.01 and 30 < catch <= 60 and abs(rivals[-1] - ahead[-1]) < 0.002
assert max(contest, key=lambda name: careful.best()[name].mean()) == "bayesian"

# %% claim="Of the good space nearly all reach 90 %, of the careless a third, of the huge one in 20"
reach = {name: np.mean(found > 0.9) for name, found in scores.items()}
assert reach["good"] > 0.9 and 0.25 < reach["careless"] < 0.4
# 180 draws: 5.6 %. Of 40 draws more than 8 would be a chance of 1e-3, were it 5.6 %.
assert reach["huge"] <= 0.2
for seed in range(3):
    beginning = np.random.default_rng(seed).permutation(scores["huge"])[:13]
    assert beginning.mean() < scores["careless"].mean() < scores["good"].mean()

# %%
recall(
    "03-prior",
    "How would you notice that your own good space is too narrow?",
    answer="If the best candidates lie at its border, say all at the largest width: widen that decision, and only that one.",
)

# %% [markdown]
# ## 9. To Keras Tuner, and back
# In Keras Tuner a space is what a function asks for. `coursekit.tuners.conversion` translates both ways, conditions and scales included:

# %%
import keras_tuner as kt

from coursekit.tuners.conversion import from_hyperparameters, to_hyperparameters

hp = to_hyperparameters(chains)
print(type(hp).__name__, hp.values)
print(f"{from_hyperparameters(hp).count:,} chains came back")

# %% [markdown]
# The other way: two programs ask for the widths of one to three layers. The first asks for all three, whatever the depth; the second says beside which depths a width exists.


# %%
def flat(hp):
    hp.Int("depth", 1, 3)
    for layer in (1, 2, 3):
        hp.Choice(f"units{layer}", [8, 16, 32])


def nested(hp):
    hp.Int("depth", 1, 3)
    for layer in (1, 2, 3):
        with hp.conditional_scope("depth", list(range(layer, 4))):
            hp.Choice(f"units{layer}", [8, 16, 32])


# %%
predict(
    "03-scopes", "Configurations of the first program for each network that it can build", unit=""
)

# %%
counts = {}
for program in (flat, nested):
    hp = kt.HyperParameters()
    program(hp)
    counts[program.__name__] = from_hyperparameters(hp).count
print(counts)
measured("03-scopes", round(counts["flat"] / counts["nested"], 2))

# %% [markdown]
# Both programs build the same 3 + 9 + 27 = 39 networks. The flat one offers 81 configurations for them, so a search that cannot tell trains some networks again, and a model learns from differences that do not exist. Write conditions down. (The kit's tuners also notice, trial by trial, what a program did not ask for.)

# %% claim="The chains come back from Keras Tuner; 81 configurations for 39 networks"
assert from_hyperparameters(to_hyperparameters(chains)).count == chains.count
assert counts == {"flat": 81, "nested": 3 + 9 + 27}

# %% [markdown]
# ## 10. A space of yours
# Put your own space in place of `mine`, and your own training in place of `train` (here it is a formula). The cell counts the space, walks through it and tells how alike neighbours score. Near 0: no strategy that moves by steps has a reason to beat random search. Then write the same space in another manner, and walk again.

# %%
mine = Space(
    {
        "units": Integer(8, 256, log=True),
        "learning_rate": Float(1e-5, 1, log=True),
        "optimizer": Choice(["adam", "sgd"]),
        "momentum": Float(0, 0.99).when(optimizer="sgd"),
    }
)


def train(configuration):
    """The score of a configuration: put your own training here."""
    best = 1e-3 if configuration["optimizer"] == "adam" else 1e-1
    miss = np.log10(configuration["learning_rate"] / best)
    return 0.9 - 0.05 * miss**2 - 0.02 * abs(np.log2(configuration["units"] / 64))


# %%
rng = np.random.default_rng(0)
place = mine.sample(rng)
seen = []
for _ in range(200):  # fewer if a training takes long
    seen.append(train(place))
    place = mine.mutate(place, rng)
print(
    f"{mine.count} configurations; correlation after one step {np.corrcoef(seen[:-1], seen[1:])[0, 1]:.2f}"
)

# %% [markdown] conclusion="03"
# ## 11. Your conclusion
# A colleague has written a space of 10¹² networks "to be on the safe side", has 60 trainings, and asks you for the best strategy. Write four or five sentences of advice.
#
# - It begins with the space: which decisions can be struck or narrowed by what is known, and which are worth keeping.
# - It asks for scales, orders and conditions, so that near means alike and equal networks have one configuration.
# - It proposes a cheap test: a few random draws (how many are useful?) or a walk (do neighbours score alike?).
# - It says how one would notice a space that is too narrow: best candidates at the border.
# - It names a strategy last, and random search in the same space as its control.

# %% [markdown]
# ## 12. What to take away
# - A space is a list of decisions with domains and conditions. Count it before you search it: decisions multiply.
# - Macro spaces decide each layer, micro spaces decide a cell that a skeleton repeats.
# - Much of a space may be the same: a canonical form tells, and a definition of *the same* comes first.
# - An encoding decides what is near. Strategies that move or model are as good as their encoding; random search does not care.
# - An order among choices is a claim about the world: make it on purpose.
# - Knowledge in the space pays from the first trial on, and wrong knowledge costs as much.
#
# **Read on:** cells of blocks, Zoph et al. 2018 (`zoph2018learning`), with the guide `references/nasnet_cells.md`, after the macro space of Zoph and Le 2017 (`zoph2017neural`). The benchmark, Dong and Yang 2020 (`dong2020nasbench201`), with the guide `references/nas_bench_201.md`; its extension, Dong et al. 2021 (`dong2021natsbench`). Progressive search, Liu et al. 2018 (`liu2018progressive`). Local search, White et al. 2021 (`white2021exploring`). A survey that begins with search spaces: Elsken et al. 2019 (`elsken2019neural`). The keys are in `references/references.bib`.

# %%
progress()
