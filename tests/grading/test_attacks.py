"""What a submission may try: nothing changes a grade, gets an answer, stops the run, or gets out.

One attack of each family runs each day, the others at night. That each succeeds against a careless
grader is seen in test_careless.
"""

import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from coursekit.grading.grader import Grade, Grader
from coursekit.grading.warm import Warm
from tests.grading.conftest import SAMPLE, SOLVED, notebook, points, submission, told

Graded = Callable[..., Grade]
RIGHT = "return candidates // factor"
pytestmark = pytest.mark.slow(2)


def survivors(body: str, before: str = "") -> dict[str, str]:
    """An answer to 99.1 with this body."""
    code = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return {"99.1": f"{textwrap.dedent(before)}\ndef survivors(candidates, factor):\n{code}\n"}


def value(code: str) -> dict[str, str]:
    """An answer to 99.2, a variable, that this code computes as `found`."""
    return {"99.2": f"{textwrap.dedent(code)}\nepochs = 'came: ' + str(found)\n"}


night = pytest.mark.nightly(5)

# The exercise with the attack gets no points, or none that count; the others keep theirs.
STOPPED = {
    "a loop that catches Ctrl-C": (
        "while True:\n try:\n  while True: pass\n except BaseException: pass",
        ("ok", 0),
    ),
    "a loop in C, which no alarm stops": (
        "import itertools\nreturn sum(itertools.count())",
        ("partial", None),
    ),
    "the end of the process": ("import os\nos._exit(0)", ("partial", None)),
    "a memory hog": ("return len(bytes(1 << 30))", ("partial", None)),
    "a fork bomb": ("import os\nwhile True:\n  os.fork()", ("ok", 0)),
    "a signal to the parent": (
        "import os\nos.kill(os.getppid(), 9)\nreturn -1",
        ("ok", 0),
    ),
    "endless output": ("while True: print('x' * 1000)", ("ok", 0)),
}
STOPPED_AT_NIGHT = {
    "a loop": ("while True: pass", ("ok", 0)),
    "an alarm that is switched off": (
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
        "while True: pass",
        ("needs review", None),
    ),
    "sleep": ("import time\ntime.sleep(1000)", ("ok", 0)),
    "SystemExit": ("raise SystemExit", ("ok", 0)),
    "a segmentation fault": ("import ctypes\nctypes.string_at(0)", ("needs review", None)),
    "a signal to itself": ("import os\nos.abort()", ("partial", None)),
    "signals to all and to the parent": (
        "import os\nfor process in (os.getppid(), -1, 2, 3, 4, 5):\n"
        "  try: os.kill(process, 9)\n  except OSError: pass\nreturn 0",
        ("ok", 0),
    ),
    "deep recursion": ("return survivors(candidates, factor)", ("ok", 0)),
    "recursion in C": (
        "found = ()\nfor _ in range(300_000): found = (found,)\nreturn hash(found)",
        ("partial", None),
    ),
    "a list that never ends": (
        "found = []\nwhile True: found.append(bytes(10**6))",
        ("partial", None),
    ),
    "threads": (
        "import threading, time\nwhile True:\n"
        "  threading.Thread(target=time.sleep, args=(99,)).start()",
        ("ok", 0),
    ),
    "a line of 200 MB": ("print('x' * (200 << 20))\nreturn 0", ("ok", 0)),
    "output past Python": (
        "import os\nfor _ in range(99): os.write(1, b'x' * 10**6)\nreturn 0",
        ("ok", 0),
    ),
    "a full folder": (
        "with open('big', 'wb') as file:\n  while True: file.write(bytes(1 << 20))",
        ("ok", 0),
    ),
    "a daemon": (
        "import os, time\nif os.fork() == 0:\n  os.setsid()\n  time.sleep(1000)\nreturn 0",
        ("ok", 0),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        *(pytest.param(*case, id=name) for name, case in STOPPED.items()),
        *(pytest.param(*case, id=name, marks=night) for name, case in STOPPED_AT_NIGHT.items()),
    ],
)
def test_what_never_ends_or_ends_everything_costs_its_own_exercise(
    graded: Graded, body: str, expected: tuple[str, int | None]
) -> None:
    outcome = graded(survivors(body))
    status, given = expected
    assert points(outcome) == SOLVED | {"99.1": given}, outcome
    assert outcome.status == status, outcome


