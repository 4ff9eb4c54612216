# %% [markdown]
# # Lab 12. Weight inheritance
#
# A search trains hundreds of networks, and each of them begins by learning what all the others have learnt already: that the borders of these images are empty, that strokes have edges. Then it is thrown away. A child that differs from its parent in one layer could have begun where its parent was. In this lab you make networks grow **without changing what they answer**, prove it, break it on purpose, and then let a whole search live on it. At the end comes the price.
#
# **After it you can**
# - widen and deepen a network so that its function stays, by hand and in Keras;
# - say where that fails (batch normalisation, dropout, tanh) and what to do about it;
# - train children from their parents' weights in a search, and count fairly what it saves;
# - say what an inherited score does *not* tell you.
#
# **It takes** about 60 seconds of computing on two cores (all cells), and an hour or two of yours. **Budget:** some 5,500 epochs of small perceptrons on 8×8 digits, a few milliseconds each, and about twenty epochs of Keras. No GPU, no network.
#
# **How it works:** predict before you run; move whatever has a slider; write code where it says so, then run the check below it. Stuck? `hint("12.1")`, and again for more; after a try, `solution("12.1")`.

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np

from coursekit import data, theme
from coursekit.labs import check, hint, measured, predict, progress, solution
from coursekit.widgets.growing_network import GrowingNetwork
from coursekit.training.numpy.net2net import deepen, widen
from coursekit.training.remapping import Remapping
from coursekit.widgets import Growing

theme.use()  # figures follow JupyterLab's theme
digits = data.load("digits")

# %% [markdown]
# ## 1. A parent
# Ours has four hidden units, far too few, and ten epochs of training behind it. The weights of a perceptron are a list: kernel, bias, kernel, bias, and so on, with kernels of shape (inputs, outputs).

# %%
parent = GrowingNetwork(digits, units=[4])
parent.train(10)
[weight.shape for weight in parent.model.weights], f"{parent.curve[-1]:.1%}"

# %% [markdown]
# ## 2. Wider
# Net2Net (Chen, Goodfellow and Shlens 2016) widens a layer by **copying units**. A copy sees what its original sees, so it says what its original says. The layer ahead then hears the same thing twice, and would add it up twice; so the weights ahead are **shared out** among all copies of a unit, the original included. A list `origin` says of each new unit which old one it copies: `[0, 1, 1]` makes three units out of two, the last a copy of unit 1.
#
# Say a hidden unit answers 3, and the layer ahead multiplies that by 6, which makes 18. Now there are three copies of the unit. **Predict** what each copy's weight ahead has to be.

# %%
predict("12-share", "Weight ahead of each of three copies, when the original's was 6")

# %% [markdown]
# ### Exercise 12.1. Wider, by hand
# Write `wider(kernel, bias, following, origin)`. `kernel` and `bias` are the layer's, `following` is the kernel of the layer ahead, with a row for each unit; `origin` is an array of whole numbers that begins with 0, 1, 2, ... and goes on with the copies. Return the three new arrays in a list, and leave the old ones as they are. It has to hold for any activation.


# %% exercise="12.1"
def wider(kernel, bias, following, origin):
    ### BEGIN SOLUTION
    copies = np.bincount(origin)[origin]
    return [kernel[:, origin], bias[origin], following[origin] / copies[:, None]]
    ### END SOLUTION


# %% check="12.1"
check("12.1")

# %% [markdown]
# The kit does the same with its `Remapping`, which lab and library share: `leaving` makes what a unit sees, U⁽ⁱ⁾ in the paper, and `entering` what is ahead of it, U⁽ⁱ⁺¹⁾.

# %%
copies = Remapping(np.array([0, 0, 0]), old=1)
measured("12-share", float(copies.entering(np.array([[6.0]]))[0, 0]))

# %% [markdown]
# Is the function really kept? Floating-point numbers round, so the question is how far the answers move. Probabilities lie between 0 and 1, and a number of 32 bits carries about seven digits. **Predict** the largest change of any probability, over 360 validation images, when four units become sixty-four.

