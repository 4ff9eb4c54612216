# %% [markdown]
# # Lab 07. Reinforcement learning
#
# A network is a sequence of decisions. So let another network make them: a **controller** proposes a candidate, the candidate is trained, and its accuracy is the **reward** from which the controller learns to propose better ones. With this idea, and 800 GPUs, Zoph and Le (2017) began the research that this course is about. In this lab you derive the gradient that the controller follows, code it and check it by numbers. You watch a policy move sample by sample, measure what a baseline and an entropy bonus do, and compare the controller with random search and evolution after 200 and after 2,000 trainings.
#
# **After it you can**
# - write a candidate as a sequence of decisions, and sample it from a policy;
# - derive the REINFORCE gradient, and check it against the exact one;
# - say why a baseline changes the variance and not the mean, and which baselines are forbidden;
# - choose learning rate, entropy weight and reward scale for a given budget;
# - say what an LSTM can express that a table cannot;
# - judge a claim about reinforcement learning against rivals at equal budget.
#
# **It takes** about 80 seconds of computing on two cores (all cells), and an hour or two of your time. **Budget:** no training at all: the scores are replayed from a table of trainings that were done once, for everybody. No GPU, no network.
#
# **How it works:** predict before you run; move whatever has a slider; write code where the text asks for it, then run the check below it. If you are stuck: `hint("7.1")`, and again for more; after a try, `solution("7.1")`.

# %% tags=["setup"]
import inspect
from functools import partial

import matplotlib.pyplot as plt
import numpy as np

from coursekit import Choice, Search, Space, Suggestion, plots, theme
from coursekit.labs import check, hint, measured, predict, progress, recall, solution
from coursekit.plots.policy_maps import policy_map
from coursekit.race import race, races, report
from coursekit.strategies import Reinforce
from coursekit.widgets import Controller
from coursekit.widgets.controller import WithoutBaseline
from coursekit.worlds import NASBench201

theme.use()  # figures follow JupyterLab's theme

# %% [markdown]
# ## 1. A network as a sequence of decisions
# The world is that of lab 06, NAS-Bench-201 (Dong and Yang 2020): a cell has six edges, and each edge gets one of five operations. All 15,625 cells were trained; we look the results up. A candidate is six decisions, one after the other.

# %%
world = NASBench201("cifar100")
edges = [parameter.name for parameter in world.space.parameters]
operations = list(world.space.parameters[0].domain.values(5))
print(edges, operations, sep="\n")

# %% [markdown]
# A **policy** says how likely each value of each decision is. The simplest policy is a table: for each edge five numbers, the **logits** θ, any real numbers. The **softmax** makes chances of them:
#
# $$p_v = \frac{e^{\theta_v}}{\sum_u e^{\theta_u}}$$
#
# It depends on differences of logits only. All logits 0 is the even policy: each operation has the chance 1/5.


# %% tags=["setup"]
def softmax(logits):
    """Chances proportional to exp(logits)."""
    powers = np.exp(logits - np.max(logits))
    return powers / powers.sum()


# %%
predict("07-even", "Mean accuracy of a cell drawn from the even policy", unit="%")

# %%
accuracies = np.array([world.accuracy(each) for each in world.space.enumerate()])
measured("07-even", round(100 * float(accuracies.mean()), 1))

# %% [markdown]
# The mean over all cells, because the even policy draws each cell with the same chance: it *is* random search. The controller begins there, and has to do better with what it learns.
#
# ### Exercise 7.1. Sample a sequence
# Write `sample(logits, rng)`. `logits` is a list with one array for each decision; the arrays may have different lengths. Return a list with the place (a whole number from 0) of the drawn value for each decision, each drawn with the chances of its softmax. All randomness comes from `rng`.


# %% exercise="7.1"
def sample(logits, rng):
    ### BEGIN SOLUTION
    return [int(rng.choice(len(row), p=softmax(row))) for row in logits]
    ### END SOLUTION


# %% check="7.1"
check("7.1")

# %% [markdown]
# ## 2. The gradient of an expectation
# The controller shall have a high **expected** reward. Write $a$ for a candidate, $p_\theta(a)$ for its chance, $R(a)$ for its accuracy:
#
# $$J(\theta) = \sum_a p_\theta(a)\, R(a)$$
#
# We want the gradient of $J$. The accuracy does not depend on θ (and nobody could differentiate it: it is the end of a training), so only the chance is differentiated. And since $\nabla p = p\, \nabla \log p$,
#
# $$\nabla J = \sum_a R(a)\, \nabla p_\theta(a) = \sum_a p_\theta(a)\, R(a)\, \nabla \log p_\theta(a) = \mathrm E\big[R(a)\, \nabla \log p_\theta(a)\big]$$
#
# The right side is an expectation again, so samples estimate it: draw a candidate, train it, and step along $R\, \nabla \log p$. That is **REINFORCE** (Williams 1992). The chance of a sequence is a product, so its logarithm is a sum, and each decision has its own part of the gradient.

