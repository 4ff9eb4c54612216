# %% [markdown]
# # Lab 04. Grid, random, quasi-random
#
# Seven hyperparameters, a hundred trainings that you can pay for, and a choice to make before the first one starts: where do the trials go? A grid looks orderly, random draws look careless. In this lab you find out by experiment why the careless choice usually wins, when it does not, how many draws are enough, and how points can be even and random at the same time. Then you turn the question round: which of the seven hyperparameters mattered at all?
#
# **After it you can**
# - say why nine random points beat a grid of nine, and name the case in which they do not;
# - compute how many random draws a goal takes, and judge when random search is good enough;
# - draw learning rates on the scale on which they work;
# - explain what quasi-random points add, and for which budgets;
# - measure how important each hyperparameter is, exactly and from the trials of a search;
# - plan a round of tuning: scientific, nuisance and fixed hyperparameters, ranges, equal costs.
#
# **It takes** about 30 seconds of computing on two cores (all cells), and an hour or two of yours. **Budget:** about 500 epochs of small perceptrons on 1,078 images of digits; everything else is replayed from a table of trainings that were done once, for everybody. No GPU, no network.
#
# **How it works:** predict before you run; move whatever has a slider; write code where it says so, then run the check below it. Stuck? `hint("4.1")`, and again for more; after a try, `solution("4.1")`.

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import numpy as np

from coursekit import data, plots, theme
from coursekit.importance import functional_anova, main_effects, ped_anova
from coursekit.labs import check, hint, measured, predict, progress, recall, solution
from coursekit.plots.projections import mean_best
from coursekit.race import race, report
from coursekit.race.luck import best_of, draws_for
from coursekit.search import Search
from coursekit.spaces import Choice, Float, Integer, Space
from coursekit.strategies import Grid, QuasiRandom, Random
from coursekit.strategies.quasi_random import Points
from coursekit.training.numpy.perceptron import train_perceptron
from coursekit.trials import Suggestion
from coursekit.widgets import Shadows
from coursekit.worlds import MLPs

theme.use()  # figures follow JupyterLab's theme

# %% [markdown]
# ## 1. Nine points
# Bergstra and Bengio (2012) made random search respectable with one picture. Two hyperparameters, nine trials; the score depends almost only on *x*, but nobody knows that beforehand. A grid tries three values of *x*, each of them three times. Nine random points try nine.
#
# We let chance decide where the summit is, place nine points by each method, and take the best one's height; a summit has the height 100 %. Then the mean over 200 such hills. **Predict** it for the random points, if the grid reaches 58 %.

# %%
predict("04-nine", "Only x matters: what nine random points reach, on average", unit="%")

# %%
for kind in ("grid", "random"):
    print(f"{kind:8}{mean_best(kind, 9, (1.0, 0.0)):.0%}")
measured("04-nine", round(100 * mean_best("random", 9, (1.0, 0.0))))

# %% [markdown]
# Move the sliders. Each column is one method, with the same number of points on the same hill; the stronger the shade, the higher the ground, and the best point has a ring. The strips show the **shadow** that the points cast on each axis: count its dots. What happens to the order of the three if *y* becomes as important as *x*? With more points? (Sobol points are the subject of section 5.)

# %%
Shadows(x=1.0, y=0.1, count=9)

# %% [markdown]
# **Predict** the other case, too: both axes matter equally, and there are 36 points.

# %%
predict(
    "04-equal",
    "Both axes matter equally, 36 points: which reaches most, on average?",
    options=["grid", "random", "Sobol"],
)

# %%
both = {kind: mean_best(kind, 36, (1.0, 1.0)) for kind in ("grid", "random", "Sobol")}
for kind, height in both.items():
    print(f"{kind:8}{height:.0%}")
measured("04-equal", max(both, key=both.get))

# %% [markdown]
# So the lesson is not that grids are bad. In two dimensions that matter equally a grid is the most even cover there is, and it leads. The lesson is that a grid wastes its trials on every axis that does **not** matter, and that you learn only afterwards which axes those are.

# %% claim="Nine random points reach over 20 points more than the grid where only x matters"
assert abs(mean_best("grid", 9, (1.0, 0.0)) - 0.58) < 0.01
assert mean_best("random", 9, (1.0, 0.0)) - mean_best("grid", 9, (1.0, 0.0)) > 0.2
# Other hills, other points: seeds 200 to 399.
from coursekit.plots.projections import design, hill

for kind, low, high in (("grid", 0.53, 0.66), ("random", 0.75, 0.86)):
    found = [hill((1.0, 0.0), seed)(design(kind, 9, seed)).max() for seed in range(200, 400)]
    assert low < np.mean(found) < high  # 3 standard errors of 0.022 and 0.018

# %% claim="Where both axes matter equally the grid leads, with 9 points and with more"
for count in (9, 36, 64):
    reached = {kind: mean_best(kind, count, (1.0, 1.0)) for kind in ("grid", "random")}
    assert reached["grid"] > reached["random"]
assert both["grid"] > both["Sobol"] > both["random"]

