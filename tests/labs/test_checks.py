"""What `check`, `hint` and `solution` say, and that nothing gets past them."""

import json
import math
import signal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from coursekit.labs import answers, check, hint, solution
from coursekit.labs.cards import Card
from coursekit.labs.exercises import Exercise, Finding, Mistake, find, load
from coursekit.labs.plain import close
from coursekit.labs.verdicts import _in_words, untouched, verdict

pytestmark = pytest.mark.usefixtures("work")


def card(code: str, key: str = "99.1", hidden: bool = False) -> Card:
    lab, exercise = find(key)
    namespace: dict[str, Any] = {"math": math, "signal": signal}
    exec(code, namespace)
    return verdict(lab, exercise, namespace, hidden)


def answered(body: str) -> Card:
    return card(f"def survivors(candidates, factor):\n    {body}")


def test_right_speaks_of_hidden_checks() -> None:
    answer = answered("return candidates // factor")
    assert answer.status == "right"
    assert "hidden ones" in answer.text[0]


def test_not_right_shows_call_values_and_reason() -> None:
    answer = answered("print('deep'); return candidates // 2")
    assert answer.status == "not right"
    assert answer.rows == [("asked", "survivors(12, 3)"), ("expected", "4"), ("received", "6")]
    assert "keeps the top half" in answer.text[0]
    assert answer.output == "deep"
    shown = answer.plain()
    assert shown.index("top half") < shown.index("asked") < shown.index("received")
    markup = answer.html()
    assert markup.index("top half") < markup.index("asked") < markup.index("received")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return candidates - candidates // factor", "These leave; who survives?"),
        ("return candidates / factor", "A part of a candidate cannot be trained: round down."),
        # Right in the first case; the second one tells it from others.
        ("return -(-candidates // factor)", "You round up: round down."),
        ("return max(candidates // factor, 2) + 1", "It is one too many. A rung keeps one candid"),
        ("return 100 * (candidates // factor)", "It is 100 times too large. A rung"),
        ("return -(candidates // factor)", "The sign is the other way round. A rung"),
    ],
)
def test_the_reason_is_that_of_the_known_mistake_else_in_words(body: str, reason: str) -> None:
    assert answered(body).text[0].startswith(reason)


def test_mistakes_alike_in_one_case_are_told_apart_by_the_next() -> None:
    lab, exercise = find("99.4")

    class Alike(exercise):  # type: ignore[misc, valid-type]
        """Two mistakes that agree in the first case"""

        key = "99.4"
        cases = (([0.2, 0.9], 1), ([0.3, 0.9, 0.1], 1))
        mistakes = (
            Mistake("reverse=True", "reverse=False", "These are the worst."),
            Mistake("sorted(scores, reverse=True)", "scores", "These are the first."),
        )

    Alike.bind(lab.exercise_cell("99.4"), [])
    first = {"promoted": lambda scores, survivors: scores[:survivors]}
    assert verdict(lab, Alike, first, False).text[0] == "These are the first."
    worst = {"promoted": lambda scores, survivors: sorted(scores)[:survivors]}
    assert verdict(lab, Alike, worst, False).text[0] == "These are the worst."


def test_the_requirement_of_the_case_is_named() -> None:
    assert answered("return -(-candidates // factor)").text[1] == "This case asks: rounded down."


def test_a_changed_argument_is_noticed() -> None:
    code = (
        "def promoted(scores, survivors):\n    scores.sort()\n    return scores[::-1][:survivors]"
    )
    changed = card(code, "99.4")
    assert changed.status == "not right"
    assert changed.text[0].startswith("Your code changes its argument `scores`, which the caller")
    lab, exercise = find("99.4")

    class Allowed(exercise):  # type: ignore[misc, valid-type]
        """It may"""

        changes = True

    namespace: dict[str, Any] = {}
    exec(code, namespace)
    assert verdict(lab, Allowed, namespace, False).status == "right"


def test_a_missing_return_is_called_that_whatever_the_probe_does_next() -> None:
    lab, exercise = find("99.1")

    class Built(exercise):  # type: ignore[misc, valid-type]
        """A builder"""

        returns = int

        @staticmethod
        def probe(answer: Any, *case: Any) -> Any:
            return len(answer(*case).layers)

        @staticmethod
        def judge(received: int, *case: Any) -> None:
            return None

    silent = verdict(lab, Built, {"survivors": _returns_nothing}, False)
    assert silent.status == "not right"
    assert silent.text == [
        "`survivors` returned None. Is there a `return`? Every way through the function needs one."
    ]
    assert "AttributeError" not in silent.plain()

    class Builder:
        def build(self) -> None:
            pass

    class Method(Built):
        """A builder with a method"""

        @staticmethod
        def probe(answer: Any, *case: Any) -> Any:
            return answer().build().layers

    before = Builder.build
    told = verdict(lab, Method, {"survivors": Builder}, False)
    assert told.text[0].startswith("`build` returned None.")
    assert Builder.build is before


