# %% [markdown]
# # Lab 11. Learning-curve extrapolation
#
# Ten epochs into a training, an experienced eye looks at the curve and says: that one will never get there. Stop it, and the other thirty epochs are free for somebody better. In this lab you teach a program to say so: first with one formula and a ruler, then with a thousand curves and honest probabilities. You let it stop trainings, count what that saves, and look for the curves that make a fool of it.
#
# **After it you can**
# - write down the usual formulas for learning curves, and fit one;
# - say why one fitted curve is not a forecast, and a weighted crowd of them is;
# - compute the chance that a training will beat the best so far, and act on it;
# - count what stopping saves and what it costs, and name the curves for which it goes wrong;
# - stop unpromising trials in any Keras Tuner search, with one callback.
#
# **It takes** about 30 seconds of computing on two cores (all cells), and an hour or two of yours. **Budget:** about 60 epochs of Keras training on small images; all else is replayed from a table of trainings that were done once, for everybody. No GPU, no network.
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
from coursekit.labs import check, hint, measured, predict, progress, solution
from coursekit.search import Search
from coursekit.strategies import Random
from coursekit.forecasting import families as families
from coursekit.forecasting.experience import Experience
from coursekit.forecasting.forecast import Forecast
from coursekit.trials import Suggestion
from coursekit.widgets import ForecastPanel
from coursekit.worlds import Cells, MLPs

theme.use()  # figures follow JupyterLab's theme

# %% [markdown]
# ## 1. Curves
# Our world is a table of 4,536 perceptrons, each trained for 40 epochs on small images of handwritten digits, with its validation accuracy after every epoch. They differ in depth, width, activation, dropout, learning rate, batch size and optimizer. Here are 200 of them, drawn at random; `seen[i, t]` is the accuracy of curve *i* after epoch *t* + 1.

# %%
world = MLPs(seed=0)
rng = np.random.default_rng(11)
drawn = [world.evaluate(Suggestion(world.space.sample(rng))).curve for _ in range(220)]
seen = np.array([curve for curve in drawn if len(curve) == 40][:200])
ends = seen[:, -1]

# %%
plt.plot(np.arange(1, 41), 100 * seen[:40].T, linestyle="-", marker="", alpha=0.6)
plt.title("Forty learning curves")
plt.xlabel("epoch")
plt.ylabel("validation accuracy, %")
plt.show()

# %% [markdown]
# The simplest forecast is to do nothing: take the accuracy after ten epochs for the final one. How far is it off, and does it put the candidates in the right order? The second matters more, since a search only has to know who is better.

# %%
predict(
    "11-last",
    "Mean error of the accuracy after 10 epochs, as a forecast of epoch 40",
    unit="points",
)

# %%
last = seen[:, 9]
measured("11-last", round(100 * float(np.abs(last - ends).mean()), 1))
print(f"rank correlation of epoch 10 with epoch 40: {spearmanr(last, ends)[0]:.3f}")

# %% [markdown]
# A poor forecast and a good ranking, both at once. Keep the two numbers in mind: whoever forecasts has to beat the first and must not lose the second.
#
# ## 2. A formula
# People have collected formulas that look like learning curves. The best known is a **power law**: the curve approaches a level *c*, and its distance from it shrinks as a power of the epoch *x* = 1, 2, 3, ...
#
# $$y(x) = c - a\,x^{-\alpha}$$
#
# Another one, **Janoschek**'s, comes from measuring how animals grow. It begins at β, ends at α, and gets there exponentially:
#
# $$y(x) = \alpha - (\alpha - \beta)\,e^{-\kappa x^{\delta}}$$
#
# ### Exercise 11.1. Two families by hand
# Write `pow3(x, c, a, alpha)` and return the power law's value. Mind the signs: the curve rises towards `c` when `a` and `alpha` are above 0.


# %% exercise="11.1"
def pow3(x, c, a, alpha):
    ### BEGIN SOLUTION
    return c - a * x**-alpha
    ### END SOLUTION


# %% check="11.1"
check("11.1")

# %% [markdown]
# **Fitting** means looking for the parameters whose curve runs closest to the points that were seen: the least sum of squared distances. `families.fit(name, curve)` does it and returns the parameters and how far the points lie off. Look at what three families make of the same ten epochs.

# %%
sample = seen[np.argsort(ends)[135]]
epochs = np.arange(1, 41)
for name in ("pow3", "Janoschek", "ilog2"):
    parameters, _ = families.fit(name, sample[:10])
    plt.plot(epochs, 100 * families.value(name, parameters, epochs), marker="", label=name)