# %% [markdown]
# ## 2. The grid, and what a budget does to it
# A grid is a list of values for each parameter, and all combinations of them. Its points can be numbered like the minutes of a day: the last digit runs fastest, and each parameter is a digit with as many values as it has (a **mixed radix**). So no list of all points is needed to make number 1,000.
#
# ### Exercise 4.1. A grid with a budget
# Write `grid(values, budget)`. `values` maps names to lists of values; the answer is the list of the first `budget` points of the grid, as dictionaries, or of all points if there are fewer. The last parameter changes fastest. Do not build points that are not asked for: a grid of twelve parameters has 10¹² of them.
#
# By hand: `{"a": [1, 2], "b": ["x", "y", "z"]}` has 2 · 3 = 6 points; number 4 is 4 = 1 · 3 + 1, so *a* takes its value number 1 and *b* its value number 1: `{"a": 2, "b": "y"}`.


# %% exercise="4.1"
def grid(values, budget):
    ### BEGIN SOLUTION
    total = math.prod(len(each) for each in values.values())
    points = []
    for index in range(min(budget, total)):
        point = dict.fromkeys(values)
        for name in reversed(values):
            index, digit = divmod(index, len(values[name]))
            point[name] = values[name][digit]
        points.append(point)
    return points
    ### END SOLUTION


# %% check="4.1"
check("4.1")

# %% [markdown]
# Now a real space. The kit holds a table of 4,536 perceptrons, every combination of seven hyperparameters, each trained for 40 epochs on images of digits, three times. Our **world** looks results up, so that a search of 128 trials takes milliseconds.

# %%
world = MLPs()
for parameter in world.space.parameters:
    print(f"{parameter.name:14}", list(parameter.domain.values()))

# %% [markdown]
# `Grid(space)` walks through all 4,536 in order. **Predict** what happens if you stop it after 128.

# %%
predict(
    "04-walk",
    "How many of the 7 hyperparameters have changed in the first 128 points of the grid?",
    unit="hyperparameters",
    most=7,
)

# %%
walk = Search(Grid(world.space)).run(world, trials=128)
tried = {name: {trial.configuration[name] for trial in walk} for name in walk[0].configuration}
for name, values in tried.items():
    print(f"{name:14}{len(values)} values tried")
measured("04-walk", sum(len(values) > 1 for values in tried.values()))

# %%
f"the best after 128 trials: {walk.best().score:.1%}"

# %% [markdown]
# A grid that is stopped early has a bias: the first parameters have not moved at all. Here it has seen only networks of one layer with two units. That is a known way to lose, so it is not the rival that we compare with. A careful person plans a grid that **fits**: 128 = 2⁷, two values for each of the seven.

# %% claim="In 128 points five of seven parameters change; layers and units stay at their first value"
assert sum(len(values) > 1 for values in tried.values()) == 5
assert tried["layers"] == {1} and tried["units"] == {2}

# %% [markdown]
# But which two values? We let 200 careful persons choose, each two different values at random for each parameter, and train all their 128 combinations. Beside them, 200 random searches of 128 trials.

# %%
accuracies = np.array([world.accuracy(each) for each in world.space.enumerate()])
accuracies = np.nan_to_num(accuracies)  # a training that failed: an accuracy of 0
table = accuracies.reshape([len(list(p.domain.values())) for p in world.space.parameters])

# %%
predict("04-grids", "In how many of 100 pairs does the random search find more?", unit="%")

# %%
rng = np.random.default_rng(0)
grids, draws = [], []
for _ in range(200):
    chosen = [rng.choice(count, 2, replace=False) for count in table.shape]
    grids.append(table[np.ix_(*chosen)].max())
    draws.append(rng.choice(accuracies, 128, replace=False).max())
grids, draws = np.array(grids), np.array(draws)
measured("04-grids", round(100 * np.mean(draws > grids)))

# %%
for name, found in (("grids of 128", grids), ("128 random draws", draws)):
    low, middle, high = np.quantile(found, [0.05, 0.5, 0.95])
    print(f"{name:18} median {middle:.1%}, 90 % of them from {low:.1%} to {high:.1%}")

# %%
percent = 100 * (np.arange(200) + 0.5) / 200
plt.plot(percent, 100 * np.sort(grids), "-", label="grids of 2 values each")
plt.plot(percent, 100 * np.sort(draws), "--", label="random draws")
plt.title("The best of 128 trainings, 200 times, from the unluckiest to the luckiest")
plt.xlabel("searches, %")
plt.ylabel("validation accuracy of the best, %")
plt.legend(loc="lower right")
plt.show()

# %% [markdown]
# Look at both ends. A lucky grid holds an excellent perceptron, as good as anything that random draws find. The unluckiest twentieth of the grids holds none above 90 %: both of their values of `units`, or both of `learning_rate`, were poor. **The result of a grid depends on whether you chose the values well; that of random draws hardly depends on anything.**

