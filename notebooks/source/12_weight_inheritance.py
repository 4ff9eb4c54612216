# %% [markdown]
# # Lab 12. Weight inheritance
#
# A search trains hundreds of networks. Each of them first learns what all the others have learned already: that the borders of these images are empty, that strokes have edges. Then it is thrown away. A child that differs from its parent in one layer could begin where its parent was. In this lab you make networks grow **without changing what they answer**, test it, break it on purpose, and then let a whole search use it. At the end you see the price.
#
# **After it you can**
# - widen and deepen a network so that its function stays the same, by hand and in Keras;
# - say where that fails (batch normalisation, dropout, tanh) and what to do about it;
# - train children from their parents' weights in a search, and compare the cost with a rival at its best;
# - say what an inherited score does *not* tell you.
#
# **It takes** about 60 seconds of computing on two cores (all cells), and an hour or two of yours. **Budget:** some 5,500 epochs of small perceptrons on 8×8 digits, a few milliseconds each, and about twenty epochs of Keras. No GPU, no network.
#
# **How it works:** predict before you run; move whatever has a slider; write code where it says so, then run the check below it. Stuck? `hint("12.1")`, and again for more; after a try, `solution("12.1")`.

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np

from coursekit import data, theme
from coursekit.labs import check, hint, measured, predict, progress, recall, solution
from coursekit.status_line import counted
from coursekit.training.remapping import Remapping
from coursekit.widgets import Growing
from coursekit.widgets.growing_network import GrowingNetwork

theme.use()  # figures follow JupyterLab's theme
digits = data.load("digits")

# %% [markdown]
# ## 1. A parent
# Our parent has four hidden units, which is far too few, and was trained for ten epochs. The weights of a perceptron are a list: kernel, bias, kernel, bias, and so on, with kernels of shape (inputs, outputs).

# %%
parent = GrowingNetwork(digits, units=[4])
parent.train(10)
print("shapes:", [weight.shape for weight in parent.model.weights])
print(f"validation accuracy: {parent.curve[-1]:.1%}")

# %% [markdown]
# ## 2. Wider
# Net2Net (Chen, Goodfellow and Shlens 2016) widens a layer by **copying units**. A copy has the inputs and weights of its original, so it has the same output. The next layer then adds that output twice; so the weights ahead are **shared out** in equal parts among all copies of a unit, the original included. A list `origin` says of each new unit which old one it copies: `[0, 1, 1]` makes three units out of two, and the last is a copy of unit 1.
#
# A hidden unit has the output 3, and the next layer multiplies it by 6: together 18. Now there are three copies of the unit. **Predict** the weight ahead of each copy.

# %%
predict("12-share", "Weight ahead of each of three copies, when the original's was 6")

# %% [markdown]
# ### Exercise 12.1. Wider, by hand
# Write `wider(kernel, bias, following, origin)`. `kernel` and `bias` are the layer's, `following` is the kernel of the next layer, with a row for each unit; `origin` is an array of whole numbers: 0, 1, 2, ... for the old units, then the originals of the copies. Return the three new arrays in a list, and do not change the old ones. The function must be kept with any activation, and copies share the weights ahead in equal parts.


# %% exercise="12.1"
def wider(kernel, bias, following, origin):
    ### BEGIN SOLUTION
    copies = np.bincount(origin)[origin]
    return [kernel[:, origin], bias[origin], following[origin] / copies[:, None]]
    ### END SOLUTION


# %% check="12.1"
check("12.1")

# %% [markdown]
# The kit has a class `Remapping` for that: `leaving` makes the weights that lead into the units, U⁽ⁱ⁾ in the paper, and `entering` those ahead of them, U⁽ⁱ⁺¹⁾.

# %%
copies = Remapping(np.array([0, 0, 0]), old=1)
share = float(copies.entering(np.array([[6.0]]))[0, 0])
measured("12-share", share)

# %% claim="Each of three copies gets a weight of 2"
assert share == 2