# %%
sizes = ["exactly 0", "below 0.00001", "about 0.001", "about 0.1"]
predict("12-equal", "Largest change of a probability", options=sizes)

# %%
step = parent.widen(0, 64)
print(f"{step.what}: {step.difference:.1e}, accuracy {step.before:.1%} and {step.after:.1%}")
measured("12-equal", sizes[int(np.digitize(step.difference, [1e-12, 1e-5, 1e-2]))])

# %% [markdown]
# ## 3. Copies that never part
# Sixty-four units, but only four different ones. Train on: will they learn to differ? All copies of a unit see the same, say the same, and are blamed for the same. **Predict** how many different units there are after twenty epochs more.

# %%
predict("12-different", "Different hidden units among 64, after 20 more epochs", unit="units")

# %%
parent.train(20)
columns = parent.model.weights[0].T.round(3)
different = len(np.unique(columns, axis=0))
measured("12-different", different)

# %% [markdown]
# Training cannot part what gets the same gradient. That is why Net2Net adds a little **noise** to the copies; dropout parts them, too, for it silences now one copy and now the other. Noise costs some of the exactness, so it should be small. Here is the same growth with noise of a twentieth of the weights' spread.

# %%
noisy = GrowingNetwork(digits, units=[4], noise=0.05)
noisy.train(10)
moved = noisy.widen(0, 64).difference
noisy.train(20)
different = len(np.unique(noisy.model.weights[0].T.round(3), axis=0))
print(f"moved by {moved:.2f}, then {different} different units")
print(f"accuracy after 30 epochs: {parent.curve[-1]:.1%} without noise, {noisy.curve[-1]:.1%} with")

# %% [markdown]
# ## 4. Deeper
# A new layer that does nothing: its kernel is the unit matrix, its bias zero. Behind it there is an activation, though, and that must do nothing either. Relu is **idempotent**: what has been through relu is not below 0, and a second relu leaves it alone.
#
# ### Exercise 12.2. Deeper, by hand
# Write `deeper(weights)`: a new list of kernels and biases, with one more hidden layer behind the last hidden one. All hidden layers have relu; the last layer of all has no activation.


# %% exercise="12.2"
def deeper(weights):
    ### BEGIN SOLUTION
    *first, last, bias = weights
    return [*first, np.eye(len(last)), np.zeros(len(last)), last, bias]
    ### END SOLUTION


# %% check="12.2"
check("12.2")

# %% [markdown]
# And tanh? It squeezes, so a second tanh squeezes again. One can come near: make the numbers small, where tanh is almost a straight line, and large again behind it. The price is not in the picture: the smaller the numbers, the nearer to the identity, but the larger the weights behind, and an error in the small numbers is made large with them.

# %%
x = np.linspace(-1, 1, 201)
for shrink in (1.0, 0.5, 0.1):
    plt.plot(x, np.tanh(shrink * x) / shrink, label=f"tanh({shrink} x) / {shrink}", markevery=20)
plt.plot(x, x, label="identity", markevery=25)
plt.title("A second tanh is no identity, but nearly one for small numbers")
plt.xlabel("what comes in")
plt.ylabel("what goes out")
plt.legend()
plt.show()

# %% [markdown]
# The kit's `deepen` in Keras refuses to put tanh behind tanh, and says what to do instead: `blend=True` mixes the activation in by a number that is learnt, which begins at "not at all" (Wei et al. 2016).
#
# ## 5. Grow one yourself
# Train, widen, train, deepen, train. The line above the figure always says how far the last step moved any answer. Then try:
# - widen without noise, and train: does it help? Now with noise;
# - raise the noise to 1: what is lost at that step, and how fast does it come back?
# - tick *from scratch*: a network of the present shape with fresh weights. Who is ahead, and since when?

# %%
grower = Growing(digits)
grower

# %% [markdown]
# ## 6. Breaking it: batch normalisation
# In Keras the same steps are functions of `coursekit.training.keras.morphisms`: they take a Sequential or functional model and return a new one. In between, they follow batch normalisation, dropout, pooling, flattening and concatenation; where the function could not be kept, they refuse and name the layer.

