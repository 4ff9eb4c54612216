# %% [markdown]
# # Lab 13. Judging a search
#
# "Our method beats random search by half a point." Does it? Perhaps it ran once, or five times. Perhaps both had equal trials, but not equal hours. Perhaps it was the best of three variants, chosen on the same images that the half point was measured on. In this lab you examine such sentences. Every training is replayed from a table, so a comparison that took years of training takes a second here, and you can make the same mistake two hundred times and look at what it does.
#
# **After it you can**
# - say how often a single run gives the wrong answer, and how many seeds it takes until it does not;
# - give strategies equal budgets, and say in which unit: trials, epochs or seconds;
# - test whether paired differences are more than luck, and correct for the number of pairs;
# - say how many random draws a clever search is worth, and when random search is good enough;
# - choose on some images, and judge on others.
#
# **It takes** about a minute of computing on two cores (all cells), and an hour or two of yours. **Budget:** no training at all, but more than 100,000 trials that are replayed. No GPU, no network.
#
# **How it works:** predict before you run; move the sliders; write code where it says so, then run the check below it. Stuck? `hint("13.1")`, and again for more; after a try, `solution("13.1")`.

# %% tags=["setup"]
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import rankdata

from coursekit import plots, theme
from coursekit.labs import check, hint, measured, predict, progress, recall, solution
from coursekit.race import luck, race, significance
from coursekit.race import report
from coursekit.search import Search
from coursekit.trials import Suggestion
from coursekit.widgets import RaceTrack
from coursekit.worlds import Cells, MLPs, NASBench201

theme.use()  # figures follow JupyterLab's theme

# %% [markdown]
# ## 1. One run
# Our first world is NAS-Bench-201 (Dong and Yang 2020) on CIFAR-100: 15,625 networks. All of them were trained, and their accuracies can be looked up. Two strategies search it for fifty trials each: random search and regularized evolution (lab 06). Evolution is the better one, as you will see. Now imagine two groups that can afford one run each. One runs random search, the other evolution, and they compare.

# %%
predict(
    "13-single",
    "One run each: how often does random search come out ahead of evolution?",
    unit="%",
)

# %%
world = NASBench201("cifar100")
contest = {"random": "random", "evolution": "regularized_evolution"}
runs = race(world, contest, trials=50, seeds=200)
drawn, evolved = runs.best().values()
measured("13-single", round(100 * float(np.mean(drawn[:, None] > evolved))))


# %% claim="Evolution is ahead of random search, yet about three single runs in ten say the opposite"
def ahead_with_exceptions(left, right):
    told = right.mean() > left.mean() and significance.wilcoxon(right - left) < 0.001
    return told and 0.2 < np.mean(left[:, None] > right) < 0.4


assert ahead_with_exceptions(drawn, evolved)

# %% claim="The same holds with other seeds" tags=["nightly"]
others = race(world, contest, trials=50, seeds=400).best()
assert ahead_with_exceptions(*(others[name][200:] for name in contest))

# %% [markdown]
# That compares each of two hundred runs of the one with each of two hundred runs of the other: 40,000 pairs of groups. A result that is wrong so often is not a measurement. Look at both distributions:

# %%
bins = np.arange(69, 73.76, 0.25)
plt.hist(100 * drawn, bins, alpha=0.5, label="random")
plt.hist(100 * evolved, bins, histtype="step", linewidth=2, label="evolution")
plt.title("The best of fifty trials, two hundred runs each")
plt.xlabel("best validation accuracy on CIFAR-100, %")
plt.ylabel("runs")
plt.legend()
plt.show()

# %% [markdown]
# The two distributions have different centres, and they overlap. One run shows you one value from its distribution, and not the centre.
#
# ## 2. Seeds and bands
# So run more than once, from different **seeds**, and report two things: the centre, and how far the runs scatter. Papers draw three kinds of band, and often do not say which.
# - The **standard deviation**, or better the **quartiles**, which assume no shape: they say where the next single run will probably be. More seeds do not make this band narrower, only more certain.
# - The **standard error**: how far the *mean* would move if the whole experiment were repeated with other seeds. It shrinks with the square root of the number of seeds.

# %%
print(f"single runs of evolution: standard deviation {100 * evolved.std(ddof=1):.2f} points")
predict("13-error", "By how much do means of 20 such runs scatter?", unit="points")

# %%
means = 100 * evolved.reshape(10, 20).mean(axis=1)
measured("13-error", round(float(means.std(ddof=1)), 2))

# %% claim="Means of 20 scatter by the standard deviation over √20; quartiles of more runs are no narrower" tags=["nightly"]
several = race(world, contest, trials=50, seeds=400).best()["evolution"]
scatter = several.reshape(20, 20).mean(axis=1).std(ddof=1) / (several.std(ddof=1) / 20**0.5)
assert 0.6 < scatter < 1.5  # 20 means measure a scatter to within 16 % (one standard deviation)
widths = [np.ptp(np.quantile(several[:number], [0.25, 0.75])) for number in (20, 50, 100, 400)]
assert max(widths) < 1.6 * min(widths)

