# %% [markdown]
# # Lab 05. Bayesian optimization
#
# A training takes an hour, and you can pay for thirty. Random search uses nothing of what it has seen. Bayesian optimization draws a map of the scores after each training, with the places where the map is uncertain, and puts the next training where a gain is most likely to be worth it. In this lab you build the map (a Gaussian process) and the choice (expected improvement) by hand. You play against the machine, you see what the method needs (log scales, pending trials) and what it costs, you meet its other half, TPE, and you find the places where it loses.
#
# **After it you can**
# - compute the posterior of a Gaussian process, and say what length scale and noise do;
# - choose a length scale by its likelihood;
# - derive and code expected improvement, and tell it from its three rivals;
# - give a model of hyperparameters the right scales, choices and conditions;
# - keep several workers busy without sending two of them to one place;
# - say what TPE models, and what its gamma does;
# - decide whether the thinking is worth its time.
#
# **It takes** about 90 seconds of computing on two cores (all cells), and an hour or two of your time. **Budget:** 16 epochs of Keras training on 5,000 images and 90 epochs of a small NumPy network; all other scores are replayed or computed. No GPU, no network.
#
# **How it works:** predict before you run; move whatever has a slider; write code where the text asks for it, then run the check below it. If you are stuck: `hint("5.1")`, and again for more; after a try, `solution("5.1")`.

# %% tags=["setup"]
import math
import time

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm

from coursekit import Choice, Float, History, Search, Space, Strategy, Suggestion
from coursekit import data, plots, strategies, theme
from coursekit.labs import check, hint, measured, predict, progress, recall, solution
from coursekit.plots.posteriors import grid
from coursekit.race import race, report
from coursekit.surrogates.acquisition import (
    log_expected_improvement,
    log_probability_of_improvement,
    upper_confidence_bound,
)
from coursekit.surrogates.axes import Axes
from coursekit.surrogates.density import ParzenEstimator, shrinking, to_neighbours
from coursekit.surrogates.gaussian_process import Embedding, GaussianProcess
from coursekit.training.numpy.perceptron import train_perceptron
from coursekit.widgets import Surrogate
from coursekit.worlds import Landscape, MLPs, NASBench201

theme.use()  # figures follow JupyterLab's theme

# %% [markdown]
# ## 1. Five trainings, and where next?
# Here are five results. The horizontal axis is a hyperparameter, moved to 0..1; the vertical axis is the score. The function behind them is hidden, as it always is. You can pay for one more training.

# %% tags=["setup"]
hills = Landscape("hills")
x = np.array([0.05, 0.2, 0.35, 0.5, 0.57])
scores = hills.heights(x[:, None])
y = (scores - scores.mean()) / scores.std()  # standardised: mean 0, variance 1

# %%
plt.plot(x, scores, "o")
plt.title("Five scores")
plt.xlabel("x")
plt.ylabel("score")
plt.xlim(0, 1)
plt.show()

# %%
predict("05-next", "Where would you measure next?", least=0, most=1)

# %% [markdown]
# You probably had two thoughts. Beside 0.5, where the best score is, it may rise a little more. And to the right of 0.57 nobody has looked: there, anything may be. A sum of such thoughts is what we now make precise: **exploitation** of what the model predicts, **exploration** of what it does not know.
#
# ## 2. A Gaussian process
# A Gaussian process is a probability distribution over functions. It needs one thing: a **kernel** $k(x, x')$, which says how alike the scores at two places are. Near places have similar scores, distant ones tell nothing about each other. This is the Matérn kernel with ν = 5/2, the kernel that the kit uses (and Snoek et al. 2012 recommend):
#
# $$k(x, x') = \left(1 + r + \tfrac{r^2}{3}\right) e^{-r}, \qquad r = \sqrt 5\,\frac{|x - x'|}{\ell}$$
#
# The **length scale** ℓ says how far "near" reaches.


# %% tags=["setup"]
def kernel(one, two, length):
    """The Matern kernel between places: shape (len(one), len(two))."""
    r = 5**0.5 * np.abs(np.subtract.outer(one, two)) / length
    return (1 + r + r**2 / 3) * np.exp(-r)


# %%
predict("05-alike", "Correlation of two scores that lie one length scale apart", least=-1, most=1)

# %%
measured("05-alike", round(float(kernel(0.0, 0.2, 0.2)), 2))

# %% [markdown]
# Before any training, the model believes in every function that is as smooth as the length scale says. Here are four functions drawn from such a **prior**, for two length scales.

# %%
line, rng = grid(1)[:, 0], np.random.default_rng(0)
figure, panels = plt.subplots(1, 2, figsize=(9, 2.8), sharey=True, layout="constrained")
for panel, length in zip(panels, (0.05, 0.3)):
    root = np.linalg.cholesky(kernel(line, line, length) + 1e-8 * np.eye(len(line)))
    panel.plot(line, root @ rng.standard_normal((len(line), 4)), marker="")
    panel.set_title(f"Four functions with length scale {length}")
    panel.set_xlabel("x")
plt.show()

# %% [markdown]
# Now the five scores arrive. Of all functions, only those remain that pass through the points (or near them, if there is noise). What remains is the **posterior**. It is normal at each place, and two formulas give its mean and its variance (Rasmussen and Williams 2006, equations 2.25 and 2.26). With $K$ the kernel between the measured places, $k_*$ the kernel between them and the place that is asked, and $\sigma$ the standard deviation of the noise:
#
# $$\mu = k_*^\top (K + \sigma^2 I)^{-1} y \qquad v = k(x_*, x_*) - k_*^\top (K + \sigma^2 I)^{-1} k_*$$
#
# By hand, for one point: it was measured at 0 with $y = 2$, without noise. At a place whose kernel with it is 0.5 the mean is 0.5 · 2 = 1, and the variance is 1 − 0.5 · 0.5 = 0.75.
#
# ### Exercise 5.1. The posterior
# Write `posterior(x, y, asked, length, noise)`. It returns two arrays with an entry for each place in `asked`: the mean and the variance of the function there. `x` and `y` are arrays of measured places and standardised scores, `noise` is a standard deviation. Use `kernel`; at the same place it is 1. (`np.linalg.solve(A, b)` is $A^{-1} b$.)


