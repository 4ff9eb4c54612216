# %% [markdown]
# # Lab 13. Judging a search
#
# "Our method beats random search by half a point." Does it? It ran once, or five times; it was given as many trials, or as many hours; it was the best of three variants, chosen on the very images that the half point was measured on. In this lab you take such sentences apart. Everything is replayed, so a comparison that cost somebody years of training takes a second here, and you can make the same mistake two hundred times and look at what it does.
#
# **After it you can**
# - say how often a single run tells the wrong story, and how many seeds it takes until it does not;
# - give strategies equal budgets, and say in which unit: trials, epochs or seconds;
# - test paired differences for luck, and correct for the number of pairs;
# - say how many random draws a clever search is worth, and when random search is good enough;
# - keep the images that choose apart from the images that judge.
#
# **It takes** about a minute of computing on two cores (all cells), and an hour or two of yours. **Budget:** no training at all, but more than 100,000 trials that are replayed. No GPU, no network.
#
# **How it works:** predict before you run; move whatever can be moved; write code where it says so, then run the check below it. Stuck? `hint("13.1")`, and again for more; after a try, `solution("13.1")`.

# %% tags=["setup"]
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import rankdata

from coursekit import plots, theme
from coursekit.labs import check, hint, measured, predict, progress, solution
from coursekit.race import luck, race, significance
from coursekit.race import report
from coursekit.search import Search
from coursekit.trials import Suggestion
from coursekit.widgets import RaceTrack
from coursekit.worlds import Cells, MLPs, NASBench201

theme.use()  # figures follow JupyterLab's theme

# %% [markdown]
# ## 1. One run
# Our first world is NAS-Bench-201 (Dong and Yang 2020) on CIFAR-100: 15,625 networks, all of them trained, whose accuracy can be looked up. Two strategies search it for fifty trials each, random search and regularized evolution (lab 06). Evolution is the better one, as you will see. Now imagine two groups that can afford one run each. One of them runs random search, the other one evolution, and they compare.

# %%
question = "One run each: how often does random search come out ahead of evolution?"
predict("13-single", question, unit="%")

# %%
world = NASBench201("cifar100")
contest = {"random": "random", "evolution": "regularized_evolution"}
runs = race(world, contest, trials=50, seeds=200)
drawn, evolved = runs.best().values()
measured("13-single", round(100 * float(np.mean(drawn[:, None] > evolved))))

# %% [markdown]
# That is what two hundred runs of each say, any one of the first against any one of the second: 40,000 meetings. What comes out wrong so often is no measurement. Look at the two heaps:

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
# The strategies differ in where the heap lies, and the runs differ in where they fall on it. One run shows you a single grain.
#
# ## 2. Seeds and bands
# So run more than once, from different **seeds**, and say two things: where the middle is, and how far the runs scatter. Papers draw three kinds of band, and often do not say which.
# - The **standard deviation**, or better the **quartiles**, which assume no shape: where the next single run will probably fall. More seeds do not make this band narrower, only surer.
# - The **standard error**: how far the *mean* would move if somebody repeated the whole experiment with other seeds. It shrinks as more seeds are run, with the square root of their number.

# %%
print(f"single runs of evolution: standard deviation {100 * evolved.std(ddof=1):.2f} points")
predict("13-error", "By how much do means of 20 such runs scatter?", unit="points")

# %%
means = 100 * evolved.reshape(10, 20).mean(axis=1)
measured("13-error", round(float(means.std(ddof=1)), 2))

# %% [markdown]
# Ten means of twenty runs each are few to measure a scatter by, so compare with the rule: the standard deviation of the single runs, divided by √20. The kit draws medians and quartiles, since those show the runs themselves.
#
# Now watch a race with bands: four strategies, two hundred trials, twenty seeds each. Press **Start**. When the searches are in, drag the time back to twenty trials and say who is ahead; then press **Play**, and watch the leaderboard. Below the curves is what a single search has tried: look at several strategies, and at several seeds. Then set the seeds to three, start again, and see what three would have told you.

# %%
RaceTrack(world, ("random", "regularized_evolution", "local_search", "tpe"), trials=200, seeds=20)

# %% [markdown]
# Two bands that overlap prove nothing, and neither do two that part: for proof there are tests, in section 4. But the moment from which they stay apart is a good thing to know about a budget. **Predict** it for random search and evolution.

# %%
question = "After how many trials is evolution's band above random search's, and stays there?"
predict("13-part", question, unit="trials")