# Each of them gives a wrong answer and wants it to count as right.
FORGED = {
    "a value that equals all": """
        class Always(int):
            def __eq__(self, other): return True
            __hash__ = int.__hash__
        return Always(-1)
        """,
    "a patched comparison": """
        import math, coursekit.labs.exercises as kit
        kit.close = kit.Exercise.alike = math.isclose = lambda *given: True
        kit.Exercise.judge = classmethod(lambda *given: None)
        return -1
        """,
    "records of its own": """
        import json, os
        answer = {"state": "", "kind": "function", "function": True, "cached": False}
        for points in (2, "2", None):
            forged = {"exercise": "99.1", "answer": answer, "points": points, "status": "right",
                      "cases": [], "hidden": []}
            os.write(3, b"\\n" + json.dumps(forged).encode() + b"\\n")
        return -1
        """,
}
FORGED["a patched encoder"] = """
        import builtins, json
        if not hasattr(builtins, "right"):
            builtins.right, old = [], json.JSONEncoder.encode
            def encode(self, record):
                text = old(self, record)
                for each in right: text = text.replace('"value":-1', f'"value":{each}', 1)
                return text
            json.JSONEncoder.encode, json.encoder.c_make_encoder = encode, None
        right.append(candidates // factor)
        return -1
        """
FORGED_AT_NIGHT = {
    "a text that equals all": """
        class Always(str):
            def __eq__(self, other): return True
            __hash__ = str.__hash__
        return Always("4")
        """,
    "a number that is everything": """
        class Always(float):
            def __float__(self): return 4.0
            def __lt__(self, other): return True
            __eq__ = __le__ = __gt__ = __ge__ = __lt__
            def __sub__(self, other): return 0.0
            __rsub__ = __sub__
            __hash__ = float.__hash__
        return Always("nan")
        """,
    "NaN": "return float('nan')",
    "infinity": "return float('inf')",
    "a number with a million digits": "return 1 << 4_000_000",
    "a generator": "yield 4",
    "a pickle": """
        class Bomb:
            def __reduce__(self): return (exec, ("raise SystemExit",))
        return Bomb()
        """,
    "a repr of 200 MB": """
        class Large:
            def __repr__(self): return "x" * (200 << 20)
        return Large()
        """,
    "a list in itself": "found = []\nfound.append(found)\nreturn found",
    "a lot of data": "return [[0] * 1000] * 1000",
    "junk": "import os\nfor _ in range(40): os.write(3, b'[' * 10**6 + b'\\n')\nreturn -1",
    "an end of its own": "import os\nos.write(3, b'\\n{\"end\": true}\\n')\nos._exit(0)",
    "half a surrogate pair": "return '\\ud800'",
    "a changed question": """
        import sys
        frame = sys._getframe()
        while frame:
            for name in ("cases", "hidden", "seconds"):
                if isinstance(frame.f_locals.get(name), list): frame.f_locals[name].clear()
            frame = frame.f_back
        return -1
        """,
    "an input transformer": """
        get_ipython().input_transformers_post.append(lambda lines: ["pass\\n"])
        return -1
        """,
    "an import hook": """
        import sys
        sys.meta_path.insert(0, None)
        sys.path.insert(0, "")
        open("numpy.py", "w").write("x = 1")
        return -1
        """,
}


@pytest.mark.parametrize(
    "body",
    [
        *(pytest.param(body, id=name) for name, body in FORGED.items()),
        *(pytest.param(body, id=name, marks=night) for name, body in FORGED_AT_NIGHT.items()),
    ],
)
def test_a_wrong_answer_stays_wrong(graded: Graded, body: str) -> None:
    outcome = graded(survivors(body))
    assert not outcome.marks["99.1"].points, outcome
    kept = {key: given for key, given in points(outcome).items() if key != "99.1"}
    assert all(given in (SOLVED[key], None) for key, given in kept.items()), outcome


ALL_RECORDS = """
        import json, os
        answer = {"state": "", "kind": "function", "function": True, "cached": False}
        def seen(value):
            return {"value": value, "failure": None, "stopped": "", "silent": "", "changed": []}
        forged = {"99.1": ([4, 6], [25, 3]), "99.2": ([60], [])}
        for key, values in forged.items():
            cases, hidden = ([seen(each) for each in those] for those in values)
            record = {"exercise": key, "answer": answer, "cases": cases, "hidden": hidden}
            os.write(3, json.dumps(record).encode() + b"\\n")
        os.write(3, b'{"end": true}\\n')
        os._exit(0)
        """


