"""The verdict on an answer: the reason in words, and below it the question and the result."""

import ast
import dis
import inspect
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import CodeType, FunctionType
from typing import Any

from coursekit import guard
from coursekit.guard import Failure
from coursekit.labs import answers, exercises
from coursekit.labs.answers import Observed, observe
from coursekit.labs.cards import Card
from coursekit.labs.exercises import Exercise, Finding, Lab
from coursekit.labs.names import names
from coursekit.labs.plain import Opaque, rounded
from coursekit.notebook import RUN_ABOVE

SHOWN = 300  # characters of a value in a verdict
PARTS = 12  # entries of a list in words

RAISED = "Your code raised an exception."
CHANGES = "Your code changes an argument, which the caller still needs as it was: work on a copy."
_WORDS = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a dict",
}
# Shown below an exception in the kit's own code that an answer caused.
_TELLING = ("ValueError", "TypeError", "KeyError", "IndexError", "AttributeError")


@dataclass(frozen=True)
class AnswerState:
    """What can be said of an answer without running it, in plain data.

    state: "missing", "..." (as handed out), "untouched", "not callable", or "" (to be run).
    kind: the name of its type. function: whether it is one. cached: whether a cache is around it.
    new_kernel: whether nothing of the lab's set-up is defined either. silent: whether it is a
    function that can return nothing but None.
    """

    state: str = ""
    kind: str = ""
    function: bool = False
    cached: bool = False
    new_kernel: bool = False
    silent: bool = False


Asked = Callable[[tuple[Any, ...]], Observed]


def verdict(lab: Lab, exercise: type[Exercise], namespace: dict[str, Any], hidden: bool) -> Card:
    """The card for the answer in this namespace; runs the learner's code, records nothing."""
    started = time.thread_time()

    def ask(case: tuple[Any, ...]) -> Observed:
        left = exercise.seconds - (time.thread_time() - started)
        return observe(exercise, namespace[exercise.answer], case, left, namespace)

    stub, value = lab.exercise_cell(exercise.key).stub, issubclass(exercise, exercises.Value)
    answer = look(exercise.answer, stub, value, namespace)
    if answer.state == "missing":
        setting = [cell for cell in lab.cells if "setup" in cell.tags]
        usual = {each for cell in setting for each in names(cell.solution).defines}
        answer = replace(
            answer, new_kernel=bool(usual) and not usual & namespace.keys() - {"check"}
        )
    return judged(lab, exercise, answer, ask, hidden)


def judged(
    lab: Lab,
    exercise: type[Exercise],
    answer: AnswerState,
    ask: Asked,
    hidden: bool,
    patience: float = answers.PATIENCE,
) -> Card:
    """The card for an answer that may be elsewhere; `ask` gives what it does with a case.

    patience: seconds of computing, to find the mistake that was made.
    ask: raises LookupError for a case that was not run; only those after a wrong one may be.
    """
    title = f"{exercise.key} {exercise.title()}"
    if answer.state:
        status, sentence = _not_to_be_run(lab, exercise, answer)
        return Card(status, title, text=[sentence])
    question = _Question(lab, exercise, answer, hidden and bool(exercise.hidden), patience)
    cases = exercise.hidden if question.hidden else exercise.cases
    seen: list[tuple[tuple[Any, ...], Observed]] = []
    for passed, case in enumerate(cases):
        seen.append((case, ask(case)))
        said = question.judged(seen, _further(exercise.cases[passed + 1 :], ask))
        if said is None:
            continue
        status, text, rows = said
        if passed:
            text = [*text, f"{passed} of {len(cases)} cases were right before this one."]
        return Card(status, title, rows, text, output=_cut(seen[-1][1].outcome.output))
    text = []
    if exercise.hidden and not hidden:
        text.append("The checks you can see passed; hidden ones with other inputs run at grading.")
    return Card("right", title, text=text)


def _further(
    cases: Sequence[tuple[Any, ...]], ask: Asked
) -> Iterator[tuple[tuple[Any, ...], Observed]]:
    for case in cases:
        try:
            yield case, ask(case)
        except LookupError:
            return


Said = tuple[str, list[str], list[tuple[str, str]]]  # status, prose, rows


