# %% [markdown]
# # Lab 14. AutoML in the cloud
#
# Amazon, Microsoft and Google sell what this course has taught: you upload a table, name a column, and hours later a model and a leaderboard come back. In this lab you buy from all three at once, and nobody sends a bill: each vendor's own SDK talks to a server on your machine that speaks the vendor's language and really searches on your table. What such a service knows about *your* problem, what its numbers mean, and when it is worth the money is for you to find out.
#
# **After it you can**
# - say what would leave your machine with a table, and which columns must stay behind, for two different reasons;
# - ask three vendors the same question, and say what their metrics and limits have in common;
# - estimate a bill before it is sent, and give three vendors the same budget in their own units;
# - submit a job so that a lost reply is not billed twice;
# - read a leaderboard honestly: what was chosen by it, on how many rows, and which differences mean anything;
# - decide whether to buy or to build, and defend it.
#
# **It takes** about a minute of computing on two cores (all cells), and an hour or two of your time. **Budget:** about a hundred candidates, each a small scikit-learn pipeline. No GPU, no network, no account, no credentials: everything here is marked *simulated*, and its search is the kit's own, so **the lab says nothing about which vendor is better**. It shows what they ask, what they answer, and how to read it.
#
# **How it works:** predict before you run; move whatever has a button; write code where the text asks for it, then run the check below it. If you are stuck: `hint("14.1")`, and again for more; after a try, `solution("14.1")`.

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import numpy as np
import pandas
from scipy.stats import rankdata

from coursekit import Search, theme
from coursekit.cloud import Request, connect
from coursekit.cloud.this_machine import Local
from coursekit.cloud.pipelines import Pipelines, measure, predictions
from coursekit.cloud.simulated.server import Server
from coursekit.cloud.table import outgoing, problems
from coursekit.data import titanic
from coursekit.labs import check, hint, measured, predict, progress, recall, solution
from coursekit.race import luck
from coursekit.strategies import Random
from coursekit.widgets import Leaderboards

theme.use()  # figures follow JupyterLab's theme

# %% [markdown]
# ## 1. What would leave your machine
# The table: 1,309 passengers of the Titanic. The question: who survived? A thousand rows are to learn from. The other 309 stay here, and no service ever sees them.

# %%
passengers = pandas.read_csv(titanic())
learn, held_out = passengers[:1000], passengers[1000:]
learn.head(3).T

# %% [markdown]
# Before you upload a table, go through its columns twice.
#
# **First: who is in it?** These passengers died long ago, but your customers are alive. Personal data hardly ever help a model, and what has left your machine is copied, logged and backed up by others. So the kit looks for columns that may point at persons, leaves them out unless you ask for them by name, and shows what would leave:

# %%
print(outgoing(learn, "survived"))

# %% [markdown]
# `name` and `home.dest` (home and destination) stay. But this check is a guess from names and values, and it has missed something: a `ticket` number says who travelled with whom, and in many cases who it was. You know your columns better than any check, so `ticket` stays here, too.
#
# %% [markdown]
# **Second: when is it known?** A model is asked *before* the answer is known. A column that is filled in afterwards is a **leak**. Here are two: `boat` is the lifeboat, `body` the number of a body that was found. A service cannot know that. Suppose that you upload them, too: which AUC does its leaderboard promise? (The AUC is the chance that the model ranks a random survivor above a random victim: 0.5 is guessing, 1 is perfect.)

# %%
predict(
    "14-leak", "The AUC of the best candidate, with boat and body in the table", unit="", most=1
)

# %%
careless = outgoing(learn, "survived", drop=["ticket"]).table
leaking = Pipelines(careless, "survived", "auc")
found = Search(Random(leaking.space), seed=0).run(leaking, trials=4)
measured("14-leak", round(found.best().score, 3))

# %% [markdown]
# That would be a triumph. Do the held-out rows warn you? They have boats and bodies, too. Only a table as it is *when the model is asked* warns you, with both columns still empty:

# %%
model = leaking.fit(found.best().configuration)
later = held_out[leaking.features.columns]
before = later.assign(boat=None, body=np.nan)
truth = held_out["survived"].to_numpy()
for when, rows in {"long afterwards": later, "before the ship sails": before}.items():
    auc = measure("auc", truth, predictions(model, rows), leaking.classes)
    print(f"held-out rows as they are {when}: AUC {auc:.3f}")

# %% claim="Leaking columns give an AUC above 0.97 on the leaderboard and on held-out rows, and far less when they are empty"
for seed in range(3):
    again = Search(Random(leaking.space), seed=seed).run(leaking, trials=4)
    assert again.best().score > 0.97
    leaked = leaking.fit(again.best().configuration)
    after, ahead = (
        measure("auc", truth, predictions(leaked, rows), leaking.classes)
        for rows in (later, before)
    )
    assert after > 0.97 and ahead < after - 0.1

# %% [markdown]
# The model has learned "in a boat: survived", and without the boat it is worse than one that never saw a boat (section 6). No score on old rows shows a leak; the question "when is it known?" does. Leave both columns out.

# %%
going = outgoing(learn, "survived", drop=["ticket", "boat", "body"])
table = going.table
print(going)

# %% [markdown]
# **Then: what do the vendors refuse?** Each has rules, such as at least 500 rows (Amazon) or 1,000 (Google), and names of columns without a dot (Google). A service may look at your rows only when the job is running, and then a single missing answer can end it. The kit asks all rules before anything is sent. Here they are asked about a table with a mistake or two:

# %%
mistaken = learn[["age", "home.dest", "survived"]].copy()
mistaken.loc[7, "survived"] = np.nan
for vendor, text in problems(Request(mistaken, "survived", "mistaken")):
    print(f"{vendor:10} {text}")

# %% [markdown]
# ### Exercise 14.1. Find the bug: a row without an answer
# A colleague's function prepares a table for the upload. It gets `rows`, a list of dictionaries in which a missing value is None; the name of the target; and a list of columns to leave out. It should keep exactly the rows that have a target, whatever else is missing in them. On one table it worked. On the next, the job was refused after an hour. Repair it.


# %% exercise="14.1"
def prepared(rows, target, left_out):
    kept = []
    for row in rows:
        row = {name: value for name, value in row.items() if name not in left_out}
        ### BEGIN SOLUTION
        #: if any(value is not None for value in row.values()):
        if row[target] is not None:
            ### END SOLUTION
            kept.append(row)
    return kept


# %% check="14.1"
check("14.1")

# %% [markdown]
# ## 2. One question in three languages
# All three services take a table, the name of a column, a metric and limits. Each has its own words. Here are the metrics; an empty place means that the vendor cannot search for it.
#
# | common name | SageMaker Autopilot | Azure automated ML | Google AutoML |
# |---|---|---|---|
# | auc | AUC | AUC_weighted | maximize-au-roc |
# | accuracy | Accuracy | accuracy | |
# | log_loss | | | minimize-log-loss |
# | rmse | RMSE | normalized_root_mean_squared_error | minimize-rmse |
# | r2 | R2 | r2_score | |
#
# The same as a dictionary:

# %% tags=["setup"]
OWN = {
    "auc": ["AUC", "AUC_weighted", "maximize-au-roc"],
    "accuracy": ["Accuracy", "accuracy"],
    "log_loss": ["minimize-log-loss"],
    "rmse": ["RMSE", "normalized_root_mean_squared_error", "minimize-rmse"],
    "r2": ["R2", "r2_score"],
}

# %% [markdown]
# One of them is not like the others: Azure divides the RMSE by the **range** of the target (the largest value minus the smallest), so that it has no unit. Beside an RMSE in dollars it would look wonderful.
#
# ### Exercise 14.2. Translate a metric
# Write `in_common(own, score, target)`. `own` is the vendor's name of a metric, `score` a score in it, and `target` the list of the target's values. Return three things: the common name, the score in the common measure, and whether more of it is better. For a name that is in no row of `OWN`, raise a `ValueError`: a silent substitute would make scores comparable that are not.


