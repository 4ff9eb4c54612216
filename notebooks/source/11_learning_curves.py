# %% [markdown]
# # Lab 11. Learning-curve extrapolation
#
# After ten epochs of a training, an experienced engineer looks at the curve and says: this one will never win. The training is stopped, and another candidate gets the other thirty epochs. In this lab you teach a program to decide that: first with one formula, then with a thousand curves and probabilities that you test. You let it stop trainings, count what that saves, and look for the curves that it judges wrongly.
#
# **After it you can**
# - write down the usual formulas for learning curves, and fit one;
# - say why one fitted curve is not enough for a forecast, and why a weighted crowd of curves is better;
# - test whether a forecast's bands hold what they promise;
# - compute the chance that a training will beat the best so far, and act on it;
# - count what stopping saves and what it costs, and name the curves for which it goes wrong;
# - stop unpromising trials in any Keras Tuner search, with one callback.
#
# **It takes** about 30 seconds of computing on two cores (all cells), and an hour or two of yours. **Budget:** about 60 epochs of Keras training on small images; everything else is replayed from a table of trainings that were done once, for everybody. No GPU, no network.
#
# **How it works:** predict before you run; move whatever has a slider; write code where it says so, then run the check below it. Stuck? `hint("11.1")`, and again for more; after a try, `solution("11.1")`.

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm, spearmanr

from coursekit import plots, theme
from coursekit.estimators import Extrapolation, FullTraining
from coursekit.estimators.extrapolation import decide
from coursekit.forecasting import families
from coursekit.forecasting.experience import Experience
from coursekit.forecasting.forecast import Forecast
from coursekit.labs import check, hint, measured, predict, progress, recall, solution
from coursekit.search import Search
from coursekit.status_line import counted
from coursekit.strategies import Random, RegularizedEvolution
from coursekit.trials import Suggestion
from coursekit.widgets import ForecastPanel
from coursekit.worlds import Cells, MLPs

theme.use()  # figures follow JupyterLab's theme
accuracy = dict(bounds=(0, 1))  # what forecasts know of the scores: these are accuracies

# %% [markdown]
# ## 1. Curves
# Our world is a table of 4,536 perceptrons, each trained for 40 epochs on small images of handwritten digits, with its validation accuracy after every epoch. They differ in depth, width, activation, dropout, learning rate, batch size and optimizer. Here are 200 of them, drawn at random; `seen[i, t]` is the accuracy of curve *i* after epoch *t* + 1.


# %%
def sampled(world, count, seed):
    """That many whole curves of random candidates, shape (count, epochs)."""
    rng, curves = np.random.default_rng(seed), []
    while len(curves) < count:
        curve = world.evaluate(Suggestion(world.space.sample(rng))).curve
        curves += [curve] if len(curve) == world.epochs else []
    return np.array(curves)


# %%
world = MLPs(seed=0)
seen = sampled(world, 200, seed=11)
ends, epochs = seen[:, -1], np.arange(1, 41)

# %%
plt.plot(epochs, 100 * seen[:40].T, linestyle="-", marker="", alpha=0.6)
plt.title("Forty learning curves")
plt.xlabel("epoch")
plt.ylabel("validation accuracy, %")
plt.show()

# %% [markdown]
# The simplest forecast takes the accuracy after ten epochs for the final one. How far is it off, and does it put the candidates in the right order? The order matters more: a search only has to know which candidate is better.

# %%
predict(
    "11-last",
    "Mean error of the accuracy after 10 epochs, as a forecast of epoch 40",
    unit="points",
    least=0,
    most=100,
)

# %%
last = seen[:, 9]
measured("11-last", round(100 * float(np.abs(last - ends).mean()), 1))
print(f"rank correlation of epoch 10 with epoch 40: {spearmanr(last, ends)[0]:.3f}")

# %% claim="The last value is a poor forecast and a good ranking, of other curves too"
for curves in (seen, sampled(world, 200, seed=12), sampled(world, 200, seed=13)):
    assert np.abs(curves[:, 9] - curves[:, -1]).mean() > 0.1
    assert spearmanr(curves[:, 9], curves[:, -1])[0] > 0.9

# %% [markdown]
# The last value is a poor forecast and a good ranking. Remember the two numbers: a forecast should have a smaller error than the first, and should keep the second.
#
# ## 2. A formula
# Several formulas look like learning curves. The best known is a **power law**: the curve approaches a level *c*, and its distance from it shrinks as a power of the epoch *x* = 1, 2, 3, ...
#
# $$y(x) = c - a\,x^{-\alpha}$$
#
# Another one, **Janoschek**'s, describes how animals grow. It begins at β and approaches α exponentially:
#
# $$y(x) = \alpha - (\alpha - \beta)\,e^{-\kappa x^{\delta}}$$
#
# ### Exercise 11.1. A power law
# Write `pow3(x, c, a, alpha)`, which returns the power law's value. Check the signs: the curve rises towards `c` when `a` and `alpha` are above 0.


# %% exercise="11.1"
def pow3(x, c, a, alpha):
    ### BEGIN SOLUTION
    return c - a * x**-alpha
    ### END SOLUTION


# %% check="11.1"
check("11.1")

# %% [markdown]
# **Fitting** is the search for the parameters whose curve lies closest to the points that were seen: the least sum of squared distances. `families.fit(name, curve)` does it. It returns the parameters and the standard deviation of the points about the curve. Here are three families, fitted to the same ten epochs.

