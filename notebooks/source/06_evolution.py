# %% [markdown]
# # Lab 06. Evolution
#
# Fifteen thousand candidate networks, an hour of training for each, and you can pay for two hundred. Random search spends its two hundred without a memory. Evolution remembers a few candidates, lets the better ones have children that differ from them in one decision, and lets the old ones die. In this lab you build it out of three small parts, watch it birth by birth, race it against random search on a real benchmark, take it apart again, and in the end use it in place of `kt.RandomSearch`.
#
# **After it you can**
# - write regularized evolution from memory: tournament, mutation, ageing;
# - say what population size and tournament size do, and show it with data;
# - compare two search strategies fairly: equal budgets, many seeds, bands, a test;
# - write a search strategy of your own, and prove that it keeps its promises;
# - run evolution through Keras Tuner.
#
# **It takes** about 100 seconds of computing on two cores (all cells), and an hour or two of yours. **Budget:** 20 epochs of Keras training on 5,000 images; everything else is replayed from a table of trainings that were done once, for everybody. No GPU, no network.
#
# **How it works:** predict before you run; move whatever has a slider; write code where it says so, then run the check below it. Stuck? `hint("6.1")`, and again for more; after a try, `solution("6.1")`.

# %% tags=["setup"]
import inspect
import math

import matplotlib.pyplot as plt
import numpy as np

from coursekit import plots, theme
from coursekit.labs import check, hint, measured, predict, progress, recall, solution
from coursekit.race import race
from coursekit.race import report
from coursekit.strategies import LocalSearch, RegularizedEvolution, Strategy
from coursekit.testing import conform
from coursekit.trials import Pause, Status, Suggestion
from coursekit.widgets import Population
from coursekit.worlds import NASBench201

theme.use()  # figures follow JupyterLab's theme

# %% [markdown]
# ## 1. A world that answers at once
# NAS-Bench-201 (Dong and Yang 2020) is a small search space of which everything is known. A candidate is a **cell**: four nodes, an edge between any two of them, and on each of the six edges one of five operations: nothing, a skip connection, a convolution of 1x1 or of 3x3, or average pooling of 3x3. The cell is stacked into a network. All 5⁶ = 15,625 of them were trained for 200 epochs on three data sets; our **world** looks the results up.

# %%
world = NASBench201("cifar100")
cell = world.space.sample(np.random.default_rng(6))
plots.cell(world.space, cell)
plt.title("A cell, drawn at random")
plt.show()

# %% [markdown]
# To a strategy, a cell is a configuration like any other: a dictionary of decisions. Its accuracy is looked up here; the training was done once, and took the seconds that the world reports along with it.

# %%
answer = world.evaluate(Suggestion(cell))
print(cell)
print(f"{answer.score:.2%} on validation images, after {answer.cost / 3600:.1f} h of training")

# %% [markdown]
# How hard is it to find a good one? The best cell reaches 73.5 %. **Predict** how many of the 15,625 come within one point of it.

# %%
predict("06-good", "Cells within one point of the best, of 15,625", unit="cells")

# %%
accuracies = np.array([world.accuracy(each) for each in world.space.enumerate()])
good = int(np.sum(accuracies > world.optimum - 0.01))
measured("06-good", good)

# %%
plt.hist(100 * accuracies, bins=np.arange(40, 75, 0.5))
plt.title("All 15,625 cells (those below 40 % are left out)")
plt.xlabel("validation accuracy on CIFAR-100, %")
plt.ylabel("cells")
plt.show()

# %% [markdown]
# Most cells are decent and very few are excellent: that is why random search looks good at first and then stalls. With 200 draws out of 15,625, its chance of meeting even one of the excellent ones is about a quarter:

# %%
f"{1 - (1 - good / len(accuracies)) ** 200:.0%}"