# %% [markdown]
# Is the function really kept? Floating-point numbers are rounded, so the question is how far the answers move. Probabilities lie between 0 and 1, and a number of 32 bits has about seven digits. **Predict** the largest change of any probability, over 360 validation images, when four units become sixty-four.

# %%
sizes = ["exactly 0", "below 0.00001", "about 0.001", "about 0.1"]

# %%
predict("12-equal", "Largest change of a probability", options=sizes)

# %%
step = parent.widen(0, 64)
print(f"{step.what}: {step.difference:.1e}, accuracy {step.before:.1%} and {step.after:.1%}")
measured("12-equal", sizes[int(np.digitize(step.difference, [1e-12, 1e-5, 1e-2]))])

# %% claim="Widening moves no probability by more than rounding"
assert step.difference < 1e-5 and step.before == step.after and len(digits.validation.y) == 360
for seed in (1, 2, 3):
    other = GrowingNetwork(digits, units=[4], seed=seed)
    other.train(2)
    assert other.widen(0, 64).difference < 1e-5

# %% [markdown]
# ## 3. Copies that stay equal
# There are sixty-four units, but only four different ones. Will training make them differ? All copies of a unit have the same inputs, the same output and the same gradient. **Predict** how many different units there are after twenty more epochs.

# %%
predict(
    "12-different", "Different hidden units among 64, after 20 more epochs", unit="units", most=64
)


# %%
def different(network):
    """How many units of the first layer differ by more than rounding, in two digits."""
    return len(np.unique(network.model.weights[0].T.round(2), axis=0))


parent.train(20)
measured("12-different", different(parent))

# %% [markdown]
# Units with the same weights and the same gradient stay equal. Only rounding separates a few of them, slowly: their number stays far below 64. So Net2Net adds a little **noise** to the copies. Dropout makes them differ as well, because it switches off now one copy and now another. Noise moves the answers, so it should be small. Here is the same growth with noise of a twentieth of the weights' standard deviation.

# %%
noisy = GrowingNetwork(digits, units=[4], noise=0.05)
noisy.train(10)
moved = noisy.widen(0, 64).difference
noisy.train(20)
print(f"largest change of a probability {moved:.2f}, then {different(noisy)} different units")
print(f"accuracy after 30 epochs: {parent.curve[-1]:.1%} without noise, {noisy.curve[-1]:.1%} with")

# %% claim="Without noise few different units remain; with noise all 64 differ, the answers move, and the accuracy is higher"
for seed in (0, 1, 2):
    plain, apart = (GrowingNetwork(digits, units=[4], noise=n, seed=seed) for n in (0.0, 0.05))
    steps = []
    for each in (plain, apart):
        each.train(10)
        steps.append(each.widen(0, 64).difference)
        each.train(20)
    assert 4 <= different(plain) < 16 and different(apart) == 64
    assert steps[0] < 1e-5 < 0.01 < steps[1]
    assert apart.curve[-1] > plain.curve[-1]

# %% [markdown]
# ## 4. Deeper
# The new layer does nothing: its kernel is the unit matrix, its bias zero. But an activation follows it, and that must do nothing as well. Relu is **idempotent**: the output of a relu is not below 0, and a second relu does not change it.
#
# ### Exercise 12.2. Deeper, by hand
# Write `deeper(weights)`, which returns a new list of kernels and biases, with one more hidden layer behind the last hidden one. All hidden layers have relu; the last layer of all has no activation. Do not change the old list.


# %% exercise="12.2"
def deeper(weights):
    ### BEGIN SOLUTION
    *first, last, bias = weights
    return [*first, np.eye(len(last)), np.zeros(len(last)), last, bias]
    ### END SOLUTION


# %% check="12.2"
check("12.2")

# %% [markdown]
# Tanh is not idempotent: it squeezes its input, and a second tanh squeezes again. But near 0, tanh is almost a straight line. So one can make the numbers small before the second tanh, and large again behind it. The figure shows how far that is from the identity.

