"""Runs the cells of one submission, asks the exercises' questions, and returns what came.

Visible cases of all exercises come first, so that no hidden input is known to code whose words
learners may see. No answers are here: the probes, their inputs and what was handed out come from
the controller, which compares. A probe runs in the process of the code that it asks, as in the live
kernel: who knows a probe and its right report can write code that reports that. What such code
replaces is put back and named, and so are records from elsewhere and what reaches for this
process's frames and objects (`reached`), so that a human looks; it is evidence, not proof.
"""

import ast
import builtins
import dataclasses
import gc
import importlib
import itertools
import operator
import os
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from coursekit import guard
from coursekit.grading import isolation, reached
from coursekit.grading.wire import encoder, observation, unpacked
from coursekit.labs import executions
from coursekit.labs.answers import Observed, observe
from coursekit.labs.exercises import Exercise
from coursekit.labs.names import names
from coursekit.labs.verdicts import look

LONGEST = 200_000  # characters of a cell
SETUP = 100.0  # seconds for a cell of the lab's set-up
Restore = Callable[[], list[str]]  # puts back what was replaced, and returns its names
# What a submission may not change for the questions that follow: these modules, and the kit's own.
GUARDED = (
    *("builtins", "contextlib", "copy", "dataclasses", "functools", "inspect", "json"),
    *("json.decoder", "json.encoder", "math", "numpy", "numpy.random", "os", "random", "signal"),
    *("threading", "time", "types"),
)


def prepare() -> None:
    """Makes the IPython shell that children inherit: no history, no threads, no windows."""
    from IPython.core.history import HistoryManager
    from IPython.core.interactiveshell import InteractiveShell

    for name in GUARDED:
        importlib.import_module(name)
    HistoryManager.enabled = False
    shell = InteractiveShell.instance()
    shell.enable_gui = lambda gui=None: None  # `%matplotlib inline` asks for an event loop
    sys.modules["__main__"] = shell.user_module
    shell.user_module.__name__ = "__main__"
    executions.watch()


def remember() -> None:
    """Notes the functions and classes of all that is imported so far, for the children."""
    _originals.add()


def grade(job: dict[str, Any], out: int) -> None:
    """Writes a record a step to the descriptor `out`; the last one says that it is the end."""
    # A record without the token is not from here, and a human looks at it. That is evidence, not
    # proof: code in this process that searches long enough finds the token.
    write, encode, token = os.write, encoder(), job.pop("token")

    def tell(record: dict[str, Any]) -> None:
        left = encode(record | {"token": token})
        while left:
            left = left[write(out, left) :]

    tell({"state": isolation.state()})
    notebook = Notebook(job["cells"])
    for text in job["setup"]:
        if problem := notebook.run(text, "setup", SETUP):
            tell({"setup": problem})
            return
    _originals.add()
    restore = _originals.restorer()
    reached.watch(lambda name: tell({"reached": name}), _installed())
    # First what a learner may see: then no hidden input is in reach of code that tells something.
    hidden = [
        _ask(exercise, notebook, restore, tell)
        for exercise in job["exercises"]
        if exercise["key"] not in job["without"]
    ]
    for ask_hidden in hidden:
        ask_hidden()
    tell({"end": True})


def _ask(
    asked: dict[str, Any],
    notebook: "Notebook",
    restore: "Restore",
    tell: Callable[[dict[str, Any]], None],
) -> Callable[[], None]:
    """Asks the visible cases; the function that it returns asks the hidden ones and tells both."""
    key, name, seconds = asked["key"], asked["answer"], asked["seconds"]
    tell({"at": key, "step": "its cells"})
    namespace = notebook.namespace
    changed: list[str] = []
    for part in (slice(None, asked["check"]), slice(None)):
        notebook.run_for(name, asked["cells"], part, seconds)
        changed += restore()
        answer = look(name, asked["stub"], asked["value"], namespace)
        if answer.state not in ("missing", "untouched", "..."):
            break  # else cells below the check may hold it
    stale = executions.stale(key, name, namespace[name]) if name in namespace else ""
    record: dict[str, Any] = {"exercise": key, "answer": dict(answer.__dict__), "stale": stale}

    def ask(step: str) -> None:
        tell({"at": key, "step": step})
        cases = [unpacked(case) for case in asked[step]]
        record[step] = []
        for case in _observed(probe, namespace[name], cases, seconds, namespace, restore):
            record[step].append(observation(case[0]))
            changed.extend(case[1])

    judged = not (stale or answer.state)
    if judged:
        probe = _probe(asked["probe"])
        ask("cases")
    defined = dict(namespace)  # as now: later cells may define the same names otherwise

    def ask_hidden() -> None:
        if judged and not any(each["stopped"] for each in record["cases"]):  # else it takes long
            namespace.clear()
            namespace.update(defined)
            ask("hidden")
        tell(record | {"changed": list(dict.fromkeys(changed))[:20]})

    return ask_hidden