# %%
order = np.argsort(ends, kind="stable")
sample, fits = seen[order[135]], {}
for name in ("pow3", "Janoschek", "ilog2"):
    parameters, _ = families.fit(name, sample[:10])
    fits[name] = families.value(name, parameters, epochs)
    plt.plot(epochs, 100 * fits[name], marker="", label=name)
dots = dict(color=theme.INK, linestyle="", marker="o")
plt.plot(epochs[:10], 100 * sample[:10], label="seen", **dots)
plt.plot(epochs[10:], 100 * sample[10:], fillstyle="none", label="what came", **dots)
plt.title("One curve, three fits to its first ten epochs")
plt.xlabel("epoch")
plt.ylabel("validation accuracy, %")
plt.legend()
plt.show()

# %% claim="Janoschek lies within one point of ten epochs, the power law within four; the three end about 25 points apart, far below what came, and the closest fit is not the best forecast"
made = np.array(list(fits.values()))
off = np.abs(made[:, :10] - sample[:10]).mean(axis=1)
assert off[1] < 0.01 < off[0] < 0.045 and 0.2 < np.ptp(made[:, -1]) < 0.3
assert made[1, -1] < made[0, -1] < sample[-1] - 0.1

# %% [markdown]
# On average Janoschek lies within one point of what was seen, the power law within four. At the end the three are about 25 points apart, all far below what came, and the closest fit is not the best forecast. So a good fit to ten points says little about the other thirty. What is a single fit worth as a forecast? **Predict** whether the power law ranks the candidates better than the last value does.

# %%
outcomes = ["better than the last value", "worse than the last value"]

# %%
predict("11-fit", "How will fitted power laws rank the 200 candidates?", options=outcomes)


# %%
def power_law(curve, horizon=40):
    parameters, _ = families.fit("pow3", curve)
    return float(np.clip(np.nan_to_num(families.value("pow3", parameters, horizon)), 0, 1))


fitted = np.array([power_law(curve[:10]) for curve in seen])
fit_rank, last_rank = spearmanr(fitted, ends)[0], spearmanr(last, ends)[0]
measured("11-fit", outcomes[int(fit_rank < last_rank)])
print(
    f"mean error {100 * np.abs(fitted - ends).mean():.1f} points, rank correlation {fit_rank:.3f}"
)

# %% claim="A power law has a smaller error than the last value and a worse ranking"
assert np.abs(fitted - ends).mean() < np.abs(last - ends).mean() and fit_rank < last_rank

# %% claim="The same is true of other curves" tags=["nightly"]
for seed in (12, 13):
    curves = sampled(world, 200, seed=seed)
    made, end, now = (
        np.array([power_law(curve[:10]) for curve in curves]),
        curves[:, -1],
        curves[:, 9],
    )
    assert np.abs(made - end).mean() < np.abs(now - end).mean()
    assert spearmanr(made, end)[0] < spearmanr(now, end)[0]

# %% [markdown]
# A fit follows every bend of the curve, and a bend may be noise. If the tenth epoch was good by luck, the fit forecasts far too much; if a curve rises steadily but slowly, the fit says that it has arrived. On average the forecast is closer, but the order of the candidates suffers. A search that used it would choose worse than one that looked at the last value.

# %%
recall(
    "11-fitting",
    "Janoschek fits the ten points best. Why is its forecast not the best as well?",
    answer="Ten points hardly determine the level. Each family assumes another way to approach it, and a close fit to the beginning does not show which of them is right.",
)

# %% [markdown]
# ## 3. Eleven families, four shapes
# Domhan, Springenberg and Hutter (2015) listed eleven formulas and fitted them all. Here are ten of them, and the plain exponential. (`ilog2` is written as in the authors' program; the paper prints log *x*, which is 0 after the first epoch.) Look at the last column.

# %%
for name, family in families.FAMILIES.items():
    print(f"{name:15} {family.formula:28} {family.shape}")

# %% [markdown]
# All but the last are a level minus a **fall**, which shrinks with the epochs; log-log linear has no level, it rises without end. MMF, Hill3 and log power are one fall with three sets of parameters; so are Weibull and Janoschek. Four shapes remain: a power, Hill's ratio, an exponential, a logarithm. Once the shape is fixed, level and fall enter *linearly*, so they can be computed directly, without a search. That makes our forecasts fast.

# %% claim="MMF, Hill3 and log power are one curve, Weibull and Janoschek another; log-log linear has no level"
curve = {name: family.curve for name, family in families.FAMILIES.items()}
x, y, k, h = epochs.astype(float), 0.9, 0.2, 1.3
hill = curve["Hill3"](x, y, h, 1 / k)
assert np.allclose(hill, curve["MMF"](x, y, 0.0, k, h))
assert np.allclose(hill, curve["log power"](x, y, -np.log(k), -h))
assert np.allclose(curve["Weibull"](x, y, 0.1, k, h), curve["Janoschek"](x, y, 0.1, k**h, h))
far = {name: f.curve(np.array([1e30, 1e60]), *f.start) for name, f in families.FAMILIES.items()}
assert [name for name, two in far.items() if two[1] - two[0] > 0.1] == ["log-log linear"]

