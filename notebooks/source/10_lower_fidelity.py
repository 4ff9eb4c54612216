# %% [markdown]
# # Lab 10. Lower fidelity
#
# A full training takes an hour, and a training with a tenth of the epochs takes six minutes. If the six minutes ranked the candidates as the hour does, every search would be ten times cheaper. They do so only roughly. In this lab you measure what four kinds of cheap training cost and how well each of them ranks, first over all candidates and then among the best, where a search has to decide. You find out what is noise in it and what is bias, and you build the method that gains from cheap scores without trusting them.
#
# **After it you can**
# - name four kinds of fidelity, and measure what each costs and how well it ranks;
# - compute Kendall's tau with ties, and say why a high tau may be worth little;
# - judge a fidelity by its regret, and choose the cheapest one that is good enough;
# - tell noise from bias, and keep both apart from a flattering comparison;
# - explain what less data does to the best learning rate;
# - split a budget between a cheap search and full trainings of its finalists.
#
# **It takes** about 60 seconds of computing on two cores (all cells), and an hour or two of yours. **Budget:** about 5,000 epochs of small perceptrons on 270 to 1,078 images of digits; everything else is replayed from tables of trainings that were done once, for everybody. No GPU, no network.
#
# **How it works:** predict before you run; move whatever has a slider; write code where it says so, then run the check below it. Stuck? `hint("10.1")`, and again for more; after a try, `solution("10.1")`.

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import numpy as np

from coursekit import plots, theme
from coursekit.estimators import LowerFidelity
from coursekit.estimators.agreement import agreement, chosen, kendall, overlap, regret
from coursekit.estimators.lower_fidelity import check_finalists
from coursekit.labs import check, hint, measured, predict, progress, recall, solution
from coursekit.race.luck import draws_for
from coursekit.race.significance import compare
from coursekit.search import Search
from coursekit.strategies import make
from coursekit.trials import Suggestion
from coursekit.widgets import Fidelity
from coursekit.worlds import Cells, Live, MLPs
from coursekit.worlds.trained_tables import entries, read

theme.use()  # figures follow JupyterLab's theme

# %% [markdown]
# ## 1. Four ways to be cheaper
# A **fidelity** is a version of the training that costs less and answers the same question less exactly: fewer epochs, less data, fewer pixels, a thinner network. The kit has trained 1,011 cells on rotated digits for 12 epochs: with all images, with a quarter of the training images, and with half the height and width. A **full score** is the accuracy after a whole training, the mean of two. A **cheap score** comes from one training at a lower fidelity, as a search would have it.

# %%
world, single = Cells(), Cells(seed=0)
whole = world.results()
full = np.array([each.score for each in whole])
print(f"{len(full):,} cells, {world.epochs} epochs; fidelities: {', '.join(world.fidelities)}")

# %% [markdown]
# Half the height and half the width are a quarter of the pixels. **Predict** what is left of the seconds.

# %%
predict("10-pixels", "A quarter of the pixels: which share of the seconds?", unit="%")


# %%
def cheap_at(fidelity, epochs):
    made = single.at(fidelity).results(epochs)
    share = sum(each.cost for each in made) / sum(each.cost for each in whole)
    return np.array([each.score for each in made]), share


# %%
for fidelity in world.fidelities:
    shares = [f"{cheap_at(fidelity, epochs)[1]:5.0%}" for epochs in (1, 3, 6, 12)]
    print(f"{fidelity:16} 1, 3, 6, 12 epochs: {' '.join(shares)}")
measured("10-pixels", round(100 * cheap_at("half resolution", 12)[1]))

# %% [markdown]
# Epochs save what they promise. A quarter of the data costs a third, since each epoch is validated on all 1,000 images. A quarter of the pixels costs two thirds: much of a small network's time does not depend on the pixels. Measure the seconds of a fidelity before you count on them.
#
# The fourth kind, a thinner network, is not in the table, so we train it now: sixteen perceptrons on digits, whole and with half the units in each layer. `LowerFidelity` is the kit's estimator for all four kinds; `compare` trains both ways.

# %%
live = Live("mlps")
drawn = [Suggestion(live.space.sample(np.random.default_rng(seed))) for seed in range(16)]
thinner = LowerFidelity(live, fidelity="half width").compare(drawn)
print(thinner)

# %% [markdown]
# Half the units save little here: a network as small as this spends most of its time elsewhere. In a large network they save more, since the work of a dense layer between two hidden ones grows with the square of the width.

# %% claim="Half of height and width costs two thirds, a quarter of the data a third"
assert 0.6 < cheap_at("half resolution", 12)[1] < 0.7
assert 0.28 < cheap_at("quarter data", 12)[1] < 0.36
assert abs(cheap_at("full", 3)[1] - 0.25) < 0.001

# %% claim="A perceptron of half the width ranks well over all"
assert thinner.pairs > 0.6 and thinner.configurations == 16

