# %% [markdown]
# # Lab 01. Keras Tuner: is this architecture any good?
#
# A colleague hands you a network: one hidden layer of 512 units, learning rate 0.001. It works. Would 64 units do? Would another learning rate get there in half the time? Nobody tried. In this lab you try, first by hand, then with four kinds of search, and in the end you answer with three figures.
#
# **After it you can**
# - turn a model into a *hypermodel*, with conditional hyperparameters where they make sense;
# - choose between random, grid, Hyperband and Bayesian search, and say what each will cost before it runs;
# - stop, resume and read a search, and look at it in TensorBoard;
# - show with data whether a smaller network would do.
#
# **It takes** about three minutes of computing on two cores (all cells), and an hour or more of yours. **Budget:** at most 310 epochs of Keras training and 240 of a small NumPy network (and 20 for each of your own attempts), 5,000 images, no GPU, no network.
#
# **How it works:** predict before you run; move whatever has a slider; write code where it says so, then run the check below it. Stuck? `hint("1.1")`, and again for more; after a try, `solution("1.1")`.

# %% tags=["setup"]
from coursekit.labs import check, hint, measured, predict, progress, solution

# %% tags=["setup"]
from coursekit import data, plots, theme
from coursekit.widgets import Explorer, SearchMonitor

import keras
import keras_tuner as kt
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

theme.use()  # figures follow JupyterLab's theme

# %% [markdown]
# ## 1. The data and the baseline
# MNIST, but only 5,000 of its images, so that whole searches fit into a minute. Three parts, and each has one job: the weights are learnt from **train**, hyperparameters are chosen by **validation**, and **test** is opened once, at the very end.

# %%
images = data.load("mnist-5k")
{name: getattr(images, name).x.shape for name in ("train", "validation", "test")}

# %%
figure, axes = plt.subplots(1, 10, figsize=(7, 1))
for digit, place in enumerate(axes):
    place.imshow(images.train.x[images.train.y == digit][0], cmap="gray_r")
    place.axis("off")
figure.alt = "One training image of each digit, 0 to 9."


# %% [markdown]
# A **parameter** is learnt by training: here 407,050 weights. A **hyperparameter** is decided by somebody before: 512 units, dropout 0.2, learning rate 0.001. These are the colleague's.


# %% tags=["setup"]
def compiled(*hidden, optimizer="adam"):
    """A classifier of 28 x 28 images with these hidden layers."""
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), *hidden])
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# %%
baseline = compiled(keras.layers.Dense(512, activation="relu"), keras.layers.Dropout(0.2))
baseline.count_params()

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
# One number says little. The curve says more: it is almost flat after a few epochs, so was all that training needed? And were all those units?

# %%
plots.learning_curves([history["val_accuracy"]], bold=0, names=["baseline"])
plt.title("The baseline: one run, one seed")
plt.show()
# %% [markdown]
# ## 2. By hand
# Before any tuner: tune yourself. Each time you let go of a slider, a network is trained for real, on 1,078 images of 8 x 8 pixels, in well under a second. (It is a small NumPy network, `coursekit/training/numpy/perceptron.py`, tested to do what Keras does.)
#
# Find the best configuration that you can in ten attempts, then press **Tuner's turn**: random search gets as many trials as you had. Who wins? And which slider matters most, which hardly at all?

# %%
players = ["you", "random search", "a draw"]
predict("01-hand", "After ten attempts each, who will lead?", options=players)

# %%
explorer = Explorer("digits")
explorer

# %% [markdown]
# Most people lose narrowly or draw. Random search has no intuition, but it never gets stuck on a favourite either (Bergstra and Bengio 2012). Run the next cell when you are done.

# %%
if explorer.attempts.leader():
    measured("01-hand", explorer.attempts.leader())
else:
    print(f"Your best: {explorer.attempts.best().score:.1%}. The tuner has not played yet.")

# %% [markdown]
# ## 3. From model to hypermodel
# A **hypermodel** is a function of `hp`. Wherever somebody decided a number, ask `hp` for it instead. Each question has a name, a range and, for what spans magnitudes, a scale.