plt.plot(epochs, 100 * sample, color=theme.INK, linestyle=":", marker="", label="what came")
plt.plot(epochs[:10], 100 * sample[:10], color=theme.INK, linestyle="", marker="o", label="seen")
plt.title("One curve, three fits to its first ten epochs")
plt.xlabel("epoch")
plt.ylabel("validation accuracy, %")
plt.legend()
plt.show()

# %% [markdown]
# They follow the points more or less closely, and behind them they part: by about thirty points in the end. Running close to ten points is no promise for the other thirty. So what is a single fit worth as a forecast? **Predict** whether the power law ranks the candidates better than doing nothing did.

# %%
outcomes = ["better than the last value", "worse than the last value"]
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

# %% [markdown]
# A fit follows every bend, and a bend may be noise. A curve that went up by luck in its tenth epoch is sent to the sky; one that is cautious and steady is told that it has arrived. The forecast moves in the right direction on the whole, and shuffles the order on the way. A search that believed it would be worse off than one that looked at the last value.
#
# ## 3. Eleven families are four shapes
# Domhan and colleagues (2015) listed eleven formulas and fitted them all. Here are ten of them and one more. Look at the last column.

# %%
for name, family in families.FAMILIES.items():
    print(f"{name:15} {family.formula:28} {family.shape}")

# %% [markdown]
# Each is a level, minus a **fall** from it that shrinks. MMF, Hill3 and log power are the same fall counted in three ways; so are Weibull and Janoschek. What is left is four shapes: a power, Hill's ratio, an exponential, a logarithm. Once the shape is fixed, level and fall enter *linearly*, and what enters linearly needs no search: it can be worked out. That is what will make our forecasts fast.
#
# ## 4. A crowd with weights
# Here is the idea that turns formulas into a forecast. **Before** looking at any curve, make up a thousand: draw a shape, a speed, a level, a fall. That crowd is the **prior**: what a learning curve might look like. Then look at the epochs that were seen. Each made-up curve gets a **weight**: high if it runs through the points, nearly 0 if it does not. With Gaussian noise of standard deviation σ, the weight of curve *k* is
#
# $$w_k \propto \exp\Big(-\frac{1}{2\sigma^2}\sum_{t=1}^{n}(y_t - f_k(t))^2\Big), \qquad \sum_k w_k = 1.$$
#
# No search, no sampling when the curve comes in: one sum for each member of the crowd. It is Bayes' rule with the prior written out as a list.


# %% tags=["setup"]
def crowd(members, horizon, rng):
    """Made-up curves, shape (members, horizon): exponential rises with random speeds and ends."""
    start, rise = rng.uniform(0, 0.5, (members, 1)), rng.uniform(0, 0.8, (members, 1))
    speed = np.exp(rng.uniform(np.log(0.5), np.log(100), (members, 1)))
    level = np.clip(start + rise, 0, 1)
    return level - (level - start) * np.exp(-np.arange(horizon) / speed)


# %%
plt.plot(epochs, 100 * crowd(60, 40, rng).T, linestyle="-", marker="", alpha=0.5)
plt.title("Sixty members of a crowd, before any curve is seen")
plt.xlabel("epoch")
plt.ylabel("made-up accuracy, %")
plt.show()

# %% [markdown]
# ### Exercise 11.2. Weights
# Write `weights(prior, curve, sigma)`. `prior` has one made-up curve a row, `curve` holds the first *n* scores that were seen, and the result is an array of weights that sum to 1. One trap: with many epochs, or far from the points, *every* exponential is 0 in the computer, and 0 / 0 is no forecast. Take the largest exponent away from all of them first; that changes no ratio.


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
# What does that look like? The kit's own crowd is finer: a thousand members of all four shapes, each with a noise of its own and room to wander from its shape. `Forecast` weighs them. See how the crowd thins out as more epochs are seen.

# %%
figure, panels = plt.subplots(1, 3, figsize=(9, 3), sharey=True, layout="constrained")
for axes, n in zip(panels, (2, 8, 20)):
    plots.forecast(decide(sample[:n], 40, -math.inf), truth=sample, axes=axes)
    axes.set_title(f"{n} epochs seen")
    axes.label_outer()
panels[2].legend(loc="lower right", fontsize="small")
plt.show()

# %% [markdown]
# ## 5. Is the band honest?
# A band that says 80 % should hold the truth in 80 of 100 cases: no fewer, or it is too sure of itself; not many more, or it says nothing. That is called **calibration**, and it can be checked with the 200 curves.