# %% [markdown]
# ## 4. A crowd with weights
# This idea turns formulas into a forecast. **Before** looking at any curve, make up a thousand: draw a shape, a speed, a level, a fall. This crowd is the **prior**: what a learning curve might look like. Then look at the epochs that were seen. Each made-up curve gets a **weight**: high if it runs through the points, nearly 0 if it does not. With Gaussian noise of standard deviation σ, the weight of curve *k* is
#
# $$w_k \propto \exp\Big(-\frac{1}{2\sigma^2}\sum_{t=1}^{n}(y_t - f_k(t))^2\Big), \qquad \sum_k w_k = 1.$$
#
# A new curve needs no search and no sampling: one sum for each member of the crowd. This is Bayes' rule, with the prior written out as a list.


# %% tags=["setup"]
def crowd(members, horizon, rng):
    """Made-up curves, shape (members, horizon): exponential rises with random speeds and ends."""
    start, rise = rng.uniform(0, 0.5, (members, 1)), rng.uniform(0, 0.8, (members, 1))
    speed = np.exp(rng.uniform(np.log(0.5), np.log(100), (members, 1)))
    level = np.clip(start + rise, 0, 1)
    return level - (level - start) * np.exp(-np.arange(horizon) / speed)


# %%
made_up = crowd(60, 40, np.random.default_rng(11))
plt.plot(epochs, 100 * made_up.T, linestyle="-", marker="", alpha=0.5)
plt.title("Sixty members of a crowd, before any curve is seen")
plt.xlabel("epoch")
plt.ylabel("made-up accuracy, %")
plt.show()

# %% [markdown]
# ### Exercise 11.2. Weights
# Write `weights(prior, curve, sigma)`. `prior` has one made-up curve a row, `curve` holds the first *n* scores that were seen, and the result is an array of weights that sum to 1. One trap: with many epochs, or far from the points, *every* exponential is rounded to 0, and 0 / 0 is undefined. So first subtract the largest exponent from all of them; that changes no ratio.


# %% exercise="11.2"
def weights(prior, curve, sigma):
    ### BEGIN SOLUTION
    off = prior[:, : len(curve)] - curve
    exponents = -0.5 * np.sum(off**2, axis=1) / sigma**2
    found = np.exp(exponents - exponents.max())
    return found / found.sum()
    ### END SOLUTION


# %% check="11.2"
check("11.2")

# %% [markdown]
# The kit's own crowd is finer: a thousand members of all four shapes; each has its own noise and may drift from its shape. `Forecast` weighs them. As more epochs are seen, fewer members fit, and the band gets narrower.

# %%
figure, panels = plt.subplots(1, 3, figsize=(9, 3), sharey=True, layout="constrained")
shown = {n: decide(sample[:n], 40, -math.inf, **accuracy) for n in (2, 8, 20)}
for axes, (n, told) in zip(panels, shown.items()):
    plots.forecast(told, truth=sample, axes=axes)
    axes.set_title(f"{n} epochs seen")
    axes.label_outer()
panels[2].legend(loc="lower right", fontsize="small")
plt.show()

# %% claim="The band narrows from 2 to 8 to 20 epochs; each time the end lies in its upper half"
bands = [told.forecast.quantiles([0.1, 0.5, 0.9]) for told in shown.values()]
widths = [high - low for low, _, high in bands]
assert widths[0] > widths[1] > widths[2]
assert all(sample[-1] > middle for _, middle, _ in bands)

# %% [markdown]
# The band narrows. Each time this curve ends above the median, so these forecasts are too low. Is that chance, or a fault of the crowd? One curve cannot tell.

# %% [markdown]
# ## 5. Is the band honest?
# A band of 80 % should hold the truth in 80 of 100 cases. If it holds fewer, it is too narrow; if it holds many more, it is wider than it needs to be. This is called **calibration**, and 200 curves can test it.

# %%
predict(
    "11-band",
    "Of 200 ends, how many lie in the band of 80 % (from ten epochs)?",
    unit="curves",
    most=200,
)

# %%
forecasts = {n: [Forecast(c[:n], 40, **accuracy) for c in seen] for n in (2, 5, 10, 20, 30)}


def held(told, ends):
    """How many ends lie in the band of 80 %, and how many above the median, as shares."""
    low, middle, high = np.array([f.quantiles([0.1, 0.5, 0.9]) for f in told]).T
    return float(np.mean((ends >= low) & (ends <= high))), float(np.mean(ends > middle))


inside, above = np.array([held(told, ends) for told in forecasts.values()]).T
measured("11-band", round(200 * inside[2]))

# %%
plt.plot(list(forecasts), 100 * inside, label="ends in the band of 80 %")
plt.axhline(80, color=theme.PALETTE[0], linewidth=1)
plt.plot(list(forecasts), 100 * above, label="ends above the median")
plt.axhline(50, color=theme.PALETTE[1], linewidth=1, linestyle="--")
plt.title("Calibration: the thin lines are where they should be")
plt.xlabel("epochs seen, of 40")
plt.ylabel("% of 200 curves")
plt.ylim(40, 100)
plt.legend()
plt.show()

# %% claim="After 10 epochs the band is a little too wide, after 2 it is too narrow or just right; early ends lie above the median, later ones on both sides"
assert 0.82 < inside[2] < 0.92 and inside[0] < inside[2]
assert all(0.7 <= each <= 0.9 for each in inside)
assert min(above[:3]) > 0.58 and all(0.4 < each < 0.6 for each in above[3:])