# %% claim="The best reaches 73.5 %; most cells are decent, few are below 40 %, very few excellent"
assert abs(world.optimum - 0.735) < 0.0005
assert np.mean(accuracies > 0.6) > 0.7 and np.mean(accuracies < 0.4) < 0.05
assert good / len(accuracies) < 0.002

# %% claim="The chance of random search to meet an excellent cell is about a quarter"
assert 0.2 < 1 - (1 - good / len(accuracies)) ** 200 < 0.3

# %% [markdown]
# ## 2. The tournament: which candidate has a child
# Evolution keeps a **population** of candidates whose accuracy is known. Which of them may have a child? If it is always the best, all candidates are soon close relatives; if it is a random one, nothing is learnt. The **tournament** lies between: draw a few at random, and the best of those becomes the parent. One number, the tournament's size, sets the pressure.

# %%
predict("06-pressure", "Ten are alive, three are drawn: how often does the best win?", unit="%")

# %% [markdown]
# ### Exercise 6.1. A tournament
# Write `tournament(scores, sample_size, rng)`. Draw `sample_size` **different** members of the population, each as likely as any other, and return the index of the one with the highest score among those drawn. All randomness comes from `rng`, a `numpy.random.Generator`.


# %% exercise="6.1"
def tournament(scores, sample_size, rng):
    ### BEGIN SOLUTION
    drawn = rng.choice(len(scores), sample_size, replace=False)
    return max(drawn, key=lambda member: scores[member])
    ### END SOLUTION


# %% check="6.1"
check("6.1")

# %% [markdown]
# Now the answer, by counting. And for every rank at once, by a little combinatorics: the member of rank *r* wins if it is drawn and all others that are drawn come from the ranks below it.

# %%
rng = np.random.default_rng(0)
wins = sum(9 in rng.choice(10, 3, replace=False) for _ in range(2000))
measured("06-pressure", 100 * wins / 2000)

# %%
for size in (1, 3, 6, 10):
    wins = [math.comb(10 - rank, size - 1) / math.comb(10, size) for rank in range(1, 11)]
    plt.plot(range(1, 11), wins, label=f"tournament of {size}")
plt.title("Chance to become the parent, in a population of ten")
plt.xlabel("rank in the population (1 is the best)")
plt.ylabel("chance to win")
plt.legend()
plt.show()

# %% [markdown]
# A tournament of one does not select at all; a tournament of all is greedy. And the last *S* − 1 of the ranking can never win.

# %% claim="A tournament of one selects nobody, one of all is greed, the last S - 1 never win"
chances = {
    s: [math.comb(10 - r, s - 1) / math.comb(10, s) for r in range(1, 11)] for s in (1, 3, 10)
}
assert set(chances[1]) == {0.1} and chances[10][0] == 1
assert chances[3][-2:] == [0, 0] and abs(chances[3][0] - 0.3) < 1e-12

# %%
recall(
    "06-pressure",
    "A population of 50, tournaments of 10: how often does the best of all win? And the worst?",
    answer="The best wins whenever it is drawn: in 10 of 50 cases, 20 %. The worst never: nine others are always drawn with it, and each of them is better.",
)

# %% [markdown]
# ## 3. Mutation: what a child is
# A child is its parent with **one decision changed**. That only helps if a small change of the candidate is a small change of its accuracy, on the whole. Is it so here? Take the best percent of all cells, and one child of each. If children were no better than random draws, about one in a hundred would get into that best percent again.

# %%
predict("06-heirs", "Children of the best percent that get into the best percent", unit="%")

# %% [markdown]
# ### Exercise 6.2. Change one decision
# Write `mutate(cell, operations, rng)`, which returns a **new** dictionary: as `cell`, but exactly one edge, each as likely as any other, has **another** operation, each of the others as likely as any. The parent may not change: it is still alive.


# %% exercise="6.2"
def mutate(cell, operations, rng):
    ### BEGIN SOLUTION
    edge = list(cell)[rng.integers(len(cell))]
    others = [each for each in operations if each != cell[edge]]
    return {**cell, edge: others[rng.integers(len(others))]}
    ### END SOLUTION