# %%
predict(
    "07-others",
    "A drawn value is rewarded. What happens to the logits of the values that were not drawn?",
    options=["all fall", "all stay", "the likely ones fall, the others rise"],
)

# %% [markdown]
# What is left is the gradient of $\log p_v$ for one decision. By hand: $\log p_v = \theta_v - \log \sum_u e^{\theta_u}$. Differentiate by $\theta_u$: 1 if $u$ is the value $v$ itself, minus $p_u$ in any case. With two values of chance 0.5 each, where the first was drawn, the gradient is (1 − 0.5, 0 − 0.5) = (0.5, −0.5).
#
# ### Exercise 7.2. The gradient of a log-softmax
# Write `slope(logits, taken)`: the gradient of the logarithm of the chance of value `taken` (a place) by all logits of the decision, an array as long as `logits`.


# %% exercise="7.2"
def slope(logits, taken):
    ### BEGIN SOLUTION
    gradient = -softmax(logits)
    gradient[taken] += 1
    return gradient
    ### END SOLUTION


# %% check="7.2"
check("7.2")

# %%
measured("07-others", "all fall")

# %% [markdown]
# All logits but the drawn one fall, each in proportion to its chance: the entries of the gradient sum to 0, and only that of the drawn value is positive. What do the **chances** do? In an even policy, all others fall as well. But take the chances 0.90, 0.05 and 0.05, and reward one of the rare values. The logit of the likely value falls most, so the chance of the *other* rare value rises a little.

# %% claim="What was not drawn: all logits fall; chances fall in an even policy, but a rare one can rise beside a likely one"
for start in (np.zeros(3), np.log([0.90, 0.05, 0.05])):
    for taken in range(3):
        others = np.arange(3) != taken
        after = start + 1e-3 * ((np.arange(3) == taken) - softmax(start))
        assert (after < start)[others].all() and after[taken] > start[taken]
        chances_moved = (softmax(after) - softmax(start))[others]
        if start[0] == 0:
            assert (chances_moved < 0).all()
        elif taken > 0:
            assert chances_moved[0] < 0 < chances_moved[1]

# %% [markdown]
# Does it work? Take one edge of a good cell, leave the other five as they are, and give the policy of this edge some logits. Now five rewards are all there is, so the exact gradient can be computed by finite differences. Beside it stands the average of $R\, \nabla \log p$ over more and more samples.

# %% tags=["setup"]
logits = np.array([0.0, 0.4, -0.3, 0.6, 0.1])
chances = softmax(logits)
slopes = np.eye(5) - chances  # row v: the gradient of log p(v)


# %%
base = dict.fromkeys(edges, "nor_conv_3x3")
rewards = np.array([world.accuracy({**base, "0-3": each}) for each in operations])


def expected(logits):
    """The expected reward of a policy for the edge 0-3."""
    return softmax(logits) @ rewards


step = 1e-5 * np.eye(5)
exact = np.array([(expected(logits + each) - expected(logits - each)) / 2e-5 for each in step])
drawn = np.random.default_rng(0).choice(5, 100_000, p=chances)
for count in (100, 1_000, 100_000):
    estimate = (rewards[drawn, None] * slopes[drawn])[:count].mean(axis=0)
    print(f"{count:7,} samples", np.round(1000 * estimate, 1))
print("  exact gradient", np.round(1000 * exact, 1))

# %% claim="The average of R grad log p nears the gradient by finite differences, from other seeds too"
for seed in range(3):
    drawn = np.random.default_rng(seed).choice(5, 100_000, p=chances)
    samples = rewards[drawn, None] * slopes[drawn]
    error = samples.std(axis=0) / 100_000**0.5
    assert (np.abs(samples.mean(axis=0) - exact) < 5 * error).all()  # 5 sigma, 15 numbers: 1e-5
assert np.allclose(exact, chances @ (rewards[:, None] * slopes), atol=1e-9)
few = rewards[drawn[:100], None] * slopes[drawn[:100]]
assert np.linalg.norm(few.std(axis=0)) / 10 > np.linalg.norm(exact)