# %% [markdown]
# ## 2. Does it keep the ranking?
# A search does not need the full score of a candidate. It needs to know which of two is better. Kendall (1938; `kendall1938new`) counts pairs: a pair is **in order** if both scores put the same candidate ahead, and **out of order** if they disagree. With $P$ pairs in order and $Q$ out of order, and no ties, $\tau = (P - Q) / (P + Q)$: 1 for the same ranking, 0 for none in common, −1 for the reverse.
#
# Accuracies are counts of images, so many pairs are **tied** in one score or in both. A pair that is tied anywhere is neither in nor out of order, and tau-b divides by the pairs that each score can tell apart: $\tau_b = (P - Q) / \sqrt{N_x N_y}$, where $N_x$ is the number of pairs that are not tied in $x$, and $N_y$ in $y$.
#
# ### Exercise 10.1. Kendall's tau with ties
# Write `tau(x, y)` for two lists of equal length; the answer is $\tau_b$. If $N_x$ or $N_y$ is 0, nothing was ranked: the answer is None.
#
# By hand: x = [1, 2, 3], y = [5, 5, 7] has three pairs. The first two candidates are tied in y; the other two pairs are in order. $P = 2$, $Q = 0$, $N_x = 3$, $N_y = 2$, and $\tau_b = 2 / \sqrt{6} = 0.82$.


# %% exercise="10.1"
def tau(x, y):
    ### BEGIN SOLUTION
    order = untied_x = untied_y = 0
    for i in range(len(x)):
        for j in range(i):
            a, b = np.sign(x[i] - x[j]), np.sign(y[i] - y[j])
            order += a * b
            untied_x += a != 0
            untied_y += b != 0
    if untied_x == 0 or untied_y == 0:
        return None
    return float(order / math.sqrt(untied_x * untied_y))
    ### END SOLUTION


# %% check="10.1"
check("10.1")

# %% [markdown]
# Now a quarter of the data, all 12 epochs. **Predict** tau over all cells, and then among the best tenth of them by their full scores.

# %%
predict("10-all", "Tau of a quarter of the data, over all 1,011 cells", least=-1, most=1)

# %%
predict("10-best", "And among the best tenth of the cells", least=-1, most=1)

# %%
quarter, _ = cheap_at("quarter data", 12)
measured("10-all", round(kendall(quarter, full), 2))
measured("10-best", round(kendall(quarter, full, best=0.1), 2))

# %% [markdown]
# `kendall` of the kit does what you wrote, and with `best=0.1` it asks only about the best tenth. A tau of 0.85 looks like a good guide. But most of those pairs are a poor cell beside a decent one, which any training tells apart. Towards its end a search compares good candidates with good ones, and there the guide is far weaker. **A tau over all candidates says how well a fidelity finds the poor ones.**
#
# Move the sliders. The left figure shows all candidates, the right one enlarges the best share; the square is the choice by cheap scores. Which kind is best for its price? What does the half resolution do to the right figure? How far does the regret fall with five finalists in place of one?

# %%
Fidelity()

# %% [markdown]
# All of it in one figure: a line for each kind, a point for each number of epochs.

# %%
figure, panels = plt.subplots(1, 2, figsize=(8, 3.4), sharex=True, layout="constrained")
for fidelity in world.fidelities:
    found = [cheap_at(fidelity, epochs) for epochs in range(1, 13)]
    shares = [100 * share for _, share in found]
    for panel, best in zip(panels, (1.0, 0.1)):
        panel.plot(shares, [kendall(cheap, full, best=best) for cheap, _ in found], label=fidelity)
for panel, title in zip(panels, ("over all", "among the best tenth")):
    panel.set(title=f"Kendall's tau {title}", xlabel="share of a full training, %", ylim=(-0.2, 1))
panels[0].legend()
plt.show()

# %% [markdown]
# Compare at the same price. At 8 % of the seconds, one epoch of all images is far better than three epochs of a quarter of them. At a third, it is the other way round: a quarter of the data with all its epochs is better than four epochs of all images. (A plausible reason: the one ends as planned, with its learning rate fallen to 0, and the other is cut in the middle.) Half the pixels are the worst choice: two thirds of the price, and the lowest tau among the best. More epochs help little, so the reason is another one (section 6).

# %% claim="A quarter of the data: tau 0.85 over all, about half of that among the best tenth; other trainings too"
assert abs(kendall(quarter, full) - 0.85) < 0.02
for seed in range(3):
    cheap = [each.score for each in Cells(seed=seed).at("quarter data").results()]
    assert kendall(cheap, full) > 0.83 and kendall(cheap, full, best=0.1) < 0.55

# %% claim="Half the pixels rank worst among the best after all epochs, and more epochs do not help"
for seed in range(3):
    rank = {
        (fidelity, epochs): kendall(
            [each.score for each in Cells(seed=seed).at(fidelity).results(epochs)], full, best=0.1
        )
        for fidelity in world.fidelities
        for epochs in (6, 12)
    }
    assert rank["half resolution", 12] < 0.3 < rank["quarter data", 12] < rank["full", 12]
    assert rank["half resolution", 12] - rank["half resolution", 6] < 0.2