# %% exercise="14.2"
def in_common(own, score, target):
    ### BEGIN SOLUTION
    for common, own_names in OWN.items():
        if own in own_names:
            if own.startswith("normalized"):
                score *= max(target) - min(target)
            return common, score, common not in ("log_loss", "rmse")
    raise ValueError(f"{own!r} is nobody's name for a measure: take one of {OWN}")
    ### END SOLUTION


# %% check="14.2"
check("14.2")

# %% [markdown]
# The AUC has a name with all three, so that is what we ask for. Now start the services. Each is a server on this machine; `connect` gives the vendor's SDK its address, and nothing else: no credentials are read. (`connect("local")` is the kit itself, with the same methods: Bayesian optimization over scikit-learn pipelines, on your machine. It is the rival that every service must beat.)

# %%
cloud = ("sagemaker", "azure", "vertex")
servers = {name: Server(name, seed=seed) for seed, name in enumerate(cloud, start=1)}
vendors = {name: connect(name, simulated=server.url) for name, server in servers.items()}
vendors["local"] = connect("local")
for name, vendor in vendors.items():
    print(f"{name:10} {vendor.title:30} {vendor.own_metric('auc')}")

# %% [markdown]
# Each of them has the same methods: `submit`, `status`, `leaderboard`, `best`, `stop`, `predict`, `disclosed`, `estimate_cost`, `spent`. And each says no where it cannot do what it is asked:

# %%
for name, vendor in vendors.items():
    try:
        print(f"{name:10} {vendor.own_metric('accuracy')}")
    except ValueError as error:
        print(f"{name:10} {error}")

# %% [markdown]
# ## 3. The bill, before
# What a service costs follows from its limits, and every vendor counts differently:
# - **SageMaker** bills the machines of all trainings that the job starts. Limits: the job's `seconds`, and how many trainings run `at_once`, each on a machine of its own.
# - **Azure** bills the nodes of your cluster. Limits: the job's `minutes`; how many trainings may run `at_once`; and how many `nodes` there are. A node without a training is switched off.
# - **Google** (`vertex`) sells node hours: the budget in `milli_node_hours`, of which 1,000 are one node hour. How many machines share them is Google's affair.
#
# ### Exercise 14.3. Estimate a bill
# Write `most(vendor, limits, price)`: the most dollars that a job can cost. `vendor` is `"sagemaker"`, `"azure"` or `"vertex"`, `limits` a dictionary with the limits named above, `price` the price of one machine for one hour.


# %% exercise="14.3"
def most(vendor, limits, price):
    ### BEGIN SOLUTION
    if vendor == "sagemaker":
        hours = limits["seconds"] / 3600 * limits["at_once"]
    elif vendor == "azure":
        hours = limits["minutes"] / 60 * min(limits["at_once"], limits["nodes"])
    else:
        hours = limits["milli_node_hours"] / 1000
    return hours * price
    ### END SOLUTION


# %% check="14.3"
check("14.3")

# %% [markdown]
# Now the other way round: you have a sum of dollars, and want to give each vendor the same.
#
# ### Exercise 14.4. The same budget in three units
# Write `same_budget(dollars, prices, at_once)`. `prices` holds the price of one machine for one hour for each of the three, `at_once` how many trainings run at once (Azure has as many nodes). Return a dictionary of the largest whole limits that cost no more: `"sagemaker"` in seconds, `"azure"` in minutes, `"vertex"` in milli node hours. Google sells no fewer than 1,000 milli node hours: where the dollars do not suffice, its entry is None.


# %% exercise="14.4"
def same_budget(dollars, prices, at_once):
    ### BEGIN SOLUTION
    hours = {name: dollars / price / at_once for name, price in prices.items()}
    budget = math.floor(1000 * dollars / prices["vertex"])
    return {
        "sagemaker": math.floor(3600 * hours["sagemaker"]),
        "azure": math.floor(60 * hours["azure"]),
        "vertex": budget if budget >= 1000 else None,
    }
    ### END SOLUTION


# %% check="14.4"
check("14.4")

# %% [markdown]
# Our job: a dozen candidates and at most 72 minutes, for the AUC. Which vendor's estimate is the highest? **Predict.**

# %%
predict("14-bill", "The highest estimate for this job", options=["sagemaker", "azure", "vertex"])