# %% [markdown]
# It is right in the mean, and after a hundred samples (a hundred trainings!) it is mostly noise: the standard error is larger than the gradient itself. Most of this lab is about that noise.
#
# ### Exercise 7.3. Find the bug: decisions that were never made
# Many spaces have **conditional** decisions: a momentum is only chosen if the optimizer is SGD. A colleague's function gives the gradient for all decisions of one candidate. `logits` is a dictionary from decisions to arrays, `taken` from the decisions *that were made* to the places of their values, `advantage` is a number that stands for the reward. It learns strange things about momentum from candidates that have none. Repair it: each decision keeps an entry in the result, and decisions that were not made get a gradient of zeros.


# %% exercise="7.3"
def gradients(logits, taken, advantage):
    found = {}
    for name, row in logits.items():
        ### BEGIN SOLUTION
        #: place = taken.get(name, 0)
        if name not in taken:
            found[name] = np.zeros(len(row))
            continue
        place = taken[name]
        ### END SOLUTION
        one = np.zeros(len(row))
        one[place] = 1
        found[name] = advantage * (one - softmax(row))
    return found


# %% check="7.3"
check("7.3")

# %% [markdown]
# ## 3. The baseline
# All rewards are positive: 60 % is less than the mean of all cells, but it is a positive number. So *each* sample makes its own decisions more likely, bad ones too; the good ones win only because they push a little more. The cure is to subtract a **baseline** $b$ that does not depend on the candidate:
#
# $$\mathrm E\big[(R - b)\, \nabla \log p\big] = \nabla J - b \sum_a p\, \nabla \log p = \nabla J - b\, \nabla \sum_a p = \nabla J - b\, \nabla 1 = \nabla J$$
#
# The mean of the gradient stays, whatever $b$ is. The **variance** does not. The difference $R - b$ is called the **advantage**.

# %%
predict("07-variance", "How many times smaller is the variance with b = the mean?", unit="times")

# %% [markdown]
# ### Exercise 7.4. Mean and variance, with and without
# Write `moments(chances, rewards, baseline)` for one decision. With chance `chances[v]` the value $v$ is drawn, and the gradient is then the array $(R_v - b)\,(e_v - p)$, where $e_v$ is 1 at place $v$ and 0 elsewhere. Return two things: the exact mean of this array (an array), and its variance, summed over its entries (a number).
#
# By hand: two values with chance 0.5 each, rewards 1 and 3, no baseline. The gradients are 1 · (0.5, −0.5) and 3 · (−0.5, 0.5). Their mean is (−0.5, 0.5), both lie (1, −1) from it, so the variance is 1 + 1 = 2. With baseline 2 both gradients are (−0.5, 0.5), and the variance is 0.


# %% exercise="7.4"
def moments(chances, rewards, baseline):
    ### BEGIN SOLUTION
    slopes = np.eye(len(chances)) - chances
    samples = (rewards - baseline)[:, None] * slopes
    mean = chances @ samples
    variance = chances @ ((samples - mean) ** 2).sum(axis=1)
    return mean, variance
    ### END SOLUTION


# %% check="7.4"
check("7.4")


# %% tags=["setup"]
def variance_at(chances, rewards, baseline):
    """The summed variance of the gradient of one decision."""
    samples = (rewards - baseline)[:, None] * (np.eye(len(chances)) - chances)
    return chances @ ((samples - chances @ samples) ** 2).sum(axis=1)


# %%
line = np.linspace(0, 1, 201)
variances = np.array([variance_at(chances, rewards, each) for each in line])
plt.semilogy(100 * line, variances, marker="")
plt.axvline(100 * chances @ rewards, color=theme.INK, linestyle="--", marker="")
plt.title("Variance of the gradient of one decision (dashed: the mean reward)")
plt.xlabel("baseline, %")
plt.ylabel("variance")
plt.show()

# %%
without, with_mean = (variance_at(chances, rewards, b) for b in (0.0, chances @ rewards))
measured("07-variance", round(float(without / with_mean)))

# %% [markdown]
# A standard error falls with the square root of the number of samples. So without the baseline, the same standard error needs as many times more trainings as the variance is larger. The mean reward is not exactly the best baseline, but it is near it, and it is easy to have: a **moving average** of the scores so far.

# %% claim="A baseline leaves the mean as it is; the variance with the mean reward is a hundred times smaller, at other edges too"
assert without / with_mean > 100 and accuracies.mean() > 0.6
for edge in edges:
    other = np.array([world.accuracy({**base, edge: each}) for each in operations])
    means = [chances @ ((other - each)[:, None] * slopes) for each in (0.0, chances @ other, 1.0)]
    assert np.allclose(means, means[0], atol=1e-12), edge
    at = [variance_at(chances, other, each) for each in (0.0, chances @ other)]
    assert at[0] / at[1] > 100, edge
    best = min(variance_at(chances, other, each) for each in line)
    assert at[1] < 2 * best, edge