# %% claim="At 8 % one epoch of all is better than three of a quarter; at a third a quarter with all epochs is better than four epochs of all"
for seed in range(3):
    one = Cells(seed=seed)
    rank = {
        (fidelity, epochs, best): kendall(
            [each.score for each in one.at(fidelity).results(epochs)], full, best=best
        )
        for fidelity, epochs in (
            ("full", 1),
            ("full", 4),
            ("quarter data", 3),
            ("quarter data", 12),
        )
        for best in (1, 0.1)
    }
    for best in (1, 0.1):
        assert rank["full", 1, best] > rank["quarter data", 3, best] + 0.1
        assert rank["quarter data", 12, best] > rank["full", 4, best] + 0.005
assert abs(cheap_at("full", 1)[1] - cheap_at("quarter data", 3)[1]) < 0.01
assert abs(cheap_at("full", 4)[1] - cheap_at("quarter data", 12)[1]) < 0.02

# %% [markdown]
# ## 3. What it costs to trust it
# Tau counts all pairs alike. A search asks one question in the end: if I take the candidate with the best cheap score, how much do I lose? That is the **regret**: the best full score of all, minus the full score of my choice. With several **finalists**, which are then trained in full, it is the best of all minus the best of these.
#
# ### Exercise 10.2. The regret of a choice
# Write `lost(cheap, full, finalists)`. The finalists are the candidates with the highest cheap scores; no two cheap scores are equal. Return the highest full score of all candidates minus the highest full score among the finalists.


# %% exercise="10.2"
def lost(cheap, full, finalists):
    ### BEGIN SOLUTION
    order = sorted(range(len(cheap)), key=lambda place: -cheap[place])
    return max(full) - max(full[place] for place in order[:finalists])
    ### END SOLUTION


# %% check="10.2"
check("10.2")

# %% [markdown]
# `regret` of the kit does it for scores with ties too: among equal cheap scores chance decides, and it returns the mean. `overlap` says which share of the best *k* by cheap scores are among the best *k* in truth. `agreement` reports all of it.

# %%
print(f"{'':15} epochs seconds   tau  best overlap  regret: 1, 5")
for fidelity, epochs in (("full", 1), ("full", 6), ("quarter data", 12), ("half resolution", 12)):
    cheap, share = cheap_at(fidelity, epochs)
    rank = [kendall(cheap, full, best=best) for best in (1, 0.1)]
    losses = [100 * regret(cheap, full, finalists=count) for count in (1, 5)]
    print(
        f"{fidelity:15}{epochs:7}{share:8.0%}{rank[0]:6.2f}{rank[1]:6.2f}"
        f"{overlap(cheap, full, 101):8.0%}{losses[0]:8.2f}{losses[1]:6.2f}"
    )

# %% [markdown]
# In this table, "best" is tau among the best tenth, the overlap is that of the best 101 cells, and the regret is in points, with one finalist and with five.

# %% [markdown]
# A regret is the result of one set of trainings, so it jumps from one set to the next. Here is its mean over eight sets, each with one training of each cell, and the number of finalists along the axis.

# %%
counts = range(1, 21)
for fidelity, epochs in (("full", 1), ("full", 6), ("quarter data", 12), ("half resolution", 12)):
    sets = [Cells(seed=seed).at(fidelity).results(epochs) for seed in range(8)]
    scores = [[each.score for each in made] for made in sets]
    means = [np.mean([regret(s, full, finalists=n) for s in scores]) for n in counts]
    plt.plot(
        counts,
        [100 * each for each in means],
        label=f"{fidelity}, {epochs} epoch{'s' * (epochs > 1)}",
    )
plt.title("What is lost by training only the finalists in full")
plt.xlabel("finalists")
plt.ylabel("regret, points")
plt.xticks([1, 5, 10, 15, 20])
plt.legend()
plt.show()

# %% [markdown]
# If you trust a cheap score and train one candidate in full, you lose more than a point with each of these fidelities. With five finalists you lose less than a point. And then one epoch, for 8 % of the seconds, loses less than a quarter of the data for 32 %, which has the higher tau. Section 7 builds on that.

# %% claim="One finalist loses more than a point, five less; with five one epoch loses less than a quarter of the data"
for start in (0, 8, 16):
    mean = {
        (fidelity, epochs, n): np.mean([
            regret([e.score for e in Cells(seed=seed).at(fidelity).results(epochs)], full, finalists=n)
            for seed in range(start, start + 8)
        ])
        for fidelity, epochs in (
            ("full", 1), ("full", 6), ("quarter data", 12), ("half resolution", 12)
        )
        for n in (1, 5)
    }  # fmt: skip
    assert all((value > 0.01) == (n == 1) for (_, _, n), value in mean.items())
    assert mean["full", 1, 5] < mean["quarter data", 12, 5]

# %% [markdown]
# ### Exercise 10.3. The cheapest that is good enough
# Write `cheapest(options, full, bound)`. `options` maps the name of a fidelity to a pair: its seconds for a candidate, and the list of the cheap scores. Return the name of the option with the fewest seconds whose regret, with **one** finalist, is at most `bound`; None if no option is good enough. No two cheap scores of an option are equal, and no two options cost the same.


# %% exercise="10.3"
def cheapest(options, full, bound):
    ### BEGIN SOLUTION
    good = {}
    for name, (seconds, cheap) in options.items():
        choice = max(range(len(cheap)), key=lambda place: cheap[place])
        if max(full) - full[choice] <= bound:
            good[name] = seconds
    return min(good, key=good.get) if good else None
    ### END SOLUTION