# %%
predict(
    "11-band", "Of 200 ends, how many lie in the band of 80 % (from ten epochs)?", unit="curves"
)

# %%
forecasts = [Forecast(curve[:10], 40) for curve in seen]
low, high = np.array([forecast.quantiles([0.1, 0.9]) for forecast in forecasts]).T
measured("11-band", int(np.sum((ends >= low) & (ends <= high))))

# %% [markdown]
# More than 160 say that the bands are a little wider than they need to be, fewer that they promise too much. A band that was made for any curve does not fit every world to the point; of the two mistakes, too wide is the one that stops nobody too early.
#
# And the two numbers from the beginning? The forecast has a middle, its `median`, and a `score` to rank by. The score trusts the curve's own bends only a little: mostly it is the last level plus what curves at that level usually gain. A higher level never gets less by that, so the order stays.

# %%
table = {
    "last value": last,
    "power law": fitted,
    "median": [f.median for f in forecasts],
    "score": [f.score for f in forecasts],
}
for name, values in table.items():
    off, rank = np.abs(np.array(values) - ends).mean(), spearmanr(values, ends)[0]
    print(f"{name:12} mean error {100 * off:5.1f} points, rank correlation {rank:.3f}")

# %% [markdown]
# Here the median wins twice: it is much closer, and even its order is the better one. But that it owes to this world, where curves are long and smooth. Among the cells of section 9, after four of their twelve epochs, the median ranks clearly worse than the last value does, and the score keeps close to it. So the median is the forecast, and the score is what a search is told.
#
# ## 6. Will it beat the best?
# A search does not need the end of a curve. It needs the answer to one question: will this training beat the best so far? With weights it is a sum. Member *k* says that the end will be $m_k$, give or take σ; so it beats the best, $y^*$, with probability $1 - \Phi\big((y^* - m_k)/\sigma\big)$, and the crowd says
#
# $$P(y_T > y^*) = \sum_k w_k \Big(1 - \Phi\Big(\frac{y^* - m_k}{\sigma}\Big)\Big).$$
#
# ### Exercise 11.3. The chance to beat the best
# Write `beats(weights, ends, sigma, best)`: `ends` holds each member's last value. `norm.cdf` is Φ; it is imported, and takes arrays.


# %% exercise="11.3"
def beats(weights, ends, sigma, best):
    ### BEGIN SOLUTION
    return float(np.sum(weights * (1 - norm.cdf((best - ends) / sigma))))
    ### END SOLUTION


# %% check="11.3"
check("11.3")

# %% [markdown]
# Now play. The panel shows one curve as far as it was **seen**; the band breathes as you move the slider. It turns orange and hatched, and the verdict to **Stop**, when the chance to beat the best falls below *delta*. Before you move: at which epoch would you have stopped the median one?

# %%
answers = ["by epoch 5", "between 6 and 15", "after 15"]
predict("11-stop", "When is the median curve given up, with delta = 0.05?", options=answers)

# %%
order = np.argsort(ends)
shown = {"the best": order[-1], "good": order[170]}
shown |= {"the median": order[100], "poor": order[40]}
shown |= {f"rank {rank}": order[-rank] for rank in range(1, 201)}
panel = ForecastPanel({name: seen[place] for name, place in shown.items()}, seen=10)
panel

# %%
best = ends.max()
stops = [n for n in range(3, 40) if decide(seen[order[100]][:n], 40, best).stop]
given_up = stops[0] if stops else 40
measured("11-stop", answers[0 if given_up <= 5 else 1 if given_up <= 15 else 2])

# %% [markdown]
# Pick *the median* and move *seen* to the left and to the right: from which epoch on is it given up? Any other of the 200 is there by its rank in the end: tick *show what came*, and look for one whose end leaves the band.
#
# Then pick *my own* and try to fool it: a curve that is slow but goes far (speed 0.03, end 100 %), one with much noise. What does more noise do to the band, and to the moment of stopping? Or take *drawn by hand* and pull the points of a curve up and down: one that waits long and rises late.
#
# ## 7. The rule
# Domhan and colleagues' **termination rule** is one line: after an epoch, stop if $P(y_T > y^*) < \delta$, with δ = 0.05. What counts as $y^*$ takes a little care.
#
# ### Exercise 11.4. When to stop
# Write `stop_epoch(chances, delta, start)`. `chances` holds $P(y_T > y^*)$ after epoch 1, 2, ..., as long as the training would last. Return the epoch after which the rule ends the training: the first one, but not before epoch `start`, whose chance is **below** delta. If there is none, the training goes to its end: return the number of epochs.


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
# ### Exercise 11.5. Find the bug: the bar that nobody measured
# A colleague's search stops nearly everything, and what it returns is not even good. `search(curves, forecast, chance, delta)` goes through whole curves one after the other. `forecast(seen)` gives the expected end, `chance(seen, best)` the chance to beat the best; it returns how many epochs each training got. Somewhere an **expectation** becomes the bar that others are held against. An over-optimistic forecast of a training that was stopped then stops everybody after it. Repair it: the best so far is the best **last score of a training that went to its end**.


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