# %%
longer = race(world, contest, trials=200, seeds=20)
report.figure(longer)
plt.show()

# %%
at = np.arange(1, 201)
low = np.quantile(longer.curves("evolution", at), 0.25, axis=0)
high = np.quantile(longer.curves("random", at), 0.75, axis=0)
measured("13-part", int(at[low <= high].max()) + 1)

# %% [markdown]
# (The first thirty trials are the same for both: evolution draws its first population at random, from the same seeds.) So "evolution is better" is true of some budgets and not of others, and an **anytime curve** says of which. How one is made is the first exercise.
#
# ## 3. Equal budgets
# A search is a row of trials. Each takes its time, and gives a score when it ends; some fail, give none, and have taken their time as well. What a search has found by a certain moment is the best score among the trials that have **ended** by then.
#
# ### Exercise 13.1. The best so far, at any time
# Write `best_so_far(scores, costs, at)`. `scores` holds one score a trial, NaN for one that failed; `costs` their seconds, one trial after the other. `at` lists moments, in seconds from the start. Return a list with one answer for each of them: the best score among the trials that have ended by then (or just at that second), and None if there is none yet.


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
# Why not count trials, which is so much simpler? Because a trial is no unit. Take **Hyperband** (Li et al. 2018): it starts many trainings and stops most of them after a few epochs. The world of perceptrons knows every epoch of each training, so here it can race. To which of the three are "a hundred trials each" fair?

# %%
perceptrons = MLPs()
three = {**contest, "hyperband": f"hyperband(max_budget={perceptrons.epochs})"}
predict("13-trials", "Who has the best mean rank after 100 trials each?", options=list(three))

# %%
by_trials = race(perceptrons, three, trials=100, seeds=20)
ranks = by_trials.ranks()
measured("13-trials", min(ranks, key=ranks.get))
print(report.table(by_trials))

# %% [markdown]
# Now what did each of them pay? Not every epoch costs the same either: a wide network takes longer than a narrow one.

# %%
spent = {
    name: np.mean([run.costs.sum() for run in by_trials.runs[name].values()]) for name in three
}
for name, seconds in spent.items():
    print(f"{name:12}{seconds:7.2f} s of training for 100 trials")

# %% [markdown]
# The table has all these seconds from trainings that really ran; a replay adds them up, as if they had been run one after the other. That is what **simulated time** means, and it makes races in seconds possible without waiting for them. Give all three the seconds that random search has spent.

# %%
predict("13-seconds", "And the best mean rank after equal seconds?", options=list(three))

# %%
by_seconds = race(perceptrons, three, trials=None, seconds=float(spent["random"]), seeds=20)
ranks = by_seconds.ranks()
measured("13-seconds", min(ranks, key=ranks.get))

# %% [markdown]
# All three come close to the optimum, so draw what they still lack: the **regret**, on a logarithmic axis.

# %%
clock = np.linspace(0, by_seconds.end(), 200)
curves = {name: 100 * by_seconds.curves(name, clock) for name in three}
optimum, unit = 100 * perceptrons.optimum, "seconds of training"
plots.regret(curves, optimum, clock, unit=unit, name="regret, points")
plt.show()

# %% [markdown]
# So the unit of the budget can make a winner. Three are in use:
# - **trials** are fair if each costs the same: whole trainings of networks of one size;
# - **epochs** are fair if each epoch costs the same, and they do not depend on a machine;
# - **seconds** are fair to all on one machine, and they are what you pay.
#
# One cost is still missing from all three: the strategy's own thinking. A Gaussian process is fitted anew for each suggestion, and a random draw costs nothing. Does it matter? That depends on what a training costs.

# %%
question = "Bayesian optimization on perceptrons: thinking, as a share of all time"
predict("13-thinking", question, unit="%")


# %%
def share(world, strategy):
    found = race(world, [strategy], trials=50, seeds=3, workers=1).runs[strategy].values()
    thinking, training = sum(run.overhead for run in found), sum(run.costs.sum() for run in found)
    return 100 * thinking / (thinking + training)


for strategy in ("random", "tpe", "bayesian"):
    tiny, large = share(perceptrons, strategy), share(world, strategy)
    print(f"{strategy:10}{tiny:8.2f} % with perceptrons{large:12.6f} % with NAS-Bench-201")
measured("13-thinking", round(tiny, 1))  # of the last of them

