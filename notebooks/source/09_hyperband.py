# %% [markdown]
# # Lab 09. Successive halving, Hyperband, BOHB
#
# Many trainings show after a few epochs that they will not end well, and a plain search trains them to the end all the same. Successive halving trains many candidates for a few epochs, promotes the best third, trains these for longer, and so on. In this lab you count what that costs before it runs, write its rules by hand, see where early scores mislead, and hedge against that (Hyperband). You keep several workers busy (ASHA), add a model (BOHB), and put the headline "ten times faster" to the test in three worlds.
#
# **After it you can**
# - write the table of a bracket and its bill, and say which of three roundings a library uses;
# - say who is promoted, also when trainings have failed;
# - recognise a task in which early scores mislead, and say what protects a search against it;
# - write the promotion rule of asynchronous successive halving, and say what it costs and saves;
# - say what BOHB adds, and from which budget on that can be seen;
# - test a claim such as "ten times faster": to which score, at which budget, in which world.
#
# **It takes** about 90 seconds of computing on two cores (all cells), and an hour or two of your time. **Budget:** 11 short trainings of a small Keras network; all other scores are replayed from tables of trainings, or computed. No GPU, no network.
#
# **How it works:** predict before you run; move whatever has a slider; write code where the text asks for it, then run the check below it. If you are stuck: `hint("9.1")`, and again for more; after a try, `solution("9.1")`.

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import spearmanr

from coursekit import Float, Search, Space, Suggestion, plots, theme
from coursekit.labs import check, hint, measured, predict, progress, recall, solution
from coursekit.race import race, report
from coursekit.race.contest import price
from coursekit.strategies import ASHA, SuccessiveHalving
from coursekit.strategies.rungs import ROUNDINGS, bracket_table
from coursekit.trials import Epoch
from coursekit.widgets import Rungs
from coursekit.worlds import Cells, MLPs, World
from coursekit.worlds.clock import Continued, Stragglers, simulate, waiting

theme.use()  # figures follow JupyterLab's theme

# %% [markdown]
# ## 1. What a first epoch tells
# The world of this lab is a table: 4,536 perceptrons with their optimizers on the digits, each trained for 40 epochs, with the accuracy on validation images after each epoch. Here are 27 of them, drawn at random.

# %%
world = MLPs()
rng = np.random.default_rng(9)
drawn = [world.evaluate(Suggestion(world.space.sample(rng))).curve for _ in range(27)]
for curve in drawn:
    plt.plot(range(1, 41), curve, color="C0", alpha=0.5, marker="", linestyle="-")
plt.xscale("log")
plt.xticks([1, 4, 13, 40], ["1", "4", "13", "40"])
plt.title("27 perceptrons")
plt.xlabel("epoch (logarithmic)")
plt.ylabel("validation accuracy")
plt.show()

# %% [markdown]
# Some learn at once, some never. Suppose that you keep the best nine of 27 after **one** epoch of 40 and drop the others. In which share of all draws is the one that would be the best in the end still there?

# %%
predict(
    "09-kept", "The best of 27 is in the best third after 1 of 40 epochs", unit="% of the draws"
)

# %%
curves = np.array([world.evaluate(Suggestion(each)).curve for each in world.space.enumerate()])
end = curves[:, -1]


def kept(scores, draws=2000):
    """How often the best of 27 in the end is among the best nine by these scores."""
    rng, found = np.random.default_rng(0), 0
    for _ in range(draws):
        some = rng.choice(len(end), 27, replace=False)
        best = some[np.argmax(end[some])]
        found += np.sum(scores[some] > scores[best]) < 9
    return 100 * found / draws


measured("09-kept", kept(curves[:, 0]))

# %% [markdown]
# That looks as if one epoch were enough. Now look at the ranking instead: the rank correlation of the scores after 1, 4 and 13 epochs with the scores after 40, first over all candidates, then among the best tenth, from which the final choice comes.

# %%
predict(
    "09-tenth", "Rank correlation of epoch 1 with epoch 40 among the best tenth, -1 to 1", unit=""
)

# %%
best_tenth = end >= np.quantile(end, 0.9)
for epoch in (1, 4, 13):
    early = curves[:, epoch - 1]
    everyone = spearmanr(early, end)[0]
    few = spearmanr(early[best_tenth], end[best_tenth])[0]
    print(f"epoch {epoch:2}: {everyone:.2f} over all, {few:.2f} among the best tenth")
measured("09-tenth", round(spearmanr(curves[best_tenth, 0], end[best_tenth])[0], 2))

# %% [markdown]
# Both are true: the first epoch shows which candidates are poor, and it does not show which is the best. So the choice is made in steps: few epochs for the first cut, more epochs for each later one. That is successive halving (Jamieson and Talwalkar 2016).