@dataclass(frozen=True)
class _Question:
    """A question to an answer, and the verdict on the result."""

    lab: Lab
    exercise: type[Exercise]
    answer: AnswerState
    hidden: bool
    patience: float

    def judged(
        self,
        seen: Sequence[tuple[tuple[Any, ...], Observed]],
        rest: Iterator[tuple[tuple[Any, ...], Observed]],
    ) -> Said | None:
        """None if the last of the cases is right."""
        exercise, (case, observed) = self.exercise, seen[-1]
        outcome = observed.outcome
        rows = self._asked(case)
        if outcome.stopped == "interrupt":
            return "stopped", ["You interrupted it."], rows
        if outcome.stopped:
            clock = guard.PATIENCE * exercise.seconds
            limit = f"No answer after {exercise.seconds:g} s of computing or {clock:g} s in all."
            return "stopped", [f"{limit} Is there a loop or a wait that never ends?"], rows
        if outcome.failure:
            return self._failed(outcome.failure, seen, rows)
        if observed.changed and not exercise.changes:
            known = answers.recognise(exercise, seen, (), self.patience)
            told = CHANGES if self.hidden else self._changed(observed.changed)
            text = [told, *([known] if known else [])]
            return "not right", text, rows
        finding = self._mismatch(outcome.value, case) or self._finding(outcome.value, case)
        if finding is None:
            return None
        known = ""
        if exercise.declared():
            further = iter(()) if self.hidden else rest
            known = answers.recognise(exercise, seen, further, self.patience)
        # Where earlier cases are right, None may come of a known mistake that has its `return`.
        explained = known and len(seen) > 1
        if observed.silent and (self._silent_alone() or (self._always_answers() and not explained)):
            return "not right", [self._silent(observed)], rows
        text = [known or (self._blind(finding) if self.hidden else finding.reason)]
        if exercise.requirements and not self.hidden:
            text.append(f"This case asks: {exercise.requirements[len(seen) - 1]}.")
        if not self.hidden:
            rows += self._values(finding, outcome.value)
        return "not right", text, rows

    def _asked(self, case: tuple[Any, ...]) -> list[tuple[str, str]]:
        question = self.exercise.question(*case)
        return [("asked", "an input kept for grading" if self.hidden else _short(question))]

    def _failed(
        self,
        failure: Failure,
        seen: Sequence[tuple[tuple[Any, ...], Observed]],
        rows: list[tuple[str, str]],
    ) -> Said:
        exercise, observed = self.exercise, seen[-1][1]
        name, raised = exercise.answer, f"{failure.kind}: {failure.message}".rstrip(": ")
        if failure.kind == "NotImplementedError":
            return "not yet", ["Your code raises `NotImplementedError`."], rows
        known = answers.recognise(exercise, seen, (), self.patience)
        if self.hidden:
            return "error", [known or RAISED], [*rows, ("raised", raised)]
        if failure.line:
            rows += [("raised", raised), (f"in line {failure.line}", failure.code)]
            cause = known or self._cause(failure) or RAISED
            return "error", [cause], rows
        if observed.silent and (self.answer.function or "None" in failure.message):
            return "not right", [self._silent(observed)], rows
        if known:
            return "not right", [known], rows
        if failure.message.startswith(f"{name}()"):
            cause = f"Keep the arguments with which `{name}` was handed out."
        elif failure.message.startswith("unhashable") and self.answer.cached:
            cause = (
                f"`{name}` has a cache around it, and a cache takes no lists or dicts as arguments:"
                " leave it out."
            )
        else:
            cause = "Your code ran, but what it gave could not be used as the exercise asks."
            raised = raised.partition("\n")[0] if failure.kind in _TELLING else ""
        return "error", [cause], [*rows, *([("then came", raised)] if raised else [])]

    def _cause(self, failure: Failure) -> str:
        """The cause of an exception in the learner's own line, if its text does not name it."""
        power = any(sign in failure.message for sign in (" ^: ", " ^=: ", "bitwise_xor"))
        if failure.kind == "TypeError" and power:
            return "Python writes a power as `**`; `^` is another operation."
        if failure.kind == "TypeError" and "NoneType" in failure.message:
            return (
                "A value in this line is None. Does a function that it comes from lack its "
                "`return`?"
            )
        if failure.kind == "NameError":
            missing = failure.message.split("'")[1] if "'" in failure.message else ""
            above = {
                name
                for cell in self.lab.cells
                if cell.kind == "code"
                for name in names(cell.solution).defines
            }
            if missing in above:
                return f"`{missing}` is not defined: a cell above defines it. {RUN_ABOVE}"
            return f"Nothing defines `{missing}`. Is it a typing error?"
        return ""

    def _silent(self, observed: Observed) -> str:
        own = self.answer.function or self.hidden
        return _silent(self.exercise.answer if own else observed.silent)

    def _blind(self, finding: Finding) -> str:
        """The reason without what the answer has chosen: it may have hidden inputs in it."""
        exercise = self.exercise
        if finding.reason in (*exercise.reasons.values(), exercise.otherwise):
            return finding.reason
        return exercise.otherwise or "What came is not what is asked for."

    def _changed(self, changed: Sequence[str]) -> str:
        named = " and ".join(f"`{name}`" for name in changed)
        one = len(changed) == 1
        return (
            f"Your code changes its argument{'' if one else 's'} {named}, which the caller still "
            f"needs as {'it was' if one else 'they were'}: work on a copy."
        )

    def _mismatch(self, received: Any, case: tuple[Any, ...]) -> Finding | None:
        """A finding if this does not have the required type."""
        exercise = self.exercise
        wanted = exercise.returns or type(answers.right(exercise, case))
        if received is None and (exercise.or_none or wanted is type(None)):
            return None
        if type(received) is wanted or (wanted is float and type(received) is int):
            return None
        if exercise.declared() and wanted is type(None):
            return None
        called = not issubclass(exercise, exercises.Value)
        if received is None and called:
            own = exercise.probe is not Exercise.probe  # its type is not the answer's
            return Finding("an answer" if own else _WORDS[wanted], _silent(exercise.answer))
        word = "what it gives" if called else f"`{exercise.answer}`"
        opaque = isinstance(received, Opaque)
        what = received.text if opaque else f"of type {type(received).__name__}"
        return Finding(_WORDS[wanted], f"Wrong type: {word} is {what}.")

    def _finding(self, received: Any, case: tuple[Any, ...]) -> Finding | None:
        exercise = self.exercise
        try:
            return exercise.judge(received, *answers.copied(case))
        except Exception:
            if exercise.declared():
                raise
            kind = _WORDS.get(exercise.returns or object, "an answer")
            return Finding(
                f"{kind} of another shape", f"This is {kind}, but not of the shape asked for."
            )

    def _values(self, finding: Finding, received: Any) -> list[tuple[str, str]]:
        """Expected and received, in a form for the learner."""
        expected = finding.expected
        report = isinstance(received, dict) and self.exercise.probe is not Exercise.probe
        if finding.received:
            came = finding.received
        elif report and isinstance(expected, dict):
            alike = self.exercise.alike
            apart = [key for key in expected if not alike(received.get(key), expected[key])]
            came = _in_words({key: received.get(key) for key in apart})
            expected = _in_words({key: expected[key] for key in apart})
        elif report:
            came = _in_words(received)
        else:
            expected, came = _pair(expected, received)
            came = repr(came)
        expected = expected if isinstance(finding.expected, str) or report else repr(expected)
        return [("expected", _short(str(expected))), ("received", _short(came))]

    def _silent_alone(self) -> bool:
        """Whether the answer can return nothing but None, where the lab's own returns a value."""
        return self.answer.silent and any(each != "None" for each in self._returned())

    def _always_answers(self) -> bool:
        """Whether the lab's own solution returns values, and nowhere writes `return None`."""
        found = self._returned()
        return self.answer.function and bool(found) and "None" not in found

    def _returned(self) -> list[str]:
        """What stands after each `return` of the lab's own solution."""
        solution = ast.parse(self.lab.exercise_cell(self.exercise.key).solution)
        found = [node.value for node in ast.walk(solution) if isinstance(node, ast.Return)]
        return [ast.unparse(value) for value in found if value is not None]


