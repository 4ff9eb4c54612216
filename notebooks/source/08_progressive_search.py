# %% [markdown]
# # Lab 08. Progressive search
#
# Random search, evolution and a controller meet large networks from the first trial on. Progressive search (Liu et al. 2018) starts with the simplest ones. It trains all of them, lets the best grow by one step in every way, and asks a small model, the **surrogate**, which of the children should be trained. So most candidates are never trained. In this lab you build the search out of its parts, look at what it expands, ranks and drops, find out where its surrogate is wrong, and put the claim of the paper, "up to five times" fewer trainings, to the test.
#
# **After it you can**
# - expand cells step by step without training a network twice;
# - describe cells of any size by features of one length;
# - judge a surrogate where a search needs it: at the top, and on cells larger than any that it has seen;
# - say what the width of the beam and the size of the ensemble do, with data;
# - test a claim of the form "n times fewer trainings" by seeds, and against rivals at their best;
# - let your own network grow layer by layer.
#
# **It takes** about 90 seconds of computing on two cores (all cells), and an hour or two of your time. **Budget:** twelve trainings of a small NumPy network; all else is replayed from a table. No GPU, no network.
#
# **How it works:** predict before you run; move whatever has a slider; write code where the text asks for it, then run the check below it. If you are stuck: `hint("8.1")`, and again for more; after a try, `solution("8.1")`.

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import kendalltau

from coursekit import Chain, Integer, Search, data, plots, theme
from coursekit.labs import check, hint, measured, predict, progress, recall, solution
from coursekit.plots import progression
from coursekit.race import race, report
from coursekit.race.milestones import best_mean, trainings_until
from coursekit.race.significance import compare, holm, wilcoxon
from coursekit.strategies import Progressive
from coursekit.surrogates.mlp import MLPEnsemble
from coursekit.training.numpy.perceptron import train_perceptron
from coursekit.widgets import Beam
from coursekit.worlds import NASBench201

theme.use()  # figures follow JupyterLab's theme

# %% [markdown]
# ## 1. From simple to complex
# The world is NAS-Bench-201 again: cells with six edges and five operations, all 15,625 of them trained on CIFAR-100. The **size** of a cell says how much of it is in use. Size 1 has only the edge from the input to the output. Size 2 adds node 1 with its edges, size 3 adds node 2. (In the paper, a cell grows by a *block* of two operations, up to five blocks; `BlockCells` is that space.)

# %%
world = NASBench201("cifar100")
space = world.space
cells = list(space.enumerate())
accuracies = np.array([world.accuracy(cell) for cell in cells])
sizes = np.array([space.complexity(cell) for cell in cells])
for size in (1, 2, 3):
    print(f"size {size}: {np.sum(sizes == size):6,} cells")

# %%
predict("08-small", "How good is the best cell of size 2? (The best of all: 73.5 %)", unit="%")

# %%
for size in (1, 2, 3):
    of_size = 100 * np.sort(accuracies[sizes == size])[::-1]
    plt.plot(
        (np.arange(len(of_size)) + 0.5) / len(of_size), of_size, marker="", label=f"size {size}"
    )
plt.title("The cells of each size, the best first")
plt.xlabel("share of the cells")
plt.ylabel("validation accuracy, %")
plt.legend()
plt.show()

# %%
measured("08-small", round(100 * accuracies[sizes == 2].max(), 1))

# %% [markdown]
# The best small cells come near the best large ones, and there are few of them: 125 cells have size 1 or 2. So a search can afford to look at the small ones first. Are the good large cells also children of good small ones? Take the parents, the cells of size 2, and the best child of each.


# %%
def best_child(parent):
    """The accuracy of the best cell that grows out of this one by a step."""
    return max(world.accuracy(child) for child in space.grow(parent))


# %%
parents = [cells[place] for place in np.flatnonzero(sizes == 2)]
own = np.array([world.accuracy(parent) for parent in parents])
children = np.array([best_child(parent) for parent in parents])
tau = kendalltau(own, children).statistic
plt.plot(100 * own, 100 * children, "o")
plt.title(f"Cells of size 2 and their best children: Kendall's tau {tau:.2f}")
plt.xlabel("accuracy of the parent, %")
plt.ylabel("of its best child, %")
plt.show()