# %%
x, errors = np.linspace(-1, 1, 201), {}
for shrink in (1.0, 0.5, 0.1):
    errors[shrink] = np.tanh(shrink * x) / shrink - x
    plt.plot(x, errors[shrink], label=f"tanh({shrink} x) / {shrink}", markevery=20)
plt.title("A second tanh: its distance from the identity")
plt.xlabel("input")
plt.ylabel("output minus input")
plt.legend()
plt.show()

# %% claim="The smaller the numbers, the nearer to the identity: from 0.24 to less than 0.01"
most = [np.abs(error).max() for error in errors.values()]
assert 0.2 < most[0] < 0.25 and most[0] > most[1] > most[2] and most[2] < 0.01

# %% [markdown]
# Smaller numbers come nearer to the identity. The price is not in the figure: the weights behind must be larger, and they enlarge every error of the small numbers.
#
# In Keras, the kit's `deepen` refuses to put tanh behind tanh, and names the alternative: `blend=True` mixes the activation in by a number that is learned and begins at "not at all" (Wei et al. 2016).

# %%
recall(
    "12-identity",
    "Why may a new relu layer be the identity behind a relu, but not in front of the first layer?",
    answer="Behind a relu no number is below 0, so another relu changes nothing. In front there are the data, and relu would cut what is below 0 in them.",
)

# %% [markdown]
# ## 5. Grow one yourself
# Train, widen, train, deepen, train. The line above the figure says how far the last step moved any answer. Then try:
# - widen without noise, and train: does it help? Now with noise;
# - raise the noise to 1: how much accuracy does that step cost, and how many epochs bring it back?
# - tick *from scratch*: a network of the present shape with fresh weights. Which one is ahead, and from which epoch on?

# %%
grower = Growing(digits)
grower

# %% [markdown]
# ## 6. Breaking it: batch normalisation
# In Keras the same steps are functions of `coursekit.training.keras.morphisms`: they take a Sequential or functional model and return a new one. They adapt what lies between two layers: batch normalisation, dropout, pooling, flattening and concatenation. Where the function could not be kept, they refuse and name the layer.

# %%
from coursekit.training.keras import morphisms

import keras

# %%
keras.utils.set_random_seed(12)
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
def moved(old, new, training=False, size=None):
    """The largest change of a probability, of all training images at once or in eight batches."""
    starts = range(0, 8 * size, size) if size else [0]
    batches = [images[start : start + (size or len(images))] for start in starts]
    batches = [batch for batch in batches if not size or len(batch) == size]
    pairs = [(old(batch), new(batch, training=training)) for batch in batches]
    return max(float(np.abs(np.asarray(after) - before).max()) for before, after in pairs)


# %%
wide = morphisms.widen(model, "look", 12)
deep = morphisms.deepen(wide, "look")
print(f"wider: changed by {moved(model, wide):.0e}; deeper: by {moved(wide, deep):.0e}")

# %% claim="In Keras, too, both steps keep the function up to rounding"
assert max(moved(model, wide), moved(wide, deep), moved(model, deep)) < 1e-5

# %% [markdown]
# Read what is refused: the message says what would have gone wrong.

# %%
try:
    morphisms.widen(model, "answer", 20)
except ValueError as error:
    print(error)

# %% [markdown]
# Now we add a layer with **batch normalisation**. It subtracts a mean, divides by a standard deviation, multiplies by gamma and adds beta:
#
# $$y = \gamma\,\frac{x - \text{mean}}{\sqrt{\text{variance} + \epsilon}} + \beta$$
#
# In inference, mean and variance are stored numbers. So there are gamma and beta with which the layer changes nothing.
#
# ### Exercise 12.3. Batch normalisation that changes nothing
# Write `identity_normalisation(mean, variance, epsilon)`, which returns `[gamma, beta]` such that y = x in inference. Both are arrays with a number for each channel, as `mean` and `variance` are.