# %%
request = Request(table, "survived", "titanic", metric="auc", max_candidates=12, max_minutes=72)
estimates = {name: vendor.estimate_cost(request) for name, vendor in vendors.items()}
for name, each in estimates.items():
    print(f"{name:10} ${each.low:6.2f} to ${each.high:6.2f}   {each.formula} ({each.date})")
measured("14-bill", max(estimates, key=lambda name: estimates[name].high))

# %% [markdown]
# An estimate has a low and a high end, and the date of its prices. Yours may differ (region, discount, machine), so `coursekit cloud estimate` takes a file of your own prices.
#
# ## 4. Submit once
# A submission goes over a network. Suppose that the connection breaks, and you get an error. Is the job running? There are two cases: the *request* was lost, and nothing has happened; or the *reply* was lost, and the job runs and costs. You cannot tell them apart, so you try again, and that is where money is lost.
#
# The cure is a **name** that you choose before the first attempt (an idempotency token): the service has at most one job of a name, and you can ask for it.
#
# ### Exercise 14.5. Find the bug: a job that is billed twice
# `service.create(name)` starts a job and returns it; it raises a `ValueError` if there is a job of that name. `service.find(name)` returns the job of that name, or None. `create` raises a `ConnectionError` if the connection breaks, before or after the job has been started. The function below should start one job of this name, or find the one that is there, in at most so many attempts. If the last attempt fails, the error should be seen. Some customers were billed twice. Repair it.


# %% exercise="14.5"
def submit_once(service, name, attempts):
    for attempt in range(attempts):
        try:
            ### BEGIN SOLUTION
            #: return service.create(f"{name}-{attempt}")
            return service.find(name) or service.create(name)
            ### END SOLUTION
        except ConnectionError:
            ### BEGIN SOLUTION
            #: continue
            if attempt == attempts - 1:
                raise
            ### END SOLUTION


# %% check="14.5"
check("14.5")

# %% [markdown]
# The kit does the same, and notes the name in a file before it sends anything, so that a job is found again after a crash. Here the real SDK loses a reply of a simulated service, and the job is there once:

# %%
servers["sagemaker"].faults.add("lose", "CreateAutoMLJobV2")
once = Request(table, "survived", "titanic-lost-reply", max_candidates=1)
job = vendors["sagemaker"].submit(once)
vendors["sagemaker"].stop(job)
print(f"found: {job.identifier}")
print(f"jobs at the service: {list(servers['sagemaker'].service.jobs)}")

# %% claim="A lost reply leaves one job"
assert list(servers["sagemaker"].service.jobs).count("titanic-lost-reply") == 1
assert [fault.kind for fault in servers["sagemaker"].faults.met] == ["lose"]

# %% [markdown]
# ## 5. Four leaderboards arrive
# Below, the same request goes to all three services and to the kit, and once more to the kit with random search in place of Bayesian optimization: the yardstick of lab 13. A dozen candidates each, and each search begins with draws of its own. Press **Submit to all**, and watch; the bars are what has been spent. A **Stop** button stops one job, **Stop all** stops all of them.
#
# First predict: whose model will be ahead on the 309 rows that nobody has seen?

# %%
predict(
    "14-ahead",
    "Ahead on held-out rows, by AUC",
    options=["sagemaker", "azure", "vertex", "local", "random"],
)

# %%
vendors["random"] = Local(strategy="random", seed=4)
boards = Leaderboards(vendors, request)
boards

# %% [markdown]
# The next cell waits until all jobs have ended (and submits them, unless you have).

# %%
jobs = boards.run()

# %%
for name, vendor in vendors.items():
    best = vendor.best(jobs[name])
    print(f"{name:10} {best.metric} {best.score:.4f}  {best.algorithm}")

# %% claim="All jobs complete and have a best candidate better than a guess"
assert list(jobs) == list(vendors)
tops = {name: vendor.best(jobs[name]).score for name, vendor in vendors.items()}
assert all(0.75 < score < 0.95 for score in tops.values())