def _silent(name: str) -> str:
    again = "Is there a `return`? Every way through the function needs one."
    return f"`{name}` returned None. {again}"


def look(name: str, stub: str, value: bool, namespace: dict[str, Any]) -> AnswerState:
    """What is to be said of the answer of this name without running it.

    stub: the exercise's cell as handed out. value: whether the answer is a variable.
    """
    if name not in namespace:
        return AnswerState("missing")
    answer = namespace[name]
    state = ""
    if answer is ...:
        state = "..."
    elif untouched(stub, name, answer):
        state = "untouched"
    elif not callable(answer) and not value:
        state = "not callable"
    function = type(answer) is FunctionType
    return AnswerState(
        state,
        type(answer).__name__,
        function,
        hasattr(answer, "cache_info"),
        silent=function and _returns_nothing(answer.__code__),
    )


def _returns_nothing(code: CodeType) -> bool:
    """Whether a function of this code can return nothing but None."""
    if code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        return False
    steps = [each for each in dis.get_instructions(code) if each.opname not in ("NOP", "CACHE")]
    for before, step in itertools.pairwise(steps):
        if step.opname == "RETURN_CONST" and step.argval is not None:
            return False
        none = before.opname == "LOAD_CONST" and before.argval is None
        if step.opname == "RETURN_VALUE" and (step.is_jump_target or not none):
            return False
    return True