# %% [markdown]
# Ten means are few to measure a scatter by, so compare with the rule: the standard deviation of single runs, divided by √20. The kit draws medians and quartiles, since those show the runs themselves.
#
# Now watch a race with bands: four strategies, two hundred trials, twenty seeds each. Press **Start**. When the searches are done, drag the time back to twenty trials and say which is ahead; then press **Play**, and watch the leaderboard. Below the curves you see what a single search has tried: look at several strategies, and at several seeds. Then set the seeds to three, start again, and see what three would have told you.

# %%
RaceTrack(world, ("random", "regularized_evolution", "local_search", "tpe"), trials=200, seeds=20)

# %% [markdown]
# Bands that overlap prove nothing, and neither do bands that are apart: the proof is a test, in section 4. But the moment from which they stay apart tells you something about the budget. **Predict** it for random search and evolution.

# %%
predict(
    "13-part",
    "From how many trials on does evolution's band stay above random search's?",
    unit="trials",
    most=200,
)

# %%
longer = race(world, contest, trials=200, seeds=20)
report.figure(longer)
plt.show()

# %%
at = np.arange(1, 201)
low = np.quantile(longer.curves("evolution", at), 0.25, axis=0)
high = np.quantile(longer.curves("random", at), 0.75, axis=0)
measured("13-part", int(at[low <= high].max()) + 1)

# %% claim="The bands part for good between 40 and 160 trials"
assert 40 < int(at[low <= high].max()) + 1 < 160

# %% claim="With other seeds the bands part at another moment" tags=["nightly"]
more = race(world, contest, trials=200, seeds=60)
moments = []
for first in (0, 20, 40):
    early, late = (more.curves(name, at)[first : first + 20] for name in contest)
    apart = np.quantile(late, 0.25, axis=0) > np.quantile(early, 0.75, axis=0)
    moments.append(1 + int(at[~apart].max()))
    assert (early == late)[:, :30].all(), "the first population is random search's"
    assert late[:, -1].mean() > early[:, -1].mean() + 0.005
assert all(40 < moment < 160 for moment in moments) and np.ptp(moments) > 5

# %% [markdown]
# (The first thirty trials are the same for both: evolution draws its first population at random, from the same seeds.) The moment is only rough: with other seeds it moves by dozens of trials. So "evolution is better" is true of some budgets and not of others, and an **anytime curve** says of which. How to compute one is the first exercise.
#
# ## 3. Equal budgets
# A search is a sequence of trials. Each takes its time, and gives a score when it ends; some fail, and give none, though they took their time as well. What a search has found by a certain moment is the best score among the trials that have **ended** by then.
#
# ### Exercise 13.1. The best so far, at any time
# Write `best_so_far(scores, costs, at)`. `scores` holds one score a trial, NaN for one that failed; `costs` holds their seconds, one trial after the other. `at` lists moments, in seconds from the start. Return a list with one answer for each of them: the best score among the trials that have ended by then (or at that very second), and None if there is none yet. Scores may be 0 or negative.


# %% exercise="13.1"
def best_so_far(scores, costs, at):
    ### BEGIN SOLUTION
    ends = np.cumsum(costs)
    found = []
    for when in at:
        done = [score for score, end in zip(scores, ends) if end <= when and score == score]
        found.append(max(done, default=None))
    return found
    ### END SOLUTION


# %% check="13.1"
check("13.1")

# %% [markdown]
# Why not count trials, which is so much simpler? Because trials do not cost the same. Take **Hyperband** (Li et al. 2018): it starts many trainings and stops most of them after a few epochs. The world of perceptrons knows each epoch of each training, so here Hyperband can race. Which of the three do "a hundred trials each" favour?

# %%
perceptrons = MLPs()
three = {**contest, "hyperband": f"hyperband(max_budget={perceptrons.epochs})"}

# %%
predict("13-trials", "Which has the best mean rank after 100 trials each?", options=list(three))

# %%
by_trials = race(perceptrons, three, trials=100, seeds=20)
ranks = by_trials.ranks()
measured("13-trials", min(ranks, key=ranks.get))
print(report.table(by_trials))
print(report.statement(by_trials))


# %% claim="By trials Hyperband is the last of the three, behind random search"
def hyperband_is_last(found):
    mean = significance.mean_ranks(found)
    told = all(pair.significant for pair in significance.compare(found))
    return told and mean["evolution"] < mean["random"] < mean["hyperband"]


assert hyperband_is_last(by_trials.best())

# %% claim="By trials it is the last with other seeds, too" tags=["nightly"]
hundred = race(perceptrons, three, trials=100, seeds=60).best()
for first in (20, 40):
    some = {name: values[first : first + 20] for name, values in hundred.items()}
    assert hyperband_is_last(some), first

# %% [markdown]
# By trials Hyperband is the last. Now what did each of them pay? Epochs do not cost the same either: a large network takes longer than a small one.

# %%
spent = {
    name: np.mean([run.costs.sum() for run in by_trials.runs[name].values()]) for name in three
}
for name, seconds in spent.items():
    print(f"{name:12}{seconds:7.2f} s of training for 100 trials")