# %% [markdown]
# Where a training takes an hour, thinking is free. Where it takes a fraction of a second, it is not, and with objectives that cost less still it may be all there is. Simulated clocks leave it out, so state it beside them (`report.table` does, as milliseconds a trial).
#
# ## 4. More than luck?
# Twenty runs of one strategy, twenty of another, two means that differ. Could luck alone have done that? The kit's races are **paired**: run *i* of one strategy and run *i* of the other have the same seed, so they begin alike, and what is compared is the twenty differences. If the strategies were equally good, each difference might as well have had the other sign.
#
# Wilcoxon (1945) made a test of that thought. Leave out the differences that are zero. Rank the others by size, without their sign: 1 for the smallest, and equal sizes share the mean of their ranks. Add up the ranks with the signs of the differences. A sum near zero is what luck would make; a large one, to either side, leans. How large is large? Try **all patterns of signs**: each is as likely as any other if only luck is at work. The *p*-value is the share of them whose sum is at least as far from zero as the observed one.
#
# ### Exercise 13.2. More than luck?
# Write `p_value(differences)` in just this way. `rankdata` (from SciPy) ranks, and `product([-1, 1], repeat=3)` gives the eight patterns of three signs. Without any difference but zeros the answer is 1. The checks have at most ten differences, so that trying all patterns is cheap.


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
# The kit's `significance.wilcoxon` gives the same and is quicker. A difference is called significant here if *p* is at most 0.05: by luck alone that happens once in twenty times at most.
#
# So how many seeds does it take? From the first section we have two hundred pairs, and know that evolution is really ahead. Take a few of them, test, and see whether the test finds it out. Do so two hundred times. And do the same with the pairs torn apart, as if evolution had been run from seeds of its own. **Predict** for twenty.

# %%
predict("13-power", "20 seeds, paired: how often is p at most 0.05?", unit="%")


# %%
def found(differences, seeds):
    samples = [rng.choice(differences, seeds, replace=False) for _ in range(200)]
    return 100 * np.mean([significance.wilcoxon(sample) <= 0.05 for sample in samples])


rng = np.random.default_rng(13)
sizes = [3, 5, 6, 8, 10, 15, 20, 30, 40]
paired = [found(evolved - drawn, seeds) for seeds in sizes]
torn = [found(rng.permutation(evolved) - drawn, seeds) for seeds in sizes]
measured("13-power", float(paired[sizes.index(20)]))

# %%
plt.plot(sizes, paired, label="the same seeds for both")
plt.plot(sizes, torn, label="seeds of their own")
plt.title("How often the test sees that evolution is ahead")
plt.xlabel("seeds")
plt.ylabel("comparisons with p ≤ 0.05, %")
plt.legend()
plt.show()

# %% [markdown]
# Two lessons. With five seeds the line is at zero and must be: even if one strategy wins all five, luck does as much with 2 of 32 patterns of signs, so *p* cannot fall below 0.0625. Three seeds can show even less. And pairing is worth having: the start that both share is no part of the difference, and tearing the pairs apart puts its noise back in.
#
# What a test does not say is how large a difference is. With seeds enough it finds any, however small, so a report has both: the difference, and the *p*.
#
# ## 5. Many pairs
# Ten strategies make 45 pairs. Test each of them at 0.05 and something will turn up. Let us play it: deal our two hundred runs of **random search** out to ten names, twenty runs each. Whatever differs now differs by luck.

# %%
question = "Ten names for one strategy: how often is some pair 'significant'?"
predict("13-pairs", question, unit="%")

# %%
places = np.triu_indices(10, 1)
games = []
for _ in range(100):
    hands = rng.permutation(drawn).reshape(10, 20)
    pairs = hands[places[0]] - hands[places[1]]
    games.append([significance.wilcoxon(differences) for differences in pairs])
measured("13-pairs", 100 * float(np.mean([min(values) <= 0.05 for values in games])))

# %% [markdown]
# Somebody who tries ten variants and reports the surest difference finds one more often than not. The cure is to ask more of each pair, the more pairs there are. **Holm** (1979) does it step by step. The smallest of *m* values of *p* is multiplied by *m*, the next by *m* − 1, and so on to the largest, which stays as it is. None may come out smaller than one before it, and none is more than 1. What is then at most 0.05 counts, and the chance of even one false find among all is at most 0.05.
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

