"""What the checks of lab 14 ask."""

from coursekit.labs.exercises import Exercise, Mistake

TEN = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0]


class Prepared(Exercise):
    """Find the bug: a row without an answer"""

    key = "14.1"
    points = 2
    call = "prepared({0}, {1!r}, {2!r})"
    cases = {
        "a row without a target is left out": (
            [{"age": 30.0, "survived": 1}, {"age": 40.0, "survived": None}], "survived", [],
        ),
        "0 is a target, too": (
            [{"age": 30.0, "survived": 0}, {"age": 4.0, "survived": 1}], "survived", [],
        ),
        "other values may be missing": (
            [{"age": None, "fare": None, "survived": 1}, {"age": 2, "fare": 3, "survived": 0}],
            "survived", [],
        ),
        "named columns are left out": (
            [{"name": "Ann", "age": 3, "survived": 0}, {"name": "", "age": None, "survived": None}],
            "survived", ["name", "boat"],
        ),
    }  # fmt: skip
    hidden = [
        ([{"x": None, "y": "no"}, {"x": 5, "y": None}, {"x": 0, "y": ""}], "y", ["x"]),
        ([{"a": 1, "b": 0.0, "c": None}, {"a": None, "b": None, "c": None}], "b", ["c"]),
        ([{"a": None, "b": False}, {"a": 7, "b": True}], "b", []),
    ]
    hints = (
        "`any(...)` is true as soon as one value is there. Which value must be there?",
        "0 is false for `if`, and a target of 0 is an answer: compare with None.",
    )
    mistakes = (
        Mistake("if row[target] is not None", "if any(each is not None for each in row.values())",
                "A row without a target came through: one value being there is not enough."),
        Mistake("if row[target] is not None", "if row[target]",
                "A target of 0 is an answer. `if` takes it for nothing: ask `is not None`."),
        Mistake("if row[target] is not None", "if all(each is not None for each in row.values())",
                "Missing values in other columns are allowed; of 1,309 passengers few have none."),
        Mistake("kept.append(row)",
                "kept.append({n: 0 if v is None else v for n, v in row.items()})",
                "A missing value became 0, which is a claim about that passenger: leave it empty."),
        Mistake("if row[target] is not None:", "if row.get(target) is None: row[target] = 0\n"
                "        if True:",
                "A missing target became 0: that invents an answer, and the model learns it."),
        Mistake("if name not in left_out", "if name in left_out or name == target",
                "Those are the columns that were to stay behind."),
        Mistake("if name not in left_out", "if True", "A column in `left_out` came through."),
    )  # fmt: skip
    otherwise = "Keep each row that has a target, without the columns in `left_out`."


class InCommon(Exercise):
    """Translate a metric"""

    key = "14.2"
    points = 2
    call = "in_common({0!r}, {1}, {2})"
    cases = {
        "the same measure under another name": ("AUC_weighted", 0.86, [0, 1, 1, 0]),
        "less is better": ("minimize-log-loss", 0.41, [0, 1, 0]),
        "normalised RMSE is in parts of the target's range": (
            "normalized_root_mean_squared_error", 0.125, [10.0, 50.0, 30.0, 20.0],
        ),
        "RMSE is in the target's unit already": ("RMSE", 4.5, [10.0, 50.0, 30.0]),
        "what is in no row is refused": ("F1", 0.7, [0, 1, 1]),
        "a common name is not a vendor's name": ("log_loss", 0.7, [0, 1, 1]),
    }  # fmt: skip
    hidden = [
        ("maximize-au-roc", 0.9, [1, 0]),
        ("minimize-rmse", 2.5, [3.0, 4.0]),
        ("normalized_root_mean_squared_error", 0.5, [-8.0, -2.0, -4.0]),
        ("r2_score", -0.25, [5.0, 6.0, 9.0]),
        ("Accuracy", 0.8, [0, 1]),
        ("weighted_accuracy", 0.8, [0, 1]),
    ]
    hints = (
        "`for common, own_names in OWN.items():` and `if own in own_names` find the row.",
        'More is better unless the common name is in `("log_loss", "rmse")`.',
        "Azure divides by `max(target) - min(target)`: multiply by it.",
        "After the loop, when no row had the name: `raise ValueError(...)`.",
    )
    reasons = {
        "refused": "A name that is in no row has no translation: raise a ValueError. A name that "
        "is in a row has one.",
        "name": "The first part is the common name: the key of the row in `OWN`.",
        "score": "The score is the same number, but for a normalised RMSE.",
        "more is better": "Of a loss and of an error, less is better.",
    }
    mistakes = (
        Mistake("score *= max(target) - min(target)", "pass",
                "A normalised RMSE is in parts of the target's range: multiply by the range."),
        Mistake("score *= max(target) - min(target)", "score *= max(target)",
                "The range is the largest minus the smallest target."),
        Mistake("score *= max(target) - min(target)", "score /= max(target) - min(target)",
                "Azure has divided by the range. To undo that, multiply."),
        Mistake('if own.startswith("normalized")', 'if common == "rmse"',
                "SageMaker's and Google's RMSE are in the target's unit: leave them as they are."),
        Mistake('common not in ("log_loss", "rmse")', "True",
                "Less log loss is better, and less RMSE: say False for both."),
        Mistake('raise ValueError(f"{own!r} is nobody\'s name for a measure: take one of {OWN}")',
                'return "auc", score, True',
                "That is a silent substitute: a score of another measure now looks like an AUC."),
        Mistake("if own in own_names", "if own in own_names or own == common",
                "The names of the first column are ours. A vendor that says one means what we do "
                "not know: refuse it."),
        Mistake("return common, score", "return own, score",
                "The vendor's own name came back; the common one was asked for."),
    )  # fmt: skip
    otherwise = "Return the common name, the score in its unit, and whether more is better."

    @staticmethod
    def probe(in_common, own, score, target):
        try:
            name, value, better = in_common(own, score, list(target))
        except ValueError:
            return {"refused": True}
        return {"refused": False, "name": name, "score": value, "more is better": better}