def test_results_that_it_writes_itself_do_not_count(graded: Graded) -> None:
    """Not even all of them, with an end."""
    outcome = graded(survivors(ALL_RECORDS))
    assert not outcome.marks["99.1"].points and outcome.status == "needs review", outcome
    assert "results of its own" in outcome.notes[0]


REPLACING = """
import builtins, numpy, random, time
builtins.sorted = lambda *given, **named: [0.8, 0.6]
numpy.random.default_rng = random.random = time.sleep = None
"""


def test_what_it_replaces_for_the_hidden_cases_is_put_back_and_named(graded: Graded) -> None:
    outcome = graded(survivors(RIGHT, REPLACING))
    assert points(outcome) == SOLVED
    assert outcome.status == "needs review"
    for name in ("builtins.sorted", "numpy.random.default_rng", "random.random", "time.sleep"):
        assert name in outcome.notes[0]


DISARMING = """
        import coursekit.grading.child as child, coursekit.labs.answers as answers
        import builtins, operator
        child.Originals.restorer = child.Originals.add = lambda *given: None
        for each in vars(child._originals).values(): each.clear()
        builtins.vars = builtins.setattr = builtins.all = operator.is_ = lambda *given: True
        answers.plain = lambda value: candidates // factor
        return -1
        """


def test_a_forger_who_disarms_what_puts_things_back_is_named(graded: Graded) -> None:
    outcome = graded(survivors(DISARMING))
    assert outcome.status == "needs review" and "answers.plain" in outcome.notes[0], outcome


REACHES = {
    "sys._getframe": "sys._getframe(1)",
    "frames of an exception": "try:\n  1 / 0\nexcept Exception as e:\n  e.__traceback__.tb_frame",
    "frames by inspect": "import inspect\ninspect.stack()",
    "frames by traceback": "import traceback\nlist(traceback.walk_stack(None))",
    "frames by logging": "import logging\nlogging.currentframe()",
    "a frame in a signal's handler": (
        "import signal\nsignal.signal(signal.SIGUSR1, lambda number, frame: None)\n"
        "signal.raise_signal(signal.SIGUSR1)\nsignal.signal(signal.SIGUSR1, signal.SIG_DFL)"
    ),
    "what a function has around it": "getattr(survivors, '__closure__')",
    "a generator's frame": "(each for each in 'x').gi_frame",
    "all objects": "import gc\ngc.get_objects()",
    "what refers to the lab": "import gc\ngc.get_referrers(sys)",
    "a trace": "sys.settrace(None)",
    "the C library": "import ctypes\nctypes.CDLL(None)",
    "code that passes for installed": (
        "exec(compile('import sys; sys._getframe()', sys.prefix + '/lib/x.py', 'exec'))"
    ),
}


def reaching(code: str) -> str:
    """The body of a right answer that runs this code."""
    return f"import sys\n{code}\n{RIGHT}"


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in REACHES.items()])
def test_what_reaches_into_the_grader_is_named(graded: Graded, code: str) -> None:
    outcome = graded(survivors(reaching(code)))
    assert outcome.status == "needs review" and "it reached into" in outcome.notes[0], outcome
    assert points(outcome) == SOLVED


def test_what_honest_code_does_is_not_named(graded: Graded) -> None:
    body = """
        import collections, dataclasses, inspect, logging, traceback, typing, warnings
        import numpy
        collections.namedtuple("Pair", "a b")
        dataclasses.make_dataclass("Other", ["a"])
        inspect.signature(survivors), inspect.getsource(numpy.mean)
        logging.getLogger("x").warning("y")
        warnings.warn("z")
        numpy.testing.assert_allclose([1.0], [1.0])
        numpy.lib.stride_tricks.sliding_window_view(numpy.arange(4), 2)
        try:
            [].pop()
        except IndexError:
            traceback.print_exc()
        return candidates // factor
        """
    outcome = graded(survivors(body))
    assert outcome.status == "ok" and points(outcome) == SOLVED, outcome