# %% exercise="12.3"
def identity_normalisation(mean, variance, epsilon):
    ### BEGIN SOLUTION
    return [np.sqrt(variance + epsilon), mean]
    ### END SOLUTION


# %% check="12.3"
check("12.3")

# %% [markdown]
# In inference any mean and variance will do, 0 and 1 for instance. But in **training** the layer takes the mean and the variance of the minibatch, whatever is stored. We make two new layers: one from 0 and 1, one from the mean and the variance of all training images at this place. **Predict** which of them keeps the function in training, with minibatches of 32 images: no probability moves by more than 0.01.

# %%
kinds = ["from 0 and 1", "from data", "both", "neither"]

# %%
predict("12-normal", "Which keeps the function in training, with 32 images?", options=kinds)

# %%
blind = morphisms.deepen(model, "think", normalise=True)
informed = morphisms.deepen(model, "think", normalise=True, data=images)
both = {"from 0 and 1": blind, "from data": informed}
for name, new in both.items():
    print(f"{name}: changed by {moved(model, new):.0e} in inference")

# %%
sizes_tried, changes = [len(images), 256, 64, 32, 16], {}
for name, new in both.items():
    changes[name] = [moved(model, new, training=True, size=size) for size in sizes_tried]
    plt.loglog(sizes_tried, changes[name], label=name)
plt.axhline(0.01, color=theme.INK, linewidth=1)
plt.title("The largest change of a probability in training")
plt.xlabel("images in a minibatch")
plt.ylabel("largest change")
plt.xticks(sizes_tried, sizes_tried)
plt.minorticks_off()
plt.ylim(1e-8, 2)
plt.legend(loc="center left")
plt.show()

# %%
near = [name for name, change in changes.items() if change[3] < 0.01]
measured("12-normal", near[0] if len(near) == 1 else "both" if near else "neither")


# %% claim="With 32 images neither keeps the function; from data the change shrinks with larger minibatches, to rounding for all images at once; from 0 and 1 it is large for all of them"
def held(model):
    plain, fitted = (
        morphisms.deepen(model, "think", normalise=True, **known)
        for known in ({}, {"data": images})
    )
    assert max(moved(model, plain), moved(model, fitted)) < 1e-5  # first: training moves them
    large, small = ([moved(model, new, True, n) for n in sizes_tried] for new in (plain, fitted))
    assert min(large) > 0.2 and small[0] < 1e-4
    assert (
        small[0] < small[1] < small[3]
        and 0.005 < small[1] < 0.1
        and 0.03 < small[3] < 0.6 * large[3]
    )


held(model)
keras.utils.set_random_seed(5)
other = keras.models.clone_model(model)  # with fresh weights
other.compile("adam", "sparse_categorical_crossentropy")
other.fit(images, digits.train.y, epochs=3, verbose=0)
held(other)

# %% [markdown]
# Neither. The layer from data changes nothing if *all* images come at once, because those are the images that its statistics were taken from. The mean and the variance of 32 images differ from those of all, so its answers move, by about a tenth at most; that noise is what batch normalisation always has in training. The layer from 0 and 1 is far off whatever the size: it standardises what the next layer did not expect standardised. So take statistics from real data, and large minibatches for the first epochs, or expect a small step back.

# %% [markdown]
# **Dropout** is the other trap. In inference it does nothing, so widening keeps the function. In training it switches off units at random, half of them for instance. **Predict** how much the answers vary from one pass to the next when the layer has four times as many units.

# %%
noises = ["less than before", "as much as before", "more than before"]

# %%
question = "How much does dropout make the wider network's answers vary?"
predict("12-dropout", question, options=noises)

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
print(f"in inference the answers changed by {moved(narrow, copied):.0e}")
print(f"in training the answers vary by {before:.3f} before and by {after:.3f} after")