# %% [markdown]
# Look closely. Four of the leaderboards have twelve candidates; Google's has **one**. It shows one model, and its score comes from a tenth of your rows, which it set aside before the search. The others list all candidates, each with the score that it was **chosen by**. You know from lab 13 what that does to the score at the top. Google's score was not chosen by, but a tenth of a thousand rows is a hundred passengers: it is honest, and very uncertain. These numbers have the same name, and do not mean the same.
#
# ## 6. Rows that nobody has seen
# Now the 309 rows: each vendor's best model predicts them, by the vendor's own way (a batch job at Amazon and Google, a downloaded model at Azure). Then *we* measure, all with one function.

# %%
rows = held_out[table.columns.drop("survived")]
chances = {name: vendor.predict(jobs[name], rows)[:, 1] for name, vendor in vendors.items()}


# %% tags=["setup"]
def auc(truth, chance):
    """The AUC of each row of two arrays: by the ranks of the survivors among all."""
    ranks, alive = rankdata(chance, axis=-1), truth.sum(axis=-1)
    won = (ranks * truth).sum(axis=-1) - alive * (alive + 1) / 2
    return won / (alive * (truth.shape[-1] - alive))


# %%
scores = {name: auc(truth, chance) for name, chance in chances.items()}
measured("14-ahead", max(scores, key=scores.get))

# %% [markdown]
# Somebody is ahead; somebody always is. How far would these numbers move with 309 *other* passengers? Draw 309 of ours with replacement, two thousand times (a **bootstrap**), and look at the middle 95 %.

# %%
drawn = np.random.default_rng(14).integers(0, len(truth), (2000, len(truth)))
resampled = {name: auc(truth[drawn], chance[drawn]) for name, chance in chances.items()}
middle = {name: np.quantile(values, [0.025, 0.975]) for name, values in resampled.items()}
for place, name in enumerate(vendors):
    top = vendors[name].best(jobs[name]).score
    plt.plot(middle[name], [place, place], "-", color="C0", marker="|", linewidth=2)
    plt.plot(scores[name], place, "o", color="C0", label="held-out rows" if not place else None)
    plt.plot(top, place, "D", color="C1", label="leaderboard" if not place else None)
plt.yticks(
    range(len(vendors)),
    [f"{name} (simulated)" if vendor.simulated else name for name, vendor in vendors.items()],
)
plt.gca().invert_yaxis()
plt.xlabel("AUC")
plt.title("The best of each leaderboard, and the same models on 309 new rows (95 %)")
plt.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2)  # below: the lines stay free
plt.show()

# %%
print(f"{'':10}{'AUC':>6}   95 %            {'accuracy':>9}")
for name, (low, high) in middle.items():
    right = (chances[name] > 0.5) == truth
    half = 1.96 * right.std() / len(right) ** 0.5
    print(
        f"{name:10}{scores[name]:6.3f}   {low:.3f} to {high:.3f}  {right.mean():9.3f} ± {half:.3f}"
    )

# %% claim="Each interval is more than 0.06 wide, far wider than the differences"
widths = [high - low for low, high in middle.values()]
assert min(widths) > 0.06
assert np.ptp(list(scores.values())) < min(widths)

# %% claim="Four leaderboards are below the held-out rows"
assert sum(vendors[name].best(jobs[name]).score < scores[name] for name in vendors) == 4

# %% [markdown]
# The intervals are far wider than the differences. They overlap, but you know from lab 13 that this proves nothing: all five models judged the *same* passengers, and what is difficult for one is difficult for all. So look at the differences, passenger by passenger: how many of the ten pairs can be told apart?

# %%
predict("14-apart", "Pairs, of ten, whose difference is more than luck", unit="pairs", most=10)

# %%
names, apart = list(vendors), []
for place, left in enumerate(names):
    for right in names[place + 1 :]:
        low, high = np.quantile(resampled[left] - resampled[right], [0.0025, 0.9975])
        apart += [(left, right)] if low > 0 or high < 0 else []
measured("14-apart", len(apart))

# %% claim="At most two of ten pairs can be told apart; a pair's interval reaches one to four points to each side"
assert len(apart) <= 2
reach = [
    np.ptp(np.quantile(resampled[left] - resampled[right], [0.0025, 0.9975])) / 2
    for place, left in enumerate(names)
    for right in names[place + 1 :]
]
assert min(reach) > 0.01 and max(reach) < 0.045