# %% claim="Bands of other curves are as wide" tags=["nightly"]
for seed in (12, 13):
    curves = sampled(world, 200, seed=seed)
    two, ten, twenty = (
        held([Forecast(c[:n], 40, **accuracy) for c in curves], curves[:, -1]) for n in (2, 10, 20)
    )
    assert 0.82 < ten[0] < 0.92 and 0.68 < two[0] < ten[0]
    assert two[1] > 0.6 and ten[1] > 0.57 and 0.42 < twenty[1] < 0.58

# %% [markdown]
# One number would have misled us. After ten epochs the band is a little wider than it needs to be; after two it is narrower, and holds only about 70 to 80 %. And there is a bias: in the first epochs two thirds of the ends lie above the median, so the crowd expects too little. From about half of the training on, the ends lie on both sides. A band that was made for any curve does not fit every world exactly.
#
# How do the median and the last value compare? A `Forecast` has its `median`, and a `score` to rank by. The score trusts the bends of the curve only a little: it is mostly the last level plus what curves at that level usually gain. A higher level never gets a lower score by that, so the order is nearly kept. The second table shows another world: **cells**, small convolutional networks, trained for 12 epochs.

# %%
annealed = sampled(Cells(seed=0), 60, seed=11)


def compared(curves, n):
    """Error and rank correlation of three forecasts after n epochs."""
    told = [Forecast(curve[:n], curves.shape[1], **accuracy) for curve in curves]
    guesses = {"last value": curves[:, n - 1], "median": np.array([f.median for f in told])}
    guesses["score"], end = np.array([f.score for f in told]), curves[:, -1]
    return {
        name: (100 * np.abs(guess - end).mean(), spearmanr(guess, end)[0])
        for name, guess in guesses.items()
    }


# %%
tables = {"perceptrons, 10 of 40": compared(seen, 10), "cells, 4 of 12": compared(annealed, 4)}
for title, table in tables.items():
    for name, (off, rank) in table.items():
        print(f"{title:22} {name:11} mean error {off:5.1f} points, rank correlation {rank:.3f}")

# %% claim="The median is closest in both worlds; it ranks better than the last value among perceptrons and worse among cells, where the score stays close"
others = [
    compared(sampled(world, 200, seed=12), 10),
    compared(sampled(Cells(seed=0), 60, seed=12), 4),
]
for one, two in (tables.values(), others):
    assert one["median"][0] < 0.7 * one["last value"][0] and two["median"][0] < two["last value"][0]
    assert one["median"][1] > one["last value"][1]
    assert two["median"][1] < two["last value"][1] - 0.05 < two["score"][1]

# %% [markdown]
# Among perceptrons the median wins twice: it is much closer, and it even ranks better. That is a property of this world, where curves are long and smooth. Among cells it is closer too, but it ranks clearly worse than the last value, while the score stays close to it. So the median is the forecast, and the score is what a search is told.
#
# ## 6. Will it beat the best?
# A search does not need to know the end of a curve. It needs the answer to one question: will this training beat the best so far? With weights, the answer is a sum. Member *k* says that the end is $m_k$ with a standard deviation of σ; so it beats the best, $y^*$, with probability $1 - \Phi\big((y^* - m_k)/\sigma\big)$, and the crowd says
#
# $$P(y_T > y^*) = \sum_k w_k \Big(1 - \Phi\Big(\frac{y^* - m_k}{\sigma}\Big)\Big).$$
#
# ### Exercise 11.3. The chance to beat the best
# Write `beats(weights, ends, sigma, best)`, which returns that probability; `ends` holds each member's last value. `norm.cdf` is Φ; it is imported, and takes arrays.


# %% exercise="11.3"
def beats(weights, ends, sigma, best):
    ### BEGIN SOLUTION
    return float(np.sum(weights * (1 - norm.cdf((best - ends) / sigma))))
    ### END SOLUTION


# %% check="11.3"
check("11.3")

# %% [markdown]
# The panel below shows one curve as far as it was **seen**, and the band moves with the slider. When the chance to beat the best falls below *delta*, the band turns orange and hatched, and the verdict to **Stop**. The best is the highest end of the *other* curves. The promising curve has 92 to 94 % after ten epochs, and ends at about 97 %; the best of all ends 1.5 points higher. **Predict** when the rule gives it up.

# %%
promising, best = seen[order[-27]], ends.max()
spans = ["after 2 to 5 epochs", "after 6 to 10", "after 11 to 20", "later, or never"]

# %%
predict("11-stop", "When is the promising curve given up, with delta = 5 %?", options=spans)

# %%
named = {"the promising one": promising, "one that hesitates": seen[order[-47]]}
panel = ForecastPanel(named, ranked=seen, seen=10)
panel

# %%
stops = {
    name: [n for n in range(2, 40) if decide(curve[:n], 40, best, **accuracy).stop]
    for name, curve in named.items()
}
first = stops["the promising one"][0]
measured("11-stop", spans[int(np.digitize(first, [6, 11, 21]))])
print("continue (-) or stop (S), after each of the epochs 2 to 39:")
for name, given_up in stops.items():
    print("".join("S" if n in given_up else "-" for n in range(2, 40)), name)