def _returns_nothing(candidates: int, factor: int) -> None:
    pass


def test_foreign_exceptions_of_the_probe_are_not_shown_raw() -> None:
    lab, exercise = find("99.1")

    class Decoding(exercise):  # type: ignore[misc, valid-type]
        """What comes is decoded"""

        returns = str
        key = "99.1"
        mistakes = (Mistake(code="survivors = lambda *a: b'\\xff'", reason="Bare bytes."),)

        @staticmethod
        def probe(answer: Any, *case: Any) -> Any:
            return bytes(answer(*case)).decode()

        @staticmethod
        def judge(received: str, *case: Any) -> None:
            return None

    unknown = verdict(lab, Decoding, {"survivors": lambda *case: b"\xff"}, False)
    assert unknown.text == [
        "Your code ran, but what it gave could not be used as the exercise asks."
    ]
    assert "Unicode" not in unknown.plain()
    Decoding.bind(lab.exercise_cell("99.1"), [])
    known = verdict(lab, Decoding, {"survivors": lambda *case: b"\xff"}, False)
    assert (known.status, known.text) == ("not right", ["Bare bytes."])


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("return candidates^(-1.5)", "Python writes a power as `**`"),
        ("return math.floor(candidats)", "Nothing defines `candidats`"),
        ("return budgets(candidates)", "`budgets` is not defined: a cell above defines it."),
    ],
)
def test_what_an_exception_comes_from(body: str, cause: str) -> None:
    assert cause in answered(body).text[0]


def test_a_cache_takes_no_lists() -> None:
    cached = card("import functools\n@functools.lru_cache\ndef promoted(a, b): return a", "99.4")
    assert "a cache takes no lists" in cached.text[0]


def test_hidden_inputs_and_answers_are_not_shown() -> None:
    shown = card("def survivors(c, f): return c // 3", hidden=True)
    assert shown.status == "not right"
    assert "100" not in shown.plain() and "25" not in shown.plain()


@pytest.mark.parametrize(
    ("code", "key", "text"),
    [
        ("", "99.1", "`survivors` is not defined: run the cell"),
        ("epochs = ...", "99.2", "`epochs` is still `...`"),
        ("def survivors(candidates, factor):\n    ...", "99.1", "as it was handed out"),
        ("def survivors(candidates, factor):\n    raise NotImplementedError", "99.1", "NotImpl"),
    ],
)
def test_not_yet(code: str, key: str, text: str) -> None:
    # A stub without the docstring and types of the handed-out one differs: compare the real one.
    if "handed out" in text:
        lab, _ = find(key)
        code = lab.exercise_cell(key).stub
    answer = card(code, key)
    assert answer.status == "not yet"
    assert text in answer.text[0]


def test_a_faulty_hand_out_is_not_yet_until_it_is_changed() -> None:
    stub = find("99.3")[0].exercise_cell("99.3").stub
    assert card(stub, "99.3").status == "not yet"
    changed = stub.replace("+ 1", "+ 2")
    assert card(changed, "99.3").status == "not right"


def test_classes_are_compared_method_by_method() -> None:
    stub = "class Model:\n    def build(self, units):\n        return units + 1"
    namespace: dict[str, Any] = {}
    exec(stub, namespace)
    assert untouched(stub, "Model", namespace["Model"])
    exec(stub.replace("+ 1", "+ 2"), namespace)
    assert not untouched(stub, "Model", namespace["Model"])
    assert not untouched(stub, "Model", 3)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("print(candidates // factor)", "returned None. Is there a `return`?"),
        ("return 'four'", "Wrong type: what it gives is of type str"),
        ("return 5.0", "Wrong type: what it gives is of type float"),
        ("return True", "of type bool"),
        ("return survivors", "is a function"),
        ("return type('Trap', (), {'__eq__': lambda *a: True, '__repr__': 1})()", "is a Trap"),
        ("return type('Trap', (int,), {'__eq__': lambda *a: True})(5)", "one too many"),
    ],
)
def test_wrong_types_and_hostile_values(body: str, reason: str) -> None:
    answer = answered(body)
    assert answer.status == "not right"
    assert reason in answer.text[0]