# %% claim="For 100 trials random search pays at least four times, evolution six times what Hyperband pays"
assert spent["random"] > 4 * spent["hyperband"] and spent["evolution"] > 6 * spent["hyperband"]

# %% [markdown]
# These seconds come from trainings that really ran; a replay adds them up, as if they had run one after the other. That is called **simulated time**. Now give all three the same seconds: first one second, in which random search completes about a dozen trainings, then eight, which is about what its hundred trials cost.

# %%
predict("13-seconds", "Which has the best mean rank after one second each?", options=list(three))

# %%
short, long = (race(perceptrons, three, trials=None, seconds=each, seeds=60) for each in (1, 8))
ranks = short.ranks()
measured("13-seconds", min(ranks, key=ranks.get))
for each in (short, long):
    print(report.table(each))
    print(report.statement(each), end="\n\n")

# %% claim="After one second Hyperband is ahead of both, after eight evolution has the best rank and random the worst"
first = [pair for pair in short.comparisons() if pair.significant]
assert {(pair.better, pair.worse) for pair in first} == {("hyperband", name) for name in contest}
assert min(short.ranks(), key=short.ranks().get) == "hyperband"
for first in (0, 20, 40):
    begin = {name: values[first : first + 20] for name, values in short.best().items()}
    assert significance.mean_ranks(begin)["hyperband"] == min(
        significance.mean_ranks(begin).values()
    )
    end = {name: values[first : first + 20] for name, values in long.best().items()}
    mean = significance.mean_ranks(end)
    assert mean["evolution"] < mean["hyperband"] < mean["random"]

# %% [markdown]
# All three come close to the optimum, so draw the **regret**, which is the optimum minus the best so far, on a logarithmic axis.

# %%
clock = np.linspace(0, long.end(), 200)
curves = {name: 100 * long.curves(name, clock) for name in three}
optimum, unit = 100 * perceptrons.optimum, "seconds of training"
axes = plots.regret(curves, optimum, clock, unit=unit, name="regret, points")
axes.set_title("Perceptrons: what the best so far lacks, median and quartiles of 60 seeds")
plt.show()

# %% claim="After eight seconds each is within a point of the optimum, on average"
assert all(perceptrons.optimum - values.mean() < 0.01 for values in long.best().values())

# %% [markdown]
# By trials random search is ahead of Hyperband; after one second each, Hyperband is ahead of both others (evolution is then still in its first, random population). After eight seconds evolution has the best mean rank, and random search the worst. (These races take 60 seeds: with 20, the test separates Hyperband from the others in some draws of seeds only.) So the unit of the budget decides which wins, and so does its size. Three units are in use:
# - **trials** are fair if each costs the same: full trainings of networks of one size;
# - **epochs** are fair if each epoch costs the same, and they do not depend on a machine;
# - **seconds** are fair to all on one machine, and seconds are what you pay for.
#
# One cost is missing from all three: the computing of the strategy itself. Bayesian optimization fits a Gaussian process for each suggestion; a random draw costs nothing. Does it matter? That depends on what a training costs.

# %%
predict("13-thinking", "Bayesian optimization on perceptrons: its own share of all time", unit="%")


# %%
def share(world, strategy):
    found = race(world, [strategy], trials=50, seeds=3, workers=1).runs[strategy].values()
    own, training = sum(run.overhead for run in found), sum(run.costs.sum() for run in found)
    return 100 * own / (own + training)


for strategy in ("random", "tpe", "bayesian"):
    tiny, large = share(perceptrons, strategy), share(world, strategy)
    print(f"{strategy:10}{tiny:8.2f} % with perceptrons{large:12.6f} % with NAS-Bench-201")
measured("13-thinking", round(tiny, 1))  # of the last of them

# %% claim="Bayesian optimization's own computing counts with perceptrons, and not with NAS-Bench-201"
# On any machine: the trainings' seconds are those of the tables.
assert tiny > 0.5 and large < 0.1 and tiny > 1000 * large
assert share(perceptrons, "random") < tiny / 5

# %% [markdown]
# Where a training takes an hour, the strategy's own time does not matter. Where it takes a fraction of a second, it does. Simulated clocks leave it out, so state it beside them (`report.table` does, as milliseconds a trial).
#
# ## 4. More than luck?
# Twenty runs of one strategy, twenty of another, two means that differ. Could luck alone have done that? The kit's races are **paired**: run *i* of one strategy and run *i* of the other have the same seed, so they begin alike, and the twenty differences are what is compared. If the strategies were equally good, each difference could as well have the other sign.
#
# Wilcoxon (1945) made a test of that idea. Leave out the differences that are zero. Rank the others by size, without their sign: 1 for the smallest; equal sizes share the mean of their ranks. Add up the ranks with the signs of the differences. Luck alone makes a sum near zero; a large sum, positive or negative, speaks against luck. How large is large? Try **all patterns of signs**: each is as likely as any other if only luck is at work. The *p*-value is the share of them whose sum is at least as far from zero as the observed one.
#
# An example by hand: the differences 0.3, −0.1 and 0.2 have the ranks 3, 1 and 2, so the sum is 3 − 1 + 2 = 4. The eight patterns of signs give 6, 4, 2, 0, 0, −2, −4 and −6. Four of the eight are 4 or more away from zero: *p* = 0.5.
#
# ### Exercise 13.2. More than luck?
# Write `p_value(differences)` in just this way. `rankdata` (from SciPy) ranks, and `product([-1, 1], repeat=3)` gives the eight patterns of three signs. If all differences are zero, the answer is 1. The checks have at most ten differences, so that trying all patterns is cheap.