# %% [markdown]
# ## 8. What was saved
# Now for real searches: forty random candidates, once trained to the end each, once with the rule. `Extrapolation(world)` is the kit's estimator: it takes a suggestion, trains epoch by epoch, and stops the training when the rule says so. A stopped trial's score is its forecast, and `spread` says how sure that is; a trial with spread 0 was measured. Ten searches each, from the same seeds.

# %%
predict("11-saved", "How much of all epochs will the rule train?", unit="%")

# %%
shares, lost = [], []
for seed in range(10):
    judged = MLPs(seed=seed)
    full, stopped = (
        Search(Random(judged.space), seed=seed).run(estimator, trials=40)
        for estimator in (FullTraining(judged), Extrapolation(judged, every=3))
    )
    shares.append(sum(len(t.curve) for t in stopped) / sum(len(t.curve) for t in full))
    lost.append(100 * (full.best().score - stopped.best().score))

# %%
measured("11-saved", round(100 * float(np.mean(shares))))
print(
    f"accuracy of the best, full minus stopped: {np.mean(lost):.2f} points on average, {max(lost):.2f} at worst"
)

# %% [markdown]
# Where did the epochs go? Most of them to the few that might win, and some to the very first, when there was nobody to be held against. That is the whole trick: the poor pay with four epochs, and the time goes to whoever has a chance.

# %%
numbers = np.arange(1, 41)
plt.bar(numbers, [len(trial.curve) for trial in stopped], color=theme.PALETTE[0])
plt.title("Epochs of each trial in the last search")
plt.xlabel("trial")
plt.ylabel("epochs trained")
plt.show()

# %% [markdown]
# ## 9. Where it goes wrong
# A forecast knows the curve so far and what curves usually do. Two kinds make a fool of it.
#
# **Late bloomers.** Nothing happens for a while, then it rises. That is not far-fetched: networks with a small learning rate and momentum do it, and so does every training whose **learning rate falls along a schedule**, with its last step up at the end. Here is one that is made up.

# %%
bloomer = 0.15 + 0.8 / (1 + np.exp(-(epochs - 25) / 2))
late = decide(bloomer[:15], 40, 0.9)
plots.forecast(late, 0.9, truth=bloomer)
plt.title("A late bloomer, after fifteen epochs")
plt.legend()
plt.show()

# %%
question = "Of 100 late bloomers that would win, how many are stopped after 5 epochs?"
predict("11-wrong", question, unit="curves")

# %%
turns = rng.uniform(8, 32, (100, 1))
bloomers = 0.15 + 0.8 / (1 + np.exp(-(epochs - turns) / 2)) + rng.normal(0, 0.005, (100, 40))
measured("11-wrong", int(sum(decide(curve[:5], 40, 0.9).stop for curve in bloomers)))

# %% [markdown]
# **Crossing curves.** One candidate is fast and stays below, another is slow and ends above. While only the fast one has anything to show, the order is wrong, and no rule that looks early can know. How many of our real winners would be lost? Here is a bar that the best of the 200 curves, not quite a tenth, clear in the end, and of those the number that the rule would stop, looking after so many epochs, for a cautious delta and for bold ones.

# %%
bar = np.sort(ends)[-21]
winners = seen[ends > bar]
for delta in (0.05, 0.2, 0.4):
    stopped_at = {
        n: sum(decide(c[:n], 40, bar, delta=delta).stop for c in winners) for n in (1, 3, 10)
    }
    print(f"delta {delta}: of {len(winners)} winners stopped after so many epochs: {stopped_at}")

# %% [markdown]
# A small delta is an insurance: it keeps many losers running so as to lose few winners. In this world the winners are fast, and the cautious delta loses none. Where slow ones win, it is the late start that protects them.

# %% [markdown]
# The table of cells is another world: convolutional networks, twelve epochs, and a **cosine** learning rate that falls to nothing. All curves calm down and settle together as the rate falls, and the crowd does not know the schedule. An honest median has as many ends above it as below. **Predict** on which side they lie here.