# %% exercise="5.1"
def posterior(x, y, asked, length, noise):
    ### BEGIN SOLUTION
    measured_noise = noise**2 * np.eye(len(x))
    covariance = kernel(x, x, length) + measured_noise
    between = kernel(x, asked, length)
    mean = between.T @ np.linalg.solve(covariance, y)
    explained = (between * np.linalg.solve(covariance, between)).sum(axis=0)
    return mean, 1 - explained
    ### END SOLUTION


# %% check="5.1"
check("5.1")

# %% [markdown]
# The kit's class does the same for any space; it takes the logarithms of 1/ℓ², of the signal's variance and of the noise's variance. This is its posterior for the five scores.

# %% tags=["setup"]
axes = Axes(hills.space)


def process_of(x, scores, length, noise=0.01):
    """The kit's Gaussian process on one axis."""
    settings = np.log([length**-2, 1.0, noise**2])
    return GaussianProcess(axes, np.array(x)[:, None], np.array(scores), hyperparameters=settings)


# %%
process = process_of(x, scores, length=0.1)
plots.posterior(process, {"measured": (x, scores)})
plt.title("What a Gaussian process believes after five scores")
plt.show()

# %% claim="The kit's posterior is that of exercise 5.1"
from coursekit.labs.exercises import find

names = {"np": np, "kernel": kernel}
exec(find("5.1")[1].solution, names)
mean, variance = names["posterior"](x, y, line, 0.1, 0.01)
ours = process.posterior(line[:, None])
assert np.allclose(ours[0], scores.mean() + scores.std() * mean, atol=1e-3)
assert np.allclose(ours[1], scores.var() * variance, atol=1e-3)

# %% claim="Far from all points the model says the mean of the scores and the full spread"
far = process_of([0.0, 0.02], [1.0, 3.0], 0.02)
mean, variance = far.posterior(np.array([[0.9]]))
assert abs(mean[0] - 2.0) < 1e-6 and abs(variance[0] - 1.0) < 1e-6

# %%
recall(
    "05-far",
    "What does the model say at a place far from all measured ones?",
    answer="The mean of the scores, with the full spread: it knows nothing there, and says so.",
)

# %% [markdown]
# ## 3. What a length scale is worth
# Nobody tells the model its length scale. But some length scales make the scores that were measured more probable than others do. The probability of the scores is the **marginal likelihood**, and its logarithm is
#
# $$\log p(y \mid \ell, \sigma) = -\tfrac12\, y^\top (K + \sigma^2 I)^{-1} y - \tfrac12 \log\det(K + \sigma^2 I) - \tfrac n2 \log 2\pi$$
#
# The first term asks whether the model fits the scores. The second one punishes a model that could have fitted anything. So the best length scale is neither the shortest nor the longest.

# %%
predict(
    "05-length",
    "Twenty points of the hidden hills: which length scale is the likeliest?",
    options=["0.01", "0.1", "1"],
)

# %% [markdown]
# ### Exercise 5.2. The likelihood
# Write `log_likelihood(x, y, length, noise)`, the formula above. (`np.linalg.slogdet(A)` returns a sign and the logarithm of the determinant.)


# %% exercise="5.2"
def log_likelihood(x, y, length, noise):
    ### BEGIN SOLUTION
    covariance = kernel(x, x, length) + noise**2 * np.eye(len(x))
    fit = -0.5 * y @ np.linalg.solve(covariance, y)
    complexity = -0.5 * np.linalg.slogdet(covariance)[1]
    return fit + complexity - 0.5 * len(x) * np.log(2 * np.pi)
    ### END SOLUTION


# %% check="5.2"
check("5.2")

# %% [markdown]
# The kit has the same (up to the constant) as `GaussianProcess.log_likelihood`. Below it is drawn for twenty random points of the hills, and beside it the error of the model's mean at 401 places, which nobody can see in real life.


# %%
def worth_of(length, known):
    """The log likelihood of a length scale, and the error of the model's mean."""
    model = process_of(known, hills.heights(known[:, None]), length)
    errors = model.posterior(grid(1))[0] - hills.heights(grid(1))
    return model.log_likelihood(model.hyperparameters)[0], np.sqrt(np.mean(errors**2))


known = np.random.default_rng(1).random(20)
lengths = np.geomspace(0.01, 1, 30)
worths = np.array([worth_of(length, known) for length in lengths])

# %%
figure, panels = plt.subplots(1, 2, figsize=(9, 2.8), layout="constrained")
for panel, values, title in zip(panels, worths.T, ("Log likelihood", "Error at 401 places")):
    panel.semilogx(lengths, values, marker="")
    panel.set(title=title, xlabel="length scale")
panels[0].set_ylim(-30, 30)  # it falls far below on the right
plt.show()

# %%
three = {str(length): worth_of(float(length), known)[0] for length in ("0.01", "0.1", "1")}
measured("05-length", max(three, key=three.get))

# %% [markdown]
# The likelihood, which needs only the twenty scores, is high where the error is small. That is how the kit fits its length scales, one for each hyperparameter, and the noise: it climbs up this curve. A hyperparameter without influence gets a long length scale, so the model finds out by itself which hyperparameters matter.