class Most(Exercise):
    """Estimate a bill"""

    key = "14.3"
    points = 2
    cases = {
        "SageMaker: seconds, times the trainings at once": (
            "sagemaker", {"seconds": 5400, "at_once": 4}, 0.23,
        ),
        "Azure: minutes, times the nodes that are busy": (
            "azure", {"minutes": 45, "at_once": 2, "nodes": 4}, 0.229,
        ),
        "Azure: no more are busy than there are nodes": (
            "azure", {"minutes": 90, "at_once": 8, "nodes": 3}, 0.229,
        ),
        "Google: thousandths of a node hour": ("vertex", {"milli_node_hours": 2500}, 21.252),
    }  # fmt: skip
    hidden = [
        ("azure", {"minutes": 30, "at_once": 5, "nodes": 5}, 1.0),
        ("vertex", {"milli_node_hours": 1000}, 10.0),
        ("sagemaker", {"seconds": 600, "at_once": 1}, 3.6),
        ("azure", {"minutes": 61, "at_once": 6, "nodes": 2}, 0.5),
    ]
    hints = (
        "Write down the unit of each limit; the price is for one machine and one *hour*.",
        "A node without a training is idle: `min(at_once, nodes)` are busy.",
        "1,000 milli node hours are one node hour.",
    )
    mistakes = (
        Mistake('limits["seconds"] / 3600', 'limits["seconds"] / 60',
                "The price is for an hour: 3,600 seconds, or 60 minutes."),
        Mistake('/ 3600 * limits["at_once"]', "/ 3600",
                "Each training at once runs on a machine of its own, and each machine costs."),
        Mistake('min(limits["at_once"], limits["nodes"])', 'limits["at_once"]',
                "More trainings than nodes cannot run at once: some wait, and cost nothing."),
        Mistake('min(limits["at_once"], limits["nodes"])', 'limits["nodes"]',
                "Fewer trainings than nodes run at once, so some nodes are never started."),
        Mistake('min(limits["at_once"], limits["nodes"])', "1",
                "Each busy node costs, and several are busy at once."),
        Mistake('limits["milli_node_hours"] / 1000', 'limits["milli_node_hours"]',
                "The budget counts thousandths of a node hour."),
        Mistake('limits["minutes"] / 60', 'limits["minutes"]',
                "Azure's limit is in minutes and the price for an hour: divide by 60."),
        Mistake("* price", "", "Those are machine hours: multiply by the price of one."),
    )  # fmt: skip
    otherwise = "The most is machine hours times the price of one."