# %% claim="Random draws find more in about two of three pairs; bad grids end far lower"
for seed in range(3):
    rng = np.random.default_rng(seed)
    pairs = []
    for _ in range(200):
        chosen = [rng.choice(count, 2, replace=False) for count in table.shape]
        pairs.append((table[np.ix_(*chosen)].max(), rng.choice(accuracies, 128, False).max()))
    some, others = np.transpose(pairs)
    assert 0.58 < np.mean(others > some) < 0.78
    assert np.quantile(some, 0.05) < 0.9 and np.quantile(others, 0.05) > 0.97
    assert abs(np.quantile(some, 0.95) - np.quantile(others, 0.95)) < 0.002

# %%
recall(
    "04-curse",
    "Ten values for each of d parameters: how many points has the grid for d = 2, 4, 8? And how many values of each parameter do 100 random points try?",
    answer="100, 10,000 and 100,000,000. The random points try 100 values of each continuous parameter, whatever d is.",
)

# %% [markdown]
# ## 3. How many draws are enough
# Random search has a property that no clever method has: its result can be computed beforehand. Each draw lands in the best 5 % of the space with a chance of 5 %, in one dimension or in a hundred. All draws miss it with the chance 0.95ⁿ.
#
# ### Exercise 4.2. Enough draws
# Write `draws_needed(share, chance)`: the fewest independent draws with which the chance that **at least one** is among the best `share` of the space is `chance` or more. Both are above 0 and below 1.


# %% exercise="4.2"
def draws_needed(share, chance):
    ### BEGIN SOLUTION
    draws = 1
    while 1 - (1 - share) ** draws < chance:
        draws += 1
    return draws
    ### END SOLUTION


# %% check="4.2"
check("4.2")

# %%
predict("04-draws", "Draws for a chance of 95 % to meet the best 5 %", unit="draws")

# %%
measured("04-draws", math.ceil(math.log(0.05) / math.log(0.95)))

# %% [markdown]
# Fifty-nine draws, for **any** space: that is why "sixty random trials" is a rule of thumb. But the best 5 % of what? Of *your* space. If nearly all of it is poor, its best 5 % may be poor as well. `best_of(scores, n)` of `coursekit.race.luck` is the mean of the best of *n* draws, exactly, where all scores are known:

# %%
for n in (10, 60, 600):
    print(f"best of {n:3}: {best_of(accuracies, n):.2%} on average")
print(
    f"the best 5 % begin at {np.quantile(accuracies, 0.95):.2%}, the optimum is {max(accuracies):.2%}"
)

# %%
ns = np.unique(np.geomspace(1, 2000, 40).astype(int))
plt.semilogx(ns, [100 * best_of(accuracies, int(n)) for n in ns], marker="")
plt.axhline(100 * max(accuracies), color=theme.INK, linestyle=":", marker="")
plt.annotate("dotted: the best of all 4,536", (30, 92))
plt.title("What the best of n random perceptrons reaches, on average")
plt.xlabel("n random draws")
plt.ylabel("validation accuracy, %")
plt.show()

# %% [markdown]
# **When is random search good enough?** Ask what a better result is worth. Here 60 draws are two thirds of a point below the optimum, and a tenfold budget buys half a point more. If the goal is a tenth of a point, you need a strategy that learns (labs 05 to 08). If the goal is a model that works, stop here: the trials are independent, so they run on as many machines as you have, and a crash loses one of them.

# %% claim="Sixty draws are about two thirds of a point below the optimum; 600 bring about half a point more"
assert abs(max(accuracies) - best_of(accuracies, 60) - 0.0065) < 0.001
assert 0.003 < best_of(accuracies, 600) - best_of(accuracies, 60) < 0.006

# %%
recall(
    "04-five",
    "Sixty random trials found nothing good. Does that say that the method is bad?",
    answer="No. With a chance of 95 % one of the sixty was among the best 5 % of the space. If that is not good, the space is to blame: its ranges, or a decision that is missing.",
)

# %% [markdown]
# ## 4. On which scale to draw
# A learning rate between 0.0001 and 1: draw evenly, and nine of ten draws lie above 0.1. Draw its *logarithm* evenly, and each of the four decades gets a quarter.
#
# ### Exercise 4.3. Find the bug: a log-uniform draw
# A colleague wrote `log_uniform(low, high, rng)`, which should draw a number whose logarithm is uniform between those of `low` and `high`. It never fails, but its learning rates train badly. Repair it. All randomness comes from `rng`.


# %% exercise="4.3"
def log_uniform(low, high, rng):
    ### BEGIN SOLUTION
    #: exponent = rng.uniform(np.log10(low), np.log10(high))
    #: return np.exp(exponent)
    exponent = rng.uniform(np.log10(low), np.log10(high))
    return 10**exponent
    ### END SOLUTION


# %% check="4.3"
check("4.3")

# %% [markdown]
# Does it matter? We train: twenty learning rates from each scale, the same small perceptron, four epochs. **Predict** how many of the twenty reach 85 % from each scale; enter the number for the log scale.

# %%
predict("04-log", "Of 20 learning rates drawn on the log scale, how many reach 85 %?", unit="rates")

# %%
digits = data.load("digits")


def trained(rate):
    _, run = train_perceptron({"units": 32, "learning_rate": rate}, digits, epochs=4, seed=0)
    return list(run)[-1].score


