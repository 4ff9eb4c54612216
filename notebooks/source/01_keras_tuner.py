# %% [markdown]
# # Lab 01. Keras Tuner: is this architecture any good?
#
# A colleague gives you a network: one hidden layer of 512 units, learning rate 0.001. It works. Would 64 units be enough? Would another learning rate need half the time? Nobody has tried. In this lab you try, first by hand, then with four kinds of search. In the end you answer with three figures.
#
# **After it you can**
# - turn a model into a *hypermodel*, with conditional hyperparameters where they make sense;
# - choose between random, grid, Hyperband and Bayesian search, and say before a search what it will cost;
# - stop, resume and read a search, and look at it in TensorBoard;
# - show with data whether a smaller network is enough.
#
# **It takes** about four minutes of computing on two cores (all cells), and an hour or more of your time. **Budget:** at most 319 epochs of Keras training and 320 of a small NumPy network (and 20 for each of your own attempts), 5,000 images, no GPU, no network connection.
#
# **How it works:** predict before you run; move every slider; write code where the text asks for it, then run the check below it. Stuck? `hint("1.1")`, and again for more; after a try, `solution("1.1")`.

# %% tags=["setup"]
import itertools
import time
from pathlib import Path

from coursekit.labs import check, hint, measured, predict, progress, recall, solution

# %% tags=["setup"]
from coursekit import data, plots, theme
from coursekit.status_line import counted
from coursekit.training.numpy.perceptron import train_perceptron
from coursekit.widgets import Explorer, SearchMonitor

import keras
import keras_tuner as kt
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

theme.use()  # figures follow JupyterLab's theme

# %% [markdown]
# ## 1. The data and the baseline
# The data are 5,000 images of MNIST, so that a whole search fits into a minute. There are three parts, and each has one purpose: training learns the weights from **train**, we choose hyperparameters by **validation**, and we open **test** once, at the very end.

# %%
images = data.load("mnist-5k")
{name: getattr(images, name).x.shape for name in ("train", "validation", "test")}

# %% claim="The three parts are 5,000 images together"
assert sum(len(part.y) for part in (images.train, images.validation, images.test)) == 5000

# %%
figure, axes = plt.subplots(1, 10, figsize=(7, 1))
for digit, place in enumerate(axes):
    place.imshow(images.train.x[images.train.y == digit][0], cmap="gray_r")
    place.axis("off")
figure.suptitle("One training image of each digit", y=1.05)
figure.alt = "One training image of each digit, 0 to 9."


# %% [markdown]
# Training learns the **parameters**: here 407,050 weights. The **hyperparameters** are decided before training: the colleague chose 512 units, dropout 0.2 and learning rate 0.001.


# %% tags=["setup"]
def compiled(*hidden, optimizer="adam"):
    """A classifier of 28 x 28 images with these hidden layers."""
    output = keras.layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), *hidden, output])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# %%
baseline = compiled(keras.layers.Dense(512, activation="relu"), keras.layers.Dropout(0.2))
baseline.count_params()

# %% claim="The baseline has 407,050 weights and a learning rate of 0.001"
assert baseline.count_params() == 407_050
assert abs(float(baseline.optimizer.learning_rate) - 0.001) < 1e-8

# %% [markdown]
# **Predict first.** Which validation accuracy will it have after ten epochs?

# %%
predict("01-baseline", "Baseline after 10 epochs: validation accuracy", unit="%")

# %%
keras.utils.set_random_seed(1)
training = dict(validation_data=images.validation, batch_size=128, verbose=0)
history = baseline.fit(*images.train, epochs=10, **training).history
measured("01-baseline", round(100 * history["val_accuracy"][-1], 1))

# %% [markdown]
# One number says little. The curve says more: after five epochs it rises little. So does the network need all ten epochs? And does it need all 512 units?

# %%
plots.learning_curves([history["val_accuracy"]], bold=0, names=["baseline"])
plt.title("The baseline: one run, one seed")
plt.show()

# %% claim="After five epochs the baseline's curve rises little"
curve = history["val_accuracy"]
early, late = curve[4] - curve[0], curve[9] - curve[4]
assert late < 0.025 and late < early / 3

# %% claim="After five epochs the baseline's curve rises little, from other seeds too" tags=["nightly"]
for seed in (2, 3):
    keras.utils.set_random_seed(seed)
    other = keras.models.clone_model(baseline)
    other.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    curve = other.fit(*images.train, epochs=10, **training).history["val_accuracy"]
    early, late = curve[4] - curve[0], curve[9] - curve[4]
    assert late < 0.025 and late < early / 3

# %% [markdown]
# ## 2. By hand
# Before any tuner does it, tune the network yourself. Each time you release a slider, the kit trains a network, on 1,078 images of 8 x 8 pixels, mostly in less than a second. (It is a small NumPy network, `coursekit/training/numpy/perceptron.py`; tests compare it with Keras.)
#
# Find the best configuration that you can in ten attempts, then press **Tuner's turn**: random search gets as many trials as you had. Which of you wins? Which slider matters most, and which has almost no effect?

# %%
predict(
    "01-hand",
    "After ten attempts each, which side will lead?",
    options=["you", "random search", "a draw"],
)

# %%
explorer = Explorer("digits")
explorer

# %% claim="The Explorer trains on 1,078 images, mostly in less than a second of computing"
from coursekit.widgets.attempts import Attempts