# %% [markdown]
# The price: real differences are overlooked more often, too. So compare few things, decide which before the race, and count those that you have tried and dropped.
#
# ## 6. When random search is good enough
# Random search has a property that hardly another strategy has: what it finds can be **calculated**. If all scores of a space are known, no search has to be run at all. Sort the *N* scores. The best of *n* draws is the *i*-th smallest or a smaller one if all *n* draws are, and that has the chance (*i*/*N*)ⁿ. So it is exactly the *i*-th with the chance (*i*/*N*)ⁿ − ((*i* − 1)/*N*)ⁿ, and the rest is a mean.
#
# ### Exercise 13.4. The best of many draws, without drawing
# Write `expected_best(values, draws)`: the exact mean of the best of so many random draws, each from all values (what is drawn is put back). `values` come in any order.


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
# The kit has it as `luck.best_of`. (Its random search puts nothing back, which makes no difference while few of many are drawn, and helps it where a good part of the space is.) Turned round, it becomes a yardstick that needs no test and no band: **how many random draws is a search worth?** That is how many it takes until their best is, on average, as good.

# %%
question = "How many random draws are as good as evolution's 200 trials?"
predict("13-worth", question, unit="draws")

# %%
accuracies = np.array([world.accuracy(cell) for cell in world.space.enumerate()])
goal = longer.best()["evolution"].mean()
measured("13-worth", luck.draws_for(accuracies, goal))

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
# Follow the thin line from where evolution ends to where random search gets there. Is it always so? Ask the same in five worlds, for a hundred trials each. (Four other strategies race along; section 9 looks at them.)

# %%
worlds = [*(NASBench201(name) for name in NASBench201.datasets), Cells(), perceptrons]
five = ["random", "grid", "local_search", "regularized_evolution", "tpe"]
races = [race(each, five, trials=100, seeds=20) for each in worlds]

# %%
print("100 trials of evolution: worth in random draws, lead over 100 of them in points")
for each in races:
    scores = np.nan_to_num([each.world.accuracy(one) for one in each.world.space.enumerate()])
    found = each.best()["regularized_evolution"].mean()
    worth, lead = luck.draws_for(scores, found), 100 * (found - luck.best_of(scores, 100))
    print(f"{worth:8,.0f} {lead:8.2f}  {each.world}, of {len(scores):,} configurations")

# %% [markdown]
# The two numbers need not agree. Where a hundred trials are worth thousands of draws and lead by points that somebody will notice, a strategy earns its keep. Where they are worth hardly more than the hundred that they took, or where all those draws buy a fraction of a point, random search is **good enough**: it has no options to set, runs on as many machines as there are, and nothing can go wrong with it. This is decided by the space, not by the strategy: if one configuration in twenty is nearly as good as the best, anybody will meet one. Sixty draws suffice to meet one of the best 5 % with 95 % certainty:

# %%
f"{1 - 0.95**60:.1%}"

# %% [markdown]
# So the question is what the best 5 % are worth to you, compared with the best. In neural architecture search it was asked late: Li and Talwalkar (2019) found random search competitive with much that had been published, and Yang et al. (2020) that many methods were hardly better than the *average* architecture of their space. Put the yardstick into each of your comparisons. Random search is the one rival whom everybody knows.
#
# ## 7. The winner on validation, and the winner on test
# All scores so far were **validation** accuracies: those that a search sees and chooses by. Whoever wins among two hundred has won for two reasons, because it is good and because it was lucky: with these validation images, or with this training. Its luck does not come along to new images. That is **selection bias**, and it grows with the number of candidates.
#
# With the chances of the last section it can be calculated, too: sort all configurations by the score that a search *sees*, which is that of one training (`seed=0`), and weigh with the same chances what they are *worth*. First in NAS-Bench-201, where worth is the mean over several trainings of the same cell.


# %%
def sorted_by_seen(world, *worths):
    space = list(world.space.enumerate())
    seen = np.array([world.evaluate(Suggestion(one)).score for one in space])
    true = np.array([[worth(one) for one in space] for worth in worths])
    both = np.nan_to_num([seen, *true])  # a training that failed is worth nothing
    return both[:, np.argsort(both[0])]


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

# %% [markdown]
# At the left end nothing has been chosen, and one training is on average as good as the mean of several. All that is added on the way to the right comes of choosing: same cells, same images, only the luck of the training is gone. (Not even all of it: the mean holds the training that was seen.) Now the perceptrons, which the kit has tested on images that had no say in any choice.

# %%
question = "Perceptrons, best of 200 on validation: how much less is it on test?"
predict("13-bias", question, unit="points")