# %%
domains = {"linear": Float(1e-4, 1.0), "log": Float(1e-4, 1.0, log=True)}
rng = np.random.default_rng(4)
rates = {scale: [domain.at(u) for u in rng.random(20)] for scale, domain in domains.items()}
reached = {scale: [trained(rate) for rate in found] for scale, found in rates.items()}
good = {scale: sum(score >= 0.85 for score in found) for scale, found in reached.items()}
print(good)
measured("04-log", good["log"])

# %%
for scale, marker in (("linear", "s"), ("log", "o")):
    label = f"{scale}: {good[scale]} of 20 reach 85 %"
    plt.semilogx(rates[scale], [100 * s for s in reached[scale]], marker, ls="", label=label)
plt.axhline(85, color=theme.INK, linestyle=":", marker="")
plt.title("Twenty learning rates drawn on each scale")
plt.xlabel("learning rate")
plt.ylabel("validation accuracy, %")
plt.legend(loc="center")
plt.show()

# %% [markdown]
# What works is a band from about 0.003 to 0.12. On the log scale that is two fifths of the range; on the linear scale it is an eighth, and most draws lie to the right of it. In a space you say it once: `Float(1e-4, 1.0, log=True)`. Units, batch sizes and weight decay usually want it too; dropout and momentum do not (for momentum, draw 1 − momentum on a log scale).


# %% claim="On the log scale several times as many rates reach 85 %"
assert good["log"] > 2 * good["linear"]
assert all(trained(rate) > 0.85 for rate in (0.003, 0.01, 0.03, 0.1))
assert all(trained(rate) < 0.85 for rate in (0.0015, 0.2))


# %% claim="So they do from other draws and initial weights" tags=["nightly"]
def reach(scale, seed):
    rng, count = np.random.default_rng(seed), 0
    for u in rng.random(20):
        made = {"units": 32, "learning_rate": domains[scale].at(u)}
        count += list(train_perceptron(made, digits, epochs=4, seed=seed)[1])[-1].score >= 0.85
    return count


many = {scale: [reach(scale, seed) for seed in range(1, 7)] for scale in domains}
assert sum(many["log"]) > 2 * sum(many["linear"])

# %% [markdown]
# ## 5. Even and random at once
# Random points have holes and clusters; a grid has neither, but its shadows are thin. **Low-discrepancy** sequences have both virtues: any first *n* points cover the square evenly, and so does each of their shadows. The oldest idea fits on a line: write the index in base *b*, and mirror its digits behind the point.
#
# | index | binary | mirrored | value |
# |---|---|---|---|
# | 1 | 1 | 0.1 | 1/2 |
# | 2 | 10 | 0.01 | 1/4 |
# | 3 | 11 | 0.11 | 3/4 |
# | 4 | 100 | 0.001 | 1/8 |
#
# Each new point falls into one of the largest holes. **Halton** (1960) takes another prime base for each axis; **Sobol** (1967) takes base 2 for all, with other digits.
#
# ### Exercise 4.4. A radical inverse
# Write `radical_inverse(index, base)`: the digits of the whole number `index` in that base, mirrored behind the point. Index 0 gives 0.


# %% exercise="4.4"
def radical_inverse(index, base):
    ### BEGIN SOLUTION
    value, weight = 0.0, 1.0
    while index:
        index, digit = divmod(index, base)
        weight /= base
        value += digit * weight
    return value
    ### END SOLUTION


# %% check="4.4"
check("4.4")

# %% [markdown]
# How even are points? The **discrepancy** compares, over all boxes, the share of points in a box with its volume; 0 is perfect. `scipy.stats.qmc` computes it. **Predict** by which factor 64 Sobol points are more even than 64 random ones, in the square.

# %%
predict(
    "04-discrepancy", "Discrepancy of 64 random points over that of 64 Sobol points", unit="times"
)

# %%
from scipy.stats import qmc


def discrepancy(kind, dimensions, count, seeds=20):
    found = []
    for seed in range(seeds):
        random = np.random.default_rng(seed).random((count, dimensions))
        points = random if kind == "random" else Points(dimensions, seed, kind).first(count)
        found.append(qmc.discrepancy(points))
    return np.mean(found)


# %%
for dimensions in (2, 5, 10):
    found = {kind: discrepancy(kind, dimensions, 64) for kind in ("random", "halton", "sobol")}
    told = "  ".join(f"{kind} {value:.1e}" for kind, value in found.items())
    print(f"{dimensions:2} dimensions: {told}")
measured("04-discrepancy", round(discrepancy("random", 2, 64) / discrepancy("sobol", 2, 64)))

# %% [markdown]
# Ever less is left of the lead in more dimensions: 64 points cannot be even in ten of them. But each **shadow** on one axis stays perfect, whatever the number of dimensions, and section 1 has shown that this is what counts.
#
# Why **scrambled**? Unscrambled, the sequence is the same for everybody, its first point is a corner, and high axes of Halton run in step until the larger base has used all its digits. Scrambling permutes the digits at random and keeps the evenness. It also brings back a seed, without which nobody could say how much of a result is luck.

