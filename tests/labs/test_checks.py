"""What `check`, `hint` and `solution` say, and that nothing gets past them."""

import json
import math
import signal
from pathlib import Path
from typing import Any

import pytest

from coursekit.labs import check, hint, solution
from coursekit.labs.cards import Card
from coursekit.labs.checks import untouched, verdict
from coursekit.labs.exercises import Finding, find, load

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
        ("return 4.0", "Wrong type: what it gives is of type float"),
        ("return True", "of type bool"),
        ("return survivors", "is a function"),
        ("return type('Trap', (), {'__eq__': lambda *a: True, '__repr__': 1})()", "is a Trap"),
        ("return type('Trap', (int,), {'__eq__': lambda *a: True})(5)", "rounded down"),
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
    assert silent.rows[1:] == [("expected", "an answer"), ("received", "None")]


def test_stopped() -> None:
    assert "No answer after 0.5 s" in answered("\n    while True: pass").text[0]
    interrupted = answered("signal.raise_signal(signal.SIGINT)")
    assert (interrupted.status, interrupted.text) == ("stopped", ["You interrupted it."])


def test_an_answer_cannot_change_the_cases() -> None:
    lab, exercise = find("99.3")

    class Greedy(exercise):  # type: ignore[misc, valid-type]
        """Cases that can be changed"""

        cases = (([1, 2],),)

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