# %% claim="The likelihood prefers 0.1 to 0.01 and 1, and the error is small there, from other points too"
for seed in range(1, 6):
    points = np.random.default_rng(seed).random(20)
    found = np.array([worth_of(length, points) for length in lengths])
    chosen = found[:, 0].argmax()
    assert 0.05 < lengths[chosen] < 0.2, seed
    assert found[chosen, 1] < 0.65 * found[[0, -1], 1].min(), seed
    of_three = [worth_of(length, points)[0] for length in (0.01, 0.1, 1)]
    assert np.argmax(of_three) == 1, seed
    # To the right the curve falls "far below" the figure.
    assert found[-1, 0] < -100

# %% claim="A hyperparameter without influence gets a long length scale"
for seed in range(3):
    points = np.random.default_rng(seed).random((30, 2))
    model = GaussianProcess(Axes(Landscape(dimensions=2).space), points, np.sin(6 * points[:, 0]))
    matters, idle = np.exp(-model.hyperparameters[:2] / 2)
    assert idle > 2 * matters

# %% [markdown]
# ## 4. Where next: expected improvement
# The model gives a mean μ and a standard deviation σ at each place. An **acquisition function** makes one number of them: how promising is this place? The most used one asks for the improvement over the best score so far, $I = \max(f - b, 0)$, and takes its mean over $f \sim N(\mu, \sigma^2)$ (Jones et al. 1998). Substitute $f = \mu + \sigma u$ and write $z = (\mu - b)/\sigma$:
#
# $$\mathrm{EI} = \int_{-z}^{\infty} (\mu - b + \sigma u)\,\varphi(u)\,du = (\mu - b)\,\Phi(z) + \sigma\,\varphi(z)$$
#
# φ and Φ are the density and the distribution function of the normal law. The first term is large where the mean is high, the second where the model is uncertain: exploitation and exploration in one formula, without a weight to set.
#
# By hand: a place whose mean *equals* the best ($z = 0$) with σ = 0.1 has EI = 0 + 0.1 · 0.399 = 0.04. And where σ is 0, nothing is uncertain: the improvement is $\mu - b$ if that is positive, and 0 if not.
#
# ### Exercise 5.3. Expected improvement
# Write `expected_improvement(mean, deviation, best)` for arrays `mean` and `deviation` and a number `best`; higher scores are better. Where a deviation is 0, return the limit. (`norm.cdf` is Φ, `norm.pdf` is φ.)


# %% exercise="5.3"
def expected_improvement(mean, deviation, best):
    ### BEGIN SOLUTION
    gain = mean - best
    uncertain = deviation > 0
    z = gain / np.where(uncertain, deviation, 1.0)
    found = gain * norm.cdf(z) + deviation * norm.pdf(z)
    return np.where(uncertain, found, np.maximum(gain, 0.0))
    ### END SOLUTION


# %% check="5.3"
check("5.3")

# %% [markdown]
# Three rivals, all on the same model:
# - **probability of improvement**, $\Phi(z)$: how likely is any gain at all, however small?
# - **upper confidence bound**, $\mu + \sqrt\beta\,\sigma$ (Srinivas et al. 2010): the optimist's score. √β is yours to set.
# - **Thompson sampling**: draw one function from the posterior, go to its maximum.

# %%
predict(
    "05-greedy",
    "Which of them stays nearest to the best point so far?",
    options=["expected improvement", "probability of improvement", "upper confidence bound"],
)

# %%
mean, variance = process.posterior(grid(1))
spread, best = np.sqrt(variance), scores.max()
rules = {
    "expected improvement": np.exp(log_expected_improvement(mean, spread, best)),
    "probability of improvement": np.exp(log_probability_of_improvement(mean, spread, best)),
    "upper confidence bound": upper_confidence_bound(mean, spread, 2.0),
    "Thompson sampling": process.sample(grid(1), 1, np.random.default_rng(3))[0],
}

# %%
figure, panels = plt.subplots(2, 2, figsize=(9, 4.6), sharex=True, layout="constrained")
for panel, (name, values) in zip(panels.flat, rules.items()):
    panel.plot(line, values, marker="")
    panel.axvline(line[values.argmax()], color=theme.PALETTE[1], linestyle="--", marker="")
    panel.plot(x, np.full(len(x), values.min()), "o", color=theme.INK)
    panel.set_title(f"{name}: {line[values.argmax()]:.2f}")
plt.show()

# %%
chosen = {name: line[values.argmax()] for name, values in rules.items()}
leader = x[scores.argmax()]
measured("05-greedy", min(list(chosen)[:3], key=lambda name: abs(chosen[name] - leader)))
measured("05-next", round(chosen["expected improvement"], 2))

# %% [markdown]
# The probability of improvement stays beside the best point, where a tiny gain is almost certain: it does not ask how large the gain would be. The other two look to the right, where nobody has measured. This is why expected improvement is the usual choice, and why people who use the probability of improvement ask for a gain of at least some margin.
#
# Notice how many **local maxima** the curves have: the acquisition is zero at each measured point and rises between them. A single climb from one place ends in any of these. So the kit evaluates a thousand candidates at once: half random, half near the best trials; Keras Tuner climbs from fifty places.

# %% claim="Probability of improvement stays beside the best, the others look where nobody has measured"
assert abs(chosen["probability of improvement"] - leader) < 0.06
for name in ("expected improvement", "upper confidence bound"):
    assert 0.65 < chosen[name] < 0.95

# %% claim="Expected improvement has local maxima between the measured points"
curve = rules["expected improvement"]
inside = curve[1:-1]
assert np.sum((inside > curve[:-2]) & (inside >= curve[2:])) >= 3
assert np.interp(x, line, curve).max() < 0.05 * curve.max()