# %%
_, panels = plt.subplots(1, 2, figsize=(7.5, 3.6), sharey=True, layout="constrained")
for panel, scramble in zip(panels, (False, True)):
    points = qmc.Halton(8, scramble=scramble, seed=np.random.default_rng(0)).random(32)
    panel.plot(points[:, 6], points[:, 7], "o", ls="")
    panel.set(xlabel="axis 7 (base 17)", ylabel="axis 8 (base 19)")
panels[0].set_title("Halton, unscrambled")
panels[1].set_title("Halton, scrambled")
plt.show()

# %% claim="Sobol is about 40 times as even in the square and under 5 times in ten dimensions; Halton lies between"
ratio = {d: discrepancy("random", d, 64) / discrepancy("sobol", d, 64) for d in (2, 5, 10)}
assert 30 < ratio[2] < 50 and ratio[2] > ratio[5] > ratio[10] and 2 < ratio[10] < 5
for dimensions in (2, 5, 10):
    some = [discrepancy(kind, dimensions, 64) for kind in ("sobol", "halton", "random")]
    assert some == sorted(some)

# %% claim="Unscrambled, axes 7 and 8 of Halton run in step for 16 points; scrambled they do not"
raw = qmc.Halton(8, scramble=False).random(17)[1:17, 6:]
assert np.corrcoef(raw.T)[0, 1] > 0.99
mixed = [
    np.corrcoef(qmc.Halton(8, seed=np.random.default_rng(s)).random(17)[1:17, 6:].T)[0, 1]
    for s in range(20)
]
assert np.median(np.abs(mixed)) < 0.5

# %% [markdown]
# `QuasiRandom(space)` is a strategy like any other: a point of the unit cube becomes a configuration, on each parameter's own scale, conditional ones included; what was tried is skipped. Race it against random search on the perceptrons, after eight trials and after thirty-two, from 200 seeds each.

# %%
predict(
    "04-race",
    "Quasi-random against random: when is its lead clear?",
    options=["after 8 trials", "after 32 trials", "after both", "after neither"],
)

# %%
rivals = ["random", "quasi_random"]
few = race(world, rivals, trials=8, seeds=200, workers=1)
many = race(world, rivals, trials=32, seeds=200, workers=1)
print(report.statement(few))
print(report.statement(many))

# %%
early, late = (raced.comparisons()[0].significant for raced in (few, many))
when = {(True, False): "after 8 trials", (False, True): "after 32 trials"}
measured("04-race", when.get((early, late), "after both" if early else "after neither"))

# %%
for trials, raced in ((8, few), (32, many)):
    for name, found in raced.best().items():
        tenth = np.quantile(found, 0.1)
        print(
            f"{trials:2} trials, {name:13} mean {found.mean():.1%}, unluckiest tenth below {tenth:.1%}"
        )

# %% [markdown]
# The lead of even points is an insurance: after eight trials the *mean* is a point higher, the unluckiest tenth of the searches two points, and the median hardly at all. After thirty-two both have tried every value of everything that matters, and nothing is left to insure. Sobol points cost nothing, so the kit takes them where trials are few. Bousquet et al. (2017) found the same for large models: use them in place of random search, and do not expect wonders.

# %% claim="After 8 trials quasi-random leads: the mean by a point, the unluckiest tenth by two, the median hardly; after 32 it does not"
from coursekit.race.significance import compare


def quasi_random_leads(found):
    pair = compare(found)[0]
    ahead, behind = found["quasi_random"], found["random"]
    gain = {q: np.quantile(ahead, q) - np.quantile(behind, q) for q in (0.1, 0.5)}
    return (
        pair.better == "quasi_random"
        and pair.significant
        and gain[0.1] > 0.015
        and gain[0.5] < 0.005
        and 0.005 < ahead.mean() - behind.mean() < 0.02
    )


assert quasi_random_leads(few.best()) and early and not late

# %% claim="After 8 trials it leads with other seeds, too" tags=["nightly"]
wide = race(world, rivals, trials=8, seeds=600, workers=1).best()
for start in (200, 400):
    some = {name: scores[start : start + 200] for name, scores in wide.items()}
    assert quasi_random_leads(some), start

# %% [markdown]
# ## 6. Which hyperparameters matter
# So far "the axis that matters" was assumed. Can it be measured? **Functional ANOVA** (Hutter et al. 2014) splits the variance of all scores: take the mean score for each value of `units`; how far these means vary is what `units` explains alone. Do so for each parameter, then for each pair (less what its two members explain alone), and so on; the shares sum to 100 %. A whole table gives them **exactly**.

# %%
predict(
    "04-share",
    "Of the variance of all 4,536 scores: what units and learning rate explain, each alone, together",
    unit="%",
)

# %%
shares = functional_anova(world.space, accuracies)
measured("04-share", round(100 * (shares["units",] + shares["learning_rate",])))

# %%
plots.importance(shares)
plt.title("Exact: functional ANOVA of all 4,536 perceptrons")
plt.show()