# %% [markdown]
# Each copy is switched off by its own draw, so the copies of a unit average out: the mean stays, and the noise gets smaller. The network was trained with more noise than it meets now.

# %% claim="Dropout makes the wider network's answers vary less, while inference is the same"
assert moved(narrow, copied) < 1e-5 and after < 0.9 * before

# %% [markdown]
# ## 7. Breaking it: a flattened image
# Between a convolution and a dense layer the image is flattened: the shape (height, width, channels) becomes one row, in which **all channels of the first place** come first, then all of the second. So each channel has a row in the dense kernel for *each place*.
#
# ### Exercise 12.4. Find the bug: behind a flattened image
# A colleague widens a convolution and repairs the dense kernel behind it, `following`, of shape (places × channels, outputs). With one place it is right; with several, the rows are in the wrong order. Repair it. `origin` is as in exercise 12.1, for the channels.


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

# %%
recall(
    "12-statistics",
    "A colleague tests a new batch-normalisation layer on all training images in one batch, and finds a change of 0. What is wrong with the test?",
    answer="The statistics of that batch are those that the layer was made from. In training, minibatches of 32 have other statistics, and the answers move.",
)

# %% [markdown]
# ## 8. Warm against cold
# What is a head start worth? A network of four units is trained for ten epochs, is widened to 32, and is trained for thirty more. Another one begins with 16. The control is a network of 32 units from scratch, trained for all forty epochs. Each has seen every image forty times; each curve is the median of twenty seeds. **Predict** which is ahead at the end: the one that began with four units, or the one from scratch.

# %%
winners_of_both = ["warm", "cold", "neither, within 0.3 points"]

# %%
predict("12-warm", "Higher mean accuracy after forty epochs", options=winners_of_both)


# %%
def warm_and_cold(seeds):
    """Accuracy by epoch of two networks that grow to 32 units, and of one that begins with 32."""
    curves = {"4 units, then 32": [], "16 units, then 32": [], "32 units from scratch": []}
    for seed in seeds:
        for units in (4, 16):
            grown = GrowingNetwork(digits, units=[units], noise=0.05, seed=seed)
            grown.train(10)
            grown.widen(0, 32)
            grown.train(30)
            curves[f"{units} units, then 32"].append(grown.curve)
        curves["32 units from scratch"].append(grown.scratch())
    return curves


curves = warm_and_cold(counted(range(20), "seeds"))

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
measured("12-warm", winners_of_both[2 if abs(lead) < 0.3 else 0 if lead > 0 else 1])

# %% claim="From four units the network is behind at the end; from sixteen it is within half a point of the one from scratch, and not ahead"
assert small < cold - 0.3 and abs(large - cold) < 0.8 and large < cold + 0.2

# %% claim="From other seeds, too" tags=["nightly"]
four, sixteen, scratched = (
    100 * np.mean(runs, axis=0)[-1] for runs in warm_and_cold(range(100, 106)).values()
)
assert four < scratched - 0.3 and abs(sixteen - scratched) < 0.8

# %% [markdown]
# A head start is also a **place** to start from. Four units can keep apart ten digits only roughly; the 28 others begin as their near copies, and need long to become different. With sixteen units the difference is small. For **one** network of a known size there is nothing to gain: if 32 units are right, begin with 32. Inheritance can pay where steps are small, and where the parent has been trained anyway. That is the case in a search.
#
# ## 9. Hill climbing with morphisms
# Elsken, Metzen and Hutter (2017) make a whole search of it. Train a small network. Then repeat: make a few children, each by a few morphisms drawn at random; train each child, **and the parent itself**, for a few epochs; continue with the best. No child starts from scratch.
#
# ### Exercise 12.5. Hill climbing with morphisms
# Write `climb(network, grow, train, steps, children)`, which returns the best network of the last step and its score.
# - `train(network)` returns a pair: the trained network and its score. It is expensive: call it once for the network that you begin with, and then once for each candidate.
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
# In the kit, a strategy proposes children and names their `parent`, and an **estimator** keeps the weights. `Inheritance` keeps what each trial leaves in a folder, gives a child what fits (wider and deeper by a morphism, narrower by keeping the most important units), and trains it for a few epochs.