# %% check="6.2"
check("6.2")

# %% [markdown]
# The kit's spaces know how to mutate, too: `space.mutate(configuration, rng)` does this for any kind of parameter, conditional ones included. So here is the experiment.

# %%
cells = list(world.space.enumerate())
bar = np.quantile(accuracies, 0.99)
elite = [cells[place] for place in np.flatnonzero(accuracies >= bar)]
heirs = [world.space.mutate(parent, rng) for parent in elite for _ in range(10)]
measured("06-heirs", round(100 * float(np.mean([world.accuracy(heir) >= bar for heir in heirs]))))

# %% [markdown]
# Good cells have good neighbours far more often than luck would have it. Evolution rests on this **locality**, and so do local search and every model-based strategy. Without it, none of them has a reason to beat random search.

# %% claim="A child of the best percent is in it far more often than one in a hundred"
for seed in range(3):
    draws = np.random.default_rng(seed)
    heirs = [world.space.mutate(parent, draws) for parent in elite]
    # 157 children, about 26 % of them: 15 % is three standard deviations below.
    assert np.mean([world.accuracy(heir) >= bar for heir in heirs]) > 0.15

# %% [markdown]
# ## 4. Ageing: which candidate leaves
# The population has a fixed size, so for each child one member has to leave. The obvious rule is that the worst leaves. Real et al. (2019) chose another one: the **oldest** leaves, however good it is. That is why they call it *regularized*: nothing stays only because it was lucky once, and a good architecture lasts through its children or not at all.

# %%
predict(
    "06-fate",
    "The best so far dies of age. What does a search answer?",
    options=["the best of the living", "the best ever trained", "the youngest"],
)

# %% [markdown]
# Step through it. Each column is a birth, as high as its accuracy. Ringed ones were drawn into the tournament, the square won it, the diamond is its child, the cross dies. The first ten are drawn at random, and none of them dies yet. Then **play**, and move the sliders: what does a tournament of 1 look like, what one of 10? What does a large population change at the start?

# %%
strip = Population(world, population_size=10, sample_size=3)
strip

# %% [markdown]
# Is the best one lost when it dies? It leaves the population, not the record: the answer of a search is the best trial of its whole history. What matters is that it has no more children.

# %%
measured("06-fate", "the best ever trained")

# %% [markdown]
# ### Exercise 6.3. All of it together
# Write `evolve(space, score, population_size, sample_size, births, rng)`, which returns all configurations in the order of their birth, `births` in number.
# - The first `population_size` are drawn by `space.sample(rng)`.
# - Then, one after the other: a tournament of `sample_size` different members among those alive, and `space.mutate(parent, rng)` makes the child of the best.
# - Alive are the `population_size` youngest.
# - `score(configuration)` trains and is expensive: call it once for each, when it is born.


# %% exercise="6.3"
def evolve(space, score, population_size, sample_size, births, rng):
    ### BEGIN SOLUTION
    born, scores = [], []
    for birth in range(births):
        if birth < population_size:
            child = space.sample(rng)
        else:
            alive = range(birth - population_size, birth)
            drawn = rng.choice(alive, sample_size, replace=False)
            parent = max(drawn, key=lambda number: scores[number])
            child = space.mutate(born[parent], rng)
        born.append(child)
        scores.append(score(child))
    return born
    ### END SOLUTION


# %% check="6.3"
check("6.3")

# %% [markdown]
# ## 5. From a loop to a strategy
# A loop that trains one candidate after the other works until there are two GPUs, or a crash in the second week. So the kit separates the choice from the training. A **strategy** never trains; it is asked for the next **suggestion**, given the **history** of all trials so far: those that run, those that completed, in the order in which they did. This is the code that runs in the rest of this lab:

# %%
print(inspect.getsource(RegularizedEvolution.alive))
print(inspect.getsource(RegularizedEvolution.suggest))

# %% [markdown]
# Compare it with yours. Three things are new.
# - **Nothing is remembered.** The population is read off the history, and killing the oldest is a slice. A strategy without state cannot lose it: after a crash, the same history gives the same next suggestion.
# - **No repeats.** `self.fresh` mutates again until the child is new, since training the same network twice teaches little.
# - **Several may run at once.** Trials without a result are in the history too, and `history.completed` holds those that have one.
#
# ### Exercise 6.4. Find the bug: two workers
# A colleague's strategy has passed every test with one worker. With two, some children have parents whose accuracy is not known yet, and others have parents that should be dead. With as many workers as the population has members it does not even start. Trials are **numbered** as they are suggested; they **complete** in any order, or fail. Repair it: alive are the last `population_size` to complete, and until as many have completed, draw at random. (Here the kit is less patient: it counts those that run as well, and begins to breed sooner.)


# %% exercise="6.4"
class Evolution(Strategy):
    def __init__(self, space, *, population_size=10, sample_size=3):
        super().__init__(space)
        self.population_size, self.sample_size = population_size, sample_size

    def suggest(self, history, rng):
        ### BEGIN SOLUTION
        #: if len(history) < self.population_size:
        #:     return Suggestion(self.fresh(history, rng))
        #: population = history[-self.population_size :]
        if len(history.completed) < self.population_size:
            return Suggestion(self.fresh(history, rng))
        population = history.completed[-self.population_size :]
        ### END SOLUTION
        drawn = rng.choice(len(population), self.sample_size, replace=False)
        parent = max((population[i] for i in drawn), key=lambda trial: trial.score)
        child = self.fresh(history, rng, lambda: self.space.mutate(parent.configuration, rng))
        return Suggestion(child, parent=parent.number)


# %% check="6.4"
check("6.4")

# %% [markdown]
# ## 6. Against random search, at equal budgets
# Two hundred trials each. One search proves nothing: its result depends on luck. So each strategy searches twenty times, from the same twenty seeds, and we look at the median and at the band from quartile to quartile. The kit's own defaults are a population of 30 and tournaments of 5.

# %%
question = "By how much will evolution's best lead after 200 trials, on average?"
predict("06-race", question, unit="points")

# %%
result = race(world, ["random", "regularized_evolution"], trials=200, seeds=20)
report.figure(result)
plt.show()

# %%
best = result.best()
lead = 100 * (best["regularized_evolution"].mean() - best["random"].mean())
measured("06-race", round(lead, 2))

# %% [markdown]
# For the first thirty trials the two are one strategy: evolution's first population is drawn at random, from the same seed. Then they differ. Is it more than luck? The same seed gives both the same start, so the twenty differences are paired, and Wilcoxon's signed-rank test asks whether they lean to one side: *p* is how often luck alone would lean as far. The figure has shown medians and quartiles; the table has means and standard deviations, and a mean **rank**, the place among the contestants seed by seed, 1 the best.

# %% claim="For the first thirty trials the two are one strategy"
for seed in range(20):
    one, other = (result.runs[name][seed].scores for name in result.names)
    assert np.array_equal(one[:30], other[:30]) and not np.array_equal(one, other)

# %%
print(report.table(result))
print(report.statement(result))

# %% claim="Evolution leads random search, by over a point"
lead = result.comparisons()[0]  # from other seeds: see the claim on local search
assert lead.better == "regularized_evolution" and lead.significant and lead.difference > 0.01

# %% [markdown]
# Was that fair? Both had equally many trials. But evolution breeds cells full of convolutions, and those train longer. So give both the same **training time** instead, as much as 200 average cells take: eight and a half days of one GPU, replayed in a second or two.

# %%
predict("06-time", "And its lead at equal training time?", unit="points")