# %% [markdown]
# Better parents have better best children: this is what the method rests on. Look at the left of the figure, too: each parent that learns nothing has a child above 67 %, because a child brings new edges.

# %% claim="Few cells are small, the best of them come near, and better parents have better best children"
assert np.sum(sizes < 3) == 125 and abs(accuracies[sizes == 2].max() - 0.704) < 0.0005
assert tau > 0.4
assert sum(own < 0.02) == 8 and children[own < 0.02].min() > 0.67

# %% [markdown]
# ## 2. Expand, without twins
# Many children are **twins**: they differ as dictionaries, but build the same network. An edge that leads nowhere changes nothing, and two nodes may be exchanged. To train both is to pay twice. `space.canonical(cell)` is equal for two cells exactly if they are twins.

# %%
predict("08-twins", "The 120 cells of size 2: how many different networks?", least=1, most=120)

# %% [markdown]
# ### Exercise 8.1. Expand without twins
# Write `expand(space, parents, known)`. It returns the children of all parents (`space.grow(parent)` gives those of one) as a list, in this order, but of several twins only the first. `known` is a set of canonical forms: leave out the children that have one of these.
#
# By hand: the parent has the operation *a* from input to output, written a-none-none (edges 0-2, 0-1, 1-2). The children a-b-none and a-none-b both have an edge that leads nowhere. They are twins of each other, and of their parent.


# %% exercise="8.1"
def expand(space, parents, known):
    ### BEGIN SOLUTION
    seen = set(known)
    children = []
    for parent in parents:
        for child in space.grow(parent):
            form = space.canonical(child)
            if form not in seen:
                children.append(child)
            seen.add(form)
    return children
    ### END SOLUTION


# %% check="8.1"
check("8.1")

# %%
forms = [space.canonical(cell) for cell in cells]
small = [form for form, size in zip(forms, sizes) if size == 2]
measured("08-twins", len(set(small)))

# %% claim="Half of the cells of size 2 are twins of others"
assert len(set(small)) == 60

# %% [markdown]
# ## 3. A surrogate for cells of any size
# The surrogate reads features and returns a prediction. But a neural network reads vectors of one length, and cells come in all sizes. The paper has two answers: an LSTM that reads the cell token by token, and a perceptron that reads the **mean** of the tokens. The mean has the same length for every size. On larger cells than those seen, the perceptron ranked slightly better, and the paper's search uses it: an **ensemble** of five, each of which sees four fifths of the trainings.
#
# ### Exercise 8.2. Features of cells of any size
# Write `features(cell, operations)` for a cell like `{"0-1": "conv", "0-2": "none", ...}` with any number of edges. It returns a list: for each operation in `operations` its share among the edges that are not `"none"`, and at the end the number of these edges. If there are no such edges, all shares are 0.


# %% exercise="8.2"
def features(cell, operations):
    ### BEGIN SOLUTION
    used = [each for each in cell.values() if each != "none"]
    return [used.count(each) / max(1, len(used)) for each in operations] + [len(used)]
    ### END SOLUTION


# %% check="8.2"
check("8.2")

# %% [markdown]
# The other way, which the kit takes, is **one column for each edge and operation**: 30 columns here. An edge that a small cell does not have is simply "none". It tells the surrogate where an operation stands, and the mean does not. Now let both predict. The surrogate sees 15 trainings, all cells of size 1 and ten of size 2, and ranks the cells of size 3, of which it has seen none.

# %%
places = space.one_hot(np.stack([space.encode(cell) for cell in cells]))
means = np.array([[list(cell.values()).count(o) / 6 for o in space.operations] for cell in cells])
TABLES = {"one column an edge": places, "mean of the operations": means}