# %%
recall(
    "05-bound",
    "What does the upper confidence bound do if √β is 0, and what if it is very large?",
    answer="With 0 it measures where the mean is highest, and learns little. If it is very large, only the uncertainty counts: it fills the largest gap each time, whatever the scores are.",
)

# %% [markdown]
# ## 5. You against the machine
# Now play. The function is hidden, two points are given, eight are yours: place them **by hand** (slider x, then *Place here*), or let the acquisition place them. Meanwhile the kit's Bayesian optimization plays the same game from the same two points. After ten points you see the function and both results.
# - Play the hills by hand. Then press *Another*, and let expected improvement play.
# - Set the length scale to 0.02 and to 1. What does the acquisition do? Then press *Most likely*; with three points it may choose anything, so press it again later.
# - Take the probability of improvement with exploration 0. When does it leave a hill?
# - Take the noisy hills with noise 0. What does the model do with two scores that are near and differ? Then raise the noise.
# - A cliff and a needle: which of your assumptions do they break?

# %%
Surrogate()

# %% [markdown]
# ## 6. What the axes mean
# The kernel has one idea of "near": a distance. So *you* decide what is near when you write down the space. Learning rates are the usual trap. From 0.001 to 0.002 is a large step, from 0.501 to 0.502 is none.
#
# ### Exercise 5.4. Find the bug: raw learning rates
# A colleague moves learning rates from `low` to `high` to places in 0..1 for a Gaussian process. It runs, but the model predicts nothing below 0.1. Repair it: equal *factors* are equal distances, `low` is at 0 and `high` at 1.


# %% exercise="5.4"
def places(rates, low, high):
    ### BEGIN SOLUTION
    #: return (rates - low) / (high - low)
    return np.log(rates / low) / np.log(high / low)
    ### END SOLUTION


# %% check="5.4"
check("5.4")

# %% [markdown]
# How much does it matter? Thirty small networks are trained for three epochs each, with learning rates from 0.0001 to 1. Twenty of the scores are given to two models: one sees the raw rates (`Float(1e-4, 1)`), the other their logarithms (`Float(1e-4, 1, log=True)`). Then both predict the other ten.

# %%
predict("05-raw", "How many times larger is the error with raw rates?", unit="times")

# %%
digits = data.load("digits")


def trained(rate):
    """The validation accuracy of a small network after three epochs with this learning rate."""
    _, run = train_perceptron({"units": 32, "learning_rate": rate}, digits, epochs=3, seed=0)
    return list(run)[-1].score


rates = 10 ** np.random.default_rng(5).uniform(-4, 0, 30)
accuracies = np.array([trained(rate) for rate in rates.tolist()])


# %%
def error_of(domain, order):
    """The error for ten rates of a model that knows twenty, in points."""
    space = Space({"rate": domain})
    points = np.array([space.encode({"rate": rate}) for rate in rates.tolist()])[order]
    model = GaussianProcess(Axes(space), points[:20], accuracies[order][:20])
    errors = model.posterior(points[20:])[0] - accuracies[order][20:]
    return 100 * np.sqrt(np.mean(errors**2))


raw, log = Float(1e-4, 1.0), Float(1e-4, 1.0, log=True)
orders = [np.random.default_rng(seed).permutation(30) for seed in range(20)]
errors = [np.median([error_of(domain, order) for order in orders]) for domain in (raw, log)]
measured("05-raw", round(errors[0] / errors[1], 1))

# %%
plt.plot(rates, 100 * accuracies, "o")
plt.xscale("log")
plt.title(f"Median error: {errors[0]:.0f} points with raw rates, {errors[1]:.0f} with logarithms")
plt.xlabel("learning rate")
plt.ylabel("validation accuracy, %")
plt.show()

# %% claim="With raw learning rates the error is larger, for other draws too"
assert errors[0] > 1.5 * errors[1]
for first in (20, 40):
    others = [np.random.default_rng(first + seed).permutation(30) for seed in range(20)]
    one, two = (np.median([error_of(domain, order) for order in others]) for domain in (raw, log))
    assert one > 1.5 * two

# %% [markdown]
# Choices have no order: between "sgd" and "adam" nothing lies. The kit's kernel gives any two values of a choice the squared distance 1. And a hyperparameter that exists only beside another (momentum, for SGD) equals itself where it is absent. Here are squared distances between four configurations; the length scales weigh them later.

# %%
space = Space(
    {
        "optimizer": Choice(["sgd", "adam", "rmsprop"]),
        "momentum": Float(0, 1).when(optimizer="sgd"),
        "dropout": Float(0, 1),
    }
)
some = {
    "adam": {"optimizer": "adam", "dropout": 0.5},
    "rmsprop": {"optimizer": "rmsprop", "dropout": 0.5},
    "sgd, 0.1": {"optimizer": "sgd", "momentum": 0.1, "dropout": 0.5},
    "sgd, 0.9": {"optimizer": "sgd", "momentum": 0.9, "dropout": 0.5},
}
vectors = Embedding(Axes(space))(np.array([space.encode(each) for each in some.values()]))
apart = ((vectors[:, None] - vectors) ** 2).sum(axis=2)
for name, row in zip(some, apart):
    print(f"{name:10}", *(f"{each:6.2f}" for each in row))

# %% [markdown]
# Adam and RMSprop differ in one thing: 1, although neither has a momentum. Two SGDs differ by their momentum, 0.8² = 0.64. SGD and Adam differ in two: the optimizer, and a momentum against none. Had you numbered the optimizers 0, 1, 2, the model would believe that one of them lies between the other two. Had you called a momentum of 0 "none", plain SGD would look like Adam.
#
# Whole numbers lie on the axis like any other number, each in the middle of its share: with one to four layers, one layer is at 0.125 and two are at 0.375. The kit asks its acquisition only at places that exist. Who climbs in the continuum and rounds at the end may round to a place that is known already: you will see that in section 12.