# %% claim="After one epoch of 40, the best of 27 is nearly always in the best third"
assert kept(curves[:, 0]) > 97

# %% claim="The first epoch ranks all candidates well and the best tenth badly"
assert spearmanr(curves[:, 0], end)[0] > 0.7
assert spearmanr(curves[best_tenth, 0], end[best_tenth])[0] < 0.4
assert spearmanr(curves[best_tenth, 12], end[best_tenth])[0] < 0.5

# %% [markdown]
# ## 2. Rungs: a bracket, counted before it runs
# A **bracket** has rungs 0 to *s*. Rung 0 trains *n* candidates; each rung above has one in η of the candidates, with η times the epochs, and the last one trains for all *R* epochs. In integers, with ⌊ ⌋ for rounding down: rung *i* holds $\lfloor n / \eta^i \rfloor$ candidates, until epoch $\lfloor R / \eta^{s-i} \rfloor$. By hand, for *s* = 2, *n* = 9, *R* = 10, η = 3: 9 candidates to epoch ⌊10/9⌋ = 1, 3 to epoch ⌊10/3⌋ = 3, 1 to epoch 10.
#
# ### Exercise 9.1. A bracket's table
# Write `bracket(s, trials, epochs, factor)`, which returns a list of pairs (candidates, last epoch), one for each rung from 0 to *s*.