def ranked(table, seen, asked, seed=0, members=5):
    """What an ensemble predicts for the asked cells after it has seen others."""
    scores = accuracies[seen]
    ranks = np.searchsorted(np.sort(scores), scores) / len(scores)
    ensemble = MLPEnsemble(members=members)
    return ensemble.fit(table[seen], ranks, np.random.default_rng(seed)).predict(table[asked])[0]


def trained_small(seed, count=10):
    """All cells of size 1, and `count` cells of size 2."""
    drawn = np.random.default_rng(seed).choice(np.flatnonzero(sizes == 2), count, replace=False)
    return np.concatenate([np.flatnonzero(sizes == 1), drawn])


# %%
predict("08-features", "Which ranks the larger cells better?", options=list(TABLES))

# %%
large = np.flatnonzero(sizes == 3)
figure, panels = plt.subplots(1, 2, figsize=(9, 3), sharey=True, layout="constrained")
taus = {}
for panel, (name, table) in zip(panels, TABLES.items()):
    hoped = ranked(table, trained_small(0), large)
    taus[name] = kendalltau(hoped, accuracies[large]).statistic
    panel.plot(hoped[::31], 100 * accuracies[large][::31], "o", markersize=3, alpha=0.5)
    panel.set_title(f"{name}: tau {taus[name]:.2f}")
    panel.set_xlabel("predicted rank")
panels[0].set_ylabel("accuracy, %")
plt.show()

# %%
measured("08-features", max(taus, key=taus.get))

# %% [markdown]
# Why? In all cells that the surrogate has seen, the edges of node 2 are "none". So the weights of their columns have learnt nothing: for the new edges, this surrogate answers with the random weights from which it started. The mean has no columns for places: a 3x3 convolution counts the same on every edge. The control: as many trainings, but of cells of **all** sizes.


# %%
def mean_tau(table, draw):
    """Kendall's tau on the cells of size 3, the mean of five seeds."""
    found = [ranked(table, draw(seed), large, seed) for seed in range(5)]
    return np.mean([kendalltau(hoped, accuracies[large]).statistic for hoped in found])


draws = {
    "15 small cells": trained_small,
    "15 of any size": lambda seed: np.random.default_rng(seed).choice(len(cells), 15, False),
    "125 small cells": lambda seed: np.flatnonzero(sizes < 3),
    "125 of any size": lambda seed: np.random.default_rng(seed).choice(len(cells), 125, False),
}
kinds = {name: [mean_tau(table, draw) for table in TABLES.values()] for name, draw in draws.items()}
print(f"{'':18}" + "".join(f"{name:>25}" for name in TABLES))
for name, found in kinds.items():
    print(f"{name:18}" + "".join(f"{tau:25.2f}" for tau in found))

# %% [markdown]
# Look at the rows with 125 trainings. If they are of any size, one column an edge is ahead: where an operation stands does matter. If they are only of small cells, it loses much, and the mean loses almost nothing. (With 15 trainings, 30 columns are too many in both cases.) To predict cells that are larger than all that were seen is called **extrapolation**, and it is the hard part. So a progressive search fits its surrogate again after each round, and takes one step at a time.

# %% claim="On larger cells the mean of the operations ranks better; on known sizes with many trainings it does not"
assert kinds["15 small cells"][1] > kinds["15 small cells"][0] + 0.1
assert kinds["125 small cells"][1] > kinds["125 small cells"][0] + 0.05
assert kinds["125 of any size"][0] > kinds["125 of any size"][1]
assert kinds["125 of any size"][0] > kinds["125 small cells"][0] + 0.1
assert kinds["125 of any size"][1] < kinds["125 small cells"][1] + 0.05
assert kinds["15 of any size"][1] > kinds["15 of any size"][0]
for seed in range(5, 8):
    one, other = (ranked(t, trained_small(seed), large, seed) for t in TABLES.values())
    truth = accuracies[large]
    assert kendalltau(other, truth).statistic > kendalltau(one, truth).statistic

# %% [markdown]
# ### Exercise 8.3. Find the bug: it has seen the answers
# A colleague reports a tau of 1.00 for a surrogate. Repair the function that measured it. `fit(cells, scores)` returns a model, and `model(cell)` is its prediction. It should predict all cells of one size, as a search would: **before** any cell of this size has been trained.