assert len(data.load("digits").train.y) == 1078
attempts, computed = Attempts(data.load("digits"), seed=100), []
for _ in range(20):
    begun = time.process_time()
    attempts.random()
    computed.append(time.process_time() - begun)
assert np.median(computed) < 1

# %% [markdown]
# Random search has no intuition, but it prefers no value either (Bergstra and Bengio 2012). Run the next cell when you have finished.

# %%
if explorer.attempts.leader():
    measured("01-hand", explorer.attempts.leader())
else:
    print(f"Your best: {explorer.attempts.best().score:.1%}. The tuner has not played yet.")

# %% [markdown]
# ## 3. From model to hypermodel
# A **hypermodel** is a function of `hp`. Where somebody decided a number, the function asks `hp` for it. Each question has a name and a range. It also has a scale: logarithmic if the range spans orders of magnitude.


# %%
def build(hp):
    units = hp.Int("units", 32, 512, step=32)
    learning_rate = hp.Choice("learning_rate", [1e-2, 1e-3, 1e-4])
    hidden = keras.layers.Dense(units, activation="relu")
    optimizer = keras.optimizers.Adam(learning_rate)
    return compiled(hidden, keras.layers.Dropout(0.2), optimizer=optimizer)


# %% [markdown]
# Keras Tuner calls `build` with a `HyperParameters` object, which records each question and answers it. Here you answer in the tuner's place.

# %%
hp = kt.HyperParameters()
hp.Fixed("units", 64)
build(hp).count_params(), hp.values

# %% [markdown]
# ### Exercise 1.1. More to tune
# Write `build_wider(hp)`: as `build`, with two more questions in place of fixed decisions:
# - `"activation"`: `"relu"` or `"tanh"`, for the hidden layer;
# - `"dropout"`: from 0.0 to 0.5 in steps of 0.1, the rate of the dropout layer.
#
# Everything else stays as it is in `build`.


# %% exercise="1.1"
def build_wider(hp):
    ### BEGIN SOLUTION
    units = hp.Int("units", 32, 512, step=32)
    learning_rate = hp.Choice("learning_rate", [1e-2, 1e-3, 1e-4])
    hidden = keras.layers.Dense(units, activation=hp.Choice("activation", ["relu", "tanh"]))
    dropout = keras.layers.Dropout(hp.Float("dropout", 0.0, 0.5, step=0.1))
    return compiled(hidden, dropout, optimizer=keras.optimizers.Adam(learning_rate))
    ### END SOLUTION


# %% check="1.1"
check("1.1")

# %% [markdown]
# ### Exercise 1.2. How big is the space?
# Before any search, count. Write `grid_size(low, high, step, choices)`: how many configurations does a space have with one integer hyperparameter from `low` to `high` **inclusive** in steps of `step`, and one choice among `choices` values? If the last step would end above `high`, it is not taken: from 1 to 10 in steps of 4 there are 1, 5 and 9.