# %%
from coursekit.training.keras import morphisms

import keras

# %%
layers = keras.layers
model = keras.Sequential([keras.Input((8, 8, 1))])
model.add(layers.Conv2D(6, 3, padding="same", activation="relu", name="look"))
model.add(layers.Flatten(name="flat"))
model.add(layers.Dense(16, "relu", name="think"))
model.add(layers.Dense(10, "softmax", name="answer"))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
images = digits.train.x[..., None]
fitted = model.fit(images, digits.train.y, epochs=3, verbose=0)


# %%
def moved(old, new, training=False):
    """The largest change of a probability on the training images."""
    both = [np.asarray(each(images, training=training)) for each in (old, new)]
    return float(np.abs(both[1] - both[0]).max())


# %%
wide = morphisms.widen(model, "look", 12)
deep = morphisms.deepen(wide, "look")
print(f"wider by {moved(model, wide):.0e}, deeper by {moved(wide, deep):.0e}")

# %% [markdown]
# What is refused is worth reading, for it says what would have gone wrong:

# %%
try:
    morphisms.widen(model, "answer", 20)
except ValueError as error:
    print(error)

# %% [markdown]
# Now a new layer with **batch normalisation**. It takes off a mean, divides by a spread, multiplies by gamma and adds beta:
#
# $$y = \gamma\,\frac{x - \text{mean}}{\sqrt{\text{variance} + \epsilon}} + \beta$$
#
# In inference, mean and variance are stored numbers. So gamma and beta can be chosen such that nothing happens.
#
# ### Exercise 12.3. Batch normalisation that changes nothing
# Write `identity_normalisation(mean, variance, epsilon)`, which returns `[gamma, beta]`, arrays with a number for each channel as `mean` and `variance` have, such that y = x in inference.


# %% exercise="12.3"
def identity_normalisation(mean, variance, epsilon):
    ### BEGIN SOLUTION
    return [np.sqrt(variance + epsilon), mean]
    ### END SOLUTION


# %% check="12.3"
check("12.3")

# %% [markdown]
# Any mean and variance will do in inference, 0 and 1 for instance. But in **training** the layer takes the mean and the variance of the minibatch, whatever is stored. **Predict** which of the two new layers keeps the function in training, too: one made from 0 and 1, or one made from the mean and the variance of real data at this place.

# %%
kinds = ["from 0 and 1", "from data", "both", "neither"]
predict("12-normal", "Close to the old function in training", options=kinds)

# %%
blind = morphisms.deepen(model, "think", normalise=True)
informed = morphisms.deepen(model, "think", normalise=True, data=images)
both = {"from 0 and 1": blind, "from data": informed}
for name, each in both.items():
    print(
        f"{name}: {moved(model, each):.0e} in inference, {moved(model, each, True):.0e} in training"
    )

# %%
near = [name for name, each in both.items() if moved(model, each, True) < 0.01]
measured("12-normal", near[0] if len(near) == 1 else "both" if near else "neither")

# %% [markdown]
# **Dropout** is the other trap. In inference it does nothing, so widening keeps the function. In training it silences half of the units, say, by a draw for each. **Predict** how much the answers vary from one pass to the next when the layer has four times as many units.

# %%
noises = ["less than before", "as much as before", "more than before"]
predict(
    "12-dropout", "How much does dropout make the wider network's answers vary?", options=noises
)

# %%
think, answer = layers.Dense(16, "relu", name="think"), layers.Dense(10, "softmax")
narrow = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), think, layers.Dropout(0.5)])
narrow.add(answer)
copied = morphisms.widen(narrow, "think", 64)


# %%
def spread(model):
    """The standard deviation of a probability from one pass in training to the next."""
    passes = [np.asarray(model(images, training=True)) for _ in range(30)]
    return float(np.std(passes, axis=0).mean())


before, after = spread(narrow), spread(copied)
measured("12-dropout", noises[0 if after < 0.9 * before else 2 if after > 1.1 * before else 1])
print(f"in inference it moved by {moved(narrow, copied):.0e}")
print(f"in training the answers vary by {before:.3f} before and by {after:.3f} after")