# %%
from coursekit.estimators import FullTraining, Inheritance
from coursekit.search import Search
from coursekit.strategies import RegularizedEvolution
from coursekit.worlds import Live, MLPs

# %% [markdown]
# The space has one to three layers, units, activation, dropout, and the settings of the training, 4,536 configurations in all. The accuracy to reach is fixed beforehand, 97.5 %. **All** epochs count, those of the parents and of unsuccessful children as well. The strategy is evolution whose parent is always the best of the last ten trials; that makes it a hill climber.
#
# One search trains each candidate from scratch for 40 epochs; in the other, children inherit and are trained for 4. **Predict** how many epochs inheritance needs, in percent of what scratch needs. (A search that has not got there after 1,000 epochs is given up; the median is not changed by that. The searches take about a quarter of a minute, the longest wait of this lab.)

# %%
predict("12-search", "Epochs to 97.5 % with inheritance, of those from scratch", unit="%", most=500)

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
def scratch(seeds, patience=None):
    """Searches from scratch, with as many epochs a trial as the patience allows."""
    estimators = [FullTraining(MLPs(seed=seed), patience=patience) for seed in seeds]
    return [epochs_to(0.975, each, seed) for each, seed in zip(estimators, seeds)]


def inherited(seeds):
    """Searches whose children inherit, and are trained for 4 epochs."""
    return [epochs_to(0.975, Inheritance(Live("mlps", seed=s), epochs=4), s) for s in seeds]


def median(runs):
    return float(np.median([spent for spent, _ in runs]))


# %%
seeds = range(10)
whole, heirs = scratch(seeds), []
for seed in counted(seeds, "searches"):
    heirs += inherited([seed])
print(f"median epochs: {median(whole):.0f} from scratch, {median(heirs):.0f} with inheritance")

# %%
measured("12-search", round(100 * median(heirs) / median(whole)))

# %% [markdown]
# ### The rival at its best
# Is that fair? The rival trains every candidate for 40 epochs, though most have stopped improving long before. With `FullTraining(world, patience=p)` a training ends after *p* epochs without a better score, and answers with the best one. The rival's advocate may choose *p*. **Predict** the best choice.

# %%
patiences = [1, 2, 3, 5, 10, None]
names = [str(patience or "none, 40 epochs") for patience in patiences]

# %%
predict("12-patience", "Which patience is best for the rival?", options=names)

# %%
rivals = [scratch(seeds, patience) for patience in counted(patiences, "patiences")]
medians = [median(runs) for runs in rivals]
best = int(np.argmin(medians))
plt.plot(names, medians, label="from scratch")
plt.axhline(median(heirs), color=theme.PALETTE[1], linestyle="--", label="heirs, 4 epochs each")
plt.title("Median epochs until a trial reaches 97.5 %, ten searches each")
plt.xlabel("the rival's patience, epochs")
plt.ylabel("epochs of all trials")
plt.ylim(bottom=0)
plt.legend()
plt.show()

# %%
measured("12-patience", names[best])
fair, naive = median(heirs) / medians[best], median(heirs) / median(whole)
print(f"heirs need {naive:.0%} of the epochs of the untuned rival, {fair:.0%} of those of the best")

# %% claim="Inheritance needs a quarter of the epochs of the untuned rival and about two fifths of those of the best"
assert 0.15 < naive < 0.35 and 0.3 < fair < 0.6 and medians[best] < 0.8 * medians[-1]

# %% claim="From other seeds another patience is best, and more of the gain goes" tags=["nightly"]
others = [median(scratch(range(100, 120), patience)) for patience in patiences]
assert min(others) < 0.8 * others[-1] and int(np.argmin(others)) != best
theirs = median(inherited(range(100, 110)))
assert theirs < 0.6 * others[-1] and theirs > 0.45 * min(others)