# %% exercise="8.3"
def predict_size(fit, cells, scores, sizes, size):
    ### BEGIN SOLUTION
    #: model = fit(cells, scores)
    smaller = [i for i in range(len(cells)) if sizes[i] < size]
    model = fit([cells[i] for i in smaller], [scores[i] for i in smaller])
    ### END SOLUTION
    return [model(cell) for cell, each in zip(cells, sizes) if each == size]


# %% check="8.3"
check("8.3")

# %% [markdown]
# ## 4. What counts is the top
# A search does not care about the order of bad cells. It trains the first few of the ranking, so the question is how well the surrogate ranks **the best**.

# %%
predict(
    "08-top", "Tau was about 0.55 over all cells. Among the truly best tenth?", least=-1, most=1
)

# %% [markdown]
# ### Exercise 8.4. Rank correlation at the top
# Write `tau_at_top(predicted, true, count)`: Kendall's tau among the `count` candidates with the highest **true** scores. Of all pairs of them, count those in the right order, subtract those in the wrong order, and divide by the number of pairs. A tie in the prediction counts as 0. (There are no ties among the true scores.)
#
# By hand: predicted 0.1, 0.9, 0.7, 0.8, true 0.2, 0.5, 0.9, 0.8, count 3. The three best, in their true order, were predicted 0.7, 0.8, 0.9: all three pairs are in the wrong order, so the answer is −1.


# %% exercise="8.4"
def tau_at_top(predicted, true, count):
    ### BEGIN SOLUTION
    top = sorted(range(len(true)), key=lambda i: -true[i])[:count]
    pairs = [(one, two) for place, one in enumerate(top) for two in top[place + 1 :]]
    return sum(np.sign(predicted[one] - predicted[two]) for one, two in pairs) / len(pairs)
    ### END SOLUTION


# %% check="8.4"
check("8.4")

# %%
hoped = ranked(means, trained_small(0), large)
truth = accuracies[large]
best = np.argsort(-truth, kind="stable")
shares = (1, 0.5, 0.2, 0.1, 0.05, 0.02)
tops = [best[: int(share * len(large))] for share in shares]
at_top = [kendalltau(hoped[top], truth[top]).statistic for top in tops]
measured("08-top", round(at_top[shares.index(0.1)], 2))

# %%
plt.plot([f"{share:.0%}" for share in shares], at_top, "o-")
plt.axhline(0, color=theme.INK, marker="", linewidth=0.8)
plt.title("Rank correlation among the truly best")
plt.xlabel("share of the cells, the best ones")
plt.ylabel("Kendall's tau")
plt.show()

# %%
beam = np.argsort(-hoped, kind="stable")[:10]
print(f"all cells of size 3: {truth.mean():.1%} on average")
print(f"the ten ranked first: {truth[beam].mean():.1%}")
print(f"the ten best: {truth[best[:10]].mean():.1%}")

# %% [markdown]
# Over all cells the surrogate tells good from bad. Among the best it hardly tells good from excellent. It still helps: the ten ranked first are far better than average. But they are not **the** best ones. Those have to be found by training.