# %% exercise="1.2"
def grid_size(low, high, step, choices):
    ### BEGIN SOLUTION
    return ((high - low) // step + 1) * choices
    ### END SOLUTION


# %% check="1.2"
check("1.2")

# %% [markdown]
# The space of `build` has 48 configurations. Ten epochs for each are 480 epochs. That is possible here, and impossible for a network that trains for a day. So a search has a budget, and the question is how to spend it.

# %% claim="The space of build has 48 configurations, 480 epochs"
asked = kt.HyperParameters()
build(asked)
sizes_of_questions = [len(list(question.values)) for question in asked.space]
assert np.prod(sizes_of_questions) == 48 and 48 * 10 == 480

# %% [markdown]
# ## 4. Random search and grid search, at equal budgets
# Each search gets eight trials of five epochs. If a **monitor** is attached to a tuner, its `search` shows what it does: the best score so far, every trial as a line through its hyperparameters, the epochs spent, the time left. **Stop** ends the search between two batches. **Resume** continues with the trial that was interrupted. Try both while a search runs, and wait for *finished* before you continue: the cells below need a result.
#
# Early stopping watches the validation loss and ends a run that has not improved for `patience` epochs. So a trial costs *at most* its budget.

# %%
predict("01-random", "Best validation accuracy among 8 random trials of 5 epochs", unit="%")

# %%
patience = keras.callbacks.EarlyStopping(patience=2)
data_and_batches = dict(validation_data=images.validation, batch_size=128)
budget = dict(epochs=5, callbacks=[patience], **data_and_batches)
shared = dict(objective="val_accuracy", directory="tuning")
random = kt.RandomSearch(build, max_trials=8, seed=7, project_name="random", **shared)
SearchMonitor(random)
random.search(*images.train, **budget)

# %% claim="A trial costs at most its budget"
assert all(trial.best_step < 5 for trial in random.oracle.trials.values())

# %%
measured("01-random", round(100 * random.oracle.get_best_trials()[0].score, 1))

# %% [markdown]
# Now a grid. Eight trials do not cover 48 points. Keras Tuner takes the first eight, and the last hyperparameter changes fastest.

# %%
predict("01-grid", "How many of the 16 values of units will the grid try?", unit="values")

# %%
grid = kt.GridSearch(build, max_trials=8, seed=7, project_name="grid", **shared)
SearchMonitor(grid)
grid.search(*images.train, **budget)


# %%
def tried(tuner):
    values = pd.DataFrame([t.hyperparameters.values for t in tuner.oracle.trials.values()])
    return {name: sorted(set(values[name])) for name in ("units", "learning_rate")}


measured("01-grid", len(tried(grid)["units"]))
pd.DataFrame({"random": tried(random), "grid": tried(grid)})

# %% claim="The grid tries the first values of units with all learning rates, random search more values"
assert tried(grid) == {"units": [32, 64, 96], "learning_rate": [0.0001, 0.001, 0.01]}
assert len(tried(random)["units"]) > len(tried(grid)["units"])
for seed in range(20):  # of other random searches, too
    oracle = kt.oracles.RandomSearchOracle("val_accuracy", max_trials=8, seed=seed + 100)
    oracle.update_space(random.oracle.get_space())
    proposed = {oracle.populate_space(str(trial))["values"]["units"] for trial in range(8)}
    assert len(proposed) > 3

# %% [markdown]
# A grid repeats each value of one hyperparameter for every value of the others. If only one hyperparameter matters, most of the trials bring nothing new. Random trials spread over every hyperparameter; over a continuous one they do not repeat a value.

# %%
recall(
    "01-grid-recall",
    "Two hyperparameters, nine trials, and only one of the two matters. How many different values of it does a 3 x 3 grid try, and how many does random search try?",
    answer="The grid tries three, each of them three times. Random search tries nine if the values are continuous.",
)

# %% [markdown]
# ## 5. Hyperband
# Why should a bad configuration get all five epochs? Hyperband (Li et al. 2018) starts many candidates with few epochs and promotes the best **one in `factor`** to more epochs, then again: a *bracket* of *rungs*. It may judge too early and drop a candidate that is slow at first. So it runs several brackets, and each judges later than the one before.
#
# With `max_epochs=10, factor=3` the first bracket starts with 12 candidates and trains them to epoch 2.

# %%
predict("01-promoted", "How many of these 12 are promoted to the second rung?", unit="candidates")

# %% [markdown]
# The size of a rung is that of the rung before, divided by `factor`. Keras Tuner rounds it up: 12, 4, 2, trained to epochs 2, 4 and 10. (Some tutorials say that a rung "keeps the top half": that is wrong. The paper rounds later rungs down: 12, 4, 1.) A promoted trial **continues from its weights**; it does not start again.
#
# ### Exercise 1.3. What does a bracket cost?
# Write `bracket_epochs(trials, until)`: the epochs that are trained in a bracket whose rung *i* trains `trials[i]` candidates up to epoch `until[i]`. Promoted candidates continue from their weights.


# %% exercise="1.3"
def bracket_epochs(trials, until):
    ### BEGIN SOLUTION
    started = [0, *until[:-1]]
    return sum(n * (stop - start) for n, start, stop in zip(trials, started, until))
    ### END SOLUTION


# %% check="1.3"
check("1.3")

# %% [markdown]
# Two more brackets follow, and each starts with new candidates. The second bracket trains 6 new candidates to epoch 4, and promotes 2 of them to epoch 10. The third trains 4 new candidates to epoch 10 at once. **Predict**, with a pencil or with your function.

# %%
predict("01-trials", "How many trials will the whole Hyperband run?", unit="trials")
predict("01-epochs", "How many epochs will it train at most?", unit="epochs")

# %%
hyperband = kt.Hyperband(build, max_epochs=10, factor=3, seed=7, project_name="hyperband", **shared)
monitor = SearchMonitor(hyperband)
patient = keras.callbacks.EarlyStopping(patience=5)
hyperband.search(*images.train, **data_and_batches, callbacks=[patient])

# %% [markdown]
# The table shows what was planned, rung by rung. Early stopping may have saved some of these epochs; the monitor shows how many ran. If you give this `search` an `epochs=`, it is ignored without a warning: Hyperband decides.

# %%
values = pd.DataFrame([t.hyperparameters.values for t in hyperband.oracle.trials.values()])
values["epochs"] = values["tuner/epochs"] - values["tuner/initial_epoch"]
planned = values.groupby(["tuner/bracket", "tuner/round"])["epochs"].agg(
    trials="count", epochs="sum"
)
planned.sort_index(ascending=[False, True])

# %%
measured("01-promoted", int(planned["trials"].loc[(2, 1)]))
measured("01-trials", len(values))
measured("01-epochs", int(values["epochs"].sum()))

# %% claim="The brackets have 12, 4, 2; 6, 2; 4 trials, and train 30 trials for 120 epochs at most"
rungs = [planned["trials"].loc[bracket].tolist() for bracket in (2, 1, 0)]
assert rungs == [[12, 4, 2], [6, 2], [4]]
assert len(values) == 30 and values["epochs"].sum() == 120 and monitor.watch.epochs <= 120

# %% claim="Hyperband ignores epochs= without a warning"
import warnings

epochs_seen = []
watching = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _: epochs_seen.append(epoch))
few = kt.Hyperband(build, max_epochs=2, factor=3, seed=7, project_name="ignored", **shared)
part = (images.train.x[:32], images.train.y[:32])
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    few.search(*part, validation_data=part, epochs=7, callbacks=[watching], verbose=0)
assert max(epochs_seen) == 1  # the second epoch
assert not any("epochs" in str(each.message) for each in said)