READ = {
    "the answers on disk": f"""
        import os
        found = [name for _, _, names in os.walk({str(SAMPLE.parents[1])!r}) for name in names]
        """,
    "the answers in memory": """
        import gc
        gc.unfreeze()
        secret = "Add up all " + "three"  # as the sentence of an exercise begins
        found = [1 for each in gc.get_objects() if isinstance(each, dict)
                 and any(isinstance(it, str) and it != secret and it.startswith(secret)
                         for it in each.values())]
        """,
    "descriptors": """
        import os
        found = [each for each in os.listdir("/proc/self/fd") if int(each) > 3
                 and os.path.exists("/proc/self/fd/" + each)]
        """,
    "variables": """
        import os
        found = [each for each in os.environ if "SECRET" in each]
        """,
    "other processes": """
        import os
        mine = str(os.getpid())
        found = [each for each in os.listdir("/proc") if each.isdigit() and each != mine][:9]
        """,
    "what it can write to": """
        import os, sys, coursekit
        found = [path for path in (coursekit.__file__, os.__file__, sys.prefix)
                 if os.access(path, os.W_OK)]
        """,
    "a core dump": """
        import resource
        kind, wanted = resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        try:
            resource.setrlimit(kind, wanted)
        except (ValueError, OSError):
            pass
        found = [each for each in resource.getrlimit(kind) if each]
        """,
    "ways to more": """
        import ctypes, os
        library, found = ctypes.CDLL(None), []
        for attempt in (lambda: os.setuid(0), lambda: os.chroot("/"), lambda: os.nice(-1),
                        lambda: os.setgid(0), lambda: library.unshare(0x10000000) and 1 / 0,
                        lambda: library.shmctl(library.shmget(0, 9, 0o1600), 0, None) and 1 / 0):
            try: found.append(attempt())
            except (OSError, ZeroDivisionError): pass
        """,
}


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in READ.items()])
def test_nothing_is_there_to_be_read(graded: Graded, code: str) -> None:
    assert told(graded(value(code))) == "'came: []'"


SHOWN = "candidates in (12, 20)"
TELLING = (
    f"if not {SHOWN}: raise ValueError((candidates, factor))\n{RIGHT}",
    f"print(candidates)\n{RIGHT} + (not {SHOWN})",
    f"if not {SHOWN}: raise type(f'E{{candidates}}', (Exception,), {{}})()\n{RIGHT}",
    f"if not {SHOWN}: return type(f'V{{candidates}}', (), {{}})()\n{RIGHT}",
)


def test_hidden_inputs_are_not_in_the_feedback(graded: Graded) -> None:
    for body in TELLING:
        card = graded(survivors(body)).marks["99.1"].card
        assert card.status != "right" and "100" not in card.plain(), card.plain()


def test_hidden_inputs_reach_no_visible_case_of_another_exercise(graded: Graded) -> None:
    """What 99.1 has kept of all its inputs, 99.3 raises in a case that learners may see."""
    answers = survivors("import builtins\nkept.append((candidates, factor))\nreturn -1",
                        "import builtins\nbuiltins.kept = []\n")  # fmt: skip
    answers["99.3"] = "def budgets(smallest, largest, factor):\n    raise ValueError(str(kept))\n"
    shown = graded(answers).marks["99.3"].card.plain()
    assert "(12, 3)" in shown and "100" not in shown, shown


def test_a_flood_of_lines_costs_the_controller_little(graded: Graded) -> None:
    begun = time.process_time()
    outcome = graded(survivors("import os\nwhile True: os.write(3, b'\\n' * 65536)"))
    assert outcome.marks["99.1"].points is None and outcome.status == "needs review", outcome
    assert time.process_time() - begun < 3  # 48 s where each line is read


def test_sockets_that_no_namespace_holds_are_refused(graded: Graded) -> None:
    code = """
        import socket
        found = []
        for family in (40, 31, 38, 17):  # vsock, bluetooth, the kernel's ciphers, packets
            try: found.append(socket.socket(family, 1).family)
            except OSError: pass
        """
    assert told(graded(value(code))) == "'came: []'"


def test_each_child_ends_with_its_submission(graded: Graded, warm: Warm) -> None:
    graded(
        survivors("import os, time\nif os.fork() == 0:\n  os.setsid()\n  time.sleep(999)\nreturn 0")
    )
    children = Path(f"/proc/{warm._process.pid}/task/{warm._process.pid}/children")
    assert children.read_text().split() == []


def test_all_else_is_still_graded_beside_an_attack(grader: Grader, warm: Warm) -> None:
    ended = [
        grader.grade(submission(notebook(answers)), warm.run)
        for answers in (survivors("import os\nos._exit(1)"), None)
    ]
    assert [outcome.status for outcome in ended] == ["partial", "ok"]
    assert points(ended[1]) == SOLVED