class SameBudget(Exercise):
    """The same budget in three units"""

    key = "14.4"
    points = 2
    call = "same_budget({0}, {1}, at_once={2})"
    cases = {
        "dollars become seconds, minutes and milli node hours": (
            42.504, {"sagemaker": 0.9, "azure": 1.5, "vertex": 21.252}, 1,
        ),
        "two machines at once have half the time": (
            24.0, {"sagemaker": 1.5, "azure": 2.0, "vertex": 12.0}, 2,
        ),
        "rounded down, so that the budget holds": (
            25.0, {"sagemaker": 0.7, "azure": 0.7, "vertex": 25.0}, 1,
        ),
        "Google sells no less than a node hour": (
            20.0, {"sagemaker": 1.0, "azure": 1.0, "vertex": 21.252}, 1,
        ),
    }  # fmt: skip
    hidden = [
        (30.0, {"sagemaker": 0.23, "azure": 0.229, "vertex": 30.0}, 4),
        (1.0, {"sagemaker": 0.3, "azure": 0.9, "vertex": 3.0}, 3),
        (10.0, {"sagemaker": 0.13, "azure": 7.0, "vertex": 4.0}, 1),
    ]
    hints = (
        "`hours = dollars / price` are machine hours; divide them by the machines at once.",
        "`math.floor` rounds down. Round last, in the vendor's unit.",
        "Google's node hours do not depend on `at_once`: they are what is bought.",
        "Fewer than 1,000 milli node hours cannot be bought: None.",
    )
    reasons = {
        "sagemaker": "SageMaker's limit is in seconds: dollars / price / at_once, times 3,600.",
        "azure": "Azure's limit is in minutes: dollars / price / at_once, times 60.",
        "vertex": "Google's is in thousandths of a node hour, at least 1,000, whatever runs at "
        "once.",
    }
    mistakes = (
        Mistake("math.floor", "math.ceil", "Rounded up, the budget is exceeded: round down."),
        Mistake("math.floor", "float", "Each limit is a whole number: round it down."),
        Mistake("/ at_once", "", "Machines at once share the budget: the job has less time.",),
        Mistake("/ at_once", "* at_once", "More machines at once spend the budget sooner."),
        Mistake('3600 * hours["sagemaker"]', '60 * hours["sagemaker"]',
                "SageMaker's limit is in seconds."),
        Mistake("1000 * dollars / prices", "1000 * dollars / at_once / prices",
                "Node hours are bought as such; how many machines share them is Google's affair."),
        Mistake("budget if budget >= 1000 else None", "budget",
                "Fewer than 1,000 milli node hours are refused: say None."),
        Mistake("budget if budget >= 1000 else None", "max(budget, 1000)",
                "A whole node hour costs more than the budget: the answer is None."),
    )  # fmt: skip
    otherwise = "Give each vendor the largest whole limit that costs no more than `dollars`."


class SubmitOnce(Exercise):
    """Find the bug: a job that is billed twice"""

    key = "14.5"
    points = 3
    call = "submit_once(service, 'titanic', attempts={1}), where {0}"
    cases = {
        "a lost reply does not mean a second job": ("the first reply is lost", 3),
        "a lost request is sent again": ("two requests are lost", 3),
        "a job of that name from before is found": ("the job was submitted yesterday", 3),
        "when all attempts fail, the error is seen": ("all requests are lost", 2),
    }
    hidden = [
        ("the first reply is lost", 2),
        ("a request is lost, then a reply", 4),
        ("nothing is lost", 1),
        ("all requests are lost", 4),
    ]
    hints = (
        "The name says which job it is. What does the service think of two names?",
        "Before you create, ask: `service.find(name)` is the job, or None.",
        "In the last attempt, let the ConnectionError through: `raise` alone does that.",
    )
    reasons = {
        "jobs that are billed": "How many jobs does the service run when this is over? One was "
        "wanted, or none if no request came through.",
        "returned": "Return the job that the service runs under this very name; raise the "
        "ConnectionError if there is none after the last attempt.",
    }
    mistakes = (
        Mistake("service.find(name) or service.create(name)",
                'service.create(f"{name}-{attempt}")',
                "Each attempt has a new name, so each is a new job: two are billed."),
        Mistake("service.find(name) or service.create(name)", "service.create(name)",
                "It was sent again under the same name, and the service refused: the job had been "
                "there. Ask `find` first."),
        Mistake("service.find(name) or service.create(name)",
                'service.find(name) or service.create(name if not attempt else f"{name}-again")',
                "The second attempt is another job: keep the name."),
        Mistake("if attempt == attempts - 1:", "if True:",
                "It gave up after one lost request: try again."),
        Mistake("if attempt == attempts - 1:", "if False:",
                "All attempts have failed, and it returned None as if nothing had happened."),
        Mistake("service.find(name) or service.create(name)", "service.find(name) or name",
                "Nothing was submitted: what `find` does not find must be created."),
    )  # fmt: skip

    @staticmethod
    def probe(submit_once, story, attempts):
        network = {
            "the first reply is lost": ["reply"],
            "two requests are lost": ["request"] * 2,
            "the job was submitted yesterday": [],
            "all requests are lost": ["request"] * 9,
            "a request is lost, then a reply": ["request", "reply"],
            "nothing is lost": [],
        }[story]
        jobs = ["titanic"] if "yesterday" in story else []

        class Service:
            def find(self, name):
                return name if name in jobs else None

            def create(self, name):
                lost = network.pop(0) if network else ""
                if lost == "request":
                    raise ConnectionError("the connection was closed")
                if name in jobs:
                    raise ValueError(f"there is a job {name} already")
                jobs.append(name)
                if lost:
                    raise ConnectionError("the connection was closed")
                return name

        try:
            returned = submit_once(Service(), "titanic", attempts=attempts)
        except (ConnectionError, ValueError) as error:
            returned = type(error).__name__
        return {"jobs that are billed": len(jobs), "returned": returned}