# %%
recall(
    "01-brackets",
    "Which good candidates does the first bracket drop by mistake, and what does Hyperband do about it?",
    answer="It drops those that are slow at first and good at the end. The later brackets start with fewer candidates and judge them later.",
)

# %% [markdown]
# ## 6. Bayesian optimization
# Random search learns nothing from its results. Bayesian optimization fits a model, a Gaussian process, to all results so far. It tries the configuration for which the model predicts a high score or is uncertain (Snoek et al. 2012; Keras Tuner takes the upper confidence bound). It starts with a few random trials, here three. Fitting the model between two trials costs time, too.

# %%
predict("01-bayesian", "Best of 8 Bayesian trials of 5 epochs, same space", unit="%")

# %%
shared_bayesian = dict(num_initial_points=3, project_name="bayesian", **shared)
bayesian = kt.BayesianOptimization(build, max_trials=8, seed=11, **shared_bayesian)
SearchMonitor(bayesian)
bayesian.search(*images.train, **budget)

# %%
measured("01-bayesian", round(100 * bayesian.oracle.get_best_trials()[0].score, 1))

# %% [markdown]
# ## 7. Conditional hyperparameters
# Momentum matters for SGD; Adam has none. Inside a `conditional_scope`, a hyperparameter exists only when its parent has the right value, so the tuner wastes no trials on values that change nothing. Open the scope in every call, and use its value only if it applies: if the scope stands in an `if`, the tuner does not know of it at first.


# %%
def build_conditional(hp):
    hidden = keras.layers.Dense(hp.Int("units", 32, 128, step=32), activation="relu")
    rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log")
    kind = hp.Choice("optimizer", ["adam", "sgd"])
    with hp.conditional_scope("optimizer", ["sgd"]):
        momentum = hp.Float("momentum", 0.0, 0.95)  # None with Adam
    if kind == "sgd":
        return compiled(hidden, optimizer=keras.optimizers.SGD(rate, momentum))
    return compiled(hidden, optimizer=keras.optimizers.Adam(rate))


# %%
predict("01-momentum", "How many of 8 random trials will have a momentum?", unit="trials")

# %%
conditional = kt.RandomSearch(
    build_conditional, max_trials=8, seed=7, project_name="conditional", **shared
)
SearchMonitor(conditional)
logs = keras.callbacks.TensorBoard("tuning/logs", write_graph=False)
conditional.search(*images.train, epochs=5, callbacks=[patience, logs], **data_and_batches)

# %%
sgd = [t for t in conditional.oracle.trials.values() if t.hyperparameters.get("optimizer") == "sgd"]
measured("01-momentum", len(sgd))

# %% claim="Trials with SGD have a momentum, those with Adam have none"
for trial in conditional.oracle.trials.values():
    assert ("momentum" in trial.hyperparameters.values) == (trial in sgd)

# %% [markdown]
# In the monitor, the line of a trial with Adam ends before `momentum`.
#
# ### Exercise 1.4. As many layers as asked
# Write `build_deep(hp)`: one to three hidden layers (`"layers"`). Each layer has its own units, `"units_0"`, `"units_1"`, `"units_2"`, from 16 to 128 in steps of 16, and relu. `units_1` exists only if there are two layers or more, `units_2` only if there are three. The learning rate stays at its default.


# %% exercise="1.4"
def build_deep(hp):
    ### BEGIN SOLUTION
    layers = hp.Int("layers", 1, 3)
    hidden = []
    for layer in range(3):
        with hp.conditional_scope("layers", list(range(layer + 1, 4))):
            units = hp.Int(f"units_{layer}", 16, 128, step=16)
        if layer < layers:
            hidden.append(keras.layers.Dense(units, activation="relu"))
    return compiled(*hidden)
    ### END SOLUTION


# %% check="1.4"
check("1.4")

# %% [markdown]
# ### In TensorBoard
# With a `TensorBoard` callback, Keras Tuner writes each trial's hyperparameters beside its curves. The last search had one. In a terminal in this folder: `tensorboard --logdir tuning/logs`, then the tab **HPARAMS**.

# %%
sorted({path.parts[2] for path in Path("tuning/logs").rglob("*tfevents*")})

# %% [markdown]
# ## 8. Not only networks: the Sklearn tuner
# The same oracles work for any scikit-learn model. Here three-fold cross-validation judges a random forest on the 8 x 8 digits. Is it more accurate than your networks of section 2?


# %%
def build_forest(hp):
    from sklearn.ensemble import RandomForestClassifier

    trees = hp.Int("trees", 10, 100, step=10)
    return RandomForestClassifier(trees, max_depth=hp.Int("max_depth", 2, 16), random_state=0)


# %%
predict("01-forest", "Best accuracy of a random forest in 8 trials, cross-validated", unit="%")

# %%
from sklearn.model_selection import StratifiedKFold

digits = data.load("digits").train
oracle = kt.oracles.RandomSearchOracle(kt.Objective("score", "max"), max_trials=8, seed=7)
forest = kt.SklearnTuner(
    oracle, build_forest, cv=StratifiedKFold(3), directory="tuning", project_name="forest"
)
SearchMonitor(forest)
forest.search(digits.x.reshape(-1, 64), digits.y)
measured("01-forest", round(100 * forest.oracle.get_best_trials()[0].score, 1))