# %% [markdown]
# ### Exercise 7.5. The advantage
# Write `advantages(scores, decay)`, a list as long as `scores`. The baseline of a score is the weighted mean of the scores **before** it: the last one has the weight 1, the one before it `decay`, then `decay`², and so on; divide by the sum of the weights. The first score has nothing to be compared with: its advantage is 0.
#
# By hand: scores 3, 5, 4 and decay 0.5. The first advantage is 0, the second 5 − 3 = 2. The third baseline is (5 + 0.5 · 3) / 1.5 = 4.333, so the third advantage is −0.333.


# %% exercise="7.5"
def advantages(scores, decay):
    ### BEGIN SOLUTION
    found, weight, total = [], 0.0, 0.0
    for score in scores:
        found.append(score - total / weight if weight else 0.0)
        weight, total = decay * weight + 1, decay * total + score
    return found
    ### END SOLUTION


# %% check="7.5"
check("7.5")

# %% [markdown]
# ### Exercise 7.6. Find the bug: a baseline that looks ahead
# Another colleague smooths the curve of scores with a window and takes that as the baseline. It looks excellent in a plot afterwards. But the window holds the score itself and later ones, which depend on what this score taught the controller; and the proof above needs a baseline that does **not** depend on the candidate. Repair it: the baseline is the mean of the last `width` scores before this one (of fewer, if there are fewer). The first advantage is 0.


# %% exercise="7.6"
def windowed(scores, width):
    found = []
    for place, score in enumerate(scores):
        ### BEGIN SOLUTION
        #: window = scores[max(0, place - width) : place + width + 1]
        window = scores[max(0, place - width) : place]
        ### END SOLUTION
        found.append(score - sum(window) / len(window) if window else 0.0)
    return found


# %% check="7.6"
check("7.6")

# %%
recall(
    "07-baseline",
    "May the baseline of a decision depend on the decisions before it? And on the decision itself?",
    answer="On earlier decisions: yes, they are fixed when this one is drawn, so the mean stays as it is. On the decision itself: no, then the term with b does not vanish, and the mean of the gradient is another one.",
)

# %% [markdown]
# ## 4. The controller at work
# Here is the whole of it, with the kit's `Reinforce`. Rows are decisions, columns are values, and the darker a field, the likelier the value. The frames are what was drawn; triangles mark chances that moved. Below are the scores, the baseline, and the advantage of the last sample. It may draw a cell again, as in the paper.
# - **Step** a few times. Find a sample with a negative advantage: do the framed chances fall? Not always: the steps are Adam's, which carries earlier moves along.
# - **Play** to the end. Which operations win, and when is the policy sure of itself?
# - Set the learning rate to 1, then to 0.003. What does each do with 150 samples?
# - Take the baseline away ("none"). What does the policy converge to?
# - Learning rate 0.3: with entropy 0, and with 0.3.
# - Take the LSTM, with a learning rate of 0.01. Its map shows the chances after the decisions that this sample made before.

# %%
Controller(world)

# %% [markdown]
# This is the step that the kit makes after each training. You know each part of it. New are only the entropy, which section 6 is about, and the division by the spread of the rewards, which is in `advantage`.

# %%
print(inspect.getsource(Reinforce.observe))

# %%
predict(
    "07-without",
    "Without a baseline, what does the controller find in 200 trainings?",
    options=["more than random search", "about as much", "less"],
)

# %% [markdown]
# The same controller with and without its baseline, at **two** learning rates, since the one that suits the one may not suit the other. Two hundred trainings, twenty seeds.


# %%
table = dict(policy="tabular", repeats=True)
plain = table | dict(entropy_weight=0)
lineup = {
    "baseline, 0.1": partial(Reinforce, learning_rate=0.1, **plain),
    "baseline, 0.03": partial(Reinforce, learning_rate=0.03, **plain),
    "none, 0.1": partial(WithoutBaseline, learning_rate=0.1, **plain),
    "none, 0.03": partial(WithoutBaseline, learning_rate=0.03, **plain),
    "random": "random",
}
ablation = race(world, lineup, trials=200, seeds=20)
print(report.table(ablation))
print(report.statement(ablation))

# %%
pairs = {frozenset((c.better, c.worse)): c for c in ablation.comparisons()}
apart = pairs[frozenset(("none, 0.03", "random"))]
words = {"random": "less", "none, 0.03": "more than random search"}
measured("07-without", words[apart.better] if apart.significant else "about as much")