# %% [markdown]
# Two of seven: a **low effective dimension**. That is the reason for everything in sections 1 and 2. The third row is an interaction: which learning rate is good depends on the optimizer, so one must not be tuned at a fixed value of the other.

# %% claim="Units and learning rate explain 70 % alone; the largest interaction is learning rate with optimizer"
assert abs(shares["units",] + shares["learning_rate",] - 0.70) < 0.01
assert sorted(shares, key=shares.get, reverse=True)[:3] == [
    ("units",),
    ("learning_rate",),
    ("learning_rate", "optimizer"),
]

# %% [markdown]
# Nobody has the whole table of their own problem. **PED-ANOVA** (Watanabe et al. 2023) asks the trials of a search another question: do the best quarter of them have other values than all of them? Where two densities differ, the parameter decides who is among the best. It needs no model of the score, only the densities that you meet again in TPE (lab 05). The truth to compare with is the exact functional ANOVA of *being among the best quarter*.

# %%
best_quarter = accuracies >= np.quantile(accuracies, 0.75)
truth = main_effects(functional_anova(world.space, best_quarter, most=1))


def estimated(trials, seed=0):
    history = Search(QuasiRandom(world.space), seed=seed).run(world, trials=trials)
    return ped_anova(world.space, history, top=0.25)


# %%
predict("04-error", "Share at wrong parameters, estimated from 100 trials", unit="%")


# %%
def wrong(estimate):
    return sum(abs(estimate[name] - truth[name]) for name in truth) / 2


errors = {n: np.mean([wrong(estimated(n, seed)) for seed in range(10)]) for n in (50, 100, 400)}
print({n: f"{error:.0%}" for n, error in errors.items()})
measured("04-error", round(100 * errors[100]))

# %%
plots.importance({"truth": truth, "from 100 trials": estimated(100)})
plt.title("Importance for being among the best quarter")
plt.show()

# %% [markdown]
# About a tenth stands at wrong parameters. A hundred trials are enough to name the two that matter, and not enough to rank the other five: their shares are far smaller than the error. Even points help here, too: from a hundred random draws, 14 % stands at wrong parameters. `python -m coursekit.benchmarks importance` measures this error for more strategies and tables. A search that concentrates on good trials (TPE, evolution) makes the estimate worse, not better: it has hardly looked at the bad values.

# %% claim="From 100 trials about a tenth stands at wrong parameters; the two that matter are found each time"
assert 0.07 < errors[100] < 0.15 and errors[50] > errors[100] > errors[400]
for seed in range(20):
    found = estimated(100, seed)
    assert set(sorted(found, key=found.get)[-2:]) == {"units", "learning_rate"}
small = [name for name in truth if truth[name] < 0.05]
assert len(small) == 5 and max(truth[name] for name in small) < errors[100] / 2

# %% claim="From a hundred random draws 14 % stands at wrong parameters, on other seeds too" tags=["nightly"]
for start in (0, 20):
    drawn = [
        wrong(ped_anova(world.space, Search(Random(world.space), seed=seed).run(world, trials=100)))
        for seed in range(start, start + 20)
    ]
    assert abs(np.mean(drawn) - 0.14) < 0.012
    assert np.mean([wrong(estimated(100, seed)) for seed in range(start, start + 20)]) < 0.115

# %% claim="A search that concentrates on good trials makes the estimate worse"
from coursekit.strategies import make

for rival in ("tpe", "regularized_evolution"):
    focused = [
        wrong(
            ped_anova(world.space, Search(make(rival, world.space), seed=s).run(world, trials=100))
        )
        for s in range(6)
    ]
    assert np.mean(focused) > np.mean([wrong(estimated(100, s)) for s in range(6)])

# %%
recall(
    "04-importance",
    "The dropout rate has an importance of 1 % here. May you conclude that dropout does not matter?",
    answer="Only in this space, with these ranges, on these data and for these networks, which are small. Importance belongs to a space: a parameter whose range holds nothing but good values has none.",
)

# %% [markdown]
# ## 7. How people tune, and why
# The *Deep Learning Tuning Playbook* (Godbole et al. 2023) sorts the hyperparameters of each **round** of trials by their role in the question that is asked:
# - **scientific**: what the question is about ("is SGD as good as Adam?");
# - **nuisance**: what has to be tuned for each value of the scientific ones, or the comparison is unfair;
# - **fixed**: what stays, and limits the conclusion ("for these batch sizes").
#
# Try it. The scientific hyperparameter is the optimizer. First keep the learning rate fixed at 0.001, then treat it as a nuisance.

# %%
predict(
    "04-nuisance",
    "With the best learning rate of each, how far does Adam lead SGD?",
    unit="points",
)

# %%
rows = [*zip(world.space.enumerate(), accuracies)]


def best(**chosen):
    return max(s for c, s in rows if all(c[name] == value for name, value in chosen.items()))


# %%
for rate in (0.001, 0.1):
    adam, sgd = (best(optimizer=kind, learning_rate=rate) for kind in ("adam", "sgd"))
    print(f"learning rate {rate}: Adam {adam:.1%}, SGD {sgd:.1%}")