# %% claim="The promising curve is given up between epochs 11 and 20, for good; the other one at epoch 2 or 3, and again for good much later"
assert 11 <= first <= 20 and stops["the promising one"] == list(range(first, 40))
early, late = stops["one that hesitates"][0], stops["one that hesitates"][-1]
assert early <= 3 and late == 39 and not {5, 6, 7, 8, 9, 10} & set(stops["one that hesitates"])
assert 0.96 < promising[-1] < 0.975 and 0.01 < best - promising[-1] < 0.02
assert 0.91 < promising[9] < 0.95

# %% [markdown]
# Pick *one that hesitates*: after two epochs it seems hopeless, after five it has a chance again. In the panel a decision can be taken back. In a search it cannot: a training that is stopped has no later epochs. So the rule should not decide too early. Pick *by rank* to see any of the 200, tick *show what came*, and look for one whose end leaves the band.
#
# Then pick *my own* and try to mislead the forecast: a curve that is slow but goes far (speed 3 %, end 100 %), one with much noise. What does more noise do to the band, and to the moment of stopping? Or take *drawn by hand* and pull the points of a curve up and down: one that waits long and rises late.
#
# ## 7. The rule
# The **termination rule** of Domhan and colleagues is one line: after an epoch, stop if $P(y_T > y^*) < \delta$, with δ = 0.05. What may count as $y^*$ is the subject of exercise 11.5.
#
# ### Exercise 11.4. When to stop
# Write `stop_epoch(chances, delta, start)`. `chances` holds $P(y_T > y^*)$ after epoch 1, 2, ..., for the whole length of the training. Return the epoch after which the rule ends the training: the first one from epoch `start` on whose chance is **below** delta. If there is none, the training reaches its end: return the number of epochs.


# %% exercise="11.4"
def stop_epoch(chances, delta, start):
    ### BEGIN SOLUTION
    for epoch, chance in enumerate(chances, start=1):
        if epoch >= start and chance < delta:
            return epoch
    return len(chances)
    ### END SOLUTION


# %% check="11.4"
check("11.4")

# %% [markdown]
# ### Exercise 11.5. Find the bug: a bar that was not measured
# A colleague's search stops nearly every training, and its result is poor. `search(curves, forecast, chance, delta)` takes whole curves one after the other and returns how many epochs each training got. `forecast(seen)` gives the expected end, `chance(seen, best)` the chance to beat the best. At one place an **expectation** becomes the bar for later trainings: a forecast that is too optimistic, of a training that was stopped, then stops all trainings after it. Repair it: the best so far is the best **last score of a training that reached its end**.


# %% exercise="11.5"
def search(curves, forecast, chance, delta):
    best, trained = -math.inf, []
    for curve in curves:
        stopped = len(curve)
        for epoch in range(1, len(curve)):
            if chance(curve[:epoch], best) < delta:
                stopped = epoch
                break
        ### BEGIN SOLUTION
        #: best = max(best, forecast(curve[:stopped]))
        if stopped == len(curve):
            best = max(best, curve[-1])
        ### END SOLUTION
        trained.append(stopped)
    return trained


# %% check="11.5"
check("11.5")

# %%
recall(
    "11-start",
    "In the panel, a curve that was given up may get a chance again. What does a search do about that?",
    answer="It waits: with `start`, the rule makes no decision in the first epochs, where bands are wide and bends are noise. A training that is stopped cannot come back.",
)

# %% [markdown]
# ## 8. What was saved
# Now for real searches of forty random candidates. `Extrapolation(world)` is the kit's estimator: it takes a suggestion, trains epoch by epoch, and stops the training when the rule says so. A stopped trial's score is its forecast, and its `spread` says how sure that is; a trial with spread 0 was measured.
#
# A saving needs rivals. One trains every candidate to the end; one does the same, but only for **as many epochs as the rule has used**, so it sees fewer candidates; one uses **early stopping**, which ends a training after two epochs without a better score. Ten searches each, from the same seeds. What counts is the accuracy after 40 epochs of the candidate that a search has chosen.

# %%
predict("11-saved", "How much of all epochs will the rule train?", unit="%")


# %%
def chosen(judged, history):
    """The accuracy that a search's best candidate has after all epochs, in percent."""
    return 100 * judged.evaluate(Suggestion(history.best().configuration)).score


def searched(strategy, seed):
    """Epochs used and what was chosen, of four ways to spend them; and the rule's history."""
    judged = MLPs(seed=seed)
    ways = {"all epochs": FullTraining(judged), "early stopping": FullTraining(judged, patience=2)}
    ways["the rule"] = Extrapolation(judged, every=3)
    found, histories = {}, {}
    for name, way in ways.items():
        history = Search(strategy(judged.space), seed=seed).run(way, trials=40)
        histories[name] = history
        found[name] = sum(len(trial.curve) for trial in history), chosen(judged, history)
    spent = np.cumsum([len(trial.curve) for trial in histories["all epochs"]])
    affordable = int(np.sum(spent <= found["the rule"][0]))
    fewer = max(histories["all epochs"][:affordable], key=lambda trial: trial.score)
    found["fewer candidates"] = spent[affordable - 1], 100 * fewer.score
    return found, histories["the rule"]