# %% [markdown]
# Each copy is silenced by a draw of its own, so the copies of a unit, where it has some, average out: the mean stays, the noise gets smaller, and a network that has learnt to live with the old noise meets another.
#
# ## 7. Breaking it: a flattened image
# Between a convolution and a dense layer the image is flattened: shape (height, width, channels) becomes one row, in which **all channels of the first place** come first, then all of the second. Each channel has a row in the dense kernel for *each place*.
#
# ### Exercise 12.4. Find the bug: behind a flattened image
# A colleague widens a convolution and repairs the dense kernel behind it, `following`, of shape (places × channels, outputs). With one place all is well; on real images the accuracy falls to chance. Repair it. `origin` is as in exercise 12.1, for the channels.


# %% exercise="12.4"
def wider_flattened(following, origin, places):
    channels = len(following) // places
    copies = np.bincount(origin)[origin]
    ### BEGIN SOLUTION
    #: rows = [channel * places + place for channel in origin for place in range(places)]
    #: return following[rows] / np.repeat(copies, places)[:, None]
    rows = [place * channels + channel for place in range(places) for channel in origin]
    return following[rows] / np.tile(copies, places)[:, None]
    ### END SOLUTION


# %% check="12.4"
check("12.4")

# %% [markdown]
# ## 8. Warm against cold
# What is a head start worth? A network of four units is trained for ten epochs, becomes one of 32, and trains on for thirty. Another one begins with 16. Beside them a network of 32 units from scratch, for all forty. All have seen every image forty times, from twenty seeds each. **Predict** who is ahead at the end: the one that began with four units, or the one from scratch.

# %%
ends = ["warm", "cold", "nobody, within 0.3 points"]
predict("12-warm", "Higher mean accuracy after forty epochs", options=ends)

# %%
curves = {"4 units, then 32": [], "16 units, then 32": [], "32 units from scratch": []}
for seed in range(20):
    for units in (4, 16):
        grown = GrowingNetwork(digits, units=[units], noise=0.05, seed=seed)
        grown.train(10)
        grown.widen(0, 32)
        grown.train(30)
        curves[f"{units} units, then 32"].append(grown.curve)
    curves["32 units from scratch"].append(grown.scratch())

# %%
for name, runs in curves.items():
    low, middle, high = 100 * np.quantile(runs, [0.25, 0.5, 0.75], axis=0)
    line = plt.plot(middle, label=name, markevery=5)[0]
    plt.fill_between(range(41), low, high, color=line.get_color(), alpha=0.2)
plt.title("Median and quartiles of twenty seeds; two of the networks grow at epoch 10")
plt.xlabel("epoch")
plt.ylabel("validation accuracy, %")
plt.ylim(60, 100)
plt.legend()
plt.show()

# %%
small, large, cold = (100 * np.mean(runs, axis=0)[-1] for runs in curves.values())
print(f"after 40 epochs: {small:.2f} from 4 units, {large:.2f} from 16, {cold:.2f} from scratch")
lead = small - cold
measured("12-warm", ends[2] if abs(lead) < 0.3 else ends[0] if lead > 0 else ends[1])

# %% [markdown]
# A head start is also a **place** to start from. Four units have squeezed ten digits through a narrow gate; the 28 others begin as their copies, and it takes them long to become something else. From sixteen units little is left to see of that. For **one** network of a known size there is nothing to gain at all: who knows that 32 units are right should begin with 32. Inheritance pays where steps are small, and where the parent has been trained anyway. That is the case in a search.
#
# ## 9. Hill climbing with morphisms
# Elsken, Metzen and Hutter (2017) make a whole search of it. Train a small network. Then, again and again: make a few children, each by one morphism that is drawn; train each child, **and the parent itself**, for a few epochs; go on from the best. No child ever starts from scratch.
#
# ### Exercise 12.5. Hill climbing with morphisms
# Write `climb(network, grow, train, steps, children)`, which returns the best network of the last step and its score.
# - `train(network)` trains and returns a pair: the trained network and its score. It is expensive: call it once for the network that you begin with, and then once for each candidate.
# - `grow(network)` returns a grown copy.
# - The candidates of a step are the present best, as it is, and `children` grown copies of it.