adam, sgd = best(optimizer="adam"), best(optimizer="sgd")
print(f"each with its best:  Adam {adam:.1%}, SGD {sgd:.1%}")
measured("04-nuisance", round(100 * (adam - sgd), 1))

# %% [markdown]
# At 0.001 Adam is five points ahead, at 0.1 it is SGD that leads, and tuned, they are two tenths of a point apart. The optimizer and the learning rate interact (section 6 said so), so any fixed learning rate decides the question beforehand. This is also why quasi-random search is the playbook's choice for such rounds: its trials are not drawn towards what was good for one optimizer, so they can be sorted afterwards by any question.

# %% claim="At 0.001 Adam leads by five points, at 0.1 SGD leads, and tuned they are 0.2 points apart"
lead = {
    rate: best(optimizer="adam", learning_rate=rate) - best(optimizer="sgd", learning_rate=rate)
    for rate in (0.001, 0.1)
}
assert abs(lead[0.001] - 0.049) < 0.002 and lead[0.1] < -0.0005
assert abs(adam - sgd - 0.0018) < 0.0005

# %% [markdown]
# ### Is the range right?
# If the best trials crowd at the border of a range, the optimum may lie outside. Here is a search with SGD whose learning rates end at 0.01, as somebody might set them who knows Adam. **Slices** show each trial at the value of each parameter; the best tenth is filled.

# %%
free = {p.name: p.domain for p in world.space.parameters if p.name != "optimizer"}
ending = Choice([1e-4, 3e-4, 1e-3, 3e-3, 1e-2], ordered=True)
narrow, wide = Space({**free, "learning_rate": ending}), Space(free)


def with_sgd(suggestion):
    return world.evaluate(Suggestion({**suggestion.configuration, "optimizer": "sgd"}))


# %%
history = Search(QuasiRandom(narrow), seed=0).run(with_sgd, trials=80)
shown = ["learning_rate", "units", "dropout"]
plots.slices(narrow, history, parameters=shown, name="validation accuracy")
plt.show()

# %% [markdown]
# ### Exercise 4.5. Is the range too narrow?
# Write `border(places, scores, best, edge)`. `places` are the trials' places in the range, from 0 (its low end) to 1 (its high end), and `scores` their scores. Look at the `best` trials with the highest scores. If **more than half** of them lie **below** `edge`, answer `"low"`; if more than half lie **above** 1 − `edge`, answer `"high"`; else `"inside"`. No two scores are equal.


# %% exercise="4.5"
def border(places, scores, best, edge):
    ### BEGIN SOLUTION
    order = sorted(range(len(scores)), key=lambda trial: scores[trial])
    chosen = [places[trial] for trial in order[-best:]]
    if sum(place < edge for place in chosen) > best / 2:
        return "low"
    if sum(place > 1 - edge for place in chosen) > best / 2:
        return "high"
    return "inside"
    ### END SOLUTION


# %% check="4.5"
check("4.5")

# %% [markdown]
# In the search above more than half of the best eight have the highest learning rate of all, 0.01: the range ends too early. The units are less clear: 64 has five of the eight here, and three to five if the search has another seed. One search is thin evidence for a border. So we widen the learning rates to 0.1 and count what that is worth.

# %%
predict(
    "04-wider", "What the wider range gains, best of 80 trials, mean over 20 seeds", unit="points"
)

# %%
found = {}
for name, space in (("narrow", narrow), ("wide", wide)):
    searches = [Search(QuasiRandom(space), seed=seed) for seed in range(20)]
    found[name] = [search.run(with_sgd, trials=80).best().score for search in searches]
    print(f"{name:7}{np.mean(found[name]):.2%}")
measured("04-wider", round(100 * (np.mean(found["wide"]) - np.mean(found["narrow"])), 1))

# %% claim="More than half of the best eight have the highest rate, on other seeds too; the wider range gains"
for seed in range(8):
    trials = Search(QuasiRandom(narrow), seed=seed).run(with_sgd, trials=80).completed
    eight = sorted(trials, key=lambda trial: trial.score)[-8:]
    assert sum(trial.configuration["learning_rate"] == 1e-2 for trial in eight) > 4
    widest = sum(trial.configuration["units"] == 64 for trial in eight)
    assert 3 <= widest <= 5 and (seed or widest == 5)
gains = np.array(found["wide"]) - np.array(found["narrow"])
assert 0.005 < np.mean(gains) < 0.008 and (gains > 0).all()

# %% [markdown]
# ### At equal cost
# "Twenty trials each" is a fair comparison only if a trial costs the same on both sides. A batch size of 64 makes four times as many updates as one of 256, and takes longer. What is fair is equal **seconds**: the cheaper side gets more trials.
#
# ### Exercise 4.6. Equal cost
# Write `best_within(scores, costs, seconds)`: one worker runs the trials one after the other, in this order; each takes its cost in seconds. Return the best score of the trials that have **finished** within `seconds` in all (a trial that ends exactly then has), or None if none has.


# %% exercise="4.6"
def best_within(scores, costs, seconds):
    ### BEGIN SOLUTION
    spent, best = 0.0, None
    for score, cost in zip(scores, costs):
        spent += cost
        if spent > seconds:
            break
        best = score if best is None else max(best, score)
    return best
    ### END SOLUTION