# %% claim="Adam and RMSprop are 1 apart, two momenta 0.64, SGD and Adam almost 2"
assert abs(apart[0, 1] - 1) < 1e-9 and abs(apart[2, 3] - 0.64) < 1e-9
assert (apart[0, 2:] > 1.7).all() and (apart[0, 2:] < 2.01).all()

# %% claim="One layer of one to four is at 0.125, two are at 0.375"
from coursekit import Integer

layers = Space({"layers": Integer(1, 4)})
assert [layers.encode({"layers": count})[0] for count in (1, 2)] == [0.125, 0.375]

# %% [markdown]
# ## 7. Several workers
# Four GPUs are free. You ask for a suggestion, start it, and ask again: its score is not known yet. The model has not changed, so the acquisition has not changed either.

# %%
predict("05-workers", "How many different places do four workers get?", unit="places")


# %%
def favourite(model, known):
    """The place with the highest expected improvement over the best of the known places."""
    best = model.posterior(np.array(known)[:, None])[0].max()
    mean, variance = model.posterior(grid(1))
    return float(line[np.argmax(log_expected_improvement(mean, np.sqrt(variance), best))])


forgetful = [favourite(process, x) for worker in range(4)]
measured("05-workers", len(set(forgetful)))

# %% [markdown]
# Something must be told to the model about the running trials. Two ways are in use. The **believer** takes the model's own mean as the score: the mean stays, but the uncertainty there disappears, and with it the hope for more. The **constant liar** takes one and the same made-up score, for instance the lowest so far. The kit believes (`GaussianProcess.believing`):

# %%
believer, busy = process, []
for _worker in range(4):
    busy.append(favourite(believer, [*x, *busy]))
    believer = believer.believing(np.array([[busy[-1]]]))
print("forgetful:", *(f"{place:.2f}" for place in forgetful))
print("believing:", *(f"{place:.2f}" for place in busy))

# %% claim="A forgetful acquisition sends all workers to one place, a believer to four"
assert len(set(forgetful)) == 1
assert np.diff(sorted(busy)).min() > 0.05

# %% [markdown]
# ### Exercise 5.5. The constant liar
# Write `batch(x, y, suggest, count)`, which returns the list of `count` places for as many workers. `suggest(x, y)` gives the next place for the lists of places and scores that it is told. After each suggestion, add the place to what you tell it, with a **lie** as its score: the lowest score that was measured. The lists `x` and `y` belong to the caller: do not change them.
#
# By hand: measured are 0.2 with score 1, and 0.6 with score 3. The first call is told these two. It answers 0.9. The second call is told 0.2, 0.6, 0.9 and the scores 1, 3, 1.


# %% exercise="5.5"
def batch(x, y, suggest, count):
    ### BEGIN SOLUTION
    places, told = list(x), list(y)
    lie = min(y)
    for _ in range(count):
        places.append(suggest(places, told))
        told.append(lie)
    return places[len(x) :]
    ### END SOLUTION


# %% check="5.5"
check("5.5")

# %% [markdown]
# ### Exercise 5.6. Find the bug: an acquisition that forgets
# This strategy works with one worker. With three, all of them train the same candidate. `history.completed` holds the trials with a score, `history.running` those without. Repair `suggest`: the model must know where trials run, and the best of what it believes includes them. (`process.believing(points)` is a new process; points have shape (n, axes).)


# %% exercise="5.6"
class ByHand(Strategy):
    """Bayesian optimization on one axis."""

    def suggest(self, history, rng):
        if len(history.completed) < 3:
            return Suggestion(self.fresh(history, rng))
        ### BEGIN SOLUTION
        #: points = self.encoded(history.completed)
        #: scores = np.array([trial.score for trial in history.completed])
        #: process = GaussianProcess(Axes(self.space), points, scores)
        points = self.encoded(history.completed)
        scores = np.array([trial.score for trial in history.completed])
        process = GaussianProcess(Axes(self.space), points, scores)
        if history.running:
            running = self.encoded(history.running)
            process = process.believing(running)
            points = np.concatenate((points, running))
        ### END SOLUTION
        best = process.posterior(points)[0].max()
        asked = np.linspace(0, 1, 401)[:, None]
        mean, variance = process.posterior(asked)
        gain = log_expected_improvement(mean, np.sqrt(variance), best)
        return Suggestion(self.space.decode(asked[gain.argmax()]))

    def encoded(self, trials):
        return np.array([self.space.encode(trial.configuration) for trial in trials])


# %% check="5.6"
check("5.6")

# %%
recall(
    "05-liar",
    "A constant liar says the *highest* score so far. Where do the next workers go?",
    answer="Beside the running trials: the model believes that they are as good as the best, and looks for more nearby. A low lie drives the workers apart.",
)

# %% [markdown]
# ## 8. The other half: TPE
# A Gaussian process models the score, given the place. The tree-structured Parzen estimator (Bergstra et al. 2011) turns that around: it models the **places**, given that the score is good or bad. The best γ of all trials are "good" (here 20 %). One density is estimated from the good places, l(x), one from the others, g(x); each is a sum of small bumps, one around each point, as wide as its neighbours are far, with a uniform density added so that no place is impossible. The paper shows that the expected improvement grows with the ratio l(x) / g(x). So TPE draws candidates from l and takes the one with the highest ratio.

# %%
tried = np.sort(np.random.default_rng(4).random(30))
heights = hills.heights(tried[:, None])
top = heights >= np.sort(heights)[-6]  # the best 20 %
good, bad = (
    ParzenEstimator(axes, points, to_neighbours(axes, points, shrinking(axes, len(points))))
    for points in (tried[top, None], tried[~top, None])
)