def _observed(
    probe: type[Exercise],
    answer: Any,
    cases: list[tuple[Any, ...]],
    seconds: float,
    namespace: dict[str, Any],
    restore: "Restore",
) -> Iterator[tuple[Observed, list[str]]]:
    import time

    started = time.thread_time()
    for case in cases:
        left = seconds - (time.thread_time() - started)
        seen = observe(probe, answer, case, left, namespace)
        yield seen, restore()
        if seen.outcome.stopped:
            return


def _installed() -> list[str]:
    """The folders of Python, the packages and the kit, in which no submission can write."""
    kit = Path(isolation.__file__).parents[1]
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, str(kit)}
    return [f"{folder}{os.sep}" for folder in folders] + ["<frozen "]


def _probe(source: str) -> type[Exercise]:
    found: dict[str, Any] = {}
    exec(compile(f"from __future__ import annotations\n{source}", "<frozen probe>", "exec"), found)
    return type("Asked", (Exercise,), {"probe": staticmethod(found["probe"])})


class Notebook:
    """The learner's cells, and the namespace in which they run, each at most once.

    cells: objects with "id", "text", "given" (whether it is as it was handed out), "skip" (whether
    it has no say), and "names" (what it reads and defines, if that is known).
    """

    def __init__(self, cells: list[dict[str, Any]]) -> None:
        from coursekit.notebook import shell

        self.cells = cells
        self.namespace: dict[str, Any] = shell().user_ns
        self._shell = shell()
        self._parsed = [_Cell.read(self._shell, each) for each in cells]
        self._run: set[int] = set()
        self._transformers = list(self._shell.input_transformers_post)

    def run(self, text: str, identity: str, seconds: float) -> str:
        """Runs code as a cell; returns what it raised."""
        # A cell may have added one, which would rewrite all later cells.
        self._shell.input_transformers_post[:] = self._transformers
        self._shell.ast_transformers.clear()
        outcome = guard.run(
            lambda: self._shell.run_cell(text, store_history=False, cell_id=identity),
            seconds=seconds,
        )
        if outcome.failure:
            return f"{outcome.failure.kind}: {outcome.failure.message}"
        if outcome.stopped:
            return f"no end after {seconds:g} s"
        error = outcome.value.error_before_exec or outcome.value.error_in_exec
        return f"{type(error).__name__}: {str(error)[:500]}" if error is not None else ""

    def run_for(self, name: str, own: list[int], part: slice, seconds: float) -> None:
        """Runs the cells that define an answer, and those that they need, in their order.

        own: the numbers of the exercise's cells. part: of the notebook that is looked at.
        """
        places = range(len(self.cells))[part]
        chosen = {place for place in places if place in own or name in self._parsed[place].defines}
        wanted: set[str] = set()
        new = set(chosen)
        while new:
            wanted |= {each for place in new for each in self._parsed[place].reads}
            new = {
                place
                for place in places
                if place not in chosen
                and (
                    self._parsed[place].defines & wanted
                    or (self._parsed[place].changes & wanted and not self.cells[place]["given"])
                )
            }
            chosen |= new
        for place in sorted(chosen - self._run):
            self._run.add(place)
            self.run(self._parsed[place].code, self.cells[place]["id"], seconds)


@dataclasses.dataclass(frozen=True)
class _Cell:
    """A cell's code, the names that it reads and defines, and those whose parts it changes."""

    code: str
    reads: set[str]
    defines: set[str]
    changes: set[str]

    @classmethod
    def read(cls, shell: Any, cell: dict[str, Any]) -> "_Cell":
        code = cell["text"]
        if cell["names"] and not cell["skip"]:
            return cls(code, set(cell["names"][0]), set(cell["names"][1]), set())
        if cell["skip"] or len(code) > LONGEST:
            return cls(code, set(), set(), set())
        try:
            plain = shell.transform_cell(code)
            own = names(plain)
            changes = {
                base
                for node in ast.walk(ast.parse(plain))
                if isinstance(node, ast.Attribute | ast.Subscript | ast.Call)
                if (base := _base(node))
            }
        except Exception:  # not Python: the cell will raise where it runs
            return cls(code, set(), set(), set())
        return cls(code, own.reads, own.defines, changes)