# %% [markdown]
# ## 9. Reading trials
# The oracle holds everything: status, score, hyperparameters, the best epoch. A table of it can be sorted and filtered.

# %%
rows = [
    {"trial": t.trial_id, "status": t.status, "score": t.score, **t.hyperparameters.values}
    for t in random.oracle.trials.values()
]
pd.DataFrame(rows).sort_values("score", ascending=False, kind="stable")

# %% [markdown]
# ### Exercise 1.5. The incumbent
# Write `incumbent(trials, direction)`: the `"trial"` of the best row, where `direction` is `"max"` (accuracy) or `"min"` (loss). Rows are dictionaries with `"trial"`, `"status"` and `"score"`; only `"COMPLETED"` rows count, because the score of the others means nothing. If none is completed, the answer is `None`.


# %% exercise="1.5"
def incumbent(trials, direction):
    ### BEGIN SOLUTION
    completed = [row for row in trials if row["status"] == "COMPLETED"]
    pick = max if direction == "max" else min
    best = pick(completed, key=lambda row: row["score"], default=None)
    return best and best["trial"]
    ### END SOLUTION


# %% check="1.5"
check("1.5")

# %% [markdown]
# ## 10. Resume or overwrite
# You run the same search a second time, with the same `directory` and `project_name`.

# %%
predict("01-again", "The same search a second time: how many new trials will run?", unit="trials")

# %%
again = kt.RandomSearch(build, max_trials=8, seed=7, project_name="random", **shared)
before = len(again.oracle.trials)
again.search(*images.train, **budget, verbose=0)
measured("01-again", len(again.oracle.trials) - before)

# %% [markdown]
# Keras Tuner reloads the finished trials. The budget is spent, so it does nothing. That helps after a crash. It misleads you when you have changed `build` and the results stay the same. `overwrite=True` deletes the old search and starts again. (Keras Tuner cannot continue an interrupted *grid* after a restart of the kernel: its issue 1055.)

# %% claim="A finished search runs no new trial, not even with another build"
assert len(again.oracle.trials) == before == 8
changed = kt.RandomSearch(build_conditional, max_trials=8, seed=7, project_name="random", **shared)
changed.search(*images.train, **budget, verbose=0)
assert len(changed.oracle.trials) == 8

# %%
recall(
    "01-overwrite",
    "You changed `build`, ran the search cell again, and it ended at once with the old results. Why, and what is the cure?",
    answer="The folder and the project name were the same, so Keras Tuner reloaded the finished trials. Give `overwrite=True` or another `project_name`.",
)

# %% [markdown]
# ### Exercise 1.6. Find the bug: an old recipe
# "Train, then lower the learning rate and train on." This function comes from a tutorial for Keras 2. It no longer does what it says. Repair it: it divides the model's learning rate by `factor` and returns the model.


# %% exercise="1.6"
def slow_down(model, factor):
    ### BEGIN SOLUTION
    #: model.optimizer.lr = model.optimizer.lr / factor
    #: return model
    model.optimizer.learning_rate = model.optimizer.learning_rate / factor
    return model
    ### END SOLUTION


# %% check="1.6"
check("1.6")

# %% [markdown]
# ### Exercise 1.7. Find the bug: a seed that is ignored
# "We always use seed 0, so our searches are reproducible." They are not: two oracles of this function with `seed=0` propose different trials. (Look for `seed or` in Keras Tuner's `oracle.py`.) Repair `seeded_oracle`: the same seed, 0 included, always gives the same proposals, and different seeds from 0 to 100 give different ones.

# %% claim="Two oracles with seed 0 propose different trials, two with seed 1 the same"
proposed = {}
for seed in (0, 0, 1, 1):
    oracle = kt.oracles.RandomSearchOracle("val_accuracy", max_trials=8, seed=seed)
    asked = kt.HyperParameters()
    asked.Int("units", 0, 10**9)
    oracle.update_space(asked)
    proposal = oracle.populate_space("0")["values"]["units"]
    proposed.setdefault(seed, set()).add(proposal)
# Seed 0 becomes a random one of 10,000: once in 10,000 runs both are the same.
assert (len(proposed[0]), len(proposed[1])) == (2, 1)


# %% exercise="1.7"
def seeded_oracle(seed):
    ### BEGIN SOLUTION
    #: return kt.oracles.RandomSearchOracle("val_accuracy", max_trials=8, seed=seed)
    return kt.oracles.RandomSearchOracle("val_accuracy", max_trials=8, seed=seed + 1)
    ### END SOLUTION


# %% check="1.7"
check("1.7")

# %% [markdown]
# ## 11. Is this architecture optimal?
# The searches chose among networks. Now the colleague's question: what does *size* buy? Here are networks of all sizes from 4 to 512 units. Each size gets two learning rates, because a rate that suits 512 units need not suit 32: a comparison is fair only if each network has its own best rate. Every network is trained from two seeds, ten epochs at most; it stops after three epochs without a better score. The small NumPy network does this, because 32 networks in Keras would take two minutes.
#
# Other programs on your machine slow down a training, and a clock on the wall counts them too. So we measure **computing time** (CPU seconds), which counts this program only.