# %% exercise="13.2"
def p_value(differences):
    ### BEGIN SOLUTION
    kept = [each for each in differences if each != 0]
    ranks = rankdata(np.abs(kept))
    observed = np.sign(kept) @ ranks
    luck_alone = [np.dot(signs, ranks) for signs in product([-1, 1], repeat=len(kept))]
    return float(np.mean(np.abs(luck_alone) >= abs(observed)))
    ### END SOLUTION


# %% check="13.2"
check("13.2")

# %% [markdown]
# The kit's `significance.wilcoxon` gives the same and is quicker. Here a difference is called significant if *p* is at most 0.05: luck alone does that at most once in twenty times.
#
# So how many seeds does it take? From the first section we have two hundred pairs, and know that evolution is really ahead. Take a few of them, test, and see whether the test finds it. Repeat that two hundred times. Then do the same with shuffled pairs, as if evolution had been run from other seeds than random search. **Predict** for twenty.

# %%
predict("13-power", "20 seeds, paired: how often is p at most 0.05?", unit="%")


# %%
def found(differences, seeds):
    samples = [rng.choice(differences, seeds, replace=False) for _ in range(200)]
    return 100 * np.mean([significance.wilcoxon(sample) <= 0.05 for sample in samples])


rng = np.random.default_rng(13)
sizes = [3, 5, 6, 8, 10, 15, 20, 30, 40]
paired = [found(evolved - drawn, seeds) for seeds in sizes]
shuffled = [found(rng.permutation(evolved) - drawn, seeds) for seeds in sizes]
measured("13-power", float(paired[sizes.index(20)]))

# %%
plt.plot(sizes, paired, label="the same seeds for both")
plt.plot(sizes, shuffled, label="different seeds")
plt.title("How often the test sees that evolution is ahead")
plt.xlabel("seeds")
plt.ylabel("comparisons with p ≤ 0.05, %")
plt.legend()
plt.show()

# %% claim="Five seeds can never show it; with 10 to 30 seeds pairs show it more often than shuffled ones"
assert paired[:2] == shuffled[:2] == [0, 0]
assert significance.wilcoxon(np.array([1, 2, 3, 4, 5])) == 0.0625
for seeds in (10, 20, 30):
    place = sizes.index(seeds)
    assert paired[place] > shuffled[place] + 10

# %% claim="Pairs show it more often with other seeds, too" tags=["nightly"]
several = race(world, contest, trials=50, seeds=400).best()
left, right = (several[name][200:] for name in contest)
rng = np.random.default_rng(14)
for seeds in (10, 20, 30):
    assert found(right - left, seeds) > found(rng.permutation(right) - left, seeds) + 5

# %% [markdown]
# Two lessons. With five seeds the line is at zero and must be: even if one strategy wins all five, luck does as much with 2 of 32 patterns of signs, so *p* cannot fall below 0.0625. Three seeds can show even less. And pairs help: both runs of a pair have the same start, so the start is not part of their difference. Shuffling puts that noise back in.
#
# A test does not say how large a difference is. With enough seeds it finds any, however small, so report both: the difference, and the *p*.

# %%
recall(
    "13-paired",
    "Two strategies run from the same 20 seeds. What is lost if you compare only their two means?",
    answer="The pairs. What both runs of a pair have in common (their start, say) cancels in the "
    "difference of the pair; in two separate means it stays as noise, and more seeds are needed.",
)

# %% [markdown]
# ## 5. Many pairs
# Ten strategies make 45 pairs. Test each of them at 0.05, and something will be significant by luck. Try it: divide our two hundred runs of **random search** among ten names, twenty runs each. All differences between the names are luck.

# %%
predict("13-pairs", "Ten names, one strategy: how often is some pair 'significant'?", unit="%")

# %%
places = np.triu_indices(10, 1)
games = []
for _ in range(100):
    hands = rng.permutation(drawn).reshape(10, 20)
    pairs = hands[places[0]] - hands[places[1]]
    games.append([significance.wilcoxon(differences) for differences in pairs])
measured("13-pairs", 100 * float(np.mean([min(values) <= 0.05 for values in games])))

# %% claim="Some of 45 pairs is significant more often than not, though all differences are luck"
assert np.mean([min(values) <= 0.05 for values in games]) > 0.5

# %% claim="With other draws some pair is significant more often than not" tags=["nightly"]
values = race(world, ["random"], trials=50, seeds=400).best()["random"][200:]
rng, hits = np.random.default_rng(15), []
for _ in range(60):
    hands = rng.permutation(values).reshape(10, 20)
    hits.append(min(map(significance.wilcoxon, hands[places[0]] - hands[places[1]])) <= 0.05)