# %%
densities = [np.exp(each.log_density(grid(1))) for each in (good, bad)]
figure, panels = plt.subplots(2, 1, figsize=(7.5, 4.4), sharex=True, layout="constrained")
for values, name in zip(densities, ("l, of the good places", "g, of the bad places")):
    panels[0].plot(line, values, marker="", label=name)
panels[1].plot(line, densities[0] / densities[1], marker="", label="their ratio")
panels[1].plot(tried, heights, "o", label="the scores")
for panel in panels:
    panel.legend()
plt.show()

# %% [markdown]
# Nothing in this needs a kernel between two configurations, a matrix or its inverse. So TPE copes with any choice and condition, and a suggestion stays cheap after a thousand trials. The price: it does not know how uncertain it is, and far from all points it can only guess.
#
# ### Exercise 5.7. The density ratio
# Write `density_ratio(x, y, share, asked, width)`: the ratio l / g at each place in `asked`.
# - Of the n trials, the best `math.ceil(share * n)` are good, the others bad; higher scores are better.
# - The density of m places at a place a is the average of m + 1 densities: a normal density around each of the m places with standard deviation `width` (`norm.pdf(a, place, width)`), and the uniform density, which is 1.


# %% exercise="5.7"
def density_ratio(x, y, share, asked, width):
    ### BEGIN SOLUTION
    order = np.argsort(-y)
    count = math.ceil(share * len(x))

    def density(places):
        bumps = norm.pdf(asked[:, None], places, width).sum(axis=1)
        return (bumps + 1) / (len(places) + 1)

    return density(x[order[:count]]) / density(x[order[count:]])
    ### END SOLUTION


# %% check="5.7"
check("5.7")

# %% [markdown]
# What does γ do? With a small one, l has few bumps: the search stays beside the best trials. With a large one, l resembles g, and the ratio says little. Here are three shares, with sixty trials each, in a table of 4,536 perceptrons that were trained once for everybody.

# %%
shares = {f"good={share}": f"tpe(good={share}, most_good=60)" for share in (0.05, 0.2, 0.6)}

# %%
predict("05-gamma", "Which share will be the best?", options=list(shares))

# %%
perceptrons = MLPs()
gammas = race(perceptrons, {**shares, "random": "random"}, trials=60, seeds=20)
print(report.table(gammas))
print(report.statement(gammas))

# %%
measured("05-gamma", min(shares, key=gammas.ranks().get))

# %% [markdown]
# A share of 20 % or of 60 % is clearly ahead of random search. Five per cent of sixty trials are three: a density of three points tells little. (The kit takes 10 %.)

# %% claim="A good share of 20 % or 60 % is ahead of random search"
pairs = {frozenset((c.better, c.worse)): c for c in gammas.comparisons()}
for share in ("good=0.2", "good=0.6"):
    pair = pairs[frozenset((share, "random"))]
    assert pair.better == share and pair.significant
assert strategies.make("tpe", perceptrons.space).good == 0.1

# %% [markdown]
# ## 9. What it costs to think
# Random search thinks for microseconds. A Gaussian process of n trials solves equations with an n × n matrix, which takes n³ steps, and it does so many times while it fits its length scales. How long does one suggestion take after so many trials?

# %%
predict("05-thinking", "Bayesian optimization: one suggestion after 200 trials", unit="ms")


# %%
def thinking(name, trials):
    """Milliseconds for one suggestion after that many trials."""
    history = Search(strategies.make("random", perceptrons.space)).run(perceptrons, trials=trials)
    strategy, rng = strategies.make(name, perceptrons.space), np.random.default_rng(0)
    for trial in history:
        strategy.observe(trial, rng)
    begun = time.perf_counter()
    strategy.suggest(history, rng)
    return 1000 * (time.perf_counter() - begun)


counts = (25, 50, 100, 200, 400)
taken = {name: [thinking(name, n) for n in counts] for name in ("random", "tpe", "bayesian")}
measured("05-thinking", round(taken["bayesian"][counts.index(200)]))

# %%
for name, milliseconds in taken.items():
    plt.loglog(counts, milliseconds, label=name)
plt.xticks(counts, counts)
plt.minorticks_off()
plt.title("Time for one suggestion, with all fitting")
plt.xlabel("finished trials")
plt.ylabel("ms")
plt.legend()
plt.show()

# %% [markdown]
# Is that much? Compare it with one training. If a training takes an hour, a second of thinking is nothing, and everything that saves one training pays. If a training takes as long as a suggestion (a table, a tiny model), random search makes two trials in that time, and evolution too. And if two hundred workers ask at once, they wait for one another. So that the cost stays bounded, the kit fits its length scales again only when the number of trials has grown by a tenth, and shows the model at most 400 trials (`most`): the best and the latest.

# %% claim="The model sees at most 400 trials"
assert strategies.make("bayesian", perceptrons.space).most == 400

# %% [markdown]
# ## 10. A race in three worlds
# Now the comparison: random search, quasi-random points (lab 04), TPE, Bayesian optimization and regularized evolution (lab 06, with a population of ten, since the budget is small), forty trials each, from the same twenty seeds. Three worlds of different character:
# - hyperparameters of **perceptrons**: numbers and a few choices;
# - **cells** of NAS-Bench-201 on CIFAR-100: six choices of five operations, nothing is ordered;
# - a **needle**: six numbers, a plain, and one narrow peak in it.

# %%
contestants = {name: name for name in ("random", "quasi_random", "tpe", "bayesian")}
contestants["evolution"] = "regularized_evolution(population_size=10)"