# %% [markdown]
# (99.5 % in place of 95 %, since there are ten pairs: lab 13's correction.) With 309 rows, a difference must be one to four points of AUC until a pair of good models can be told apart, and the more the two models disagree, the larger it must be. Somebody who shows you a leaderboard with four decimals and no interval has told you less than it seems.
#
# ### Exercise 14.6. Read a leaderboard honestly
# Write `honest(leaderboard, held_out)`. `leaderboard` is a dictionary from candidates to the scores that they were chosen by; `held_out` holds for each candidate a list with 1 for each held-out row that it got right, and 0 for the others. The *n* rows are the same, in the same order, for all candidates. Return four things:
# - the **leader**: the candidate that the leaderboard puts first (of equals, the first one);
# - the low and the high end of the 95 % interval of its accuracy *p* on the held-out rows, $p \pm 1.96\sqrt{p(1-p)/n}$;
# - the list of the **other** candidates that are equal to it as far as these rows can say, in the leaderboard's order. For each, take the differences, right minus right, row by row: it is equal if the mean is at most 1.96 standard errors from 0. The standard error is the standard deviation (`np.std`) divided by √*n*.


# %% exercise="14.6"
def honest(leaderboard, held_out):
    ### BEGIN SOLUTION
    leader = max(leaderboard, key=leaderboard.get)
    right = np.array(held_out[leader])
    n = len(right)
    p = right.mean()
    half = 1.96 * (p * (1 - p) / n) ** 0.5
    equal = []
    for other in leaderboard:
        gap = right - np.array(held_out[other])
        if other != leader and abs(gap.mean()) <= 1.96 * gap.std() / n**0.5:
            equal.append(other)
    return leader, p - half, p + half, equal
    ### END SOLUTION


# %% check="14.6"
check("14.6")

# %% [markdown]
# ## 7. The score at the top
# In the figure, four of the five leaderboards are *below* the held-out rows. Is there no selection bias? Two other effects hide it: the final model has learned from all thousand rows, where those of a cross-validation learn from fewer, and the 309 passengers may be easier (lab 13's *offset*). And no interval of this width shows a bias of a point. So ask where the truth is known: take 200 passengers and **shuffle the answers** among them. Nothing is left to learn, and each model is worth exactly 0.5. What does the leaderboard say at the top?

# %%
predict("14-shuffled", "The best AUC of 20 candidates that can know nothing", unit="", most=1)


# %%
def shuffled(seed, rows=200, trials=20):
    """The scores of a leaderboard when all answers are shuffled."""
    answers = np.random.default_rng(seed).permutation(table["survived"][:rows])
    world = Pipelines(table[:rows].assign(survived=answers), "survived", "auc")
    history = Search(Random(world.space), seed=seed).run(world, trials=trials)
    return np.array([trial.score for trial in history.completed])


lucky = shuffled(0)
print(f"the mean of all candidates {lucky.mean():.3f}, the best {lucky.max():.3f}")
measured("14-shuffled", round(float(lucky.max()), 3))

# %% claim="Of 20 candidates that know nothing, the best has more than 0.53, and the mean is near 0.5"
tops = [lucky, shuffled(1), shuffled(2)]
assert all(scores.max() > 0.53 for scores in tops)
assert abs(np.mean([scores.mean() for scores in tops]) - 0.5) < 0.04

# %%
draws = np.arange(1, 21)
plt.plot(draws, [luck.best_of(lucky, n) for n in draws], label="the top of the leaderboard")
plt.axhline(0.5, color=theme.INK, marker="", linestyle="--", label="what every model is worth")
plt.xticks(range(0, 21, 5))
plt.xlabel("candidates")
plt.ylabel("AUC")
plt.title("Two hundred passengers, shuffled answers")
plt.legend()
plt.show()

# %% [markdown]
# The more candidates a service tries, the better its leaderboard looks, without one model being better. A vendor that tries 250 candidates and one that tries ten should not be compared by their tops. Nor should one that shows the score it chose by (Amazon, Azure) and one that keeps a tenth of the rows for a test (Google): the second is honest, and pays with a tenth of the rows and a wide interval.