# %% [markdown]
# A tuned rival takes away part of the gain. With other seeds it takes away more: over the seeds from 100 on, a patience of 10 is best, and the heirs need about three quarters of its epochs. Ten searches are few, and the best of six medians is partly luck. The comparison that counts has more seeds and several spaces: `python -m coursekit.benchmarks estimators --parts inheritance` runs it. If a paper reports a saving, ask what its rival was allowed to choose.
#
# The strategy matters, too. The hill climber always continues with the best, so its children have good parents. Set `sample_size=3` above, which makes the parent the best of three drawn at random, and compare.
#
# ## 10. Where it fails
# The search has ended with a winner. A colleague takes its configuration, trains it from scratch for forty epochs, and reports the result. **Predict** the mean of these accuracies over the searches that got there; each winner had at least 97.5 %. The **control** is the same for the winners of the search from scratch: a winner's score is partly luck, for them as well.

# %%
predict("12-retrained", "Mean accuracy of the heirs' winners, trained from scratch", unit="%")


# %%
def winners(runs):
    """The configurations of the trials that reached the target."""
    best = [search.history.best() for _, search in runs]
    return [trial.configuration for trial in best if trial.score >= 0.975]


again = {"from scratch": winners(whole), "inherited": winners(heirs)}
again = {
    name: 100 * np.array([table.accuracy(each) for each in won]) for name, won in again.items()
}
for name, reached in again.items():
    print(f"winners of the search, {name}: {reached.mean():.1f} % when trained from scratch")

# %%
measured("12-retrained", round(float(again["inherited"].mean()), 1))

# %% claim="The heirs' winners lose about two points when trained from scratch, the control's winners a few tenths"
assert again["from scratch"].mean() > 97.0 and 93.5 < again["inherited"].mean() < 96.5
assert (
    97 < 100 * np.mean([table.accuracy(each) for each in winners(scratch(range(100, 120)))]) < 97.8
)
assert len(again["inherited"]) >= 6

# %%
points = [(trial.score, table.accuracy(trial.configuration), trial.suggestion.parent is not None)
          for _, search in heirs for trial in search.history.completed]  # fmt: skip
for inherits, name, sign in ((False, "fresh weights", "o"), (True, "inherited weights", "^")):
    pairs = 100 * np.array([point[:2] for point in points if point[2] == inherits])
    plt.plot(
        pairs[:, 0], pairs[:, 1], sign, linestyle="", label=name, alpha=0.5, zorder=3 - inherits
    )
plt.plot([90, 100], [90, 100], linestyle=":", marker="", color=theme.INK, label="equal")
plt.xlim(90, 98.5)
plt.title("What a good score after four epochs says about a full training")
plt.xlabel("score after four epochs, %")
plt.ylabel("after 40 epochs from scratch, %")
plt.legend(loc="lower left", bbox_to_anchor=(1, 0))
plt.show()

# %% claim="Among inherited scores of 95 % and more, candidates differ by tens of points from scratch, and some are below 50 %"
close = 100 * np.array([point[1] for point in points if point[2] and point[0] >= 0.95])
assert np.ptp(close) > 40 and close.min() < 50 and len(close) > 50

# %% [markdown]
# The figure shows scores above 90 %. Candidates with nearly the same inherited score differ by tens of points when they are trained from scratch. A learning rate that is too small for a training from scratch does no harm to a good parent's weights: it hardly changes them. The score belongs to the **weights**, and so to all ancestors, and not only to the configuration. Here is the winner that loses most:

# %%
winner = min(winners(heirs), key=table.accuracy)
print(winner)
print(f"from scratch: {table.accuracy(winner):.1%}")

# %% [markdown]
# Three rules follow.
# - **Keep the model, not the configuration.** The result of such a search is its best network with its weights.
# - Let children inherit across changes of the **architecture**. Judge settings of the training from scratch, above all the learning rate.
# - Compare candidates that had the same start: all with fresh weights, or all heirs of the same age.