def _base(node: ast.AST) -> str:
    """The name whose attribute or entry is set, or whose method is called."""
    if isinstance(node, ast.Call):
        node = node.func
    elif not isinstance(node, ast.Attribute | ast.Subscript) or not isinstance(node.ctx, ast.Store):
        return ""
    inside = isinstance(node, ast.Attribute | ast.Subscript)
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if inside and isinstance(node, ast.Name) else ""


class Originals:
    """The functions and classes of guarded modules, put back where a submission replaced them."""

    def __init__(self) -> None:
        self._modules: set[str] = set()
        self._places: list[tuple[str, Any, dict[str, Any]]] = []
        self._functions: list[tuple[str, types.FunctionType, types.CodeType]] = []

    def add(self) -> None:
        """Takes in the modules that are new since the last time."""
        new = sorted(
            name
            for name in sys.modules.keys() - self._modules
            if name in GUARDED or name.startswith("coursekit.")
        )
        found = [(name, sys.modules[name]) for name in new]
        modules = [each for each in found if isinstance(each[1], types.ModuleType)]
        self._modules |= {name for name, _ in modules}
        places: list[tuple[str, Any, dict[str, Any]]] = [
            (name, module, _callables(vars(module))) for name, module in modules
        ]
        classes = {
            id(item): (f"{name}.{word}", item)
            for name, module in modules
            for word, item in vars(module).items()
            if isinstance(item, type) and item.__module__ == name and _may_change(item)
        }
        places += [(name, item, _callables(vars(item))) for name, item in classes.values()]
        functions = {
            id(item): (f"{name}.{word}", item, item.__code__)
            for name, _, members in places
            for word, item in members.items()
            if type(item) is types.FunctionType
        }
        self._places += places
        self._functions += functions.values()

    def restorer(self) -> Restore:
        """A function that puts back what was replaced, and returns its names.

        What it uses is held where no name leads to it: code that replaces this method, `setattr`
        or this object's lists changes nothing for it.
        """
        put, alike, same, each, together = setattr, all, operator.is_, map, zip
        call, code_of, chained = operator.call, operator.attrgetter("__code__"), itertools.chain
        # Lists side by side, so that C walks over them: this runs after each case.
        places = [
            (name, place, _members(place), words) for name, place, words in self._places if words
        ]
        getters = tuple(_entries(tuple(words)) for *_, words in places)
        members = tuple(each[2] for each in places)
        items = tuple(item for *_, words in places for item in words.values())
        functions = tuple(function for _, function, _ in self._functions)
        codes = tuple(code for _, _, code in self._functions)
        of = tuple(name for name, _, _ in self._functions)
        self._places.clear()
        self._functions.clear()

        def kept() -> bool:
            try:
                return alike(each(same, chained(*each(call, getters, members)), items))
            except KeyError:  # one is gone
                return False

        def restore() -> list[str]:
            changed = []
            if not kept():
                for name, place, now, words in places:
                    for word, item in words.items():
                        if now.get(word) is not item:
                            changed.append(f"{name}.{word}")
                            put(place, word, item)
            if not alike(each(same, each(code_of, functions), codes)):
                for name, function, code in together(of, functions, codes):
                    if function.__code__ is not code:
                        changed.append(name)
                        function.__code__ = code
            return changed

        return restore


def _may_change(item: type) -> bool:
    """Whether Python code may set a method of this class: not of those in C."""
    return bool(item.__flags__ & 1 << 9)  # Py_TPFLAGS_HEAPTYPE


def _members(place: Any) -> dict[str, Any]:
    """The dictionary of a module or class itself, which `vars` hides in a slower view."""
    found = vars(place)
    return found if type(found) is dict else gc.get_referents(found)[0]


def _entries(words: tuple[str, ...]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    if len(words) > 1:
        return operator.itemgetter(*words)
    return lambda members: (members[words[0]],)


def _callables(members: Any) -> dict[str, Any]:
    return {
        word: item
        for word, item in members.items()
        if builtins.callable(item) or isinstance(item, staticmethod | classmethod | property)
        if word not in ("__class__", "__dict__", "__weakref__")
    }


_originals = Originals()