# %%
recall(
    "14-top",
    "Vendor A shows a leaderboard of 250 candidates with 0.871 at the top, vendor B one model with 0.862. Which model is better?",
    answer="One cannot tell. A's score was the highest of 250 on the rows that it was chosen by; "
    "B's comes from rows that were kept apart. Score both on the same new rows, and look at the "
    "difference row by row.",
)

# %% [markdown]
# ## 8. What they tell, and what you can take home
# What does a vendor disclose about the model that you have paid for?

# %%
for name, vendor in vendors.items():
    print(f"{name}:")
    for what, value in vendor.disclosed(jobs[name]).items():
        print(f"    {what}: {' '.join(str(value).split())[:90]}")

# %% [markdown]
# Three ideas of what a customer should see:
# - **Autopilot** calls itself a white box (Das et al. 2020): it writes notebooks that define its candidates, which you can read, change and run.
# - **Azure** has a run for each candidate, with its algorithm and preprocessing, and the model as a file. What the search knew before it saw your table stays there: the recommender was trained on many other data sets (Fusi, Sheth and Elibol 2018).
# - **Google** shows the evaluation of one model: metrics and the importance of columns. How it was found is not told, only, in general, in a post about the method (Lu 2019).
#
# And **lock-in**: suppose that you leave the vendor next year. What do you take along?
#
# | | SageMaker Autopilot | Azure automated ML | Google AutoML | Local |
# |---|---|---|---|---|
# | the model | a container and its artifacts in your bucket | a file, with a Python environment | an exported container, for some models | a scikit-learn pipeline |
# | runs without the vendor | with work | yes, if the packages can be had | in the container | yes |
# | the recipe | notebooks with all candidates | algorithm and preprocessing of each run | no | all of it |
# | can be trained again elsewhere | by hand, from the notebooks | by hand | no | yes |
# | the search can be changed | in the notebooks | by lists of algorithms | no | yes |
#
# (From the vendors' documentation; it changes, so read it again before you sign.)

# %%
recall(
    "14-lock",
    "A model must be trained again each month, and the vendor triples its price. What do you need to have taken home?",
    answer="The recipe (preprocessing, algorithm, hyperparameters) and the rows, not only the "
    "fitted model: an exported model predicts, but it cannot learn from next month's rows.",
)

# %% [markdown]
# ## 9. The bill, after
# What has it cost, by the vendors' reported times and the table of prices? (Nobody sends this bill: the minutes are simulated, the same for each candidate of a vendor.)

# %%
print(f"{'':10}{'estimated':>18}{'spent':>9}{'AUC':>8}")
for name, vendor in vendors.items():
    spent, told = vendor.spent(jobs[name]), estimates.get(name, vendor.estimate_cost(request))
    ends = f"${told.low:.2f} to ${told.high:.2f}"
    print(f"{name:10}{ends:>18}{f'${spent.high:.2f}':>9}{scores[name]:8.3f}")

# %% claim="What is spent is no more than the highest estimate"
for name, vendor in vendors.items():
    assert vendor.spent(jobs[name]).high <= vendor.estimate_cost(request).high + 0.01

# %% [markdown]
# The search on your own machine is in the table, too, and its dollars are not the whole truth: your machine was paid for, and somebody has to look after the pipeline. That is what a service sells in the first place. The vendors' dollars are not the whole truth either: storing the table, predicting in batches and an endpoint that runs day and night are billed extra, and the endpoint soon costs more than all searches together.
#
# ## 10. Buy or build
# Here is a decision table. First the **weights**: how important is each question for *your* project, from 0 to 3? Then the **points** of each option, from 0 (bad) to 3 (good). Replace the numbers; those that stand there say nothing.

# %%
questions = {  # weight, and points for: sagemaker, azure, vertex, local
    "The rows may leave the house": (1, 1, 1, 1, 3),
    "It costs little at our size": (1, 1, 1, 1, 3),
    "It is as accurate, on rows that nobody has seen": (1, 1, 1, 1, 1),
    "We can say how a decision came about": (1, 1, 1, 1, 1),
    "We can leave, and take everything along": (1, 1, 1, 1, 1),
    "Nobody here has to look after it": (1, 1, 1, 1, 0),
    "Our data are at this vendor already": (1, 0, 0, 0, 0),
}