# %% check="10.3"
check("10.3")

# %%
recall(
    "10-tau",
    "A fidelity has a tau of 0.9 over all candidates. May you choose your winner by it?",
    answer="Not from that number. It may come from telling the poor ones from the rest. Ask for tau among the best, and for the regret with as many finalists as you can train in full.",
)

# %% [markdown]
# ## 4. Noise or bias?
# A cheap score differs from the full one for two reasons. **Noise**: another seed gives another score; the mean of several trainings is better. **Bias**: the cheap training asks another question (which cell is good at half the pixels?), and no number of seeds helps.
#
# First a trap. A full training of the same cell is the most expensive "fidelity" of all, and the best one could hope for. **Predict** how well one full training ranks the best tenth by the mean of the two trainings, and how well it ranks them by the *other* training alone.

# %%
predict("10-own", "One training against the mean that it is part of: tau in the best tenth", most=1)

# %%
table = read("cells")[0].validation.astype(float)  # cells, fidelities, trainings, epochs
first, second = table[:, 0, 0, -1], table[:, 0, 1, -1]
measured("10-own", round(kendall(first, full, best=0.1), 2))
print(f"against the other training: {kendall(first, second, best=0.1):.2f}")

# %% [markdown]
# The comparison with its own mean flatters: the luck of a training is in both numbers. The same holds for all scores after fewer epochs, which are the beginning of the very training that they are compared with. (Sections 2 and 3 did that.) **Compare with trainings that the cheap score is not part of.** From here on we do.

# %% claim="A training agrees far better with the mean that it is part of than with the other training"
for one, other in ((first, second), (second, first)):
    assert kendall(one, full, best=0.1) - kendall(one, other, best=0.1) > 0.15

# %% [markdown]
# Now the perceptrons, of which there are three trainings each. We take one of them as the cheap score, and the mean of the two others as the truth; each of the three has its turn.

# %%
trained = np.nan_to_num(read("mlps")[0].validation.astype(float))


def fair(level, epochs, best=0.1):
    ranks = []
    for one in range(3):
        others = np.delete(trained[:, 0, :, -1], one, axis=1).mean(axis=1)
        ranks.append(kendall(trained[:, level, one, epochs - 1], others, best=best))
    return np.mean(ranks)


# %%
predict(
    "10-half",
    "Among the best tenth of the perceptrons, which ranks better?",
    options=[
        "another full training",
        "half the pixels, half the epochs",
        "no difference to speak of",
    ],
)

# %%
for name, level, epochs in (
    ("another full training", 0, 40),
    ("half the epochs", 0, 20),
    ("a quarter of the data", 1, 40),
    ("half the pixels", 2, 40),
    ("half the pixels, half the epochs", 2, 20),
):
    print(
        f"{name:32} over all {fair(level, epochs, 1.0):.2f}, best tenth {fair(level, epochs):.2f}"
    )
measured("10-half", "no difference to speak of")

# %% [markdown]
# Half the pixels with half the epochs cost 43 % and rank the best tenth no worse than a **full** training does. Over all perceptrons they are clearly behind. How can that be? Look at what a full training can see among the best. We take the best tenth by one training, and split what the other two say into noise (the two trainings of a candidate differ) and differences between candidates.


# %%
def noise_and_differences(level, epochs):
    parts = []
    for one in range(3):
        best = chosen(trained[:, 0, one, -1])
        pair = np.delete(trained[best, level, :, epochs - 1], one, axis=1)
        parts.append((pair.var(axis=1, ddof=1).mean(), np.cov(pair.T)[0, 1]))
    return 100 * np.sqrt(np.maximum(np.mean(parts, axis=0), 0))


for name, level, epochs in (("full", 0, 40), ("half the pixels, half the epochs", 2, 20)):
    noise, differences = noise_and_differences(level, epochs)
    print(f"{name:32} noise {noise:.1f}, differences {differences:.1f} points")

# %% [markdown]
# The best perceptrons are nearly equal at full fidelity, and one training is noisy: the noise is as large as what there is to see. At half the pixels the task is harder, and the candidates lie far apart. The harder task has a bias, but little noise beside its differences. On an easy task, one full training is only a noisy measurement, too: **the noise of the truth limits what any fidelity can show, the full one included.**

# %% claim="Half the pixels and half the epochs rank the best tenth of the perceptrons no worse than a full training, at 43 % of the cost, and worse over all"
seconds = read("mlps")[0].seconds
assert abs(0.5 * seconds[:, 2].sum() / seconds[:, 0].sum() - 0.43) < 0.01
assert fair(2, 20) > fair(0, 40) - 0.005
assert fair(2, 20, 1.0) < fair(0, 40, 1.0) - 0.1

# %% claim="Among the best perceptrons noise is as large as the differences at full fidelity, and much smaller at half the pixels"
noise, differences = noise_and_differences(0, 40)
assert noise > 0.6 * differences
harder = noise_and_differences(2, 20)
assert harder[1] > 2 * harder[0] and harder[1] > 2 * differences