# %%
results = [searched(Random, seed) for seed in counted(range(10), "seeds")]
stopped = results[-1][1]
means = {name: np.mean([found[name] for found, _ in results], axis=0) for name in results[0][0]}
for name, (used, reached) in means.items():
    print(f"{name:17} {used:5.0f} epochs, accuracy of the chosen candidate {reached:.2f} %")

# %%
measured("11-saved", round(100 * means["the rule"][0] / means["all epochs"][0]))


# %% claim="The rule trains about a third of the epochs and loses next to nothing; for as many epochs both rivals choose worse"
def the_rule_wins(table):
    rivals = [table[rival] for rival in ("early stopping", "fewer candidates")]
    return (
        0.25 < table["the rule"][0] / table["all epochs"][0] < 0.42
        and table["the rule"][1] > table["all epochs"][1] - 0.1
        and all(epochs < 1.25 * table["the rule"][0] for epochs, _ in rivals)
        and all(best < table["the rule"][1] - 0.1 for _, best in rivals)
    )


assert the_rule_wins(means)

# %% claim="Both rivals choose worse from other seeds, too" tags=["nightly"]
others = [searched(Random, seed)[0] for seed in range(100, 106)]
assert the_rule_wins({name: np.mean([each[name] for each in others], axis=0) for name in means})

# %% [markdown]
# The rule trains about a third of the epochs, and loses next to nothing. Both rivals that use about as many epochs choose worse candidates. Where did the rule's epochs go?

# %%
numbers, lengths = np.arange(1, 41), [len(trial.curve) for trial in stopped]
plt.bar(numbers, lengths, color=theme.PALETTE[0])
plt.title("Epochs of each trial in the last search")
plt.xlabel("trial")
plt.ylabel("epochs trained")
plt.show()

# %% claim="Most trials are stopped after four or seven epochs; most epochs go to trials that reach the end, the first one among them"
every = [np.array([len(trial.curve) for trial in history]) for _, history in results]
assert np.mean(np.concatenate(every) <= 7) > 0.6
assert np.sum([each[each == 40].sum() for each in every]) > 0.5 * np.sum(every)
assert all(each[0] == 40 for each in every)

# %% claim="Evolution leaves the rule less to stop than random search does"
evolved = [searched(RegularizedEvolution, seed)[0] for seed in range(5)]
share = {
    name: np.mean([found["the rule"][0] / found["all epochs"][0] for found in each])
    for name, each in (("evolution", evolved), ("random", [found for found, _ in results[:5]]))
}
assert share["evolution"] > share["random"] + 0.02

# %% [markdown]
# Most trials cost four or seven epochs. Most of the epochs go to the few that reach the end: those that might win, and the first ones, which had no rival yet. A search such as evolution proposes more good candidates, so the rule has less to stop there.

# %% [markdown]
# ## 9. Where it goes wrong
# A forecast knows the curve so far, and what curves usually do. Two kinds of curves mislead it.
#
# **Late bloomers.** Nothing happens for a while, then the curve rises. Here is one that is made up.

# %%
bloomer = 0.15 + 0.8 / (1 + np.exp(-(epochs - 25) / 2))
late = decide(bloomer[:15], 40, 0.9, **accuracy)
plots.forecast(late, 0.9, truth=bloomer)
plt.title("A late bloomer, after fifteen epochs")
plt.legend()
plt.show()

# %%
question = "Of 100 late bloomers that would win, how many are stopped after 5 epochs?"
predict("11-wrong", question, unit="curves", most=100)


# %%
def lost(start, delta, seed=11):
    """How many of 100 late bloomers, which would win, are stopped after `start` epochs."""
    rng = np.random.default_rng(seed)
    turns = rng.uniform(8, 32, (100, 1))
    curves = 0.15 + 0.8 / (1 + np.exp(-(epochs - turns) / 2)) + rng.normal(0, 0.005, (100, 40))
    return sum(decide(c[:start], 40, 0.9, delta=delta, **accuracy).stop for c in curves)


measured("11-wrong", lost(5, 0.05))
print(f"delta 5 %, first decision after 15 epochs: {lost(15, 0.05)}, after 30: {lost(30, 0.05)}")
print(f"delta 1 %, after 5 epochs: {lost(5, 0.01)}, after 15: {lost(15, 0.01)}")

# %% claim="After 5 epochs nearly all late bloomers are stopped; a later start saves many, a smaller delta only early"
for seed in (11, 12):
    assert lost(5, 0.05, seed) > 85 and lost(15, 0.05, seed) < 65 and lost(30, 0.05, seed) < 15
    assert lost(5, 0.01, seed) < 20 and lost(15, 0.01, seed) > 0.75 * lost(15, 0.05, seed)
assert late.stop

# %% [markdown]
# A later start saves many of them, and so does a smaller delta, as long as little of the curve is seen. After 15 flat epochs, a smaller delta hardly helps.
#
# **Crossing curves.** One candidate is fast and ends lower, another is slow and ends higher. While both are early, their order is wrong, and the points that are seen cannot tell. How many real winners would be lost? The bar below is an accuracy that fewer than a tenth of the 200 curves exceed in the end; they are the winners. The table counts those that the rule would stop, if it looked after 1, 3 or 10 epochs, for a cautious delta and for bold ones.