# %% exercise="9.1"
def bracket(s, trials, epochs, factor):
    ### BEGIN SOLUTION
    return [(trials // factor**rung, epochs // factor ** (s - rung)) for rung in range(s + 1)]
    ### END SOLUTION


# %% check="9.1"
check("9.1")

# %% [markdown]
# Now watch one. Each curve is a candidate; at a dotted line, a rung, it is promoted or it stops. Below are the workers, with the number of epochs in each bar. **Step** goes to the next end of a training. Try η = 2 and η = 4, and the other brackets: what changes in the plan, what in the bill?

# %%
Rungs(world)

# %% [markdown]
# Who is promoted? The best ⌊*m*/η⌋ of the *m* that the rung has trained. Trainings fail, too: a loss becomes infinite, a GPU runs out of memory. A failed candidate has lost. The others do not get its place: no candidate is promoted only to fill a place.
#
# By hand, with η = 3: of six candidates, number 0 has 0.7, number 2 has 0.9, number 4 has 0.7, number 5 has 0.1, and 1 and 3 have failed. Two of six are promoted: number 2, then number 0, which is equal to number 4 and came first.
#
# ### Exercise 9.2. Promoted
# Write `promoted(results, factor)`. `results` is a list of pairs (number, score), with a score of `None` for a failed training. Return the numbers of those promoted, the best first, among equals the lower number first.


# %% exercise="9.2"
def promoted(results, factor):
    ### BEGIN SOLUTION
    ranked = sorted((-score, number) for number, score in results if score is not None)
    return [number for _, number in ranked[: len(results) // factor]]
    ### END SOLUTION


# %% check="9.2"
check("9.2")

# %% claim="The two examples by hand are right"
from coursekit.labs.exercises import find

names = {"__name__": "__main__"}
for key in ("9.1", "9.2"):
    exec(find(key)[1].setting + "\n" + find(key)[1].solution, names)
assert names["bracket"](2, 9, 10, 3) == [(9, 1), (3, 3), (1, 10)]
results = [(0, 0.7), (1, None), (2, 0.9), (3, None), (4, 0.7), (5, 0.1)]
assert names["promoted"](results, 3) == [2, 0]

# %%
recall(
    "09-third",
    "A lab text says that with factor 3 a search keeps the top half of its candidates. What does it keep?",
    answer="A third: one in `factor`. (The name *halving* comes from the paper's own factor of 2.)",
)

# %% [markdown]
# ## 3. When early scores mislead
# In the perceptrons' table, the best of 27 after one epoch nearly always ends in the best third. Here is a world that is made to be different, the **late bloomers**. It is computed, not trained: the score rises towards an end value at a speed that the learning rate sets, and the end value is highest for a small rate. So the slow ones win, and curves **cross**. Where to expect this in real trainings: a learning rate that falls late, strong regularization, large networks.


# %%
class LateBloomers(World):
    """Small rates learn slowly and end high; an epoch costs a second."""

    early, epochs, measure = True, 27, "score"
    optimum = float("nan")

    def __init__(self):
        self.space = Space({"rate": Float(0, 1), "size": Float(0, 1)})

    def train(self, trial, history=None):
        asked = trial if isinstance(trial, Suggestion) else trial.suggestion
        rate, size = asked.configuration["rate"], asked.configuration["size"]
        highest = 1 - 0.8 * (rate - 0.15) ** 2 - 0.3 * (size - 0.7) ** 2
        for epoch in range(1, (asked.budget or self.epochs) + 1):
            yield Epoch(highest * (1 - np.exp(-epoch * (0.02 + 0.6 * rate))), 1.0)

    def __str__(self):
        return "late bloomers"


late = LateBloomers()
some = [late.evaluate(Suggestion(late.space.sample(rng))).curve for _ in range(300)]
late_curves = np.array(some)
for epoch in (1, 3, 9):
    agrees = spearmanr(late_curves[:, epoch - 1], late_curves[:, -1])[0]
    print(f"epoch {epoch}: rank correlation with epoch 27 {agrees:.2f}")

# %%
few = late_curves[:27]
plt.plot(range(1, 28), few.T, color=theme.INK, alpha=0.25, marker="", linestyle="-")
for epoch in (1, 27):
    best = few[few[:, epoch - 1].argmax()]
    plt.plot(range(1, 28), best, marker="", linewidth=2.5, label=f"best after epoch {epoch}")
plt.title("27 late bloomers")
plt.xlabel("epoch")
plt.ylabel("score")
plt.legend()
plt.show()

# %% [markdown]
# Is that only an invention? The cells of lab 10 are real trainings, with a learning rate that falls to 0 within 12 epochs. How well do their first epochs rank them?

# %%
real = Cells()
cell_curves = np.array([real.evaluate(Suggestion(each)).curve for each in real.space.enumerate()])
cell_end = cell_curves[:, -1]
best_cells = cell_end >= np.quantile(cell_end, 0.9)
for epoch in (1, 3, 6):
    early = cell_curves[:, epoch - 1]
    everyone, top = (spearmanr(early[some], cell_end[some])[0] for some in (early >= 0, best_cells))
    print(f"epoch {epoch}: {everyone:.2f} over all cells, {top:.2f} among the best tenth")

# %% [markdown]
# The first epoch finds the poor cells, and says next to nothing about the order of the good ones.

# %% claim="Early perceptrons end well; most pairs of late bloomers cross; a cell's first epoch ranks all well, the best tenth not"
rng, ends_well = np.random.default_rng(1), 0
for _ in range(1000):
    some = rng.choice(len(end), 27, replace=False)
    leader = some[np.argmax(curves[some, 0])]
    ends_well += np.sum(end[some] > end[leader]) < 9
assert ends_well > 950  # 98.8 % of the draws: 0.35 % is a standard error
one, two = np.triu_indices(len(late_curves), 1)
first, final = (late_curves[one, at] - late_curves[two, at] for at in (0, -1))
assert np.mean(first * final < 0) > 0.5
assert few[:, 0].argmax() != few[:, -1].argmax()
assert spearmanr(cell_curves[:, 0], cell_end)[0] > 0.9
assert spearmanr(cell_curves[best_cells, 0], cell_end[best_cells])[0] < 0.25

# %%
Rungs(late)

# %% [markdown]
# Go to the end: the green curve is the best of the highest rung. Then take bracket 0, which is random search, and compare. Before a search, nobody knows *how early* is too early. So **Hyperband** (Li et al. 2018) runs all brackets, from the most aggressive one to random search, each at about the same cost. This is a **hedge**: it gives away some speed, so that it does not depend on one guess.
#
# ### Exercise 9.3. The bill
# Write `bill(brackets, continued)`, the epochs of all brackets together. `brackets` is a list of brackets, each a list of pairs (candidates, last epoch) as in 9.1. If `continued`, a promoted candidate trains on from its checkpoint, so a rung costs only the epochs that it adds; otherwise each rung trains from scratch, as the paper counts.


# %% exercise="9.3"
def bill(brackets, continued):
    ### BEGIN SOLUTION
    total = 0
    for rungs in brackets:
        done = 0
        for candidates, last in rungs:
            total += candidates * (last - done)
            if continued:
                done = last
    return total
    ### END SOLUTION


# %% check="9.3"
check("9.3")

# %%
predict(
    "09-bill",
    "All brackets for R = 40, eta = 3: 49 candidates cost how many full trainings?",
    unit="",
)

# %%
table = bracket_table(40, 3)
for rung in table:
    print(f"bracket {rung.bracket}, rung {rung.rung}: {rung.trials:2} to epoch {rung.stop:2}")
starting = sum(rung.trials for rung in table if rung.rung == 0)
scratch, continued = (sum(r.trials * (r.stop - c * r.start) for r in table) for c in (0, 1))
print(f"{starting} candidates: {scratch} epochs from scratch, {continued} continued")
measured("09-bill", round(continued / 40, 1))

# %% claim="49 candidates cost about a quarter of their full trainings; brackets cost about the same"
assert starting == 49 and 12 < continued / 40 < 13.5 and continued / 40 / 49 < 0.28
costs = [sum(r.trials * r.stop for r in table if r.bracket == s) for s in range(4)]
assert max(costs) < 1.2 * min(costs)  # from scratch, as the paper counts: about the same each

# %% [markdown]
# How many brackets are there? As often as *R* can be divided by η: *s* from $\lfloor\log_\eta R\rfloor$ down to 0. And with how many candidates does bracket *s* begin? **Three roundings are in use**, and two of them are in the paper itself: its algorithm rounds up, its table of brackets (and the authors' code) rounds down first, and Keras Tuner rounds everything up and may have one more finalist.

# %%
for rounding in ROUNDINGS:
    starts = [rung.trials for rung in bracket_table(81, 3, rounding=rounding) if rung.rung == 0]
    print(f"{rounding:12} R = 81: {starts} start")

# %% [markdown]
# ### Exercise 9.4. Find the bug: a bracket too few
# This function is in wide use. For R = 243 and η = 3 it says 4, and a whole bracket is missing: 3⁵ is 243. Repair it, without trusting a logarithm.


# %% exercise="9.4"
def halvings(epochs, factor):
    """How often `epochs` can be divided by `factor`, so that one epoch is left at least."""
    ### BEGIN SOLUTION
    #: return math.floor(math.log(epochs) / math.log(factor))
    count = 0
    while factor ** (count + 1) <= epochs:
        count += 1
    return count
    ### END SOLUTION


# %% check="9.4"
check("9.4")

# %% claim="The logarithm says 4 for 243, and the three roundings differ at R = 81"
assert math.floor(math.log(243) / math.log(3)) == 4
first = {
    how: [r.trials for r in bracket_table(81, 3, rounding=how) if r.rung == 0] for how in ROUNDINGS
}
assert first["algorithm"] == [81, 34, 15, 8, 5] and first["table"] == [81, 27, 9, 6, 5]
assert first["keras_tuner"] == [81, 34, 15, 8, 5]

# %% [markdown]
# ## 4. Is it ten times faster?
# The paper reports more than an order of magnitude over other methods on several problems. Such a sentence needs three additions: **to which score, with which budget, in which world**. So here are three worlds. For each: how good is what random search has found, at the median of 20 seeds, after 3, 10 and 30 full trainings? And after how many does Hyperband have as good an answer? A promotion continues from its checkpoint.

# %%
predict(
    "09-speed",
    "Perceptrons: Hyperband is how many times faster to what random search has after 10 full trainings?",
    unit="times",
)

# %%
worlds = {"perceptrons": world, "cells": Cells(), "late bloomers": late}
contest = ["random", "successive_halving", "hyperband"]
results = {
    name: race(each, contest, {"full": Continued}, trials=None, seconds=30 * price(each), workers=1)
    for name, each in worlds.items()
}


# %%
def needed(result, name, trainings):
    """The full trainings that a strategy needs for what random search finds in `trainings`."""
    unit = result.end() / 30
    level = np.median(result.curves("random", [trainings * unit]))
    times = np.linspace(0, 30, 601)[1:]
    reached = np.median(result.curves(name, times * unit), axis=0) >= level - 1e-9
    return times[np.argmax(reached)] if reached.any() else math.inf


def times_faster(result, name, trainings):
    return needed(result, "random", trainings) / needed(result, name, trainings)


print(f"{'as good as random search after':33}{'3':>7}{'10':>7}{'30':>7}  full trainings")
for name, result in results.items():
    for strategy in contest[1:]:
        row = [times_faster(result, strategy, trainings) for trainings in (3, 10, 30)]
        cells = "".join(f"{each:7.1f}" if each else "  never" for each in row)
        print(f"{name:14}{strategy:19}{cells}  times faster")
measured("09-speed", round(times_faster(results["perceptrons"], "hyperband", 10), 1))

# %% [markdown]
# "Ten times" is there, and more: for a fair answer among the perceptrons, and for a poor one among the cells. The better the answer has to be, the less is left of it: for what random search has after 30 full trainings, two to five times, and among the cells less than two. The cells train for 12 epochs only, so there is less to save, and the first epochs do not order their best tenth (section 3). Among the late bloomers the same method is slower than random search, or never gets there: the aggressive brackets stop exactly what would win, and only the cautious ones help Hyperband. The statements at the end of the budget:

# %%
for result in results.values():
    print(report.statement(result), end="\n\n")

# %% claim="Ten times and more to a fair answer of perceptrons, two to six times to a good one"
fast = {k: times_faster(results["perceptrons"], "hyperband", k) for k in (3, 10, 30)}
assert fast[3] > 10 and fast[10] > 10 and 1.3 < fast[30] < 6
assert 2 < times_faster(results["perceptrons"], "successive_halving", 30) < 10

# %% claim="Among cells ten times only for a poor answer, below two for a good one"
assert times_faster(results["cells"], "hyperband", 3) > 8
assert 0.8 < times_faster(results["cells"], "hyperband", 30) < 2

# %% claim="Among late bloomers both are behind random search, and Hyperband is ahead of halving alone"
pairs = {(c.better, c.worse) for c in results["late bloomers"].comparisons() if c.significant}
assert pairs >= {("random", "successive_halving"), ("hyperband", "successive_halving")}
assert times_faster(results["late bloomers"], "hyperband", 10) < 1

# %% claim="Among late bloomers the direction is the same on other seeds" tags=["nightly"]
again = race(late, contest, {"full": Continued}, trials=None, seconds=810, seeds=40, workers=1)
best = {name: values[20:] for name, values in again.best().items()}
assert best["random"].mean() > best["hyperband"].mean() > best["successive_halving"].mean()

# %%
recall(
    "09-hedge",
    "Early scores rank your candidates perfectly. What does Hyperband lose against its most aggressive bracket?",
    answer="The cost of the other brackets: it spends only one part in s + 1 of its budget on the bracket that would be the best here. That is the price of the hedge.",
)

# %% [markdown]
# ### Exercise 9.5. Find the bug: the answer of a search
# A search has ended, and a colleague returns the trial with the highest score. One candidate had 0.93 after 3 epochs and was not promoted; the finalist has 0.91 after 27, and a noisy early score is no reason to prefer the other. Scores of different rungs are different measurements. The answer is **the best of the largest budget at which any training has completed**. Repair it: `trials` is a list of (number, epochs, score), with a score of `None` for a failed training.


# %% exercise="9.5"
def answer(trials):
    ### BEGIN SOLUTION
    #: done = [trial for trial in trials if trial[2] is not None]
    #: return max(done, key=lambda trial: trial[2])[0]
    done = [trial for trial in trials if trial[2] is not None]
    largest = max(epochs for _, epochs, _ in done)
    finalists = [trial for trial in done if trial[1] == largest]
    return max(finalists, key=lambda trial: trial[2])[0]
    ### END SOLUTION


# %% check="9.5"
check("9.5")

# %% [markdown]
# (A race asks another question: it wants the best candidate so far at *every* moment, also before anything is trained in full. So the curves above take the best score of any rung, and judge that candidate by its full training.)

# %% [markdown]
# ## 5. Several workers, and one that is slow
# A rung is promoted when all of it has finished. With eight workers and one slow training, seven wait. Choose bracket 3 above, set eight workers and **stragglers**, and look at the gaps. Here is the average over ten seeds:

# %%
predict(
    "09-wait",
    "Eight workers, one bracket, one trial in ten eight times as slow: the share of waiting",
    unit="%",
)

# %%
shares, ends = {}, {}
for workers in (1, 2, 4, 8, 16):
    shares[workers], ends[workers] = [], []
    for seed in range(10):
        search = Search(SuccessiveHalving(world.space, max_budget=40, iterations=1), seed=seed)
        slow = Stragglers(Continued(world), seed)
        jobs = simulate(search, slow, workers=workers, seconds=1e9)
        ends[workers].append(max(job.end for job in jobs))
        shares[workers].append(waiting(jobs, workers, ends[workers][-1]).mean())
    wait, length = np.mean(shares[workers]), np.mean(ends[workers])
    print(f"{workers:2} workers: {length:.2f} s for the bracket, {wait:.0%} of the time is waiting")
measured("09-wait", round(100 * np.mean(shares[8])))

# %% [markdown]
# Sixteen workers finish the bracket hardly sooner than four. One remedy is to begin the next bracket meanwhile, as the kit's `SuccessiveHalving` and `Hyperband` do when they may run more than one iteration. The other is **asynchronous successive halving**, ASHA (Li et al. 2020): it does not wait until a rung is complete. Whenever a worker is free, look at the rungs from the highest to the lowest. A candidate is *promotable* if it is in the best ⌊*m*/η⌋ of the *m* that have finished this rung **so far**, and was not promoted before. The first one found is promoted; if there is none, a new candidate starts at the bottom.
#
# ### Exercise 9.6. ASHA's rule
# Write `job(rungs, taken, factor)`. `rungs` is a list, the lowest first, of the results of each rung so far: pairs (number, score), with `None` for a failure, as in 9.2. `taken` is the set of the numbers that were promoted already. Return (number, rung to which it is promoted), or `None` if a new candidate has to start. From the last rung nobody is promoted.
#
# By hand, with η = 2: rung 0 has 0: 0.6, 1: 0.8, 2: 0.7, 3: 0.1, and number 1 was promoted. The best two are 1 and 2, so number 2 is promoted to rung 1. If number 2 is taken too, a new candidate starts.


# %% exercise="9.6"
def job(rungs, taken, factor):
    ### BEGIN SOLUTION
    for rung in reversed(range(len(rungs) - 1)):
        results = rungs[rung]
        ranked = sorted((-score, number) for number, score in results if score is not None)
        for _, number in ranked[: len(results) // factor]:
            if number not in taken:
                return number, rung + 1
    return None
    ### END SOLUTION


# %% check="9.6"
check("9.6")

# %% [markdown]
# An early promotion can be wrong: of three results the best is promoted, and after thirty more it may be in the middle. How much does that cost, and what is saved? Take ASHA in the widget, with the same stragglers. Then both at the same time on the clock, with sixteen workers, over twenty seeds:

# %%
predict(
    "09-asha",
    "After the time of one bracket with 16 workers: ASHA's answer is better, of 20 seeds",
    unit="seeds",
)


# %%
def worth(search):
    """The worth of a search's answer: the best of the largest budget, as in exercise 9.5."""
    done = search.history.completed
    largest = max(trial.suggestion.budget for trial in done)
    finalists = [trial for trial in done if trial.suggestion.budget == largest]
    return world.worth(max(finalists, key=lambda trial: trial.score).configuration)


def compare(workers, seeds=range(20)):
    """ASHA's lead in points, and its waiting, after the time of one bracket; by seed."""
    lead, idle = [], []
    for seed in seeds:
        slow = Stragglers(Continued(world), seed)
        halving = Search(SuccessiveHalving(world.space, max_budget=40, iterations=1), seed=seed)
        until = max(job.end for job in simulate(halving, slow, workers=workers, seconds=1e9))
        asha = Search(ASHA(world.space, max_budget=40), seed=seed)
        jobs = simulate(asha, slow, workers=workers, seconds=until)
        idle.append(waiting(jobs, workers, until).mean())
        lead.append(100 * (worth(asha) - worth(halving)))
    return np.array(lead), np.array(idle)


lead, idle = compare(16)
print(f"ASHA leads by {lead.mean():.2f} points on average; its workers wait {idle.mean():.0%}")
measured("09-asha", int(np.sum(lead > 0)))

# %% [markdown]
# With one worker nothing waits, and ASHA's lead is gone: try `compare(1)`. So its gain comes from the time that workers would wait, not from a better choice.

# %% claim="A bracket on 8 workers waits most of the time; 16 are hardly faster than 4"
assert np.mean(shares[1]) < 0.001 and 0.6 < np.mean(shares[8]) < 0.95
assert np.mean(ends[16]) > 0.85 * np.mean(ends[4])

# %% claim="ASHA does not wait, and with 16 workers its answer is better more often than not"
assert idle.mean() < 0.001
assert lead.mean() > 0.2 and np.sum(lead > 0) > np.sum(lead < 0)
more = compare(16, range(20, 40))[0]
assert more.mean() > 0.2 and np.sum(more > 0) > np.sum(more < 0)

# %% claim="With one worker ASHA has no lead"
for seeds in (range(20), range(20, 40)):
    assert compare(1, seeds)[0].mean() < 0.2

# %%
recall(
    "09-wrong",
    "ASHA has promoted a candidate that is no longer in the best third. What happens to it?",
    answer="It keeps its place in the higher rung; nothing is taken back. The better ones are promoted as well, so the price is one training of that rung.",
)

# %% [markdown]
# ## 6. BOHB: a model chooses who starts
# Hyperband draws its candidates at random, also when it has seen many. **BOHB** (Falkner et al. 2018) keeps the brackets and asks a model for the candidates: two densities as in TPE (lab 05), one of the good trials and one of the rest, at the largest budget that has enough trials; a third of the candidates stays random. So it should be as quick as Hyperband at the start, and as good as a model-based search at the end.

# %%
predict(
    "09-model",
    "After 60 full trainings' time, which has the best mean rank?",
    options=["random", "hyperband", "bohb", "tpe"],
)

# %%
unit = price(world)
models = race(world, ["random", "hyperband", "bohb", "tpe"], {"full": Continued}, trials=None,
              seconds=60 * unit, workers=1)  # fmt: skip
report.figure(models, spread=True)
plt.show()

# %%
for share in (5, 15, 60):
    at = models.best(share * unit)
    line = ", ".join(f"{name} {100 * values.mean():.2f}" for name, values in at.items())
    print(f"{share:2} trainings: {line}")
ranks = models.ranks()
measured("09-model", min(ranks, key=ranks.get))
print(report.statement(models))

# %% [markdown]
# At the time of five full trainings, TPE has not even begun to use its model, and is random search; BOHB is Hyperband. At sixty, Hyperband has fallen behind, and TPE without any rungs is level with BOHB. So the rungs win the start and the model wins the end. A warning for worlds in which early scores mislead: BOHB's model learns from the largest budget *with enough trials*, and at first that is a small one.

# %% claim="Early BOHB is Hyperband and far ahead of TPE; late it is ahead of Hyperband and level with TPE"
early = models.best(5 * unit)
assert early["bohb"].mean() - early["tpe"].mean() > 0.02
assert abs(early["bohb"].mean() - early["hyperband"].mean()) < 0.01
assert np.array_equal(early["tpe"], early["random"])
pairs = {frozenset((c.better, c.worse)): c for c in models.comparisons()}
ahead = pairs[frozenset(("bohb", "hyperband"))]
assert ahead.better == "bohb" and ahead.significant
assert not pairs[frozenset(("bohb", "tpe"))].significant

# %% [markdown]
# ## 7. In Keras Tuner
# Keras Tuner has a `Hyperband`, and the kit has one with the same arguments, `coursekit.tuners.Hyperband`. Do they run the same brackets? Nothing needs to be trained to find out: a tuner whose `run_trial` returns a number shows its schedule.

# %%
from collections import Counter

import keras
import keras_tuner as kt

from coursekit import data, tuners

# %%
predict(
    "09-brackets",
    "max_epochs=9, factor=3: does the kit's default run as many trials as Keras Tuner's?",
    options=["as many", "fewer", "more"],
)


# %%
def untrained(tuner_class, name, **options):
    """A tuner whose trainings take no time: the score is the value of x."""

    class Untrained(tuner_class):
        def run_trial(self, trial, *args, **kwargs):
            return {"val_accuracy": trial.hyperparameters.values["x"]}

    space = kt.HyperParameters()
    space.Float("x", 0, 1)
    where = dict(directory="tuning", project_name=name, overwrite=True)
    objective = kt.Objective("val_accuracy", "max")
    return Untrained(objective=objective, hyperparameters=space, max_epochs=9, factor=3, seed=9,
                     **where, **options)  # fmt: skip


def schedule(tuner_class, name, **options):
    """How many trials are trained to which epoch."""
    tuner = untrained(tuner_class, name, hyperband_iterations=1, **options)
    tuner.search(verbose=0)
    trials = tuner.oracle.trials.values()
    return Counter(trial.hyperparameters.values["tuner/epochs"] for trial in trials)


theirs = schedule(kt.Hyperband, "theirs")
ours = schedule(tuners.Hyperband, "ours")
same = schedule(tuners.Hyperband, "same", rounding="keras_tuner")
for name, found in (("keras_tuner", theirs), ("coursekit", ours), ("coursekit, rounded", same)):
    print(f"{name:19}", ", ".join(f"{found[epochs]:2} to epoch {epochs}" for epochs in (1, 3, 9)))
many = {True: "as many", False: "fewer" if sum(ours.values()) < sum(theirs.values()) else "more"}
measured("09-brackets", many[sum(ours.values()) == sum(theirs.values())])

# %% claim="With the same rounding the schedules are the same; the paper's rounding has fewer trials"
assert same == theirs and sum(ours.values()) < sum(theirs.values())

# %% [markdown]
# The rounding is an option, `rounding="keras_tuner"`.
#
# And waiting? Twenty workers ask for a trial, one after the other, before any training has ended. A worker that gets none asks again and again until a rung is complete.


# %%
def handed_out(tuner_class, name, **options):
    """How many of twenty workers get a trial before any training has ended."""
    oracle = untrained(tuner_class, name, **options).oracle
    answers = [oracle.create_trial(f"worker {number}").status for number in range(20)]
    return answers.count("RUNNING")


once = dict(hyperband_iterations=1)
busy = {
    "keras_tuner.Hyperband": handed_out(kt.Hyperband, "theirs-20", **once),
    "coursekit.tuners.Hyperband": handed_out(tuners.Hyperband, "ours-20", **once),
    "coursekit.tuners.ASHA": handed_out(tuners.ASHA, "asha-20", max_trials=100),
}
for name, working in busy.items():
    print(f"{name:27} {working} of 20 workers train")

# %% claim="With twenty workers both Hyperbands let some wait, and ASHA none"
assert busy["coursekit.tuners.ASHA"] == 20
started = sum(rung.trials for rung in bracket_table(9, 3) if rung.rung == 0)
assert busy["keras_tuner.Hyperband"] == busy["coursekit.tuners.Hyperband"] == started == 17

# %% [markdown]
# Both `Hyperband`s have begun all of their brackets, and the other workers wait. `ASHA` starts another candidate for each.
#
# Now train: a small network on the digits, four epochs at most, η = 4. A promoted trial continues from the weights and the optimizer of its parent. And the search is interrupted after three trials, on purpose: the second tuner finds the folder of the first (`overwrite=False`) and continues.

# %%
digits = data.load("digits")


def build(hp):
    model = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(hp.Int("units", 8, 64, sampling="log"), "relu"))
    model.add(keras.layers.Dense(10, "softmax"))
    rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log")
    optimizer = keras.optimizers.Adam(rate)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def hyperband(overwrite, max_trials=None):
    return tuners.Hyperband(build, "val_accuracy", max_epochs=4, factor=4, seed=9,
                            max_trials=max_trials, directory="tuning",
                            project_name="hyperband", overwrite=overwrite)  # fmt: skip


fitting = dict(validation_data=digits.validation, batch_size=64, verbose=0)

# %%
predict("09-keras", "Best validation accuracy after four epochs at most", unit="%")

# %%
hyperband(True, max_trials=3).search(*digits.train, **fitting)  # ... and the power fails

# %%
tuner = hyperband(False)
tuner.search(*digits.train, **fitting)

# %%
measured("09-keras", round(100 * tuner.oracle.get_best_trials()[0].score, 1))
frame = tuner.oracle.history.frame()
frame["trained"] = [len(curve) for curve in frame["curve"]]
frame[["budget", "trained", "parent", "score", "units", "learning_rate"]].round(4)

# %% [markdown]
# Read a promoted row: its `budget` is the last epoch, `trained` the epochs that it has added to its `parent`'s. All rows together are 15 epochs. The control is random search with as many epochs, rounded up: four candidates, each trained to epoch 4.

# %%
control = tuners.Random(build, "val_accuracy", max_trials=4, seed=9, directory="tuning",
                              project_name="random", overwrite=True)  # fmt: skip
control.search(*digits.train, epochs=4, **fitting)
print(f"random search: {control.oracle.get_best_trials()[0].score:.1%} after {4 * 4} epochs")

# %% [markdown]
# One search each proves nothing, whichever is ahead here; the twenty seeds of section 4 do.

# %% claim="The interrupted search continues, and promotions train only what is left"
trials = list(tuner.oracle.history)
assert len(trials) == sum(rung.trials for rung in bracket_table(4, 4)) > 3
for trial in trials:
    parent = trial.suggestion.parent
    done = 0 if parent is None else trials[parent].suggestion.budget
    assert len(trial.curve) == trial.suggestion.budget - done
assert any(trial.suggestion.parent is not None for trial in trials)
assert sum(len(trial.curve) for trial in trials) == 15
assert len(control.oracle.get_best_trials(99)) == 4

# %% [markdown]
# ## 8. A world of your own
# Change `LateBloomers` into a world like your own task: how many epochs, how noisy, how soon does a good candidate show? Or take a table: `Cells(fidelity="half resolution")`, `Cells(seed=1)` for single trainings. Predict which of the four leads after 20 full trainings, then run it.

# %%
mine = Cells(seed=1)
own = race(mine, ["random", "hyperband", "asha", "bohb"], {"full": Continued}, trials=None,
           seconds=20 * price(mine), seeds=10, workers=1)  # fmt: skip
print(report.table(own))

# %% [markdown] conclusion="09"
# ## 9. Your conclusion
# A colleague tunes a network that trains for 90 epochs with a learning rate that falls to zero at the end. She has eight GPUs and the time of 100 full trainings, and has read that Hyperband is ten times faster. Write four or five sentences: what would you check first, which strategy with which smallest budget and which η would you begin with, what do you do about the eight GPUs, and what will you report instead of "ten times"?
#
# - It checks on some full trainings how early scores rank the candidates, among the best ones too.
# - It names the falling learning rate as a reason why early scores mislead, and a cure: a larger smallest budget, a schedule that fits the budget, or cautious brackets.
# - It counts the bill of the brackets against 100 full trainings, and says whether promotions continue from checkpoints.
# - It names waiting and a remedy: ASHA, or brackets that overlap.
# - It reports the time to a stated score against random search in the same budget, over several seeds.

# %% [markdown]
# ## 10. What to take away
# - Early scores show the poor candidates long before they rank the good ones. Rungs use that.
# - A bracket can be counted before it runs: write its table and its bill. Count powers in integers, and say which rounding is used.
# - Hyperband is a hedge for the case that early scores mislead. Where they do not, it costs some speed; where they do, it is ahead of halving alone.
# - Waiting, not training, limits rungs on many workers. ASHA promotes at once, and makes a few promotions that turn out wrong.
# - BOHB: the rungs win the start, the model wins the end.
# - "Ten times faster" is a sentence about a score, a budget and a world. Ask for all three.
#
# **Read on:** Hyperband, Li et al. 2018 (`li2018hyperband`), and successive halving, Jamieson and Talwalkar 2016 (`jamieson2016nonstochastic`), beside the code in the guide `references/hyperband.md`; ASHA, Li et al. 2020 (`li2020system`), in `references/asha.md`; BOHB, Falkner et al. 2018 (`falkner2018bohb`), in `references/bohb.md`. The keys are in `references/references.bib`.

# %%
progress()