# %%
def trained(units, rate, seed):
    """Parameters, seconds of computing, and learning curve of one training."""
    chosen = {"units": units, "learning_rate": rate, "dropout": 0.2, "batch_size": 128}
    model, run = train_perceptron(chosen, images, epochs=10, patience=3, seed=seed)
    begun = time.process_time()
    curve = [score for score, _ in run]
    return model.parameters, time.process_time() - begun, curve


# %%
sizes, rates, seeds = [4, 8, 16, 32, 64, 128, 256, 512], [0.001, 0.01], range(2)  # yours to change
candidates = list(itertools.product(sizes, rates, seeds))
runs = [(*each[:2], *trained(*each)) for each in counted(candidates, "trainings")]
table = pd.DataFrame(runs, columns=["units", "rate", "parameters", "seconds", "curve"])
table["accuracy"] = table["curve"].map(max)

# %%
predict(
    "01-fewer",
    "The fewest units within 1 point of the accuracy of 512, each at its better learning rate",
    unit="units",
    least=4,
    most=512,
)

# %% [markdown]
# ### Figure 1. Would fewer units be enough?

# %%
by_rate = table.groupby(["rate", "units"])["accuracy"].agg(["mean", "min", "max"])
for rate in rates:
    rows = by_rate.loc[rate]
    plt.plot(rows.index, rows["mean"], label=f"learning rate {rate}, mean of seeds")
    plt.fill_between(rows.index, rows["min"], rows["max"], alpha=0.25)
plt.xscale("log")
plt.xticks(sizes, sizes)
plt.minorticks_off()
plt.title("Accuracy against units (bands: all seeds)")
plt.xlabel("units (log scale)")
plt.ylabel("validation accuracy")
plt.legend(loc="lower right")
plt.show()

# %%
best = by_rate["mean"].groupby("units").max()  # at its better learning rate
enough = int(best.index[best >= best[max(sizes)] - 0.01][0])
measured("01-fewer", enough)
gains = (100 * best.diff()).round(1)
pd.DataFrame({"accuracy, %": (100 * best).round(1), "points gained by doubling": gains}).T

# %% claim="A quarter of 512 units is within one point of it, each at its better learning rate"
assert enough <= 128

# %% claim="At every size learning rate 0.01 is the more accurate; 128 units at 0.01 are more accurate than 512 at 0.001"
for size in sizes:
    assert by_rate["mean"][0.01, size] > by_rate["mean"][0.001, size]
assert by_rate["mean"][0.01, 128] > by_rate["mean"][0.001, 512]

# %% claim="Two doublings to 16 units gain more than eight points, three from 64 to 512 less than two"
assert best[16] - best[4] > 0.08
assert best[512] - best[64] < 0.02

# %% claim="All of this holds from other seeds too" tags=["nightly"]
other = {
    (size, rate): np.mean([max(trained(size, rate, seed)[2]) for seed in (2, 3)])
    for size in sizes
    for rate in rates
}
for size in sizes:
    assert other[size, 0.01] > other[size, 0.001]
assert other[128, 0.01] > other[512, 0.001]
assert other[16, 0.01] - other[4, 0.01] > 0.08
assert other[512, 0.01] - other[64, 0.01] < 0.02

# %% [markdown]
# Learning rate 0.01 is more accurate than the colleague's 0.001 at every size: 128 units at 0.01 are more accurate than 512 at 0.001. More units help as well, but ever less: the two doublings from 4 to 16 units gain more than eight points, the three from 64 to 512 less than two.
#
# ### Figure 2. How does size change the speed of convergence?

# %%
predict(
    "01-epochs-512",
    "At learning rate 0.001, to reach 90 %, a network of 512 units needs, against 64:",
    options=["fewer epochs", "more epochs", "as many"],
)

# %% [markdown]
# ### Exercise 1.8. Epochs to a target
# Write `epochs_to_target(curve, target)`: the number of epochs after which the curve first reaches `target` (its first value is the accuracy after **one** epoch), or `None` if it never does.


# %% exercise="1.8"
def epochs_to_target(curve, target):
    ### BEGIN SOLUTION
    return next((epoch for epoch, score in enumerate(curve, start=1) if score >= target), None)
    ### END SOLUTION


# %% check="1.8"
check("1.8")

# %% needs=["1.8"]
target = 0.90  # yours to move: 0.85? 0.92?
reached = [epochs_to_target(curve, target) for curve in table["curve"]]  # by your function
if not any(reached):  # not yet written
    best_so_far = table["curve"].map(np.maximum.accumulate)
    reached = [sum(c < target) + 1 if c[-1] >= target else None for c in best_so_far]
table["reached"] = pd.to_numeric(pd.Series(reached))
needs = table.groupby(["rate", "units"])["reached"].agg(lambda seeds: seeds.mean(skipna=False))

# %% needs=["1.8"]
parameters = table.groupby("units")["parameters"].first()
for rate in rates:
    plt.plot(parameters, needs[rate][sizes], label=f"learning rate {rate}")
plt.xscale("log")
plt.xticks(parameters, [f"{number:,}" for number in parameters])
plt.minorticks_off()
plt.title(f"Epochs to {target:.0%} validation accuracy (sizes of which every seed got there)")
plt.xlabel("parameters (log scale)")
plt.ylabel("epochs, mean of seeds")
plt.legend()
plt.show()