assert np.mean(hits) > 0.5

# %% [markdown]
# If you try ten variants and report the most significant difference, you find one more often than not. The cure is to demand more of each pair, the more pairs there are. **Holm** (1979) does it step by step. The smallest of *m* values of *p* is multiplied by *m*, the next by *m* − 1, and so on to the largest, which stays as it is. None may come out smaller than one before it, and none is more than 1. An adjusted *p* of at most 0.05 counts, and the chance of even one false find among all pairs is at most 0.05.
#
# An example by hand: 0.03, 0.01 and 0.04. The smallest, 0.01, becomes 3 × 0.01 = 0.03; then 0.03 becomes 2 × 0.03 = 0.06; the last, 0.04, would stay 0.04, but may not be smaller than 0.06. The answer is 0.06, 0.03, 0.06.
#
# ### Exercise 13.3. Holm's correction
# Write `adjust(values)`: takes a list of *p*-values, and returns the adjusted ones in the same places.


# %% exercise="13.3"
def adjust(values):
    ### BEGIN SOLUTION
    adjusted, least = [0.0] * len(values), 0.0
    for step, place in enumerate(np.argsort(values)):
        least = max(least, min(1.0, (len(values) - step) * values[place]))
        adjusted[place] = least
    return adjusted
    ### END SOLUTION


# %% check="13.3"
check("13.3")

# %% [markdown]
# The same hundred games again, corrected. `significance.holm` is the kit's; `report.statement`, which you have met in lab 06, calls both.

# %%
kept = [min(significance.holm(values)) <= 0.05 for values in games]
f"Some pair is significant in {np.mean(kept):.0%} of the games"

# %% claim="Corrected, luck alone makes a pair significant in about one game in twenty, and a real difference is missed more often"
assert np.mean(kept) <= 0.13  # 100 games: three standard deviations above 0.05 are 0.12
rng = np.random.default_rng(16)
samples = [rng.choice(evolved - drawn, 20, replace=False) for _ in range(100)]
values = np.array([significance.wilcoxon(sample) for sample in samples])
assert np.mean(45 * values <= 0.05) < np.mean(values <= 0.05) - 0.2  # the smallest of 45

# %% [markdown]
# The price: real differences are missed more often, too. So compare few things, decide which before the race, and count those that you have tried and dropped.
#
# ## 6. When random search is good enough
# Random search has a property that hardly any other strategy has: what it finds can be **calculated**. If all scores of a space are known, no search has to run at all. Sort the *N* scores. The best of *n* draws is the *i*-th smallest or a smaller one if all *n* draws are, and that has the chance (*i*/*N*)ⁿ. So it is exactly the *i*-th with the chance (*i*/*N*)ⁿ − ((*i* − 1)/*N*)ⁿ. The mean is the sum of each score times its chance.
#
# An example by hand: two scores, 1 and 2, and two draws. Both draws are 1 with the chance (1/2)² = 1/4, so the best is 2 with the chance 3/4. The mean is 1/4 × 1 + 3/4 × 2 = 1.75.
#
# ### Exercise 13.4. The best of many draws, without drawing
# Write `expected_best(values, draws)`: the exact mean of the best of `draws` random draws, each from all values (a value that is drawn is put back). `values` come in any order.


# %% exercise="13.4"
def expected_best(values, draws):
    ### BEGIN SOLUTION
    total = len(values)
    return sum(
        value * ((place / total) ** draws - ((place - 1) / total) ** draws)
        for place, value in enumerate(sorted(values), start=1)
    )
    ### END SOLUTION


# %% check="13.4"
check("13.4")

# %% [markdown]
# The kit has it as `luck.best_of`. (Its random search does not put back, which changes little while few of many are drawn.) The inverse is a yardstick that needs no test and no band: **how many random draws is a search worth?** That is how many draws it takes until their best is, on average, as good.

# %%
predict("13-worth", "How many random draws are as good as evolution's 200 trials?", unit="draws")

# %%
accuracies = np.array([world.accuracy(cell) for cell in world.space.enumerate()])
goal = longer.best()["evolution"].mean()
measured("13-worth", luck.draws_for(accuracies, goal))

# %% claim="200 trials of evolution are worth more than 3,000 random draws"
assert luck.draws_for(accuracies, goal) > 3000

# %% claim="With other seeds they are worth more than 3,000, too; the number varies by a factor" tags=["nightly"]
several = race(world, contest, trials=200, seeds=60).best()
worth = [
    luck.draws_for(accuracies, several["evolution"][first : first + 20].mean())
    for first in (0, 20, 40)
]
assert min(worth) > 3000 and max(worth) > 1.5 * min(worth)
assert abs(several["random"].mean() - luck.best_of(accuracies, 200)) < 0.001, "no search needed"