# %%
def build(hp):
    units = hp.Int("units", 32, 512, step=32)
    learning_rate = hp.Choice("learning_rate", [1e-2, 1e-3, 1e-4])
    hidden = keras.layers.Dense(units, activation="relu")
    optimizer = keras.optimizers.Adam(learning_rate)
    return compiled(hidden, keras.layers.Dropout(0.2), optimizer=optimizer)


# %% [markdown]
# Keras Tuner calls `build` with a `HyperParameters` object: it notes what was asked, and answers. You can play the tuner.

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
# Before any search, count. Write `grid_size(low, high, step, choices)`: how many configurations does a space have with one integer hyperparameter from `low` to `high` **inclusive** in steps of `step`, and one choice among `choices` values?


# %% exercise="1.2"
def grid_size(low, high, step, choices):
    ### BEGIN SOLUTION
    return ((high - low) // step + 1) * choices
    ### END SOLUTION


# %% check="1.2"
check("1.2")

# %% [markdown]
# The space of `build` has 48. All of them at ten epochs each are 480 epochs: affordable here, hopeless for a network that trains for a day. So a search has a budget, and the question becomes how to spend it.
#
# ## 4. Random search and grid search, at equal budgets
# Eight trials of five epochs each. Attach a **monitor** to a tuner and its `search` shows what it does: the incumbent, every trial as a line through its hyperparameters, epochs spent, time left. **Stop** ends it between two batches, **Resume** goes on with the very trial that was interrupted. Try it while one runs, and wait for *finished* before you go on: the cells below need a result.
#
# Early stopping watches the validation loss and ends a run that has not improved for `patience` epochs: a trial costs *at most* its budget.

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

# %%
measured("01-random", round(100 * random.oracle.get_best_trials()[0].score, 1))

# %% [markdown]
# Now a grid. Eight trials do not cover 48 points, so Keras Tuner takes the first eight, the last hyperparameter changing fastest.

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

# %% [markdown]
# A grid repeats each value of one hyperparameter for every value of the others. If only one of them matters, most of its trials say the same thing again. Random trials spread over every single hyperparameter (over a continuous one they never repeat a value).
#
# ## 5. Hyperband
# Why give a bad configuration all five epochs? Hyperband (Li et al. 2018) starts many with few epochs, promotes the best **one in `factor`** to more epochs, and so on: a *bracket* of *rungs*. How early to judge is itself a gamble, so it runs several brackets, from hasty to patient.
#
# With `max_epochs=10, factor=3` the hastiest bracket begins with 12 candidates and trains them to epoch 2.

# %%
predict("01-promoted", "How many of these 12 are promoted to the second rung?", unit="candidates")

# %% [markdown]
# A rung's size is the one before divided by `factor`, and Keras Tuner rounds it up: 12, 4, 2, trained to epochs 2, 4 and 10. (So "keeps the top half", as many a tutorial has it, is wrong. The paper rounds later rungs down: 12, 4, 1.) A promoted trial **goes on from its weights**, it does not start again.
#
# ### Exercise 1.3. What does a bracket cost?
# Write `bracket_epochs(trials, until)`: the epochs that are trained in a bracket whose rung *i* trains `trials[i]` candidates up to epoch `until[i]`, promoted ones going on from where they were.


# %% exercise="1.3"
def bracket_epochs(trials, until):
    ### BEGIN SOLUTION
    started = [0, *until[:-1]]
    return sum(n * (stop - start) for n, start, stop in zip(trials, started, until))
    ### END SOLUTION


# %% check="1.3"
check("1.3")

# %% [markdown]
# After the hastiest bracket come two more patient ones: 6 candidates start and are trained to epoch 4 at once; then 4 go straight to epoch 10. **Predict**, with pencil or with your function.

# %%
predict("01-trials", "How many trials will the whole Hyperband run?", unit="trials")
predict("01-epochs", "How many epochs will it train at most?", unit="epochs")

# %%
hyperband = kt.Hyperband(build, max_epochs=10, factor=3, seed=7, project_name="hyperband", **shared)
monitor = SearchMonitor(hyperband)
patient = keras.callbacks.EarlyStopping(patience=5)
hyperband.search(*images.train, **data_and_batches, callbacks=[patient])

# %% [markdown]
# Count. The table shows what was planned, rung by rung; the monitor has counted the epochs that really ran (early stopping may have saved some). Note that an `epochs=` handed to this `search` would have been ignored without a word: Hyperband decides.

# %%
values = pd.DataFrame([t.hyperparameters.values for t in hyperband.oracle.trials.values()])
values["epochs"] = values["tuner/epochs"] - values["tuner/initial_epoch"]
counted = values.groupby(["tuner/bracket", "tuner/round"])["epochs"].agg(
    trials="count", epochs="sum"
)
counted.sort_index(ascending=[False, True])

# %%
measured("01-promoted", int(counted["trials"].loc[(2, 1)]))
measured("01-trials", len(values))
measured("01-epochs", monitor.watch.epochs)

# %% [markdown]
# ## 6. Bayesian optimization
# Random search never learns from a result. Bayesian optimization fits a model, a Gaussian process, to all results so far and tries where that model is optimistic: where it predicts a high score, or does not know (Snoek et al. 2012; Keras Tuner takes the upper confidence bound). It needs a few random trials to begin with, here three; left alone, Keras Tuner takes three for each hyperparameter. And it thinks between trials, which costs time too.

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
# Momentum means something for SGD and nothing for Adam. Asked inside a `conditional_scope`, a hyperparameter exists only when its parent has the right value, and the tuner does not waste trials on values that change nothing. Open the scope always, and use what it gives only if it applies: a scope hidden in an `if` is one that the tuner does not know of at first.


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

# %% [markdown]
# A line that breaks off before `momentum` is a trial with Adam.
#
# ### Exercise 1.4. As many layers as asked
# Write `build_deep(hp)`: one to three hidden layers (`"layers"`), each with units of its own, `"units_0"`, `"units_1"`, `"units_2"`, from 16 to 128 in steps of 16, relu. `units_1` may exist only if there are two layers or more, `units_2` only if there are three. Learning rate: leave it at its default.


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
# Keras Tuner writes each trial's hyperparameters beside its curves as soon as a `TensorBoard` callback is there. The last search had one. In a terminal in this folder: `tensorboard --logdir tuning/logs`, then the tab **HPARAMS**.

# %%
from pathlib import Path

sorted({path.parts[2] for path in Path("tuning/logs").rglob("*tfevents*")})

# %% [markdown]
# ## 8. Not only networks: the Sklearn tuner
# The same oracles drive any scikit-learn model. A random forest on the 8 x 8 digits, judged by three-fold cross-validation: how does it do against your networks of section 2?


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
# Everything is in the oracle: status, score, hyperparameters, the best epoch. As a table it can be sorted and questioned.

# %%
rows = [
    {"trial": t.trial_id, "status": t.status, "score": t.score, **t.hyperparameters.values}
    for t in random.oracle.trials.values()
]
pd.DataFrame(rows).sort_values("score", ascending=False)

# %% [markdown]
# ### Exercise 1.5. The incumbent
# Write `incumbent(trials, direction)`: the `"trial"` of the best row, where `direction` is `"max"` (accuracy) or `"min"` (loss). Rows are dictionaries with `"trial"`, `"status"` and `"score"`; only `"COMPLETED"` ones count, the score of the others means nothing. If none is completed, the answer is `None`.


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
# You run the very same search once more: same `directory`, same `project_name`.

# %%
predict("01-again", "The same search once more: how many new trials will run?", unit="trials")

# %%
again = kt.RandomSearch(build, max_trials=8, seed=7, project_name="random", **shared)
before = len(again.oracle.trials)
again.search(*images.train, **budget, verbose=0)
measured("01-again", len(again.oracle.trials) - before)

# %% [markdown]
# Keras Tuner reloads the finished trials and, as the budget is spent, does nothing. Good after a crash; a trap when you changed `build` and wonder why the results did not change. `overwrite=True` deletes and starts anew. (One search cannot be continued after a kernel restart: an interrupted *grid*, Keras Tuner's issue 1055.)
#
# ### Exercise 1.6. Find the bug: an old recipe
# "Train, then lower the learning rate and train on." This function was copied from a tutorial for Keras 2. It no longer does what it says. Repair it: afterwards the model's learning rate is the former one divided by `factor`, and the model is returned.


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
# ### Exercise 1.7. Find the bug: the seed that is none
# "We always use seed 0, so our searches are reproducible." They are not: two tuners of this function with `seed=0` propose different trials. (Look for `seed or` in Keras Tuner's `oracle.py`.) Repair `seeded_oracle`: the same seed, 0 included, always gives the same proposals, and different seeds from 0 to 1,000 give different ones.


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
# The searches chose among networks. Now the colleague's question itself: what does *size* buy? Here is a network of every size from 4 to 512 units, three seeds each, ten epochs, on the same images: trained by the small NumPy network, because 24 networks in Keras would take a minute and a half.

# %%
from coursekit.training.numpy.perceptron import train_perceptron

sizes, seeds = [4, 8, 16, 32, 64, 128, 256, 512], range(3)  # yours to change
runs = []
for units in sizes:
    for seed in seeds:
        chosen = {"units": units, "dropout": 0.2}
        model, run = train_perceptron(chosen, images, epochs=10, seed=seed)
        curve, seconds = zip(*run)
        runs.append((units, model.parameters, sum(seconds), curve))

# %%
predict("01-fewer", "The fewest units within 1 point of the accuracy of 512", unit="units")

# %% [markdown]
# ### Figure 1. Would fewer units do?

# %%
table = pd.DataFrame(runs, columns=["units", "parameters", "seconds", "curve"])
table["accuracy"] = [max(curve) for curve in table["curve"]]
by_units = table.groupby("units")["accuracy"].agg(["mean", "min", "max"])
axes = by_units["mean"].plot(logx=True, label="mean of seeds")
axes.fill_between(by_units.index, by_units["min"], by_units["max"], alpha=0.25, label="all seeds")
axes.legend(loc="lower right")
axes.set_xticks(sizes, sizes)
axes.minorticks_off()
axes.set(title="Accuracy against units", xlabel="units (log scale)", ylabel="validation accuracy")
plt.show()
# %%
enough = by_units.index[by_units["mean"] >= by_units["mean"].iloc[-1] - 0.01][0]
measured("01-fewer", int(enough))

# %% [markdown]
# ### Figure 2. How does size change the speed of convergence?

# %%
answers = ["fewer epochs", "more epochs", "as many"]
predict(
    "01-epochs-512", "To reach 90 %, a network of 512 units needs, against 32:", options=answers
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

# %%
target = 0.90  # yours to move: 0.85? 0.93?
needed = [epochs_to_target(curve, target) for curve in table["curve"]]  # by your function
if not any(needed):  # not yet written
    needed = [
        sum(np.maximum.accumulate(c) < target) + 1 if max(c) >= target else None
        for c in table["curve"]
    ]
table["needed"] = pd.to_numeric(pd.Series(needed))

# %%
by_size = table.groupby(["units", "parameters"])["needed"].agg(
    lambda seeds: seeds.mean(skipna=False)
)
axes = by_size.droplevel("units").plot(logx=True)
parameters = by_size.index.get_level_values("parameters")
axes.set_xticks(parameters, [f"{number:,}" for number in parameters])
axes.minorticks_off()
axes.set(xlabel="parameters (log scale)", ylabel="epochs, mean of seeds")
plt.title(f"Epochs to {target:.0%} validation accuracy (sizes of which every seed got there)")
plt.show()

# %%
small_needs, large_needs = by_size.droplevel("parameters")[[32, 512]]
if small_needs == small_needs and large_needs == large_needs:
    difference = large_needs - small_needs
    measured("01-epochs-512", answers[0 if difference < 0 else 1 if difference > 0 else 2])

# %% [markdown]
# Larger networks need *fewer epochs*. But each of their epochs takes longer, so which is the better buy?
#
# ### Figure 3. Time, size and accuracy
# A network is **dominated** if another is at least as good in everything and better in something. The others are the **Pareto front**: the only ones worth discussing.
#
# ### Exercise 1.9. The front
# Write `pareto_front(candidates)`: the sorted indices of the candidates that no other dominates. Each is a tuple `(seconds, parameters, accuracy)`: the first two are better when lower, the last when higher. Equal candidates do not dominate each other.


# %% exercise="1.9"
def pareto_front(candidates):
    ### BEGIN SOLUTION
    costs = [(seconds, parameters, -accuracy) for seconds, parameters, accuracy in candidates]

    def dominated(one):
        return any(all(a <= b for a, b in zip(other, one)) and other != one for other in costs)

    return [index for index, one in enumerate(costs) if not dominated(one)]
    ### END SOLUTION


# %% check="1.9"
check("1.9")

# %%
predict("01-front", "How many of the eight sizes will be on the front?", unit="sizes")

# %%
means = table.groupby("units")[["seconds", "parameters", "accuracy"]].mean()
front = pareto_front(list(means.itertuples(index=False, name=None)))  # by your function
if front is None:  # not yet written
    front = plots.pareto_front(means.assign(accuracy=-means["accuracy"]).to_numpy())
measured("01-front", len(front))

# %%
figure, panels = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained", sharey=True)
marked = dict(names=[str(units) for units in means.index], front=front)
for column, label, axes in zip(means, ["training seconds", "parameters"], panels):
    plots.pareto(list(means[column]), list(means["accuracy"]), cost=label, axes=axes, **marked)
figure.suptitle("What speed and size buy in accuracy (numbers: units)")
plt.show()

# %% [markdown]
# Where the front bends, you get most of the accuracy for little of the size. To the right of the bend every tenth of a point costs a doubling. Whether it is worth that is not a question for a tuner.
#
# ## 12. The verdict
# Which search found what, and for how many epochs? Not all were equally dear: a fair comparison would give each the same epochs, and many seeds (lab 13 does).

# %%
tuners = {"random": random, "grid": grid, "Hyperband": hyperband, "Bayesian": bayesian}
rows = []
for name, tuner in tuners.items():
    best = tuner.oracle.get_best_trials()[0]
    chosen = [best.hyperparameters.get(key) for key in ("units", "learning_rate")]
    rows.append((name, len(tuner.oracle.trials), best.score, *chosen))
pd.DataFrame(rows, columns=["tuner", "trials", "best in the search", "units", "learning rate"])

# %% [markdown]
# Take the best hyperparameters of all four, train anew, and only now open the test set.

# %%
predict("01-gain", "The tuned network's test accuracy minus the baseline's", unit="points")

# %%
winner = max(tuners.values(), key=lambda tuner: tuner.oracle.get_best_trials()[0].score)
tuned = build(winner.get_best_hyperparameters()[0])
tuned.fit(*images.train, epochs=10, **training)
small = compiled(keras.layers.Dense(int(enough), activation="relu"), keras.layers.Dropout(0.2))
small.fit(*images.train, epochs=10, **training)
# %%
rows = []
for name, model in {"baseline": baseline, "tuned": tuned, f"{enough} units": small}.items():
    accuracy = [model.evaluate(*part, verbose=0)[1] for part in (images.validation, images.test)]
    rows.append((name, model.count_params(), *accuracy))
measured("01-gain", round(100 * (rows[1][3] - rows[0][3]), 1))
pd.DataFrame(rows, columns=["model", "parameters", "validation accuracy", "test accuracy"])

# %% [markdown]
# Two things to notice. The score that made the winner win, in the table before, was the *maximum of many* noisy numbers, and such a maximum is too good to be true: expect less of a new training and of the test set (**selection bias**). And on 1,000 test images an accuracy of 95 % has a standard error of 0.7 points, so a difference of less than about two points may be luck.
#
# **Take away**
# - Log scales for learning rates, conditions for what depends, a count of the space before the search.
# - Random search is the yardstick. Hyperband looks at many candidates and gives most of them few epochs. Bayesian search pays when a trial is dear.
# - Same folder, same search: it resumes. `overwrite=True` if the model changed.
# - "Is it optimal?" has three axes. Show the front, and let those who pay choose.
#
# **Read on** (keys in `references/references.bib`): random against grid `bergstra2012random`; Hyperband `li2018hyperband`; Bayesian optimization `snoek2012practical`; the tool `omalley2019kerastuner`.

# %%
progress()