# %%
bar = np.sort(ends)[-21]
winners = seen[ends > bar]
for delta in (0.05, 0.2, 0.4):
    counts = {
        n: sum(decide(c[:n], 40, bar, delta=delta, **accuracy).stop for c in winners)
        for n in (1, 3, 10)
    }
    print(f"delta {delta:.0%}: of {len(winners)} winners stopped, by epochs seen: {counts}")

# %% claim="A delta of 5 % loses no winner after 1, 3 or 10 epochs, and hardly one of other curves; a delta of 40 % loses most of them early"
assert len(winners) < 20
missed = []
for curves in (seen, sampled(world, 200, seed=12), sampled(world, 200, seed=13)):
    limit = np.sort(curves[:, -1])[-21]
    rest = [c for c in curves if c[-1] > limit]
    told = [[decide(c[:n], 40, limit, **accuracy).stop for n in (1, 3, 10)] for c in rest]
    missed.append(np.mean(np.any(told, axis=1)))
    bold = [decide(c[:3], 40, limit, delta=0.4, **accuracy).stop for c in rest]
    assert np.mean(bold) > 0.4
assert missed[0] == 0 and max(missed) < 0.1

# %% [markdown]
# A small delta is an insurance: it trains many losers longer, and so loses few winners. In this world the winners are fast, and the cautious delta loses none of these. In a world where slow candidates win, begin to decide later.
#
# **Schedules.** The cells of section 5 were trained with a **cosine** learning rate, which falls to 0 in the last epoch; the perceptrons were not. The crowd does not know the schedule. Does it matter? We ask for the share of ends above the median, which should be 50 %, after the same parts of the training in both worlds: the perceptrons are the **control**. **Predict** where the two worlds differ.

# %%
places = ["in the first third", "in the last third", "nowhere by more than 20 points"]

# %%
predict("11-cosine", "Where do the shares of ends above the median differ most?", options=places)

# %%
parts = {"cells": (annealed, (2, 4, 6, 8, 10)), "perceptrons": (seen[:60], (7, 13, 20, 27, 33))}
shares = {}
for name, (curves, looks) in parts.items():
    told = [[Forecast(c[:n], curves.shape[1], **accuracy) for c in curves] for n in looks]
    shares[name] = np.array([held(each, curves[:, -1])[1] for each in told])
    plt.plot(100 * np.array(looks) / curves.shape[1], 100 * shares[name], label=name)
plt.axhline(50, color=theme.INK, linewidth=1)
plt.title("How often the end lies above the median of its forecast")
plt.xlabel("% of the training seen")
plt.ylabel("% of 60 curves")
plt.ylim(0, 100)
plt.legend()
plt.show()

# %%
apart = np.abs(shares["cells"] - shares["perceptrons"])
measured("11-cosine", places[2 if apart.max() < 0.2 else 0 if apart.argmax() < 2 else 1])

# %% claim="Early, ends lie above the median in both worlds, with and without a schedule; late, those of cells lie below it, and those of perceptrons on both sides"
assert min(shares["cells"][0], shares["perceptrons"][0]) > 0.58 and apart[0] < 0.2
others = sampled(Cells(seed=0), 60, seed=12), sampled(world, 60, seed=12)
late = [
    held([Forecast(c[: round(len(c) * 5 / 6)], len(c), **accuracy) for c in curves], curves[:, -1])[
        1
    ]
    for curves in others
]
for share in ((shares["cells"][-1], shares["perceptrons"][-1]), late):
    assert share[0] < 0.25 and 0.35 < share[1] < 0.65
assert apart.argmax() >= 3

# %% [markdown]
# In the first third the ends lie above the median in **both** worlds. So most of that bias is not the schedule's: the crowd expects too little early, as section 5 has shown. The worlds part at the end. With the rate near 0 the curves of the cells stand still, and the crowd still waits for a gain: nearly all ends lie below the median. Without the control we would have blamed the schedule for both.
#
# What helps in general: begin to decide later (`start`), or take a smaller `delta`. A cleverer formula does not help, because the information is not in the epochs that were seen. But a search has seen **other** curves of this world to their ends. Members of the crowd that explained those well can get more weight in the next forecast, and bands that were too wide can become narrower. The kit calls that `Experience`, and `Extrapolation` collects it by itself. Here it learns from twenty curves that reached the end, and forecasts the other forty.


# %%
def learned(curves, n):
    """Error and share above the median of the last forty, without and with twenty curves learned."""
    horizon = curves.shape[1]
    experience = Experience(horizon, **accuracy)
    for curve in curves[:20]:
        experience.learn(curve)
    rows = []
    for known in (None, experience):
        told = [Forecast(c[:n], horizon, experience=known, **accuracy) for c in curves[20:60]]
        off = np.mean([abs(f.median - c[-1]) for f, c in zip(told, curves[20:60])])
        rows.append((100 * off, held(told, curves[20:60, -1])[1]))
    return rows, experience


# %%
gains = {}
for name, (curves, looks) in parts.items():
    for n in (looks[0], looks[-1]):
        gains[name, n], experience = learned(curves, n)
        words = [f"{off:4.1f} points, {share:.0%} above" for off, share in gains[name, n]]
        print(f"{name:11} after {n:2} epochs: {words[0]}; experienced: {words[1]}")