# %%
recall(
    "10-bias",
    "You can pay for four trainings of each candidate at a quarter of the data, or for one full training. When do the four trainings help, and when not?",
    answer="They halve the noise of the cheap score. If the cheap score is wrong by bias (another best learning rate, say), four trainings are wrong together.",
)

# %% [markdown]
# ## 5. A quarter of the data is a quarter of the steps
# With a quarter of the data and as many epochs, a training makes a quarter of the **steps** of its optimizer. What can that do to a hyperparameter that belongs to the steps, such as the learning rate? Each of the 648 perceptrons without its learning rate has one that suits it best. **Predict** for how many it is higher at a quarter of the data.

# %%
predict("10-rate", "For which share of the perceptrons is the best learning rate higher?", unit="%")

# %%
sizes = [len(list(p.domain.values())) for p in MLPs().space.parameters]
axis = [p.name for p in MLPs().space.parameters].index("learning_rate")
means = trained.mean(axis=2)  # perceptrons, fidelities, epochs


def best_rate(level, epochs):
    return means[:, level, epochs - 1].reshape(sizes).argmax(axis=axis)


# %%
for name, level, epochs in (
    ("a quarter of the data, 40 epochs", 1, 40),
    ("all data, 10 epochs", 0, 10),
):
    moved = best_rate(level, epochs) - best_rate(0, 40)
    print(f"{name:32} higher for {np.mean(moved > 0):.0%}, lower for {np.mean(moved < 0):.0%}")
measured("10-rate", round(100 * np.mean(best_rate(1, 40) > best_rate(0, 40))))

# %% [markdown]
# It moves up more often than down, as it does after a quarter of the epochs. Is it the steps, then, or the data? The control keeps the data at a quarter and gives all the steps back: 160 epochs. The table does not hold that, so we train it now: one perceptron, seven learning rates, two seeds.

# %%
rates = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1]
perceptron = dict(layers=1, units=64, activation="relu", dropout=0.0)
perceptron |= dict(batch_size=64, optimizer="sgd")


def over_rates(judge, epochs):
    asked = [Suggestion({**perceptron, "learning_rate": rate}, epochs) for rate in rates]
    return [judge.evaluate(each).score for each in asked]


# %%
few = Live("mlps", fidelity="quarter data")
longer = np.mean([over_rates(few.seeded(seed), 160) for seed in (0, 1)], axis=0)

# %%
curves = {
    "all data, 40 epochs": over_rates(MLPs(), 40),
    "a quarter of the data, 40 epochs": over_rates(MLPs(fidelity="quarter data"), 40),
    "all data, 10 epochs": over_rates(MLPs(), 10),
    "a quarter of the data, 160 epochs": longer,
}
for name, scores in curves.items():
    plt.semilogx(rates, 100 * np.array(scores), label=name)
plt.title("SGD, 64 units, batches of 64: the steps make the curve")
plt.xlabel("learning rate")
plt.ylabel("validation accuracy, %")
plt.legend()
plt.show()

# %% [markdown]
# With the steps back (800 in place of 680, since the last batch of an epoch is small), small learning rates are as good as with all data. So fewer steps are a handicap for small learning rates. If you search a learning rate on less data, keep the number of **steps** as it will be in the end, or expect to tune it again. (Keeping the steps costs what you wanted to save: at a quarter of the data and four times the epochs only the variety of the data is smaller.)

# %% claim="At a quarter of the data, as after a quarter of the epochs, the best rate is higher more often than lower"
for level, epochs in ((1, 40), (0, 10)):
    for one in range(3):  # each of the trainings alone
        alone = trained[:, :, one]
        moved = alone[:, level, epochs - 1].reshape(sizes).argmax(axis=axis) - alone[
            :, 0, 39
        ].reshape(sizes).argmax(axis=axis)
        assert np.mean(moved > 0) > np.mean(moved < 0) + 0.05
assert len(best_rate(0, 40).ravel()) == 648

# %% claim="With all the steps, small rates are as good on a quarter of the data as on all of it"
for seed in (0, 1, 2):
    steps = over_rates(few.seeded(seed), 160)
    whole_data, fewer = curves["all data, 40 epochs"], curves["a quarter of the data, 40 epochs"]
    for place in (1, 2):  # learning rates of 0.0003 and 0.001
        assert steps[place] > whole_data[place] - 0.02 and fewer[place] < whole_data[place] - 0.15

# %% [markdown]
# ## 6. Half the pixels that score higher than the whole
# Back to the cells. One would think that a network sees less in half the pixels. **Predict** how many of the 1,011 cells score *higher* with half the height and width.

# %%
predict("10-higher", "Cells that score higher at half the pixels", unit="%")

# %%
half = np.array([each.score for each in Cells(fidelity="half resolution").results()])
measured("10-higher", round(100 * np.mean(half > full)))

# %%
convolutions = [[*cell.values()].count("nor_conv_3x3") for cell in entries(world.space)]
for count in range(6):
    there = np.array(convolutions) == count
    print(
        f"{count} convolutions, {there.sum():3} cells: whole {full[there].mean():.1%}, "
        f"half {half[there].mean():.1%}, gain {100 * (half - full)[there].mean():+5.1f}"
    )