# %% [markdown]
# Without its baseline the controller is not told apart from random search, at either learning rate: what it learns is mostly noise. One subtraction makes the difference.

# %% claim="Without a baseline it is not told from random search; with one it is ahead of both"
for name in ("none, 0.1", "none, 0.03"):
    assert not pairs[frozenset((name, "random"))].significant, name
    ahead = pairs[frozenset(("baseline, 0.1", name))]
    assert ahead.significant and ahead.better == "baseline, 0.1" and ahead.difference > 0.008
ahead = pairs[frozenset(("baseline, 0.1", "random"))]
assert ahead.significant and ahead.better == "baseline, 0.1"

# %% [markdown]
# ## 5. Rewards have to be scaled
# The same method shall work for accuracies between 0.6 and 0.7, for percents, and for losses of 300. (Zoph and Le even cube the accuracy, which makes differences near the top count for more.) If you multiply all rewards by 100, a plain gradient step is a hundred times larger. Adam divides by the size of recent gradients, so with Adam alone it would not matter. But an entropy bonus has a weight *relative to the rewards*: 0.1 is small beside 10, and large beside 0.01. So the kit divides the advantage by its moving spread. What if it did not?


# %%
class Unscaled(Reinforce):
    def advantage(self, score):
        super().advantage(score)
        return score - self.baseline  # a few hundredths, for accuracies


# %%
predict(
    "07-scale",
    "With an entropy weight of 0.1: how many points do raw rewards cost after 200 trainings?",
    unit="points",
)

# %%
fast = table | dict(learning_rate=0.1)
scales = {
    "scaled": partial(Reinforce, entropy_weight=0.1, **fast),
    "raw": partial(Unscaled, entropy_weight=0.1, **fast),
    "raw, no entropy": partial(Unscaled, entropy_weight=0, **fast),
}
scaling = race(world, scales, trials=200, seeds=20)
print(report.table(scaling))

# %%
best = scaling.best()
measured("07-scale", round(100 * float((best["scaled"] - best["raw"]).mean()), 2))

# %% [markdown]
# With raw rewards the bonus outweighs what is to be learnt, and the policy stays nearly even. Without the bonus the scale costs much less, thanks to Adam.

# %% claim="Raw rewards cost more than half a point with an entropy bonus, and less without one"
pairs = {frozenset((c.better, c.worse)): c for c in scaling.comparisons()}
assert pairs[frozenset(("scaled", "raw"))].significant
assert (best["scaled"] - best["raw"]).mean() > 0.005
assert pairs[frozenset(("raw", "raw, no entropy"))].better == "raw, no entropy"
assert (best["scaled"] - best["raw, no entropy"]).mean() < 0.005

# %% [markdown]
# ## 6. Entropy: how long to stay undecided
# A policy that is sure of itself draws the same cell again and again, and learns nothing more. The **entropy** of a decision, $H = -\sum_v p_v \log_2 p_v$ in bits, is 2.32 for five even chances and 0 for a certain one. A bonus of weight $w$ for the entropy, $J + w H$, keeps the policy undecided for longer. (Zoph and Le do not use it; Pham et al. 2018 do, as most of reinforcement learning does.)

# %%
predict(
    "07-entropy",
    "At the large learning rate 0.3: which entropy weight finds the most in 200 trainings?",
    options=["0", "0.3", "3"],
)

# %%
weights = {
    f"weight {weight:g}": partial(Reinforce, learning_rate=0.3, entropy_weight=weight, **table)
    for weight in (0, 0.3, 3)
}
undecided = race(world, weights, trials=200, seeds=20)
report.figure(undecided)
plt.show()

# %%
ranks = undecided.ranks()
measured("07-entropy", min(ranks, key=ranks.get).removeprefix("weight "))
print(report.statement(undecided))

# %% [markdown]
# Without the bonus the policy has decided after a hundred samples, and what it has decided for differs from seed to seed: the curve is flat from there on. With too much of it, the policy stays nearly even to the end. So learning rate and entropy weight belong together, and both belong to a budget: how many samples until you want to be sure?

# %% claim="At learning rate 0.3 a weight of 0.3 is ahead of 0 and of 3; without entropy the curve is flat after a hundred"
pairs = {(c.better, c.worse): c for c in undecided.comparisons()}
for worse in ("weight 0", "weight 3"):
    assert pairs["weight 0.3", worse].significant and pairs["weight 0.3", worse].difference > 0.005
early, late = (undecided.best(at)["weight 0"].mean() for at in (100, 200))
assert late - early < 0.005