# %% check="4.6"
check("4.6")

# %%
costs = np.array([world.evaluate(Suggestion(c)).cost for c, _ in rows])
sides = {size: np.array([c["batch_size"] == size for c, _ in rows]) for size in (64, 256)}
for size, side in sides.items():
    afford = int(2 / costs[side].mean())
    by_trials, by_seconds = best_of(accuracies[side], 20), best_of(accuracies[side], afford)
    print(
        f"batch {size:3}: best of 20 trials {by_trials:.2%}; in 2 seconds {afford} trials, {by_seconds:.2%}"
    )

# %% [markdown]
# In trials, small batches lead by 0.3 points; in seconds, nearly all of that lead is gone: it was bought with time. Always write down which unit a comparison has.

# %% claim="Batches of 64 lead by 0.3 points in trials, and by less than a fifth of that in seconds"
lead = {}
for size, side in sides.items():
    afford = int(2 / costs[side].mean())
    lead[size] = best_of(accuracies[side], 20), best_of(accuracies[side], afford)
trials, seconds = np.subtract(lead[64], lead[256])
assert 0.002 < trials < 0.004 and abs(seconds) < trials / 5

# %% [markdown]
# ## 8. Your own model
# The last cells are yours. As they stand, they search four hyperparameters of a perceptron, trained now, with thirty quasi-random trials of five epochs (about five seconds), and ask which of them mattered. Replace the space and the function by your own: anything that takes a configuration and returns a score will do, be it a scikit-learn model, a Keras model or a simulation. For a Keras Tuner search, `coursekit.tuners.QuasiRandom` stands where `keras_tuner.RandomSearch` stood.

# %%
mine = Space(
    {
        "units": Integer(4, 128, log=True),
        "learning_rate": Float(1e-4, 1.0, log=True),
        "dropout": Float(0.0, 0.6),
        "activation": Choice(["relu", "tanh"]),
    }
)


def score(suggestion):
    _, run = train_perceptron(suggestion.configuration, digits, epochs=5, seed=0)
    return list(run)[-1].score


# %%
own = Search(QuasiRandom(mine), seed=0).run(score, trials=30)
plots.slices(mine, own, name="validation accuracy")
plt.show()

# %%
plots.importance(ped_anova(mine, own))
plt.title(f"Importance, estimated from {len(own)} trials")
plt.show()

# %% [markdown]
# Three questions to your own picture. Which parameter could you fix in the next round? At which border do the best trials crowd? And how would the importance look if the learning rates ended at 0.1?

# %% claim="In the example the learning rate and the units matter most, on other seeds too"
for seed in range(3):
    some = Search(QuasiRandom(mine), seed=seed).run(score, trials=30)
    found = ped_anova(mine, some)
    assert max(found, key=found.get) == "learning_rate"

# %% [markdown] conclusion="04"
# ## 9. Your conclusion
# A colleague has six hyperparameters and can pay for 50 trainings on five machines. She plans a grid of two values each, 64 points, of which she will run the first 50. Write five or six sentences of advice: what is wrong with the plan, what you would run in its place and on which scales, what 50 trials can promise, and what she should look at when they are done.
#
# - A grid that stops early is biased (the first parameter has one value in 32 of the 50 trials), and two values of a parameter that matters are too few.
# - Random or quasi-random draws instead: 50 different values of each continuous parameter, and all five machines at once.
# - Learning rates and other factors are drawn on a log scale.
# - Fifty draws meet the best 5 % of the space with a chance of 92 %, which is worth something only if the space is good.
# - Afterwards: importance, ranges whose best trials lie at the border, and a next round with fixed, nuisance and scientific hyperparameters named.

# %% [markdown]
# ## 10. What to take away
# - A grid of *n* points tries few values of each parameter; *n* random points try *n*. Where few parameters matter, that decides.
# - A grid is as good as the choice of its values; if it is stopped early, it is biased.
# - Random search can be computed beforehand: 59 draws meet the best 5 % of any space with a chance of 95 %. Whether these 5 % are good is up to the space.
# - Draw factors (learning rate, units, weight decay) on a log scale.
# - Scrambled Sobol points insure small budgets against bad luck, and cost nothing.
# - Importance tells where the next round should look; it belongs to a space and its ranges, and a hundred trials rank only what is large.
# - Compare at equal cost, with the nuisance parameters tuned on both sides.
#
# **Read on:** Bergstra and Bengio 2012 (`bergstra2012random`), beside the guide `references/random_search.md`. Importance: Hutter et al. 2014 (`hutter2014efficient`) and Watanabe et al. 2023 (`watanabe2023ped`), with the guide `references/hyperparameter_importance.md`. Quasi-random points for large models: Bousquet et al. 2017 (`bousquet2017critical`); where they come from: Halton 1960 (`halton1960efficiency`), Sobol 1967 (`sobol1967distribution`). How a team tunes: Godbole et al. 2023 (`godbole2023deep`). The keys are in `references/references.bib`.

# %%
progress()