# %%
sides = ["above the median", "below it", "as often above as below"]
predict("11-cosine", "Cells, two of twelve epochs seen: where do the ends lie?", options=sides)

# %%
cells = Cells(seed=0)
draw = np.random.default_rng(11)
annealed = np.array([cells.evaluate(Suggestion(cells.space.sample(draw))).curve for _ in range(60)])
above = {
    n: float(np.mean([curve[-1] > Forecast(curve[:n], 12).median for curve in annealed]))
    for n in (2, 4, 6, 8)
}
measured("11-cosine", sides[0 if above[2] > 0.6 else 1 if above[2] < 0.4 else 2])
print({f"{n} epochs seen": f"{share:.0%} above" for n, share in above.items()})

# %% [markdown]
# While the rate is high the ends lie above what the crowd expects, since it cannot know that the noise will be switched off; towards the end it is the other way round: the curves have settled, and the crowd still waits for more. So it is also slow to give up a cell that is settled just below the best.
#
# What helps: begin to decide later (`start`), ask for less certainty before going on (a smaller `delta`), and with a schedule look at trainings of the *same* length, as a lower fidelity does. What does not help is a cleverer formula: the information is not in the epochs that were seen. It is somewhere else, though. A search has seen **other** curves of this world to their ends, and the crowd need not stay as it was: whoever explained those well gets more say in the next forecast, and bands that were too wide for them become narrower. The kit calls that `Experience`; `Extrapolation` gathers it by itself. Twenty cells that were trained to the end, and the other forty once more:

# %%
experience = Experience(12)
for curve in annealed[:20]:
    experience.learn(curve)
for title, known in (("as before", None), ("experienced", experience)):
    told = [Forecast(curve[:2], 12, experience=known) for curve in annealed[20:]]
    off = 100 * np.mean([abs(f.median - c[-1]) for f, c in zip(told, annealed[20:])])
    above = np.mean([c[-1] > f.median for f, c in zip(told, annealed[20:])])
    print(f"{title:12} mean error {off:4.1f} points, {above:.0%} of the ends above the median")

# %% [markdown]
# Tick *learn from 20 finished curves* below, and untick it: what happens to the band after two epochs, and at which epoch is a cell given up?

# %%
told = {f"cell {number}": curve for number, curve in enumerate(annealed[20:], start=21)}
ForecastPanel(told, seen=2, experience=experience)

# %% [markdown]
# So a schedule that all trainings share can be learned from trainings. A late bloomer in a world of early ones cannot: nobody has seen one.
#
# ## 10. In Keras Tuner
# The same rule, in any search of Keras Tuner's, is a callback. It reads the best so far from the tuner, so a search that was killed and goes on knows what came before. Four small networks on digits, with learning rates from sensible to hopeless.

# %%
from coursekit import data
from coursekit.tuners import StopUnpromising

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
predict("11-keras", "Epochs trained, of 4 x 15", unit="epochs")

# %%
where = dict(directory="tuning", project_name="curves", overwrite=True)
tuner = keras_tuner.GridSearch(build, "val_accuracy", **where)
callback = StopUnpromising(tuner)
fitting = dict(validation_data=images.validation, epochs=15, batch_size=64, verbose=0)
tuner.search(*images.train, callbacks=[callback], **fitting)

# %%
spared = sum(15 - each.epochs for each in callback.stopped.values())
measured("11-keras", 60 - spared)
for number, each in callback.stopped.items():
    print(
        f"trial {number}: stopped after {each.epochs} epochs, P(beats the best) {each.chance:.3f}"
    )

# %% [markdown]
# ## 11. What to take away
# - The last value is a poor forecast and a good ranking. A fit of one formula is a better forecast and a worse ranking.
# - A forecast is a distribution. A prior crowd with weights gives one in milliseconds, and its bands can be checked.
# - Stopping needs one number, P(beats the best), and one rule: stop below delta. The best is what was measured, never what was expected.
# - It saves most where candidates differ most: two thirds of the epochs of a random search. A search that proposes one good candidate after the other leaves it less to stop. It fails on late bloomers, crossing curves and schedules. Begin later where you expect them.
#
# **Read on:** Domhan, Springenberg and Hutter 2015 (`domhan2015speeding`), beside the guide `references/learning_curve_extrapolation.md`, which says which of its equations is which line of code here. A network that was taught on made-up curves to do in one pass what our crowd does: Adriaensen et al. 2023 (`adriaensen2023efficient`). Forecasts that also look at the configuration: Klein et al. 2017 (`klein2017learning`). The keys are in `references/references.bib`.

# %%
progress()