# %% needs=["1.8"]
difference = needs[0.001, 512] - needs[0.001, 64]
if difference == difference:  # both got there
    words = {-1: "fewer epochs", 0: "as many", 1: "more epochs"}
    measured("01-epochs-512", words[int(np.sign(difference))])


# %% claim="At 0.001 more units reach 90 % in fewer epochs; 64 units at 0.01 need no more than 512 at 0.001"
assert needs[0.001, 512] < needs[0.001, 64] - 1
assert needs[0.01, 64] < needs[0.001, 64] - 1
assert needs[0.01, 64] < needs[0.001, 512] + 0.5


# %% claim="The same is true of epochs from other seeds" tags=["nightly"]
def epochs_needed(units, rate):
    curves = [trained(units, rate, seed)[2] for seed in (2, 3)]
    return np.mean([np.argmax(np.array(curve) >= 0.9) + 1 for curve in curves if max(curve) >= 0.9])


other = {each: epochs_needed(*each[::-1]) for each in ((0.001, 64), (0.01, 64), (0.001, 512))}
assert other[0.001, 512] < other[0.001, 64] - 1
assert other[0.01, 64] < other[0.001, 64] - 1
assert other[0.01, 64] < other[0.001, 512] + 0.5

# %% claim="An epoch of 512 units takes more than three times as long as one of 64"
per_epoch = table["seconds"] / table["curve"].map(len)
by_size = per_epoch.groupby(table["units"]).median()
assert by_size[512] > 3 * by_size[64]

# %% [markdown]
# At 0.001 a larger network needs *fewer epochs*, but each of its epochs takes longer. And size is not the only way to be quick: at 0.01 a network of 64 units needs no more epochs than 512 units at 0.001. So which network is the best for its price?
#
# ### Figure 3. Time, size and accuracy
# One network **dominates** another if it is at least as good in everything and better in something. Those that no other dominates are the **Pareto front**. The others are not needed: for each of them there is a better one at no higher price.
#
# ### Exercise 1.9. The front
# Write `pareto_front(candidates)`: the indices, in order, of the candidates that no other dominates. Each candidate is a tuple of one cost or more, such as seconds and parameters, and the accuracy as its **last** entry. Costs are better when lower, the accuracy when higher. Equal candidates do not dominate each other.


# %% exercise="1.9"
def pareto_front(candidates):
    ### BEGIN SOLUTION
    points = [(*costs, -accuracy) for *costs, accuracy in candidates]

    def dominated(one):
        return any(all(a <= b for a, b in zip(other, one)) and other != one for other in points)

    return [index for index, one in enumerate(points) if not dominated(one)]
    ### END SOLUTION


# %% check="1.9"
check("1.9")

# %% [markdown]
# The candidates are the eight sizes, each with both learning rates. **Predict** for three objectives: seconds, parameters and accuracy. Is the colleague's network, 512 units at 0.001, on the front?

# %%
predict("01-front", "How many of the 16 candidates are on the front?", unit="candidates", most=16)

# %%
means = table.groupby(["units", "rate"])[["seconds", "parameters", "accuracy"]].mean()

# %% needs=["1.9"]
front = pareto_front(list(means.itertuples(index=False, name=None)))  # by your function
if front is None:  # not yet written
    front = plots.pareto_front(means.assign(accuracy=-means["accuracy"]).to_numpy())
measured("01-front", len(front))
means.iloc[front].round(3).astype({"parameters": int})

# %% [markdown]
# A plane shows two objectives, so each panel has a front of its own: on the left of time and accuracy, on the right of size and accuracy. Grey candidates are dominated in that panel.

# %%
figure, panels = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained", sharey=True)
names = [f"{units}" if rate == 0.01 else f"{units} at {rate}" for units, rate in means.index]
for column, label, axes in zip(means, ["seconds of computing", "parameters"], panels):
    plots.pareto(list(means[column]), list(means["accuracy"]), names=names, cost=label, axes=axes)
    place = means[column][512, 0.001], means["accuracy"][512, 0.001]
    axes.annotate("the colleague's", place, (-8, -42), textcoords="offset points", ha="right",
                  arrowprops={"arrowstyle": "-", "color": theme.INK})  # fmt: skip
panels[1].set_ylabel("")
figure.suptitle("What time and size buy in accuracy (numbers: units at learning rate 0.01)")
plt.show()

# %% claim="The colleague's network is dominated, and so is every candidate with 0.001 by size"
own = list(means.index).index((512, 0.001))
three = plots.pareto_front(means.assign(accuracy=-means["accuracy"]).to_numpy())
by_panel = {
    column: plots.pareto_front(list(zip(means[column], -means["accuracy"])))
    for column in ("seconds", "parameters")
}
assert own not in three and all(own not in panel for panel in by_panel.values())
assert all(means.index[index][1] == 0.01 for index in by_panel["parameters"])
other = means.loc[128, 0.01]  # more accurate, smaller and quicker
assert other["accuracy"] > means.loc[512, 0.001]["accuracy"]
assert (other < means.loc[512, 0.001])[["seconds", "parameters"]].all()
assert max(map(len, by_panel.values())) <= 11  # of 16: a front that excludes something


# %% [markdown]
# The colleague's network is on no front: 128 units at 0.01 are more accurate, smaller and quicker. By size, only candidates with learning rate 0.01 are on the front. Left of the bend, accuracy costs little. Right of it, from 64 to 512 units, one point or two cost eight times the size. No tuner can say whether they are worth it.