# %%
draws = np.geomspace(10, 20_000, 60).astype(int)
calculated = [100 * luck.best_of(accuracies, each) for each in draws]
evolution = 100 * longer.curves("evolution", at[9:]).mean(axis=0)
plt.semilogx(draws, calculated, label="random search, calculated", markevery=8)
plt.semilogx(at[9:], evolution, label="evolution, mean of 20 runs", markevery=20)
plt.axhline(100 * goal, color=theme.INK, linewidth=1, marker="", linestyle="-")
plt.title("The price of a score in random draws")
plt.xlabel("trials")
plt.ylabel("best so far, %")
plt.legend()
plt.show()

# %% [markdown]
# Follow the thin line from the point where evolution ends to the point where random search gets there. The curve is flat there, so the number is rough: with twenty other seeds it can be three times as large. Is a search always worth so much? Ask the same in five worlds, for a hundred trials each. The table says for each world how many random **draws** they are worth, how many points they **lead** the best of a hundred draws, and how many points the best configuration is above the edge of the **best 5 %**. (Four other strategies race too; section 9 looks at them. This takes some seconds.)

# %%
worlds = [*(NASBench201(name) for name in NASBench201.datasets), Cells(), perceptrons]
five = ["random", "grid", "local_search", "regularized_evolution", "tpe"]
races = []
for each in worlds:
    print(f"race {len(races) + 1} of {len(worlds)}: {each}", flush=True)
    races.append(race(each, five, trials=100, seeds=20))

# %%
print(f"{'draws':>8}{'lead':>8}{'best 5 %':>10}  world")
rows = []
for each in races:
    scores = np.nan_to_num([each.world.accuracy(one) for one in each.world.space.enumerate()])
    reached = each.best()["regularized_evolution"].mean()
    worth, lead = luck.draws_for(scores, reached), 100 * (reached - luck.best_of(scores, 100))
    rows.append((worth, lead, 100 * (scores.max() - np.quantile(scores, 0.95))))
    print("{:8,.0f}{:8.2f}{:10.2f}".format(*rows[-1]), f" {each.world}, {len(scores):,} in all")

# %% claim="Worth and lead order the worlds differently; two leads are below half a point, three are above; the lead grows with what the best 5 % lack"
worths, leads, lacks = zip(*rows)
assert min(worths) > 300 and list(rankdata(worths)) != list(rankdata(leads))
assert sorted(lead < 0.5 for lead in leads) == [False] * 3 + [True] * 2
assert np.corrcoef(rankdata(leads), rankdata(lacks))[0, 1] > 0.7
for each in races:  # and random search is worth what was calculated
    scores = np.nan_to_num([each.world.accuracy(one) for one in each.world.space.enumerate()])
    random = each.best()["random"]
    error = 4 * random.std(ddof=1) / 20**0.5
    assert abs(random.mean() - luck.best_of(scores, 100)) < error

# %% [markdown]
# The first two numbers need not agree: evolution's trials are worth hundreds of draws or more in each world, yet in two of them all those draws buy less than half a point. If the lead is points that somebody will notice, use a strategy. If it is a fraction of a point, random search is **good enough**: it has no options to set, runs on as many machines as there are, and hardly anything can go wrong with it. The space decides this rather than the strategy: where one configuration in twenty is nearly as good as the best (the third number), there is little to win. Sixty draws suffice to meet one of the best 5 % with 95 % certainty:

# %%
f"{1 - 0.95**60:.1%}"

# %% claim="Sixty draws meet one of the best 5 % with 95 % certainty"
assert 1 - 0.95**60 >= 0.95

# %% [markdown]
# So the question is how much better the best is than the best 5 %. In neural architecture search it was asked late: Li and Talwalkar (2019) found random search competitive with much that had been published, and Yang et al. (2020) found that many methods were hardly better than the *average* architecture of their space. Use the yardstick in each of your comparisons. Everybody knows random search, so everybody can read it.
#
# ## 7. The winner on validation, and the winner on test
# All scores so far were **validation** accuracies: those that a search sees and chooses by. The winner among two hundred has won for two reasons: it is good, and it was lucky, with these validation images or with this training. Its luck does not carry over to new images. That is **selection bias**, and it grows with the number of candidates.
#
# It can be calculated, too, with the chances of the last section: sort all configurations by the score that a search *sees*, which is that of one training (`seed=0`), and weigh with the same chances what they are *worth*. First in NAS-Bench-201, where the worth is the mean over several trainings of the same cell.


# %%
def sorted_by_seen(world, *worths):
    space = list(world.space.enumerate())
    seen = np.array([world.evaluate(Suggestion(one)).score for one in space])
    true = np.array([[worth(one) for one in space] for worth in worths])
    both = np.nan_to_num([seen, *true])  # a training that failed is worth nothing
    return both[:, np.argsort(both[0], kind="stable")]


once = NASBench201("cifar100", seed=0)
seen, again = sorted_by_seen(once, once.accuracy)

# %%
draws = np.unique(np.geomspace(1, 2000, 40).astype(int))
gaps = [100 * luck.chances(len(seen), n) @ (seen - again) for n in draws]
plt.semilogx(draws, gaps, markevery=6)
plt.title("What the winner loses when it is trained again")
plt.xlabel("cells that it was chosen from")
plt.ylabel("seen − trained again, points")
plt.show()