# %% claim="Among the best tenth the rank correlation is less than half of that over all, from other seeds too"
for seed in range(3):
    guess = ranked(means, trained_small(seed), large, seed)
    over_all = kendalltau(guess, truth).statistic
    top = best[: len(large) // 10]
    assert 0 < kendalltau(guess[top], truth[top]).statistic < 0.5 * over_all
    first = np.argsort(-guess, kind="stable")[:10]
    assert truth[first].mean() > truth.mean() + 0.05
    assert truth[first].mean() < truth[best[:10]].mean() - 0.01

# %%
recall(
    "08-top",
    "A surrogate has a tau of 0.9 over all candidates. Is it good enough for a search?",
    answer="That does not follow. The candidates that learn nothing are easy to rank, and raise tau. Ask for tau among the best, or for the true mean of the ten ranked first.",
)

# %% [markdown]
# ## 5. The beam
# Each round trains the first `beam_width` of the ranking; this is the **beam**, K in the paper. All others are dropped. Their children will never be seen, unless they are also children of others.
#
# ### Exercise 8.5. Find the bug: choose the beam
# `votes` has the predictions of the ensemble, shape (members, candidates). The beam should be the indices of the `width` candidates with the highest mean, the first of equal ones first. A colleague's beams of a width of 5 are always the candidates 0 to 4, in some order. Repair it.


# %% exercise="8.5"
def choose_beam(votes, width):
    ### BEGIN SOLUTION
    #: mean = votes.mean(axis=1)
    mean = votes.mean(axis=0)
    ### END SOLUTION
    return np.argsort(-mean, kind="stable")[:width]


# %% check="8.5"
check("8.5")

# %% [markdown]
# Step through a search. Each round has up to four steps: cells are **expanded**, **ranked**, the beam is **trained**, the others are **dropped**. Filled marks were trained, with their accuracy. Click a candidate to see its cell, what was predicted and what is true. Below it you see predictions against truth for the whole round. Then move the sliders.
#
# Look at the lines: from how many of the ten cells of round 2 does the beam of round 3 come?

# %%
predict("08-lines", "How many of the ten have a child in the next beam?", least=1, most=10)

# %%
panel = Beam(world)
panel

# %%
measured("08-lines", len({each.parent for each in panel.rounds[2].beam}))
for each in panel.rounds[1:]:
    known = (
        f"size {each.complexity}: {len(each.ranking):,} cells, ranked after {each.seen} trainings"
    )
    print(f"{known}: tau {progression.tau(each, world.accuracy):.2f}")

# %% [markdown]
# The two lines with tau say how well the search's own surrogate ranked **all** cells of a round, of which it trained ten: far from perfectly, and better than by chance.
#
# The beam can narrow to a single family: children of one parent are alike, and so are their predictions. And in most searches, the best of the dropped cells would have been better than the best that was trained. A wider beam finds a better cell in round 3, and pays for it with trainings.

# %% claim="In several searches, the beam of round 3 comes from one or two parents, and tau is between 0.1 and 0.7"
for seed in range(3):
    _, second, last = progression.rounds(Progressive(space), world, count=3, seed=seed)
    assert len({each.parent for each in last.beam}) <= 2
    for each in (second, last):
        assert 0.1 < progression.tau(each, world.accuracy) < 0.7, seed


# %% claim="In most searches the best dropped cell is better than the best trained one; a wider beam finds a better cell"
def best_of(each):
    """The accuracy of the best cell in a part of a round."""
    return max(world.accuracy(one.configuration) for one in each)


found, missed = {}, 0
for width in (5, 10, 30):
    last = [
        progression.rounds(Progressive(space, beam_width=width), world, seed=seed)[-1]
        for seed in range(6)
    ]
    found[width] = np.mean([best_of(each.beam) for each in last])
    missed += sum(best_of(each.dropped) > best_of(each.beam) for each in last)
assert missed > 12  # of 18
assert found[5] < found[10] < found[30]

# %% [markdown]
# ### Exercise 8.6. All of it together
# Write `progressive(space, score, rank, width)`. It returns all cells that were trained, in order.
# - The first beam: all of the simplest cells, `list(space.grow())`.
# - Train the beam: `score(cell)` once for each cell.
# - Expand **the beam** into its children, without twins of each other and of anything trained (as in 8.1).
# - `rank(trained, scores, children)` returns a prediction for each child, from all trained cells and their scores. Call it only if there are children.
# - The next beam: the `width` children with the highest predictions, the first of equal ones first.
# - It ends when nothing grows any more.


# %% exercise="8.6"
def progressive(space, score, rank, width):
    ### BEGIN SOLUTION
    beam = list(space.grow())
    trained, scores = [], []
    while beam:
        trained += beam
        scores += [score(cell) for cell in beam]
        forms, pool = {space.canonical(cell) for cell in trained}, []
        for parent in beam:
            for child in space.grow(parent):
                if space.canonical(child) not in forms:
                    pool.append(child)
                    forms.add(space.canonical(child))
        predicted = rank(trained, scores, pool) if pool else []
        order = np.argsort(-np.array(predicted), kind="stable")
        beam = [pool[place] for place in order[:width]]
    return trained
    ### END SOLUTION


# %% check="8.6"
check("8.6")

# %% [markdown]
# In the paper the search ends here: with a beam of 256 and five blocks it has trained 136 + 4 · 256 = 1,160 cells. In our small space the full size is reached after 25 trainings, and there is budget left. So the kit's strategy continues with rounds of ten: neighbours of the best, what was left over, and random cells, ranked by the prediction plus some noise where the members disagree.
#
# ## 6. How many times fewer?
# The paper compares with the controller of Zoph et al. (2018), as in lab 07, on the same space. It takes what progressive search has found with its 1,160 trainings: the mean accuracy of its best 1, 5 and 25. Then it counts how many trainings the controller needs to reach the same: 5,808, 4,100 and 3,654, so 5.0, 3.5 and 3.2 times as many.
#
# ### Exercise 8.7. How many trainings until
# Write `until(scores, level, top)`: the fewest trainings after which the mean of the `top` best scores so far is at least `level`; None if that never happens.


# %% exercise="8.7"
def until(scores, level, top):
    ### BEGIN SOLUTION
    for n in range(top, len(scores) + 1):
        if np.mean(sorted(scores[:n])[-top:]) >= level:
            return n
    return None
    ### END SOLUTION


# %% check="8.7"
check("8.7")

# %% [markdown]
# Our protocol is the paper's, in our world, ten seeds: the level is the median of what progressive search has found after 70 trainings. The rivals are at their best and at their default, and have trials enough to catch up:
# - **random search**, 500 trials;
# - **evolution** (lab 06) with the kit's 30 alive and 5 drawn, and with tournaments of 15, which were the best there;
# - **local search** (lab 06);
# - the **controller** of lab 07: as an LSTM (240 trials, since each of its steps takes long to compute), as a table of independent decisions with the kit's learning rate of 0.1, and as this table with the settings published with NATS-Bench, among them a learning rate of 0.01.

# %%
PUBLISHED = "reinforce(policy='tabular', learning_rate=0.01, entropy_weight=0, repeats=True)"
entered = {
    "progressive": ("progressive", 120),
    "controller, published": (PUBLISHED, 1000),
    "controller, table": ("reinforce(policy='tabular')", 500),
    "controller, LSTM": ("reinforce", 240),
    "evolution": ("regularized_evolution", 500),
    "evolution, 15 drawn": ("regularized_evolution(sample_size=15)", 500),
    "local search": ("local_search", 500),
    "random": ("random", 500),
}

# %%
question = "How many times fewer trainings than the LSTM controller, for the best 5?"
predict("08-times", question, unit="times")

# %%
runs = {}
for name, (text, trials) in entered.items():
    searched = race(world, {name: text}, trials=trials, seeds=10).runs[name]
    runs[name] = [searched[seed].scores for seed in range(10)]


# %%
def needed(name, top):
    """How many trainings each seed needs for the level of progressive search."""
    level = np.median([best_mean(each[:70], top)[-1] for each in runs["progressive"]])
    return np.array([trainings_until(each, level, top) for each in runs[name]])


# %%
print(f"{'median of the trainings until':30}{'best 1':>14}{'best 5':>14}{'best 25':>14}")
times = {}
for name in entered:
    found = {top: np.median(needed(name, top)) for top in (1, 5, 25)}
    times[name] = {top: found[top] / np.median(needed("progressive", top)) for top in found}
    told = [
        f"{found[top]:.0f} (x {times[name][top]:.1f})"
        if np.isfinite(found[top])
        else f"over {entered[name][1]}"
        for top in found
    ]
    print(f"{name:30}" + "".join(f"{text:>14}" for text in told))

# %%
measured("08-times", round(times["controller, LSTM"][5], 1))

# %% [markdown]
# Is it more than luck? The seeds are paired, so here is Wilcoxon's test against each rival, with Holm's correction for seven rivals. A search that never reached the level counts as if it had on the next trial, which favours it.


# %%
def p_values(top):
    """Of each rival against progressive search, corrected for all of them."""
    own, rivals = needed("progressive", top), list(entered)[1:]
    capped = [np.minimum(needed(name, top), entered[name][1] + 1) for name in rivals]
    return dict(zip(rivals, holm([wilcoxon(each - own) for each in capped])))


luck = {top: p_values(top) for top in (1, 5, 25)}
print(f"{'p, by luck alone':30}" + "".join(f"{f'best {top}':>12}" for top in luck))
for name in list(entered)[1:]:
    print(f"{name:30}" + "".join(f"{luck[top][name]:12.3f}" for top in luck))

# %% [markdown]
# So "up to five times fewer" depends on the rival. Against the controller with the published settings it is six to ten times. Against the same table with settings for hundreds of trainings it is about two times. Against the LSTM controller, the kind that the paper compares with, it is two to three times. Against evolution with strong selection it is less than two times. Against local search, which has no model at all, no difference is shown: in a space of six decisions where good cells have good neighbours (lab 06), it is a strong rival. And random search does not get there in 500 trainings.
#
# Remember two things when you read "n times". The number changes with the rival, with the level and with how many of the best are asked for. And the rival's own settings are part of it: here they make the difference between ten times and two.

# %% claim="Six to ten times fewer than the published controller, two than the kit's table, two to three than its LSTM"
for top in (1, 5, 25):
    assert 5.8 < times["controller, published"][top] < 10.5
    assert 1.7 < times["controller, table"][top] < 2.5
    assert 1.9 < times["controller, LSTM"][top] < 3.5
    assert max(luck[top][f"controller, {kind}"] for kind in ("published", "table")) < 0.05
    assert np.isfinite(needed("progressive", top)).all()
assert luck[5]["controller, LSTM"] < 0.05 and luck[25]["controller, LSTM"] < 0.05

# %% claim="Less than two times against strong selection; local search not told apart; random search never"
for top in (1, 5, 25):
    assert times["evolution, 15 drawn"][top] < 2
    assert times["evolution"][top] > times["evolution, 15 drawn"][top]
    assert np.isinf(times["random"][top]) and luck[top]["random"] < 0.05
assert min(luck[top]["local search"] for top in (1, 5, 25)) > 0.05

# %% [markdown]
# And the time? Small cells train faster, and progressive search trains those first. The paper counts that too: with it, its lead grows from five times to eight.

# %% claim="Small cells train faster"
from coursekit import Suggestion

seconds = np.array([world.evaluate(Suggestion(cell)).cost for cell in cells])
means_of = [seconds[sizes == size].mean() for size in (1, 2, 3)]
assert means_of[0] < means_of[1] < means_of[2]

# %%
recall(
    "08-rival",
    "A paper says: our method needs five times fewer trainings than random search. What do you ask?",
    answer="For which level and which of the best? Over how many seeds? And how many does evolution or local search need, with good settings? Random search is the weakest rival.",
)

# %% [markdown]
# ## 7. Beam and ensemble, taken apart
# How wide should the beam be, and does the ensemble need five members? Fifty trainings each, so that width matters.

# %%
variants = {
    "beam of 10": "progressive",
    "beam of 30": "progressive(beam_width=30)",
    "one member": "progressive(members=1)",
}

# %%
predict("08-beam", "Which has the best 25 after 50 trainings, on average?", options=list(variants))

# %%
ablation = race(world, variants, trials=50, seeds=10)
print(report.table(ablation))
print(report.statement(ablation))

# %%
of_25 = {
    name: np.array([best_mean(ablation.runs[name][seed].scores, 25)[-1] for seed in range(10)])
    for name in variants
}
for name, values in sorted(of_25.items(), key=lambda item: -item[1].mean()):
    print(f"{name:12} the best 25: {values.mean():.2%} on average")
for pair in compare(of_25):
    if pair.significant:
        print(f"{pair.better} is ahead of {pair.worse} (p = {pair.p:.2g})")
measured("08-beam", max(of_25, key=lambda name: of_25[name].mean()))

# %% [markdown]
# For the single best, ten seeds tell none of them apart. For the best 25, a beam of 30 is behind one of 10: of its 50 trainings, 35 went to cells of size 1 and 2. So the best width depends on the budget. And the ensemble? One member is not told apart from five here. (Each of the five sees only four fifths of the trainings.)

# %% claim="A beam of 30 is behind for the best 25; one member is not told apart from five"
pairs = {frozenset((c.better, c.worse)): c for c in compare(of_25)}
wide = pairs[frozenset(("beam of 30", "beam of 10"))]
assert wide.significant and wide.better == "beam of 10"
assert not pairs[frozenset(("one member", "beam of 10"))].significant
assert not any(c.significant for c in ablation.comparisons())
for run in ablation.runs["beam of 30"].values():
    assert sum(space.complexity(each) < 3 for each in run.configurations) == 35

# %% [markdown]
# ## 8. Your own network grows
# Cells are not the only thing that grows. `Chain` is a space of layers in sequence, and a step adds a layer at the end. Here a perceptron grows on the digits: twelve trainings of a few epochs. Change the widths, the depth, the epochs; or write your own model into `train_mine`.

# %%
digits = data.load("digits")
layers = Chain({"dense": {"units": Integer(4, 64, log=True)}}, depth=(1, 3))


def train_mine(suggestion):
    chosen = suggestion.configuration
    units = [chosen[f"layer{number}_units"] for number in range(1, chosen["depth"] + 1)]
    settings = {"layers": len(units), "units": units, "learning_rate": 0.005}
    _, run = train_perceptron(settings, digits, epochs=5, seed=0)
    return max(score for score, _ in run)


# %%
grown = Search(Progressive(layers, beam_width=4), seed=0).run(train_mine, trials=12)
for trial in grown:
    units = [value for name, value in trial.configuration.items() if name.endswith("units")]
    parent = "" if trial.suggestion.parent is None else f"from trial {trial.suggestion.parent}"
    print(f"{trial.number:3}  units {units!s:14} {trial.score:7.2%}  {parent}")

# %% [markdown] conclusion="08"
# ## 9. Your conclusion
# A team wants to search cells for a model that trains for three hours. The space has 10¹² cells of up to five blocks, and they can pay for 400 trainings. A colleague proposes progressive search "because it is five times faster". Write four or five sentences: what do you answer, which beam would you take, which surrogate, and with which rival would you compare it?
#
# - It says that "five times" holds for one rival, one space and one level, and names a stronger rival, such as tuned evolution or local search.
# - It chooses a beam that leaves enough trainings for large cells: about 400 / 5 a round or fewer.
# - It wants features that mean something on sizes that the surrogate has not seen, and a new fit after each round.
# - It checks the surrogate at the top, on cells of the next size, before they are trained.
# - It compares over several seeds at equal budgets, or says that one run proves nothing.

# %% [markdown]
# ## 10. What to take away
# - From simple to complex: few small candidates, all trained; then only the children that a surrogate ranks first.
# - Remove twins before you rank: half of the small cells are twins of others.
# - A surrogate is weakest where the search needs it: on sizes that it has not seen, and among the best. The mean of the operations carries over to larger cells, one column an edge does not.
# - The beam is a budget: if it is too wide, the trainings are spent before the cells are large.
# - "n times fewer" is a statement about a rival, a level and a space. Ask for all three, and for seeds.
#
# **Read on:** the paper, Liu et al. 2018 (`liu2018progressive`), beside the code in the guide `references/progressive_search.md`. The rival, Zoph et al. 2018 (`zoph2018learning`). Surrogates without growing, White et al. 2021 (`white2021bananas`), and why local search is so strong, White et al. 2021 (`white2021exploring`). The keys are in `references/references.bib`.

# %%
progress()