# %% claim="Without entropy the policy has decided after a hundred samples, for other cells with other seeds; with a weight of 3 it never does"
from coursekit.plots.policy_maps import draws

decided = set()
for seed in range(4):
    bits = {}
    for weight in (0, 3):
        controller = Reinforce(world.space, learning_rate=0.3, entropy_weight=weight, **table)
        drawn_cells = draws(controller, world, trials=200, seed=seed)
        bits[weight] = [each.entropy for each in drawn_cells]
        if weight == 0:
            decided.add(tuple(drawn_cells[-1].taken.values()))
    assert max(bits[0][100:]) < 0.6 and min(bits[3]) > 2.1, seed
assert len(decided) > 2

# %% [markdown]
# ## 7. An LSTM in place of the table
# A table decides each edge by itself. It cannot say "a skip connection here, *if* there is a convolution there". Zoph and Le's controller is an LSTM: it reads each decision that it has made, and its next chances depend on all of them. Backpropagation carries the gradient of each decision to all weights. A toy world shows the difference: two decisions of three values, and the reward is 1 if both are **equal**.

# %%
predict(
    "07-equal",
    "With a strong entropy bonus: how many of a table's draws are pairs of equals?",
    unit="%",
)

# %%
pair = Space({"a": Choice(list("xyz")), "b": Choice(list("xyz"))})


def equal(suggestion):
    """The reward: 1 for a pair of equals."""
    return float(suggestion.configuration["a"] == suggestion.configuration["b"])


def share(policy, seed, rate=0.02):
    """A controller after 600 samples, and the share of equals among the last 200."""
    made = Reinforce(
        pair, policy=policy, repeats=True, learning_rate=rate, entropy_weight=0.7, units=8
    )
    history = Search(made, seed=seed).run(equal, trials=600)
    return made, float(np.mean([trial.score for trial in history[-200:]]))


# %%
both = {policy: share(policy, seed=1) for policy in ("tabular", "lstm")}
measured("07-equal", round(100 * both["tabular"][1]))
print({policy: f"{found:.0%} are equal" for policy, (_, found) in both.items()})

# %%
lstm = both["lstm"][0]
after = {f"a = {a}": lstm.chances({"a": a, "b": "x"})["b"] for a in "xyz"}
axes = policy_map(after, {key: ["b = x", "b = y", "b = z"] for key in after})
axes.set_title("The LSTM's chances of b, after each a, %")
plt.show()

# %% [markdown]
# The entropy bonus keeps *a* open, so the table can do no better than a third: to be right more often it has to settle for one pair. (With a larger learning rate it does: try `share("tabular", 1, rate=0.1)`.) The LSTM keeps *a* open and makes *b* follow it.

# %% claim="The LSTM learns that b follows a, the table stays near a third, from three seeds"
for seed in (1, 2, 3):
    found = {policy: share(policy, seed)[1] for policy in ("tabular", "lstm")}
    assert found["lstm"] > 0.85, (seed, found)
    assert 0.2 < found["tabular"] < 0.47, (seed, found)  # a third +- 0.033: 4 sigma
settled, reached = share("tabular", 1, rate=0.1)
assert reached > 0.6 and max(settled.chances({"a": "x", "b": "x"})["a"]) > 0.6

# %% [markdown]
# ## 8. Against random search and evolution
# Now the question that counts: is it worth it? The rivals at equal budget are random search and the evolution of lab 06. For the controller we take its settings **as published** with NATS-Bench (Dong et al. 2021): a table, Adam with learning rate 0.01, a moving average of 0.9, no entropy bonus, cells may be drawn again. Beside it stands the same controller with **one** change, a learning rate of 0.1; and the kit's LSTM, which draws no cell twice.

# %%
predict(
    "07-race",
    "By how much will evolution lead the published controller after 200 trainings?",
    unit="points",
)

# %%
PUBLISHED = "reinforce(policy='tabular', learning_rate=0.01, entropy_weight=0, repeats=True)"
entrants = {
    "random": "random",
    "evolution": "regularized_evolution",
    "controller, published": PUBLISHED,
    "published, rate 0.1": PUBLISHED.replace("0.01", "0.1"),
    "controller, LSTM": "reinforce",
}
result = race(world, entrants, trials=200, seeds=20)
report.figure(result)
plt.show()

# %%
best = result.best()
lead = (best["evolution"] - best["controller, published"]).mean()
measured("07-race", round(100 * float(lead), 2))
print(report.table(result))
print(report.statement(result))