# %%
days = 200 * 3656  # seconds: what 200 average cells take
timed = race(world, result.names, trials=None, seconds=days, seeds=20)
best = timed.best()
lead = 100 * (best["regularized_evolution"].mean() - best["random"].mean())
measured("06-time", round(lead, 2))

# %% claim="Evolution breeds cells that train longer, and leads at equal training time too"
costs = {
    name: np.mean([run.costs[100:].mean() for run in result.runs[name].values()])
    for name in result.names
}
assert costs["regularized_evolution"] > 1.2 * costs["random"]
assert (
    abs(days / 86400 - 8.5) < 0.05
    and abs(np.mean([world.evaluate(Suggestion(each)).cost for each in cells]) - 3656) < 1
)
assert (
    timed.comparisons()[0].better == "regularized_evolution" and timed.comparisons()[0].significant
)

# %% [markdown]
# ## 7. Taking it apart
# Which of the parts does the work? An **ablation** changes one thing and leaves the rest. First the sizes, around the kit's 30 and 5 (the labels give the population, *alive*, and the tournament, *drawn*): a tournament of one (no selection), one of half the population; a population of ten, one of a hundred. And random search, to see where the bottom is.

# %%
sizes = {
    f"{p} alive, {s} drawn": f"regularized_evolution(population_size={p}, sample_size={s})"
    for p, s in ((30, 5), (30, 1), (30, 15), (10, 5), (100, 5))
}

# %%
predict("06-sizes", "Which will be the best after 200 trials?", options=list(sizes))

# %%
ablation = race(world, {**sizes, "random": "random"}, trials=200, seeds=20)
report.figure(ablation)
plt.show()

# %%
ranks = ablation.ranks()
measured("06-sizes", min(sizes, key=ranks.get))
print(report.table(ablation))
print(report.statement(ablation))

# %% [markdown]
# Among fifteen pairs luck alone would make one or the other look good, so Holm's correction asks more of each *p*. What is left: without selection evolution is a random walk, and not told apart from random search. Selection helps: each size with a tournament is ahead of random search. How much pressure is another matter: half the population in each tournament has the best mean rank, but these twenty seeds do not tell it from the kit's own 5. And a population of 100 spends half of all trials before the first child is born, which it does not make up for. With five times the trials that does not matter: both find the best cells. There are no best sizes, only sizes for a budget.

# %% claim="Without selection evolution is not told from random search; every tournament is ahead of it"
pairs = {frozenset((c.better, c.worse)): c for c in ablation.comparisons()}
assert len(pairs) == 15
for name in sizes:
    pair = pairs[frozenset((name, "random"))]
    assert pair.significant == (name != "30 alive, 1 drawn"), name
    assert not pair.significant or pair.better == name

# %% claim="Half the population has the best mean rank, and is not told from the kit's own 5"
half, own = "30 alive, 15 drawn", "30 alive, 5 drawn"
assert min(sizes, key=ablation.ranks().get) == half
pair = next(c for c in ablation.comparisons() if {c.better, c.worse} == {half, own})
assert not pair.significant

# %% claim="A population of 100 is behind after 200 trials, and not after 1,000"
large, own = "100 alive, 5 drawn", "30 alive, 5 drawn"
late = race(world, {name: sizes[name] for name in (large, own)}, trials=1000, seeds=5).best()
early = ablation.best()
assert early[own].mean() - early[large].mean() > 0.003
assert late[own].mean() - late[large].mean() < 0.0005

# %%
recall(
    "06-budget",
    "You can pay for 60 trainings. Would you take a population of 30, as above?",
    answer="Rather a smaller one: a population of 30 spends half of the 60 trials on random draws. With 10, fifty children are born.",
)

# %% [markdown]
# Now the ageing, which is the paper's own idea. In this strategy only the worst dies, so the population is the best 30 of all trials so far. Two lines say so:


# %%
class WorstDies(RegularizedEvolution):
    def alive(self, completed):
        return sorted(completed, key=lambda trial: trial.score)[-self.population_size :]


# %%
Population(world, WorstDies, population_size=10, sample_size=3)

# %% [markdown]
# Step to birth 40 in both strips and compare which are alive. **Predict** which rule finds more.

# %%
rules = {"the oldest dies": "regularized_evolution", "the worst dies": WorstDies}

# %%
predict(
    "06-ageing",
    "Which rule will be ahead after 200 trials, over forty seeds?",
    options=["the oldest dies", "the worst dies", "no clear difference"],
)

# %%
deaths = race(world, rules, trials=200, seeds=40)
print(report.table(deaths))
print(report.statement(deaths))

# %%
found = deaths.comparisons()[0]
measured("06-ageing", found.better if found.significant else "no clear difference")

# %% [markdown]
# A result to remember: the idea that gave the method its name costs a little **here**, a tenth or two of a point. (Twenty seeds do not show it: "not told apart" may mean too few seeds.) The paper's reason for ageing is noise: a model that was lucky in training would stay in the population for ever and have too many children, while with ageing an architecture lasts only if its copies, **trained again**, do well again. In our world the same cell always gets the same answer, and this search trains no cell twice, so no luck can be found out. The control, a world whose answers are single trainings (`NASBench201("cifar100", seed=1)`), changes nothing in that: the worst-dies rule is ahead there too. In real training it costs little and needs no sorting, so the kit keeps it. But believe an ablation in *your* world rather than a name.

# %% claim="The worst-dies rule is a little ahead; the first twenty seeds do not show it"
from coursekit.race.significance import compare

lead, few = (compare({name: s[:n] for name, s in deaths.best().items()})[0] for n in (40, 20))
assert lead.better == "the worst dies" and lead.significant and 0.0005 < lead.difference < 0.0025
assert not few.significant

# %% claim="Where the answers are single trainings the worst-dies rule is ahead too" tags=["nightly"]
single = race(NASBench201("cifar100", seed=1), rules, trials=200, seeds=40).comparisons()[0]
assert single.better == "the worst dies" and single.significant

# %%
recall(
    "06-ageing",
    "Why might ageing help where each training gives another accuracy?",
    answer="A lucky training keeps its place only until its candidate is too old. If its copies and children are trained again and do worse, the luck is found out.",
)

# %% [markdown]
# ## 8. A strategy of your own
# If selection pressure helps, why not use as much of it as possible? **Local search** (White et al. 2021) has a population of one. It tries the neighbours of the best candidate so far and moves to a better one: in the paper to the best of them all, here as soon as one is better, which takes fewer trials a step.
#
# ### Exercise 6.5. Local search
# Write a strategy `Climb(Strategy)` with one method, `suggest(self, history, rng)`:
# - nothing has completed yet: a random configuration that is new, `self.fresh(history, rng)`;
# - else a **neighbour** of the best completed trial (`history.best()`) that is not in the history yet, whether running or finished. `self.space.neighbours(configuration)` lists them; name the trial as `parent`;
# - all of them are known: a random new one again. If it is better than the summit, the climb continues from there;
# - `self.fresh` answers None when the space is exhausted: then return `Pause.DONE`.
#
# An example by hand: three decisions, each of them 0 or 1. Trial 0 was 1-0-1, with a score of 0.8; trial 1 was 0-0-1, with 0.5; trial 2, 1-1-1, still runs. The best is trial 0. Its neighbours are 0-0-1, 1-1-1 and 1-0-0, and the first two are in the history. So the suggestion is 1-0-0, with parent 0.
#
# `self.space.key(configuration)` tells configurations apart. The check climbs two hills with it, then puts it through the **conformance suite**, which every strategy of the kit has to pass.