# %% [markdown]
# The fewer convolutions a cell has, the more it gains. A plausible reason: each small pixel is the mean of four noisy ones, and a window of 3x3 of them covers four times the area of the digit. A cell that cannot look far is helped by both; a cell with four or five convolutions could already look far, and loses detail. (To test that, train with the noise removed, or with a wider first convolution.) Whatever the reason is, this is **bias**. Half the pixels make the good cells look alike, so the best ones are hard to tell from them: the scores of the best tenth have a standard deviation of 0.7 points in place of 1.0.
#
# There is a second trap. Scores at half the pixels and full scores are different quantities, and the first are often higher.
#
# ### Exercise 10.4. Find the bug: a winner chosen among two fidelities
# A colleague searches cheap and checks the best few in full. `screen(candidate)` is the cheap score, `check(candidate)` the full one, and both are expensive: each is called once for a candidate at most. The program answers with a candidate that was never trained in full. Repair it: the winner is the candidate with the best **full** score among the `finalists`, which have the best cheap scores. Candidates are numbers; no two scores of a kind are equal.


# %% exercise="10.4"
def search(candidates, screen, check, finalists):
    scores = {candidate: screen(candidate) for candidate in candidates}
    ### BEGIN SOLUTION
    #: for candidate in sorted(scores, key=scores.get)[-finalists:]:
    #:     scores[candidate] = check(candidate)
    #: return max(scores, key=scores.get)
    best = sorted(scores, key=scores.get)[-finalists:]
    checked = {candidate: check(candidate) for candidate in best}
    return max(checked, key=checked.get)
    ### END SOLUTION


# %% check="10.4"
check("10.4")

# %% claim="Four of five cells score higher at half the pixels, hardly any of the best tenth; the gain falls with the convolutions"
assert 0.75 < np.mean(half > full) < 0.82
assert np.mean((half > full)[chosen(full)]) < 0.05
gains = [(half - full)[np.array(convolutions) == count].mean() for count in range(6)]
assert gains == sorted(gains, reverse=True) and gains[0] > 0.2 and gains[4] < 0 and gains[5] < 0
for seed in range(3):
    one = np.array([e.score for e in Cells(seed=seed, fidelity="half resolution").results()])
    assert 0.7 < np.mean(one > full) < 0.85

# %% claim="Half the pixels make the best tenth look alike"
among = chosen(full)
assert abs(half[among].std() - 0.007) < 0.0005 and abs(full[among].std() - 0.01) < 0.0005

# %% [markdown]
# ## 7. Search cheap, then check the best few in full
# Now the method. Spend a part of the budget on many cheap scores, and the rest on full trainings of the finalists, the best first. The winner is the best of the finalists by its full score. You pay for everything, so there is one question: how to split the budget.
#
# ### Exercise 10.5. Finalists under a budget
# Write `affordable(cheap, costs, seconds)`: `costs` are the seconds of each candidate's **full** training. Train the candidates one after the other in the order of their cheap scores, the highest first. Return the list of the places (the first candidate has number 0) whose training ends within `seconds`, in that order; a training that ends exactly then counts. **Stop** at the first that would end later: what comes after it has a lower cheap score. No two cheap scores are equal.


# %% exercise="10.5"
def affordable(cheap, costs, seconds):
    ### BEGIN SOLUTION
    chosen, spent = [], 0.0
    for place in sorted(range(len(cheap)), key=lambda each: -cheap[each]):
        spent += costs[place]
        if spent > seconds:
            break
        chosen.append(place)
    return chosen
    ### END SOLUTION


# %% check="10.5"
check("10.5")

# %% [markdown]
# The budget is 20 full trainings of average cost, for everybody. Thirty searches draw cells at random and train each cheaply until their part of the budget is spent; `check_finalists` of the kit spends the rest (and trains isomorphic cells once). The control is random search that trains each cell in full. **Predict** which part of the budget belongs to the checks.

# %%
predict("10-split", "With one epoch as the cheap score: best share for the checks", unit="%")

# %%
price = np.mean([each.cost for each in whole])  # of an average full training
budget, seeds = 20 * price, range(30)
once = [Cells(seed=seed) for seed in seeds]
again = [Cells(seed=seed + 100) for seed in seeds]  # other trainings, for the checks


def searched(strategy, seed, **cheap):
    judge = LowerFidelity(once[seed], **cheap) if cheap else once[seed]
    found = Search(make(strategy, world.space), seed=seed).run(
        judge, seconds=budget, progress=False
    )
    return list(found.completed)


# %%
def winner(trials, seed, share):
    """The worth of the choice if this share of the budget is kept for full trainings."""
    spent = np.cumsum([trial.cost for trial in trials])
    screened = trials[: np.searchsorted(spent, (1 - share) * budget)]
    checked = check_finalists(screened, again[seed], seconds=share * budget)
    best = max(checked or screened, key=lambda trial: trial.score)
    return world.worth(best.configuration), len(checked)