# %% [markdown]
# With the published settings the controller is ahead of random search, and clearly behind evolution. With a tenfold learning rate, and nothing else changed, no difference to evolution is left that these seeds could show. So "reinforcement learning is behind evolution" is here a sentence about a **learning rate**, chosen for thousands of samples and used for two hundred. A comparison is only fair if each rival is at its best for the budget.

# %% claim="As published it is between random search and evolution; with a tenfold learning rate it is not told from it"
pairs = {frozenset((c.better, c.worse)): c for c in result.comparisons()}
behind = pairs[frozenset(("evolution", "controller, published"))]
assert behind.significant and behind.better == "evolution" and behind.difference > 0.006
ahead = pairs[frozenset(("random", "controller, published"))]
assert ahead.significant and ahead.better == "controller, published"
for name in ("published, rate 0.1", "controller, LSTM"):
    assert not pairs[frozenset(("evolution", name))].significant
    ahead = pairs[frozenset(("random", name))]
    assert ahead.significant and ahead.better == name and ahead.difference > 0.01

# %% [markdown]
# And with ten times the budget? The same three, 2,000 trainings, twelve seeds.

# %%
predict(
    "07-long",
    "After how many trainings has the published controller caught up with evolution?",
    unit="trainings",
)

# %%
three = {name: entrants[name] for name in ("random", "evolution", "controller, published")}
long = race(world, three, trials=2000, seeds=12)
report.figure(long)
plt.show()

# %%
for at in (200, 500, 1000, 2000):
    means = {name: f"{100 * values.mean():.2f} %" for name, values in long.best(at).items()}
    print(f"{at:5}", means)
lag = [(b["evolution"] - b["controller, published"]).mean() for b in map(long.best, range(1, 2001))]
behind = np.flatnonzero(np.array(lag) > 0.0005)
measured("07-long", int(behind[-1]) + 2)
print(report.statement(long))

# %% [markdown]
# It catches up (within a twentieth of a point) when its slow learning rate has had the samples that it needs. After 2,000 trainings the controller is at the best cell of the table with each seed; random search finds this cell with few seeds only. Behind at 200, level at 2,000: both sentences are true, and neither says anything without its budget.

# %% claim="Behind evolution at 200, level with it at 2,000, at the best cell there, and ahead of random search"
from coursekit.race.significance import compare

at = {n: {(c.better, c.worse): c for c in compare(long.best(n))} for n in (200, 2000)}
assert at[200]["evolution", "controller, published"].significant
final = long.best()
assert abs((final["evolution"] - final["controller, published"]).mean()) < 0.0005
assert at[2000]["controller, published", "random"].significant
at_best = {name: np.sum(values > world.optimum - 1e-9) for name, values in final.items()}
assert at_best["controller, published"] == 12 and at_best["random"] <= 4
assert 300 < int(behind[-1]) + 2 < 2000

# %% [markdown]
# One data set may be a coincidence. NATS-Bench compares these three on three data sets, with a budget in seconds that buys about 170 trainings, and a population of 10 with tournaments of 3. Its published means have the same order on all three: random search, REINFORCE, evolution. (There, searches see accuracies after 12 epochs; ours see those after 200.)

# %%
protocol = {
    "random": "random",
    "evolution": "regularized_evolution(population_size=10, sample_size=3)",
    "controller, published": PUBLISHED,
}
worlds = [NASBench201(name) for name in ("cifar10", "cifar100", "imagenet16-120")]
found = races(worlds, protocol, trials=170, seeds=20)
print(report.matrix(found))
for each in found:
    print(each.world, {n: f"{100 * v.mean():.2f}" for n, v in each.best().items()})

# %% claim="With the settings of NATS-Bench the order on its three data sets is the published one"
for each in found:
    means = {name: values.mean() for name, values in each.best().items()}
    assert means["random"] < means["controller, published"] < means["evolution"], each.world

# %%
recall(
    "07-fair",
    "A paper reports that its new controller beats evolution after 200 trainings. What do you ask first?",
    answer="Whether evolution had the same trainings and was tuned for 200 as well (population, tournament), over how many seeds, and what random search reaches.",
)

# %% [markdown]
# ## 9. What 800 GPUs bought, and what came after
# Zoph and Le trained 12,800 networks, 800 at a time. A later paper of the same group (Zoph et al. 2018) gives the cost as 800 GPUs for 28 days.

# %%
predict("07-gpus", "GPU-hours of training for each of the 12,800 networks", unit="hours")

# %%
hours = 800 * 28 * 24
measured("07-gpus", round(hours / 12_800))
print(f"{hours:,} GPU-hours in all")