# %% exercise="6.5"
class Climb(Strategy):
    """Tries the neighbours of the best so far."""

    def suggest(self, history, rng):
        ### BEGIN SOLUTION
        if history.completed:
            best = history.best()
            known = {self.space.key(trial.configuration) for trial in history}
            for near in self.space.neighbours(best.configuration):
                if self.space.key(near) not in known:
                    return Suggestion(near, parent=best.number)
        new = self.fresh(history, rng)
        return Pause.DONE if new is None else Suggestion(new)
        ### END SOLUTION


# %% check="6.5"
check("6.5")

# %% claim="The example by hand: 1-0-0 is suggested, with parent 0"
from coursekit.labs.exercises import find
from coursekit.spaces import Choice, Space
from coursekit.trials import Evaluation, History

three = Space({name: Choice([0, 1]) for name in "abc"})
history = History()
for values in ((1, 0, 1), (0, 0, 1), (1, 1, 1)):
    history.add(Suggestion(dict(zip("abc", values))))
for number, score in ((0, 0.8), (1, 0.5)):
    history.finish(number, Evaluation(score))
names = {"__name__": "__main__"}
exec(find("6.5")[1].setting + "\n" + find("6.5")[1].solution, names)
suggested = names["Climb"](three).suggest(history, np.random.default_rng(0))
assert suggested.configuration == {"a": 1, "b": 0, "c": 0} and suggested.parent == 0

# %% [markdown]
# The suite runs every kind of space, several workers, failures, crashes and resumes, and calls `suggest` more often than needed, to see whether that changes anything. It is shipped with the kit: `conform(YourStrategy)` is all it takes. Here it examines the kit's own local search, which moves a little more cleverly than yours. Try it on `Evolution` of exercise 6.4, too: it names what the colleague has still forgotten.

# %%
conform(LocalSearch)

# %%
predict(
    "06-climb",
    "Which will have the better mean rank after 200 trials?",
    options=["evolution", "local search"],
)

# %%
contest = {"evolution": "regularized_evolution", "local search": "local_search"}
climb = race(world, {**contest, "random": "random"}, trials=200, seeds=20)
report.figure(climb)
plt.show()

# %%
ranks = climb.ranks()
measured("06-climb", min(contest, key=ranks.get))
print(report.statement(climb))

# %% [markdown]
# Local search leads, by a fifth of a point: small beside what both win over random search. On its own a climb would end on the first summit; starting again is what makes it safe.

# %% claim="Local search leads evolution by much less than both lead random search"
from coursekit.race.significance import compare


def both_lead(best):
    pairs = {(c.better, c.worse): c for c in compare(best)}
    lead = pairs["local search", "evolution"].difference
    aheads = [pairs[name, "random"].difference for name in contest]
    told = all(pair.significant for pair in pairs.values())
    return told and 0.001 < lead < 0.003 and min(aheads) > max(0.01, 4 * lead)


assert both_lead(climb.best())

# %% claim="Local search leads by much less from other seeds, too" tags=["nightly"]
more = race(world, {**contest, "random": "random"}, trials=200, seeds=40).best()
assert both_lead({name: scores[20:] for name, scores in more.items()})

# %% claim="The suite names what the colleague of exercise 6.4 has still forgotten"
from coursekit.labs.exercises import find
from coursekit.testing import examine

names = {"__name__": "__main__"}
exec(find("6.4")[1].setting + "\n" + find("6.4")[1].solution, names)
assert examine(names["Evolution"]).broken  # the suite has passed LocalSearch above

# %% [markdown]
# ## 9. In Keras Tuner
# Everything so far came out of a table. Now train for real, in ten trials of two epochs. `coursekit.tuners` has each strategy as a Keras Tuner tuner, with the signature of `kt.RandomSearch` and the strategy's own options behind it. So one line of your program changes.

# %%
from coursekit import data
from coursekit.tuners import RegularizedEvolution as EvolutionTuner
from coursekit.widgets import SearchMonitor

import keras

images = data.load("mnist-5k")