# %%
options = ["sagemaker", "azure", "vertex", "local"]
filled = pandas.DataFrame(questions, index=["weight", *options]).T
totals = filled[options].mul(filled["weight"], axis=0).sum()
print("  ".join(f"{name} {points}" for name, points in totals.items()))
filled

# %% [markdown]
# Change one weight by 1 at a time: does the first place change? If it does, the table has not decided; you have, by that weight.

# %% [markdown] conclusion="14"
# Your company wants to predict each month which of 50,000 customers will leave, from a table with their contracts. Buy AutoML from one of the three vendors, or build with your own strategies? Decide, and defend it in five or six sentences, by the table that you have filled.
#
# - Says what leaves the house, which columns stay behind, and which column would leak.
# - Gives the cost in the vendor's unit, for the search *and* for a year of predicting and training again.
# - Compares by the same held-out rows, with an interval, never by the tops of leaderboards.
# - Names the cheap rival (a local or a random search), and what the service must beat it by.
# - Says what can be taken home, and what it would cost to leave.
# - Says what would change the decision.

# %% [markdown]
# ## 11. Your own table
# Take a table of yours (500 rows or more) and compare the kit's search with random search on it. Nothing leaves your machine: `connect("local")` is the only vendor here. The cell runs as it is, with the passengers and another question: what did they pay?

# %%
mine = table.drop(columns="cabin").dropna(subset=["fare"])
target, metric = "fare", "rmse"
own = Request(mine[:-200], target, "mine", metric=metric, max_candidates=8)
for seed, strategy in enumerate(("bayesian", "random")):
    rival = Local(strategy=strategy, seed=seed)
    job = Leaderboards({strategy: rival}, own).run()[strategy]
    guess = rival.predict(job, mine[-200:].drop(columns=target))
    error = np.sqrt(np.mean((guess - mine[-200:][target]) ** 2))
    print(f"{strategy:10} {metric} on 200 rows that were not uploaded: {error:.2f}")

# %% [markdown]
# When you are ready for a real account, read `docs/cloud_accounts.md`: which rights an account needs (as few as possible), what is billed, and how to put a ceiling on it. `coursekit cloud run table.csv --target y --vendor sagemaker --simulated` does in a terminal what you have done here. With `--pipeline FOLDER` it also writes the rows for a TFX pipeline (lab 02) and prints its command: that pipeline pushes a model of yours only if it is no worse, on the rows that stayed here, than the one that you bought. With `--account` in place of `--simulated` it uses a real account, shows what would leave your machine, and asks first.

# %%
for server in servers.values():
    server.close()

# %% [markdown]
# ## 12. What to take away
# - Before an upload, ask of each column: who is in it, and when is it known? No score shows a leak.
# - The same metric has three names, and the same name may hide another measure. Refuse what has no translation.
# - Every vendor counts its budget in another unit; the estimate comes before the submission, with the date of its prices, and a ceiling stops the job.
# - Choose the job's name before you send it; then a lost reply does not lead to a second bill.
# - The top of a leaderboard is a score that was chosen by. Compare on new rows, row by row, with an interval.
# - A service sells work that you need not do. It is worth its price if it beats random search on your machine by more than that.
#
# **Read on:** the guide `references/automl_services.md`, to four texts. The vendors' own: Das et al. 2020 on Autopilot (`das2020amazon`), Fusi, Sheth and Elibol 2018 on what stands behind Azure's (`fusi2018probabilistic`), Golovin et al. 2017 on Google's Vizier (`golovin2017vizier`), Lu 2019 on AutoML Tables (`lu2019automl`). Selection bias: Cawley and Talbot 2010 (`cawley2010overfitting`). The space of the pipelines is a small sister of Auto-sklearn's: Feurer et al. 2015 (`feurer2015efficient`). The keys are in `references/references.bib`.

# %%
progress()