# %% claim="The gap is near 0 without a choice and above 0.1 points among 200 cells, whichever training is seen"
for seed in range(3):
    trained = NASBench201("cifar100", seed=seed)
    first, mean = sorted_by_seen(trained, trained.accuracy)
    alone, many = (100 * luck.chances(len(first), n) @ (first - mean) for n in (1, 200))
    assert abs(alone) < 0.05 and many > 0.1

# %% [markdown]
# At the left end nothing has been chosen, and one training is on average as good as the mean of several. The rest of the curve is the effect of the choice: same cells, same images, only the luck of the training is gone. (Not even all of it: the mean includes the training that was seen.) Now the perceptrons, which the kit has also tested on images that no choice has seen.

# %%
predict(
    "13-bias",
    "Perceptrons, best of 200 on validation: how much lower is its test accuracy?",
    unit="points",
)

# %%
digits = MLPs(seed=0)
seen, again, test = sorted_by_seen(digits, digits.accuracy, digits.test)
chance = luck.chances(len(seen), 200)
measured("13-bias", round(100 * float(chance @ (seen - test)), 2))

# %%
offset = float(np.mean(test - again))  # of all perceptrons, so nothing is chosen here
lines = {"as seen": seen, "trained again": again, "on test images": test}
for text, values in lines.items():
    print(f"{text:36}{chance @ values:.2%}")
print(f"{'on test images, minus the offset':36}{chance @ test - offset:.2%}")
print(f"offset, the mean of test − validation over all {len(test):,}: {100 * offset:+.2f} points")

# %% claim="The winner loses 0.3 to 0.8 points when trained again; on test it is lower than as seen; test images are easier, and without that offset they change less than 0.15 points"
for seed in range(3):
    trained = MLPs(seed=seed)
    first, mean, new = sorted_by_seen(trained, trained.accuracy, trained.test)
    chosen = luck.chances(len(first), 200)
    assert 0.003 < chosen @ (first - mean) < 0.008
    assert chosen @ (first - new) > 0.003
    easier = np.mean(new - mean)
    assert easier > 0 and abs(chosen @ (mean - new) + easier) < 0.0015

# %% [markdown]
# From the first line to the second the luck of the training is lost: that is nearly the whole bias here. The third line is *higher* than the second, though the images are new. The reason is the **offset**: these test images are a little easier, for the average of all perceptrons, and there nothing was chosen. So subtract it before you compare. What is left of the luck with the images is small: all perceptrons were judged on the same 1,000 images and fail on the same difficult ones, which favours none of them. This loss cannot be avoided (Cawley and Talbot 2010). What can be avoided is to **report** the score that was chosen by. Compare the difference with the half points that papers are about.
#
# It is worse to choose on the test images themselves, by hand or by `max`. Then they are validation images under another name, and no images are left to judge with. This is what it would seem to bring, for 200 perceptrons:

# %%
honest, chosen = chance @ test, luck.best_of(test, 200)
print(f"test accuracy of the winner on validation  {honest:.2%}")
print(f"the best test accuracy of the same 200     {chosen:.2%}")

# %% claim="The best test score of 200 looks at least 0.3 points better than the honest one"
assert chosen - honest > 0.003

# %%
recall(
    "13-offset",
    "A winner has 97.6 % on validation, trained again, and 97.7 % on test. Is there no luck with "
    "the images?",
    answer="One cannot tell from these two numbers: the test images may be easier. First compare "
    "both means over candidates that were not chosen, and subtract that offset.",
)

# %% [markdown]
# ## 8. A whole comparison
# You have all the parts now: seeds, budgets, pairs, and images that no choice has seen.
#
# ### Exercise 13.5. Find the bugs: a comparison
# A colleague compares strategies by test accuracy, and has sent the code. `strategies` is a dictionary from names to strategy classes, `seconds` is meant as the budget of training time of each search, and `seeds` is how many searches each strategy runs, from the seeds 0, 1, 2, ... It returns a dictionary from names to lists, one test accuracy a seed. It runs without an error and makes three mistakes, all of which this lab has been about. Repair them.


# %% exercise="13.5"
def compare(world, strategies, seconds, seeds):
    found = {name: [] for name in strategies}
    ### BEGIN SOLUTION
    #: for number, (name, strategy) in enumerate(strategies.items()):
    #:     for seed in range(seeds):
    #:         search = Search(strategy(world.space), seed=number * seeds + seed)
    #:         history = search.run(world, trials=20)
    #:         tested = [world.test(trial.configuration) for trial in history.completed]
    #:         found[name].append(max(tested))
    for name, strategy in strategies.items():
        for seed in range(seeds):
            search = Search(strategy(world.space), seed=seed)
            history = search.run(world, seconds=seconds)
            found[name].append(world.test(history.best().configuration))
    ### END SOLUTION
    return found


# %% check="13.5"
check("13.5")

# %% [markdown]
# ## 9. Strategies by worlds
# One world is one case. Here are the five strategies that raced in section 6, in all five worlds, a hundred trials and twenty seeds each. In every world the strategies are ranked seed by seed, 1 for the best, and the ranks averaged. A **mean rank** can be compared between worlds, where a point on CIFAR-10 is not the same as a point on ImageNet.