def _not_to_be_run(lab: Lab, exercise: type[Exercise], answer: AnswerState) -> tuple[str, str]:
    """Status and text for an answer that is missing, untouched or not callable."""
    name, key = exercise.answer, exercise.key
    if answer.state == "missing":
        again = f"run the cell that defines it (Shift+Enter), then `check({key!r})`."
        text = f"`{name}` is not defined: {again}"
        if answer.new_kernel:
            text += f" The kernel is new: {RUN_ABOVE[0].lower()}{RUN_ABOVE[1:]}"
        return "not yet", text
    if answer.state == "...":
        again = f"Put your answer in place of the `...`, run its cell, then `check({key!r})`."
        return "not yet", f"`{name}` is still `...`. {again}"
    if answer.state == "untouched":
        again = f"change it, run its cell, then `check({key!r})`."
        return "not yet", f"`{name}` is still as it was handed out: {again}"
    again = "a later cell may have taken its name. Run the exercise's cell again."
    return "error", f"`{name}` is of type {answer.kind}, not callable: {again}"


def untouched(stub: str, name: str, answer: Any) -> bool:
    """Whether a function or class is the one that the stub defines, by its compiled code."""
    try:
        given = [code for code in _codes(compile(stub, "", "exec")) if code.co_name == name]
    except SyntaxError:
        return False
    kind = type(answer)
    if kind is FunctionType:
        return any(_same(answer.__code__, code) for code in given)
    if issubclass(kind, type) and given:
        members = type.__dict__["__dict__"].__get__(answer).values()
        mine = [member.__code__ for member in members if type(member) is FunctionType]
        theirs = {code.co_name: code for code in _codes(given[0])}
        return bool(mine) and all(
            code.co_name in theirs and _same(code, theirs[code.co_name]) for code in mine
        )
    return False


def _codes(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _same(left: CodeType, right: CodeType) -> bool:
    return (
        (left.co_code, left.co_names, left.co_varnames, left.co_freevars)
        == (right.co_code, right.co_names, right.co_varnames, right.co_freevars)
        and len(left.co_consts) == len(right.co_consts)
        and all(
            _same(mine, theirs)
            if isinstance(mine, CodeType) and isinstance(theirs, CodeType)
            else type(mine) is type(theirs) and mine == theirs
            for mine, theirs in zip(left.co_consts, right.co_consts, strict=True)
        )
    )


def _pair(expected: Any, received: Any) -> tuple[Any, Any]:
    """Both with six digits per float, if they then still differ."""
    short = rounded(expected), rounded(received)
    return short if repr(short[0]) != repr(short[1]) else (expected, received)


def _in_words(value: Any) -> str:
    """Plain data of a probe's report, without Python's brackets and quotes."""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_in_words(each)}" for key, each in value.items()) or "nothing"
    if isinstance(value, list):
        parts = [_in_words(each) for each in value[:PARTS]]
        separator = "; " if any(isinstance(each, list | dict) for each in value) else ", "
        return separator.join(parts + ["…"] * (len(value) > PARTS)) or "nothing"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return str(rounded(value)) or "none"


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN] + " …"


def _cut(output: str) -> str:
    lines = output.splitlines()
    text = "\n".join(line[:120] for line in lines[:5])
    return text + "\n…" if len(lines) > 5 or len(output) > len(text) + 1 else text