# %%
recall(
    "12-winner",
    "The heirs' winners are worse when trained from scratch. Why is the luck of a winner not the whole reason?",
    answer="The control's winners were chosen in the same way, for the same score, and lose only a few tenths of a point.",
)

# %% [markdown]
#
# ## 11. In Keras Tuner
# With `inherit=True` the kit's tuners do the same. A child of evolution or of local search begins with its parent's checkpoint: by morphisms where the builder makes a wider or deeper model, else where layers match by name or order, and by shape. Such a search can be resumed like all searches of the kit.

# %%
from coursekit.tuners import RegularizedEvolution as EvolutionTuner
from coursekit.widgets import SearchMonitor


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
SearchMonitor(tuner)
tuner.search(*digits.train, epochs=2, validation_data=digits.validation, verbose=0)

# %%
family = tuner.oracle.history.frame()
family.drop(columns=["status", "spread", "cost", "budget", "curve", "info", "message"]).round(3)

# %% claim="The first three have no parent; nearly all children with one are about where their parent was, or ahead"
trials = list(tuner.oracle.history)
assert [trial.suggestion.parent for trial in trials[:3]] == [None] * 3
gains = [
    t.score - trials[t.suggestion.parent].score for t in trials if t.suggestion.parent is not None
]
assert len(gains) >= 3 and np.median(gains) > -0.05

# %% [markdown]
# The first three have no parent. Follow the column `parent`: after two more epochs a child is usually about where its parent was, or ahead of it. A child that is narrower or shallower may have lost something.
#
# ## 12. A model of yours
# Put a Keras model of yours, Sequential or functional, in place of `mine`, and inputs for it in place of `inputs`. Widen one of its layers, deepen another, and see how far its answers move. If a step is refused, read why. Then fine-tune the grown model for an epoch: has it kept its accuracy?

# %%
mine, inputs = model, images  # put yours here
grown = morphisms.widen(mine, "think", 32)  # the name of one of your layers, and its new width
change = np.abs(np.asarray(grown(inputs)) - np.asarray(mine(inputs))).max()
print(f"largest change of an answer: {change:.0e}")

# %% [markdown] conclusion="12"
# ## 13. Your conclusion
# A paper reports that inheriting weights saves 77 % of the epochs of a search. In three or four sentences: which questions do you ask, and what may you keep from such a search?
#
# - It asks for the rival: how long does it train each candidate, and was that tuned as carefully?
# - It asks what is counted: all epochs, those of parents and unsuccessful children too, over how many seeds.
# - It says that an inherited score belongs to the weights of all ancestors, not to the configuration.
# - It keeps the network with its weights, or trains the configuration again from scratch before reporting it.

# %% [markdown]
# ## 14. What to take away
# - A wider layer copies units and shares out the weights ahead; a deeper one begins as the identity. The function stays the same up to rounding, and the accuracy with it.
# - Copies need noise or dropout to become different. Batch normalisation needs statistics of real data, and even then answers move in training, more so in small minibatches. Tanh is not idempotent.
# - In a search that continues with the best, inheritance saves epochs, all of the parents' counted; how many depends on how well the rival from scratch is tuned.
# - An heir's score is that of all its ancestors. The result is a network, not a configuration.
#
# **Read on:** Net2Net, Chen, Goodfellow and Shlens 2016 (`chen2016net2net`), beside the guide `references/net2net.md`, which says where each equation is in the code. Hill climbing with morphisms: Elsken, Metzen and Hutter 2017 (`elsken2017simple`), with `references/network_morphisms.md`. Activations that are mixed in step by step: Wei et al. 2016 (`wei2016network`). Evolution with inherited weights on a large scale: Real et al. 2017 (`real2017large`). The keys are in `references/references.bib`.

# %%
progress()