# %%
digits = MLPs(seed=0)
seen, again, test = sorted_by_seen(digits, digits.accuracy, digits.test)
chance = luck.chances(len(seen), 200)
measured("13-bias", round(100 * float(chance @ (seen - test)), 2))

# %%
for text, values in {"as seen": seen, "trained again": again, "on test images": test}.items():
    print(f"{text:16}{chance @ values:.2%}")

# %% [markdown]
# From the first line to the second luck of the training is lost, from the second to the third that of the images. (Those of the test may be a little easier or harder on the whole, too: that part is no bias.) No honest work can avoid this (Cawley and Talbot 2010). What can be avoided is to **report** the score that was chosen by. Compare the difference with the half points that papers are about.
#
# Worse is to choose on the test images themselves, by hand or by `max`. Then they are validation images under another name, and there are none left to judge with. This is what it would seem to bring, for 200 perceptrons:

# %%
honest, chosen = chance @ test, luck.best_of(test, 200)
print(f"test accuracy of the winner on validation  {honest:.2%}")
print(f"the best test accuracy of the same 200     {chosen:.2%}")

# %% [markdown]
# ## 8. A whole comparison
# You have all the parts now: seeds, budgets, pairs, and images that have no say.
#
# ### Exercise 13.5. Find the bugs: a comparison
# A colleague compares strategies by test accuracy, and has been kind enough to send the code. `strategies` is a dictionary from names to strategy classes, `seconds` is meant as the budget of training time of each search, and `seeds` is how many searches each strategy runs, from seeds 0, 1, 2, ... Returned is a dictionary from names to lists, one test accuracy a seed. It runs without an error and makes three mistakes, all of which this lab has been about. Repair them.


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
# One world is one opinion. Here are the five strategies that have raced in section 6, in all five worlds, a hundred trials and twenty seeds each. In every world the strategies are ranked seed by seed, 1 for the best, and the ranks averaged: a **mean rank** does not mind that a point on CIFAR-10 is another thing than a point on ImageNet.

# %%
predict("13-matrix", "Who has the best rank on the average of the five worlds?", options=five)

# %%
plots.ranks({str(each.world): each.best() for each in races})
plt.show()

# %%
table = np.array([list(each.ranks().values()) for each in races])
measured("13-matrix", five[int(table.mean(axis=0).argmin())])

# %% [markdown]
# Read it by columns first: does the same strategy win everywhere? How far is it from the best of a world to random search, and is that what the yardstick of section 6 has said? A rank hides sizes, so before you believe a column look at its table:

# %%
print(report.table(races[-1]))
print(report.statement(races[-1]))

# %% [markdown]
# And by rows: may we say that the best row is the best strategy *in general*? Then worlds are what we have drawn, five of them, and the test is over worlds in place of seeds (Demšar 2006). Suppose that one strategy is ahead of another in all five:

# %%
significance.wilcoxon(np.array([1, 2, 3, 4, 5]))

# %% [markdown]
# Not enough, however many seeds were run in each: five worlds are no more than the five seeds of section 4. And three of our five are one space with other images, so they are fewer than five. A matrix like this says what happened in these worlds. Your own problem is a column of its own, and the cheapest way to learn about it is a small race on it, random search included.
#
# ## 10. What to take away
# - One run is an anecdote. Take twenty seeds, the same for all, and show how the runs scatter.
# - Equal budgets, in the unit that you pay in. Say which, and what the strategy's own thinking costs.
# - Test paired differences, correct for all pairs that you have looked at, and report the size beside the *p*.
# - Say what a search is worth in random draws. If it is not much, draw.
# - What was chosen by must not judge. Report the test score of the winner on validation, and ask the test images once.
# - A claim in general needs many worlds.
#
# **Read on:** the tests, and what goes wrong without them: Demšar 2006 (`demsar2006statistical`), beside the guide `references/judging.md`, which says which of its formulas is which line of code here. Their originals: Wilcoxon 1945 (`wilcoxon1945individual`) and Holm 1979 (`holm1979simple`), a few pages each. Selection bias: Cawley and Talbot 2010 (`cawley2010overfitting`). In neural architecture search: Li and Talwalkar 2019 (`li2019random`), Yang et al. 2020 (`yang2020nas`), and a checklist to keep on the desk, Lindauer and Hutter 2020 (`lindauer2020best`). The world of the first sections: Dong and Yang 2020 (`dong2020nasbench201`). The keys are in `references/references.bib`.

# %%
progress()