# %%
recall(
    "01-dominated",
    "A candidate is slower than another and has as many parameters, but it is more accurate. Does the other dominate it?",
    answer="No. The other would have to be at least as good in everything, and it is less accurate. With more objectives fewer candidates are dominated, so the front is longer.",
)

# %% [markdown]
# ## 12. The verdict
# Which search found what, and with how many epochs? Their budgets differ: a fair comparison would give each search the same epochs, and many seeds (lab 13 does).

# %%
tuners = {"random": random, "grid": grid, "Hyperband": hyperband, "Bayesian": bayesian}
rows = []
for name, tuner in tuners.items():
    winner = tuner.oracle.get_best_trials()[0]
    chosen = [winner.hyperparameters.get(key) for key in ("units", "learning_rate")]
    epochs = 120 if name == "Hyperband" else 8 * 5
    rows.append((name, len(tuner.oracle.trials), epochs, winner.score, *chosen))
columns = ["tuner", "trials", "epochs at most", "best in the search", "units", "learning rate"]
pd.DataFrame(rows, columns=columns)

# %% [markdown]
# Take the best hyperparameters of all four, train again from new weights, and only now open the test set. The small network of Figure 1 takes part, with its better learning rate.

# %%
predict("01-gain", "The tuned network's test accuracy minus the baseline's", unit="points")

# %%
keras.utils.set_random_seed(1)
winner = max(tuners.values(), key=lambda tuner: tuner.oracle.get_best_trials()[0].score)
tuned = build(winner.get_best_hyperparameters()[0])
rate = float(means["accuracy"][enough].idxmax())
hidden = [keras.layers.Dense(enough, activation="relu"), keras.layers.Dropout(0.2)]
small = compiled(*hidden, optimizer=keras.optimizers.Adam(rate))
for model in counted([tuned, small], "trainings"):
    model.fit(*images.train, epochs=10, **training)

# %%
rows = []
for name, model in {"baseline": baseline, "tuned": tuned, f"{enough} units": small}.items():
    accuracy = [model.evaluate(*part, verbose=0)[1] for part in (images.validation, images.test)]
    rows.append((name, model.count_params(), *accuracy))
measured("01-gain", round(100 * (rows[1][3] - rows[0][3]), 1))
pd.DataFrame(rows, columns=["model", "parameters", "validation accuracy", "test accuracy"])

# %% claim="The small network has at most a quarter of the parameters, and its test accuracy is within two points of the baseline's"
assert rows[2][1] <= rows[0][1] / 3.9
assert rows[2][3] > rows[0][3] - 0.02

# %% claim="The best of several trainings of one network is better than their mean" tags=["nightly"]
for first in (0, 100, 200):
    scores = [max(trained(16, 0.01, first + seed)[2]) for seed in range(8)]
    assert max(scores) > np.mean(scores) + 0.003

# %% claim="On 1,000 test images 95 % has a standard error of 0.7 points"
assert len(images.test.y) == 1000
assert round(100 * (0.95 * 0.05 / 1000) ** 0.5, 1) == 0.7

# %% [markdown]
# Note two things. The score of the winner in its search was the *maximum of many* noisy numbers, and such a maximum is too high: even the best of eight trainings of *one* network is better than their mean. So expect less of a new training and of the test set (**selection bias**). And on 1,000 test images an accuracy of 95 % has a standard error of 0.7 points, so a difference of less than about two points may be luck. The small network stays within these two points of the baseline, with a quarter of its parameters or fewer.
#
# ## 13. A model of your own
# Write your own question into `build_mine`: more layers, another optimizer, a convolution (with `keras.layers.Reshape((28, 28, 1))` before it). Or take your own data in place of `images`: two pairs of arrays, for training and for validation. Say before you run it how many epochs it will cost.


# %%
def build_mine(hp):
    hidden = keras.layers.Dense(hp.Int("units", 16, 128, step=16), activation="relu")
    rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log")
    return compiled(hidden, optimizer=keras.optimizers.Adam(rate))


# %%
mine = kt.RandomSearch(
    build_mine, max_trials=3, seed=7, project_name="mine", overwrite=True, **shared
)
SearchMonitor(mine)
mine.search(*images.train, epochs=3, **data_and_batches)

# %% [markdown] conclusion="01"
# ## Your conclusion
# The colleague asks: "Is my network optimal?" Answer in three or four sentences, with figures from your run.
#
# - Names a smaller network that is about as accurate, with the parameters of both.
# - Says that each network was compared at its better learning rate, and what the learning rate changed.
# - Says how sure this is: the seeds, the standard error of the test set, or the selection bias.

# %% [markdown]
# **Take away**
# - Log scales for learning rates, conditions for what depends on another choice, and a count of the space before the search.
# - Random search is the yardstick. Hyperband looks at many candidates and gives most of them few epochs. Bayesian search pays when a trial is expensive.
# - Same folder and same project: the search resumes. Give `overwrite=True` if the model has changed.
# - "Is it optimal?" has three axes, and each candidate deserves its best learning rate. Show the front, and let those who pay choose.
#
# **Read on** (keys in `references/references.bib`): random against grid `bergstra2012random`; Hyperband `li2018hyperband`; Bayesian optimization `snoek2012practical`; the tool `omalley2019kerastuner`.

# %%
progress()