# %%
predict("13-matrix", "Which has the best mean rank, on average over the five worlds?", options=five)

# %%
plots.ranks({str(each.world): each.best() for each in races})
plt.show()

# %%
table = np.array([list(each.ranks().values()) for each in races])
measured("13-matrix", five[int(table.mean(axis=0).argmin())])

# %% claim="Different strategies win in different worlds, and random search wins in none"
winners = {five[place] for place in table.argmin(axis=1)}
assert len(winners) > 1 and not winners & {"random", "grid"}

# %% [markdown]
# Read it by columns first: does the same strategy win everywhere? How far is random search from the best of its world, and does that agree with the yardstick of section 6? A rank hides sizes, so before you believe a column look at its table:

# %%
print(report.table(races[-1]))
print(report.statement(races[-1]))

# %% [markdown]
# Then read it by rows: may we say that the strategy with the best row is the best *in general*? Then the worlds are the sample, five of them, and the test is over worlds in place of seeds (Demšar 2006). Suppose that one strategy is ahead of another in all five:

# %%
significance.wilcoxon(np.array([1, 2, 3, 4, 5]))

# %% claim="Five worlds cannot show it"
assert significance.wilcoxon(np.arange(1, 6)) > significance.LEVEL

# %% [markdown]
# Not enough, however many seeds were run in each: five worlds show no more than the five seeds of section 4. And three of our five are one space with other images, so they are fewer than five. A matrix like this says what happened in these worlds. Your own problem is a column of its own, and the cheapest way to learn about it is a small race on it, random search included.
#
# ## 10. Your own problem
# Compare two strategies on a training of your own. The cell runs as it is, with a formula in place of a training. Replace `train` and `space` by your own, and decide **before** you run: which strategies, how many seeds (`significance.seeds_needed` says how many it takes at least), which budget, in which unit.

# %%
from coursekit.spaces import Float, Integer, Space
from coursekit.strategies import TPE, Random


def train(suggestion):
    """Returns the validation score of a configuration: put your own training here."""
    rate, units = (suggestion.configuration[name] for name in ("rate", "units"))
    return 0.9 - (np.log10(rate) + 2.5) ** 2 / 20 - (units - 40) ** 2 / 50_000


space = Space({"rate": Float(1e-4, 1, log=True), "units": Integer(4, 128)})
mine = {"random": Random, "tpe": TPE}
scores = {name: [] for name in mine}
for seed in range(max(10, significance.seeds_needed(len(mine)))):
    for name, strategy in mine.items():
        history = Search(strategy(space), seed=seed).run(train, trials=30)
        scores[name].append(history.best().score)
for pair in significance.compare(scores):
    print(f"{pair.better} minus {pair.worse}: {pair.difference:+.4f}, p = {pair.p:.3f}")

# %%
recall(
    "13-own",
    "Which two numbers belong beside the p of your comparison?",
    answer="The size of the difference, and how many pairs you have looked at in all, including "
    "those that you have dropped.",
)

# %% [markdown] conclusion="13"
# A paper says: "Our search beats random search by 0.5 points: 94.1 % against 93.6 % test accuracy, the best of 5 runs of 100 trials each." Write three or four sentences to its authors: what do these numbers not show, and which comparison would?
#
# - The best of 5 runs is chosen by the test score; report all runs, with centre and scatter.
# - 5 seeds cannot show a significant difference: run about 20, the same seeds for both, and test the pairs.
# - 100 trials need not cost the same: equal seconds or epochs, and the strategy's own time stated.
# - The winner is chosen on validation, and the test images are asked once.
# - A single world supports no claim in general.

# %% [markdown]
# ## 11. What to take away
# - One run shows one value of a distribution. Take twenty seeds, the same for all, and show how the runs scatter.
# - Give equal budgets, in the unit that you pay in. Say which, and how long the strategy itself computes.
# - Test paired differences, correct for all pairs that you have looked at, and report the size beside the *p*.
# - Say what a search is worth in random draws. If it is not much, draw at random.
# - Do not judge by the score that was chosen by. Report the test score of the winner on validation, and ask the test images once.
# - A claim in general needs many worlds.
#
# **Read on:** the tests, and what goes wrong without them: Demšar 2006 (`demsar2006statistical`), beside the guide `references/judging.md`, which says which of its formulas is which line of code here. Their originals: Wilcoxon 1945 (`wilcoxon1945individual`) and Holm 1979 (`holm1979simple`), a few pages each. Selection bias: Cawley and Talbot 2010 (`cawley2010overfitting`). In neural architecture search: Li and Talwalkar 2019 (`li2019random`), Yang et al. 2020 (`yang2020nas`), and a checklist to keep on the desk, Lindauer and Hutter 2020 (`lindauer2020best`). The world of the first sections: Dong and Yang 2020 (`dong2020nasbench201`). Hyperband: Li et al. 2018 (`li2018hyperband`). The keys are in `references/references.bib`.

# %%
progress()
