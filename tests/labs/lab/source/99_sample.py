# %% [markdown]
# # Lab 99. Halving
#
# A small lab that the tests build, run and grade.

# %% tags=["setup"]
import math  # noqa: F401 - the handed-out code uses it

from coursekit.labs import check, hint, measured, predict, progress, recall, solution

# %%
predict("99-rung", "How many of 12 candidates survive one rung?", unit="candidates")

# %% [markdown]
# ## Exercise 99.1
#
# Round *down*: a part of a candidate cannot be trained.


# %% exercise="99.1"
def survivors(candidates: int, factor: int) -> int:
    """How many of the candidates go on to the next rung?"""
    ### BEGIN SOLUTION
    return candidates // factor
    ### END SOLUTION


# %% check="99.1"
check("99.1")

# %%
measured("99-rung", 4)

# %% [markdown]
# ## Exercise 99.2
#
# A bracket trains 12 candidates for 2 epochs, 4 for 4 and 2 for 10. What does it cost in epochs?

# %% exercise="99.2"
### BEGIN SOLUTION
#: epochs = ...  # your answer here
epochs = 12 * 2 + 4 * 4 + 2 * 10
### END SOLUTION

# %% check="99.2"
check("99.2")

# %% [markdown]
# ## Exercise 99.3: find the bug
#
# The budget of every rung, from `smallest` to `largest`, each `factor` times the one before.


# %% exercise="99.3"
def budgets(smallest: int, largest: int, factor: int) -> list[int]:
    """The epochs of each rung."""
    ### BEGIN SOLUTION
    #: rungs = int(math.log(largest / smallest) / math.log(factor)) + 1
    #: return [smallest * factor**rung for rung in range(rungs)]
    found = [smallest]
    while found[-1] * factor <= largest:
        found.append(found[-1] * factor)
    return found
    ### END SOLUTION


# %% check="99.3"
check("99.3")

# %% [markdown]
# ## Exercise 99.4
#
# Write `promoted(scores, survivors)`: the scores of those that go on, the best first.


# %% exercise="99.4"
def promoted(scores: list[float], survivors: int) -> list[float]:
    """The best scores, the highest first."""
    ### BEGIN SOLUTION
    return sorted(scores, reverse=True)[:survivors]
    ### END SOLUTION


# %% check="99.4"
check("99.4")

# %%
rungs = {factor: 81 // factor for factor in (2, 3, 4)}
print(rungs)

# %% claim="A larger factor keeps fewer"
assert rungs[2] > rungs[3] > rungs[4]

# %%
recall("99-cost", "Why does each rung of the bracket cost the same?", answer="Fewer train longer.")

# %% [markdown] conclusion="99"
# Two sentences for a colleague: what does a larger factor save, and what does it risk?
#
# - It says that fewer candidates go on, so each rung costs less.
# - It says that a late starter is dropped.

# %%
# %matplotlib inline
hint("99.1")
solution("99.1")
progress()