# %% [markdown]
# Two ways to pay less came at once. The first is a smaller space: search a **cell** on a small network, and stack it (Zoph et al. 2018). The second is to stop training each candidate from nothing. In ENAS (Pham et al. 2018) all candidates are paths through one large graph, and each operation of that graph has **one** set of weights, used by all candidates that contain it. The controller draws a path, the path trains the shared weights for a batch; then the controller draws others, which are scored *without any training* on a validation batch, and learns from these rewards. The paper reports less than 16 hours on one GPU, and calls that 1,000 times less than searches before it.
#
# The price: the reward is no longer what the candidate would reach after its own training. It is a lower **fidelity**, and the question is whether it ranks candidates alike. Lab 10 asks this about fidelities in general, lab 12 about inherited weights. And it was not the controller that made the search cheap: shared weights make *any* search cheap. Li and Talwalkar (2019; `li2019random`) gave random search the same shared weights, and found it to be a strong rival.

# %%
recall(
    "07-shared",
    "Why can the controller of ENAS afford many more samples than that of Zoph and Le?",
    answer="A sample costs one pass over a validation batch, since the shared weights are already trained. Before, it cost a training from nothing.",
)

# %% [markdown]
# ## 10. Your own search
# Take your own space: edit `mine` and `score` below. Ordered numbers become decisions between at most `resolution` values, and conditions are respected: decisions that are not made get no gradient, as in exercise 7.3. Choose learning rate and entropy weight for **your** number of trials (the kit's defaults, 0.1 for a table and 0.02 for the LSTM, are for hundreds), and run random search beside it. With Keras, `coursekit.tuners.Reinforce` takes the place of `kt.RandomSearch`.

# %%
mine = Space(
    {
        "optimizer": Choice(["sgd", "adam"]),
        "momentum": Choice([0.0, 0.5, 0.9, 0.99], ordered=True).when(optimizer="sgd"),
        "layers": Choice([1, 2, 3, 4], ordered=True),
        "units": Choice([16, 32, 64, 128, 256], ordered=True),
    }
)


def score(suggestion):
    """A made-up score; put the training of your own model in its place."""
    made = suggestion.configuration
    return made["layers"] * np.log2(made["units"]) / 32 + 0.3 * (made.get("momentum") == 0.9)


# %%
yours = Reinforce(mine, policy="tabular", repeats=True)
history = Search(yours, seed=0).run(score, trials=60)
best = history.best().configuration
policy_map(yours.chances(best), yours.values)
plt.title("What the controller thinks after 60 trials")
plt.show()

# %% [markdown] conclusion="07"
# ## 11. Your conclusion
# A colleague has read that reinforcement learning "discovers architectures", and wants to use a controller for a search of 300 trainings, each of an hour. Write four or five sentences: what would you use, with which settings, and against what would you compare it?
#
# - It says that a controller can be level with evolution at this budget only with settings for this budget (a large learning rate), and that published ones are for thousands of samples.
# - A baseline and scaled rewards are a must; an entropy weight goes together with the learning rate.
# - It compares with random search and evolution, at equal trainings, over several seeds, each at its best.
# - It names a cheaper reward (shared weights, a lower fidelity) as what would really change the budget, and asks whether that ranks alike.

# %% [markdown]
# ## 12. What to take away
# - REINFORCE needs no gradient of the reward: only that of the log-chance of what was drawn. For a softmax that is "one for the drawn, minus the chances".
# - It is right in the mean and very noisy. A baseline leaves the mean and takes away most of the noise; it may know what came before, and nothing of the candidate itself.
# - Learning rate and entropy weight decide when the policy is sure of itself. Choose them for the number of samples that you can pay for, and scale the rewards.
# - An LSTM can express what goes together, a table cannot. Whether that helps depends on the space.
# - At 200 trainings the published controller is behind evolution, at 2,000 level with it, and with a tenfold learning rate level at 200. A comparison without its budget and its tuning says nothing.
#
# **Read on:** the paper, Zoph and Le 2017 (`zoph2017neural`), with the guide `references/neural_architecture_search.md`. REINFORCE, Williams 1992 (`williams1992simple`), with the guide `references/reinforce.md`. Shared weights, Pham et al. 2018 (`pham2018efficient`), with the short guide `references/parameter_sharing.md`. The space of cells, Zoph et al. 2018 (`zoph2018learning`). The benchmark, Dong and Yang 2020 (`dong2020nasbench201`), and its comparison of searches, Dong et al. 2021 (`dong2021natsbench`). Evolution against reinforcement learning, Real et al. 2019 (`real2019regularized`). The keys are in `references/references.bib`.

# %%
progress()