# %% claim="Experience makes early forecasts closer in both worlds, and late ones not; after ten of twelve epochs nearly all ends of cells still lie below the median"
early, late = (
    (gains["cells", 2], gains["perceptrons", 7]),
    (gains["cells", 10], gains["perceptrons", 33]),
)
assert all(after[0] < 0.92 * before[0] and after[1] < before[1] for before, after in early)
assert all(after[0] > 0.95 * before[0] for before, after in late)
assert gains["cells", 10][1][1] < 0.25
before, after = learned(sampled(Cells(seed=0), 60, seed=12), 2)[0]
assert after[0] < before[0]

# %% [markdown]
# Experience makes the early forecasts closer, in both worlds, and the early decisions are those that save most. It does not learn the end of the schedule: none of the four shapes stands still on a given day. And it cannot learn a late bloomer in a world of early ones, because it has seen none.
#
# Tick *learn from 20 finished curves* below, and untick it: what happens to the band after two epochs, and when is a cell given up?

# %%
ForecastPanel(
    {"one cell": annealed[30]}, ranked=annealed[20:], seen=2, experience=learned(annealed, 2)[1]
)

# %%
recall(
    "11-control",
    "Two thirds of the cells' ends lie above the median after two epochs. Why does that not show an effect of the learning-rate schedule?",
    answer="The control has the same share: perceptrons without a schedule, after the same part of the training. Only the difference between the two may be put down to the schedule.",
)

# %% [markdown]
# ## 10. In Keras Tuner
# In any search of Keras Tuner, the same rule is a callback. It reads the best so far from the tuner, so a search that was killed and is resumed knows what came before. Here are four small networks on digits, with learning rates from sensible to far too small.

# %%
from coursekit import data
from coursekit.tuners import StopUnpromising
from coursekit.widgets import SearchMonitor

import keras
import keras_tuner

images = data.load("digits")


# %%
def build(hp):
    model = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(32, "relu"))
    model.add(keras.layers.Dense(10, "softmax"))
    rate = hp.Choice("learning_rate", [1e-2, 1e-3, 1e-4, 1e-5])
    optimizer = keras.optimizers.Adam(rate)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# %%
predict("11-keras", "Epochs trained, of 4 x 15", unit="epochs", most=60)

# %%
where = dict(directory="tuning", project_name="curves", overwrite=True)
tuner = keras_tuner.GridSearch(build, "val_accuracy", **where)
callback = StopUnpromising(tuner, bounds=(0, 1))
fitting = dict(validation_data=images.validation, epochs=15, batch_size=64, verbose=0)
SearchMonitor(tuner)
tuner.search(*images.train, callbacks=[callback], **fitting)

# %%
spared = sum(15 - each.epochs for each in callback.stopped.values())
measured("11-keras", 60 - spared)
for number, each in callback.stopped.items():
    print(
        f"trial {number}: stopped after {each.epochs} epochs, P(beats the best) {each.chance:.3f}"
    )

# %% claim="Trainings with hopeless learning rates are stopped early; the best one reaches its end"
rates = {
    int(trial.trial_id): trial.hyperparameters["learning_rate"]
    for trial in tuner.oracle.trials.values()
}
assert callback.stopped and {rates[int(number)] for number in callback.stopped} <= {
    1e-3,
    1e-4,
    1e-5,
}
assert spared >= 8

# %% [markdown]
# ## 11. A curve of yours
# Take a training that you have done, or train one now, and paste its validation accuracies: `history.history["val_accuracy"]`, in 0 to 1. Until then, `mine` is a curve of the table. Set *best* to the accuracy that you need. From which epoch on would the rule have stopped your training? And was it right?

# %%
mine = seen[order[120]]  # put yours here
ForecastPanel({"mine": mine}, incumbent=0.95, seen=max(1, len(mine) // 4))

# %% [markdown] conclusion="11"
# ## 12. Your conclusion
# A colleague wants to switch the rule on in a search with a cosine schedule. In three or four sentences: what does the rule save, at what price, and what would you check first?
#
# - It names the saving with its conditions: about a third of the epochs in a random search, less where the strategy proposes good candidates.
# - It says against which rival that was measured: the same number of epochs, or early stopping.
# - It names a kind of curve that is stopped wrongly: late bloomers, crossing curves, or curves that bend with a schedule.
# - It proposes a check on curves that reached the end: how many lie in the band, and how many winners would have been stopped.

# %% [markdown]
# ## 13. What to take away
# - The last value is a poor forecast and a good ranking. A fit of one formula is a better forecast and a worse ranking.
# - A forecast is a distribution. A weighted crowd gives one in milliseconds. Test its bands, after several numbers of epochs: one may flatter it.
# - Stopping needs one number, P(beats the best), and one rule: stop below delta. The best is what was measured, never what was expected.
# - It saves most where candidates differ most: two thirds of the epochs of a random search. Evolution leaves it less to stop. It fails on late bloomers and crossing curves: begin later where you expect them.
# - An explanation needs a control. The schedule explains the bias at the end, and not the one at the beginning.
#
# **Read on:** Domhan, Springenberg and Hutter 2015 (`domhan2015speeding`), beside the guide `references/learning_curve_extrapolation.md`, which says where each of its equations is in the code. A network that learned from made-up curves to do in one pass what our crowd does: Adriaensen et al. 2023 (`adriaensen2023efficient`). Forecasts that also look at the configuration: Klein et al. 2017 (`klein2017learning`). The keys are in `references/references.bib`.

# %%
progress()