# %%
splits = (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
ways = {"1 epoch": dict(epochs=1), "a quarter of the data": dict(fidelity="quarter data")}
ways["half the pixels"] = dict(fidelity="half resolution")
runs = {way: [searched("random", s, **cheap) for s in seeds] for way, cheap in ways.items()}

# %%
split = {
    way: np.array([[winner(t, s, share) for s, t in enumerate(each)] for share in splits])
    for way, each in runs.items()
}  # ways; splits, searches, (worth, finalists)


# %%
def full_choice(strategy, seed):
    trials = searched(strategy, seed)
    spent = np.cumsum([trial.cost for trial in trials])
    done = [t for t, at in zip(trials, spent) if at <= budget and len(t.curve) == world.epochs]
    return world.worth(max(done, key=lambda trial: trial.score).configuration)


control = [full_choice("random", seed) for seed in seeds]

# %%
for way, found in split.items():
    plt.plot(100 * np.array(splits), 100 * found[:, :, 0].mean(axis=1), label=way)
level = 100 * np.mean(control)
plt.axhline(level, color=theme.INK, linestyle=":", marker="", label="random search in full")
plt.title("Twenty trainings' worth of seconds: what is found")
plt.xlabel("share of the budget for full trainings of finalists, %")
plt.ylabel("full accuracy of the choice, %")
plt.legend()
plt.show()

# %%
epoch = split["1 epoch"][:, :, 0].mean(axis=1)
measured("10-split", round(100 * splits[epoch.argmax()]))
for share, (worth, count) in zip(splits, split["1 epoch"].mean(axis=1)):
    print(f"{share:4.0%} for checks: {count:4.1f} finalists, {worth:.2%}")

# %% [markdown]
# Read it from left to right. **Without checks**, single epochs look at ten times as many cells as full trainings, and choose badly among the best. From a third to 60 % of the budget for checks, with four to nine finalists, the curve is flat, so the exact number does not matter. **With too many checks** few cells are looked at, and half the pixels end below random search in full.
#
# And the order of the fidelities is not that of their tau. One epoch ranks worse than a quarter of the data, costs a quarter as much, and finds more: **what ranks roughly and costs little is worth more than what ranks well, as long as finalists are checked.** Half the pixels at two thirds of the price do not pay.

# %% claim="With one epoch the top is flat from a third to 60 % for checks, four to nine finalists; no checks and too many are worse"
flat = [splits.index(share) for share in (0.3, 0.4, 0.5, 0.6)]
counts = split["1 epoch"][:, :, 1].mean(axis=1)
assert 3 < counts[flat[0]] < 4.5 and 8 < counts[flat[-1]] < 9.5
assert np.ptp(epoch[flat]) < 0.003 and epoch.argmax() in flat
assert epoch[flat].min() > max(epoch[0], epoch[-1]) + 0.001
for half_of_them in (slice(0, 15), slice(15, 30)):
    some = split["1 epoch"][:, half_of_them, 0].mean(axis=1)
    assert some[flat].mean() > max(some[0], some[-1])
assert np.mean([len(trials) for trials in runs["1 epoch"]]) > 200
assert split["half the pixels"][-1, :, 0].mean() < np.mean(control)
assert epoch[flat].mean() > split["a quarter of the data"][flat, :, 0].mean()

# %% claim="One epoch with checks beats random search in full; half the pixels do not"
pair = compare({"cheap": split["1 epoch"][4, :, 0], "full": control})[0]
assert pair.better == "cheap" and pair.significant and pair.difference > 0.004
pixels = compare({"cheap": split["half the pixels"][4, :, 0], "full": control})[0]
assert not (pixels.significant and pixels.better == "cheap")

# %% [markdown]
# ### Against strategies that learn
# Random search in full is a weak rival. Local search and TPE (labs 05 and 06) learn from the full trainings that they pay for; **Hyperband** (lab 09) lives by the same idea as this section, and raises the epochs step by step, in brackets. And evolution can learn from cheap scores, too. Below, "screened" means single epochs for 60 % of the budget and checks for the rest. All of them have the same seconds, checks included.

# %%
predict(
    "10-learn",
    "Twenty trainings' worth of seconds: which finds most, on average?",
    options=["TPE in full", "evolution, screened", "Hyperband"],
)

# %%
evolution = "regularized_evolution(population_size=10, sample_size=5)"
contest = {"random in full": control, "random, screened": split["1 epoch"][4, :, 0]}
for name, strategy in (
    ("TPE in full", "tpe"),
    ("local search in full", "local_search"),
    ("Hyperband", "hyperband(max_budget=12, factor=4)"),
):
    contest[name] = [full_choice(strategy, seed) for seed in seeds]
contest["evolution, screened"] = [
    winner(searched(evolution, seed, epochs=1), seed, 0.4)[0] for seed in seeds
]

# %%
for name, found in contest.items():
    print(f"{name:30} {np.mean(found):.2%}, from {min(found):.2%} to {max(found):.2%}")
asked = ("TPE in full", "evolution, screened", "Hyperband")
measured("10-learn", max(asked, key=lambda name: np.mean(contest[name])))

# %%
for pair in compare(contest):
    if pair.significant:
        print(f"{pair.better} > {pair.worse}, by {100 * pair.difference:.2f} points")

# %% [markdown]
# Cheap scores with checks win. Evolution on single epochs ends more than a point above each strategy that trains in full; these seeds do not tell it from random draws on single epochs. Hyperband gains less here. It hedges: one of its brackets trains everything in full, which pays where early scores mislead, and here they mislead little. In a world of late bloomers (lab 09), expect another order: it belongs to this table. That everything has to be paid for belongs to all tables.
#
# What is left of "one epoch costs a twelfth"? `draws_for` of lab 04 says how many random full trainings are worth as much, if the best of them is known without noise.

# %%
accuracies = [world.accuracy(each) for each in world.space.enumerate()]
for name in ("random in full", "random, screened"):
    print(f"{name:30} is worth {draws_for(accuracies, np.mean(contest[name]))} random draws")

# %% claim="Evolution on single epochs is a point above the best in full; random draws with checks are ahead of Hyperband and of random search in full"
pairs = {(pair.better, pair.worse): pair for pair in compare(contest)}
for rival in ("TPE in full", "local search in full", "Hyperband", "random in full"):
    pair = pairs["evolution, screened", rival]
    assert pair.significant and pair.difference > 0.01
for rival in ("Hyperband", "random in full"):
    assert pairs["random, screened", rival].significant
assert not pairs["evolution, screened", "random, screened"].significant

# %% [markdown]
# Random search in full is worth about as many draws as it makes. With cheap scores and checks it is worth between three and four times as many: that is left of a factor of twelve, when everything is paid for.

# %% claim="With cheap scores and checks random search is worth three to four times the draws"
worth = [draws_for(accuracies, np.mean(contest[name])) for name in list(contest)[:2]]
assert 3 <= worth[1] / worth[0] < 4
made = np.mean([len(searched("random", seed)) for seed in range(10)])
assert 0.7 < worth[0] / made < 1.4

# %%
recall(
    "10-pay",
    "A colleague reports: 'with one epoch we screen at 8 % of the cost, so our search is twelve times faster'. What is missing?",
    answer="The checks, which take a fifth to a half of the seconds; the regret that is left after them; and the same seconds for the rival.",
)

# %% [markdown]
# ## 8. Your own model
# The last cells are yours. As they stand, they ask three questions about the perceptrons that we trained in section 1: which fidelity is cheap, ranks, and loses little? Replace the recipe or the candidates by your own. Any `Live` recipe has these fidelities, and several at once can be asked for. For another library, collect two lists of scores of the same candidates, cheap and full, and call `kendall`, `overlap` and `regret` on them: a dozen candidates that were trained both ways are the price of knowing.

# %%
mine = Live("mlps", seed=1)
asked = [Suggestion(mine.space.sample(np.random.default_rng(seed))) for seed in range(100, 112)]

# %%
for options in (dict(epochs=5), dict(fidelity="quarter data and half width")):
    print(options)
    print(LowerFidelity(mine, **options).compare(asked))

# %% [markdown]
# Three questions to your own numbers. Is the tau that of all candidates, or of the best? Are cheap and full scores from different seeds? And what would the regret be with three finalists?

# %% [markdown] conclusion="10"
# ## 9. Your conclusion
# A colleague tunes an image model. A full training takes two hours, the budget is 80 hours, and she plans to search the learning rate, the width and the augmentation on a tenth of the data with as many epochs, and to ship what is best there. Write five or six sentences of advice: what will be wrong with her ranking, what you would measure before the search and on how many candidates, how you would split the 80 hours, and how the winner is chosen.
#
# - A tenth of the data with as many epochs is a tenth of the steps: the best learning rate moves up; keep the steps, or tune the rate again.
# - Before the search, a dozen or two of candidates are trained both ways; not tau over all, but tau among the best and the regret decide.
# - The cheap scores and the full ones come from different seeds, or the agreement flatters.
# - A fifth to a half of the 80 hours is kept for full trainings of three or more finalists.
# - The winner is the best of the finalists by full scores; scores of two fidelities are never compared.
# - Seconds are measured: less data or fewer pixels save less than their share.

# %% [markdown]
# ## 10. What to take away
# - A fidelity is worth what it ranks for what it costs; measure both. Fewer epochs save what they promise, fewer pixels and less data save less.
# - Tau over all candidates says who is poor. A search lives by tau among the best, and ends with a regret.
# - Noise goes away with more trainings, bias does not. A full score is noisy too, and it limits what any fidelity can show.
# - Compare with trainings that the cheap score was not taken from.
# - Less data with as many epochs is fewer steps, and fewer steps want a higher learning rate.
# - Screen cheap and check the finalists in full. Then a rough ranking at a tenth of the price beats a good one at a third.
# - Never choose a winner among scores of two fidelities.
#
# **Read on:** how well fewer epochs and smaller networks keep a ranking, Zela et al. 2018 (`zela2018towards`), with the guide `references/lower_fidelity.md`. Which reductions keep it best in a large space: Zhou et al. 2020 (`zhou2020econas`). A model of what data size does to scores, so that a search chooses the size itself: Klein et al. 2017 (`klein2017fast`). Raising the fidelity step by step: Li et al. 2018 (`li2018hyperband`) and lab 09; forecasting the end of a curve from its start: lab 11. The keys are in `references/references.bib`.

# %%
progress()