# %%
predict("05-race", "Which has the best mean rank among perceptrons?", options=list(contestants))

# %%
predict(
    "05-needle",
    "And on the needle?",
    options=[*contestants, "no clear difference from random search"],
)

# %%
worlds = [perceptrons, NASBench201("cifar100"), Landscape("needle", dimensions=6)]
found = [race(each, contestants, trials=40, seeds=20) for each in worlds]

# %%
for each in found[:2]:
    report.figure(each, spread=True)
    plt.show()

# %%
for each in found:
    print(report.table(each), report.statement(each), sep="\n", end="\n\n")

# %%
ranks = found[0].ranks()
measured("05-race", min(ranks, key=ranks.get))
ahead = [c.better for c in found[2].comparisons() if c.significant and c.worse == "random"]
measured("05-needle", ahead[0] if ahead else "no clear difference from random search")

# %% [markdown]
# In the first two worlds, both models are ahead of random search after forty trials, ten of which were random draws. Where good candidates have good neighbours, a model finds that out. On the needle there is nothing to learn: the plain says nothing about the peak, so no method is better than luck. (A figure of it would have five lines on one another: hardly a search has met the peak.)

# %% claim="TPE and Bayesian optimization lead random search among perceptrons and cells"
from coursekit.race.significance import compare


def both_lead(scores):
    """Both models are told apart from random search, and better."""
    pairs = compare({name: scores[name] for name in ("random", "tpe", "bayesian")})
    own = [pair for pair in pairs if "random" in (pair.better, pair.worse)]
    return all(pair.significant and pair.worse == "random" for pair in own)


assert all(both_lead(shown.best()) for shown in found[:2])


# %% claim="They lead from other seeds too" tags=["nightly"]
def best_of(name, world, seed):
    """The best of forty trials."""
    strategy = strategies.make(name, world.space)
    return Search(strategy, seed=seed).run(world, trials=40, progress=False).best().score


for world in worlds[:2]:
    names = ("random", "tpe", "bayesian")
    other = {name: [best_of(name, world, seed) for seed in range(20, 40)] for name in names}
    assert both_lead(other), str(world)

# %% claim="On the needle nothing is told apart from random search"
for pair in found[2].comparisons():
    assert not pair.significant, pair
assert np.mean([values > 0.25 for values in found[2].best().values()]) < 0.2

# %% [markdown]
# ## 11. Where it loses
# Three more things take its lead away. The first is a **tiny budget**: the first ten trials are random draws, because a model of two points knows nothing. With ten trials, you have paid for random search.
#
# The second is **noise**. If the same training gives another score each time, the model has to average over neighbours, and the best score so far was also the luckiest. The third is the number of **dimensions**: in two dimensions fifty points are dense, in twenty they are lost, and everything is far from everything.

# %%
predict("05-dimensions", "What is left of the way up in 20 dimensions, after 40 trials?", unit="%")

# %%
variants = {
    "2 dimensions": Landscape("ripples", dimensions=2),
    "6 dimensions": Landscape("ripples", dimensions=6),
    "20 dimensions": Landscape("ripples", dimensions=20),
    "2, with noise": Landscape("ripples", dimensions=2, noise=0.3),
}


def left(world):
    """What is left to the summit after 40 trials, in percent: random search, Bayesian."""
    noisy = bool(world.noise)
    best = race(world, ["random", "bayesian"], trials=40, seeds=8, noisy=noisy).best()
    return [100 * float(np.mean(world.optimum - values)) for values in best.values()]


lefts = {name: left(world) for name, world in variants.items()}
measured("05-dimensions", round(lefts["20 dimensions"][1]))

# %%
places_of = np.arange(len(lefts))
for shift, name, values in zip((-0.2, 0.2), ("random", "bayesian"), zip(*lefts.values())):
    plt.bar(places_of + shift, values, 0.35, label=name, hatch="//" if shift > 0 else "")
plt.xticks(places_of, lefts)
plt.title("Left to the summit after 40 trials (mean of 8 seeds)")
plt.ylabel("% of the height")
plt.legend()
plt.show()

# %% claim="With more dimensions, and with noise, more is left"
assert lefts["2 dimensions"][1] < lefts["6 dimensions"][1] < lefts["20 dimensions"][1]
assert lefts["2, with noise"][1] > 2 * lefts["2 dimensions"][1]

# %% claim="Ten trials of Bayesian optimization are ten random draws"
for seed in range(3):
    made = [
        [
            trial.configuration
            for trial in Search(strategies.make(name, perceptrons.space), seed=seed).run(
                perceptrons, trials=10
            )
        ]
        for name in ("random", "bayesian")
    ]
    assert made[0] == made[1]

# %%
recall(
    "05-noise",
    "A search with noise reports a best score of 97 %. What do you expect when you train that configuration again?",
    answer="Less. The best of many noisy scores was chosen also for its luck. The mean of the model at that place is a better guess than the score.",
)

# %% [markdown]
# ## 12. In Keras Tuner
# `keras_tuner.BayesianOptimization` uses a Gaussian process with the upper confidence bound. It climbs to the maximum in the continuous cube, and then rounds to the values that the hyperparameters have. Nothing prevents it from rounding to a configuration that it has trained already. `coursekit.tuners.BayesianOptimization` takes its place with one changed line, and leaves out what it has tried.
#
# First a search in which training costs nothing: both tuners look up the accuracies of 42 perceptrons (six sizes, seven learning rates), 24 trials each. So all the time that you see is thinking.

# %%
import keras
import keras_tuner as kt

from coursekit import tuners
from coursekit.widgets import SearchMonitor

# %%
predict(
    "05-repeats", "Keras Tuner's search: how many of 24 trials are different?", least=1, most=24
)