# %%
def build(hp):
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    units, activation = hp.Int("units", 16, 128, step=16), hp.Choice("activation", ["relu", "tanh"])
    for _ in range(hp.Int("layers", 1, 3)):
        model.add(keras.layers.Dense(units, activation))
    model.add(keras.layers.Dense(10, "softmax"))
    rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log")
    optimizer = keras.optimizers.Adam(rate)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# %% [markdown]
# With so few trials the population must be small: four at random, then six children. In the monitor, watch the lines: a child's line runs along its parent's and leaves it at one hyperparameter.

# %%
predict("06-keras", "Best validation accuracy among ten trials of two epochs", unit="%")

# %%
sizes = dict(population_size=4, sample_size=2)
where = dict(directory="tuning", project_name="evolution", overwrite=True)
tuner = EvolutionTuner(build, "val_accuracy", max_trials=10, seed=6, **sizes, **where)
SearchMonitor(tuner)
fitting = dict(validation_data=images.validation, batch_size=128, verbose=0)
tuner.search(*images.train, epochs=2, **fitting)

# %%
measured("06-keras", round(100 * tuner.oracle.get_best_trials()[0].score, 1))

# %% [markdown]
# The history behind the tuner is the one that you know, so everything that reads histories works on it. Here is the family: the parent of each, and what the child changed.

# %%
family = tuner.oracle.history.frame()
family.drop(columns=["status", "spread", "cost", "budget", "curve", "info", "message"]).round(4)

# %% [markdown]
# Interrupt a search like this one, even with `kill -9`, run the same cell with `overwrite=False`, and it continues: the population is read off what has finished.

# %% claim="Four are drawn at random, then each child differs from its parent in one hyperparameter"
trials = list(tuner.oracle.history)
assert [trial.suggestion.parent is None for trial in trials] == [True] * 4 + [False] * 6
for trial in trials[4:]:
    child, parent = trial.configuration, trials[trial.suggestion.parent].configuration
    assert sum(child[name] != parent.get(name) for name in child) == 1

# %%
recall(
    "06-journal",
    "Why can a search by evolution continue after a crash, though the strategy saves nothing?",
    answer="It reads the population off the history, and the history is on disk.",
)

# %% [markdown] conclusion="06"
# ## 10. Your conclusion
# A colleague has a search space of 10⁹ networks, two GPUs and 150 trainings, and asks whether to use evolution. Write four or five sentences: what should be checked first, which sizes you would start with and why, and how you would find out whether it was worth it.
#
# - It checks first whether good candidates have good neighbours (locality), for instance by a few children of good ones.
# - It chooses a population that leaves most of the 150 trials to children, and a tournament that presses, and says that sizes belong to a budget.
# - It compares with random search at equal cost, over several paired seeds, and names the spread or a test.
# - It does not take the method's name as a reason: what pays here (ageing, say) may not pay there.

# %% [markdown]
# ## 11. What to take away
# - Regularized evolution is a tournament, a mutation and a queue: thirty lines, no model, no gradient, and usable in any space in which one decision can be changed.
# - Selection pressure and population size belong to a **budget**. Small budgets want pressure, rugged spaces want diversity.
# - It works because good candidates have good neighbours. Check that first, it takes one cell.
# - Compare strategies at equal cost, over many paired seeds, and show the spread. Do not believe a single run, or a name.
# - A strategy that reads everything off the history can be resumed, run by many workers, and tested.
#
# **Read on:** the paper itself, Real et al. 2019 (`real2019regularized`), beside the guide `references/regularized_evolution.md`, which says which of its lines is which line of code here. The benchmark: Dong and Yang 2020 (`dong2020nasbench201`). Local search as a baseline that is hard to beat: White et al. 2021 (`white2021exploring`). Why random search is the one to beat at all: Bergstra and Bengio 2012 (`bergstra2012random`). The keys are in `references/references.bib`.

# %%
progress()
