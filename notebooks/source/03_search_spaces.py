# %% [markdown]
# # Lab 03. Search spaces, macro and micro
#
# Before any search, somebody writes down what may be chosen. That list is short, nobody reviews it, and it decides more than the strategy that later searches in it: what the space does not hold is never found, what it holds in vain is tried all the same, and how it is written down decides which candidates are neighbours. In this lab you build spaces of both kinds, count them, find out how many of their members are really different, walk through them, and measure what a good space is worth.
#
# **After it you can**
# - write a macro space (a chain of layers) and a micro space (a cell), and count both, by hand too;
# - say which edges of a cell matter, and when two cells are the same network;
# - change a candidate without making an impossible one;
# - measure whether an encoding keeps good candidates together, and what a bad one costs;
# - compare spaces fairly: the same images, the same number of trainings;
# - move a space to Keras Tuner and back.
#
# **It takes** about 80 seconds of computing on two cores (all cells), and an hour or two of your time. **Budget:** 8 networks are trained for 12 epochs on 3,000 images, and 60 small perceptrons; everything else is replayed from tables. No GPU, no network connection.
#
# **How it works:** predict before you run; change whatever can be clicked; write code where it says so, then run the check below it. Stuck? `hint("3.1")`, and again for more; after a try, `solution("3.1")`.

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import spearmanr

from coursekit import plots, theme
from coursekit.labs import check, hint, measured, predict, progress, recall, solution
from coursekit.race import luck, race, report
from coursekit.search import Search
from coursekit.spaces import BlockCells, Boolean, Chain, Choice, EdgeCells, Float, Integer, Space
from coursekit.strategies import LocalSearch, Random
from coursekit.widgets import CellBuilder
from coursekit.worlds import Cells, Live, MLPs, NASBench201
from coursekit.worlds.atlas import Atlas
from coursekit.worlds.recipes import CHAINS, Recipe

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

# %% claim="15,625 cells, 5,425 networks, 4,930 formulas; 6,466 by the paper's own texts"
from coursekit.labs.exercises import find

assert len(atlas.cells) == 15_625 and different == 5_425
names = {}
exec(find("3.3")[1].solution, names)
formulas = [names["formula"](each, 4) for each in atlas.cells]
assert len(set(formulas)) == 4_930
assert len(set(zip(formulas, atlas.networks.tolist()))) == 5_425  # the kit's form is the stricter


def text(cell):  # the paper's: a dead edge leaves a mark
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
# So a third of the cells are different. The paper itself says 6,466, and both numbers are right: its texts keep a mark for each edge that brings nothing, so they separate cells that are the same network, and like our formulas they do not tell one shared convolution from two. *Really different* has to be defined before it is counted.
#
# Twins are a gift, since the benchmark has trained each cell by itself. How far apart are networks that are the same, and how far apart are all?

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
# The first number is the noise of training. A search that does not know twins pays for it: of 200 random cells, how many are a network that was drawn before?

# %%
drawn = np.random.default_rng(0).choice(atlas.networks, 200)
print(f"{200 - len(set(drawn.tolist()))} of 200 random cells are networks that were drawn before")

# %% claim="About one random cell in eight is a twin of an earlier one"
repeated = [
    200 - len(set(np.random.default_rng(seed).choice(atlas.networks, 200).tolist()))
    for seed in range(20)
]
assert 18 < np.mean(repeated) < 32 and min(repeated) >= 8

# %% [markdown]
# ### Cells of blocks
# NASNet's cells (Zoph et al. 2018) are written in another manner: a cell is a list of **blocks**. A block takes two inputs, puts an operation on each and adds the results; later blocks may read earlier ones, and what no block reads is the output. The inputs of the first block are the outputs of the two cells before this one.

# %%
blocks = BlockCells(blocks=(1, 5))
plots.cell(blocks, blocks.sample(np.random.default_rng(7)))
plt.show()
for number in range(1, 6):
    print(f"{number} blocks: {BlockCells(blocks=number).count:,} cells")

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
# The same cells can be written in other ways. Say somebody numbers them from 0 to 15,624, and hands a search the fourteen **bits** of the number, 14 yes or no decisions, as genetic algorithms once did. One step then flips one bit. Numbers above 15,624 are no cells, so the walk stays where it is.

# %%
predict("03-walk", "Correlation after one step: 1 is perfect, 0 is none", least=-1, most=1)

# %%
ranks = np.argsort(np.argsort(atlas.accuracies)) / len(atlas.cells)
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
# You have predicted for the bits, or for the edges? Both are there: about 0.7 with edges, a quarter with bits. A flipped bit changes several operations at once (adding 4,096 changes five digits of a number to the base of five), so a step is a leap.

# %% claim="After one step 0.70 with edges and a quarter with bits, exactly; the walks say the same"
table = ranks.reshape((5,) * 6) - ranks.mean()
moved = sum((table.sum(axis=axis, keepdims=True) - table) / 4 for axis in range(6)) / 6
exact = {"edges": (table * moved).mean() / table.var()}
flat, rows = table.ravel(), np.arange(15_625)
flips = [np.where((rows ^ (1 << bit)) < 15_625, rows ^ (1 << bit), rows) for bit in range(14)]
exact["bits"] = np.mean([flat * flat[flip] for flip in flips]) / flat.var()
assert abs(exact["edges"] - 0.70) < 0.005 and abs(exact["bits"] - 0.25) < 0.005
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
    "Random search found as much as before when the cells were numbered anew. Why?",
    answer="It draws each cell with the same chance, whatever it is called: it uses no neighbourhood. Only strategies that use one can lose it.",
)

# %%
progress()
