"""Submissions that share what the lab does not explain, and only those."""

from coursekit.grading import alike
from coursekit.grading.grader import Grader
from tests.grading.conftest import notebook, submission

COPIED = """
def survivors(candidates, factor):
    # how many are left over when we cut?
    total_left_over = candidates - candidates % factor
    everybody_that_stays = total_left_over / factor
    return int(everybody_that_stays)
"""
COMMON = (
    "import itertools, functools, operator\nhalf_of_everything = 12 / 2\nprint('here we are')\n"
)


def test_a_copy_is_found_and_what_many_have_is_not(grader: Grader) -> None:
    answers = {
        f"learner {n}": {"99.1": f"{COMMON}def survivors(*a): return {n}"} for n in range(40)
    }
    answers["ada"] = {"99.1": COPIED}
    answers["bob"] = {"99.1": COPIED.replace("def", "# mine\ndef").replace("int(", "round(")}
    answers["cid"] = {"99.1": COPIED.replace("left_over", "that_stay").replace("how many", "why")}
    found = alike.pairs(
        grader.lab,
        grader.given,
        [submission(notebook(given), who) for who, given in answers.items()],
    )
    assert [(pair.first.learner, pair.second.learner) for pair in found] == [("ada", "bob")]
    assert found[0].lines == (
        "# how many are left over when we cut?",
        "total_left_over = candidates - candidates % factor",
        "everybody_that_stays = total_left_over / factor",
    )
    page = alike.page(grader.lab, found)
    assert page.count("<mark>") == 6 and "ada and bob: 3 lines" in page


def test_solved_untouched_and_mistaken_notebooks_are_not_alike(grader: Grader) -> None:
    planted = [*grader.lab.exercises["99.1"].planted().values()]
    contents = [notebook(), notebook(), notebook(solved=False), notebook(solved=False)]
    contents += [notebook({"99.1": planted[0]})] * 2
    found = [submission(each, str(number)) for number, each in enumerate(contents)]
    assert alike.pairs(grader.lab, grader.given, found) == []