class Honest(Exercise):
    """Read a leaderboard honestly"""

    key = "14.6"
    points = 3
    call = "honest({0}, {1})"
    cases = {
        "the leader is chosen by the leaderboard, not by the held-out rows": (
            {"a": 0.86, "b": 0.85}, {"a": [*TEN, *TEN], "b": [1] * 19 + [0]},
        ),
        "its accuracy has an interval": ({"only": 0.9}, {"only": [*TEN] * 5}),
        "pairs tell what two intervals do not": (
            {"a": 0.9, "b": 0.8, "c": 0.7},
            {"a": [1] * 17 + [0] * 23, "b": [1] * 11 + [0] * 29, "c": [0] * 11 + [1] * 18 + [0] * 11},
        ),
        "a better one is not equal either": (
            {"a": 0.9, "b": 0.8}, {"a": [1, 0] * 15, "b": [1] * 30},
        ),
        "equal on every row is equal; of equal scores the first leads": (
            {"x": 0.8, "y": 0.8}, {"x": [1, 0, 1, 1], "y": [1, 0, 1, 1]},
        ),
    }  # fmt: skip
    hidden = [
        (
            {"k": 0.7, "l": 0.9, "m": 0.6},
            {"k": [1, 0, 1] * 9, "l": [1, 1, 0] * 9, "m": [0, 1, 1] * 8 + [0] * 3},
        ),
        ({"p": 0.5, "q": 0.4}, {"p": [1] * 24 + [0] * 6, "q": [1] * 19 + [0] * 11}),
        ({"u": 0.3}, {"u": [1, 0, 1, 1, 0, 1, 1, 1]}),
    ]
    hints = (
        "`leader = max(leaderboard, key=leaderboard.get)`; `right = np.array(held_out[leader])`.",
        "`half = 1.96 * np.sqrt(p * (1 - p) / n)` on both sides of the accuracy.",
        "Another candidate: `differences = right - np.array(held_out[other])`, one a row.",
        "Equal as far as we know: `abs(differences.mean()) <= 1.96 * differences.std() / n**0.5`.",
    )
    reasons = {
        "leader": "The leader is the candidate with the highest score of the leaderboard.",
        "low": "The interval is the leader's accuracy on held-out rows, minus and plus "
        "1.96 √(p(1 − p)/n).",
        "high": "The interval is the leader's accuracy on held-out rows, minus and plus "
        "1.96 √(p(1 − p)/n).",
        "equal": "Name the others whose mean difference from the leader is within "
        "1.96 standard errors of 0, in the leaderboard's order.",
    }
    mistakes = (
        Mistake("key=leaderboard.get", "key=lambda each: np.mean(held_out[each])",
                "The held-out rows have chosen the leader, so they cannot judge it: choose by the "
                "leaderboard."),
        Mistake("p = right.mean()", "p = leaderboard[leader]",
                "That is the score that was chosen by. Report the accuracy on held-out rows."),
        Mistake("(p * (1 - p) / n) ** 0.5", "p * (1 - p) / n",
                "The standard error is a square root."),
        Mistake("(p * (1 - p) / n) ** 0.5", "(p * (1 - p)) ** 0.5",
                "That is the scatter of a single row; the mean of n rows scatters √n times less."),
        Mistake("half = 1.96 *", "half =", "95 % is 1.96 standard errors on each side."),
        Mistake("abs(gap.mean()) <= 1.96 * gap.std() / n**0.5",
                "abs(gap.mean()) <= 2 * half",
                "Two intervals that overlap prove nothing. Take the difference row by row: what "
                "both got wrong cancels."),
        Mistake("abs(gap.mean())", "gap.mean()",
                "A candidate that is clearly better is not equal to the leader either."),
        Mistake("if other != leader and", "if",
                "The leader is in the list of the others."),
        Mistake("abs(gap.mean()) <= 1.96 *", "abs(gap.mean()) > 1.96 *",
                "Those are the candidates that can be told apart."),
    )  # fmt: skip

    @staticmethod
    def probe(honest, leaderboard, held_out):
        leader, low, high, equal = honest(
            dict(leaderboard), {n: list(r) for n, r in held_out.items()}
        )
        return {"leader": leader, "low": low, "high": high, "equal": list(equal)}