# %%
grid_of = kt.HyperParameters()
grid_of.Int("units", 2, 64, step=2, sampling="log")
grid_of.Choice("learning_rate", [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1])
others = dict(layers=1, activation="relu", dropout=0.0, batch_size=64, optimizer="adam")
objective = kt.Objective("val_accuracy", "max")


both = {"keras_tuner": kt.BayesianOptimization, "coursekit": tuners.BayesianOptimization}


def looked_up(name):
    """A tuner that looks its accuracies up."""

    class LooksUp(both[name]):
        def run_trial(self, trial, *args, **kwargs):
            return {"val_accuracy": perceptrons.accuracy(others | trial.hyperparameters.values)}

    where = dict(directory="tuning", project_name=f"looked-up-{name}", overwrite=True)
    options = dict(objective=objective, max_trials=24, num_initial_points=6, seed=1, **where)
    return LooksUp(hyperparameters=grid_of.copy(), **options)


# %%
different = {}
for name in both:
    searching, begun = looked_up(name), time.perf_counter()
    searching.search(verbose=0)
    pace, best = (time.perf_counter() - begun) / 24, searching.oracle.get_best_trials()[0]
    made = [trial.hyperparameters.values for trial in searching.oracle.trials.values()]
    different[name] = len({(each["units"], each["learning_rate"]) for each in made})
    print(f"{name:12} {different[name]} of 24 different, best {best.score:.2%}, ", end="")
    print(f"{1000 * pace:.0f} ms of thinking a trial")

# %%
measured("05-repeats", different["keras_tuner"])

# %% claim="Keras Tuner's Bayesian search repeats itself, the kit's does not"
assert different["keras_tuner"] <= 20 and different["coursekit"] == 24

# %% [markdown]
# A repeated trial is a training that you pay for and that tells you nothing but its noise. Now the real thing, eight trials of two epochs, four of them chosen by the model.

# %%
images = data.load("mnist-5k")


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


# %%
predict("05-keras", "Best validation accuracy among eight trials of two epochs", unit="%")

# %%
where = dict(directory="tuning", project_name="bayesian", overwrite=True)
tuner = tuners.BayesianOptimization(
    build, "val_accuracy", max_trials=8, seed=5, num_initial_points=4, **where
)
SearchMonitor(tuner)
tuner.search(*images.train, epochs=2, validation_data=images.validation, batch_size=128, verbose=0)

# %%
measured("05-keras", round(100 * tuner.oracle.get_best_trials()[0].score, 1))
costs = [trial.cost for trial in tuner.oracle.history]
print(f"A trial trained for {np.mean(costs):.1f} s: compare that with the thinking above.")

# %% [markdown]
# ## 13. A model of your own
# Write your own model into `build_mine`, or take your own data in place of `images`: two pairs of arrays, for training and for validation. Before you run it, say which axes need a log scale, which choices have an order, and how many trials the budget allows beyond the random ones.


# %%
def build_mine(hp):
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(hp.Int("units", 16, 128, sampling="log"), "relu"))
    model.add(keras.layers.Dense(10, "softmax"))
    rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log")
    optimizer = keras.optimizers.Adam(rate)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# %%
mine = tuners.BayesianOptimization(
    build_mine,
    "val_accuracy",
    max_trials=4,
    seed=5,
    num_initial_points=3,
    directory="tuning",
    project_name="mine",
    overwrite=True,
)
SearchMonitor(mine)
mine.search(*images.train, epochs=1, validation_data=images.validation, batch_size=128, verbose=0)

# %% [markdown] conclusion="05"
# ## 14. Your conclusion
# A colleague tunes twelve hyperparameters of a model that trains for two hours. She has four GPUs for a week, and her colleague next door says "just use random search". Write four or five sentences: what would you use, what must be right in the space before it, what do you do about the four GPUs, and what would make you agree with the neighbour?
#
# - It counts the trials (four GPUs for a week are about 330 trainings of two hours) and says that a model has enough to learn from.
# - It asks for log scales of rates and sizes, an order only where there is one, and conditions for what depends on a choice.
# - Running trials must be told to the model, by a believer or a liar.
# - It names a case for random search: a tiny budget, very noisy scores, trainings as short as the thinking, or a needle.
# - It compares the two at equal budgets over several seeds, or says that one run proves nothing.

# %% [markdown]
# ## 15. What to take away
# - A Gaussian process is a kernel and two formulas. The length scale says what "near" means, and the likelihood chooses it.
# - Expected improvement weighs the mean against the uncertainty without a weight to set. The probability of improvement is greedy, an upper confidence bound is as bold as you make it.
# - The space is half of the model: logarithms, orders and conditions are yours to declare.
# - Several workers need a lie or a belief about the running trials.
# - TPE models where good trials lie; it is cheap and copes with any choice. A Gaussian process knows its uncertainty, and thinks longer.
# - It pays when a training costs more than the thinking, when there are some dozens of trials, and when good candidates have good neighbours. Otherwise random search is hard to beat.
#
# **Read on:** expected improvement and the whole loop, Jones et al. 1998 (`jones1998efficient`); hyperparameters, and kernels for them, Snoek et al. 2012 (`snoek2012practical`); both beside the code in the guide `references/bayesian_optimization.md`. TPE, Bergstra et al. 2011 (`bergstra2011algorithms`), with the guide `references/tree_parzen_estimator.md`, and what its settings do, Watanabe 2023 (`watanabe2023tree`). Upper confidence bounds, Srinivas et al. 2010 (`srinivas2010gaussian`). The textbook, Rasmussen and Williams 2006 (`rasmussen2006gaussian`). Length scales for many dimensions, Hvarfner et al. 2024 (`hvarfner2024vanilla`). The keys are in `references/references.bib`.

# %%
progress()