# %% exercise="12.5"
def climb(network, grow, train, steps, children):
    ### BEGIN SOLUTION
    best, score = train(network)
    for _ in range(steps):
        grown = [best] + [grow(best) for _ in range(children)]
        best, score = max((train(each) for each in grown), key=lambda done: done[1])
    return best, score
    ### END SOLUTION


# %% check="12.5"
check("12.5")

# %% [markdown]
# In the kit the same thing has the usual parts: a strategy proposes children and names their `parent`, and an **estimator** looks after the weights. `Inheritance` keeps what each trial leaves in a folder, gives a child what fits (wider and deeper by a morphism, narrower by keeping the most important units), and trains it for a few epochs.

# %%
from coursekit.estimators import FullTraining, Inheritance
from coursekit.search import Search
from coursekit.strategies import RegularizedEvolution
from coursekit.worlds import Live, MLPs

# %% [markdown]
# The space: one to three layers, units, activation, dropout, and how it is trained, 4,536 configurations in all. The accuracy to reach is fixed beforehand, 97.5 %. **All** epochs count, the parents' too, and those of children that came to nothing. The strategy is evolution whose parent is always the best of the last ten trials, which makes it a hill climber.
#
# With 40 epochs a trial from scratch, against the same search whose children inherit and train for 4: **predict** how many epochs inheritance needs, in percent of what scratch needs. (A search that has not got there after 1,000 epochs is given up, which leaves the median as it is. The twenty searches take a quarter of a minute, the longest wait of this lab.)

# %%
predict("12-search", "Epochs to 97.5 % with inheritance, of those from scratch", unit="%")

# %%
table = MLPs()
greedy = dict(population_size=10, sample_size=10)


def epochs_to(target, estimator, seed):
    """Epochs that an evolution trains until a trial reaches the target, or 1,000; its search."""
    search, spent = Search(RegularizedEvolution(table.space, **greedy), seed=seed), 0
    while spent < 1000:
        history = search.run(estimator, trials=len(search.history) + 1)
        spent += len(history[-1].curve)
        if history[-1].score >= target:
            break
    return spent, search


# %%
seeds = range(10)
scratch = [epochs_to(0.975, FullTraining(MLPs(seed=seed)), seed) for seed in seeds]
heirs = [epochs_to(0.975, Inheritance(Live("mlps", seed=seed), epochs=4), seed) for seed in seeds]
needed = [float(np.median([spent for spent, _ in runs])) for runs in (scratch, heirs)]
print(f"median epochs: {needed[0]:.0f} from scratch, {needed[1]:.0f} with inheritance")

# %%
measured("12-search", round(100 * needed[1] / needed[0]))

# %% [markdown]
# Is that fair? Forty epochs may be too many for scratch, and ten seeds are few. `python -m coursekit.benchmarks estimators --parts inheritance` runs twenty, also with other numbers of epochs and with a random search, and compares with the best of them. Run it before you believe the figure above: against a rival whose epochs were chosen as carefully, nothing of the gain is left for heirs of four epochs in this space, and about half the epochs for heirs of eight. The gain is largest and surest in its other space, in which training takes long and shapes alone are searched for.
#
# Much depends on the strategy, too. The hill climber always goes on from the best, so most epochs end up in the line of ancestors of the last network. Set `sample_size=3` above, for a parent that is only the best of three at random, and most of them are spent on side lines.
#
# ## 10. Where it fails
# The search has ended with a winner. A colleague takes its configuration, trains it from scratch for forty epochs, as one does, and reports what came out. **Predict** the mean of these accuracies over the searches that got there; each winner had at least 97.5 %.

# %%
predict("12-retrained", "Mean accuracy of the winners, trained from scratch", unit="%")

# %%
best = [search.history.best() for _, search in heirs]
winners = [trial.configuration for trial in best if trial.score >= 0.975]
again = [table.accuracy(winner) for winner in winners]
measured("12-retrained", round(100 * float(np.mean(again)), 1))