def test_an_unexpected_shape_is_a_finding() -> None:
    lab, exercise = find("99.3")

    class Fragile(exercise):  # type: ignore[misc, valid-type]
        """A judge that trips over the shape"""

        returns = list

        @staticmethod
        def judge(received: Any, *case: Any) -> None:
            received[7]

    answer = verdict(lab, Fragile, {"budgets": lambda *case: [1]}, False)
    assert answer.status == "not right"
    assert "shape" in answer.text[0]


@pytest.mark.parametrize(
    ("body", "raised"),
    [
        ("return candidates / 0", "ZeroDivisionError: division by zero"),
        ("return survivors(candidates, factor)", "RecursionError: maximum"),
        ("raise SystemExit", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise type('Bad', (BaseException,), {'__str__': lambda self: 1 / 0})", "Bad: (its"),
    ],
)
def test_exceptions_show_type_message_and_line(body: str, raised: str) -> None:
    answer = answered(body)
    assert answer.status == "error"
    assert answer.rows[1][1].startswith(raised)
    assert answer.rows[2][0] == "in line 2"


def test_not_callable_is_an_error() -> None:
    taken = card("survivors = 4")
    assert taken.status == "error"
    assert "`survivors` is of type int, not callable: a later cell may have" in taken.text[0]


def test_other_arguments_are_an_error_that_says_so() -> None:
    changed = card("def survivors(candidates):\n    return candidates // 3")
    assert changed.status == "error"
    assert changed.text == ["Keep the arguments with which `survivors` was handed out."]


def test_floats_are_rounded_where_they_can_still_be_told_apart() -> None:
    lab, exercise = find("99.1")

    class Share(exercise):  # type: ignore[misc, valid-type]
        """A share"""

        returns = list

        @staticmethod
        def judge(received: list[float], candidates: int, factor: int) -> Finding:
            return Finding([1 / 3], "It is a third.")

    for given, shown in ((0.1 + 0.2, "[0.3]"), (1 / 3 + 1e-9, "[0.33333333433333334]")):
        rows = verdict(lab, Share, {"survivors": lambda *case, given=given: [given]}, False).rows
        assert rows[2] == ("received", shown)
        assert rows[1][1] == ("[0.333333]" if shown == "[0.3]" else "[0.3333333333333333]")


def test_a_finding_may_say_in_words_what_came() -> None:
    lab, exercise = find("99.1")

    class Network(exercise):  # type: ignore[misc, valid-type]
        """A probe whose report is not the learner's answer"""

        returns = dict

        @staticmethod
        def probe(answer: Any, *case: Any) -> Any:
            return None if answer(*case) is None else {"layers": 2}

        @staticmethod
        def judge(received: dict[str, int], *case: Any) -> Finding:
            return Finding("3 layers", "One is missing.", f"{received['layers']} layers")

    answer = verdict(lab, Network, {"survivors": lambda *case: 4}, False)
    assert answer.rows[1:] == [("expected", "3 layers"), ("received", "2 layers")]
    silent = verdict(lab, Network, {"survivors": lambda *case: None}, False)
    assert silent.text[0].startswith("`survivors` returned None. Is there a `return`?")


def test_reports_of_a_probe_are_shown_in_words() -> None:
    lab, exercise = find("99.1")

    class Report(exercise):  # type: ignore[misc, valid-type]
        """A report of what was sampled"""

        returns = dict

        @staticmethod
        def probe(answer: Any, *case: Any) -> Any:
            return {"wins": [3, 4], "the same again": False, "parents": [[None, 1], [2, 0.25]]}

        @staticmethod
        def judge(received: dict[str, Any], *case: Any) -> Finding:
            return Finding("other wins", "It is not so.")

    rows = dict(verdict(lab, Report, {"survivors": lambda *case: 4}, False).rows)
    assert rows["received"] == "wins: 3, 4; the same again: no; parents: none, 1; 2, 0.25"
    assert rows["expected"] == "other wins"

    class Declared(exercise):  # type: ignore[misc, valid-type]
        """A report that the solution gives, too"""

        key = "99.1"
        cases = ((12, 3),)

        @staticmethod
        def probe(answer: Any, *case: Any) -> Any:
            return {"count": answer(*case), "calls": 1}

    wrong = verdict(lab, Declared, {"survivors": lambda *case: 6}, False)
    assert wrong.rows[1:] == [("expected", "count: 4"), ("received", "count: 6")]


def test_stopped() -> None:
    assert "No answer after 0.5 s" in answered("\n    while True: pass").text[0]
    interrupted = answered("signal.raise_signal(signal.SIGINT)")
    assert (interrupted.status, interrupted.text) == ("stopped", ["You interrupted it."])


def test_an_answer_cannot_change_the_cases() -> None:
    lab, exercise = find("99.3")

    class Greedy(exercise):  # type: ignore[misc, valid-type]
        """Cases that can be changed"""

        cases = (([1, 2],),)
        returns = list
        changes = True

        @staticmethod
        def judge(received: list[int], given: list[int]) -> None:
            assert given == [1, 2]

    for _ in range(2):
        answer = verdict(lab, Greedy, {"budgets": lambda given: [given.pop()]}, False)
        assert answer.status == "right", answer.plain()


def test_check_prints_and_returns_nothing(
    work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    check("99.1")
    assert "Not yet" in capsys.readouterr().out
    assert not (work / ".coursekit").exists()
    monkeypatch.setitem(globals(), "survivors", lambda candidates, factor: candidates // factor)
    check("99.1")
    check("99.1", hidden=True)
    assert capsys.readouterr().out.count("✓ Right") == 2
    kept = json.loads((work / ".coursekit" / "progress.json").read_text())
    assert kept["exercises"]["99.1"]["attempts"] == 2
    assert kept["exercises"]["99.1"]["solved"]


@pytest.mark.parametrize("key", ["99.9", "1", "", "nonsense", None, 99.1, "12.5"])
def test_unknown_keys_are_answered(key: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for ask in (check, hint, solution):
        ask(key)
        assert "there is no exercise" in capsys.readouterr().out


def test_nbgrader_needs_an_exception(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(AssertionError, match="is not defined"):
        check("99.1")
    with pytest.raises(AssertionError, match="there is no exercise"):
        check("99.9")
    monkeypatch.setitem(globals(), "survivors", lambda candidates, factor: candidates // 2)
    with pytest.raises(AssertionError, match="keeps the top half"):
        check("99.1")
    monkeypatch.setitem(globals(), "survivors", lambda candidates, factor: candidates // factor)
    check("99.1", hidden=True)
    assert "Right" in capsys.readouterr().out
    assert not (work / ".coursekit").exists()


def test_html_is_escaped_and_says_its_status_in_words() -> None:
    trap = "<script>alert(1)</script>"
    shown = Card("error", trap, [(trap, trap)], [trap], trap, trap, [trap]).html()
    assert "<script>" not in shown
    assert 'role="status"' in shown and "</span> Error" in shown
    assert "<code>return</code>" in Card("hint", "t", text=["a `return`"]).html()
    assert "<em>down</em>" in Card("hint", "t", text=["round *down*, 2 * 3 * 4"]).html()


def test_an_edited_exercise_is_read_again(tmp_path: Path) -> None:
    import shutil

    sample = Path(__file__).parent / "lab"
    shutil.copytree(sample, tmp_path / "own")
    path = tmp_path / "own" / "source" / "99_sample.py"
    assert load(path).title == "Lab 99. Halving"
    path.write_text(path.read_text().replace("Halving", "Thirds of it"))
    assert load(path).title == "Lab 99. Thirds of it"


def test_ctrl_c_while_an_answer_of_ours_runs_is_heard_and_forgotten() -> None:
    """It is no failure of the solution, and no finding about a mistake."""
    code = "import signal\ndef halve(n):\n    signal.raise_signal(signal.SIGINT)\n    return n"

    class Halve(Exercise):
        """Half of it"""

        key = "98.1"
        answer = "halve"
        solution = code
        cases = ((4,),)
        mistakes: ClassVar = {"It is the whole.": code}

    for ask in (answers.right, lambda each, case: answers.mistaken(each, "It is the whole.", case)):
        for _ in range(2):  # it is asked again
            with pytest.raises(KeyboardInterrupt):
                ask(Halve, (4,))


def test_an_integer_that_no_float_holds_is_compared() -> None:
    assert not close(10**400, 4) and close(10**400, 10**400) and not close(10**400, 0.5)


def test_an_empty_text_in_a_report_is_said() -> None:
    assert (
        _in_words({"a broken promise": "", "names": []}) == "a broken promise: none; names: nothing"
    )