# %%
points = [(trial.score, table.accuracy(trial.configuration), trial.suggestion.parent is not None)
          for _, search in heirs for trial in search.history.completed]  # fmt: skip
for inherits, name, sign in ((False, "fresh weights", "o"), (True, "inherited weights", "^")):
    pairs = 100 * np.array([point[:2] for point in points if point[2] == inherits])
    plt.plot(pairs[:, 0], pairs[:, 1], sign, linestyle="", label=name, alpha=0.7)
plt.plot([0, 100], [0, 100], linestyle=":", marker="", label="equal")
plt.title("What a score after four epochs says about a full training")
plt.xlabel("score after four epochs, %")
plt.ylabel("after 40 epochs from scratch, %")
plt.legend(loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# Look at the right edge: there inherited scores lie close together, and below them are candidates of very different worth. A learning rate that would learn too slowly from scratch does no harm to a good parent's weights; it has nothing to do but not to spoil them. The score belongs to the **weights**, to the whole line of ancestors, and not to the configuration alone. Here is the winner that loses most:

# %%
winner = min(winners, key=table.accuracy)
print(winner)
print(f"from scratch: {table.accuracy(winner):.1%}")

# %% [markdown]
# Hence three rules.
# - **Keep the model, not the recipe.** What such a search has found is its best network with its weights.
# - Let children inherit across changes of the **architecture**. Settings of the training, above all the learning rate, are judged from scratch or not at all.
# - Whoever compares candidates with each other must give them the same start: all fresh, or all heirs of the same age.
#
# ## 11. In Keras Tuner
# `inherit=True` gives the kit's tuners the same. A child of evolution or of local search begins with its parent's checkpoint: by morphisms where the builder makes a wider or deeper model, else where layers match by name or order, and by shape. It resumes as every search of the kit does.

# %%
from coursekit.tuners import RegularizedEvolution as EvolutionTuner


# %%
def build(hp):
    model = keras.Sequential([keras.Input((8, 8)), layers.Flatten()])
    units = hp.Int("units", 8, 64, step=8)
    for _ in range(hp.Int("layers", 1, 3)):
        model.add(layers.Dense(units, "relu"))
    model.add(layers.Dense(10, "softmax"))
    adam = keras.optimizers.Adam(0.003)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# %%
where = dict(directory="tuning", project_name="inherit", overwrite=True)
tuner = EvolutionTuner(
    build, "val_accuracy", max_trials=8, seed=12, population_size=3, sample_size=2,
    inherit=True, **where,
)  # fmt: skip
tuner.search(*digits.train, epochs=2, validation_data=digits.validation, verbose=0)

# %%
family = tuner.oracle.history.frame()
family.drop(columns=["status", "cost", "budget"]).round(3)

# %% [markdown]
# The first three began from nothing. Follow the column `parent`: after two epochs each child is about where its parent was, or ahead of it; a narrower or shallower one has lost something on the way.
#
# ## 12. What to take away
# - A wider layer copies units and shares out the weights ahead; a deeper one begins as the identity. The function stays to the last digits, and the accuracy with it.
# - Copies need noise or dropout to part. Batch normalisation needs statistics of real data, or training undoes what inference has proved. Tanh is not idempotent.
# - In a search that goes on from the best, inheritance saves epochs, all of the parents' counted; how many depends on how well the rival from scratch is tuned.
# - The price: an heir's score is that of its whole line. What you have at the end is a network, not a configuration.
#
# **Read on:** Net2Net, Chen, Goodfellow and Shlens 2016 (`chen2016net2net`), beside the guide `references/net2net.md`, which says which equation is which line. Hill climbing with morphisms: Elsken, Metzen and Hutter 2017 (`elsken2017simple`), with `references/network_morphisms.md`. Activations that are faded in: Wei et al. 2016 (`wei2016network`). Evolution with inherited weights on a large scale: Real et al. 2017 (`real2017large`). The keys are in `references/references.bib`.

# %%
progress()
